//! The life of one player's connection: Hello, a seat, messages both ways, the end. Never waits: what cannot be read or
//! written now is left for the next round of the [pump](super::pump).

use crate::net::guard::addresses::AddressPermit;
use crate::net::guard::limits::READ_BUFFER_BYTES;
use crate::net::guard::permits::Permit;
use crate::net::guard::permits::SocketPermit;
use crate::net::guard::token_bucket::TokenBucket;
use crate::net::play::context::{ConnectionContext, Purpose};
use crate::net::play::ending::{Ending, close, ending, is_blocked, within_limit};
use crate::net::play::frames::{self, Front, HEADER_LIMIT_BYTES, SHORT_MESSAGE_BYTES};
use crate::net::play::seat::Seat;
use crate::net::play::wire::Wire;
use metrics::counter;
use room::outbox::{Drained, QUEUE_LIMIT_BYTES};
use rustls::ServerConnection;
use shared::codec::{decode_client, encode_server};
use shared::message::{ClientMessage, CloseCode, ServerMessage};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use tungstenite::protocol::frame::coding::Data;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Bytes, Message};

/// One player's connection.
pub struct Connection {
    context: Arc<ConnectionContext>,
    _slot: Arc<SocketPermit>,
    _present: Option<Permit>,
    _behind_proxy: Option<AddressPermit>,
    address: IpAddr,
    wire: Wire,
    /// Apart, since in a game hardly anything needs it: connections that lie close together are walked through faster.
    websocket: Box<WebSocketContext>,
    /// Nothing but short messages has come.
    only_short: bool,
    /// The beginning of a short message.
    partial: Vec<u8>,
    phase: Phase,
    messages: TokenBucket,
    bytes: TokenBucket,
    /// When anything last came from the peer.
    heard: Instant,
    pinged: bool,
    /// Since when the system has something to send.
    sending: Option<Instant>,
    /// It has ended, but the system is still sending.
    lingers: bool,
}

enum Phase {
    /// Waits for the Hello.
    Strange { room: Option<String>, until: Instant },
    /// In a room.
    Seated(Seat),
    /// With a conformance suite.
    Echo,
    /// The close frame is on its way; the peer may answer, unless it is broken: then nothing of it is read.
    Closing { until: Instant, broken: bool },
}

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    Open,
    /// All is said, as far as this side is concerned.
    Ended,
    /// The peer is gone, or was given up.
    Gone,
}

/// What came through the door after the 101.
pub struct Arrival {
    /// The TLS session, if there is one.
    pub tls: Option<ServerConnection>,
    /// What was read behind the request.
    pub early: Vec<u8>,
    /// The room in the invite link.
    pub room: Option<String>,
    /// What a person can do about it, if the page speaks another version than the server.
    pub mismatch: Option<&'static str>,
    /// The socket's place among all sockets.
    pub slot: Arc<SocketPermit>,
    /// Whose socket it is.
    pub address: IpAddr,
    /// Its place among those of its address, if a proxy stands between.
    pub behind_proxy: Option<AddressPermit>,
}

impl Connection {
    /// Takes a socket over after the 101.
    #[must_use]
    pub fn new(context: Arc<ConnectionContext>, arrival: Arrival, now: Instant) -> Connection {
        let Arrival { tls, early, room, mismatch, slot, address, behind_proxy } = arrival;
        let limits = &context.limits;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            // Everything that is written waits for the flush, so that one tick is one system call.
            .write_buffer_size(QUEUE_LIMIT_BYTES)
            .max_write_buffer_size(2 * QUEUE_LIMIT_BYTES)
            .max_message_size(Some(limits.message_bytes))
            .max_frame_size(Some(limits.message_bytes));
        let present = context.players.acquire();
        let full = present.is_none();
        let mut connection = Connection {
            only_short: early.is_empty(),
            partial: Vec::new(),
            wire: Wire::new(tls, 2 * QUEUE_LIMIT_BYTES.max(limits.message_bytes)),
            websocket: Box::new(WebSocketContext::from_partially_read(early, Role::Server, Some(config))),
            phase: match context.purpose {
                Purpose::Game => Phase::Strange { room, until: now + limits.hello_timeout },
                Purpose::Echo => Phase::Echo,
            },
            messages: TokenBucket::new(limits.messages_per_second, limits.messages_burst, now),
            bytes: TokenBucket::new(limits.bytes_per_second, limits.bytes_burst, now),
            heard: now,
            pinged: false,
            sending: None,
            lingers: false,
            context,
            _slot: slot,
            _present: present,
            _behind_proxy: behind_proxy,
            address,
        };
        if let Some(reason) = mismatch {
            // A page of another version could not read a goodbye.
            connection.phase = Phase::Closing { until: now, broken: false };
            connection.end(close(CloseCode::VersionMismatch, reason), now);
        } else if full {
            connection.end(close(CloseCode::Full, "the server is full: try again later"), now);
        }
        connection
    }

