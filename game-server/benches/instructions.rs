//! Runs one stage of a tick of arena-300 a number of times, for a program that counts its instructions: unlike times,
//! they do not depend on what else the machine does. `cargo xtask instructions` runs it under valgrind.

mod arena;

use arena::{WARM_UP_TICKS, World, controls};
use game_server::host::inbox::{RoomEvent, inbox};
use room::outbox::{Drained, OutboxReader, outbox};
use room::session::{DEFAULT_VIEWER_BYTES_PER_SECOND, Session};
use room::snapshot::{Replicator, SnapshotScope, Viewer};
use room::{Connected, ConnectionId, Room, RoomOptions, SessionEvent};
use shared::codec::{decode_client, decode_server, encode_client};
use shared::delta::View;
use shared::id::{PlayerId, Tick};
use shared::input::InputFrame;
use shared::message::{ClientMessage, Hello, Input, ResumeToken, ServerMessage};
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;
use shared::text::Name;
use std::net::Ipv4Addr;

/// Ships and rocks together.
const ENTITIES: u32 = 900;
/// How often the stage is counted.
const ROUNDS: u32 = 10;

fn main() {
    let stage = std::env::args().nth(1).unwrap_or_default();
    match stage.as_str() {
        "step" => step(),
        "hash" => hash(),
        "capture" => capture(),
        "observe" => observe(),
        "payloads" => payloads(),
        "snapshots" => snapshots(),
        "apply" => apply(),
        "room" => room(),
        _ => {
            eprintln!(
                "name a stage: step, hash, capture, observe, payloads, snapshots, apply or room, not `{stage}`"
            );
            std::process::exit(2);
        }
    }
}

/// Only what runs in here is counted: valgrind is given this name.
#[inline(never)]
fn count_these_instructions(work: &mut dyn FnMut()) {
    work();
}

fn step() {
    let mut world = World::new(ENTITIES);
    for _ in 0..ROUNDS {
        let inputs = world.inputs();
        count_these_instructions(&mut || world.sim.step(&inputs));
    }
}

fn hash() {
    let mut world = World::new(ENTITIES);
    for _ in 0..ROUNDS {
        world.step();
        count_these_instructions(&mut || {
            std::hint::black_box(world.sim.state_hash());
        });
    }
}

fn capture() {
    let mut world = World::new(ENTITIES);
    let mut snapshot = world.next_capture();
    for _ in 0..ROUNDS {
        world.step();
        count_these_instructions(&mut || world.sim.capture_into(&mut snapshot));
    }
}

/// What all viewers share: history, grid, and every entity's difference to the tick before.
fn observe() {
    let mut world = World::new(ENTITIES);
    let mut replicator = Replicator::new(&world.setup);
    replicator.observe(|out| *out = world.next_capture());
    for _ in 0..ROUNDS {
        let mut next = world.next_capture();
        count_these_instructions(&mut || replicator.observe(|out| std::mem::swap(out, &mut next)));
    }
}

/// Interest and merge: the payloads of all viewers.
fn payloads() {
    let mut world = World::new(ENTITIES);
    let mut replicator = Replicator::new(&world.setup);
    let mut viewers = vec![Viewer::default(); world.players as usize];
    // The first payloads are full ones; counted is what comes after.
    for round in 0..=ROUNDS {
        let next = world.next_capture();
        let interests = world.interests(&next);
        replicator.observe(|out| *out = next);
        let mut write_all = || {
            for (viewer, interest) in viewers.iter_mut().zip(&interests) {
                replicator.write(viewer, interest, SnapshotScope::Whole);
            }
        };
        if round == 0 { write_all() } else { count_these_instructions(&mut write_all) }
    }
}

/// Whole snapshot messages for all players.
fn snapshots() {
    let mut players = Players::new();
    for round in 0..=ROUNDS {
        players.tick();
        let mut write_all = || players.write_all(|_, _| ());
        if round == 0 { write_all() } else { count_these_instructions(&mut write_all) }
    }
}

