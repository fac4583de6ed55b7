//! Recordings of real worlds as files: written, listed, restored, verified, described.

use game_server::assets::{Assets, Choice};
use game_server::commands::info::describe;
use game_server::commands::verify::{report, verify};
use game_server::host::journal::{
    Directory, Journal, JournalOptions, ListedRecording, Mark, Seats, Unfinished, list, unfinished,
};
use room::Record;
use shared::angle::Angle;
use shared::command::{Join, PlayerInput, TickInputs};
use shared::event::Happening;
use shared::hash::hash_bytes;
use shared::id::{PlayerId, Tick};
use shared::input::{Buttons, Controls, ViewLag};
use shared::keyframe::Keyframe;
use shared::recording::{ChunkKind, Encoder, Ending, Header, LATEST_DATE_UNIX_MS, Recording};
use shared::setup::Setup;
use shared::text::Name;
use sim::Sim;
use sim::replay::{ReplayError, Resimulation};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const ROOM: &str = "belt-1";
const KEYFRAME_INTERVAL_TICKS: u32 = 300;

fn setup(drones: u16) -> Setup {
    let choice = Choice { mode: "belt".into(), drones: Some(drones), seed: 11, tick_rate_hz: 30 };
    Assets::Embedded.setup(&choice).expect("the assets of the repository are sound")
}

/// A match without sockets: humans steered by a hash, and drones, recorded as a room does it.
struct Match {
    sim: Sim,
    options: JournalOptions,
    journal: Journal,
    humans: u32,
}

impl Match {
    fn new(directory: &Path, humans: u32, drones: u16) -> Match {
        let setup = setup(drones);
        let sim = Sim::new(&setup).expect("the game's own setup");
        let options = JournalOptions::new(directory.into());
        let mut journal = Journal::create(&options, ROOM, &setup, Arc::new(|| {}));
        journal.take(Record::keyframe(sim.keyframe(), Seats::default()));
        Match { sim, options, journal, humans }
    }

    /// Continues what was left of a match.
    fn resume(directory: &Path, left: Unfinished) -> Match {
        let options = JournalOptions::new(directory.into());
        let (restored, held) = left.restore().expect("this build made it");
        let mut journal = Journal::resume(&options, held, &restored, Arc::new(|| {}));
        let sim = restored.into_parts().2;
        journal.take(Record::keyframe(sim.keyframe(), Seats::default()));
        Match { sim, options, journal, humans: 3 }
    }

    /// Stops as a crash does: the recording is not closed. Says the last tick.
    fn crash(self) -> Tick {
        drop(self.journal);
        let (directory, tick) = (self.options.directory, self.sim.tick());
        let is_written = |newest: &ListedRecording| {
            newest.ticks.is_none()
                && !directory.is_running(&newest.name)
                && open(&directory.path().join(&newest.name)).last_tick() == tick
        };
        while !list(directory.path()).expect("a directory").first().is_some_and(is_written) {
            std::thread::yield_now();
        }
        tick
    }

    fn tick(&mut self) {
        let tick = self.sim.tick().next();
        // Every other second the server is short of time.
        let mut inputs = TickInputs { drones_in_turns: tick.0 / 30 % 2 == 1, ..TickInputs::default() };
        for player in 1..=self.humans {
            if tick.0 == player {
                let name = Name::from_input(&format!("Pilot {player}"));
                self.journal.take(Record::Mark(Mark::joined(tick, PlayerId(player), &name)));
                inputs.joins.push(Join { player: PlayerId(player), name, hull: Default::default() });
            }
            if tick.0 > player {
                inputs
                    .inputs
                    .push(PlayerInput { player: PlayerId(player), controls: controls(tick, player) });
            }
        }
        self.sim.step(&inputs);
        self.journal.take(Record::Tick { tick, inputs, state_hash: self.sim.state_hash() });
        if tick.0.is_multiple_of(KEYFRAME_INTERVAL_TICKS) {
            self.journal.take(Record::keyframe(self.sim.keyframe(), Seats::default()));
        }
        for event in self.sim.capture().events {
            if let Happening::Death { victim, killer, bounty, .. } = event.what {
                self.journal.take(Record::Mark(Mark::killed(tick, killer, victim, bounty)));
            }
        }
    }