    /// Takes in bytes that have arrived; also called without any, for what came with the handshake.
    pub fn receive(&mut self, bytes: &[u8], now: Instant) -> Flow {
        // What follows a breach of the protocol is read and forgotten: a socket closed with unread bytes would be reset
        // before the peer has read why.
        if let Phase::Closing { broken: true, .. } = self.phase {
            return Flow::Open;
        }
        let result = match self.read_messages(bytes, now) {
            Ok(()) if !self.bytes.take(bytes.len(), now) && !self.is_closing() => {
                Err(Ending::Broken(CloseCode::PolicyViolation, "more bytes per second than allowed".into()))
            }
            result => result,
        };
        match result {
            Ok(()) => Flow::Open,
            Err(ending) => self.end(ending, now),
        }
    }

    fn read_messages(&mut self, bytes: &[u8], now: Instant) -> Result<(), Ending> {
        if self.only_short {
            self.read_short_messages(bytes, now)
        } else {
            self.read_any_messages(bytes, now)
        }
    }

    /// Reads short messages where they lie, as long as there is nothing else; what else there is, and all that follows it,
    /// is tungstenite's.
    fn read_short_messages(&mut self, mut arrived: &[u8], now: Instant) -> Result<(), Ending> {
        let mut memory = [0; SHORT_MESSAGE_BYTES];
        loop {
            let plain = match self.wire.read_plain(&mut arrived, &mut memory) {
                Ok(plain @ [_, ..]) => plain,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Ok([]) | Err(_) => return Err(Ending::Gone),
            };
            let mut joined = std::mem::take(&mut self.partial);
            let mut rest = plain;
            if !joined.is_empty() {
                joined.extend_from_slice(plain);
                rest = &joined;
            }
            self.partial = loop {
                match frames::front(rest) {
                    Front::Short { from, to, mask } => {
                        if !self.is_closing() {
                            self.heard(now)?;
                            let mut message = [0; SHORT_MESSAGE_BYTES];
                            self.take_in(frames::unmask(&rest[from..to], mask, &mut message))?;
                        }
                        rest = &rest[to..];
                    }
                    Front::Partial => break rest.to_vec(),
                    Front::Other => {
                        self.only_short = false;
                        self.wire.give_back(rest);
                        return self.read_any_messages(arrived, now);
                    }
                }
            };
        }
    }

    fn read_any_messages(&mut self, bytes: &[u8], now: Instant) -> Result<(), Ending> {
        let mut reading = bytes;
        loop {
            let mut stream = self.wire.reading(&mut reading);
            let message = match self.websocket.read(&mut stream) {
                Ok(message) => message,
                Err(error) if is_blocked(&error) => return Ok(()),
                Err(error) => return Err(ending(error)),
            };
            if self.is_closing() {
                continue;
            }
            self.heard(now)?;
            match message {
                Message::Binary(bytes) => self.take_in(&bytes)?,
                Message::Text(text) if matches!(self.phase, Phase::Echo) => {
                    self.write_frame(Data::Text, text.as_bytes())?;
                }
                Message::Text(_) => {
                    return Err(close(CloseCode::Unsupported, "this socket speaks binary frames only"));
                }
                // Reading on sends the answer, and then reports the end.
                Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {}
            }
        }
    }

