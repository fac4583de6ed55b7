//! Who did what best in a round.

use crate::quantize::health_from;
use crate::round::{Award, AwardKind};
use crate::snapshot::Pilot;
use std::cmp::Reverse;

/// Who did what best; among equals, the one who came first.
pub fn awards(pilots: &[Pilot]) -> Vec<Award> {
    let best = |kind, value: fn(&Pilot) -> Option<(i64, u32)>| {
        let valued = pilots.iter().filter_map(|pilot| Some((value(pilot)?, pilot)));
        let ((_, value), pilot) = valued.max_by_key(|((rank, _), pilot)| (*rank, Reverse(pilot.player)))?;
        Some(Award { kind, player: pilot.player, name: pilot.name.clone(), value })
    };
    let awards = [
        best(AwardKind::Winner, |pilot| most_of(pilot.score)),
        best(AwardKind::Haul, |pilot| most_of(pilot.best_haul)),
        best(AwardKind::Hunter, |pilot| most_of(pilot.kills.into())),
        best(AwardKind::Escape, |pilot| {
            let health = libm::ceilf(health_from(pilot.escape)) as u32;
            (pilot.escape > 0).then_some((-i64::from(pilot.escape), health))
        }),
        best(AwardKind::Survivor, |pilot| {
            let rank = i64::from(pilot.score) - (i64::from(pilot.deaths) << 32);
            (pilot.score > 0).then_some((rank, pilot.deaths.into()))
        }),
    ];
    awards.into_iter().flatten().collect()
}

fn most_of(value: u32) -> Option<(i64, u32)> {
    (value > 0).then_some((i64::from(value), value))
}