    fn ticks(&mut self, count: u32) {
        (0..count).for_each(|_| self.tick());
    }

    /// Ends the match with a closed recording. Says the last tick and its hash.
    fn finish(self) -> (Tick, u64) {
        self.journal.finish(self.sim.keyframe());
        (self.sim.tick(), self.sim.state_hash())
    }
}

/// A hand that turns all the time and changes its buttons now and then.
fn controls(tick: Tick, player: u32) -> Controls {
    let noise = hash_bytes(&(tick.0 / 8 * 64 + player).to_le_bytes());
    let buttons = Buttons(noise as u16 & 0b101 | 1);
    Controls {
        buttons,
        aim: Angle::from_step((tick.0 * (player % 7 + 1)) as u16 + (noise >> 16) as u16 % 64),
        lag: ViewLag((noise >> 32) as u16 % 64),
    }
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

fn only_file(home: &TempDir) -> PathBuf {
    let listed = list(home.path()).expect("a directory");
    let [recording] = &listed[..] else { panic!("one recording, not {listed:?}") };
    home.path().join(&recording.name)
}

fn open(path: &Path) -> Recording {
    Recording::open(fs::read(path).expect("a file")).expect("a recording")
}

fn report_of(files: &[PathBuf]) -> (bool, String) {
    let mut out = Vec::new();
    let sound = report(files, &mut out).expect("memory takes everything");
    (sound, String::from_utf8(out).expect("text"))
}

/// Writes a recording again, with changes.
fn rewritten(
    recording: &Recording,
    mut change: impl FnMut(Tick, &mut TickInputs, &mut u64),
    mut change_keyframe: impl FnMut(&mut Keyframe),
) -> Vec<u8> {
    let mut encoder = Encoder::new(recording.header());
    let (mut keyframe, mut cursor) = recording.seek(Tick(0)).expect("a keyframe");
    let mut keyframes = recording.keyframe_ticks().skip(1).peekable();
    loop {
        change_keyframe(&mut keyframe);
        encoder.keyframe(&keyframe).expect("it was written before");
        let next = keyframes.next();
        while let Some(mut recorded) = recording.next_tick(&mut cursor).expect("a sound chunk") {
            change(recorded.tick, &mut recorded.inputs, &mut recorded.state_hash);
            encoder
                .tick(recorded.tick, &recorded.inputs, recorded.state_hash)
                .expect("it was written before");
            if Some(recorded.tick) == next {
                break;
            }
        }
        let Some(next) = next else { return encoder.finish().expect("it was written before") };
        keyframe = recording.seek(next).expect("a keyframe").0;
    }
}

#[test]
fn a_match_is_recorded_listed_verified_described_and_restored() {
    let home = home();
    let mut played = Match::new(home.path(), 6, 10);
    played.ticks(750);
    let (last, hash) = played.finish();
    let path = only_file(&home);

    let recording = open(&path);
    assert_eq!((recording.ending(), recording.ticks()), (&Ending::Complete, 750));
    let keyframes: Vec<u32> = recording.keyframe_ticks().map(|tick| tick.0).collect();
    assert_eq!(keyframes, [0, 300, 600, 750]);

    let listed = &list(home.path()).expect("a directory")[0];
    assert_eq!((listed.ticks, listed.room.as_str()), (Some(750), ROOM));
    assert_eq!((listed.mode.as_str(), listed.sim_build.as_str()), (setup(0).mode.title.as_str(), Sim::BUILD));

    let verdict = verify(recording.clone(), |_| {}).expect("this build made it");
    assert!(verdict.divergence.is_none(), "{:?}", verdict.divergence);
    assert_eq!(verdict.ticks, 750);
    let (sound, text) = report_of(std::slice::from_ref(&path));
    assert!(sound && text.contains("750 ticks (0:25)") && text.contains("every hash matches"), "{text}");

    let restored = Resimulation::restore(open(&path)).expect("this build made it");
    assert_eq!((restored.sim().tick(), restored.sim().state_hash()), (last, hash));
    assert_eq!(*restored.setup(), setup(10));

    let mut text = Vec::new();
    describe(fs::read(&path).expect("a file"), &mut text).expect("memory takes everything");
    let text = String::from_utf8(text).expect("text");
    for part in
        ["belt-1", "0:25 (750 ticks at 30 Hz", "Pilot 3", "6 joins", "keyframe", "ending      complete"]
    {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
}

#[test]
fn a_match_that_is_cut_off_anywhere_is_restored_at_its_last_whole_tick() {
    let home = home();
    let mut played = Match::new(home.path(), 4, 6);
    played.ticks(420);
    played.finish();
    let path = only_file(&home);
    let whole = open(&path);
    let mut hashes = vec![Sim::new(&setup(6)).expect("the game's own setup").state_hash()];
    let (_, mut cursor) = whole.seek(Tick(0)).expect("a keyframe");
    while let Some(recorded) = whole.next_tick(&mut cursor).expect("a sound chunk") {
        hashes.push(recorded.state_hash);
    }
    let file = fs::read(&path).expect("a file");
    let (_, header_bytes) = Header::read(&file).expect("a header");
    let cut_path = home.path().join("cut.belt");
    for part in 1..=24 {
        let cut = header_bytes + (file.len() - header_bytes) * part / 25;
        fs::write(&cut_path, &file[..cut]).expect("a file");
        match Resimulation::restore(open(&cut_path)) {
            Ok(restored) => {
                let tick = restored.sim().tick();
                assert_eq!(tick, open(&cut_path).last_tick());
                assert_eq!(restored.sim().state_hash(), hashes[tick.0 as usize], "tick {}", tick.0);
            }
            Err(error) => assert!(matches!(error, ReplayError::Seek(_)), "{error}"),
        }
    }
}

#[test]
fn a_recording_can_be_read_while_it_is_written() {
    let home = home();
    let mut played = Match::new(home.path(), 2, 2);
    let mut read = 0;
    for _ in 0..100_000 {
        played.tick();
        let Some(listed) = list(home.path()).expect("a directory").pop() else { continue };
        assert_eq!(listed.ticks, None);
        assert_eq!(played.options.directory.list().expect("a directory"), [], "nobody sees it");
        let recording = open(&home.path().join(&listed.name));
        assert_ne!(recording.ending(), &Ending::Complete);
        assert!(recording.last_tick() <= played.sim.tick());
        read = recording.ticks();
        if read > 5 {
            break;
        }
        std::thread::yield_now();
    }
    assert!(read > 5);
    played.finish();
    let listed = list(home.path()).expect("a directory");
    assert!(listed[0].ticks > Some(5));
}

#[test]
fn a_recording_that_was_tampered_with_names_the_tick_and_what_differs() {
    let home = home();
    let mut played = Match::new(home.path(), 4, 0);
    played.ticks(700);
    played.finish();
    let path = only_file(&home);
    let recording = open(&path);
    let tampered = home.path().join("tampered.belt");

    // Another input at tick 350: the ship turns elsewhere, at once, and is elsewhere at the next keyframe.
    let turn = |tick: Tick, inputs: &mut TickInputs, _: &mut u64| {
        if tick == Tick(350) {
            inputs.inputs[0].controls.aim = inputs.inputs[0].controls.aim.turned(300);
        }
    };
    fs::write(&tampered, rewritten(&recording, turn, |_| {})).expect("a file");
    let verdict = verify(open(&tampered), |_| {}).expect("this build made it");
    let divergence = verdict.divergence.expect("the input was changed");
    assert_eq!(divergence.tick, Tick(350));
    let (at, differences) = divergence.compared.expect("there are keyframes behind it");
    assert_eq!(at, Tick(600));
    assert!(!differences.is_empty());
    let (sound, text) = report_of(std::slice::from_ref(&tampered));
    assert!(!sound);
    for part in ["DIVERGED at tick 350 (0:11.6)", "at the keyframe of tick 600", "recorded", "simulated"] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }

    // Another hash at tick 10, and nothing else.
    let another = |tick: Tick, _: &mut TickInputs, hash: &mut u64| *hash ^= u64::from(tick == Tick(10));
    fs::write(&tampered, rewritten(&recording, another, |_| {})).expect("a file");
    let (sound, text) = report_of(std::slice::from_ref(&tampered));
    assert!(
        !sound && text.contains("DIVERGED at tick 10 ") && text.contains("the worlds are equal"),
        "{text}"
    );

    // Another keyframe at tick 300: seeking there would show another match.
    let richer = |keyframe: &mut Keyframe| {
        if keyframe.tick == Tick(300) {
            keyframe.players[0].score += 1000;
        }
    };
    fs::write(&tampered, rewritten(&recording, |_, _, _| {}, richer)).expect("a file");
    let (sound, text) = report_of(std::slice::from_ref(&tampered));
    assert!(!sound && text.contains("DIVERGED at tick 300 ") && text.contains("score"), "{text}");

    // And nothing changed at all: the tool that changes is not what is noticed.
    fs::write(&tampered, rewritten(&recording, |_, _, _| {}, |_| {})).expect("a file");
    assert!(report_of(std::slice::from_ref(&tampered)).0);
}

/// Changes a byte of the first run of ticks behind the keyframe of this number.
fn damage_run(file: &mut [u8], keyframe: usize) {
    let mut at = Header::read(file).expect("a header").1;
    let mut keyframes = 0;
    let is = |byte: u8, kind: ChunkKind| byte & 0x7f == kind as u8;
    while keyframes < keyframe || !is(file[at], ChunkKind::Ticks) {
        keyframes += usize::from(is(file[at], ChunkKind::Keyframe));
        at += 9 + u32::from_le_bytes([file[at + 1], file[at + 2], file[at + 3], file[at + 4]]) as usize;
    }
    file[at + 9] ^= 4;
}

#[test]
fn a_damaged_file_says_where_and_is_verified_and_described_past_it() {
    let home = home();
    let mut played = Match::new(home.path(), 3, 3);
    played.ticks(400);
    played.finish();
    let path = only_file(&home);
    let mut file = fs::read(&path).expect("a file");
    damage_run(&mut file, 1);
    let damaged = home.path().join("damaged.belt");
    fs::write(&damaged, &file).expect("a file");
    let (sound, text) = report_of(std::slice::from_ref(&damaged));
    assert!(!sound);
    let recording = open(&damaged);
    let [damage] = recording.holes() else { panic!("a byte was changed") };
    assert_eq!((damage.last_tick, damage.next_tick, damage.lost_ticks), (Tick(0), Some(Tick(300)), 299));
    for part in ["100 ticks", "every hash matches", "at tick 400", &damage.to_string()] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    let mut text = Vec::new();
    describe(file, &mut text).expect("memory takes everything");
    let text = String::from_utf8(text).expect("text");
    assert!(text.contains(&format!("damage      {damage}")) && text.contains("complete"), "{text}");

    let nonsense = home.path().join("nonsense.belt");
    fs::write(&nonsense, "no recording at all").expect("a file");
    let missing = home.path().join("missing.belt");
    let (sound, text) = report_of(&[path, damaged, nonsense, missing]);
    assert!(!sound);
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 5, "{text}");
    let chunk = format!("damaged in chunk {}", damage.number);
    for (row, part) in rows[1..].iter().zip(["sound", &chunk, "not a Driftbelt recording", "cannot be read"])
    {
        assert!(row.contains(part), "{part} is missing:\n{text}");
    }
}