    /// The peer has said something.
    fn heard(&mut self, now: Instant) -> Result<(), Ending> {
        self.heard = now;
        self.pinged = false;
        if self.messages.take(1, now) {
            Ok(())
        } else {
            Err(close(CloseCode::PolicyViolation, "too many messages per second"))
        }
    }

    fn take_in(&mut self, bytes: &[u8]) -> Result<(), Ending> {
        if let Phase::Echo = self.phase {
            return self.write_frame(Data::Binary, bytes);
        }
        let message =
            decode_client(bytes).map_err(|error| close(CloseCode::BadMessage, error.to_string()))?;
        match (&mut self.phase, message) {
            (Phase::Strange { room, .. }, ClientMessage::Hello(hello)) => {
                let seat = Seat::enter(&self.context, self.address, room.take().as_deref(), hello)?;
                self.phase = Phase::Seated(seat);
                Ok(())
            }
            (Phase::Strange { .. }, _) => {
                Err(close(CloseCode::BadMessage, "the first message must be Hello"))
            }
            (Phase::Seated(_), ClientMessage::Hello(_)) => {
                Err(close(CloseCode::BadMessage, "Hello was said before"))
            }
            (Phase::Seated(seat), message) => seat.forward(&self.context, message),
            (Phase::Echo | Phase::Closing { .. }, _) => Ok(()),
        }
    }

    /// Takes all that the room has to say. While the system is still sending, the outbox fills up, and the room sends less.
    /// `drained` and `spares` are memory that goes from connection to connection.
    pub fn collect(&mut self, drained: &mut Drained, spares: &mut Vec<Vec<u8>>, now: Instant) -> Flow {
        let Phase::Seated(seat) = &self.phase else { return Flow::Open };
        if self.sending.is_some() || !seat.drain_into(drained) {
            return Flow::Open;
        }
        // All messages of a tick in one piece: one system call, and one record of TLS.
        let mut frames = spares.pop().unwrap_or_default();
        drained.messages.iter().for_each(|message| frames::put_message(Data::Binary, message, &mut frames));
        if self.wire.write_owned(frames).is_err() {
            return Flow::Ended;
        }
        match drained.close.take() {
            Some((code, reason)) => self.end(close(code, reason), now),
            None => Flow::Open,
        }
    }

    fn write_frame(&mut self, kind: Data, message: &[u8]) -> Result<(), Ending> {
        let mut frame = Vec::with_capacity(message.len() + HEADER_LIMIT_BYTES);
        frames::put_message(kind, message, &mut frame);
        self.wire.write_owned(frame).map_err(|_| Ending::Gone)
    }

    /// What the system is to send now. The rest of the connection's words wait until that is [done](Self::sent).
    pub fn take_outgoing(&mut self, now: Instant) -> Option<Vec<u8>> {
        if self.sending.is_some() {
            return None;
        }
        let bytes = self.wire.take_outgoing();
        if bytes.is_empty() {
            return None;
        }
        self.sending = Some(now);
        Some(bytes)
    }

    /// The system has taken what it was to send.
    pub fn sent(&mut self) -> Flow {
        self.sending = None;
        if self.lingers { Flow::Ended } else { Flow::Open }
    }

    /// Whether a connection that has ended must wait, since its last words stand behind what the system is still sending.
    /// That has an end of its own.
    pub fn must_linger(&mut self, now: Instant) -> bool {
        if self.sending.is_none() {
            return false;
        }
        self.lingers = true;
        self.phase = Phase::Closing { until: now + self.context.limits.close_timeout, broken: true };
        true
    }

