//! The state of one entity, in wire quanta: what the simulation captures and what a viewer is told.

use crate::angle::Angle;
use crate::command::FIRST_DRONE;
use crate::id::{NetId, PlayerId};
use crate::levels::Levels;
use crate::movement::Motion;
use serde::{Deserialize, Serialize};

/// What an entity is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// A player's or a drone's ship.
    #[default]
    Ship = 0,
    /// A rock that breaks down to smaller rocks and ore.
    Asteroid = 1,
    /// One load of ore, adrift.
    Ore = 2,
    /// A pulse bolt in flight.
    Bolt = 3,
}

impl Kind {
    /// All kinds, in the order of their wire numbers.
    pub const ALL: [Kind; 4] = [Kind::Ship, Kind::Asteroid, Kind::Ore, Kind::Bolt];

    /// Whether it only drifts, unless a ship or a bolt meets it: rocks and ore.
    pub fn is_drifting(self) -> bool {
        matches!(self, Kind::Asteroid | Kind::Ore)
    }
}

/// The size of an asteroid that neither moves nor breaks: walls are made of them.
pub const BOULDER: u8 = 3;
/// The size of a bolt that lies still and waits for a ship.
pub const MINE: u8 = 1;

/// What a ship shows of itself, as a bit mask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShipFlags(pub u8);

impl ShipFlags {
    /// The engine burns.
    pub const THRUST: u8 = 1;
    /// The boost burns.
    pub const BOOST: u8 = 2;
    /// The gun fires.
    pub const FIRING: u8 = 4;
    /// Inside a station's ring.
    pub const DOCKED: u8 = 8;
    /// The hull's ability is in effect.
    pub const ABILITY: u8 = 16;
    /// Just spawned: takes no damage.
    pub const PROTECTED: u8 = 32;
    /// Its player is away.
    pub const AWAY: u8 = 64;
    /// A drone that hunts a ship, or whoever has destroyed several since the last loss.
    pub const HUNTER: u8 = 128;

    /// Whether any of the given flags is set.
    pub fn any(self, flags: u8) -> bool {
        self.0 & flags != 0
    }
}

/// The state of one entity at one tick. Fields that a kind does not use are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityState {
    /// Its name on the wire.
    pub id: NetId,
    /// What it is.
    pub kind: Kind,
    /// Asteroid: 0 small, 1 medium, 2 large, 3 [`BOULDER`]. Bolt: 0, or [`MINE`].
    pub size: u8,
    /// Ship and bolt: 0 in a free-for-all, else the team from 1.
    pub team: u8,
    /// Ship: what it shows of itself.
    pub flags: ShipFlags,
    /// Where it is and how it moves.
    pub motion: Motion,
    /// Ship: where it points.
    pub heading: Angle,
    /// Ship and asteroid: health in quanta of [`crate::quantize::HEALTH_SCALE`].
    pub health: u16,
    /// Ship: loads of ore in the hold.
    pub hold: u16,
    /// Ship: upgrades bought.
    pub levels: Levels,
    /// Ship: the player's score.
    pub score: u32,
    /// Ship: its player. Bolt: who fired it.
    pub owner: PlayerId,
}

impl EntityState {
    /// Ship: whether the server flies it.
    pub fn is_drone(&self) -> bool {
        self.owner.0 >= FIRST_DRONE
    }

    /// Whether it is a mine.
    pub fn is_mine(&self) -> bool {
        self.kind == Kind::Bolt && self.size == MINE
    }
}
