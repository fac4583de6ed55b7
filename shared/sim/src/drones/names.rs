//! What drones are called.

use shared::command::FIRST_DRONE;
use shared::id::PlayerId;
use shared::text::Name;

/// Minor planets, moons and stars; short enough for a number behind them.
const CALL_SIGNS: [&str; 48] = [
    "Vesta", "Pallas", "Juno", "Hygiea", "Eros", "Psyche", "Iris", "Hebe", "Flora", "Metis", "Davida",
    "Themis", "Egeria", "Thalia", "Fortuna", "Amphion", "Halley", "Encke", "Biela", "Borrelly", "Oumuamua",
    "Chiron", "Pholus", "Nessus", "Amalthea", "Himalia", "Elara", "Carme", "Rhea", "Dione", "Tethys",
    "Mimas", "Phoebe", "Janus", "Atlas", "Triton", "Nereid", "Proteus", "Altair", "Deneb", "Mizar", "Alcor",
    "Rigel", "Spica", "Castor", "Procyon", "Capella", "Antares",
];

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
