//! Ships and bolts of others, between the snapshots around the time shown.

use crate::shown::turn_between;
use glam::Vec2;
use shared::entity::EntityState;
use shared::id::Tick;
use std::collections::VecDeque;

/// Snapshots kept at most.
pub const SAMPLES_LIMIT: usize = 32;
/// Without a newer snapshot, things move on by themselves for this long and then stand, in seconds.
const EXTRAPOLATION_LIMIT_SECONDS: f32 = 0.1;

/// What was seen at one tick.
#[derive(Clone, Debug, Default)]
struct Sample {
    tick: Tick,
    entities: Vec<EntityState>,
}

/// The recent past, oldest first.
#[derive(Clone, Debug)]
pub struct Samples {
    tick_seconds: f32,
    ring: VecDeque<Sample>,
    spare: Vec<EntityState>,
}

/// One entity between two snapshots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Between<'a> {
    /// Its state in the earlier snapshot.
    pub state: &'a EntityState,
    /// Position in units.
    pub position: Vec2,
    /// Velocity in units per second.
    pub velocity: Vec2,
    /// Radians.
    pub heading: f32,
}

impl Samples {
    /// Nothing seen yet, in a world with ticks of this length.
    pub fn new(tick_seconds: f32) -> Samples {
        Samples { tick_seconds, ring: VecDeque::new(), spare: Vec::new() }
    }

    /// Takes in what was seen at a tick, ascending by id. Ticks that do not ascend are ignored.
    pub fn push<'a>(&mut self, tick: Tick, entities: impl Iterator<Item = &'a EntityState>) {
        if self.ring.back().is_some_and(|newest| newest.tick >= tick) {
            return;
        }
        if self.ring.len() >= SAMPLES_LIMIT {
            self.drop_oldest();
        }
        let mut kept = std::mem::take(&mut self.spare);
        kept.clear();
        kept.extend(entities);
        self.ring.push_back(Sample { tick, entities: kept });
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.ring.pop_front() {
            self.spare = oldest.entities;
        }
    }

    /// Forgets what lies before the time shown, in ticks, but for the newest such snapshot.
    pub fn drop_before(&mut self, shown: f64) {
        while self.ring.get(1).is_some_and(|next| f64::from(next.tick.0) <= shown) {
            self.drop_oldest();
        }
    }

    /// Everything at the time shown, in ticks. Without a newer snapshot, things drift on for a moment.
    pub fn at(&self, shown: f64) -> impl Iterator<Item = Between<'_>> {
        let before = self.ring.front();
        let after = self.ring.get(1);
        let since = before.map_or(0.0, |before| (shown - f64::from(before.tick.0)).max(0.0) as f32);
        let limit = EXTRAPOLATION_LIMIT_SECONDS / self.tick_seconds;
        let passed = match (before, after) {
            (Some(before), Some(after)) => {
                let span = after.tick.since(before.tick) as f32;
                Passed { span, ticks: since.min(span), drift_ticks: since.min(limit) }
            }
            _ => Passed { span: 1.0, ticks: 0.0, drift_ticks: since.min(limit) },
        };
        let entities = before.map_or(&[][..], |before| &before.entities);
        let later = after.map_or(&[][..], |after| &after.entities);
        blend(entities, later, passed, self.tick_seconds)
    }
}

/// How much time passed since the earlier of two ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passed {
    /// Ticks between the two.
    pub span: f32,
    /// Ticks since the earlier, at most `span`.
    pub ticks: f32,
    /// The same for what is not there at the later tick: it drifts on.
    pub drift_ticks: f32,
}

/// Everything between two ticks, as it is at the earlier one or on its way to the later one: an entity appears and
/// disappears with its tick. Both ascend by id.
pub fn blend<'a>(
    before: &'a [EntityState],
    after: &'a [EntityState],
    passed: Passed,
    tick_seconds: f32,
) -> impl Iterator<Item = Between<'a>> {
    let mut later = after.iter().peekable();
    before.iter().map(move |state| {
        while later.next_if(|entity| entity.id < state.id).is_some() {}
        match later.next_if(|entity| entity.id == state.id) {
            Some(next) => between(state, next, passed, tick_seconds),
            None => Between {
                state,
                position: state.motion.position()
                    + state.motion.velocity() * (passed.drift_ticks * tick_seconds),
                velocity: state.motion.velocity(),
                heading: state.heading.radians(),
            },
        }
    })
}

