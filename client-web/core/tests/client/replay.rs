//! The replay player against recordings of the real simulation.

use crate::belt::setup;
use crate::rig::{Chance, Frame};
use client_core::layout::{DrawKind, HeaderWord, ItemWord, NONE, Relation};
use client_core::notice::Notice;
use client_core::replay::Replay;
use shared::angle::Angle;
use shared::command::{Join, PlayerInput, TickInputs};
use shared::id::{PlayerId, Tick};
use shared::input::{Buttons, Controls, ViewLag};
use shared::recording::{Encoder, Header, Landmark, Mark, PIECE_CHUNKS, PieceCounter, Recording};
use shared::text::Name;
use sim::Sim;

const TICKS: u32 = 900;
const KEYFRAME_TICKS: u32 = 150;
const HZ: f64 = 30.0;

/// A recording, and the hash of its every tick.
struct Match {
    file: Vec<u8>,
    hashes: Vec<u64>,
}

/// Players join one by one and fly at random; there are drones. `tamper` may change a tick's recorded hash.
fn play(build: &str, closed: bool, tamper: impl Fn(Tick, u64) -> u64) -> Match {
    let mut setup = setup();
    setup.drones = 8;
    let mut sim = Sim::new(&setup).expect("the game's own setup");
    let mut encoder = Encoder::new(&Header::new(&setup, build, "test", 1_700_000_000_000));
    let mut chance = Chance::new(11);
    let mut file = Vec::new();
    let mut hashes = vec![sim.state_hash()];
    encoder.keyframe(&sim.keyframe()).expect("small");
    for tick in 1..=TICKS {
        let mut inputs = TickInputs::default();
        if tick % 20 == 1 && tick < 100 {
            let join = Join {
                player: PlayerId(tick / 20 + 1),
                name: Name::from_input(&format!("P{tick}")),
                hull: Default::default(),
            };
            encoder.mark(Mark::joined(Tick(tick), join.player, &join.name));
            inputs.joins.push(join);
        }
        for player in 1..=5 {
            if chance.below(10) == 0 {
                let controls = Controls {
                    buttons: Buttons(chance.below(16) as u16),
                    aim: Angle::from_step(chance.below(1024) as u16),
                    lag: ViewLag(chance.below(60) as u16),
                };
                inputs.inputs.push(PlayerInput { player: PlayerId(player), controls });
            }
        }
        sim.step(&inputs);
        hashes.push(sim.state_hash());
        encoder.tick(Tick(tick), &inputs, tamper(Tick(tick), sim.state_hash())).expect("small");
        if tick % KEYFRAME_TICKS == 0 && tick < TICKS {
            encoder.keyframe(&sim.keyframe()).expect("small");
        }
        file.extend(encoder.take().expect("small"));
    }
    if closed {
        file.extend(encoder.finish().expect("small"));
    }
    Match { file, hashes }
}

fn recorded() -> Match {
    play(Sim::BUILD, true, |_, hash| hash)
}

fn hash_of(replay: &Replay) -> String {
    replay.state().state_hash
}

#[test]
fn playing_and_seeking_show_the_recorded_hashes() {
    let recorded = recorded();
    let expected = |tick: u32| format!("{:016x}", recorded.hashes[tick as usize]);
    let mut replay = Replay::open(recorded.file.clone()).expect("a recording");
    assert_eq!((replay.state().tick, hash_of(&replay)), (0, expected(0)));
    replay.set_playing(true);
    let mut now_ms = 0.0;
    let mut seen = 0;
    while replay.state().playing {
        replay.advance(now_ms);
        now_ms += 1000.0 / HZ;
        let tick = replay.state().tick;
        assert_eq!(hash_of(&replay), expected(tick), "at tick {tick}");
        seen += 1;
    }
    assert!(seen >= TICKS);
    assert_eq!(replay.state().tick, TICKS);
    let mut chance = Chance::new(2);
    let jumps = (0..60).map(|_| chance.below(u64::from(TICKS) + 1) as u32);
    for tick in [TICKS, 0, 1, 2, 149, 150, 151, TICKS - 1].into_iter().chain(jumps) {
        replay.seek(tick);
        assert_eq!((replay.state().tick, hash_of(&replay)), (tick, expected(tick)));
    }
    assert_eq!(replay.state().diverged_at, None);
    replay.seek(TICKS + 1000);
    assert_eq!(replay.state().tick, TICKS);
    let info = replay.info();
    assert_eq!((info.complete, info.warning, info.ticks), (true, None, TICKS));
    assert_eq!(info.sim_build, Sim::BUILD);
    assert_eq!(info.marks.len(), 5);
    assert!(info.players.iter().filter(|player| !player.drone).count() == 5);
}

