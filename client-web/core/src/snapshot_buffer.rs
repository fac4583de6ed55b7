//! The recent snapshots of other ships and bolts, and interpolation between them.

use crate::draw_item::turn_between;
use glam::Vec2;
use shared::entity::EntityState;
use shared::id::Tick;
use std::collections::VecDeque;

pub const SNAPSHOTS_LIMIT: usize = 32;
/// Without a newer snapshot, entities are extrapolated for this long and then stand still, in seconds.
const EXTRAPOLATION_LIMIT_SECONDS: f32 = 0.1;

#[derive(Clone, Debug)]
struct Snapshot {
    tick: Tick,
    entities: Vec<EntityState>,
}

#[derive(Clone, Debug)]
pub struct SnapshotBuffer {
    tick_seconds: f32,
    snapshots: VecDeque<Snapshot>,
    /// Memory of a dropped snapshot, for the next one.
    spare: Vec<EntityState>,
}

/// One entity between two ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interpolated<'a> {
    /// Its state at the earlier tick.
    pub state: &'a EntityState,
    /// Position in units.
    pub position: Vec2,
    /// Velocity in units per second.
    pub velocity: Vec2,
    /// Radians.
    pub heading: f32,
}

impl SnapshotBuffer {
    pub fn new(tick_seconds: f32) -> SnapshotBuffer {
        SnapshotBuffer { tick_seconds, snapshots: VecDeque::new(), spare: Vec::new() }
    }

    /// Adds the entities of a tick, ascending by id. Ticks that do not ascend are ignored.
    pub fn push<'a>(&mut self, tick: Tick, entities: impl Iterator<Item = &'a EntityState>) {
        if self.snapshots.back().is_some_and(|newest| newest.tick >= tick) {
            return;
        }
        if self.snapshots.len() >= SNAPSHOTS_LIMIT {
            self.drop_oldest();
        }
        let mut kept = std::mem::take(&mut self.spare);
        kept.clear();
        kept.extend(entities);
        self.snapshots.push_back(Snapshot { tick, entities: kept });
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.snapshots.pop_front() {
            self.spare = oldest.entities;
        }
    }

    /// Drops the snapshots before the time shown, in ticks, except the newest of them.
    pub fn drop_before(&mut self, shown: f64) {
        while self.snapshots.get(1).is_some_and(|next| f64::from(next.tick.0) <= shown) {
            self.drop_oldest();
        }
    }

    /// Everything at the time shown, in ticks. Without a newer snapshot, entities are extrapolated for a moment.
    pub fn at(&self, shown: f64) -> impl Iterator<Item = Interpolated<'_>> {
        let before = self.snapshots.front();
        let after = self.snapshots.get(1);
        let since = before.map_or(0.0, |before| (shown - f64::from(before.tick.0)).max(0.0) as f32);
        let limit = EXTRAPOLATION_LIMIT_SECONDS / self.tick_seconds;
        let extrapolated = since.min(limit);
        let elapsed = match (before, after) {
            (Some(before), Some(after)) => {
                let span = after.tick.since(before.tick) as f32;
                Elapsed { span, ticks: since.min(span), extrapolated }
            }
            _ => Elapsed { span: 1.0, ticks: 0.0, extrapolated },
        };
        let entities = before.map_or(&[][..], |before| &before.entities);
        let later = after.map_or(&[][..], |after| &after.entities);
        interpolate(entities, later, elapsed, self.tick_seconds)
    }
}

/// The time since the earlier of two ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Elapsed {
    /// Ticks between the two.
    pub span: f32,
    /// Ticks since the earlier, at most `span`.
    pub ticks: f32,
    /// The same for entities that are missing at the later tick.
    pub extrapolated: f32,
}

/// The entities of the earlier of two ticks, moved toward the later one: an entity appears and disappears with its tick.
/// Both ascend by id.
pub fn interpolate<'a>(
    before: &'a [EntityState],
    after: &'a [EntityState],
    elapsed: Elapsed,
    tick_seconds: f32,
) -> impl Iterator<Item = Interpolated<'a>> {
    let mut later = after.iter().peekable();
    before.iter().map(move |state| {
        while later.next_if(|entity| entity.id < state.id).is_some() {}
        match later.next_if(|entity| entity.id == state.id) {
            Some(next) => between(state, next, elapsed, tick_seconds),
            None => Interpolated {
                state,
                position: state.motion.position()
                    + state.motion.velocity() * (elapsed.extrapolated * tick_seconds),
                velocity: state.motion.velocity(),
                heading: state.heading.radians(),
            },
        }
    })
}

