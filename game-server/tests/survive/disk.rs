//! A directory of recordings that is removed during a match. (Permissions would not do: they do not bind root.)

use crate::player::{Player, play_until};
use crate::process::{command, recordings, start};
use game_server::commands::verify::verify;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg32;
use room::KEYFRAME_INTERVAL_SECONDS;
use shared::id::{PlayerId, Tick};
use shared::recording::{Encoder, Mark, RecordedTick, Recording};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const TICK_RATE_HZ: f32 = 30.0;
const BINARY: &str = env!("CARGO_BIN_EXE_game-server");
const LARGE_FILE_BYTES: u64 = 200_000_000;

#[test]
fn a_match_continues_without_its_directory_and_is_recorded_again_once_there_is_one() {
    let home = TempDir::new().unwrap();
    let server = start(&home, 0, &["--drones", "4"]);
    let address = server.address;
    let mut players = [Player::new(1, address)];
    play_until(&mut players, |players| players[0].snapshots > 30);
    assert!(server.get("/metrics").contains("\ndriftbelt_journals_recording 1\n"));

    let elsewhere = home.path().with_extension("moved");
    std::fs::rename(home.path(), &elsewhere).unwrap();
    std::fs::write(home.path(), "no directory").unwrap();
    play_until(&mut players, |_| server.said("recording stopped; the room goes on") > 0);
    assert_eq!(server.said(": the recording was moved or deleted: "), 1);
    play_until(&mut players, |_| server.get("/readyz").contains("not recording"));
    assert_eq!(server.said(" or name another one with --recordings"), 1);
    let shown = server.get("/metrics");
    for line in [
        "driftbelt_journals_recording 0",
        "driftbelt_journals_failed 1",
        "driftbelt_journal_failures_total{reason=\"the recording was moved or deleted\"} 1",
    ] {
        assert!(shown.contains(&format!("\n{line}\n")), "no `{line}` in\n{shown}");
    }
    // The next attempt fails too, and no player notices.
    let before = players[0].snapshots;
    let attempt = (KEYFRAME_INTERVAL_SECONDS * TICK_RATE_HZ) as u32 + 10;
    play_until(&mut players, |players| players[0].snapshots > before + attempt);
    assert_eq!((server.said("recording again"), players[0].closed_with.len()), (0, 0));

    std::fs::remove_file(home.path()).unwrap();
    play_until(&mut players, |_| server.said("recording again") > 0);
    assert!(server.get("/metrics").contains("\ndriftbelt_journals_recording 1\n"));
    let before = players[0].snapshots;
    play_until(&mut players, |players| players[0].snapshots > before + 30);
    assert!(!server.get("/readyz").contains("not recording"));
    assert_eq!(players[0].welcomed_as.len(), 1, "one seat from the beginning to the end");
    server.kill();
    let [path] = &recordings(&home)[..] else { panic!("one recording") };
    let recording = Recording::open(std::fs::read(path).unwrap()).unwrap();
    assert!(recording.ticks() > 20);
    assert!(verify(recording, |_| {}).unwrap().divergence.is_none());
    std::fs::remove_dir_all(elsewhere).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn a_limit_of_the_size_of_files_is_a_full_disk() {
    use std::process::Stdio;
    let home = TempDir::new().unwrap();
    let mut limited = Command::new("prlimit");
    limited.arg("--fsize=8192").arg(BINARY);
    limited
        .args(command(Path::new(BINARY), &home, 0, &["--drones", "4"]).get_args())
        .current_dir(home.path());
    limited.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let server = crate::process::start_command(&mut limited);
    let mut players = [Player::new(1, server.address)];
    play_until(&mut players, |_| server.get("/readyz").contains("not recording"));
    play_until(&mut players, |_| server.said("free space there, or set --recordings-limit-mib") > 0);
    server.kill();
}

#[test]
fn a_second_server_of_a_directory_refuses_and_says_where() {
    let home = TempDir::new().unwrap();
    let server = start(&home, 0, &[]);
    let output = command(Path::new(BINARY), &home, 0, &[]).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    let (process, path) = (server.child.id().to_string(), home.path().display().to_string());
    assert!(!output.status.success());
    for part in [&process, &path, "--recordings"] {
        assert!(words.contains(part), "{part} is missing in {words}");
    }
    server.kill();
    start(&home, 0, &[]).kill();
}

#[test]
fn what_is_being_recorded_is_nobodys_to_see_until_the_match_is_over() {
    let home = TempDir::new().unwrap();
    let server = start(&home, 0, &["--drones", "4"]);
    let mut players = [Player::new(1, server.address)];
    play_until(&mut players, |players| players[0].snapshots > 30);
    let [path] = &recordings(&home)[..] else { panic!("one recording") };
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    std::os::unix::fs::symlink(&name, home.path().join("link.belt")).unwrap();
    assert!(server.get("/api/recordings").ends_with("{\"recordings\":[]}"));
    for name in [&name, "link.belt"] {
        assert!(server.get(&format!("/recordings/{name}")).starts_with("HTTP/1.1 404 "));
    }
    server.kill();
    // The match may have gone on until now.
    let server = start(&home, 0, &["--no-record"]);
    assert!(server.get(&format!("/recordings/{name}")).starts_with("HTTP/1.1 404 "));
    assert!(server.get("/api/recordings").ends_with("{\"recordings\":[]}"));
    server.kill();
    let server = start(&home, 0, &["--no-record", "--watch-delay-seconds", "0"]);
    assert!(server.get(&format!("/recordings/{name}")).starts_with("HTTP/1.1 200 "));
    server.kill();
}

#[test]
fn a_server_without_a_place_to_record_says_so_once_and_serves() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("file");
    std::fs::write(&file, "no directory").unwrap();
    let recordings = file.display().to_string();
    let server = start(&home, 0, &["--drones", "4", "--recordings", &recordings]);
    let mut players = [Player::new(1, server.address)];
    play_until(&mut players, |players| players[0].snapshots > 30);
    assert!(server.get("/readyz").contains("not recording"));
    assert_eq!(server.said("recording stopped"), 1);
    assert_eq!(server.said(&format!("problem=\"{recordings}: ")), 2, "at the start and by the room");
    server.kill();
}

