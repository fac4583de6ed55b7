//! What a drone is like: read from its id, so it is no state.

use shared::command::FIRST_DRONE;
use shared::id::PlayerId;
use shared::levels::HullKind;
use shared::text::Name;

use crate::tuning::drones::{TEMPERAMENT_CYCLE, TEMPERAMENTS};

/// How a drone treats ore, danger and others. The numbers are shares from 0 to 1; what begins with `attack_` is a probability at
/// each decision.
#[derive(Debug)]
pub struct Temperament {
    #[allow(dead_code, reason = "names the entry in the file")]
    pub name: &'static str,
    /// Of how many drones in a cycle.
    pub share: u32,
    pub call_signs: &'static [&'static str],
    /// What it flies, in turn.
    pub hulls: &'static [HullKind],
    /// Goes to a station from this share of its hold on.
    pub haul_hold: f32,
    /// Picks no fight below it.
    pub fight_health: f32,
    /// Above it, a hit is taken for a stray bolt; at 0 it never shoots back.
    pub retaliation_health: f32,
    /// Flees below this many times `drone.flee_health` of the rules.
    pub caution: f32,
    pub attack_rich: f32,
    pub attack_hunter: f32,
    pub attack_anybody: f32,
}

/// The temperament of a drone.
pub fn temperament(player: PlayerId) -> &'static Temperament {
    let place = index(player) as usize % TEMPERAMENT_CYCLE.len();
    &TEMPERAMENTS[usize::from(TEMPERAMENT_CYCLE[place])]
}

/// The hull of a drone: those of its temperament in turn.
pub fn hull(player: PlayerId) -> HullKind {
    let hulls = temperament(player).hulls;
    hulls[number(player) as usize % hulls.len()]
}

/// How many drones of the same temperament have a lower id.
fn number(player: PlayerId) -> u32 {
    let (cycle, place) = (index(player) / cycle_length(), index(player) % cycle_length());
    let own = TEMPERAMENT_CYCLE[place as usize];
    let before = TEMPERAMENT_CYCLE[..place as usize].iter().filter(|other| **other == own).count() as u32;
    cycle * temperament(player).share + before
}

/// The name of a drone: each of its temperament's once, then again with a number.
pub fn call_sign(player: PlayerId) -> Name {
    let Temperament { call_signs, .. } = temperament(player);
    let number = number(player);
    let count = call_signs.len() as u32;
    let sign = call_signs[(number % count) as usize];
    match number / count {
        0 => Name::from_input(sign),
        round => Name::from_input(&format!("{sign} {}", round + 1)),
    }
}

fn index(player: PlayerId) -> u32 {
    player.0.saturating_sub(FIRST_DRONE)
}

fn cycle_length() -> u32 {
    TEMPERAMENT_CYCLE.len() as u32
}
