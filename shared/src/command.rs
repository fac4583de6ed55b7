//! Everything that enters the world in one tick.

use crate::id::PlayerId;
use crate::input::Controls;
use crate::levels::HullKind;
use crate::text::Name;
use serde::{Deserialize, Serialize};

/// All that enters the world in one tick, in the order in which the simulation applies it: leaves, joins, returns and
/// absences, admin commands, inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickInputs {
    /// Players who leave. Their ships vanish and spill their hold.
    pub leaves: Vec<PlayerId>,
    /// Players who join.
    pub joins: Vec<Join>,
    /// Seats whose player lost the connection (`true`) or took the seat back (`false`).
    pub absences: Vec<Absence>,
    /// Commands of administrators.
    pub admin: Vec<Admin>,
    /// Controls that changed since the tick before; a player who is not listed keeps the last controls.
    pub inputs: Vec<PlayerInput>,
    /// The server is overloaded: in this tick only a part of the drones think, the others keep their controls.
    pub drones_in_turns: bool,
}

impl TickInputs {
    /// Whether nothing enters the world.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
            && self.joins.is_empty()
            && self.absences.is_empty()
            && self.admin.is_empty()
            && self.inputs.is_empty()
            && !self.drones_in_turns
    }
}

/// A player joins. An id that is already in the room, or [`PlayerId::NOBODY`], is ignored by the simulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// The new player. Ids of humans are given out by the room, ascending from 1, below [`FIRST_DRONE`].
    pub player: PlayerId,
    /// The name shown to others.
    pub name: Name,
    /// The hull of its first ship.
    pub hull: HullKind,
}

/// Ids of drones, given out by the simulation, start here; ids of humans stay below.
pub const FIRST_DRONE: u32 = 1 << 24;

/// A seat's player lost the connection, or is back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// Whose seat.
    pub player: PlayerId,
    /// Whether the player is away. An absent player's ship drifts, does not fire, and can be shot.
    pub away: bool,
}

/// A player's new controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayerInput {
    /// Whose controls.
    pub player: PlayerId,
    /// The controls from this tick on.
    pub controls: Controls,
}

/// A command of an administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Admin {
    /// Sets how many drones and humans together the belt is kept at.
    SetDrones(u16),
    /// Removes a player; the same as a leave, but named in the journal.
    Kick(PlayerId),
    /// As a kick; the player's address is banned for a time.
    Ban(PlayerId),
    /// Mutes or unmutes a player's chat.
    Mute {
        /// Who.
        player: PlayerId,
        /// Whether the player's chat is withheld from everybody.
        muted: bool,
    },
    /// A line for everybody in the room.
    Announce {
        /// The line.
        text: String,
    },
    /// The room ends after this tick.
    Close,
    /// An address was banned for a time. Recordings do not say which: everybody may read them.
    BanAddress {
        /// Duration of the ban.
        seconds: u64,
    },
    /// A ban was lifted.
    PardonAddress,
}
