//! The names of drones.

use shared::command::FIRST_DRONE;
use shared::id::PlayerId;
use shared::text::Name;

use crate::tuning::drones::CALL_SIGNS;

/// The name of a drone: each of them once, then again with a number.
pub fn call_sign(player: PlayerId) -> Name {
    let index = player.0.saturating_sub(FIRST_DRONE);
    let count = CALL_SIGNS.len() as u32;
    let sign = CALL_SIGNS[(index % count) as usize];
    match index / count {
        0 => Name::from_input(sign),
        round => Name::from_input(&format!("{sign} {}", round + 1)),
    }
}
