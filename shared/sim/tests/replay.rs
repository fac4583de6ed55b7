//! Re-simulation of a recording of the scripted match.

use shared::id::Tick;
use shared::keyframe::Keyframe;
use shared::recording::{Encoder, Ending, Header, Recording};
use sim::Sim;
use sim::clip::{ClipError, cut};
use sim::replay::{Divergence, ReplayError, Resimulation};
use sim::scripted::{inputs, setup};

const TICKS: u32 = 200;
const KEYFRAME_INTERVAL_TICKS: u32 = 50;

/// A recording by a build, with its keyframes and hashes changed.
fn recording(build: &str, key: impl Fn(&mut Keyframe), hash: impl Fn(Tick, u64) -> u64) -> Recording {
    Recording::open(file(build, key, hash).concat()).expect("a sound recording")
}

/// The file of such a recording, in parts that begin with the keyframes.
fn file(build: &str, key: impl Fn(&mut Keyframe), hash: impl Fn(Tick, u64) -> u64) -> Vec<Vec<u8>> {
    let mut sim = Sim::new(&setup()).expect("the script's own setup");
    let mut encoder = Encoder::new(&Header::new(&setup(), build, "script", 0));
    let mut parts = Vec::new();
    for tick in (0..=TICKS).map(Tick) {
        if tick > Tick(0) {
            sim.step(&inputs(tick.0));
            encoder.tick(tick, &inputs(tick.0), hash(tick, sim.state_hash())).expect("small");
        }
        if tick.0.is_multiple_of(KEYFRAME_INTERVAL_TICKS) {
            let mut keyframe = sim.keyframe();
            key(&mut keyframe);
            parts.push(encoder.take().expect("small"));
            encoder.keyframe(&keyframe).expect("small");
        }
    }
    parts.push(encoder.finish().expect("small"));
    parts
}

fn sound() -> Recording {
    recording(Sim::BUILD, |_| {}, |_, hash| hash)
}

#[test]
fn seeking_and_stepping_reach_equal_worlds() {
    let mut stepped = Resimulation::from_setup(sound()).expect("this build made it");
    let mut hashes = vec![stepped.sim().state_hash()];
    while stepped.step() {
        hashes.push(stepped.sim().state_hash());
        let differences = stepped.compare_keyframe().expect("it can be read");
        let due = stepped.sim().tick().0.is_multiple_of(KEYFRAME_INTERVAL_TICKS);
        assert_eq!(differences, due.then(Vec::new));
    }
    stepped.check().expect("as recorded");
    let mut sought = Resimulation::at(sound(), Tick(77)).expect("this build made it");
    for (tick, reached) in [(77, 77), (30, 30), (31, 31), (149, 149), (50, 50), (u32::MAX, TICKS), (0, 0)] {
        sought.seek(Tick(tick)).expect("every keyframe is sound");
        assert_eq!(sought.sim().tick(), Tick(reached));
        assert_eq!(sought.sim().state_hash(), hashes[reached as usize], "tick {tick}");
    }
    let restored = Resimulation::restore(sound()).expect("this build made it");
    assert_eq!((restored.sim().tick(), restored.last_tick()), (Tick(TICKS), Tick(TICKS)));
}

#[test]
fn the_earliest_divergence_that_was_stepped_over_is_kept() {
    let wrong = |tick: Tick, hash: u64| hash ^ u64::from(tick == Tick(60) || tick == Tick(160));
    let changed = || recording(Sim::BUILD, |_| {}, wrong);
    let mut replay = Resimulation::at(changed(), Tick(170)).expect("this build made it");
    let tick = |replay: &Resimulation| replay.divergence().map(|Divergence { tick, .. }| tick);
    assert_eq!(tick(&replay), Some(Tick(160)));
    for sought in [90, 180] {
        replay.seek(Tick(sought)).expect("every keyframe is sound");
        assert_eq!(tick(&replay), Some(Tick(60)));
    }
    assert!(Resimulation::restore(changed()).is_ok(), "the newest keyframe is behind both");
    let late = recording(Sim::BUILD, |_| {}, |tick, hash| hash ^ u64::from(tick == Tick(TICKS)));
    assert!(Resimulation::restore(late).is_ok(), "its last tick has a keyframe");
}

#[test]
fn a_keyframe_that_makes_no_world_leaves_the_world_where_it_was() {
    let unsound = |key: &mut Keyframe| key.next_net_id *= u32::from(key.tick != Tick(100));
    let mut replay = Resimulation::at(recording(Sim::BUILD, unsound, |_, hash| hash), Tick(42))
        .expect("its first keyframe is sound");
    let error = replay.seek(Tick(120)).expect_err("the keyframe of tick 100");
    assert!(error.to_string().contains("tick 100"), "{error}");
    assert_eq!(replay.sim().tick(), Tick(42));
}

