//! A client is sent nothing from outside its interest: every snapshot of played and of recorded matches is decoded and checked.

use crate::crowd::Crowd;
use crate::pair::setup;
use game_server::host::journal::{Journal, JournalOptions};
use glam::IVec2;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg32;
use room::RoomOptions;
use room::session::{
    DEFAULT_VIEWER_BYTES_PER_SECOND, Session, VIEW_CHANGE_INTERVAL_SECONDS, VIEW_CHANGES_BURST,
};
use room::snapshot::{Interest, Replicator, SnapshotScope};
use shared::angle::Angle;
use shared::aspect::Aspect;
use shared::codec::decode_server;
use shared::command::{Join, TickInputs};
use shared::delta::View;
use shared::id::{NetId, PlayerId, Tick};
use shared::input::{Buttons, Controls, InputFrame};
use shared::levels::HullKind;
use shared::message::{ClientMessage, Input, ResumeToken, ServerMessage};
use shared::recording::Recording;
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;
use shared::text::Name;
use sim::Sim;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const PLAYERS: u8 = 5;
const TICKS: u32 = 240;
/// Chance per tick that a player changes course, in percent.
const TURN_PERCENT: u32 = 8;
/// Byte rate of a viewer in a crowd: far too little for all that it sees.
const TIGHT_BYTES_PER_SECOND: u32 = 600;

/// The client of one player, and what it should not have been sent.
struct Witness {
    player: PlayerId,
    setup: Setup,
    /// The shape of its picture, once the server follows it.
    aspect: Aspect,
    view: View,
    interest: Interest,
    /// Whether there are bytes for everything, so that what is sent is exact.
    exact: bool,
    received: usize,
    hidden: BTreeSet<NetId>,
    wrong: Vec<String>,
}

impl Witness {
    fn new(player: PlayerId, setup: &Setup, exact: bool) -> Witness {
        Witness {
            player,
            setup: setup.clone(),
            aspect: Aspect::default(),
            view: View::new(setup.tick_seconds()),
            interest: Interest::around(IVec2::ZERO, setup),
            exact,
            received: 0,
            hidden: BTreeSet::new(),
            wrong: Vec::new(),
        }
    }

    /// Opens a message as a client does, and compares it with the world that it was made of.
    fn receive(&mut self, bytes: &[u8], world: &WorldSnapshot) {
        let message = decode_server(bytes).expect("our own server's message");
        // Nothing else speaks of entities: kills and standings name players, wherever they are.
        let ServerMessage::Snapshot(snapshot) = message else { return };
        if let Some(ship) = world.entities.iter().find(|it| Some(it.id) == snapshot.own.ship) {
            assert_eq!(ship.owner, self.player, "somebody else's ship");
            let view = self.setup.mode.view(self.aspect);
            self.interest = Interest::of_view(ship.motion.position_q, view);
        }
        self.view.apply(snapshot.tick, snapshot.fresh, &snapshot.delta).expect("our own server's delta");
        let (at, player) = (world.tick.0, self.player.0);
        for held in self.view.entities() {
            self.received += 1;
            let truth = world.entity(held.id);
            // What is skipped for want of bytes drifts on as it was.
            let is_right = truth.is_some_and(|truth| {
                self.interest.keeps(truth.motion.position_q) && (truth == held || !self.exact)
            });
            if !is_right {
                self.wrong.push(format!("tick {at}, player {player}: {held:?}"));
            }
        }
        for event in &snapshot.events {
            if !self.interest.keeps(event.at.into()) {
                self.wrong.push(format!("tick {at}, player {player}: {event:?}"));
            }
        }
        let unseen = world.entities.iter().filter(|it| self.view.entity(it.id).is_none());
        self.hidden.extend(unseen.map(|it| it.id));
    }

    fn assert_nothing_hidden_was_sent(&self) {
        let first = &self.wrong[..self.wrong.len().min(5)];
        assert!(first.is_empty(), "sent what is out of sight: {first:#?}");
        assert!(self.received > 0 && !self.hidden.is_empty(), "everything was in everybody's sight");
    }
}

