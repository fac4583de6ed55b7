//! The own ship, ahead of the server: the newest server state plus the own inputs that it does not contain yet, moved
//! by the same step as on the server.

use crate::surroundings::{Drifting, Surroundings};
use glam::Vec2;
use shared::entity::{EntityState, Levels};
use shared::id::{NetId, Tick};
use shared::input::{Controls, InputFrame, ViewLag};
use shared::movement::{self, Handling, Motion, Moved, ShipMotion};
use shared::rules::Rules;
use shared::setup::Setup;
use std::collections::VecDeque;

/// Ticks predicted beyond the newest snapshot at most; then the ship waits for the link.
pub const PREDICTION_LIMIT_TICKS: u32 = 64;
/// Input frames kept at most.
const FRAMES_LIMIT: usize = 128;
/// A correction fades from the picture with this time constant, in milliseconds.
const FADE_MS: f64 = 100.0;
/// A correction larger than this is not faded but shown at once, in units.
const SNAP_UNITS: f32 = 8.0;

/// A bolt that the own ship fired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shot {
    /// The bolt at the muzzle.
    pub muzzle: Motion,
    /// How old the others were in the picture that was aimed by. The server has the bolt so much farther on its way.
    pub lag: ViewLag,
}

/// One predicted tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The tick.
    pub tick: Tick,
    /// The ship after it.
    pub ship: ShipMotion,
    /// Loads of ore in its hold after it.
    pub hold: u16,
    /// What the movement step did.
    pub moved: Moved,
    /// Speed of the hardest impact on a rock or the border, in units per second; 0 without one.
    pub impact: f32,
    /// A bolt fired in it.
    pub fired: Option<Shot>,
}

/// The own ship as the server has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Base {
    /// Which ship: after a respawn it is another one.
    pub id: NetId,
    /// The tick of this state.
    pub tick: Tick,
    /// The state.
    pub ship: ShipMotion,
    /// Loads of ore in its hold.
    pub hold: u16,
    /// Its upgrades.
    pub levels: Levels,
}

/// Own inputs, and the path that they make of the server's newest state.
#[derive(Clone, Debug)]
pub struct Prediction {
    rules: Rules,
    half_size: f32,
    tick_seconds: f32,
    frames: VecDeque<InputFrame>,
    ship: Option<NetId>,
    levels: Levels,
    /// Starts with the server's state; empty while there is no ship.
    path: VecDeque<Step>,
    /// As they are at the end of the path.
    around: Surroundings,
    error_units: f32,
    corrections: u32,
    offset: Vec2,
    faded_ms: f64,
}

impl Prediction {
    /// In a world of this setup; there is no ship yet.
    pub fn new(setup: &Setup) -> Prediction {
        Prediction {
            rules: setup.rules.clone(),
            half_size: setup.half_size(),
            tick_seconds: setup.tick_seconds(),
            frames: VecDeque::new(),
            ship: None,
            levels: Levels::default(),
            path: VecDeque::new(),
            around: Surroundings::new(setup.half_size(), setup.tick_seconds()),
            error_units: 0.0,
            corrections: 0,
            offset: Vec2::ZERO,
            faded_ms: 0.0,
        }
    }

    /// An own input frame has been issued: the ship takes the step at once. Ticks that were skipped pass with what was
    /// held. Returns the newest of the steps taken.
    pub fn issue(&mut self, frame: InputFrame) -> Option<Step> {
        let held = self.frames.back().map_or(frame.controls, |before| before.controls);
        if self.frames.len() >= FRAMES_LIMIT {
            self.frames.pop_front();
        }
        self.frames.push_back(frame);
        let newest = self.path.back()?.tick;
        let base = self.path.front()?.tick;
        if frame.tick.since(base) > PREDICTION_LIMIT_TICKS {
            return None;
        }
        for tick in newest.next().0..=frame.tick.0 {
            self.extend(if tick == frame.tick.0 { frame.controls } else { held });
        }
        self.path.back().filter(|step| step.tick == frame.tick).copied()
    }

