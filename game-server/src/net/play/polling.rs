//! One polling connection: the seat of a client that no WebSocket reaches. Batches go in and come out; it knows no request.
//!
//! Answers and posts are numbered from 0, so that either can be repeated without harm when the network or a proxy has lost it:
//! an answer is kept until it is too old to be asked for, and a post that was taken in is not taken in again.

use crate::net::guard::addresses::AddressPermit;
use crate::net::guard::limits::Limits;
use crate::net::guard::permits::Permit;
use crate::net::guard::token_bucket::TokenBucket;
use crate::net::play::close::{CloseCause, close};
use crate::net::play::context::ConnectionContext;
use crate::net::play::seat::Seat;
use bytes::Bytes;
use metrics::counter;
use room::outbox::Drained;
use shared::batch::{Piece, pieces, put_close, put_message};
use shared::codec::decode_client;
use shared::message::{ClientMessage, CloseCode};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Polls of one client that wait at the same time: while one answer travels, the next poll is here already. As many answers
/// are kept to be repeated.
pub const POLLS_LIMIT: u64 = 2;

/// A client that polls.
pub struct PollingConnection {
    address: IpAddr,
    _present: Permit,
    _at_address: AddressPermit,
    state: Mutex<State>,
}

struct State {
    /// None once the connection is closing.
    seat: Option<Seat>,
    /// Memory for what the room has said.
    drained: Drained,
    /// What the next answer says, as far as that is known.
    batch: Vec<u8>,
    /// Whether the batch ends with a close.
    is_closing: bool,
    /// Whether the close was given out, or the client has closed or gone.
    is_over: bool,
    /// The number of the next new answer, and the newest of those before it, oldest first.
    next_answer: u64,
    kept: VecDeque<Bytes>,
    /// The number of the next new post.
    next_post: u64,
    /// The newest of the polls that wait for each number.
    waiting: BTreeMap<u64, Ticket>,
    tickets: u64,
    /// When a poll was last here.
    asked: Instant,
    messages: TokenBucket,
    bytes: TokenBucket,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Ticket(u64);

/// A poll that waits for its answer, until dropped.
pub struct Poll<'a> {
    connection: &'a PollingConnection,
    number: u64,
    ticket: Ticket,
    until: Instant,
    /// Whether an earlier poll of the same number must learn that it waits in vain.
    pub replaces: bool,
}

/// What a poll gets now.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing yet.
    Wait,
    /// A batch; without messages if there were none in time.
    Answer(Bytes),
    /// A batch that ends with a close: the last one.
    Last(Bytes),
    /// Nothing: a later poll of the same number waits in its place, or the one before it never came.
    Misplaced,
    /// Nothing: the connection is over.
    Over,
}

/// What became of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is taken in, now or before.
    Taken,
    /// The one before it is missing.
    Misplaced,
    /// The connection is over.
    Over,
}

impl PollingConnection {
    /// A connection of a client that has just been seated.
    #[must_use]
    pub fn new(
        seat: Seat,
        address: IpAddr,
        (present, at_address): (Permit, AddressPermit),
        limits: &Limits,
        now: Instant,
    ) -> PollingConnection {
        let state = State {
            seat: Some(seat),
            drained: Drained::default(),
            batch: Vec::new(),
            is_closing: false,
            is_over: false,
            next_answer: 0,
            kept: VecDeque::new(),
            next_post: 0,
            waiting: BTreeMap::new(),
            tickets: 0,
            asked: now,
            messages: TokenBucket::new(limits.messages_per_second, limits.messages_burst, now),
            bytes: TokenBucket::new(limits.bytes_per_second, limits.bytes_burst, now),
        };
        PollingConnection { address, _present: present, _at_address: at_address, state: Mutex::new(state) }
    }

