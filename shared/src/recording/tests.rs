//! Tests of the recording format: round trips, every cut, every bit flip, golden bytes, size.

use super::*;
use crate::angle::Angle;
use crate::command::{Absence, Admin, Join, PlayerInput, TickInputs};
use crate::id::{PlayerId, Tick};
use crate::input::{Buttons, Controls, ViewLag};
use crate::keyframe::Keyframe;
use crate::levels::HullKind;
use crate::rules::{Arena, Mode, Rules};
use crate::setup::Setup;
use crate::text::Name;
use proptest::prelude::*;

mod damage;
mod golden;
mod limits;

const BUILD: &str = "test 1";

fn setup() -> Setup {
    fn asset<T: serde::de::DeserializeOwned>(text: &str) -> T {
        toml::from_str(text).expect("the assets of the repository are sound")
    }
    Setup {
        rules: asset::<Rules>(include_str!("../../../assets/rules.toml")),
        mode: asset::<Mode>(include_str!("../../../assets/modes/belt.toml")),
        arenas: vec![asset::<Arena>(include_str!("../../../assets/arenas/ring.toml"))],
        tick_rate_hz: 30,
        drones: 4,
        seed: 7,
    }
}

fn header() -> Header {
    Header::new(&setup(), BUILD, "harbour", 1_790_000_000_000)
}

fn keyframe(tick: u32) -> Keyframe {
    Keyframe { tick: Tick(tick), next_net_id: tick + 1, prices: vec![1000; 4], ..Keyframe::default() }
}

fn input(player: u32, buttons: u16, aim: u16) -> PlayerInput {
    let lag = ViewLag(buttons % 8 * 9);
    let controls = Controls { buttons: Buttons(buttons), aim: Angle::from_step(aim), lag };
    PlayerInput { player: PlayerId(player), controls }
}

fn hash_of(tick: u32) -> u64 {
    crate::hash::hash_bytes(&tick.to_le_bytes())
}

/// A short session with something of everything, taken out of the encoder every `every` ticks, a keyframe every ten.
fn session(ticks: u32, every: u32) -> (Vec<u8>, Vec<RecordedTick>) {
    let mut encoder = Encoder::new(&header());
    let mut file = Vec::new();
    let mut recorded = Vec::new();
    encoder.keyframe(&keyframe(0)).expect("a small keyframe");
    for tick in 1..=ticks {
        let mut inputs = TickInputs::default();
        match tick % 10 {
            1 => inputs.joins.push(Join {
                player: PlayerId(tick),
                name: Name::from_input("Ada"),
                hull: HullKind::default(),
            }),
            2 => inputs.absences.push(Absence { player: PlayerId(1), away: true }),
            3 => inputs.admin.push(Admin::SetDrones(9)),
            9 => inputs.leaves.push(PlayerId(tick - 8)),
            n => inputs.inputs.extend([input(1, n as u16, 40 * n as u16), input(5, 2, 1000)]),
        }
        encoder.tick(Tick(tick), &inputs, hash_of(tick)).expect("a small tick");
        recorded.push(RecordedTick { tick: Tick(tick), inputs, state_hash: hash_of(tick) });
        if tick % 7 == 3 {
            encoder.mark(Mark::killed(Tick(tick), PlayerId(1), PlayerId(5), 25));
        }
        if tick % every == 0 {
            file.extend(encoder.take().expect("a small chunk"));
        }
        if tick % 10 == 0 {
            encoder.keyframe(&keyframe(tick)).expect("a small keyframe");
        }
    }
    file.extend(encoder.finish().expect("a small index"));
    (file, recorded)
}

/// Everything from the first keyframe on.
fn play(recording: &Recording) -> Vec<RecordedTick> {
    play_from(recording, recording.first_tick())
}

/// Everything from a tick on that can be played, across the holes.
fn play_from(recording: &Recording, tick: Tick) -> Vec<RecordedTick> {
    let Ok((_, mut cursor)) = recording.seek(tick) else { return Vec::new() };
    let mut played = Vec::new();
    loop {
        match recording.next_tick(&mut cursor) {
            Ok(Some(next)) => played.push(next),
            Ok(None) => return played,
            Err(damage) => match damage.next_tick.map(|tick| recording.seek(tick)) {
                Some(Ok((keyframe, behind))) if Some(keyframe.tick) == damage.next_tick => cursor = behind,
                Some(seek) => panic!("{damage}: {seek:?}"),
                None => return played,
            },
        }
    }
}

