//! The recording of a match over real sockets.

use crate::peer::serve_with;
use game_server::net::guard::limits::Limits;
use shared::id::Tick;
use shared::input::{Buttons, Controls, InputFrame};
use shared::message::{ClientMessage, Input, ServerMessage};
use shared::recording::{Ending, Recording};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Snapshots that each player gets before the server stops.
const SNAPSHOTS: usize = 45;

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_match_verifies() {
    let server = serve_with(&["--no-tls", "--drones", "4", "--seed", "7"], Limits::default()).await;
    let mut players = [server.join().await, server.join().await];
    for _ in 0..SNAPSHOTS {
        for player in &mut players {
            let bytes = player.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
            let Ok(ServerMessage::Snapshot(snapshot)) = shared::codec::decode_server(&bytes) else {
                unreachable!()
            };
            let tick = Tick(snapshot.tick.0 + 3);
            let controls = Controls { buttons: Buttons::THRUST.with(Buttons::FIRE), ..Controls::default() };
            let frame = InputFrame { tick, controls };
            player
                .say(&ClientMessage::Input(Input {
                    ack: snapshot.tick,
                    frames: [frame].into_iter().collect(),
                }))
                .await;
        }
    }
    let directory = server.directory;
    server.server.stop_for_good().await;
    let recordings: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "belt"))
        .collect();
    assert_eq!(recordings.len(), 1);
    for task in ["verify", "info", "bench-replay"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_game-server"));
        let output = command.arg(task).args(&recordings).stdin(Stdio::null()).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{task}: {out}{err}");
        assert!(!out.is_empty(), "{task}: {err}");
    }
    check_clips_of(&recordings[0], directory.path());
    let renamed = directory.path().join("best fight #1, 50% off");
    std::fs::rename(&recordings[0], &renamed).unwrap();
    check_replay_of(&renamed);
}

fn check_clips_of(file: &Path, directory: &Path) {
    let clip = directory.join("clip.belt");
    let cut = |from: &str, to: &str, output: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_game-server"));
        command.arg("clip").arg(file).args(["--from", from, "--to", to, "-o"]).arg(output);
        let output = command.stdin(Stdio::null()).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(cut("0.5", "0:01.2", &clip), (true, String::new()));
    let recording = Recording::open(std::fs::read(&clip).unwrap()).unwrap();
    assert_eq!((recording.ending(), recording.ticks()), (&Ending::Complete, 21));
    let mut command = Command::new(env!("CARGO_BIN_EXE_game-server"));
    assert!(command.arg("verify").arg(&clip).stdout(Stdio::null()).status().unwrap().success());
    for (from, to, words) in [
        ("0.5", "0:01.2", "clip.belt cannot be written"),
        ("1", "0:01", "--to must be later than --from"),
        ("1", "59:59", "name earlier times"),
        ("1", "soon", "such as 12:30"),
    ] {
        let (done, said) = cut(from, to, &clip);
        assert!(!done && said.contains(words), "{from} to {to}: {said}");
    }
}

/// The page at the address that `replay` prints requests the recording by the last part of its path.
fn check_replay_of(file: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_game-server"));
    let mut replay = Ended(command.arg("replay").arg(file).stderr(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(replay.0.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("Watch it here: http://").unwrap_or_else(|| panic!("{line}"));
    let (host, name) = url.split_once("/replay/").unwrap();
    assert_eq!(name, "best%20fight%20%231%2C%2050%25%20off");
    assert!(get(host, &format!("/replay/{name}")).starts_with(b"HTTP/1.1 "));
    let listed = String::from_utf8(get(host, "/api/recordings")).unwrap();
    assert!(listed.contains("\"name\":\"best fight #1, 50% off\""), "{listed}");
    assert!(get(host, &format!("/recordings/{name}")).ends_with(&std::fs::read(file).unwrap()));
}

/// Killed when dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(host: &str, path: &str) -> Vec<u8> {
    let mut peer = TcpStream::connect(host).unwrap();
    write!(peer, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    peer.read_to_end(&mut answer).unwrap();
    answer
}
