//! The own ship, ahead of the server: its newest server state plus the own inputs that this does not contain yet, moved by
//! the same step as on the server.

use crate::obstacles::{Obstacle, Obstacles};
use glam::Vec2;
use shared::entity::EntityState;
use shared::id::{NetId, Tick};
use shared::input::{Controls, InputFrame, ViewLag};
use shared::levels::Levels;
use shared::movement::{self, Handling, Motion, Moved, ShipMotion};
use shared::round::Round;
use shared::rules::Rules;
use shared::setup::Setup;
use std::collections::VecDeque;

/// Ticks predicted beyond the newest snapshot at most; then the ship waits for the link.
pub const PREDICTION_LIMIT_TICKS: u32 = 64;
/// Input frames kept at most.
const FRAMES_LIMIT: usize = 128;
/// A correction is smoothed over this time constant, in milliseconds.
const FADE_MS: f64 = 100.0;
/// A correction larger than this is shown at once, in units.
const SNAP_UNITS: f32 = 8.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shot {
    /// The bolt at the muzzle.
    pub muzzle: Motion,
    /// The lag of the view that was aimed by. The server moves the bolt ahead by it.
    pub lag: ViewLag,
}

/// One predicted tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PredictedTick {
    pub tick: Tick,
    /// The ship after it.
    pub ship: ShipMotion,
    /// Loads of ore in its hold after it.
    pub hold: u16,
    pub moved: Moved,
    /// Whether the ability is in effect.
    pub using: bool,
    /// Speed of the hardest impact on an asteroid or the border, in units per second; 0 without one.
    pub impact: f32,
    pub fired: Option<Shot>,
}

/// The own ship as in a snapshot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServerShip {
    /// The ship: after a respawn it is another one.
    pub id: NetId,
    pub tick: Tick,
    pub ship: ShipMotion,
    pub hold: u16,
    pub levels: Levels,
}

/// Own inputs, and the ticks predicted from them.
#[derive(Clone, Debug)]
pub struct Prediction {
    rules: Rules,
    half_size: f32,
    tick_seconds: f32,
    frames: VecDeque<InputFrame>,
    ship: Option<NetId>,
    levels: Levels,
    /// Starts with the server's state; empty while there is no ship.
    path: VecDeque<PredictedTick>,
    /// At the end of the path.
    obstacles: Obstacles,
    error_units: f32,
    corrections: u32,
    /// What is left of past corrections, in units.
    offset: Vec2,
    faded_ms: f64,
}

impl Prediction {
    /// No ship yet, in a world of this setup.
    pub fn new(setup: &Setup, round: &Round) -> Prediction {
        let half_size = setup.half_size(round);
        Prediction {
            rules: setup.rules.clone(),
            half_size,
            tick_seconds: setup.tick_seconds(),
            frames: VecDeque::new(),
            ship: None,
            levels: Levels::default(),
            path: VecDeque::new(),
            obstacles: Obstacles::new(half_size, setup.tick_seconds()),
            error_units: 0.0,
            corrections: 0,
            offset: Vec2::ZERO,
            faded_ms: 0.0,
        }
    }

    /// Changes to a world of a half size; no ship is in it yet.
    pub fn enter(&mut self, half_size: f32) {
        self.half_size = half_size;
        self.obstacles = Obstacles::new(half_size, self.tick_seconds);
        self.path.clear();
    }

    /// Predicts the tick of a new input frame, and returns it. Skipped ticks before it repeat the previous controls.
    pub fn issue(&mut self, frame: InputFrame) -> Option<PredictedTick> {
        let held = self.frames.back().map_or(frame.controls, |before| before.controls);
        if self.frames.len() >= FRAMES_LIMIT {
            self.frames.pop_front();
        }
        self.frames.push_back(frame);
        let newest = self.path.back()?.tick;
        let start = self.path.front()?.tick;
        if frame.tick.since(start) > PREDICTION_LIMIT_TICKS {
            return None;
        }
        for tick in newest.next().0..=frame.tick.0 {
            self.extend(if tick == frame.tick.0 { frame.controls } else { held });
        }
        self.path.back().filter(|step| step.tick == frame.tick).copied()
    }