    /// The server's newest state, of `tick`, replaces the base; the inputs after it are replayed among `entities`. If that is the
    /// state which was predicted, and `undisturbed` says that all rocks and ore have drifted on, what was predicted from there
    /// stays. `None`: there is no ship.
    pub fn reconcile(&mut self, base: Option<Base>, tick: Tick, entities: &[EntityState], undisturbed: bool) {
        let Some(base) = base else {
            self.forget_ship();
            self.drop_frames_before(tick);
            return;
        };
        if self.ship != Some(base.id) {
            self.forget_ship();
            self.ship = Some(base.id);
        }
        self.drop_frames_before(base.tick);
        let expected = self.path.iter().position(|step| step.tick == base.tick);
        let start = Step {
            tick: base.tick,
            ship: base.ship,
            hold: base.hold,
            moved: Moved::default(),
            impact: 0.0,
            fired: None,
        };
        let levels = std::mem::replace(&mut self.levels, base.levels);
        if let Some(place) = expected {
            let expected = self.path[place];
            let off = expected.ship.motion.position() - base.ship.motion.position();
            self.error_units = off.length();
            self.corrections += u32::from(expected.ship != base.ship);
            let agreed = (expected.ship, expected.hold, levels) == (base.ship, base.hold, base.levels);
            if agreed && undisturbed {
                self.path.drain(..place);
                self.path[0] = start;
                return self.replay();
            }
        }
        let before = self.newest().map(|step| (step.tick, step.ship.motion.position()));
        self.around.fill(entities, &self.rules);
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

    /// The frames after a tick count no longer; the path is to be predicted anew.
    pub fn take_back(&mut self, tick: Tick) {
        while self.frames.pop_back_if(|frame| frame.tick > tick).is_some() {}
        self.path.clear();
    }

    /// Takes the controls of the newest frame up to each tick, from the end of the path to the newest issued.
    fn replay(&mut self) {
        let (Some(base), Some(end), Some(newest)) = (self.path.front(), self.path.back(), self.frames.back())
        else {
            return;
        };
        let (end, last) = (end.tick, newest.tick.min(base.tick.plus(PREDICTION_LIMIT_TICKS)));
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

    /// Keeps the newest frame up to the tick, since its controls are held from then on.
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
        let mut around = std::mem::replace(&mut self.around, Surroundings::new(0.0, 0.0));
        self.path.push_back(self.step(&last, controls, &mut around));
        self.around = around;
    }

    /// The own ship's part of `Sim::step`, in the same order.
    fn step(&self, from: &Step, controls: Controls, around: &mut Surroundings) -> Step {
        let (rules, tick_seconds) = (&self.rules, self.tick_seconds);
        let handling = Handling::of(rules, self.half_size, tick_seconds, self.levels, from.hold);
        let mut ship = from.ship;
        around.drift();
        let moved = movement::step(&mut ship, controls, &handling, tick_seconds);
        let mut impact = moved.bounced.unwrap_or(0.0);
        for rock in &around.rocks {
            let bump = movement::collide(&mut ship.motion, &handling, &rock.motion, rock.radius);
            impact = impact.max(bump.unwrap_or(0.0));
        }
        let muzzle = movement::try_fire(&mut ship, controls, &handling);
        let fired = muzzle.map(|muzzle| Shot { muzzle, lag: controls.lag });
        let way = (from.ship.motion.position(), ship.motion.position());
        let hold = self.load(from.hold, way, &mut around.ores);
        Step { tick: from.tick.next(), ship, hold, moved, impact, fired }
    }

    /// Loads the ore that the ship touches on its way until it is full; the load weighs from the next tick on.
    fn load(&self, mut hold: u16, (from, to): (Vec2, Vec2), ores: &mut Vec<Drifting>) -> u16 {
        let capacity = self.rules.hold_capacity(self.levels);
        let reach = self.rules.ship.radius + self.rules.ore.radius;
        ores.retain(|ore| {
            let at = ore.motion.position();
            let before = at - ore.motion.velocity() * self.tick_seconds;
            let loaded = hold < capacity && movement::sweep(from, to, before, at, reach).is_some();
            hold += u16::from(loaded);
            !loaded
        });
        hold
    }

    /// The newest predicted state.
    pub fn newest(&self) -> Option<&Step> {
        self.path.back()
    }

    /// The steps predicted since the server's newest state, oldest first.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.path.iter().skip(1)
    }