#[test]
fn speed_pause_and_gaps_decide_how_time_passes() {
    let mut replay = Replay::open(recorded().file).expect("a recording");
    replay.advance(0.0);
    replay.advance(200.0);
    assert_eq!(replay.state().tick, 0, "paused");
    replay.set_playing(true);
    for (speed, ticks) in [(1.0, 6), (4.0, 24), (0.25, 1), (16.0, 96), (1000.0, 96)] {
        replay.seek(100);
        replay.set_speed(speed);
        let mut now_ms = 10_000.0;
        replay.advance(now_ms);
        replay.seek(100);
        for _ in 0..12 {
            now_ms += 1000.0 / 60.0;
            replay.advance(now_ms + 0.001);
        }
        assert_eq!(replay.state().tick, 100 + ticks, "at speed {speed}");
    }
    replay.set_speed(1.0);
    replay.advance(1e6);
    replay.seek(100);
    replay.advance(2e6);
    assert_eq!(replay.state().tick, 107, "a hidden tab pauses");
}

#[test]
fn names_tables_and_effects_come_as_in_the_live_game() {
    let mut replay = Replay::open(recorded().file).expect("a recording");
    replay.follow(1);
    replay.set_playing(true);
    replay.set_speed(4.0);
    let mut notices = Vec::new();
    let mut effects = 0;
    let mut now_ms = 0.0;
    while replay.state().playing {
        replay.advance(now_ms);
        now_ms += 16.0;
        effects += replay.frame(now_ms)[HeaderWord::Effects as usize];
        notices.extend(std::iter::from_fn(|| replay.poll_notice()));
    }
    let count = |fits: fn(&Notice) -> bool| notices.iter().filter(|notice| fits(notice)).count();
    assert!(count(|notice| matches!(notice, Notice::Name { drone: false, .. })) == 5);
    assert_eq!(count(|notice| matches!(notice, Notice::System { key: "joined", .. })), 5);
    assert!(count(|notice| matches!(notice, Notice::Scoreboard { .. })) >= 59, "twice a second");
    assert!(count(|notice| matches!(notice, Notice::Quotes { .. })) >= 1);
    assert!(effects > 50, "{effects} effects");
}

#[test]
fn the_camera_follows_a_ship_or_stays_where_it_is_put() {
    let camera =
        |frame: &Frame| (frame.header_float(HeaderWord::CameraX), frame.header_float(HeaderWord::CameraY));
    let mut replay = Replay::open(recorded().file).expect("a recording");
    replay.seek(60);
    replay.follow(1);
    let frame = Frame(replay.frame(0.0).to_vec());
    let own = frame.header(HeaderWord::Own) as usize;
    assert!(frame.items().contains(&own), "the followed ship is in the picture");
    let words = [ItemWord::Kind, ItemWord::Relation, ItemWord::Player].map(|word| frame.item(own, word));
    assert_eq!(words, [DrawKind::Ship as u32, Relation::Own as u32, 1]);
    assert_eq!(camera(&frame), frame.item_position(own).into());
    assert!(frame.header_float(HeaderWord::Health) > 0.0 && frame.header(HeaderWord::Alive) == 1);
    replay.set_camera(10.0, -20.0, 4000.0);
    let wide = Frame(replay.frame(0.0).to_vec());
    assert_eq!((camera(&wide), wide.header_float(HeaderWord::ViewWidth)), ((10.0, -20.0), 4000.0));
    assert!(wide.items().len() > frame.items().len(), "the whole world");
    assert_eq!(wide.items().len(), replay.state().entities + 3, "and its stations");
    replay.follow(0);
    assert_eq!(Frame(replay.frame(0.0).to_vec()).header(HeaderWord::Own), NONE);
}

#[test]
fn a_file_cut_anywhere_plays_up_to_its_last_whole_chunk() {
    let recorded = play(Sim::BUILD, false, |_, hash| hash);
    let mut replay = Replay::open(recorded.file.clone()).expect("a recording");
    assert!(!replay.info().complete && replay.info().warning.is_some());
    let mut chance = Chance::new(4);
    let mut played = 0;
    for _ in 0..60 {
        let cut = chance.below(recorded.file.len() as u64) as usize;
        let Ok(mut replay) = Replay::open(recorded.file[..cut].to_vec()) else { continue };
        let info = replay.info();
        assert!(info.warning.is_some(), "cut at byte {cut}");
        replay.seek(info.ticks);
        let expected = format!("{:016x}", recorded.hashes[info.ticks as usize]);
        assert_eq!((replay.state().tick, hash_of(&replay)), (info.ticks, expected));
        played += 1;
    }
    assert!(played > 50);
    replay.seek(0);
}

#[test]
fn a_divergence_and_another_build_are_reported() {
    let file = play(Sim::BUILD, true, |tick, hash| if tick.0 == 333 { hash ^ 1 } else { hash }).file;
    let mut replay = Replay::open(file).expect("a recording");
    assert_eq!(replay.info().warning, None);
    replay.seek(400);
    assert_eq!(replay.state().diverged_at, Some(333));
    assert!(replay.info().warning.is_some_and(|warning| warning.contains("333")));

    let other = play("driftbelt-sim-0.0.9", true, |_, hash| hash).file;
    let warning = Replay::open(other).expect("a readable recording").info().warning;
    assert!(warning.is_some_and(|warning| warning.contains("driftbelt-sim-0.0.9")));

    let error = Replay::open(b"GIF89a".to_vec()).err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some("this is not a Driftbelt recording"));
}