#[test]
fn a_session_reads_as_it_was_written() {
    for every in [1, 4, 1000] {
        let (file, recorded) = session(45, every);
        let recording = Recording::open(file).expect("a sound file");
        assert_eq!(recording.header(), &header());
        assert_eq!(recording.header().setup(), Ok(setup()));
        assert_eq!(recording.ending(), &Ending::Complete);
        assert_eq!(
            (recording.first_tick(), recording.last_tick(), recording.ticks()),
            (Tick(0), Tick(45), 45)
        );
        assert_eq!(recording.keyframe_ticks().collect::<Vec<_>>(), [0, 10, 20, 30, 40].map(Tick));
        assert_eq!(recording.marks().len(), 7);
        assert_eq!(play(&recording), recorded);
        let shares: u64 = recording.shares().iter().map(|share| share.bytes).sum();
        assert_eq!(recording.header_bytes() as u64 + shares, recording.file_bytes());
    }
}

#[test]
fn seeking_gives_the_keyframe_before_and_the_ticks_after() {
    let (file, recorded) = session(45, 1);
    let recording = Recording::open(file).expect("a sound file");
    for tick in 0..=60 {
        let (key, _) = recording.seek(Tick(tick)).expect("a keyframe");
        assert_eq!(key, keyframe((tick / 10 * 10).min(40)));
        assert_eq!(play_from(&recording, Tick(tick)), recorded[key.tick.0 as usize..]);
    }
}

#[test]
fn a_recording_may_begin_at_any_tick() {
    let mut encoder = Encoder::new(&header());
    encoder.keyframe(&keyframe(500)).expect("a small keyframe");
    encoder.tick(Tick(501), &TickInputs::default(), 3).expect("a small tick");
    let recording = Recording::open(encoder.finish().expect("a small index")).expect("a sound file");
    assert_eq!((recording.first_tick(), recording.last_tick(), recording.ticks()), (Tick(500), Tick(501), 1));
    assert_eq!(recording.seek(Tick(3)).map(|(key, _)| key.tick), Ok(Tick(500)));
}

#[test]
fn the_index_is_found_from_the_end() {
    let (file, _) = session(45, 1);
    let tail = &file[file.len() - 120..];
    let index = Index::read(tail).expect("an index");
    assert_eq!((index.last_tick, index.ticks, index.marks, index.keyframes.len()), (Tick(45), 45, 7, 5));
    assert_eq!(Index::read(&file), Some(index));
    assert_eq!(Index::read(&file[..file.len() - 1]), None);
    assert_eq!(Index::read(&tail[100..]), None);
}

#[test]
fn the_roster_knows_humans_by_marks_and_drones_by_keyframes() {
    let seat = |player, drone: bool| crate::keyframe::PlayerKey {
        player: PlayerId(player),
        name: Name::from_input("Vega"),
        team: 2,
        calm_until: Tick(0),
        away: false,
        ship: None,
        respawn_ticks: 1,
        controls: Controls::default(),
        score: 0,
        purse: 0,
        streak: 0,
        kills: 0,
        deaths: 0,
        levels: crate::levels::Levels::default(),
        best_haul: 0,
        escape: 0,
        vote: 0,
        drone: drone.then(crate::keyframe::DroneKey::default),
    };
    let mut encoder = Encoder::new(&header());
    encoder
        .keyframe(&Keyframe { players: vec![seat(1, false), seat(1 << 24, true)], ..keyframe(0) })
        .expect("small");
    encoder.mark(Mark::joined(Tick(1), PlayerId(3), &Name::from_input("Ada")));
    encoder.mark(Mark::joined(Tick(1), PlayerId(4), &Name::from_input("Bo")));
    for tick in 1..=10 {
        encoder.tick(Tick(tick), &TickInputs::default(), 0).expect("small");
    }
    encoder.mark(Mark::left(Tick(7), PlayerId(1)));
    encoder.mark(Mark::left(Tick(8), PlayerId(4)));
    encoder.keyframe(&Keyframe { players: vec![seat(3, false)], ..keyframe(10) }).expect("small");
    let recording = Recording::open(encoder.finish().expect("small")).expect("a sound file");
    let roster = recording.roster();
    let told: Vec<_> =
        roster.iter().map(|seat| (seat.player.0, seat.team, seat.drone, seat.joined.0, seat.left)).collect();
    assert_eq!(
        told,
        [
            (1, 2, false, 0, Some(Tick(7))),
            (3, 2, false, 1, None),
            (4, 0, false, 1, Some(Tick(8))),
            (1 << 24, 2, true, 0, Some(Tick(10)))
        ]
    );
}

prop_compose! {
    fn any_input()(player in prop_oneof![0..60u32, any::<u32>()], buttons: u16, aim: u16) -> PlayerInput {
        input(player, buttons, aim)
    }
}

