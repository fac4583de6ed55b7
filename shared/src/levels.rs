//! What a ship is: its hull, and how much it has of what the purse buys.

use serde::{Deserialize, Serialize};

/// What a ship is built for. Chosen before it appears; each hull has one ability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum HullKind {
    /// Carries more. Its tractor loads ore from afar.
    #[default]
    Miner = 0,
    /// Hits harder. Its shield takes most of the damage.
    Raider = 1,
    /// Faster. It lays mines.
    Scout = 2,
}

impl HullKind {
    /// All hulls, in the order of their wire numbers.
    pub const ALL: [HullKind; 3] = [HullKind::Miner, HullKind::Raider, HullKind::Scout];

    /// The hull of a wire number; of an unknown one, the first.
    pub fn of_number(number: u16) -> HullKind {
        HullKind::ALL.get(usize::from(number)).copied().unwrap_or_default()
    }
}

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

/// The hull in the lowest four bits, and the level of each [`Upgrade`] in three bits each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Levels(pub u16);

const HULL_BITS: u16 = 4;
const LEVEL_BITS: u16 = 3;
const HULL_MASK: u16 = (1 << HULL_BITS) - 1;
const LEVEL_MASK: u16 = (1 << LEVEL_BITS) - 1;

impl Levels {
    /// A hull without upgrades.
    pub fn new(hull: HullKind) -> Levels {
        Levels(hull as u16)
    }

    /// The hull.
    pub fn hull(self) -> HullKind {
        HullKind::of_number(self.0 & HULL_MASK)
    }

    /// These levels with another hull.
    pub fn with_hull(self, hull: HullKind) -> Levels {
        Levels(self.0 & !HULL_MASK | hull as u16)
    }

    /// Whether the hull's number is one of a [`HullKind`].
    pub fn is_known(self) -> bool {
        usize::from(self.0 & HULL_MASK) < HullKind::ALL.len()
    }

    /// The level of one upgrade, 0 to 7.
    pub fn of(self, upgrade: Upgrade) -> u8 {
        (self.0 >> Levels::place(upgrade) & LEVEL_MASK) as u8
    }

    /// These levels with one upgrade a level higher; 7 stays 7.
    pub fn raised(self, upgrade: Upgrade) -> Levels {
        if self.of(upgrade) == LEVEL_MASK as u8 {
            self
        } else {
            Levels(self.0 + (1 << Levels::place(upgrade)))
        }
    }

    fn place(upgrade: Upgrade) -> u16 {
        HULL_BITS + upgrade as u16 * LEVEL_BITS
    }
}
