//! A player's seat in a room, from the connection's side.

use crate::host::inbox::PostError;
use crate::host::lobby::{Destination, RoomHandle};
use crate::net::guard::addresses::network_of;
use crate::net::guard::peer_addresses::Registered;
use crate::net::play::close::{CloseCause, close, version_mismatch};
use crate::net::play::context::ConnectionContext;
use crate::telemetry;
use metrics::counter;
use room::outbox::{Drained, OutboxReader, outbox};
use room::{Connected, ConnectionId, SessionEvent};
use shared::message::{ClientMessage, CloseCode, Hello, ResumeToken};
use std::net::IpAddr;
use std::sync::atomic::Ordering::Relaxed;

/// A player's seat, from this side.
pub struct Seat {
    connection: ConnectionId,
    room: RoomHandle,
    outbox: OutboxReader,
    _registered: Registered,
}

impl Seat {
    /// Takes a seat for a client that said Hello.
    pub fn enter(
        context: &ConnectionContext,
        address: IpAddr,
        to: &Destination,
        hello: Hello,
    ) -> Result<Seat, CloseCause> {
        if let Some(reason) = version_mismatch(hello.version) {
            telemetry::refused("version", address, reason);
            return Err(close(CloseCode::VersionMismatch, reason));
        }
        let connection = ConnectionId(context.last_connection.fetch_add(1, Relaxed) + 1);
        let mut token = ResumeToken([0; 16]);
        getrandom::fill(&mut token.0)
            .map_err(|error| close(CloseCode::Full, format!("no randomness: {error}")))?;
        let registered = context.peer_addresses.register(connection, address);
        let (outbox, reader) = outbox();
        let network = network_of(address);
        match context.lobby.connect(to, Connected { connection, network, hello, token, outbox }) {
            Ok(room) => Ok(Seat { connection, room, outbox: reader, _registered: registered }),
            Err(error) => {
                let (code, told) = (error.close_code(), error.to_string());
                // A client that is sent on is not refused.
                if code != CloseCode::Moved {
                    telemetry::refused(error.name(), address, &told);
                }
                Err(close(code, told))
            }
        }
    }

    /// Takes what the room has to say, once that is durable; says whether there was anything.
    pub fn drain_into(&self, drained: &mut Drained) -> bool {
        self.outbox.drain_into(drained, |tick| self.room.commits.is_durable(tick))
    }

    /// Whether the room stands still.
    pub fn is_paused(&self) -> bool {
        self.room.commits.is_paused()
    }

    /// Posts what the client said to its room.
    pub fn forward(&self, message: ClientMessage) -> Result<(), CloseCause> {
        match self.room.inbox.post(SessionEvent::Message { connection: self.connection, message }) {
            Ok(()) => Ok(()),
            // The room is behind by tens of thousands of messages: this one would be too late anyway.
            Err(PostError::Full) => {
                counter!("driftbelt_messages_dropped_total").increment(1);
                Ok(())
            }
            Err(PostError::Ended) => match self.outbox.drain() {
                Some(Drained { close: Some((code, reason)), .. }) => Err(close(code, reason)),
                _ => Err(close(CloseCode::GoingAway, "the room has ended")),
            },
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // A room that has ended needs no notice.
        let _ = self.room.inbox.post(SessionEvent::Disconnected { connection: self.connection });
    }
}