fn between<'a>(
    state: &'a EntityState,
    next: &EntityState,
    elapsed: Elapsed,
    tick_seconds: f32,
) -> Interpolated<'a> {
    let (from, to) = (state.motion.position(), next.motion.position());
    let (leaving, arriving) = (state.motion.velocity(), next.motion.velocity());
    let share = elapsed.ticks / elapsed.span;
    // Within one tick a straight line is close enough; across a gap the velocities shape the curve.
    let position = if elapsed.span <= 1.0 {
        from.lerp(to, share)
    } else {
        hermite(from, leaving, to, arriving, share, elapsed.span * tick_seconds)
    };
    Interpolated {
        state,
        position,
        velocity: leaving.lerp(arriving, share),
        heading: turn_between(state.heading.radians(), next.heading.radians(), share),
    }
}

/// The cubic Hermite curve through two positions with two velocities, at `share` of the `seconds` between them.
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

    fn places(buffer: &SnapshotBuffer, at: f64) -> Vec<(u32, f32)> {
        buffer.at(at).map(|entity| (entity.state.id.0, entity.position.x)).collect()
    }

    #[test]
    fn positions_between_two_ticks_are_interpolated() {
        let mut buffer = SnapshotBuffer::new(TICK);
        buffer.push(Tick(10), [state(1, 0.0, 30.0, 1020), state(3, 5.0, 0.0, 0)].iter());
        buffer.push(Tick(11), [state(1, 1.0, 30.0, 4), state(2, 9.0, 0.0, 0)].iter());
        assert_eq!(places(&buffer, 10.5), [(1, 0.5), (3, 5.0)], "2 has not appeared, 3 is still there");
        let heading = buffer.at(10.5).next().map(|entity| entity.heading).unwrap_or_default();
        assert!(heading.sin().abs() < 1e-4, "the short way, over zero: {heading}");
        buffer.drop_before(11.0);
        assert_eq!(places(&buffer, 11.0), [(1, 1.0), (2, 9.0)]);
    }

    #[test]
    fn a_gap_is_bridged_by_a_curve_that_keeps_the_velocities() {
        let mut buffer = SnapshotBuffer::new(TICK);
        buffer.push(Tick(0), [state(1, 0.0, 30.0, 0)].iter());
        buffer.push(Tick(4), [state(1, 4.0, 30.0, 0)].iter());
        for quarter in 0..=16 {
            let at = f64::from(quarter) / 4.0;
            let x = places(&buffer, at)[0].1;
            assert!((f64::from(x) - at).abs() < 1e-3, "{x} at {at}");
        }
    }

    #[test]
    fn without_a_newer_snapshot_entities_move_for_a_moment_and_then_stand() {
        let mut buffer = SnapshotBuffer::new(TICK);
        buffer.push(Tick(0), [state(1, 0.0, 30.0, 0)].iter());
        assert!((places(&buffer, 2.0)[0].1 - 2.0).abs() < 1e-3);
        assert!((places(&buffer, 3.0)[0].1 - 3.0).abs() < 1e-3);
        assert_eq!(places(&buffer, 60.0), places(&buffer, 4.0));
        assert_eq!(places(&buffer, -5.0), [(1, 0.0)]);
    }

    #[test]
    fn the_buffer_is_bounded_and_survives_hostile_motions() {
        let mut buffer = SnapshotBuffer::new(TICK);
        let mut wild = state(1, 0.0, 0.0, 0);
        wild.motion = Motion { position_q: IVec2::MAX, velocity_q: IVec2::MIN };
        for tick in 0..1000 {
            buffer.push(Tick(tick), [wild].iter());
        }
        assert_eq!(buffer.snapshots.len(), SNAPSHOTS_LIMIT);
        buffer.push(Tick(5), [wild].iter());
        assert_eq!(buffer.snapshots.back().map(|newest| newest.tick), Some(Tick(999)));
        assert_eq!(buffer.at(1e9).count(), 1);
    }
}