    /// Whether all is said, and the peer is to be told so.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Closing { broken: true, .. }) && self.sending.is_none()
    }

    /// What time brings: pings, and the ends of patience. To be called now and then.
    pub fn check_times(&mut self, now: Instant) -> Flow {
        let limits = &self.context.limits;
        let (ping_after, silence_timeout) = (limits.ping_after, limits.silence_timeout);
        let stalled = self.sending.is_some_and(|since| now - since >= limits.write_timeout);
        let silence = now - self.heard;
        match self.phase {
            Phase::Closing { until, .. } if now >= until && self.lingers => Flow::Gone,
            Phase::Closing { until, .. } if now >= until => Flow::Ended,
            Phase::Closing { .. } => Flow::Open,
            _ if self.context.bans.is_banned(self.address, SystemTime::now()) => {
                self.end(close(CloseCode::Kicked, "you are banned from this server"), now)
            }
            Phase::Strange { until, .. } if now >= until => {
                self.end(close(CloseCode::NoHello, "no Hello came in time"), now)
            }
            Phase::Strange { .. } if self.context.is_stopping() => {
                self.end(close(CloseCode::GoingAway, "the server is stopping"), now)
            }
            _ if stalled => {
                self.end(close(CloseCode::TooSlow, "this connection is too slow for the game"), now)
            }
            _ if silence >= silence_timeout => {
                self.end(close(CloseCode::TooSlow, "nothing was heard for too long"), now)
            }
            Phase::Seated(_) if silence >= ping_after && !self.pinged && self.sending.is_none() => {
                self.pinged = true;
                let written = self.websocket.write(&mut self.wire, Message::Ping(Bytes::new()));
                match written.and_then(|()| self.websocket.flush(&mut self.wire)) {
                    Err(error) if !is_blocked(&error) => self.end(ending(error), now),
                    _ => Flow::Open,
                }
            }
            _ => Flow::Open,
        }
    }

    /// The connection has ended: its room is told.
    pub fn leave_seat(&mut self) {
        let before = std::mem::replace(&mut self.phase, Phase::Closing { until: self.heard, broken: true });
        if let Phase::Seated(seat) = before {
            seat.leave();
        }
    }

    fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. })
    }

    /// Says goodbye to a peer without a seat, sends the close frame, and gives the peer time to answer.
    fn end(&mut self, ending: Ending, now: Instant) -> Flow {
        let (code, reason, broken) = match ending {
            Ending::Gone => return Flow::Ended,
            Ending::Closed => return self.part(now),
            Ending::Close(code, reason) => (code, reason, false),
            Ending::Broken(code, reason) => (code, reason, true),
        };
        counter!("driftbelt_connections_closed_total", "code" => (code as u16).to_string()).increment(1);
        tracing::debug!(code = code as u16, %reason, "closing a connection");
        if matches!(self.phase, Phase::Strange { .. }) {
            let mut goodbye = Vec::new();
            let reason = reason.clone().into_owned();
            encode_server(&ServerMessage::Goodbye { code: code as u16, reason }, &mut goodbye);
            // If it cannot be written, the close frame says the same or the peer is gone.
            let _ = self.websocket.write(&mut self.wire, Message::Binary(Bytes::from(goodbye)));
        }
        self.leave_seat();
        let frame = CloseFrame { code: (code as u16).into(), reason: within_limit(&reason).into() };
        let written = self.websocket.close(&mut self.wire, Some(frame));
        self.phase = Phase::Closing { until: now + self.context.limits.close_timeout, broken };
        match written {
            Err(error) if !is_blocked(&error) => Flow::Ended,
            _ => {
                if broken {
                    self.wire.finish();
                }
                Flow::Open
            }
        }
    }

    /// The peer closed, or agreed to: what was said before, and our answer, still go out.
    fn part(&mut self, now: Instant) -> Flow {
        self.leave_seat();
        self.wire.finish();
        self.phase = Phase::Closing { until: now + self.context.limits.close_timeout, broken: true };
        Flow::Open
    }

    /// What is still to be said when the connection has ended, as far as it can be.
    pub fn last_words(&mut self, now: Instant) -> Vec<u8> {
        self.wire.finish();
        self.take_outgoing(now).unwrap_or_default()
    }
}
