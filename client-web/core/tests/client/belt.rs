//! The game's own rules, mode and arena, for the tests within the crate and for those from outside.

use shared::setup::Setup;

pub fn setup() -> Setup {
    Setup {
        rules: toml::from_str(include_str!("../../../../assets/rules.toml")).expect("the game's rules"),
        mode: toml::from_str(include_str!("../../../../assets/modes/belt.toml")).expect("the game's mode"),
        arenas: vec![
            toml::from_str(include_str!("../../../../assets/arenas/ring.toml")).expect("the game's arena"),
        ],
        tick_rate_hz: 30,
        drones: 0,
        seed: 1,
    }
}