/// The rooms that would be restored from a directory.
fn left_in(home: &Path) -> Vec<Unfinished> {
    unfinished(&Directory::new(home.into())).expect("a directory").collect()
}

#[test]
fn a_room_whose_recording_is_damaged_continues_in_a_new_file_beside_it() {
    type Damage = fn(&mut Vec<u8>);
    let before_newest_keyframe: Damage = |file| damage_run(file, 1);
    let behind_newest_keyframe: Damage = |file| damage_run(file, 2);
    let torn: Damage = |file| file.truncate(file.len() - 3);
    for (damage, kept_ticks, files) in
        [(before_newest_keyframe, 450..=450, 2), (behind_newest_keyframe, 300..=300, 2), (torn, 300..=449, 1)]
    {
        let home = home();
        let mut played = Match::new(home.path(), 3, 3);
        played.ticks(450);
        played.crash();
        let path = only_file(&home);
        let mut file = fs::read(&path).expect("a file");
        damage(&mut file);
        fs::write(&path, &file).expect("a file");

        let left = left_in(home.path()).pop().expect("the recording was not closed");
        let mut again = Match::resume(home.path(), left);
        let tick = again.sim.tick();
        assert!(kept_ticks.contains(&tick.0), "{tick:?}");
        again.ticks(20);
        let (last, _) = again.finish();

        let mut listed = list(home.path()).expect("a directory");
        assert_eq!(listed.len(), files);
        if files == 2 {
            assert_eq!(fs::read(&path).expect("a file"), file, "what was not understood is kept");
            listed.retain(|one| !path.ends_with(&one.name));
        }
        let newest = open(&home.path().join(&listed[0].name));
        assert_eq!((newest.ending(), newest.last_tick()), (&Ending::Complete, last));
        assert_eq!(newest.first_tick(), if files == 2 { tick } else { Tick(0) });
        assert!(verify(newest, |_| {}).expect("this build made it").divergence.is_none());
        assert!(left_in(home.path()).is_empty(), "the damaged one is not continued again");
    }
}