    /// A poll for the answer of a number comes in and waits for `patience` at most. `None` if this number cannot be answered
    /// any more, or is too far ahead.
    #[must_use]
    pub fn poll(&self, number: u64, patience: Duration, now: Instant) -> Option<Poll<'_>> {
        let mut state = self.state();
        state.asked = now;
        if !state.messages.take(1, now) {
            state.close(CloseCode::PolicyViolation, TOO_MANY);
        }
        let oldest = state.next_answer - state.kept.len() as u64;
        if !(oldest..state.next_answer + POLLS_LIMIT).contains(&number) {
            return None;
        }
        state.tickets += 1;
        let ticket = Ticket(state.tickets);
        let replaces = state.waiting.insert(number, ticket).is_some();
        Some(Poll { connection: self, number, ticket, until: now + patience, replaces })
    }

    /// Handles what the client posts. An invalid message closes the connection; the next answer says so.
    pub fn post(&self, context: &ConnectionContext, number: u64, batch: &[u8], now: Instant) -> Posted {
        let mut state = self.state();
        if state.is_over {
            return Posted::Over;
        }
        if number != state.next_post {
            return if number < state.next_post { Posted::Taken } else { Posted::Misplaced };
        }
        state.next_post += 1;
        match state.take_in(context, batch, now) {
            Err(CloseCause::Close(code, reason) | CloseCause::Breach(code, reason)) => {
                state.close(code, &reason)
            }
            Err(CloseCause::Gone | CloseCause::ClosedByPeer) => state.end(),
            Ok(()) => {}
        }
        Posted::Taken
    }

    /// The client has closed: nothing more is heard or said. What the room must be told is [kept](Self::check_times) until it
    /// can be.
    pub fn end(&self) {
        self.state().end();
    }

    /// What time brings: bans, and the end of patience with a client that polls no more. Says whether the connection can be
    /// forgotten. To be called now and then.
    pub fn check_times(&self, context: &ConnectionContext, now: Instant) -> bool {
        let mut state = self.state();
        if context.bans.is_banned(self.address, SystemTime::now()) {
            state.close(CloseCode::Kicked, "you are banned from this server");
        }
        if state.waiting.is_empty() && now - state.asked >= context.limits.poll_silence_timeout {
            state.end();
        }
        state.is_over
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a client that floods the server is closed.
const TOO_MANY: &str = "too many messages per second";

impl Poll<'_> {
    /// What it gets now.
    #[must_use]
    pub fn turn(&self, context: &ConnectionContext, now: Instant) -> Turn {
        let mut state = self.connection.state();
        if state.waiting.get(&self.number) != Some(&self.ticket) {
            return Turn::Misplaced;
        }
        if let Some(given) = state.given(self.number) {
            return Turn::Answer(given);
        }
        // When the server stops, nobody can poll again after an answer: the goodbyes must be in this one.
        let overdue = now >= self.until && !context.is_stopping();
        match self.number == state.next_answer {
            _ if state.is_over => Turn::Over,
            true => state.answer(context, overdue.then_some(Bytes::new())),
            false if overdue => Turn::Misplaced,
            false => Turn::Wait,
        }
    }
}

impl Drop for Poll<'_> {
    fn drop(&mut self) {
        let mut state = self.connection.state();
        state.asked = Instant::now();
        if state.waiting.get(&self.number) == Some(&self.ticket) {
            state.waiting.remove(&self.number);
        }
    }
}

impl State {
    /// An answer that was given before.
    fn given(&self, number: u64) -> Option<Bytes> {
        let age = usize::try_from(self.next_answer.checked_sub(number)?).ok()?;
        self.kept.get(self.kept.len().checked_sub(age)?).cloned()
    }

    /// Gives the next answer: what the room has said, or else `otherwise`.
    fn answer(&mut self, context: &ConnectionContext, otherwise: Option<Bytes>) -> Turn {
        self.gather();
        if self.is_closing {
            self.is_over = true;
            return Turn::Last(std::mem::take(&mut self.batch).into());
        }
        // As for a poll that is overdue.
        let said = !self.batch.is_empty() && !context.is_stopping();
        let said = said.then(|| Bytes::from(std::mem::take(&mut self.batch)));
        let Some(answer) = said.or(otherwise) else { return Turn::Wait };
        self.next_answer += 1;
        self.kept.push_back(answer.clone());
        if self.kept.len() as u64 > POLLS_LIMIT {
            self.kept.pop_front();
        }
        Turn::Answer(answer)
    }

    /// Takes all that the room has to say. Until the client asks again, the outbox fills up, and the room sends less.
    fn gather(&mut self) {
        let Some(seat) = &self.seat else { return };
        if !seat.drain_into(&mut self.drained) {
            return;
        }
        self.drained.messages.iter().for_each(|message| put_message(message, &mut self.batch));
        if let Some((code, reason)) = self.drained.close.take() {
            self.close(code, &reason);
        }
    }

    fn take_in(&mut self, context: &ConnectionContext, batch: &[u8], now: Instant) -> Result<(), CloseCause> {
        if !self.bytes.take(batch.len(), now) {
            return Err(close(CloseCode::PolicyViolation, "more bytes per second than allowed"));
        }
        for piece in pieces(batch) {
            let Some(seat) = &self.seat else { return Ok(()) };
            if !self.messages.take(1, now) {
                return Err(close(CloseCode::PolicyViolation, TOO_MANY));
            }
            let message = match piece {
                Ok(Piece::Message(message)) => message,
                Ok(Piece::Close { .. }) => {
                    return Err(close(CloseCode::BadMessage, "a client closes with DELETE"));
                }
                Err(error) => return Err(close(CloseCode::BadMessage, error.to_string())),
            };
            let limit = context.limits.message_bytes;
            if message.len() > limit {
                return Err(close(CloseCode::TooBig, format!("a message may have {limit} bytes")));
            }
            match decode_client(message) {
                Ok(ClientMessage::Hello(_)) => {
                    return Err(close(CloseCode::BadMessage, "Hello was said before"));
                }
                Ok(message) => seat.forward(message)?,
                Err(error) => return Err(close(CloseCode::BadMessage, error.to_string())),
            }
        }
        Ok(())
    }

    /// Closes the connection: the next answer says so.
    fn close(&mut self, code: CloseCode, reason: &str) {
        if self.is_closing || self.is_over {
            return;
        }
        self.is_closing = true;
        counter!("driftbelt_connections_closed_total", "code" => (code as u16).to_string()).increment(1);
        tracing::debug!(code = code as u16, reason, "closing a polling connection");
        put_close(code as u16, reason, &mut self.batch);
        self.seat = None;
    }

    /// The client is gone.
    fn end(&mut self) {
        self.is_over = true;
        self.seat = None;
    }
}