/// The other end: what one player's client does to read its snapshots.
fn apply() {
    let mut players = Players::new();
    let mut view = View::new(players.setup.tick_seconds());
    for round in 0..=ROUNDS {
        players.tick();
        let mut first = Vec::new();
        players.write_all(|player, message| {
            if player == 0 {
                first = message.to_vec();
            }
        });
        let mut read = || {
            if let Ok(ServerMessage::Snapshot(snapshot)) = decode_server(&first) {
                let changes = view.apply(snapshot.tick, snapshot.fresh, &snapshot.delta);
                assert!(changes.is_ok(), "our own payload");
            }
        };
        if round == 0 { read() } else { count_these_instructions(&mut read) }
    }
}

/// A whole tick, from the bytes of the sockets to theirs: messages are read and posted, the room ticks, the links are
/// emptied.
fn room() {
    let World { setup, players, .. } = World::new(ENTITIES);
    let mut room =
        Room::new("belt".into(), setup, RoomOptions { is_recorded: true, ..RoomOptions::default() })
            .expect("a sound setup");
    let connections = (1..=players).map(|player| ConnectionId(player.into()));
    let outboxes: Vec<OutboxReader> =
        connections.clone().map(|connection| connect(&mut room, connection)).collect();
    let (sender, inbox) = inbox();
    let (mut events, mut drained) = (Vec::new(), Drained::default());
    for round in 0..WARM_UP_TICKS + ROUNDS {
        let tick = room.world().tick;
        let messages: Vec<Vec<u8>> = (1..=players).map(|player| input(PlayerId(player), tick)).collect();
        let mut play = || {
            for (connection, bytes) in connections.clone().zip(&messages) {
                let message = decode_client(bytes).expect("our own message");
                sender
                    .post(SessionEvent::Message { connection, message })
                    .expect("an inbox for more players");
            }
            events = inbox.take(std::mem::take(&mut events));
            for event in events.drain(..) {
                if let RoomEvent::Session(event) = event {
                    room.handle(event);
                }
            }
            room.tick(&mut ());
            while room.poll_record().is_some() {}
            for outbox in &outboxes {
                outbox.drain_into(&mut drained, |_| true);
            }
        };
        if round < WARM_UP_TICKS { play() } else { count_these_instructions(&mut play) }
    }
}

fn connect(room: &mut Room, connection: ConnectionId) -> OutboxReader {
    let (outbox, reader) = outbox();
    room.handle(SessionEvent::Connected(Connected {
        connection,
        network: Ipv4Addr::LOCALHOST.into(),
        hello: Hello::new(Name::from_input("bench")),
        token: ResumeToken([0; 16]),
        outbox,
    }));
    reader
}

/// What a client says that holds the snapshot of a tick.
fn input(player: PlayerId, ack: Tick) -> Vec<u8> {
    let frame = InputFrame { tick: ack.next(), controls: controls(player, ack) };
    let mut bytes = Vec::new();
    encode_client(&ClientMessage::Input(Input { ack, frames: [frame].into_iter().collect() }), &mut bytes);
    bytes
}

/// A world, and a session for everybody in it.
struct Players {
    setup: Setup,
    world: World,
    replicator: Replicator,
    sessions: Vec<Session>,
    out: Vec<u8>,
}

impl Players {
    fn new() -> Players {
        let world = World::new(ENTITIES);
        let setup = world.setup.clone();
        let session = |player| Session::new(PlayerId(player), ResumeToken([0; 16]), &setup, Tick(1));
        let sessions = (1..=world.players).map(session).collect();
        Players { replicator: Replicator::new(&setup), setup, world, sessions, out: Vec::new() }
    }

    fn tick(&mut self) {
        let next: WorldSnapshot = self.world.next_capture();
        self.replicator.observe(|out| *out = next);
    }

    fn write_all(&mut self, mut each: impl FnMut(usize, &[u8])) {
        for (player, session) in self.sessions.iter_mut().enumerate() {
            if session.write_snapshot(
                &mut self.replicator,
                &self.setup,
                SnapshotScope::Whole,
                DEFAULT_VIEWER_BYTES_PER_SECOND,
                &mut self.out,
            ) {
                each(player, &self.out);
            }
        }
    }
}
