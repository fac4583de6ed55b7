//! Events of a tick that leave no trace in the entities: hits, deaths, gains.

use crate::angle::Angle;
use crate::id::{NetId, PlayerId};
use crate::levels::{HullKind, Upgrade};
use serde::{Deserialize, Serialize};

/// Something that happened at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Where, in position quanta. Events are sent to viewers who see the position.
    pub at: (i32, i32),
    /// What.
    pub what: Happening,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happening {
    /// A bolt hit something.
    Hit {
        /// What was hit.
        target: NetId,
        /// Who fired.
        by: PlayerId,
        /// Damage in health quanta.
        damage: u16,
        /// The direction in which the bolt flew.
        course: Angle,
        /// From the target's position to where its shooter saw it, in position quanta; zero without rewind.
        seen: (i16, i16),
    },
    /// A ship was destroyed.
    Death {
        /// The ship.
        ship: NetId,
        /// Its player.
        victim: PlayerId,
        /// Who did it; [`PlayerId::NOBODY`] for an asteroid.
        killer: PlayerId,
        /// Score the killer won.
        bounty: u32,
    },
    /// An asteroid broke.
    Broken {
        /// The asteroid.
        asteroid: NetId,
        /// Its size: 0 small, 1 medium, 2 large.
        size: u8,
    },
    /// A ship loaded ore.
    Loaded {
        /// The ship.
        ship: NetId,
    },
    /// A ship banked ore.
    Banked {
        /// The ship.
        ship: NetId,
        /// Its player.
        player: PlayerId,
        /// Score won.
        gained: u32,
    },
    /// A ship appeared.
    Spawned {
        /// The ship.
        ship: NetId,
    },
    /// An upgrade was bought.
    Upgraded {
        /// The ship.
        ship: NetId,
        /// What was bought.
        upgrade: Upgrade,
    },
    /// A ship bounced off an asteroid or the border.
    Bounced {
        /// The ship.
        ship: NetId,
        /// Impact speed in units per second.
        speed: u16,
    },
    /// A player had a part in the end of a ship that another destroyed.
    Assisted {
        /// The player's ship.
        ship: NetId,
        /// The player.
        player: PlayerId,
        /// Score won.
        gained: u32,
    },
    /// A ship used its hull's ability.
    Used {
        /// The ship.
        ship: NetId,
        /// Its hull.
        hull: HullKind,
    },
}