#[test]
fn another_build_is_named_and_not_restored() {
    let foreign = || recording("another", |_| {}, |_, hash| hash);
    assert!(Resimulation::at(foreign(), Tick(9)).is_ok(), "the same rules by another name");
    let error = Resimulation::restore(foreign()).err().expect("another build may go elsewhere");
    assert!(matches!(&error, ReplayError::OtherBuild { error: None, .. }), "{error}");
    let unsound = recording("another", |key| key.next_net_id = 0, |_, hash| hash);
    let error = Resimulation::at(unsound, Tick(0)).err().expect("its keyframe makes no world");
    assert!(error.to_string().contains("another") && error.to_string().contains(Sim::BUILD), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn the_world_jumps_over_a_hole_to_the_next_keyframe() {
    let mut whole = Resimulation::at(sound(), Tick(0)).expect("this build made it");
    let mut hashes = vec![whole.sim().state_hash()];
    while whole.step() {
        hashes.push(whole.sim().state_hash());
    }
    let mut parts = file(Sim::BUILD, |_| {}, |_, hash| hash);
    // The header; the keyframe of tick 0 and the run behind it; …
    let last_byte = parts[2].len() - 1;
    parts[2][last_byte] ^= 1;
    let damaged = || Recording::open(parts.concat()).expect("the header is sound");
    let [hole] = &damaged().holes().to_vec()[..] else { panic!("{:?}", damaged().holes()) };
    assert_eq!((hole.last_tick, hole.next_tick, hole.lost_ticks), (Tick(50), Some(Tick(100)), 49));

    let mut replay = Resimulation::at(damaged(), Tick(0)).expect("this build made it");
    let mut reached = Vec::new();
    while replay.step() {
        let tick = replay.sim().tick().0;
        assert_eq!(replay.sim().state_hash(), hashes[tick as usize], "tick {tick}");
        reached.push(tick);
    }
    assert_eq!(reached, (1..=50).chain(101..=TICKS).collect::<Vec<_>>());
    assert_eq!((replay.divergence(), replay.damage(), replay.last_tick()), (None, None, Tick(TICKS)));
    for (tick, reached) in [(50, 50), (51, 101), (99, 101), (100, 100), (20, 20)] {
        replay.seek(Tick(tick)).expect("every keyframe is sound");
        assert_eq!(replay.sim().tick(), Tick(reached));
        assert_eq!(replay.sim().state_hash(), hashes[reached as usize], "tick {tick}");
    }
}

#[test]
fn a_session_is_restored_from_the_newest_keyframe_that_can_be_used() {
    let restored = |key: fn(&mut Keyframe)| {
        let recording = recording(Sim::BUILD, key, |_, hash| hash);
        Resimulation::restore(recording).map(|replay| (replay.sim().tick(), replay.sim().state_hash()))
    };
    let whole = restored(|_| {}).expect("every keyframe is sound");
    let without_newest = restored(|key| key.next_net_id *= u32::from(key.tick != Tick(TICKS)));
    assert_eq!(without_newest.expect("the keyframe before it is sound"), whole);
    assert!(matches!(restored(|key| key.next_net_id = 0), Err(ReplayError::Keyframe { .. })));
}

#[test]
fn a_clip_is_a_recording_of_its_ticks() {
    let whole = sound();
    for (from, to) in [(0, TICKS), (10, 60), (50, 51), (77, 149), (100, 150)] {
        let clip = cut(&whole, Tick(from), Tick(to)).expect("it is in the recording");
        let clip = Recording::open(clip).expect("a recording");
        assert_eq!(clip.ending(), &Ending::Complete);
        assert_eq!((clip.first_tick(), clip.last_tick()), (Tick(from), Tick(to)));
        let due = (from + 1..to).filter(|tick| tick.is_multiple_of(KEYFRAME_INTERVAL_TICKS)).count();
        assert_eq!(clip.keyframe_ticks().len(), 1 + due);
        let mut replay = Resimulation::at(clip, Tick(0)).expect("this build made it");
        let mut original = Resimulation::at(sound(), Tick(from)).expect("this build made it");
        while replay.step() {
            original.step();
            assert_eq!(replay.sim().state_hash(), original.sim().state_hash());
        }
        replay.check().expect("as recorded");
        assert_eq!(replay.sim().tick(), Tick(to));
    }
    let again = Recording::open(cut(&whole, Tick(10), Tick(120)).expect("inside")).expect("a recording");
    let (of_clip, of_whole) = (cut(&again, Tick(20), Tick(90)), cut(&whole, Tick(20), Tick(90)));
    assert_eq!(of_clip.expect("inside"), of_whole.expect("inside"), "a clip of a clip has the same bytes");

    assert!(matches!(cut(&whole, Tick(9), Tick(9)), Err(ClipError::Empty)));
    assert!(matches!(cut(&whole, Tick(9), Tick(TICKS + 1)), Err(ClipError::Outside { .. })));
    let foreign = recording("another", |_| {}, |_, hash| hash);
    let error = cut(&foreign, Tick(9), Tick(20)).expect_err("another build may go elsewhere");
    assert!(matches!(error, ClipError::Replay(ReplayError::OtherBuild { .. })), "{error}");
    let wrong = recording(Sim::BUILD, |_| {}, |tick, hash| hash ^ u64::from(tick == Tick(60)));
    assert!(matches!(cut(&wrong, Tick(70), Tick(90)), Err(ClipError::Replay(ReplayError::Diverged(_)))));
    assert!(cut(&wrong, Tick(110), Tick(120)).is_ok());
}