    /// Starts over from the snapshot of `tick`: replays the inputs after it among its `entities`. Keeps the prediction if
    /// the ship is as predicted and no obstacle changed course. `None`: there is no ship.
    pub fn reconcile(
        &mut self,
        server: Option<ServerShip>,
        tick: Tick,
        entities: &[EntityState],
        obstacles_changed: bool,
    ) {
        let Some(server) = server else {
            self.forget_ship();
            self.drop_frames_before(tick);
            return;
        };
        if self.ship != Some(server.id) {
            self.forget_ship();
            self.ship = Some(server.id);
        }
        self.drop_frames_before(server.tick);
        let expected = self.path.iter().position(|step| step.tick == server.tick);
        let start = PredictedTick {
            tick: server.tick,
            ship: server.ship,
            hold: server.hold,
            moved: Moved::default(),
            using: false,
            impact: 0.0,
            fired: None,
        };
        let levels = std::mem::replace(&mut self.levels, server.levels);
        if let Some(index) = expected {
            let expected = self.path[index];
            let error = expected.ship.motion.position() - server.ship.motion.position();
            self.error_units = error.length();
            self.corrections += u32::from(expected.ship != server.ship);
            let agreed = (expected.ship, expected.hold, levels) == (server.ship, server.hold, server.levels);
            if agreed && !obstacles_changed {
                self.path.drain(..index);
                self.path[0] = start;
                return self.replay();
            }
        }
        let before = self.newest().map(|step| (step.tick, step.ship.motion.position()));
        self.obstacles.fill(entities, &self.rules);
        self.path.clear();
        self.path.push_back(start);
        self.replay();
        if let Some((tick, position)) = before
            && let Some(step) = self.path.iter().find(|step| step.tick == tick)
        {
            self.offset += position - step.ship.motion.position();
            if self.offset.length_squared() > SNAP_UNITS * SNAP_UNITS || !self.offset.is_finite() {
                self.offset = Vec2::ZERO;
            }
        }
    }

    /// Drops the frames after a tick, and the whole prediction.
    pub fn take_back(&mut self, tick: Tick) {
        while self.frames.pop_back_if(|frame| frame.tick > tick).is_some() {}
        self.path.clear();
    }

    /// Predicts from the end of the path to the newest frame; each tick takes the controls of the newest frame up to it.
    fn replay(&mut self) {
        let (Some(start), Some(end), Some(newest)) =
            (self.path.front(), self.path.back(), self.frames.back())
        else {
            return;
        };
        let (end, last) = (end.tick, newest.tick.min(start.tick.plus(PREDICTION_LIMIT_TICKS)));
        let mut next = 0;
        let mut held = Controls::default();
        for tick in end.next().0..=last.0 {
            while let Some(frame) = self.frames.get(next).filter(|frame| frame.tick.0 <= tick) {
                held = frame.controls;
                next += 1;
            }
            self.extend(held);
        }
    }

    /// Keeps the newest frame up to the tick: its controls are held from then on.
    fn drop_frames_before(&mut self, tick: Tick) {
        while self.frames.get(1).is_some_and(|frame| frame.tick <= tick) {
            self.frames.pop_front();
        }
    }

    fn forget_ship(&mut self) {
        self.ship = None;
        self.path.clear();
        self.offset = Vec2::ZERO;
        self.error_units = 0.0;
    }

    fn extend(&mut self, controls: Controls) {
        let Some(last) = self.path.back().copied() else { return };
        let mut obstacles = std::mem::take(&mut self.obstacles);
        self.path.push_back(self.step(&last, controls, &mut obstacles));
        self.obstacles = obstacles;
    }

    /// The own ship's part of `Sim::step`, in the same order.
    fn step(&self, from: &PredictedTick, controls: Controls, obstacles: &mut Obstacles) -> PredictedTick {
        let (rules, tick_seconds) = (&self.rules, self.tick_seconds);
        let handling = Handling::of(rules, self.half_size, tick_seconds, self.levels, from.hold);
        let mut ship = from.ship;
        obstacles.drift();
        let moved = movement::step(&mut ship, controls, &handling, tick_seconds);
        let mut impact = moved.bounced.unwrap_or(0.0);
        for asteroid in &obstacles.asteroids {
            let speed = movement::collide(&mut ship.motion, &handling, &asteroid.motion, asteroid.radius);
            impact = impact.max(speed.unwrap_or(0.0));
        }
        let muzzle = movement::try_fire(&mut ship, controls, &handling);
        let fired = muzzle.map(|muzzle| Shot { muzzle, lag: controls.lag });
        let path = (from.ship.motion.position(), ship.motion.position());
        let hold = self.load(from.hold, path, handling.reach(&ship), &mut obstacles.ores);
        let using = handling.is_using(&ship);
        PredictedTick { tick: from.tick.next(), ship, hold, moved, using, impact, fired }
    }

    /// Loads the ore that the ship, or its tractor, touches on its path, until the hold is full; the load counts from the next tick on.
    fn load(&self, mut hold: u16, (from, to): (Vec2, Vec2), reach: f32, ores: &mut Vec<Obstacle>) -> u16 {
        let capacity = self.rules.hold_capacity(self.levels);
        let reach = self.rules.ship.radius + reach + self.rules.ore.radius;
        ores.retain(|ore| {
            let at = ore.motion.position();
            let before = at - ore.motion.velocity() * self.tick_seconds;
            let loaded = hold < capacity && movement::sweep(from, to, before, at, reach).is_some();
            hold += u16::from(loaded);
            !loaded
        });
        hold
    }

