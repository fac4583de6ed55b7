//! The evidence of a hit as the page tells and draws it.

use crate::draw_item::direction;
use crate::layout::{DrawItem, DrawKind, Relation};
use glam::{IVec2, Vec2};
use serde::Serialize;
use shared::evidence::{DeathEvidence, HitEvidence};
use shared::input::ViewLag;
use shared::quantize::{health_from, position_from};
use shared::setup::Setup;

/// Evidence of the hit that destroyed a ship, in units that people read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
#[serde(rename_all = "camelCase")]
pub struct EvidenceFacts {
    /// The player who fired.
    pub shooter: u32,
    /// Points.
    pub damage: f32,
    /// From the gun to the hit, in units.
    pub distance: f32,
    /// How old the others were on the shooter's screen, in milliseconds.
    pub view_age_ms: f32,
    /// How far the ship was taken back for the hit, in milliseconds; 0 for a hit in the present.
    pub rewound_ms: f32,
    /// From where the ship was to where the shooter saw it, in units.
    pub moved: f32,
    /// Round trip of the shooter in milliseconds; `None` if nobody measured it.
    pub shooter_round_trip_ms: Option<u16>,
    /// Round trip of the victim in milliseconds.
    pub victim_round_trip_ms: Option<u16>,
}

impl EvidenceFacts {
    /// Of what the server told the victim.
    pub(crate) fn of_death(evidence: &DeathEvidence, setup: &Setup) -> EvidenceFacts {
        EvidenceFacts {
            shooter_round_trip_ms: evidence.shooter_round_trip_ms,
            victim_round_trip_ms: evidence.victim_round_trip_ms,
            ..EvidenceFacts::of_hit(&evidence.hit, setup)
        }
    }

    /// Of a re-simulated hit: nobody measured round trips.
    pub(crate) fn of_hit(hit: &HitEvidence, setup: &Setup) -> EvidenceFacts {
        let milliseconds = |lag: ViewLag| lag.ticks() * setup.tick_seconds() * 1000.0;
        EvidenceFacts {
            shooter: hit.shooter.0,
            damage: health_from(hit.damage),
            distance: (units(hit.met) - units(hit.muzzle)).length(),
            view_age_ms: milliseconds(hit.view_age),
            rewound_ms: milliseconds(hit.rewound),
            moved: (units(hit.seen) - units(hit.stood)).length(),
            shooter_round_trip_ms: None,
            victim_round_trip_ms: None,
        }
    }
}

/// The line of fire, the ghost of a ship that was hit in the past, and the point of the hit. The ghost points along `heading`.
pub(crate) fn items(hit: &HitEvidence, heading: f32, setup: &Setup) -> impl Iterator<Item = DrawItem> {
    let (muzzle, met) = (units(hit.muzzle), units(hit.met));
    let item = |kind, position, radius| DrawItem {
        position,
        radius,
        relation: Relation::Foe,
        player: hit.victim.0,
        ..DrawItem::new(kind)
    };
    let line = DrawItem {
        heading: direction(met - muzzle),
        ..item(DrawKind::LineOfFire, muzzle, (met - muzzle).length())
    };
    let ghost = DrawItem { heading, ..item(DrawKind::Ghost, units(hit.seen), setup.rules.ship.radius) };
    let point = item(DrawKind::HitPoint, met, setup.rules.bolt.radius);
    [Some(line), hit.needed_rewind().then_some(ghost), Some(point)].into_iter().flatten()
}

fn units(at: (i32, i32)) -> Vec2 {
    position_from(IVec2::from(at))
}
