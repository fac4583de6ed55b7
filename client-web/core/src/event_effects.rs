//! From the server's events to effects, for live play and replay.

use crate::draw_item::direction;
use crate::layout::{Effect, EffectKind};
use glam::{IVec2, Vec2};
use shared::entity::EntityState;
use shared::event::{Event, Happening};
use shared::id::{NetId, PlayerId};
use shared::quantize::{health_from, position_from};
use shared::rules::Rules;
use shared::setup::Setup;

/// A bolt whose path passes this near to its owner's hull was just fired, in units.
const MUZZLE_UNITS: f32 = 1.0;
/// A bolt that appears may have been fired this many ticks ago.
const FIRED_TICKS: f32 = 2.0;

/// The entities that an event may name.
pub trait EntityLookup {
    /// An entity that exists, or existed until this tick.
    fn entity(&self, id: NetId) -> Option<&EntityState>;
    /// A player's ship.
    fn ship_of(&self, player: PlayerId) -> Option<&EntityState>;
}

/// The effect of an event, for the viewer who flies `own_ship`.
pub fn effect(event: &Event, rules: &Rules, own_ship: Option<NetId>, entities: &dyn EntityLookup) -> Effect {
    let position = position_from(IVec2::from(event.at));
    let ship_of = |player: PlayerId| entities.ship_of(player).map(|ship| ship.id);
    let (kind, subject, value, other) = match event.what {
        Happening::Hit { target, by, damage, .. } => {
            (EffectKind::Hit, target, health_from(damage), ship_of(by))
        }
        Happening::Death { ship, killer, bounty, .. } => {
            (EffectKind::Death, ship, bounty as f32, ship_of(killer))
        }
        Happening::Broken { asteroid, size } => (EffectKind::Broken, asteroid, rules.rock_radius(size), None),
        Happening::Loaded { ship } => (EffectKind::Loaded, ship, 1.0, None),
        Happening::Banked { ship, gained, .. } => (EffectKind::Banked, ship, gained as f32, None),
        Happening::Assisted { ship, gained, .. } => (EffectKind::Assisted, ship, gained as f32, None),
        Happening::Spawned { ship } => (EffectKind::Spawned, ship, 0.0, None),
        Happening::Upgraded { ship, upgrade } => (EffectKind::Upgraded, ship, f32::from(upgrade as u8), None),
        Happening::Used { ship, hull } => (EffectKind::Used, ship, f32::from(hull as u8), None),
        Happening::Bounced { ship, speed } => (EffectKind::Bounced, ship, f32::from(speed), None),
    };
    let heading = match event.what {
        Happening::Hit { course, .. } => course.radians(),
        // A death points away from the killer.
        _ => {
            let by = other.and_then(|other| entities.entity(other));
            by.map_or(0.0, |ship| direction(position - ship.motion.position()))
        }
    };
    let player = match event.what {
        Happening::Hit { by: player, .. } | Happening::Death { killer: player, .. } => player.0,
        _ => 0,
    };
    let own = own_ship.is_some_and(|own| own == subject || Some(own) == other);
    Effect {
        kind,
        position,
        subject: subject.0,
        other: other.map_or(0, |other| other.0),
        player,
        value,
        heading,
        own,
    }
}

/// Whether an event is a hit on the target's past position (lag compensation).
pub fn is_rewound(event: &Event) -> bool {
    matches!(event.what, Happening::Hit { seen, .. } if seen != (0, 0))
}

/// Where the shooter saw the own ship, if this event is a hit on the own ship's past position.
pub fn seen(event: &Event, own_ship: Option<NetId>, hit: &Effect) -> Option<Effect> {
    match event.what {
        Happening::Hit { target, seen, .. } if Some(target) == own_ship && is_rewound(event) => {
            let offset = position_from(IVec2::new(seen.0.into(), seen.1.into()));
            Some(Effect { kind: EffectKind::Seen, position: hit.position + offset, ..*hit })
        }
        _ => None,
    }
}

/// Whether a bolt that has just appeared was just fired, and did not fly into view: the path that its shooter's lag let it
/// fly at once leads back to the ship.
pub fn is_fired_now(bolt: &EntityState, ship: &EntityState, setup: &Setup) -> bool {
    let offset = bolt.motion.position() - ship.motion.position();
    let velocity = bolt.motion.velocity() - ship.motion.velocity();
    let ticks = setup.rewind_limit().ticks() + FIRED_TICKS;
    let seconds = (offset.dot(velocity) / velocity.length_squared()).clamp(0.0, ticks * setup.tick_seconds());
    (offset - velocity * seconds).length() < setup.rules.ship.radius + MUZZLE_UNITS
}

/// The flash at the muzzle of a gun that fired.
pub fn shot(ship: NetId, muzzle: Vec2, heading: f32, own: bool) -> Effect {
    let kind = EffectKind::Shot;
    Effect { kind, position: muzzle, subject: ship.0, other: 0, player: 0, value: 0.0, heading, own }
}

/// The predicted impact of the own ship on an asteroid or the border.
pub fn bounce(ship: NetId, position: Vec2, speed: f32) -> Effect {
    let kind = EffectKind::Bounced;
    Effect { kind, position, subject: ship.0, other: 0, player: 0, value: speed, heading: 0.0, own: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::belt::setup;
    use shared::entity::Kind;
    use shared::movement::Motion;

    #[test]
    fn a_bolt_was_just_fired_if_its_path_leads_back_to_the_gun() {
        let entity = |kind, at: (f32, f32), velocity: (f32, f32)| EntityState {
            kind,
            motion: Motion::new(at.into(), velocity.into()),
            ..EntityState::default()
        };
        let ship = entity(Kind::Ship, (5.0, 5.0), (10.0, 0.0));
        let fired = |at, velocity| is_fired_now(&entity(Kind::Bolt, at, velocity), &ship, &setup());
        assert!(fired((6.2, 5.0), (68.0, 0.0)), "at the muzzle");
        // A quarter of a second of flight; the ship has not moved, and its velocity is in the bolt's.
        assert!(fired((5.0 + 14.0, 5.0), (68.0, 0.0)), "moved ahead by the shooter's lag");
        assert!(!fired((5.0 + 30.0, 5.0), (68.0, 0.0)), "too far for any lag");
        assert!(!fired((19.0, 9.0), (68.0, 0.0)), "beside the path");
        assert!(!fired((-9.0, 5.0), (68.0, 0.0)), "behind the ship");
    }
}
