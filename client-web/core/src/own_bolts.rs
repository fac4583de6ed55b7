//! The own ship's bolts on the predicted time line: a ghost at once when the prediction fires, the server's bolt in its
//! place when that arrives, nothing if it does not.
//!
//! The server has a bolt farther on its way by the lag of the view that was aimed by; shown so much later, it is in step
//! with the others in the picture, and what it meets there is what it hits.

use crate::prediction::Shot;
use glam::Vec2;
use shared::entity::EntityState;
use shared::id::{NetId, Tick};
use shared::input::ViewLag;
use shared::movement::Motion;

/// Ghosts kept at most: far more than a gun fires within the longest prediction.
const GHOSTS_LIMIT: usize = 64;
/// Bolts kept at most that the server does not have any more but the picture still shows.
const GONE_LIMIT: usize = 64;
/// A bolt that the server fired this many ticks before or after the prediction did is still the predicted one.
const MATCH_TICKS: u32 = 1;

/// Whether a bolt is to be seen.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Course {
    /// It flies.
    Free,
    /// Something stood in its way in the picture, so many ticks after it was fired.
    Ended(f64),
    /// It flew on at the server where something stood in its way in the picture: from now on the server's word counts.
    Told,
}

/// A predicted bolt, not yet confirmed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ghost {
    /// The tick in which the prediction fired it.
    pub fired: Tick,
    /// How it left the gun.
    pub shot: Shot,
    course: Course,
}

/// A bolt of the server's that the own ship fired.
#[derive(Clone, Copy, Debug)]
struct Confirmed {
    id: NetId,
    fired: Tick,
    lag: ViewLag,
    /// As of a tick, the newest in which the server had it.
    motion: Motion,
    tick: Tick,
    /// The first tick in which the server does not have it any more.
    gone: Option<Tick>,
    course: Course,
}

/// One bolt of the own ship, to be shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlyingBolt {
    /// The bolt's name on the wire; for a ghost a number that no entity has.
    pub id: u32,
    /// Position in units.
    pub position: Vec2,
    /// Velocity in units per second.
    pub velocity: Vec2,
}

/// Ghosts get ids from here on downward in time: ids of entities ascend from 1 and never get there.
const GHOST_ID_BASE: u32 = 0xf000_0000;

/// All bolts that the own ship has in flight.
#[derive(Clone, Debug)]
pub struct OwnBolts {
    tick_seconds: f32,
    ghosts: Vec<Ghost>,
    confirmed: Vec<Confirmed>,
    /// Of the newest shot.
    lag: ViewLag,
}

impl OwnBolts {
    /// No bolts, in a world with ticks of this length.
    pub fn new(tick_seconds: f32) -> OwnBolts {
        OwnBolts { tick_seconds, ghosts: Vec::new(), confirmed: Vec::new(), lag: ViewLag::default() }
    }

    /// The prediction fired a bolt. Returns whether that is news: a replay fires the same bolts again.
    pub fn fired(&mut self, tick: Tick, shot: Shot) -> bool {
        self.lag = shot.lag;
        if let Some(ghost) = self.ghosts.iter_mut().find(|ghost| ghost.fired == tick) {
            ghost.shot = shot;
            return false;
        }
        if self.ghosts.len() < GHOSTS_LIMIT {
            self.ghosts.push(Ghost { fired: tick, shot, course: Course::Free });
        }
        true
    }

