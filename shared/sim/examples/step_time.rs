//! How long a tick takes in arena-N, the workload of `assets/modes/arena.toml`: N flying ships, 2 N moving rocks.
//!
//! `cargo run --release -p sim --example step_time -- 2000`
#![allow(clippy::print_stdout, reason = "what it measures is its product")]

use shared::angle::Angle;
use shared::command::{Join, PlayerInput, TickInputs};
use shared::id::PlayerId;
use shared::input::{Buttons, Controls, ViewLag};
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;
use shared::text::Name;
use sim::Sim;
use std::time::Instant;

const TICKS: u32 = 300;

fn main() {
    let players: u16 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(2000);
    let mut setup = Setup {
        rules: toml::from_str(include_str!("../../../assets/rules.toml")).expect("rules"),
        mode: toml::from_str(include_str!("../../../assets/modes/arena.toml")).expect("a mode"),
        arenas: vec![toml::from_str(include_str!("../../../assets/arenas/open.toml")).expect("an arena")],
        tick_rate_hz: 30,
        drones: 0,
        seed: 1,
    };
    setup.mode.capacity = players;
    let name = Name::from_input("Pilot");
    let joins = (1..=u32::from(players)).map(|player| Join {
        player: PlayerId(player),
        name: name.clone(),
        hull: Default::default(),
    });
    let mut sim = Sim::new(&setup).expect("the shipped numbers are in range");
    sim.step(&TickInputs { joins: joins.collect(), ..TickInputs::default() });
    let mut world = WorldSnapshot::default();
    let mut times = [const { Vec::<u128>::new() }; 3];
    for tick in 0..TICKS {
        let input = |player: u32| {
            let buttons = if (player + tick / 20).is_multiple_of(2) { Buttons::THRUST } else { Buttons(5) };
            let aim = Angle::from_step((player * 37 + tick * 5) as u16);
            PlayerInput { player: PlayerId(player), controls: Controls { buttons, aim, lag: ViewLag(48) } }
        };
        let inputs = (1..=u32::from(players)).map(input).collect();
        let inputs = TickInputs { inputs, ..TickInputs::default() };
        let start = Instant::now();
        sim.step(&inputs);
        times[0].push(start.elapsed().as_micros());
        let start = Instant::now();
        sim.capture_into(&mut world);
        times[1].push(start.elapsed().as_micros());
        let start = Instant::now();
        std::hint::black_box(sim.state_hash());
        times[2].push(start.elapsed().as_micros());
    }
    println!("{players} players, {} entities at the end", world.entities.len());
    for (what, times) in ["step", "capture", "hash"].into_iter().zip(&mut times) {
        times.sort_unstable();
        let at = |share: usize| times[times.len() * share / 100];
        println!("{what:>8}: p50 {} µs, p99 {} µs", at(50), at(99));
    }
}
