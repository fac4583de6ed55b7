//! The own ship's bolts on the predicted timeline: a predicted bolt as soon as the gun fires, replaced by the server's bolt
//! when that arrives, removed if it does not.
//!
//! The server moves a bolt ahead by the lag of the view that was aimed by. Shown later by the same lag, it is in step with
//! the other ships in the picture, and what it touches there is what it hits.

use crate::prediction::Shot;
use glam::Vec2;
use shared::entity::EntityState;
use shared::id::{NetId, Tick};
use shared::input::ViewLag;
use shared::movement::Motion;

/// Predicted bolts kept at most: far more than a gun fires within the longest prediction.
const PREDICTED_LIMIT: usize = 64;
/// Bolts kept at most that the server has removed and the picture still shows.
const REMOVED_LIMIT: usize = 64;
/// A bolt that the server fired this many ticks before or after the prediction did is still the predicted one.
const MATCH_TICKS: u32 = 1;

/// Whether the picture shows a bolt.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Course {
    /// It flies.
    Free,
    /// The picture stopped it at an obstacle, this many ticks after it was fired.
    Stopped(f64),
    /// The server let it fly on past the place where the picture stopped it. The picture does not stop it again.
    Overruled,
}

/// A predicted bolt that the server has not confirmed yet.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Predicted {
    /// The tick in which the prediction fired it.
    fired: Tick,
    shot: Shot,
    course: Course,
}

/// A bolt of the own ship that the server has sent.
#[derive(Clone, Copy, Debug)]
struct Confirmed {
    id: NetId,
    fired: Tick,
    lag: ViewLag,
    /// As of `tick`, the newest in which the server had it.
    motion: Motion,
    tick: Tick,
    /// The first tick in which the server no longer had it.
    removed: Option<Tick>,
    course: Course,
}

/// An own bolt to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlyingBolt {
    /// The bolt's id; of a predicted bolt, a number that no entity has.
    pub id: u32,
    pub position: Vec2,
    pub velocity: Vec2,
}

/// Ids of predicted bolts: entity ids ascend from 1 and never get here.
const PREDICTED_ID_BASE: u32 = 0xf000_0000;

/// All bolts of the own ship that are in flight.
#[derive(Clone, Debug)]
pub struct OwnBolts {
    tick_seconds: f32,
    predicted: Vec<Predicted>,
    confirmed: Vec<Confirmed>,
    /// Of the newest shot.
    lag: ViewLag,
}

impl OwnBolts {
    pub fn new(tick_seconds: f32) -> OwnBolts {
        OwnBolts { tick_seconds, predicted: Vec::new(), confirmed: Vec::new(), lag: ViewLag::default() }
    }

    /// The prediction fired a bolt. Returns whether it is a new one: replayed inputs fire the same bolts again.
    pub fn fired(&mut self, tick: Tick, shot: Shot) -> bool {
        self.lag = shot.lag;
        if let Some(bolt) = self.predicted.iter_mut().find(|bolt| bolt.fired == tick) {
            bolt.shot = shot;
            return false;
        }
        if self.predicted.len() < PREDICTED_LIMIT {
            self.predicted.push(Predicted { fired: tick, shot, course: Course::Free });
        }
        true
    }