/// A recording with another time of its beginning.
fn begun_at(file: &[u8], started_at_unix_ms: u64) -> Vec<u8> {
    let (mut header, header_bytes) = Header::read(file).expect("a header");
    header.started_at_unix_ms = started_at_unix_ms;
    let mut changed = Encoder::new(&header).take().expect("small");
    // The index says where the keyframes are.
    assert_eq!(changed.len(), header_bytes, "dates of the same length");
    changed.extend(&file[header_bytes..]);
    changed
}

#[test]
fn the_newest_recording_is_restored_whatever_the_clocks_said() {
    let home = home();
    let mut closed = Match::new(home.path(), 1, 0);
    closed.ticks(20);
    closed.finish();
    let path = only_file(&home);
    // Closed in a year that this machine has never seen; dates in milliseconds take as many bytes.
    fs::write(&path, begun_at(&fs::read(&path).expect("a file"), 4_000_000_000_000)).expect("a file");
    let mut crashed = Match::new(home.path(), 1, 0);
    crashed.ticks(30);
    let last = crashed.crash();
    let listed = list(home.path()).expect("a directory");
    assert_eq!(listed.iter().map(|one| one.ticks).collect::<Vec<_>>(), [None, Some(20)], "the newest first");
    let again = Match::resume(home.path(), left_in(home.path()).pop().expect("the crashed one"));
    assert_eq!(again.sim.tick(), last);
    again.crash();

    // One of the time of no calendar is listed like any other, and what is closed after a crash ends the room.
    let mut closed = Match::new(home.path(), 1, 0);
    closed.ticks(5);
    closed.finish();
    assert!(left_in(home.path()).is_empty());
    let odd = begun_at(&fs::read(&path).expect("a file"), u64::MAX - 1);
    fs::write(home.path().join("odd.belt"), &odd).expect("a file");
    let listed = list(home.path()).expect("a directory");
    assert_eq!(
        listed.last().map(|one| (one.name.as_str(), one.started_at)),
        Some(("odd.belt", LATEST_DATE_UNIX_MS))
    );
    let mut text = Vec::new();
    describe(odd, &mut text).expect("memory takes everything");
    assert!(String::from_utf8_lossy(&text).contains("9999-12-31T23:59:59Z"));
}