    pub fn newest(&self) -> Option<&PredictedTick> {
        self.path.back()
    }

    /// The ticks predicted since the server's newest state, oldest first.
    pub fn ticks(&self) -> impl Iterator<Item = &PredictedTick> {
        self.path.iter().skip(1)
    }

    /// The tick after the newest if these controls are held: the picture interpolates toward it.
    pub fn ahead(&self, controls: Controls) -> Option<PredictedTick> {
        Some(self.step(self.path.back()?, controls, &mut self.obstacles.clone()))
    }

    /// What is left of past corrections at a time: the picture adds it to the predicted position.
    pub fn smoothing(&mut self, now_ms: f64) -> Vec2 {
        let passed = (now_ms - self.faded_ms).max(0.0);
        self.faded_ms = now_ms;
        self.offset *= (-passed / FADE_MS).exp() as f32;
        self.offset
    }

    /// Shows the rest of past corrections at once.
    pub fn snap(&mut self) {
        self.offset = Vec2::ZERO;
    }

    /// Frames issued, oldest first.
    pub fn frames(&self) -> impl Iterator<Item = &InputFrame> {
        self.frames.iter()
    }

    pub fn frames_after(&self, tick: Tick) -> usize {
        self.frames.iter().filter(|frame| frame.tick > tick).count()
    }

    /// Error of the newest prediction that was compared, in units.
    pub fn error_units(&self) -> f32 {
        self.error_units
    }

    pub fn corrections(&self) -> u32 {
        self.corrections
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::belt::setup;
    use proptest::prelude::*;
    use shared::entity::Kind;
    use shared::input::Buttons;

    const START: Tick = Tick(100);
    const SHIP: NetId = NetId(99);

    fn rock(id: u32, at: (f32, f32), speed: (f32, f32)) -> EntityState {
        let motion = Motion::new(at.into(), speed.into());
        EntityState { id: NetId(id), kind: Kind::Asteroid, size: 2, motion, ..EntityState::default() }
    }

    fn drifted(rocks: &[EntityState], ticks: usize, setup: &Setup) -> Vec<EntityState> {
        let mut obstacles = Obstacles::new(setup.half_size(&Round::default()), setup.tick_seconds());
        obstacles.fill(rocks, &setup.rules);
        (0..ticks).for_each(|_| obstacles.drift());
        let moved = rocks.iter().zip(&obstacles.asteroids);
        moved.map(|(rock, now)| EntityState { motion: now.motion, ..*rock }).collect()
    }

    proptest! {
        #[test]
        fn a_confirmed_prediction_equals_a_replayed_one(
            rocks in prop::collection::vec(((-12f32..12.0, -12f32..12.0), (-5f32..5.0, -5f32..5.0)), 0..6),
            buttons in prop::collection::vec(0u16..32, 4..2 * PREDICTION_LIMIT_TICKS as usize),
            ticks in 1usize..4,
            pushed in prop::bool::weighted(0.3),
        ) {
            let setup = setup();
            let rocks: Vec<EntityState> =
                (1..).zip(&rocks).map(|(id, (at, speed))| rock(id, *at, *speed)).collect();
            let ship = ShipMotion { energy: u16::MAX / 2, ..ShipMotion::default() };
            let start = ServerShip { id: SHIP, tick: START, ship, hold: 0, levels: Levels::default() };
            let mut confirmed = Prediction::new(&setup, &Round::default());
            confirmed.reconcile(Some(start), START, &rocks, true);
            for (buttons, after) in buttons.iter().zip(1..) {
                let controls = Controls { buttons: Buttons(*buttons), ..Controls::default() };
                confirmed.issue(InputFrame { tick: START.plus(after), controls });
            }
            let mut replayed = confirmed.clone();
            let step = confirmed.path[ticks];
            let mut ship = step.ship;
            ship.motion.velocity_q.x += i32::from(pushed);
            let base = ServerShip { tick: step.tick, ship, hold: step.hold, ..start };
            let rocks = drifted(&rocks, ticks, &setup);
            confirmed.reconcile(Some(base), base.tick, &rocks, false);
            replayed.reconcile(Some(base), base.tick, &rocks, true);
            prop_assert_eq!(&confirmed.path, &replayed.path);
            let ahead = confirmed.ahead(Controls::default());
            prop_assert_eq!(ahead, replayed.ahead(Controls::default()));
            let reached = buttons.len().min(ticks + PREDICTION_LIMIT_TICKS as usize) - ticks;
            prop_assert_eq!(confirmed.ticks().count(), reached, "as far as there are frames, and no farther");
            prop_assert_eq!(confirmed.corrections(), u32::from(pushed));
        }
    }
}
