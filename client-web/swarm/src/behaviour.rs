//! What headless players do with their controls.

use clap::ValueEnum;
use client_core::world::World;
use rand::RngExt;
use rand_pcg::Pcg32;
use shared::input::Buttons;
use sim::naive_pilot::{Errand, Screen};
use std::f32::consts::{PI, TAU};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Behaviour {
    /// Flies about, turning all the time.
    #[default]
    Fly,
    /// Mines and banks.
    Mine,
    /// Hunts drones.
    Fight,
    /// Touches nothing.
    Idle,
}

const TURN_LIMIT: f32 = PI;
const MANOEUVRE_MS: std::ops::Range<f64> = 300.0..2_000.0;

#[derive(Clone, Debug)]
pub struct Pilot {
    behaviour: Behaviour,
    chance: Pcg32,
    aim: f32,
    turn: f32,
    buttons: Buttons,
    until_ms: f64,
    last_ms: f64,
}

impl Pilot {
    /// Equal seeds play equally.
    pub fn new(behaviour: Behaviour, seed: u64) -> Pilot {
        let mut chance = Pcg32::new(seed, 0x7069_6c6f);
        let aim = chance.random_range(0.0..TAU);
        Pilot { behaviour, chance, aim, turn: 0.0, buttons: Buttons(0), until_ms: 0.0, last_ms: 0.0 }
    }

    /// Buttons held and aim in radians at a time in milliseconds.
    pub fn controls(&mut self, now_ms: f64, world: Option<&World>) -> (u16, f32) {
        let errand = match self.behaviour {
            Behaviour::Fly => return self.fly(now_ms),
            Behaviour::Mine => Errand::Mine,
            Behaviour::Fight => Errand::Fight,
            Behaviour::Idle => Errand::Idle,
        };
        let controls = world.and_then(|world| {
            let own = world.view.entity(world.own.ship?)?;
            let (setup, tick, purse) = (world.setup(), world.view.tick(), world.own.purse);
            let screen =
                Screen { setup, round: world.round(), tick, own, purse, entities: world.view.entities() };
            Some(errand.controls(&screen))
        });
        controls.map_or((0, self.aim), |controls| (controls.buttons.0, controls.aim.radians()))
    }

    fn fly(&mut self, now_ms: f64) -> (u16, f32) {
        if now_ms >= self.until_ms {
            self.begin_manoeuvre(now_ms);
        }
        let passed = (now_ms - self.last_ms).clamp(0.0, 100.0) as f32 / 1000.0;
        self.last_ms = now_ms;
        self.aim = (self.aim + self.turn * passed).rem_euclid(TAU);
        (self.buttons.0, self.aim)
    }

    fn begin_manoeuvre(&mut self, now_ms: f64) {
        self.until_ms = now_ms + self.chance.random_range(MANOEUVRE_MS);
        self.turn = self.chance.random_range(-TURN_LIMIT..TURN_LIMIT);
        self.buttons = match self.chance.random_range(0..10) {
            0 => Buttons(0),
            1 => Buttons::BRAKE,
            2 => Buttons::THRUST.with(Buttons::BOOST),
            _ => Buttons::THRUST,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flight(behaviour: Behaviour, seed: u64) -> Vec<(u16, f32)> {
        let mut pilot = Pilot::new(behaviour, seed);
        (0..3000).map(|frame| pilot.controls(f64::from(frame) * 16.0, None)).collect()
    }

    #[test]
    fn equal_seeds_fly_equally_and_idle_hands_rest() {
        assert_eq!(flight(Behaviour::Fly, 5), flight(Behaviour::Fly, 5));
        assert_ne!(flight(Behaviour::Fly, 5), flight(Behaviour::Fly, 6));
        let idle = flight(Behaviour::Idle, 5);
        assert!(idle.iter().all(|controls| *controls == idle[0] && controls.0 == 0));
    }

    #[test]
    fn the_aim_keeps_turning() {
        let flight = flight(Behaviour::Fly, 9);
        let turning = flight.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
        assert!(turning > 2900, "{turning}");
    }
}
