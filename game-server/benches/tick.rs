//! What the stages of a tick cost in arena-N, by the number of entities: a third of them ships, the rest rocks.
//!
//! `cargo bench --package game-server`. Times are those of the whole world and of all viewers together.

mod arena;

use arena::World;
use divan::{Bencher, black_box};
use room::load::{FAR_INTERVAL_SNAPSHOTS, LoadGovernor};
use room::session::{DEFAULT_VIEWER_BYTES_PER_SECOND, Session};
use room::snapshot::{Replicator, SnapshotScope, Viewer};
use shared::delta::write_delta;
use shared::id::{PlayerId, Tick};
use shared::message::{LoadLevel, ResumeToken};
use shared::snapshot::WorldSnapshot;

const ENTITIES: [u32; 3] = [1_000, 5_000, 20_000];

fn main() {
    divan::main();
}

#[divan::bench(args = ENTITIES)]
fn step(bencher: Bencher<'_, '_>, entities: u32) {
    let mut world = World::new(entities);
    let inputs = world.inputs();
    bencher.bench_local(|| world.sim.step(black_box(&inputs)));
}

#[divan::bench(args = ENTITIES)]
fn state_hash(bencher: Bencher<'_, '_>, entities: u32) {
    let world = World::new(entities);
    bencher.bench_local(|| world.sim.state_hash());
}

#[divan::bench(args = ENTITIES)]
fn capture(bencher: Bencher<'_, '_>, entities: u32) {
    let world = World::new(entities);
    let mut snapshot = WorldSnapshot::default();
    bencher.bench_local(|| world.sim.capture_into(black_box(&mut snapshot)));
}

/// The difference of every entity to the tick before.
#[divan::bench(args = ENTITIES)]
fn delta(bencher: Bencher<'_, '_>, entities: u32) {
    let mut world = World::new(entities);
    let before = world.next_capture();
    let after = world.next_capture();
    let tick_seconds = world.setup.tick_seconds();
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        for now in &after.entities {
            if let Some(base) = before.entity(now.id) {
                write_delta(base, now, 1, tick_seconds, &mut out);
            }
        }
        out.len()
    });
}

/// What all viewers share: the grid, and every entity's usual record.
#[divan::bench(args = ENTITIES)]
fn observe(bencher: Bencher<'_, '_>, entities: u32) {
    let mut world = World::new(entities);
    let mut replicator = Replicator::new(&world.setup);
    bencher
        .with_inputs(|| world.next_capture())
        .bench_local_values(|snapshot| replicator.observe(|out| *out = snapshot));
}

/// Interest and merge: the payloads of all viewers, with `observe` before them.
#[divan::bench(args = ENTITIES)]
fn payloads(bencher: Bencher<'_, '_>, entities: u32) {
    let mut world = World::new(entities);
    let mut replicator = Replicator::new(&world.setup);
    let first = world.next_capture();
    let interests = world.interests(&first);
    let mut viewers: Vec<Viewer> = interests.iter().map(|_| Viewer::default()).collect();
    replicator.observe(|out| *out = first);
    let mut write_all = |replicator: &mut Replicator| {
        let mut bytes = 0;
        for (viewer, interest) in viewers.iter_mut().zip(&interests) {
            bytes += replicator.write(viewer, interest, SnapshotScope::Whole).0.len();
        }
        bytes
    };
    // The first payloads are full ones; measured is what comes after.
    write_all(&mut replicator);
    bencher.with_inputs(|| world.next_capture()).bench_local_values(|snapshot| {
        replicator.observe(|out| *out = snapshot);
        write_all(&mut replicator)
    });
}

/// Whole snapshot messages for all sessions, with `observe` before them.
#[divan::bench(args = ENTITIES)]
fn snapshots(bencher: Bencher<'_, '_>, entities: u32) {
    snapshots_at(bencher, entities, LoadLevel::Normal);
}

/// The same in a room of 6,000 entities at a load level: what that saves.
#[divan::bench(args = [LoadLevel::Normal, LoadLevel::FarLessOften, LoadLevel::HalfSnapshots])]
fn snapshots_under_load(bencher: Bencher<'_, '_>, level: LoadLevel) {
    snapshots_at(bencher, 6_000, level);
}

fn snapshots_at(bencher: Bencher<'_, '_>, entities: u32, level: LoadLevel) {
    let mut world = World::new(entities);
    let setup = world.setup.clone();
    let mut load = LoadGovernor::new(setup.tick_rate_hz);
    while load.level() < level {
        load.ticked(u32::MAX);
    }
    let mut replicator = Replicator::new(&setup);
    let (snapshots, far) = load.intervals_ticks();
    replicator.set_intervals_ticks(snapshots, far);
    let session = |player| Session::new(PlayerId(player), ResumeToken([0; 16]), &setup, Tick(1));
    let mut sessions: Vec<Session> = (1..=world.players).map(session).collect();
    let mut out = Vec::new();
    let mut snapshot_all = |snapshot: WorldSnapshot| {
        replicator.observe(|out| *out = snapshot);
        let tick = replicator.world().tick;
        let written = sessions.iter_mut().filter_map(|session| {
            let scope = load.scope(tick, session.player())?;
            session
                .write_snapshot(&mut replicator, &setup, scope, DEFAULT_VIEWER_BYTES_PER_SECOND, &mut out)
                .then_some(out.len())
        });
        written.sum::<usize>()
    };
    // Until every viewer was sent everything, and again.
    for _ in 0..4 * FAR_INTERVAL_SNAPSHOTS {
        snapshot_all(world.next_capture());
    }
    bencher.with_inputs(|| world.next_capture()).bench_local_values(&mut snapshot_all);
}
