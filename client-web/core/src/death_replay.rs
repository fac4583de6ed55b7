//! The last seconds before the own ship was destroyed, shown again: from the snapshots that the client received, and from the
//! evidence that the server sent.

use crate::event_effects::EntityLookup;
use crate::snapshot_buffer::Elapsed;
use shared::entity::{EntityState, Kind};
use shared::event::Event;
use shared::evidence::DeathEvidence;
use shared::id::{NetId, PlayerId, Tick};
use std::collections::VecDeque;

/// What is shown again, in seconds.
pub const REPLAY_SECONDS: f32 = 4.0;
/// The end that is shown slowly, with the evidence, in seconds.
pub const SLOW_SECONDS: f32 = 0.8;
/// Seconds of the match per second in the slow part.
pub const SLOW_SPEED: f64 = 0.4;
/// The same in the part before it: all of it fits into the time until the respawn.
const FAST_SPEED: f64 = 2.5;
/// The end of the ship is seen before the replay begins, in milliseconds.
const DELAY_MS: f64 = 300.0;
/// The last picture stays for this long, unless the player is back before that; in milliseconds.
const HOLD_MS: f64 = 3000.0;
/// With reduced motion: still pictures, in seconds before the end.
const STILLS_SECONDS: [f32; 4] = [2.0, 1.0, 0.4, 0.0];
/// Each but the last is shown for this long, in milliseconds.
const STILL_MS: f64 = 800.0;
/// Entities kept at most, in all ticks together.
pub const ENTITIES_LIMIT: usize = 20_000;

/// What a snapshot showed.
#[derive(Clone, Debug, Default)]
pub struct PastTick {
    pub tick: Tick,
    pub entities: Vec<EntityState>,
    pub events: Vec<Event>,
}

/// The snapshots of the last seconds, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct LastSeconds {
    ticks: VecDeque<PastTick>,
    entities: usize,
}

impl LastSeconds {
    /// Adds a snapshot, and drops those that are more than `span_ticks` older.
    pub fn push(&mut self, tick: Tick, entities: &[EntityState], events: &[Event], span_ticks: u32) {
        // A crash has set the world back.
        if self.ticks.back().is_some_and(|newest| newest.tick >= tick) {
            *self = LastSeconds::default();
        }
        let mut kept = PastTick::default();
        self.entities += entities.len();
        while let Some(oldest) = self.ticks.front()
            && (tick.since(oldest.tick) > span_ticks || self.entities > ENTITIES_LIMIT)
        {
            self.entities -= oldest.entities.len();
            kept = self.ticks.pop_front().unwrap_or_default();
        }
        kept.tick = tick;
        kept.entities.clear();
        kept.entities.extend_from_slice(entities);
        kept.events.clear();
        kept.events.extend_from_slice(events);
        self.ticks.push_back(kept);
    }
}

/// The last seconds of the own ship.
#[derive(Clone, Debug)]
pub struct DeathReplay {
    player: PlayerId,
    ticks: VecDeque<PastTick>,
    pub evidence: Option<DeathEvidence>,
    rate_hz: f64,
    began_ms: f64,
    /// The newest tick whose events were handed out.
    played: Tick,
}

/// The moment of a replay.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    pub before: &'a PastTick,
    /// Empty at the last tick.
    pub after: &'a [EntityState],
    pub elapsed: Elapsed,
    /// The evidence is part of the picture.
    pub with_evidence: bool,
}

impl DeathReplay {
    /// Takes the last seconds up to now.
    pub fn new(
        last: &mut LastSeconds,
        player: PlayerId,
        evidence: Option<DeathEvidence>,
        tick_seconds: f32,
        now_ms: f64,
    ) -> DeathReplay {
        let LastSeconds { ticks, .. } = std::mem::take(last);
        let played = ticks.front().map_or(Tick(0), |first| first.tick);
        let rate_hz = 1.0 / f64::from(tick_seconds);
        DeathReplay { player, ticks, evidence, rate_hz, began_ms: now_ms, played }
    }

