//! The own ship's bolts on the predicted time line: a ghost at once when the prediction fires, the server's bolt in its
//! place when that arrives, nothing if it does not.

use glam::Vec2;
use shared::entity::EntityState;
use shared::id::{NetId, Tick};
use shared::movement::Motion;
use shared::quantize;

/// Ghosts kept at most: far more than a gun fires within the longest prediction.
const GHOSTS_LIMIT: usize = 64;
/// A bolt that the server fired this many ticks before or after the prediction did is still the predicted one.
const MATCH_TICKS: u32 = 1;

/// A predicted bolt, not yet confirmed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ghost {
    /// The tick in which the prediction fired it.
    pub fired: Tick,
    /// At the muzzle, at that tick.
    pub muzzle: Motion,
    ended: bool,
}

/// A bolt of the server's that the own ship fired.
#[derive(Clone, Copy, Debug)]
struct Confirmed {
    id: NetId,
    fired: Tick,
    ended: bool,
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
}

impl OwnBolts {
    /// No bolts, in a world with ticks of this length.
    pub fn new(tick_seconds: f32) -> OwnBolts {
        OwnBolts { tick_seconds, ghosts: Vec::new(), confirmed: Vec::new() }
    }

    /// The prediction fired a bolt. Returns whether that is news: a replay fires the same bolts again.
    pub fn fired(&mut self, tick: Tick, muzzle: Motion) -> bool {
        if let Some(ghost) = self.ghosts.iter_mut().find(|ghost| ghost.fired == tick) {
            ghost.muzzle = muzzle;
            return false;
        }
        if self.ghosts.len() < GHOSTS_LIMIT {
            self.ghosts.push(Ghost { fired: tick, muzzle, ended: false });
        }
        true
    }

    /// A snapshot replaced the prediction up to `tick`; `replayed` are the ticks after it in which the replay fired.
    /// `bolts` are the own bolts of the snapshot.
    pub fn reconcile<'a>(
        &mut self,
        tick: Tick,
        bolts: impl Iterator<Item = &'a EntityState>,
        replayed: impl Iterator<Item = (Tick, Motion)>,
    ) {
        let known = std::mem::take(&mut self.confirmed);
        for bolt in bolts {
            let confirmed = known.iter().find(|known| known.id == bolt.id).copied();
            let confirmed = confirmed.unwrap_or_else(|| self.confirm(bolt, tick));
            self.confirmed.push(confirmed);
        }
        let mut kept: Vec<Ghost> = self.ghosts.iter().filter(|ghost| ghost.fired <= tick).copied().collect();
        // What the server did not fire by now, it will not fire.
        kept.retain(|ghost| tick.since(ghost.fired) < MATCH_TICKS);
        for (fired, muzzle) in replayed.take(GHOSTS_LIMIT) {
            let ended = self.ghosts.iter().any(|ghost| ghost.fired == fired && ghost.ended);
            kept.push(Ghost { fired, muzzle, ended });
        }
        self.ghosts = kept;
    }

    /// Finds the ghost of a bolt that has just come: the one that flies nearest to it.
    fn confirm(&mut self, bolt: &EntityState, tick: Tick) -> Confirmed {
        let place = bolt.motion.position();
        let distance = |ghost: &Ghost| {
            let ticks = tick.0 as f32 - ghost.fired.0 as f32;
            let flown = quantize::displacement(ghost.muzzle.velocity, self.tick_seconds).as_vec2() * ticks;
            (ghost.muzzle.position() + flown / quantize::POSITION_SCALE).distance_squared(place)
        };
        let candidates =
            self.ghosts.iter().enumerate().filter(|(_, ghost)| ghost.fired <= tick.plus(MATCH_TICKS));
        let nearest =
            candidates.min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b))).map(|(index, _)| index);
        match nearest.map(|index| self.ghosts.remove(index)) {
            Some(ghost) => Confirmed { id: bolt.id, fired: ghost.fired.min(tick), ended: ghost.ended },
            None => Confirmed { id: bolt.id, fired: tick, ended: false },
        }
    }

    /// The bolts at a time of the predicted time line, in ticks. `view` gives a bolt's state at `view_tick`;
    /// `blocked` says whether something stands at a place: a bolt ends there, before the server says so.
    pub fn show(
        &mut self,
        at_tick: f64,
        lifetime_ticks: u32,
        view: (Tick, &dyn Fn(NetId) -> Option<Motion>),
        blocked: &dyn Fn(Vec2) -> bool,
        out: &mut Vec<FlyingBolt>,
    ) {
        let (view_tick, state_of) = view;
        let tick_seconds = self.tick_seconds;
        let mut show = |id: u32, motion: Motion, since: Tick, fired: Tick, ended: &mut bool| {
            let flown = at_tick - f64::from(fired.0);
            if flown < 0.0 || flown > f64::from(lifetime_ticks) {
                return;
            }
            let seconds = (at_tick - f64::from(since.0)) as f32 * tick_seconds;
            let velocity = motion.speed();
            let position = motion.position() + velocity * seconds;
            *ended |= blocked(position);
            if !*ended {
                out.push(FlyingBolt { id, position, velocity });
            }
        };
        for ghost in &mut self.ghosts {
            let id = GHOST_ID_BASE.wrapping_add(ghost.fired.0 & 0x0fff_ffff);
            show(id, ghost.muzzle, ghost.fired, ghost.fired, &mut ghost.ended);
        }
        for bolt in &mut self.confirmed {
            if let Some(motion) = state_of(bolt.id) {
                show(bolt.id.0, motion, view_tick, bolt.fired, &mut bolt.ended);
            }
        }
    }
}
