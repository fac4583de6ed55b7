//! What connections and administrators post to a room.

use crate::outbox::Outbox;
use shared::command::Admin;
use shared::message::{ClientMessage, Hello, ResumeToken};
use std::net::IpAddr;

/// Names one connection for as long as the process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// A client said Hello: everything that a room needs to seat it.
#[derive(Debug)]
pub struct Connected {
    /// The connection.
    pub connection: ConnectionId,
    /// What is limited and banned together with the client: its IPv4 address, or the /64 of its IPv6 address.
    pub network: IpAddr,
    /// What the client said.
    pub hello: Hello,
    /// Fresh from the operating system's generator: the token that will resume this seat.
    pub token: ResumeToken,
    /// Where messages for the client go.
    pub outbox: Outbox,
}

/// What a connection or an administrator posts to a room.
#[derive(Debug)]
pub enum SessionEvent {
    /// A client said Hello.
    Connected(Connected),
    /// A client sent a message after its Hello.
    Message {
        /// The connection.
        connection: ConnectionId,
        /// The message.
        message: ClientMessage,
    },
    /// The connection is gone.
    Disconnected {
        /// The connection.
        connection: ConnectionId,
    },
    /// An administrator's order.
    Admin(Admin),
}

/// How a room stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The match is over: its recording is closed.
    ForGood,
    /// The next server continues the match in the same recording.
    ForSuccessor,
}

/// A seat as an administrator sees it.
#[derive(Clone, Debug)]
pub struct SeatStatus {
    /// Names the player in this room.
    pub player: u32,
    /// What others call the player.
    pub name: String,
    /// The connection is lost.
    pub away: bool,
    /// The chat is not passed on.
    pub muted: bool,
    /// The player's score.
    pub score: u32,
    /// Age of the seat, since a restart of the server at most.
    pub seconds: u32,
    /// From a snapshot to its acknowledgement, to a tick; `None` before the first.
    pub ping_ms: Option<u32>,
    /// The player's connection.
    pub connection: Option<ConnectionId>,
}
