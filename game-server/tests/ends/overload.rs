//! A room whose ticks take too long leaves out one thing after the other, and takes the steps back when it is calm again.

use crate::guest::{Guest, room, tick};
use crate::pair::setup;
use game_server::commands::verify::verify;
use game_server::host::journal::{Journal, JournalOptions, list};
use room::load::{CALM_SECONDS, OVERRUN_LIMIT_TICKS};
use room::{Room, RoomOptions, SessionEvent};
use shared::command::Admin;
use shared::id::Tick;
use shared::message::{ClientMessage, LoadLevel};
use shared::recording::Recording;
use std::sync::Arc;

const LONG_TICK_MICROS: u32 = 30_000;
const CALM_TICK_MICROS: u32 = 3_000;

/// Lets the room tick until the load level rises.
fn strain(room: &mut Room, guests: &mut [Guest]) {
    let before = room.load_level();
    for _ in 0..OVERRUN_LIMIT_TICKS {
        tick(room, &mut *guests);
        room.ticked(LONG_TICK_MICROS);
    }
    assert_eq!(room.load_level(), before.heavier());
}

/// Whether each guest got a snapshot of the newest tick.
fn served(room: &mut Room, guests: &mut [Guest]) -> Vec<bool> {
    tick(room, &mut *guests);
    let now = room.world().tick;
    guests.iter().map(|guest| guest.snapshots.last() == Some(&now)).collect()
}

#[test]
fn snapshots_are_halved_then_admission_stops_and_calm_ticks_bring_all_back() {
    let mut setup = setup(12);
    setup.mode.capacity = 9;
    let calm_ticks = CALM_SECONDS * u32::from(setup.tick_rate_hz);
    let mut room = room(setup);
    let mut guests: Vec<Guest> = (0..8).map(|number| Guest::connect(&mut room, number, None)).collect();
    tick(&mut room, &mut guests);
    strain(&mut room, &mut guests);
    assert_eq!(room.load_level(), LoadLevel::FarLessOften);
    for _ in 0..10 {
        assert!(served(&mut room, &mut guests).iter().all(|served| *served), "the rate is not touched yet");
    }
    strain(&mut room, &mut guests);
    let mut last = served(&mut room, &mut guests);
    for _ in 0..10 {
        let now = served(&mut room, &mut guests);
        assert_eq!(now.iter().filter(|served| **served).count(), 4, "half of them in each tick");
        assert!(last.iter().zip(&now).all(|(last, now)| last != now), "nobody twice, nobody left out");
        last = now;
    }
    strain(&mut room, &mut guests);
    strain(&mut room, &mut guests);
    assert_eq!(room.load_level(), LoadLevel::NobodyAdmitted);
    guests.push(Guest::connect(&mut room, 8, None));
    guests[0].say(&mut room, ClientMessage::Ping { stamp: 1 });
    for _ in 0..60 {
        tick(&mut room, &mut guests);
    }
    assert!(!guests[8].is_in() && guests[8].positions.contains(&1), "a seat is free, and it waits");
    assert_eq!(guests[0].loads, [LoadLevel::NobodyAdmitted]);
    for level in LoadLevel::ALL[..4].iter().rev() {
        (0..calm_ticks).for_each(|_| room.ticked(CALM_TICK_MICROS));
        assert_eq!(room.load_level(), *level);
        tick(&mut room, &mut guests);
        assert!(guests[8].is_in(), "let in as soon as the last step is taken back");
    }
    for _ in 0..10 {
        assert!(served(&mut room, &mut guests).iter().all(|served| *served));
    }
}

#[test]
fn a_recording_says_when_drones_thought_in_turns_and_verifies() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let options = JournalOptions::new(home.path().into());
    let setup = setup(12);
    let mut journal = Journal::create(&options, "belt-1", &setup, Arc::new(|| {}));
    let options = RoomOptions { is_recorded: true, ..RoomOptions::default() };
    let mut room = Room::new("belt-1".into(), setup, options).expect("the game's own setup");
    // Without a player who has steered, an administrator's order begins the recording.
    room.handle(SessionEvent::Admin(Admin::SetDrones(12)));
    for _ in 0..3 {
        strain(&mut room, &mut []);
    }
    assert_eq!(room.load_level(), LoadLevel::DronesInTurns);
    let from = room.world().tick;
    (0..90).for_each(|_| room.tick(&mut ()));
    std::iter::from_fn(|| room.poll_record()).for_each(|record| journal.take(record));
    journal.finish(room.keyframe());
    let listed = list(home.path()).expect("a directory");
    let file = std::fs::read(home.path().join(&listed[0].name)).expect("a file");
    let recording = Recording::open(file).expect("our own recording");
    let (_, mut cursor) = recording.seek(Tick(0)).expect("a keyframe");
    while let Some(recorded) = recording.next_tick(&mut cursor).expect("a sound chunk") {
        assert_eq!(recorded.inputs.drones_in_turns, recorded.tick > from, "tick {}", recorded.tick.0);
    }
    let verdict = verify(recording, |_| {}).expect("our own recording");
    assert!(verdict.divergence.is_none(), "{:?}", verdict.divergence);
    assert_eq!(verdict.recording.last_tick(), from.plus(90));
}