    /// A snapshot replaced the prediction up to `tick`; `replayed` are the ticks after it in which the replay fired.
    /// `bolts` are the own bolts of the snapshot.
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
            self.confirmed.push(Confirmed { motion: bolt.motion, tick, gone: None, ..confirmed }.judged());
        }
        let held = self.confirmed.len();
        for bolt in known.into_iter().take(GONE_LIMIT) {
            let gone = bolt.gone.unwrap_or(tick);
            let still_held = self.confirmed[..held].iter().any(|held| held.id == bolt.id);
            if !still_held && f64::from(tick.since(gone)) <= f64::from(bolt.lag.ticks()) {
                self.confirmed.push(Confirmed { gone: Some(gone), ..bolt });
            }
        }
        let mut kept: Vec<Ghost> = self.ghosts.iter().filter(|ghost| ghost.fired <= tick).copied().collect();
        // What the server did not fire by now, it will not fire.
        kept.retain(|ghost| tick.since(ghost.fired) < MATCH_TICKS);
        for (fired, shot) in replayed.take(GHOSTS_LIMIT) {
            let known = self.ghosts.iter().find(|ghost| ghost.fired == fired);
            kept.push(Ghost { fired, shot, course: known.map_or(Course::Free, |ghost| ghost.course) });
        }
        self.ghosts = kept;
    }

    /// Finds the ghost of a bolt that has just come: the one that flies nearest to it.
    fn confirm(&mut self, bolt: &EntityState, tick: Tick) -> Confirmed {
        let place = bolt.motion.position();
        let tick_seconds = self.tick_seconds;
        let distance = |ghost: &Ghost| {
            let muzzle = &ghost.shot.muzzle;
            let flown = tick.0 as f32 - ghost.fired.0 as f32 + ghost.shot.lag.ticks();
            (muzzle.position() + muzzle.velocity() * (flown * tick_seconds)).distance_squared(place)
        };
        let candidates =
            self.ghosts.iter().enumerate().filter(|(_, ghost)| ghost.fired <= tick.plus(MATCH_TICKS));
        let nearest =
            candidates.min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b))).map(|(index, _)| index);
        let ghost = nearest.map(|index| self.ghosts.remove(index));
        Confirmed {
            id: bolt.id,
            fired: ghost.map_or(tick, |ghost| ghost.fired.min(tick)),
            lag: ghost.map_or(self.lag, |ghost| ghost.shot.lag),
            motion: bolt.motion,
            tick,
            gone: None,
            course: ghost.map_or(Course::Free, |ghost| ghost.course),
        }
    }

    /// The bolts at a time of the predicted time line, in ticks. `blocked` says whether something stands at a place: a
    /// bolt ends there, before the server says so.
    pub fn show(
        &mut self,
        at_tick: f64,
        lifetime_ticks: u32,
        blocked: &dyn Fn(Vec2) -> bool,
        out: &mut Vec<FlyingBolt>,
    ) {
        let tick_seconds = self.tick_seconds;
        let mut show = |id: u32, motion: Motion, since: f64, fired: Tick, course: &mut Course| {
            let flown = at_tick - f64::from(fired.0);
            if flown < 0.0 || flown > f64::from(lifetime_ticks) {
                return;
            }
            let velocity = motion.velocity();
            let position = motion.position() + velocity * ((at_tick - since) as f32 * tick_seconds);
            if *course == Course::Free && blocked(position) {
                *course = Course::Ended(flown);
            }
            if !matches!(course, Course::Ended(_)) {
                out.push(FlyingBolt { id, position, velocity });
            }
        };
        for ghost in &mut self.ghosts {
            let id = GHOST_ID_BASE.wrapping_add(ghost.fired.0 & 0x0fff_ffff);
            show(id, ghost.shot.muzzle, f64::from(ghost.fired.0), ghost.fired, &mut ghost.course);
        }
        for bolt in &mut self.confirmed {
            let lag = f64::from(bolt.lag.ticks());
            if bolt.gone.is_none_or(|gone| at_tick - lag < f64::from(gone.0)) {
                show(bolt.id.0, bolt.motion, f64::from(bolt.tick.0) + lag, bolt.fired, &mut bolt.course);
            }
        }
    }
}

impl Confirmed {
    /// A bolt that the server has beyond the place where the picture ended it is shown again.
    fn judged(self) -> Confirmed {
        let flown = f64::from(self.tick.0) - f64::from(self.fired.0) + f64::from(self.lag.ticks());
        match self.course {
            Course::Ended(at) if flown > at + 1.0 => Confirmed { course: Course::Told, ..self },
            _ => self,
        }
    }
}
