//! What a host and a designer write: the configuration, and the numbers of the game.

use game_server::config;
use game_server::net::guard::bans;
use shared::command::TickInputs;
use shared::rules::{Arena, Mode, Rules};
use shared::setup::Setup;
use sim::{Sim, scripted};
use std::path::Path;

/// Seats and drones of a world that is made of a mode: enough to try its numbers.
const SEATS_LIMIT: u16 = 32;
/// Ticks that such a world is stepped.
const TICKS: usize = 5;

/// A configuration file, or a file of bans.
pub fn config(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let configured = config::read_with(["game-server".into()], Path::new("driftbelt.toml"), text).is_ok();
    configured | bans::parse(Path::new("bans.toml"), text).is_ok()
}

/// A file of rules, a mode or an arena. Of numbers that pass their check a world can be made, and it runs.
pub fn rules(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let script = scripted::setup();
    let rules = toml::from_str::<Rules>(text).map(|rules| Setup { rules, ..script.clone() });
    let mode = toml::from_str::<Mode>(text).map(|mode| Setup { mode, ..script.clone() });
    let arena = toml::from_str::<Arena>(text).map(|arena| Setup { arenas: vec![arena], ..script.clone() });
    let mut sound = false;
    for mut setup in [rules, mode, arena].into_iter().flatten() {
        if setup.check().is_err() {
            continue;
        }
        sound = true;
        setup.mode.capacity = setup.mode.capacity.min(SEATS_LIMIT);
        setup.drones = setup.drones.min(SEATS_LIMIT);
        let mut sim = Sim::new(&setup).expect("its numbers have been checked");
        for _ in 0..TICKS {
            sim.step(&TickInputs::default());
        }
        assert!(Sim::from_keyframe(&setup, &sim.keyframe()).is_ok(), "its own keyframe is refused");
    }
    sound
}
