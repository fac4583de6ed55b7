//! Clients that wait for a seat, in order of arrival.

use crate::event::{Connected, ConnectionId};
use crate::network::SeatPermit;
use crate::outbox::Outbox;
use shared::codec::encode_server;
use shared::id::Tick;
use shared::message::{CloseCode, ServerMessage};
use std::collections::BTreeMap;

/// Most clients that wait for a seat in one room.
pub const WAITING_LIMIT_CLIENTS: usize = 4096;

/// The clients that wait for a seat in a room.
#[derive(Default)]
pub struct AdmissionQueue {
    /// By ticket: tickets ascend.
    waiting: BTreeMap<u64, Waiting>,
    tickets: BTreeMap<ConnectionId, u64>,
    next_ticket: u64,
}

struct Waiting {
    connected: Connected,
    permit: SeatPermit,
    /// Whether it was sent its position.
    knows_position: bool,
}

impl AdmissionQueue {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no client waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A client goes to the end of the queue.
    ///
    /// # Errors
    /// The client, if [`WAITING_LIMIT_CLIENTS`] wait already.
    pub fn enter(&mut self, connected: Connected, permit: SeatPermit) -> Result<(), Connected> {
        if self.len() >= WAITING_LIMIT_CLIENTS {
            return Err(connected);
        }
        self.tickets.insert(connected.connection, self.next_ticket);
        self.waiting.insert(self.next_ticket, Waiting { connected, permit, knows_position: false });
        self.next_ticket += 1;
        Ok(())
    }

    /// A client waits no longer.
    pub fn leave(&mut self, connection: ConnectionId) {
        if let Some(ticket) = self.tickets.remove(&connection) {
            self.waiting.remove(&ticket);
        }
    }

    /// Takes the client that has waited longest.
    pub fn next(&mut self) -> Option<(Connected, SeatPermit)> {
        let (_, Waiting { connected, permit, .. }) = self.waiting.pop_first()?;
        self.tickets.remove(&connected.connection);
        Some((connected, permit))
    }

    /// The outbox of a waiting client.
    pub fn outbox(&self, connection: ConnectionId) -> Option<&Outbox> {
        let ticket = self.tickets.get(&connection)?;
        self.waiting.get(ticket).map(|waiting| &waiting.connected.outbox)
    }

    /// Sends clients their positions: the newest at once, and everybody in turn every `interval_ticks`.
    pub fn send_positions(&mut self, tick: Tick, interval_ticks: u32) {
        let (waiting, mut message) = (self.len() as u32, Vec::new());
        let turn = u64::from(tick.0 % interval_ticks);
        for (position, (ticket, client)) in (1..).zip(&mut self.waiting) {
            if client.knows_position && ticket % u64::from(interval_ticks) != turn {
                continue;
            }
            client.knows_position = true;
            message.clear();
            encode_server(&ServerMessage::Queued { position, waiting }, &mut message);
            client.connected.outbox.send(tick, &message);
        }
    }

    /// Closes all connections.
    pub fn close(&mut self, tick: Tick, code: CloseCode, reason: &str) {
        self.tickets.clear();
        for (_, waiting) in std::mem::take(&mut self.waiting) {
            waiting.connected.outbox.close(tick, code, reason);
        }
    }
}
