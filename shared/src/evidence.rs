//! Evidence of hits on ships: what the simulation compared when a bolt hit. It follows from the recorded inputs, so that a
//! re-simulated match has the same.

use crate::id::{NetId, PlayerId, Tick};
use crate::input::ViewLag;
use serde::{Deserialize, Serialize};

/// A bolt that hit a ship. Positions are in position quanta.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitEvidence {
    /// Who fired.
    pub shooter: PlayerId,
    /// Whose ship was hit.
    pub victim: PlayerId,
    /// The ship.
    pub ship: NetId,
    /// The bolt; `None` if it hit in the tick in which it was fired, and never was an entity.
    pub bolt: Option<NetId>,
    /// Damage in health quanta.
    pub damage: u16,
    /// How old the others were on the shooter's screen.
    pub view_age: ViewLag,
    /// How far the ship was taken back for the hit; zero for a hit in the present.
    pub rewound: ViewLag,
    /// Ticks from the shot to the hit, those flown in the past included; rounded up.
    pub flown_ticks: u16,
    /// Where the bolt left the gun, to a tick of its flight.
    pub muzzle: (i32, i32),
    /// Where the bolt met the ship in the shooter's view.
    pub met: (i32, i32),
    /// Where the ship stood in the shooter's view.
    pub seen: (i32, i32),
    /// Where the ship stood at the hit.
    pub stood: (i32, i32),
}

/// Why a ship was destroyed: what its player is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeathEvidence {
    /// The tick of the hit.
    pub tick: Tick,
    /// The hit that destroyed the ship.
    pub hit: HitEvidence,
    /// Round trip of the shooter in milliseconds; `None` for a drone, or if it is not measured yet.
    pub shooter_round_trip_ms: Option<u16>,
    /// Round trip of the victim in milliseconds.
    pub victim_round_trip_ms: Option<u16>,
}

impl HitEvidence {
    /// From where the ship stood to where the shooter saw it, in position quanta.
    pub fn moved(&self) -> (i32, i32) {
        (self.seen.0.wrapping_sub(self.stood.0), self.seen.1.wrapping_sub(self.stood.1))
    }

    /// Whether the ship would have been missed without being taken back: it was hit in the past.
    pub fn needed_rewind(&self) -> bool {
        self.rewound > ViewLag::default()
    }
}

/// The hit that destroyed a player's ship, among the hits of the tick in which it was destroyed. A destroyed ship is hit no
/// more, so that it is the last one on the ship.
pub fn fatal(hits: &[HitEvidence], victim: PlayerId, killer: PlayerId) -> Option<&HitEvidence> {
    hits.iter().rev().find(|hit| hit.victim == victim).filter(|hit| hit.shooter == killer)
}
