//! From entity states to draw items, for live play and replay.

use crate::layout::{DRONE_FLAG, DrawItem, DrawKind, HULL_BIT, Relation};
use glam::Vec2;
use shared::entity::{EntityState, Kind};
use shared::id::PlayerId;
use shared::levels::{Levels, Upgrade};
use shared::quantize::health_from;
use shared::rules::{Arena, Rules, Station};

/// The player for whom a frame is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Viewer {
    /// The player; [`PlayerId::NOBODY`] for a free camera.
    pub player: PlayerId,
    /// 0 in a free-for-all, else the team from 1.
    pub team: u8,
}

impl Viewer {
    /// What a ship or bolt of a player and team is to this one.
    fn relation(self, player: PlayerId, team: u8) -> Relation {
        if self.player == PlayerId::NOBODY {
            Relation::Neutral
        } else if player == self.player {
            Relation::Own
        } else if team != 0 && team == self.team {
            Relation::Mate
        } else {
            Relation::Foe
        }
    }
}

/// The item of an entity, at the position of its state.
pub fn entity(state: &EntityState, rules: &Rules, viewer: Viewer) -> DrawItem {
    let item = |kind| DrawItem {
        id: state.id.0,
        position: state.motion.position(),
        velocity: state.motion.velocity(),
        ..DrawItem::new(kind)
    };
    match state.kind {
        Kind::Ship => DrawItem {
            heading: state.heading.radians(),
            health: share(health_from(state.health), rules.ship_health(state.levels)),
            flags: flags(state, state.flags.0),
            radius: rules.ship.radius,
            relation: viewer.relation(state.owner, state.team),
            variant: total(state.levels) | (state.levels.hull() as u32) << HULL_BIT,
            player: state.owner.0,
            hold: share(f32::from(state.hold), f32::from(rules.hold_capacity(state.levels))),
            score: state.score,
            ..item(DrawKind::Ship)
        },
        Kind::Asteroid => {
            let health = rules.asteroid.health.get(usize::from(state.size));
            DrawItem {
                health: health.map_or(1.0, |full| share(health_from(state.health), *full)),
                radius: rules.rock_radius(state.size),
                variant: state.size.into(),
                ..item(DrawKind::Asteroid)
            }
        }
        Kind::Ore => DrawItem { radius: rules.ore.radius, ..item(DrawKind::Ore) },
        Kind::Bolt => DrawItem {
            heading: direction(state.motion.velocity()),
            radius: if state.is_mine() { rules.ability.mine_radius } else { rules.bolt.radius },
            relation: viewer.relation(state.owner, state.team),
            player: state.owner.0,
            ..item(if state.is_mine() { DrawKind::Mine } else { DrawKind::Bolt })
        },
    }
}

/// The flags of a ship as the view knows them: with that of drones.
pub fn flags(state: &EntityState, flags: u8) -> u32 {
    u32::from(flags) | if state.is_drone() { DRONE_FLAG } else { 0 }
}

/// The items of an arena's stations.
pub fn stations(arena: &Arena, half_size: f32) -> impl Iterator<Item = DrawItem> + '_ {
    arena.stations.iter().zip(0..).map(move |(station, index)| DrawItem {
        id: index,
        position: station_position(station, half_size),
        radius: station.radius,
        variant: index,
        ..DrawItem::new(DrawKind::Station)
    })
}

/// A station's position, in units.
pub fn station_position(station: &Station, half_size: f32) -> Vec2 {
    Vec2::new(station.x, station.y) * half_size
}

/// The speed that thrust without boost reaches, in units per second.
pub fn top_speed(rules: &Rules) -> f32 {
    rules.ship.thrust / rules.ship.drag.max(0.1)
}

/// Time for animations, in seconds. It wraps every hour, so that a 32-bit float keeps its milliseconds.
pub fn seconds(now_ms: f64) -> f32 {
    (now_ms / 1000.0).rem_euclid(3600.0) as f32
}

/// The direction of a vector, in radians.
pub fn direction(vector: Vec2) -> f32 {
    vector.y.atan2(vector.x)
}

/// An angle between two others, along the smaller turn; radians.
pub fn turn_between(from: f32, to: f32, share: f32) -> f32 {
    use core::f32::consts::{PI, TAU};
    let turn = (to - from + PI).rem_euclid(TAU) - PI;
    from + turn * share
}

fn share(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 }
}

fn total(levels: Levels) -> u32 {
    Upgrade::ALL.iter().map(|upgrade| u32::from(levels.of(*upgrade))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f32::consts::TAU;

    #[test]
    fn turning_takes_the_shorter_way() {
        assert!((turn_between(0.1, TAU - 0.1, 0.5).sin()).abs() < 1e-5);
        assert!((turn_between(TAU - 0.1, 0.1, 1.0).sin() - 0.1f32.sin()).abs() < 1e-5);
    }
}