    /// A snapshot replaced the prediction up to `tick`. `bolts` are the own bolts in it, `replayed` the shots that the
    /// replayed inputs after it fire.
    pub fn reconcile<'a>(
        &mut self,
        tick: Tick,
        bolts: impl Iterator<Item = &'a EntityState>,
        replayed: impl Iterator<Item = (Tick, Shot)>,
    ) {
        let known = std::mem::take(&mut self.confirmed);
        for bolt in bolts {
            let confirmed = known.iter().find(|known| known.id == bolt.id).copied();
            let confirmed = confirmed.unwrap_or_else(|| self.confirm(bolt, tick));
            self.confirmed
                .push(Confirmed { motion: bolt.motion, tick, removed: None, ..confirmed }.corrected());
        }
        let current = self.confirmed.len();
        for bolt in known.into_iter().take(REMOVED_LIMIT) {
            let removed = bolt.removed.unwrap_or(tick);
            let is_current = self.confirmed[..current].iter().any(|other| other.id == bolt.id);
            if !is_current && f64::from(tick.since(removed)) <= f64::from(bolt.lag.ticks()) {
                self.confirmed.push(Confirmed { removed: Some(removed), ..bolt });
            }
        }
        let mut kept: Vec<Predicted> =
            self.predicted.iter().filter(|bolt| bolt.fired <= tick).copied().collect();
        // What the server has not fired by now, it will not fire.
        kept.retain(|bolt| tick.since(bolt.fired) < MATCH_TICKS);
        for (fired, shot) in replayed.take(PREDICTED_LIMIT) {
            let known = self.predicted.iter().find(|bolt| bolt.fired == fired);
            kept.push(Predicted { fired, shot, course: known.map_or(Course::Free, |bolt| bolt.course) });
        }
        self.predicted = kept;
    }

    /// Replaces the predicted bolt that is nearest to one that has just arrived.
    fn confirm(&mut self, bolt: &EntityState, tick: Tick) -> Confirmed {
        let position = bolt.motion.position();
        let tick_seconds = self.tick_seconds;
        let distance = |predicted: &Predicted| {
            let muzzle = &predicted.shot.muzzle;
            let flown = tick.0 as f32 - predicted.fired.0 as f32 + predicted.shot.lag.ticks();
            (muzzle.position() + muzzle.velocity() * (flown * tick_seconds)).distance_squared(position)
        };
        let candidates =
            self.predicted.iter().enumerate().filter(|(_, bolt)| bolt.fired <= tick.plus(MATCH_TICKS));
        let nearest =
            candidates.min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b))).map(|(index, _)| index);
        let predicted = nearest.map(|index| self.predicted.remove(index));
        Confirmed {
            id: bolt.id,
            fired: predicted.map_or(tick, |predicted| predicted.fired.min(tick)),
            lag: predicted.map_or(self.lag, |predicted| predicted.shot.lag),
            motion: bolt.motion,
            tick,
            removed: None,
            course: predicted.map_or(Course::Free, |predicted| predicted.course),
        }
    }

    /// Adds the bolts at a predicted time, in ticks, to `out`. A bolt that is `blocked` stops there, before the server
    /// reports it.
    pub fn collect(
        &mut self,
        at_tick: f64,
        lifetime_ticks: u32,
        blocked: &dyn Fn(Vec2) -> bool,
        out: &mut Vec<FlyingBolt>,
    ) {
        let tick_seconds = self.tick_seconds;
        let mut collect = |id: u32, motion: Motion, since: f64, fired: Tick, course: &mut Course| {
            let flown = at_tick - f64::from(fired.0);
            if flown < 0.0 || flown > f64::from(lifetime_ticks) {
                return;
            }
            let velocity = motion.velocity();
            let position = motion.position() + velocity * ((at_tick - since) as f32 * tick_seconds);
            if *course == Course::Free && blocked(position) {
                *course = Course::Stopped(flown);
            }
            if !matches!(course, Course::Stopped(_)) {
                out.push(FlyingBolt { id, position, velocity });
            }
        };
        for bolt in &mut self.predicted {
            let id = PREDICTED_ID_BASE.wrapping_add(bolt.fired.0 & 0x0fff_ffff);
            collect(id, bolt.shot.muzzle, f64::from(bolt.fired.0), bolt.fired, &mut bolt.course);
        }
        for bolt in &mut self.confirmed {
            let lag = f64::from(bolt.lag.ticks());
            if bolt.removed.is_none_or(|removed| at_tick - lag < f64::from(removed.0)) {
                collect(bolt.id.0, bolt.motion, f64::from(bolt.tick.0) + lag, bolt.fired, &mut bolt.course);
            }
        }
    }
}

impl Confirmed {
    /// A bolt that the server has beyond the place where the picture stopped it is shown again.
    fn corrected(self) -> Confirmed {
        let flown = f64::from(self.tick.0) - f64::from(self.fired.0) + f64::from(self.lag.ticks());
        match self.course {
            Course::Stopped(at) if flown > at + 1.0 => Confirmed { course: Course::Overruled, ..self },
            _ => self,
        }
    }
}
