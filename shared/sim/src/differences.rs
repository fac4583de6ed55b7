//! Where two states of the same tick differ: what a report of a divergence names.

use shared::entity::EntityState;
use shared::id::{NetId, PlayerId};
use shared::keyframe::{BoltKey, Keyframe, OreKey, PlayerKey, ShipKey, TrailKey};
use shared::movement::Motion;
use std::fmt::{self, Debug, Display};
use std::str::FromStr;

/// What a difference is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The world as a whole.
    World,
    /// An entity.
    Entity(NetId),
    /// A player.
    Player(PlayerId),
}

/// One value that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is about.
    pub subject: Subject,
    /// The component, as a keyframe names it.
    pub component: &'static str,
    /// Its value in the first state; "absent" if the subject is not there.
    pub left: String,
    /// Its value in the second state.
    pub right: String,
}

/// A component and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// The component, as a keyframe names it.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

impl FromStr for Subject {
    type Err = ();

    /// Reads what [`Display`] writes.
    fn from_str(text: &str) -> Result<Subject, ()> {
        let number = |id: &str| id.parse().map_err(|_| ());
        match text.split_once(' ') {
            None if text == "world" => Ok(Subject::World),
            Some(("entity", id)) => Ok(Subject::Entity(NetId(number(id)?))),
            Some(("player", id)) => Ok(Subject::Player(PlayerId(number(id)?))),
            _ => Err(()),
        }
    }
}

impl Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::World => write!(f, "world"),
            Subject::Entity(id) => write!(f, "entity {}", id.0),
            Subject::Player(player) => write!(f, "player {}", player.0),
        }
    }
}

impl Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {} ≠ {}", self.subject, self.component, self.left, self.right)
    }
}

/// Compares the fields of two records by name; the records of `without` are compared elsewhere. A field that is in
/// neither list does not compile.
macro_rules! fields {
    ($out:expr, $subject:expr, $a:expr, $b:expr, $record:ident { $($field:ident),+ $(,)? } without $($other:ident),*) => {
        let $record { $($field: _,)+ $($other: _,)* } = $a;
        $($out.field($subject, stringify!($field), &$a.$field, &$b.$field);)+
    };
}

/// All differences of two states: the world, then entities and players in the order of their ids.
pub fn between(a: &Keyframe, b: &Keyframe) -> Vec<Difference> {
    let mut out = Differences { found: Vec::new(), wanted: None };
    compare_all(&mut out, a, b);
    // What is known of an entity stands in several lists: bring it together. The sort is stable.
    out.found.sort_by_key(|difference| difference.subject);
    out.found
}

/// The components of a subject; none if it is not there.
pub fn components(key: &Keyframe, subject: Subject) -> Vec<Component> {
    let mut out = Differences { found: Vec::new(), wanted: Some(subject) };
    compare_all(&mut out, key, key);
    let component = |found: Difference| Component { name: found.component, value: found.left };
    out.found.into_iter().map(component).collect()
}

fn compare_all(out: &mut Differences, a: &Keyframe, b: &Keyframe) {
    fields!(out, Subject::World, a, b, Keyframe {
        tick, next_net_id, next_drone, drones_wanted, prices, round, asteroids_due
    } without entities, ships, trails, bolts, ores, players);
    out.join(&a.entities, &b.entities, |entity| Subject::Entity(entity.id), entity_fields);
    out.join(&a.ships, &b.ships, |ship| Subject::Entity(ship.id), ship_fields);
    out.join(&a.trails, &b.trails, |trail| Subject::Entity(trail.id), trail_fields);
    out.join(&a.bolts, &b.bolts, |bolt| Subject::Entity(bolt.id), bolt_fields);
    out.join(&a.ores, &b.ores, |ore| Subject::Entity(ore.id), ore_fields);
    out.join(&a.players, &b.players, |player| Subject::Player(player.player), player_fields);
}

fn entity_fields(out: &mut Differences, subject: Subject, a: &EntityState, b: &EntityState) {
    fields!(out, subject, a, b, EntityState {
        kind, size, team, flags, heading, health, hold, levels, score, owner
    } without id, motion);
    fields!(out, subject, a.motion, b.motion, Motion { position_q, velocity_q } without);
}

fn ship_fields(out: &mut Differences, subject: Subject, a: &ShipKey, b: &ShipKey) {
    fields!(out, subject, a, b, ShipKey {
        energy, cooldown, ability, protection_ticks, bank_progress, haul, hit_by, hit_until, hit_before_by, hit_before_until
    } without id);
}

fn trail_fields(out: &mut Differences, subject: Subject, a: &TrailKey, b: &TrailKey) {
    fields!(out, subject, a, b, TrailKey { displacements } without id);
}

fn bolt_fields(out: &mut Differences, subject: Subject, a: &BoltKey, b: &BoltKey) {
    fields!(out, subject, a, b, BoltKey { ticks_left, damage } without id);
}

fn ore_fields(out: &mut Differences, subject: Subject, a: &OreKey, b: &OreKey) {
    fields!(out, subject, a, b, OreKey { ticks_left } without id);
}

fn player_fields(out: &mut Differences, subject: Subject, a: &PlayerKey, b: &PlayerKey) {
    fields!(out, subject, a, b, PlayerKey {
        name, team, calm_until, away, ship, respawn_ticks, controls, score, purse, streak, kills, deaths, levels, best_haul,
        escape, vote, drone
    } without player);
}

struct Differences {
    found: Vec<Difference>,
    /// Whose fields are found even if they are equal, and no others; `None` finds all that differ.
    wanted: Option<Subject>,
}

impl Differences {
    fn field<T: PartialEq + Debug>(&mut self, subject: Subject, component: &'static str, a: &T, b: &T) {
        if self.wanted.map_or(a != b, |wanted| wanted == subject) {
            self.found.push(Difference {
                subject,
                component,
                left: format!("{a:?}"),
                right: format!("{b:?}"),
            });
        }
    }

    /// Compares two lists that ascend by subject; who is in one of them only is told whole.
    fn join<T: Debug>(
        &mut self,
        a: &[T],
        b: &[T],
        subject: impl Fn(&T) -> Subject,
        compare: impl Fn(&mut Differences, Subject, &T, &T),
    ) {
        let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
        while let Some(next) = a.peek().copied().into_iter().chain(b.peek().copied()).map(&subject).min() {
            let left = a.next_if(|item| subject(item) == next);
            let right = b.next_if(|item| subject(item) == next);
            match (left, right) {
                (Some(left), Some(right)) => compare(self, next, left, right),
                _ => self.found.push(Difference {
                    subject: next,
                    component: "whole",
                    left: left.map_or_else(|| "absent".into(), |item| format!("{item:?}")),
                    right: right.map_or_else(|| "absent".into(), |item| format!("{item:?}")),
                }),
            }
        }
    }
}