#[test]
fn only_recordings_of_this_server_are_continued() {
    let (own, foreign) = (home(), home());
    for home in [&own, &foreign] {
        let mut played = Match::new(home.path(), 1, 0);
        played.ticks(30);
        played.crash();
    }
    let (path, copied) = (only_file(&own), only_file(&foreign));
    let name = copied.file_name().expect("a name");
    fs::copy(&path, own.path().join("copy.belt")).expect("a copy");
    fs::remove_file(&path).expect("a file");
    assert_eq!(left_in(own.path()).len(), 1, "a file is known by what stands in it");
    fs::remove_file(own.path().join("copy.belt")).expect("a file");
    fs::copy(&copied, own.path().join(name)).expect("a copy");
    assert!(left_in(own.path()).is_empty());
    assert_eq!(left_in(foreign.path()).len(), 1);
    // A directory that no server has used belongs to none of them.
    let fresh = home();
    fs::copy(&copied, fresh.path().join(name)).expect("a copy");
    assert!(left_in(fresh.path()).is_empty());
}

#[test]
fn a_recording_that_cannot_be_restored_leaves_the_one_before_it() {
    let home = home();
    let mut first = Match::new(home.path(), 1, 0);
    first.ticks(30);
    let last = first.crash();
    let id =
        Recording::open(fs::read(only_file(&home)).expect("a file")).expect("a recording").seats().server();
    let mut encoder = Encoder::new(&Header::new(&setup(0), "another", ROOM, 0));
    encoder.seats(&Seats::default().with_server(id.expect("a server"))).expect("small");
    encoder.keyframe(&Sim::new(&setup(0)).expect("the game's own setup").keyframe()).expect("a small world");
    let newer = home.path().join("belt-1-19700101t000000z-2.belt");
    fs::write(&newer, encoder.take().expect("small")).expect("a file");
    let left = left_in(home.path()).pop().expect("two recordings");
    assert!(newer.ends_with(left.name()));
    let (restored, held) = left.restore().expect("this build made the one before");
    assert_eq!((restored.sim().tick(), held.name.ends_with("-1.belt")), (last, true));
}

