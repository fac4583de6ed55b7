//! What entities are made of. Components refer to each other by `NetId` and `PlayerId`, never by `Entity`.

use bevy_ecs::prelude::Component;
use glam::{IVec2, Vec2};
use shared::entity::ShipFlags;
use shared::id::{NetId, PlayerId, Tick};
use shared::keyframe::TrailKey;
use shared::levels::{HullKind, Levels};
use shared::movement::{Motion, ShipMotion};
use std::collections::VecDeque;

/// Ship: flight, as the browser predicts it.
#[derive(Component, Clone, Copy, Debug)]
pub struct Flight {
    pub state: ShipMotion,
    /// Thrust, boost, firing and the ability, as [`shared::entity::ShipFlags`].
    pub shown: u8,
    /// Where it was before this tick's step, in units. Not part of the state.
    pub from: Vec2,
}

impl Flight {
    /// Whether the ability of this hull is in effect.
    pub fn uses(&self, levels: Levels, hull: HullKind) -> bool {
        self.shown & ShipFlags::ABILITY != 0 && levels.hull() == hull
    }
}

/// Ship: health and what guards it.
#[derive(Component, Clone, Copy, Debug)]
pub struct Hull {
    /// In quanta; at 0 the ship is destroyed within the same tick.
    pub health: u16,
    pub protection_ticks: u16,
    /// The player who hit it last. Read at health 0 only, so not part of the state.
    pub killer: PlayerId,
    pub last_hit: PastHit,
    /// The last hit by another player than that of `last_hit`.
    pub hit_before: PastHit,
}

/// A hit that may count as an assist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastHit {
    /// [`PlayerId::NOBODY`] if there was none.
    pub by: PlayerId,
    /// The last tick in which it counts.
    pub until: Tick,
}

impl PastHit {
    pub const NONE: PastHit = PastHit { by: PlayerId::NOBODY, until: Tick(0) };
}

impl Hull {
    /// Remembers a hit that counts as an assist until a tick.
    pub fn hit(&mut self, by: PlayerId, until: Tick) {
        if by != self.last_hit.by {
            self.hit_before = self.last_hit;
        }
        self.last_hit = PastHit { by, until };
        self.killer = by;
    }

    /// Who hit the ship a short time before its end, apart from its killer.
    pub fn assistant(&self, killer: PlayerId, now: Tick) -> Option<PlayerId> {
        let hits = [self.last_hit, self.hit_before].into_iter();
        let mut others = hits.filter(|hit| hit.by != PlayerId::NOBODY && hit.by != killer);
        others.find(|hit| hit.until >= now).map(|hit| hit.by)
    }
}

/// Ship: ore on board.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct Cargo {
    /// Loads.
    pub hold: u16,
    /// Thousandths of the load that is being banked.
    pub bank_progress: u16,
    /// Score won so far by the haul that is being banked.
    pub haul: u32,
}

/// Ship: who flies it.
#[derive(Component, Clone, Copy, Debug)]
pub struct Crew {
    pub player: PlayerId,
    /// 0 in a free-for-all.
    pub team: u8,
    /// A newcomer's last tick without attacks by drones.
    pub calm_until: Tick,
}

/// Ship: where it was at the end of the recent ticks, in position quanta, the newest first. As long as shots are rewound.
#[derive(Component, Clone, Debug)]
pub struct Trail(pub VecDeque<IVec2>);

impl Trail {
    pub fn from(at: IVec2) -> Trail {
        Trail(VecDeque::from([at]))
    }

    /// From a keyframe, for a ship that is at `at` now.
    pub fn restored(key: &TrailKey, at: IVec2) -> Trail {
        let mut places = VecDeque::from([at]);
        let back = key.displacements.iter().scan(at, |place, moved| {
            *place = place.wrapping_sub(IVec2::from(*moved));
            Some(*place)
        });
        places.extend(back);
        Trail(places)
    }

    /// For a keyframe.
    pub fn key(&self, id: NetId) -> TrailKey {
        let pairs = self.0.iter().zip(self.0.iter().skip(1));
        TrailKey {
            id,
            displacements: pairs.map(|(newer, older)| newer.wrapping_sub(*older).into()).collect(),
        }
    }

    /// Adds the position of the next tick; forgets positions more than `ticks` back.
    pub fn push(&mut self, at: IVec2, ticks: u16) {
        self.0.truncate(usize::from(ticks));
        self.0.push_front(at);
    }
}

/// Asteroid, ore and bolt: motion at constant velocity.
#[derive(Component, Clone, Copy, Debug)]
pub struct Drift(pub Motion);

/// Asteroid.
#[derive(Component, Clone, Copy, Debug)]
pub struct Rock {
    /// 0 small, 1 medium, 2 large.
    pub size: u8,
    /// In quanta; at 0 it breaks within the same tick.
    pub health: u16,
}

/// One load of ore.
#[derive(Component, Clone, Copy, Debug)]
pub struct Ore {
    pub ticks_left: u32,
}

/// Pulse bolt or mine.
#[derive(Component, Clone, Copy, Debug)]
pub struct Bolt {
    pub owner: PlayerId,
    /// 0 in a free-for-all.
    pub team: u8,
    pub ticks_left: u16,
    /// In health quanta.
    pub damage: u16,
    /// 0, or [`shared::entity::MINE`].
    pub size: u8,
}