    /// What is shown at a time; `None` before it begins and after its end. `calm` shows still pictures.
    pub fn at(&self, now_ms: f64, calm: bool) -> Option<Shown<'_>> {
        let (first, last) = (self.ticks.front()?, self.ticks.back()?);
        let (first, last) = (f64::from(first.tick.0), f64::from(last.tick.0));
        let elapsed_ms = now_ms - self.began_ms - DELAY_MS;
        let slow = last - f64::from(SLOW_SECONDS) * self.rate_hz;
        let tick =
            if calm { self.still(elapsed_ms, last)? } else { self.moving(elapsed_ms, first, slow, last)? };
        let index = self.ticks.partition_point(|past| f64::from(past.tick.0) <= tick.max(first)) - 1;
        let (before, after) = (&self.ticks[index], self.ticks.get(index + 1));
        let ticks = (tick - f64::from(before.tick.0)).max(0.0) as f32;
        let elapsed = match after {
            Some(after) => {
                let span = after.tick.since(before.tick) as f32;
                Elapsed { span, ticks: ticks.min(span), extrapolated: ticks.min(span) }
            }
            None => Elapsed { span: 1.0, ticks: 0.0, extrapolated: 0.0 },
        };
        let after = after.map_or(&[][..], |after| &after.entities);
        Some(Shown { before, after, elapsed, with_evidence: tick >= slow })
    }

    fn moving(&self, elapsed_ms: f64, first: f64, slow: f64, last: f64) -> Option<f64> {
        let seconds = Some(elapsed_ms / 1000.0).filter(|seconds| *seconds >= 0.0)?;
        let until_slow = (slow - first).max(0.0) / self.rate_hz / FAST_SPEED;
        let tick = if seconds < until_slow {
            first + seconds * FAST_SPEED * self.rate_hz
        } else {
            slow.max(first) + (seconds - until_slow) * SLOW_SPEED * self.rate_hz
        };
        let over_seconds = (tick - last) / self.rate_hz / SLOW_SPEED;
        (over_seconds * 1000.0 <= HOLD_MS).then_some(tick.min(last))
    }

    fn still(&self, elapsed_ms: f64, last: f64) -> Option<f64> {
        let index = Some(elapsed_ms / STILL_MS).filter(|index| *index >= 0.0)? as usize;
        let end_ms = STILL_MS * (STILLS_SECONDS.len() - 1) as f64 + HOLD_MS;
        let before_end = STILLS_SECONDS[index.min(STILLS_SECONDS.len() - 1)];
        (elapsed_ms <= end_ms).then(|| last - f64::from(before_end) * self.rate_hz)
    }

    /// The ticks after the newest one whose events were handed out, up to `tick`, each with the one before it.
    pub fn play_to(&mut self, tick: Tick) -> impl Iterator<Item = (&PastTick, &PastTick)> {
        let from = self.played;
        self.played = from.max(tick);
        let pairs = self.ticks.iter().zip(self.ticks.iter().skip(1));
        pairs.filter(move |(_, now)| now.tick > from && now.tick <= tick)
    }

    /// The own ship when it was last seen.
    pub fn last_ship(&self) -> Option<&EntityState> {
        self.ticks.iter().rev().find_map(|past| ship_of(&past.entities, self.player))
    }
}

/// The entities of a tick, and what has just left them.
pub struct InPast<'a>(pub &'a [EntityState], pub &'a [EntityState]);

impl EntityLookup for InPast<'_> {
    fn entity(&self, id: NetId) -> Option<&EntityState> {
        let find = |entities: &'_ [EntityState]| entities.binary_search_by_key(&id, |entity| entity.id).ok();
        find(self.0).map(|index| &self.0[index]).or_else(|| find(self.1).map(|index| &self.1[index]))
    }

    fn ship_of(&self, player: PlayerId) -> Option<&EntityState> {
        ship_of(self.0, player).or_else(|| ship_of(self.1, player))
    }
}

fn ship_of(entities: &[EntityState], player: PlayerId) -> Option<&EntityState> {
    let is_it = |entity: &&EntityState| entity.kind == Kind::Ship && entity.owner == player;
    entities.iter().find(is_it).filter(|_| player != PlayerId::NOBODY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAYER: PlayerId = PlayerId(3);

    fn ship() -> EntityState {
        EntityState { id: NetId(7), kind: Kind::Ship, owner: PLAYER, ..EntityState::default() }
    }

    fn lived(ticks: u32) -> DeathReplay {
        let mut last = LastSeconds::default();
        for tick in 1..=ticks {
            let entities = if tick < ticks { vec![ship()] } else { Vec::new() };
            last.push(Tick(tick), &entities, &[], 120);
        }
        DeathReplay::new(&mut last, PLAYER, None, 1.0 / 30.0, 0.0)
    }

    fn tick_at(replay: &DeathReplay, now_ms: f64, calm: bool) -> Option<f32> {
        replay.at(now_ms, calm).map(|shown| shown.before.tick.0 as f32 + shown.elapsed.ticks)
    }

    #[test]
    fn the_last_four_seconds_are_shown_once_within_the_time_of_a_respawn() {
        let replay = lived(1000);
        assert_eq!(tick_at(&replay, 0.0, false), None, "the end is seen first");
        assert_eq!(tick_at(&replay, DELAY_MS, false), Some(880.0));
        let shown: Vec<f32> =
            (0..400).filter_map(|at| tick_at(&replay, f64::from(at) * 10.0, false)).collect();
        assert!(shown.is_sorted());
        assert_eq!(shown.last(), Some(&1000.0));
        assert_eq!(tick_at(&replay, 10_000.0, false), None);
        assert!(replay.at(3900.0, false).is_some_and(|shown| shown.with_evidence));
        assert_eq!(replay.last_ship().map(|ship| ship.id), Some(NetId(7)));
    }

    #[test]
    fn with_reduced_motion_few_pictures_are_shown() {
        let replay = lived(1000);
        let mut shown: Vec<f32> =
            (0..500).filter_map(|at| tick_at(&replay, f64::from(at) * 10.0, true)).collect();
        shown.dedup();
        assert_eq!(shown, [940.0, 970.0, 988.0, 1000.0]);
    }

    #[test]
    fn a_life_of_a_moment_and_an_empty_one_are_shown_too() {
        assert_eq!(tick_at(&lived(2), DELAY_MS, false), Some(1.0));
        assert!(lived(0).at(DELAY_MS, false).is_none());
        assert_eq!(tick_at(&lived(2), DELAY_MS, true), Some(1.0));
    }

    #[test]
    fn what_is_kept_is_bounded_in_time_and_number() {
        let crowd = vec![ship(); 1000];
        let mut last = LastSeconds::default();
        for tick in 0..500 {
            last.push(Tick(tick), &crowd, &[], 120);
        }
        let entities: usize = last.ticks.iter().map(|past| past.entities.len()).sum();
        assert_eq!((entities, last.entities), (ENTITIES_LIMIT, ENTITIES_LIMIT));
        last.push(Tick(9), &[], &[], 120);
        assert_eq!((last.ticks.len(), last.entities), (1, 0), "the world was set back");
    }
}