#[test]
fn a_recording_of_another_build_is_not_restored() {
    let home = home();
    let mut encoder = Encoder::new(&Header::new(&setup(0), "another", ROOM, 0));
    encoder.keyframe(&Sim::new(&setup(0)).expect("the game's own setup").keyframe()).expect("a small world");
    let path = home.path().join("old.belt");
    fs::write(&path, encoder.finish().expect("a small index")).expect("a file");
    let error = Resimulation::restore(open(&path)).err().expect("another build made it");
    assert!(error.to_string().contains("another"), "{error}");
}

/// The target for 50 players who never rest is 8 KB per second, with keyframes.
#[test]
fn a_busy_match_of_fifty_stays_small() {
    let home = home();
    let mut played = Match::new(home.path(), 50, 50);
    played.ticks(900);
    played.finish();
    let bytes_per_second = fs::metadata(only_file(&home)).expect("a file").len() / 30;
    assert!(bytes_per_second < 8_000, "{bytes_per_second} bytes per second");
}

#[test]
fn a_wrong_bit_in_the_header_loses_no_room() {
    let home = home();
    let mut played = Match::new(home.path(), 3, 3);
    played.ticks(50);
    played.crash();
    let path = only_file(&home);
    let sound = fs::read(&path).expect("a file");
    #[cfg(unix)]
    {
        // Reading it would never end.
        let pipe = home.path().join("pipe-20260921t141320z-9.belt");
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().expect("mkfifo").success());
    }
    for at in [1, 4, 7, 12, 14, 300] {
        let mut file = sound.clone();
        file[at] ^= 4;
        fs::write(&path, &file).expect("a file");
        let [left] = &left_in(home.path())[..] else { panic!("byte {at}: the room is lost") };
        assert_eq!(left.room(), ROOM);
        let damage: Vec<_> = open(&path).damage().map(ToString::to_string).collect();
        assert!(damage[0].starts_with("header: "), "{damage:?}");
        assert_eq!(Resimulation::restore(open(&path)).expect("a world").sim().tick(), Tick(50), "byte {at}");
    }
    let mut file = sound;
    file[..200].fill(0);
    fs::write(&path, &file).expect("a file");
    assert!(left_in(home.path()).is_empty());
    assert_eq!(fs::read(&path).expect("it is left as it is"), file);
}