    /// The state one tick after the newest if these controls are held: what the picture moves toward.
    pub fn ahead(&self, controls: Controls) -> Option<Step> {
        Some(self.step(self.path.back()?, controls, &mut self.around.clone()))
    }

    /// What is left of past corrections at a time: to be added to the predicted position in the picture.
    pub fn fade(&mut self, now_ms: f64) -> Vec2 {
        let passed = (now_ms - self.faded_ms).max(0.0);
        self.faded_ms = now_ms;
        self.offset *= (-passed / FADE_MS).exp() as f32;
        self.offset
    }

    /// Forgets what is left of past corrections.
    pub fn snap(&mut self) {
        self.offset = Vec2::ZERO;
    }

    /// Frames issued, oldest first.
    pub fn frames(&self) -> impl Iterator<Item = &InputFrame> {
        self.frames.iter()
    }

    /// Frames issued for ticks after the given one.
    pub fn frames_after(&self, tick: Tick) -> usize {
        self.frames.iter().filter(|frame| frame.tick > tick).count()
    }

    /// How far the newest checked prediction was off, in units.
    pub fn error_units(&self) -> f32 {
        self.error_units
    }

    /// How many predictions were off.
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
        let mut around = Surroundings::new(setup.half_size(), setup.tick_seconds());
        around.fill(rocks, &setup.rules);
        (0..ticks).for_each(|_| around.drift());
        let moved = rocks.iter().zip(&around.rocks);
        moved.map(|(rock, now)| EntityState { motion: now.motion, ..*rock }).collect()
    }

    proptest! {
        #[test]
        fn what_the_server_confirms_is_as_after_a_replay(
            rocks in prop::collection::vec(((-12f32..12.0, -12f32..12.0), (-5f32..5.0, -5f32..5.0)), 0..6),
            buttons in prop::collection::vec(0u16..32, 4..2 * PREDICTION_LIMIT_TICKS as usize),
            told in 1usize..4,
            pushed in prop::bool::weighted(0.3),
        ) {
            let setup = setup();
            let rocks: Vec<EntityState> =
                (1..).zip(&rocks).map(|(id, (at, speed))| rock(id, *at, *speed)).collect();
            let ship = ShipMotion { energy: u16::MAX / 2, ..ShipMotion::default() };
            let start = Base { id: SHIP, tick: START, ship, hold: 0, levels: Levels::default() };
            let mut confirmed = Prediction::new(&setup);
            confirmed.reconcile(Some(start), START, &rocks, false);
            for (buttons, after) in buttons.iter().zip(1..) {
                let controls = Controls { buttons: Buttons(*buttons), ..Controls::default() };
                confirmed.issue(InputFrame { tick: START.plus(after), controls });
            }
            let mut replayed = confirmed.clone();
            let step = confirmed.path[told];
            let mut ship = step.ship;
            ship.motion.velocity_q.x += i32::from(pushed);
            let base = Base { tick: step.tick, ship, hold: step.hold, ..start };
            let rocks = drifted(&rocks, told, &setup);
            confirmed.reconcile(Some(base), base.tick, &rocks, true);
            replayed.reconcile(Some(base), base.tick, &rocks, false);
            prop_assert_eq!(&confirmed.path, &replayed.path);
            let ahead = confirmed.ahead(Controls::default());
            prop_assert_eq!(ahead, replayed.ahead(Controls::default()));
            let reached = buttons.len().min(told + PREDICTION_LIMIT_TICKS as usize) - told;
            prop_assert_eq!(confirmed.steps().count(), reached, "as far as there are frames, and no farther");
            prop_assert_eq!(confirmed.corrections(), u32::from(pushed));
        }
    }
}
