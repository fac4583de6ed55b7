//! What the purse buys, and how much of it a ship has.

use serde::{Deserialize, Serialize};

/// What can be bought at a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Upgrade {
    /// More health.
    Hull = 0,
    /// More thrust.
    Engine = 1,
    /// More damage.
    Gun = 2,
    /// More room for ore.
    Hold = 3,
}

impl Upgrade {
    /// All upgrades, in the order of their wire numbers.
    pub const ALL: [Upgrade; 4] = [Upgrade::Hull, Upgrade::Engine, Upgrade::Gun, Upgrade::Hold];
}

/// The level of each [`Upgrade`], four bits each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Levels(pub u16);

impl Levels {
    /// The level of one upgrade, 0 to 15.
    pub fn of(self, upgrade: Upgrade) -> u8 {
        (self.0 >> (upgrade as u16 * 4) & 0xf) as u8
    }

    /// These levels with one upgrade a level higher; 15 stays 15.
    pub fn raised(self, upgrade: Upgrade) -> Levels {
        if self.of(upgrade) == 0xf { self } else { Levels(self.0 + (1 << (upgrade as u16 * 4))) }
    }
}