/// Bytes of a process in memory, at most so far; `None` once it has ended.
#[cfg(target_os = "linux")]
fn peak_bytes(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024)
}

/// What a command prints, and the bytes that it had in memory, at most.
#[cfg(target_os = "linux")]
fn measured(command: &mut Command) -> (String, u64) {
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak_bytes(child.id()).unwrap_or(peak);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    (std::io::read_to_string(child.stdout.unwrap()).unwrap(), peak)
}

#[test]
#[cfg(target_os = "linux")]
fn restoring_and_reading_take_memory_for_the_world_and_not_for_the_file() {
    let home = TempDir::new().unwrap();
    let options = ["--drones", "4"];
    let server = start(&home, 0, &options);
    let mut players = [Player::new(1, server.address)];
    play_until(&mut players, |players| players[0].snapshots > 30);
    server.kill();
    let [path] = &recordings(&home)[..] else { panic!("one recording") };

    // The same session, with chat that no compressor makes smaller.
    let played = Recording::open(std::fs::read(path).unwrap()).unwrap();
    let mut encoder = Encoder::new(played.header());
    let mut file = std::fs::File::create(path).unwrap();
    let (keyframe, mut cursor) = played.seek(Tick(0)).unwrap();
    encoder.seats(played.seats()).unwrap();
    encoder.keyframe(&keyframe).unwrap();
    let mut random = Pcg32::seed_from_u64(1);
    let text: String = (0..1_000_000).map(|_| random.random_range('!'..'~')).collect();
    for _ in 0..LARGE_FILE_BYTES / 1_000_000 {
        encoder.mark(Mark::said(Tick(0), PlayerId(1), &text));
        file.write_all(&encoder.take().unwrap()).unwrap();
    }
    while let Some(RecordedTick { tick, inputs, state_hash }) = played.next_tick(&mut cursor).unwrap() {
        encoder.tick(tick, &inputs, state_hash).unwrap();
    }
    file.write_all(&encoder.take().unwrap()).unwrap();

    assert!(std::fs::metadata(path).unwrap().len() > LARGE_FILE_BYTES / 2);
    let clip = home.path().join("clip");
    let of_clip = ["--from", "0:00", "--to", "0:01", "-o", clip.to_str().unwrap()];
    for (name, options, says) in [
        ("info", &[][..], "200 lines of chat"),
        ("verify", &[], "every hash matches"),
        ("clip", &of_clip, "0:01"),
    ] {
        let (said, peak_bytes) = measured(Command::new(BINARY).arg(name).arg(path).args(options));
        assert!(said.contains(says), "{said}");
        assert!((1..LARGE_FILE_BYTES / 2).contains(&peak_bytes), "{name}: {peak_bytes}");
    }
    let server = start(&home, 0, &options);
    assert_eq!(server.said("room restored"), 1);
    let peak_bytes = peak_bytes(server.child.id()).unwrap();
    assert!(peak_bytes < LARGE_FILE_BYTES / 2, "{peak_bytes}");
    server.kill();
}

/// A file system in memory, unmounted at the end.
struct Mounted(TempDir);

impl Mounted {
    /// `None` where mounting is not permitted.
    fn new(options: &str) -> Option<Mounted> {
        let home = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(home.path());
        mount.status().is_ok_and(|status| status.success()).then_some(Mounted(home))
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        assert!(Command::new("mount").args(["-o", &options]).arg(self.0.path()).status().unwrap().success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_is_told_once_and_recorded_to_again_once_there_is_space() {
    let Some(disk) = Mounted::new("size=64k") else { return eprintln!("skipped: mounting is not permitted") };
    std::fs::write(disk.0.path().join("filler"), [0; 36 * 1024]).unwrap();
    let server = start(&disk.0, 0, &["--drones", "20"]);
    let mut players = [Player::new(1, server.address)];
    play_until(&mut players, |_| server.get("/readyz").contains("not recording"));
    let before = players[0].snapshots;
    play_until(&mut players, |players| players[0].snapshots > before + 15 * TICK_RATE_HZ as u32);
    assert_eq!(server.said("recording stopped"), 1, "not at every attempt");
    assert_eq!(server.said("free space there, or set --recordings-limit-mib"), 1);
    disk.remount("size=64m");
    play_until(&mut players, |_| server.said("recording again") == 1);
    assert_eq!(players[0].closed_with.len(), 0);
    server.kill();
    let files = recordings(&disk.0);
    assert!(files.iter().all(|file| std::fs::metadata(file).unwrap().len() > 0), "{files:?}");
}

#[test]
fn a_read_only_disk_is_told_and_the_game_is_served() {
    let Some(disk) = Mounted::new("ro") else { return eprintln!("skipped: mounting is not permitted") };
    let server = start(&disk.0, 0, &["--drones", "4"]);
    let mut players = [Player::new(1, server.address)];
    play_until(&mut players, |players| players[0].snapshots > 20);
    assert!(server.get("/readyz").contains("not recording"));
    assert_eq!(server.said("nothing can be recorded"), 1);
    assert_eq!(recordings(&disk.0).len(), 0);
}
