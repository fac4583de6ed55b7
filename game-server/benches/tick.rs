//! What the stages of a tick cost in arena-N, by the number of entities: a third of them ships, the rest rocks.
//!
//! `cargo bench --package game-server`. Times are those of the whole world and of all viewers together.

use divan::{Bencher, black_box};
use game_server::replication::{Interest, Replicator, Viewer};
use game_server::sessions::Session;
use shared::angle::Angle;
use shared::command::{Join, PlayerInput, TickInputs};
use shared::delta::write_delta;
use shared::id::{PlayerId, Tick};
use shared::input::{Buttons, Controls};
use shared::message::ResumeToken;
use shared::rules::{Arena, Mode, Rules};
use shared::setup::{DEFAULT_TICK_RATE_HZ, Setup};
use shared::snapshot::WorldSnapshot;
use shared::text::Name;
use sim::Sim;

const ENTITIES: [u32; 3] = [1_000, 5_000, 20_000];
/// One ship and two rocks.
const ENTITIES_PER_PLAYER: u32 = 3;
/// Ticks before anything is measured: ships are on their way by then.
const WARM_UP_TICKS: u32 = 60;

fn main() {
    divan::main();
}

/// A world with players whose controls change every tick.
struct World {
    setup: Setup,
    sim: Sim,
    players: u32,
}

impl World {
    fn new(entities: u32) -> World {
        let players = entities / ENTITIES_PER_PLAYER;
        let rules: Rules = toml::from_str(include_str!("../../assets/rules.toml")).expect("the game's rules");
        let mode: Mode =
            toml::from_str(include_str!("../../assets/modes/arena.toml")).expect("the arena's mode");
        let arena: Arena =
            toml::from_str(include_str!("../../assets/arenas/open.toml")).expect("the open arena");
        let mode = Mode { capacity: players as u16, ..mode };
        let setup = Setup { rules, mode, arena, tick_rate_hz: DEFAULT_TICK_RATE_HZ, drones: 0, seed: 1 };
        let mut sim = Sim::new(&setup).expect("a sound setup");
        let join = |player| Join { player: PlayerId(player), name: Name::from_input("bench") };
        sim.step(&TickInputs { joins: (1..=players).map(join).collect(), ..TickInputs::default() });
        let mut world = World { setup, sim, players };
        for _ in 0..WARM_UP_TICKS {
            world.step();
        }
        world
    }

    /// Everybody turns a little, differently; most thrust.
    fn inputs(&self) -> TickInputs {
        let tick = self.sim.tick().0;
        let input = |player: u32| PlayerInput {
            player: PlayerId(player),
            controls: Controls {
                buttons: if (tick / 30 + player).is_multiple_of(4) { Buttons(0) } else { Buttons::THRUST },
                aim: Angle::from_step((player.wrapping_mul(37) + tick * (1 + player % 5)) as u16),
                ..Controls::default()
            },
        };
        TickInputs { inputs: (1..=self.players).map(input).collect(), ..TickInputs::default() }
    }

    fn step(&mut self) {
        let inputs = self.inputs();
        self.sim.step(&inputs);
    }

    fn next_capture(&mut self) -> WorldSnapshot {
        self.step();
        self.sim.capture()
    }

    fn interests(&self, world: &WorldSnapshot) -> Vec<Interest> {
        let ships = world.pilots.iter().filter_map(|pilot| world.entity(pilot.ship?));
        ships.map(|ship| Interest::around(ship.motion.at, &self.setup)).collect()
    }
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
    let mut out = Vec::new();
    let mut write_all = |replicator: &mut Replicator| {
        let mut bytes = 0;
        for (viewer, interest) in viewers.iter_mut().zip(&interests) {
            out.clear();
            replicator.write_payload(viewer, interest, &mut out);
            bytes += out.len();
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
    let mut world = World::new(entities);
    let setup = world.setup.clone();
    let mut replicator = Replicator::new(&setup);
    let session = |player| Session::new(PlayerId(player), ResumeToken([0; 16]), &setup, Tick(1));
    let mut sessions: Vec<Session> = (1..=world.players).map(session).collect();
    let mut out = Vec::new();
    let mut snapshot_all = |snapshot: WorldSnapshot| {
        replicator.observe(|out| *out = snapshot);
        let each = sessions.iter_mut();
        let written = each.filter_map(|session| {
            session.write_snapshot(&mut replicator, &setup, &mut out).then_some(out.len())
        });
        written.sum::<usize>()
    };
    snapshot_all(world.next_capture());
    bencher.with_inputs(|| world.next_capture()).bench_local_values(&mut snapshot_all);
}
