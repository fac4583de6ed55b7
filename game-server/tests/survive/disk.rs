//! A directory of recordings that is removed during a match. (Permissions would not do: they do not bind root.)

use crate::player::{Player, play_until};
use crate::process::{recordings, start};
use game_server::commands::verify::verify;
use room::KEYFRAME_INTERVAL_SECONDS;
use shared::recording::Recording;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use tempfile::TempDir;

const TICK_RATE_HZ: f32 = 30.0;

fn metrics(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_match_continues_without_its_directory_and_is_recorded_again_once_there_is_one() {
    let home = TempDir::new().unwrap();
    let server = start(&home, 0, &["--drones", "4"]);
    let address = server.address;
    let mut players = [Player::new(1, address)];
    play_until(&mut players, |players| players[0].snapshots > 5);
    assert!(metrics(address).contains("\ndriftbelt_journals_recording 1\n"));

    std::fs::remove_dir_all(home.path()).unwrap();
    std::fs::write(home.path(), "no directory").unwrap();
    play_until(&mut players, |_| server.said("recording stopped; the room goes on") > 0);
    assert_eq!(server.said("problem=\"the recording was deleted\""), 1);
    let shown = metrics(address);
    for line in [
        "driftbelt_journals_recording 0",
        "driftbelt_journals_failed 1",
        "driftbelt_journal_failures_total{reason=\"the recording was deleted\"} 1",
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
    assert!(metrics(address).contains("\ndriftbelt_journals_recording 1\n"));
    let before = players[0].snapshots;
    play_until(&mut players, |players| players[0].snapshots > before + 30);
    assert_eq!(players[0].welcomed_as.len(), 1, "one seat from the beginning to the end");
    server.kill();
    let [path] = &recordings(&home)[..] else { panic!("one recording") };
    let recording = Recording::open(std::fs::read(path).unwrap()).unwrap();
    assert!(recording.ticks() > 20);
    assert!(verify(recording, |_| {}).unwrap().divergence.is_none());
}
