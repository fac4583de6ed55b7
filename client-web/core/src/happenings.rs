//! From the server's events to effects: the part that live play and replay share.

use crate::frame::{Effect, EffectKind};
use crate::shown::direction;
use glam::{IVec2, Vec2};
use shared::entity::EntityState;
use shared::event::{Event, Happening};
use shared::id::{NetId, PlayerId};
use shared::quantize::{health_from, position_from};
use shared::rules::Rules;
use shared::setup::Setup;

/// A bolt's way that passes this near to its owner's hull comes from the gun, in units.
const MUZZLE_UNITS: f32 = 1.0;
/// A bolt that appears may have been fired this many ticks ago.
const FIRED_TICKS: f32 = 2.0;

/// What an effect needs to know about the world it happens in.
pub trait Surroundings {
    /// An entity, if it is or was just there.
    fn entity(&self, id: NetId) -> Option<&EntityState>;
    /// The ship of a player, if there is one.
    fn ship_of(&self, player: PlayerId) -> Option<&EntityState>;
}

/// The effect of an event, for the player who watches.
pub fn effect(event: &Event, rules: &Rules, own_ship: Option<NetId>, around: &dyn Surroundings) -> Effect {
    let position = position_from(IVec2::from(event.at));
    let ship_of = |player: PlayerId| around.ship_of(player).map(|ship| ship.id);
    let moment = match event.what {
        Happening::Hit { target, by, damage, .. } => {
            Moment::new(EffectKind::Hit, target, health_from(damage)).by(ship_of(by))
        }
        Happening::Death { ship, killer, bounty, .. } => {
            Moment::new(EffectKind::Death, ship, bounty as f32).by(ship_of(killer))
        }
        Happening::Broken { asteroid, size } => {
            Moment::new(EffectKind::Broken, asteroid, rules.asteroid.radius[usize::from(size).min(2)])
        }
        Happening::Loaded { ship } => Moment::new(EffectKind::Loaded, ship, 1.0),
        Happening::Banked { ship, gained, .. } => Moment::new(EffectKind::Banked, ship, gained as f32),
        Happening::Spawned { ship } => Moment::new(EffectKind::Spawned, ship, 0.0),
        Happening::Upgraded { ship, upgrade } => {
            Moment::new(EffectKind::Upgraded, ship, f32::from(upgrade as u8))
        }
        Happening::Bounced { ship, speed } => Moment::new(EffectKind::Bounced, ship, f32::from(speed)),
    };
    let angle = match event.what {
        Happening::Hit { course, .. } => course.radians(),
        // A death points away from who did it.
        _ => {
            let by = moment.other.and_then(|other| around.entity(other));
            by.map_or(0.0, |ship| direction(position - ship.motion.position()))
        }
    };
    let own = own_ship.is_some_and(|own| own == moment.subject || Some(own) == moment.other);
    Effect {
        kind: moment.kind,
        position,
        subject: moment.subject.0,
        other: moment.other.map_or(0, |other| other.0),
        value: moment.value,
        angle,
        own,
    }
}

/// Whether an event is a hit that its shooter scored on what the target was a while ago.
pub fn is_rewound(event: &Event) -> bool {
    matches!(event.what, Happening::Hit { seen, .. } if seen != (0, 0))
}

/// Where the shooter saw the own ship when the hit of this effect was scored on what it was a while ago.
pub fn seen(event: &Event, own_ship: Option<NetId>, hit: &Effect) -> Option<Effect> {
    match event.what {
        Happening::Hit { target, seen, .. } if Some(target) == own_ship && is_rewound(event) => {
            let back = position_from(IVec2::new(seen.0.into(), seen.1.into()));
            Some(Effect { kind: EffectKind::Seen, position: hit.position + back, ..*hit })
        }
        _ => None,
    }
}

/// Whether a bolt that has just appeared comes from its owner's gun, and not into sight: the way that it can have flown
/// at once, because of its shooter's lag, leads back to the ship.
pub fn is_fired_now(bolt: &EntityState, ship: &EntityState, setup: &Setup) -> bool {
    let apart = bolt.motion.position() - ship.motion.position();
    let speed = bolt.motion.velocity() - ship.motion.velocity();
    let ticks = setup.rewind_limit().ticks() + FIRED_TICKS;
    let seconds = (apart.dot(speed) / speed.length_squared()).clamp(0.0, ticks * setup.tick_seconds());
    (apart - speed * seconds).length() < setup.rules.ship.radius + MUZZLE_UNITS
}

/// The flash at the muzzle of a gun that fired.
pub fn shot(ship: NetId, muzzle: Vec2, heading: f32, own: bool) -> Effect {
    let kind = EffectKind::Shot;
    Effect { kind, position: muzzle, subject: ship.0, other: 0, value: 0.0, angle: heading, own }
}

/// The bump of the own ship against a rock or the border, as predicted.
pub fn bounce(ship: NetId, position: Vec2, speed: f32) -> Effect {
    let kind = EffectKind::Bounced;
    Effect { kind, position, subject: ship.0, other: 0, value: speed, angle: 0.0, own: true }
}

struct Moment {
    kind: EffectKind,
    subject: NetId,
    other: Option<NetId>,
    value: f32,
}

impl Moment {
    fn new(kind: EffectKind, subject: NetId, value: f32) -> Moment {
        Moment { kind, subject, other: None, value }
    }

    fn by(self, other: Option<NetId>) -> Moment {
        Moment { other, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::belt::setup;
    use shared::entity::Kind;
    use shared::movement::Motion;

    #[test]
    fn a_bolt_is_fired_now_if_its_way_leads_back_to_the_gun() {
        let entity = |kind, at: (f32, f32), speed: (f32, f32)| EntityState {
            kind,
            motion: Motion::new(at.into(), speed.into()),
            ..EntityState::default()
        };
        let ship = entity(Kind::Ship, (5.0, 5.0), (10.0, 0.0));
        let fired = |at, speed| is_fired_now(&entity(Kind::Bolt, at, speed), &ship, &setup());
        assert!(fired((6.2, 5.0), (68.0, 0.0)), "at the muzzle");
        // A quarter of a second on its way, while the ship stood where it stands: the muzzle's speed is in the bolt's.
        assert!(fired((5.0 + 14.0, 5.0), (68.0, 0.0)), "brought on its way by the lag");
        assert!(!fired((5.0 + 30.0, 5.0), (68.0, 0.0)), "too far for any lag");
        assert!(!fired((19.0, 9.0), (68.0, 0.0)), "beside its way");
        assert!(!fired((-9.0, 5.0), (68.0, 0.0)), "behind the ship");
    }
}
