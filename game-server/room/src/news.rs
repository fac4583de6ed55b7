//! What a host wants to know of a room: who comes and goes, and why. The loop that runs the room logs and counts it.

use shared::id::{PlayerId, Tick};
use shared::message::CloseCode;
use std::net::IpAddr;

/// What happened to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The network that the client comes from.
    pub network: IpAddr,
    /// What happened.
    pub what: Happened,
}

/// What happened to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It has a seat.
    Joined {
        /// The new player.
        player: PlayerId,
        /// What others call the player.
        name: String,
    },
    /// Its seat is given up.
    Left {
        /// The player.
        player: PlayerId,
        /// What others called the player.
        name: String,
        /// Why.
        reason: LeaveReason,
    },
    /// It reports another player.
    Reported {
        /// When.
        tick: Tick,
        /// The player who reports.
        reporter: PlayerId,
        /// What others call that player.
        reporter_name: String,
        /// The player who is reported.
        reported: PlayerId,
        /// What others call that player.
        name: String,
        /// Why, in the reporter's words.
        reason: String,
    },
    /// It gets no seat.
    Refused {
        /// Why, as a metric names it.
        reason: &'static str,
        /// The reason sent to the client.
        told: String,
    },
}

/// Why a seat is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveReason {
    /// The player has left.
    Asked,
    /// The connection was lost before the player had played, or the network keeps too many seats.
    Lost,
    /// The player was away for longer than a seat is kept.
    Away,
    /// The player was away, and somebody waited for the seat.
    GaveWay,
    /// A moderator has removed the player.
    Kicked,
    /// A moderator has banned the player.
    Banned,
    /// The room was closed, or has come to its end.
    RoomEnded,
}

impl LeaveReason {
    /// Every reason.
    pub const ALL: [LeaveReason; 7] = [
        LeaveReason::Asked,
        LeaveReason::Lost,
        LeaveReason::Away,
        LeaveReason::GaveWay,
        LeaveReason::Kicked,
        LeaveReason::Banned,
        LeaveReason::RoomEnded,
    ];

    /// As the log and the metrics name it.
    pub fn name(self) -> &'static str {
        match self {
            LeaveReason::Asked => "asked",
            LeaveReason::Lost => "lost",
            LeaveReason::Away => "away",
            LeaveReason::GaveWay => "gave_way",
            LeaveReason::Kicked => "kicked",
            LeaveReason::Banned => "banned",
            LeaveReason::RoomEnded => "room_ended",
        }
    }
}

/// How a refusal with this code is named, for the log and the metrics.
pub(crate) fn refusal_name(code: CloseCode) -> &'static str {
    match code {
        CloseCode::Kicked => "kick",
        CloseCode::SeatGone => "seat_gone",
        CloseCode::TakenOver => "taken_over",
        _ => "full",
    }
}