#[test]
fn files_with_flipped_bits_never_panic() {
    let recorded = recorded();
    let mut chance = Chance::new(6);
    for _ in 0..40 {
        let mut file = recorded.file.clone();
        for _ in 0..=chance.below(3) {
            let place = chance.below(file.len() as u64) as usize;
            file[place] ^= 1 << chance.below(8);
        }
        let Ok(mut replay) = Replay::open(file) else { continue };
        assert!(replay.info().warning.is_some());
        replay.seek(TICKS);
        replay.frame(0.0);
    }
}

#[test]
fn a_recording_that_grows_plays_on_and_ends_with_its_index() {
    let recorded = recorded();
    let expected = |tick: u32| format!("{:016x}", recorded.hashes[tick as usize]);
    let whole = Recording::open(recorded.file.clone()).expect("a recording");
    let mut ends = Vec::new();
    let mut pieces = PieceCounter::new(whole.header().format, whole.header_bytes());
    recorded.file.chunks(1000).for_each(|portion| {
        pieces.push(portion, |found| {
            if let Landmark::PieceEnd(end) = found {
                ends.push(end as usize)
            }
        })
    });
    assert_eq!(ends.len(), (TICKS / PIECE_CHUNKS) as usize + 1, "the index is in a piece, too");
    let mut replay = Replay::open(recorded.file[..ends[0]].to_vec()).expect("a recording");
    replay.append(&[]);
    replay.set_playing(true);
    replay.set_speed(16.0);
    let mut now_ms = 0.0;
    for (number, piece) in ends.windows(2).enumerate() {
        let edge = (number as u32 + 1) * PIECE_CHUNKS;
        for _ in 0..10 {
            now_ms += 100.0;
            replay.advance(now_ms);
        }
        let state = replay.state();
        assert_eq!((state.tick, state.ticks, state.live, state.playing), (edge, edge, true, true));
        assert_eq!(state.state_hash, expected(edge));
        replay.append(&recorded.file[piece[0]..piece[1]]);
    }
    replay.append(&recorded.file[ends[ends.len() - 1]..]);
    assert_eq!((replay.state().live, replay.state().ticks), (false, TICKS));
    replay.seek(3);
    assert_eq!(hash_of(&replay), expected(3));
    replay.seek(TICKS);
    assert_eq!((hash_of(&replay), replay.state().diverged_at), (expected(TICKS), None));
    let grown = replay.info();
    let complete = Replay::open(recorded.file.clone()).expect("a recording").info();
    assert_eq!((grown.marks, grown.players, grown.complete), (complete.marks, complete.players, true));
    let clip = replay.cut(100, 200).expect("inside");
    let mut clip = Replay::open(clip).expect("a recording");
    clip.seek(200);
    assert_eq!(hash_of(&clip), expected(200));
}

#[test]
fn every_component_can_be_looked_at_as_it_was_and_became() {
    let recorded = recorded();
    let mut replay = Replay::open(recorded.file).expect("a recording");
    replay.seek(200);
    let world = replay.inspect().expect("sound");
    assert_eq!(world.tick, 200);
    let ship = world.subjects.iter().find(|one| one.label == "Ship" && one.player == 1).expect("a ship");
    let value = |replay: &mut Replay, subject: &str, name: &str| {
        let inspected = replay.components_of(subject).expect("sound").components;
        inspected.into_iter().find(|component| component.name == name).map(|component| component.value)
    };
    assert_eq!(value(&mut replay, "player 1", "name"), Some("Name(\"P1\")".into()));
    assert_eq!(value(&mut replay, "world", "tick"), Some("Tick(200)".into()));
    for strange in ["player 999", "entity 4000000000", "entity x", "planet 3", ""] {
        assert_eq!(replay.components_of(strange).expect("sound").components, [], "{strange}");
    }
    let now = value(&mut replay, &ship.key, "position_q");
    let history = replay.history_of(&ship.key, "position_q", 30).expect("sound").changes;
    assert_eq!(
        (history.first().map(|change| change.tick), history.last().map(|change| &change.value)),
        (Some(170), now.as_ref())
    );
    assert!(history.is_sorted_by(|a, b| a.tick < b.tick && a.value != b.value));
    let all = replay.history_of("world", "tick", u32::MAX).expect("sound").changes;
    assert_eq!(all.len(), 201, "no further than the recording and the limit");
    assert_eq!(hash_of(&replay), format!("{:016x}", recorded.hashes[200]), "looking changes nothing");
}

#[test]
fn the_repro_of_a_tick_begins_at_the_keyframe_before_it_and_verifies() {
    let recorded = recorded();
    let mut replay = Replay::open(recorded.file).expect("a recording");
    replay.seek(400);
    let mut repro = Replay::open(replay.repro().expect("sound")).expect("a recording");
    let info = repro.info();
    assert_eq!((info.first_tick, info.ticks, info.complete, info.warning), (300, TICKS, true, None));
    repro.seek(TICKS);
    assert_eq!(hash_of(&repro), format!("{:016x}", recorded.hashes[TICKS as usize]));
    assert_eq!(repro.state().diverged_at, None);
}