fn between<'a>(state: &'a EntityState, next: &EntityState, passed: Passed, tick_seconds: f32) -> Between<'a> {
    let (from, to) = (state.motion.position(), next.motion.position());
    let (leaving, arriving) = (state.motion.velocity(), next.motion.velocity());
    let share = passed.ticks / passed.span;
    // A tick is so short that a straight line is right; over a gap the speeds shape the curve.
    let position = if passed.span <= 1.0 {
        from.lerp(to, share)
    } else {
        hermite(from, leaving, to, arriving, share, passed.span * tick_seconds)
    };
    Between {
        state,
        position,
        velocity: leaving.lerp(arriving, share),
        heading: turn_between(state.heading.radians(), next.heading.radians(), share),
    }
}

/// The cubic through two places with two velocities, `share` of the way; the whole way takes `seconds`.
fn hermite(from: Vec2, leaving: Vec2, to: Vec2, arriving: Vec2, share: f32, seconds: f32) -> Vec2 {
    let (square, cube) = (share * share, share * share * share);
    from * (2.0 * cube - 3.0 * square + 1.0)
        + leaving * ((cube - 2.0 * square + share) * seconds)
        + to * (3.0 * square - 2.0 * cube)
        + arriving * ((cube - square) * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::IVec2;
    use shared::angle::Angle;
    use shared::id::NetId;
    use shared::movement::Motion;

    const TICK: f32 = 1.0 / 30.0;

    fn state(id: u32, x: f32, speed: f32, heading: u16) -> EntityState {
        EntityState {
            id: NetId(id),
            motion: Motion::new(Vec2::new(x, 0.0), Vec2::new(speed, 0.0)),
            heading: Angle::from_step(heading),
            ..EntityState::default()
        }
    }

    fn places(samples: &Samples, at: f64) -> Vec<(u32, f32)> {
        samples.at(at).map(|between| (between.state.id.0, between.position.x)).collect()
    }

    #[test]
    fn between_two_ticks_lies_between_two_places() {
        let mut samples = Samples::new(TICK);
        samples.push(Tick(10), [state(1, 0.0, 30.0, 1020), state(3, 5.0, 0.0, 0)].iter());
        samples.push(Tick(11), [state(1, 1.0, 30.0, 4), state(2, 9.0, 0.0, 0)].iter());
        assert_eq!(places(&samples, 10.5), [(1, 0.5), (3, 5.0)], "2 has not appeared, 3 is still there");
        let heading = samples.at(10.5).next().map(|between| between.heading).unwrap_or_default();
        assert!(heading.sin().abs() < 1e-4, "over zero, not around: {heading}");
        samples.drop_before(11.0);
        assert_eq!(places(&samples, 11.0), [(1, 1.0), (2, 9.0)]);
    }

    #[test]
    fn a_gap_is_bridged_by_a_curve_that_keeps_the_speeds() {
        let mut samples = Samples::new(TICK);
        samples.push(Tick(0), [state(1, 0.0, 30.0, 0)].iter());
        samples.push(Tick(4), [state(1, 4.0, 30.0, 0)].iter());
        for quarter in 0..=16 {
            let at = f64::from(quarter) / 4.0;
            let x = places(&samples, at)[0].1;
            assert!((f64::from(x) - at).abs() < 1e-3, "{x} at {at}");
        }
    }

    #[test]
    fn without_news_things_drift_for_a_moment_and_then_stand() {
        let mut samples = Samples::new(TICK);
        samples.push(Tick(0), [state(1, 0.0, 30.0, 0)].iter());
        assert!((places(&samples, 2.0)[0].1 - 2.0).abs() < 1e-3);
        assert!((places(&samples, 3.0)[0].1 - 3.0).abs() < 1e-3);
        assert_eq!(places(&samples, 60.0), places(&samples, 4.0));
        assert_eq!(places(&samples, -5.0), [(1, 0.0)]);
    }

    #[test]
    fn what_is_kept_is_bounded_and_hostile_motions_do_no_harm() {
        let mut samples = Samples::new(TICK);
        let mut wild = state(1, 0.0, 0.0, 0);
        wild.motion = Motion { position_q: IVec2::MAX, velocity_q: IVec2::MIN };
        for tick in 0..1000 {
            samples.push(Tick(tick), [wild].iter());
        }
        assert_eq!(samples.ring.len(), SAMPLES_LIMIT);
        samples.push(Tick(5), [wild].iter());
        assert_eq!(samples.ring.back().map(|newest| newest.tick), Some(Tick(999)));
        assert_eq!(samples.at(1e9).count(), 1);
    }
}