/// Everybody steers at random; acks lag now and then, so that the server skips snapshots.
fn steer(crowd: &mut Crowd, random: &mut Pcg32) {
    let now = crowd.room.world().tick;
    for number in 0..PLAYERS {
        if random.random_range(0..100) >= TURN_PERCENT {
            continue;
        }
        let buttons = Buttons(random.random_range(0..8));
        let controls = Controls { buttons, aim: Angle::from_step(random.random()), ..Controls::default() };
        let frames = [InputFrame { tick: Tick(now.0 + 1), controls }].into_iter().collect();
        let ack = Tick(now.0.saturating_sub(random.random_range(0..60)));
        crowd.say(number, ClientMessage::Input(Input { ack, frames }));
    }
}

/// Plays a match of people and drones, and reads its recording.
fn recorded_match(seed: u64) -> Recording {
    let home = tempfile::tempdir().expect("a temporary directory");
    let setup = setup(12);
    let options = JournalOptions::new(home.path().into());
    let mut journal = Journal::create(&options, "belt-1", &setup, Arc::new(|| {}));
    let options = RoomOptions { is_recorded: true, ..RoomOptions::default() };
    let mut crowd = Crowd::with_options(setup, PLAYERS, options);
    let mut random = Pcg32::seed_from_u64(seed);
    for _ in 0..TICKS {
        steer(&mut crowd, &mut random);
        crowd.tick(|_, _, _| {});
    }
    std::iter::from_fn(|| crowd.room.poll_record()).for_each(|record| journal.take(record));
    journal.finish(crowd.room.keyframe());
    let mut files = std::fs::read_dir(home.path()).expect("a directory").flatten().map(|entry| entry.path());
    let file = files.find(|path| path.extension().is_some_and(|it| it == "belt")).expect("a recording");
    Recording::open(std::fs::read(file).expect("a file")).expect("a sound recording")
}

/// Plays a recording to every player in it, through the snapshots of the server.
fn witnesses_of(recording: &Recording, bytes_per_second: u32, random: &mut Pcg32) -> Vec<Witness> {
    let setup = recording.header().setup().expect("the recording's own setup");
    let (keyframe, mut cursor) = recording.seek(recording.first_tick()).expect("a keyframe");
    let mut sim = Sim::from_keyframe(&setup, &keyframe).expect("a sound keyframe");
    let mut replicator = Replicator::new(&setup);
    let mut viewers: BTreeMap<PlayerId, (Session, Witness)> = BTreeMap::new();
    let mut message = Vec::new();
    while let Some(recorded) = recording.next_tick(&mut cursor).expect("a sound recording") {
        sim.step(&recorded.inputs);
        assert_eq!(sim.state_hash(), recorded.state_hash, "it was played like this");
        replicator.observe(|world| sim.capture_into(world));
        let players: Vec<PlayerId> =
            replicator.world().pilots.iter().filter(|it| !it.drone).map(|it| it.player).collect();
        for player in players {
            let (session, witness) = viewers.entry(player).or_insert_with(|| {
                let exact = bytes_per_second == DEFAULT_VIEWER_BYTES_PER_SECOND;
                let session = Session::new(player, ResumeToken([0; 16]), &setup, recorded.tick);
                (session, Witness::new(player, &setup, exact))
            });
            // A link is not always ready.
            if random.random_range(0..4) == 0 {
                continue;
            }
            if session.write_snapshot(
                &mut replicator,
                &setup,
                SnapshotScope::Whole,
                bytes_per_second,
                &mut message,
            ) {
                witness.receive(&message, replicator.world());
            }
        }
    }
    viewers.into_values().map(|(_, witness)| witness).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn nothing_out_of_sight_is_sent(seed in any::<u64>()) {
        let setup = setup(12);
        let mut witnesses: Vec<Witness> =
            (0..PLAYERS).map(|number| Witness::new(Crowd::player(number), &setup, true)).collect();
        let mut crowd = Crowd::new(setup, PLAYERS);
        let mut random = Pcg32::seed_from_u64(seed);
        for _ in 0..TICKS {
            steer(&mut crowd, &mut random);
            crowd.tick(|number, bytes, room| witnesses[usize::from(number)].receive(bytes, room.world()));
        }
        witnesses.iter().for_each(Witness::assert_nothing_hidden_was_sent);
    }

    #[test]
    fn nothing_out_of_sight_of_a_recorded_match_is_sent(seed in any::<u64>()) {
        let recording = recorded_match(seed);
        prop_assert_eq!(recording.last_tick(), Tick(TICKS));
        for bytes_per_second in [DEFAULT_VIEWER_BYTES_PER_SECOND, TIGHT_BYTES_PER_SECOND] {
            let mut random = Pcg32::seed_from_u64(seed);
            let witnesses = witnesses_of(&recording, bytes_per_second, &mut random);
            prop_assert_eq!(witnesses.len(), usize::from(PLAYERS));
            witnesses.iter().for_each(Witness::assert_nothing_hidden_was_sent);
        }
    }
}