prop_compose! {
    fn any_inputs()(
        inputs in prop::collection::vec(any_input(), 0..8),
        leaves in prop::collection::vec(any::<u32>().prop_map(PlayerId), 0..2),
        joins in prop::collection::vec((any::<u32>(), ".{0,20}"), 0..2),
        absences in prop::collection::vec((any::<u32>(), any::<bool>()), 0..2),
        admin in prop::collection::vec(
            prop_oneof![any::<u16>().prop_map(Admin::SetDrones), any::<u32>().prop_map(|id| Admin::Kick(PlayerId(id)))],
            0..2,
        ),
        drones_in_turns in any::<bool>(),
    ) -> TickInputs {
        let joins = joins.into_iter().map(|(player, name)| Join { player: PlayerId(player), name: Name::from_input(&name), hull: HullKind::of_number((player % 3) as u16) });
        let absences = absences.into_iter().map(|(player, away)| Absence { player: PlayerId(player), away });
        TickInputs { leaves, joins: joins.collect(), absences: absences.collect(), admin, inputs, drones_in_turns }
    }
}

proptest! {
    #[test]
    fn any_inputs_survive(
        ticks in prop::collection::vec((any_inputs(), any::<u64>(), 0..8u8), 0..40),
        from in 0..1_000_000u32,
    ) {
        let mut encoder = Encoder::new(&header());
        let mut file = Vec::new();
        let mut recorded = Vec::new();
        encoder.keyframe(&keyframe(from)).expect("a small keyframe");
        for (index, (inputs, state_hash, act)) in ticks.into_iter().enumerate() {
            let tick = Tick(from + 1 + index as u32);
            encoder.tick(tick, &inputs, state_hash).expect("a small tick");
            recorded.push(RecordedTick { tick, inputs, state_hash });
            match act {
                0 => encoder.keyframe(&keyframe(tick.0)).expect("a small keyframe"),
                1 | 2 => file.extend(encoder.take().expect("a small chunk")),
                _ => {}
            }
        }
        file.extend(encoder.finish().expect("a small index"));
        let recording = Recording::open(file).expect("a sound file");
        prop_assert_eq!(recording.ending(), &Ending::Complete);
        prop_assert_eq!(play(&recording), recorded);
    }
}

/// The target is 8 KB per second for 50 players who all turn and press at once, written tick by tick.
#[test]
fn fifty_busy_players_take_less_than_8_kilobytes_per_second() {
    let mut encoder = Encoder::new(&header());
    encoder.keyframe(&keyframe(0)).expect("a small keyframe");
    let mut bytes = encoder.take().expect("a small chunk").len();
    let seconds = 20;
    for tick in 1..=seconds * 30 {
        let mut inputs = TickInputs::default();
        for player in 1..=50 {
            // A hand on a mouse: fast turns, and a button every third of a second.
            let noise = hash_of(tick * 50 + player);
            let sweep = (tick * (player % 9 + 1)) as u16;
            let buttons = if noise.is_multiple_of(10) { 5 } else { 1 };
            inputs.inputs.push(input(player, buttons, sweep * 4 + (noise >> 8) as u16 % 40));
        }
        encoder.tick(Tick(tick), &inputs, hash_of(tick)).expect("a small tick");
        bytes += encoder.take().expect("a small chunk").len();
    }
    let per_second = bytes / seconds as usize;
    assert!(per_second < 6000, "{per_second} bytes per second");
    assert!(per_second > 1000, "{per_second} bytes per second: the inputs of this test are too tame");
}

#[test]
fn a_recording_that_was_cut_goes_on_as_one() {
    let (whole, recorded) = session(47, 3);
    let uncut = Recording::open(whole.clone()).expect("a sound file");
    for cut in [whole.len() * 2 / 3, whole.len() - 40] {
        let start = Recording::open(whole[..cut].to_vec()).expect("a sound start");
        let last = start.last_tick();
        let mut file = whole[..start.sound_bytes() as usize].to_vec();
        let mut encoder = Encoder::resume(&start);
        let key =
            |player, token| SeatKey { player: PlayerId(player), token: TokenHash([token; 16]), before: None };
        encoder
            .seats(&Seats { next_player: 6, keys: vec![key(5, 1), key(9, 1)], muted: vec![PlayerId(9)] })
            .expect("a small chunk");
        encoder.keyframe(&keyframe(last.0)).expect("a small keyframe");
        for RecordedTick { tick, inputs, state_hash } in &recorded[last.0 as usize..] {
            encoder.tick(*tick, inputs, *state_hash).expect("a small tick");
        }
        encoder
            .seats(&Seats { next_player: 4, keys: vec![key(5, 2)], muted: vec![PlayerId(5)] })
            .expect("a small chunk");
        file.extend(encoder.finish().expect("a small index"));
        let again = Recording::open(file).expect("a sound file");
        assert_eq!(again.ending(), &Ending::Complete);
        assert_eq!(play(&again), recorded);
        assert_eq!(again.ticks(), uncut.ticks());
        assert_eq!(
            again.seats(),
            &Seats { next_player: 6, keys: vec![key(5, 2), key(9, 1)], muted: vec![PlayerId(5)] }
        );
    }
}