/// Turns every picture upright, square, and back, and looks at what comes once the server has followed.
#[test]
fn a_turned_picture_is_sent_all_that_it_shows_and_no_more() {
    let setup = setup(12);
    let mut witnesses: Vec<Witness> =
        (0..PLAYERS).map(|number| Witness::new(Crowd::player(number), &setup, true)).collect();
    let mut crowd = Crowd::new(setup.clone(), PLAYERS);
    let mut random = Pcg32::seed_from_u64(7);
    let settle_ticks = setup.ticks(2.0 * VIEW_CHANGE_INTERVAL_SECONDS);
    for aspect in [Aspect::default(), Aspect(46), Aspect(100), Aspect(216)] {
        for number in 0..PLAYERS {
            crowd.say(number, ClientMessage::View(aspect));
        }
        for tick in 0..3 * settle_ticks {
            steer(&mut crowd, &mut random);
            crowd.tick(|number, bytes, room| {
                let witness = &mut witnesses[usize::from(number)];
                // The server may take its time: until then, the picture shows either view.
                let is_settled = tick > settle_ticks;
                witness.aspect = aspect;
                if !is_settled {
                    witness.wrong.clear();
                }
                witness.receive(bytes, room.world());
                let Ok(ServerMessage::Snapshot(_)) = decode_server(bytes) else { return };
                let entities = room.world().entities.iter();
                let mut shown = entities.filter(|it| witness.interest.enters(it.motion.position_q));
                assert!(
                    !is_settled || shown.all(|it| witness.view.entity(it.id) == Some(it)),
                    "{aspect:?}, tick {tick}: something in the picture was not sent"
                );
            });
        }
        witnesses.iter().for_each(Witness::assert_nothing_hidden_was_sent);
    }
}

#[test]
fn a_view_that_turns_in_every_tick_is_followed_now_and_then() {
    let setup = setup(12);
    let mut session = Session::new(PlayerId(1), ResumeToken([0; 16]), &setup, Tick(0));
    let mut replicator = Replicator::new(&setup);
    let mut sim = Sim::new(&setup).expect("the game's own setup");
    let join = Join { player: PlayerId(1), name: Name::from_input("Ada"), hull: HullKind::default() };
    sim.step(&TickInputs { joins: vec![join], ..TickInputs::default() });
    let (mut message, mut changes, mut view) = (Vec::new(), 0, IVec2::ZERO);
    let seconds = 10;
    for tick in 0..setup.ticks(seconds as f32) {
        sim.step(&TickInputs::default());
        replicator.observe(|world| sim.capture_into(world));
        session.set_aspect(if tick % 2 == 0 { Aspect(46) } else { Aspect::default() });
        session.write_snapshot(
            &mut replicator,
            &setup,
            SnapshotScope::Whole,
            DEFAULT_VIEWER_BYTES_PER_SECOND,
            &mut message,
        );
        changes += u32::from(session.interest().enter != view);
        view = session.interest().enter;
    }
    assert!(changes > 2 && changes <= VIEW_CHANGES_BURST + 1 + seconds, "{changes} changes in {seconds} s");
}
