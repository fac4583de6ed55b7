//! A server that is stopped in order, whatever else is under way: its rooms continue when it is started again.

use crate::player::{Player, play_until};
use crate::process::{command, recordings, replace, start, start_binary};
use shared::message::CloseCode;
use shared::recording::{Ending, Recording};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_game-server");

fn signal(name: &str, process: &Child) {
    assert!(Command::new("kill").args([name, &process.id().to_string()]).status().unwrap().success());
}

fn ending(home: &TempDir) -> Ending {
    let [path] = &recordings(home)[..] else { panic!("one recording") };
    Recording::open(fs::read(path).unwrap()).unwrap().ending().clone()
}

#[test]
fn a_restart_in_order_keeps_rooms_and_seats_and_a_stop_for_good_ends_them() {
    let home = TempDir::new().unwrap();
    let options = ["--drones", "4"];
    let mut server = start(&home, 0, &options);
    let address = server.address;
    let mut players: Vec<_> = (0..3).map(|number| Player::new(number, address)).collect();
    play_until(&mut players, |players| players.iter().all(|player| player.snapshots > 20));
    signal("-TERM", &server.child);
    play_until(&mut players, |_| server.child.try_wait().unwrap().is_some());
    assert!(server.child.wait().unwrap().success());
    for player in &players {
        assert_eq!(player.closed_with, [CloseCode::Restarting as u16]);
    }
    let before: Vec<_> = players.iter().map(|player| player.newest_fact.unwrap().score).collect();
    let mut server = start(&home, address.port(), &options);
    play_until(&mut players, |players| players.iter().all(|player| player.snapshots > 20));
    for (player, score) in players.iter().zip(before) {
        assert_eq!(player.welcomed_as.len(), 1, "the seat was kept");
        assert!(player.newest_fact.unwrap().score >= score, "the score was kept");
    }

    let mut stop = Command::new(BINARY);
    stop.args(["stop", "--for-good", "--recordings"]).arg(home.path());
    let mut stop = stop.spawn().unwrap();
    play_until(&mut players, |_| stop.try_wait().unwrap().is_some());
    assert!(stop.wait().unwrap().success() && server.child.wait().unwrap().success());
    assert!(players.iter().all(|player| player.closed_with.contains(&(CloseCode::GoingAway as u16))));
    assert_eq!(ending(&home), Ending::Complete);
}

#[test]
fn a_server_is_stopped_while_a_new_binary_is_asked() {
    let (home, bin) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let binary = bin.path().join("game-server");
    replace(&binary, &fs::read(BINARY).unwrap());
    let mut server = start_binary(&binary, &home, 0, &["--drones", "4"]);
    let mut players = [Player::new(1, server.address)];
    play_until(&mut players, |players| players[0].snapshots > 20);
    replace(&binary, b"#!/bin/sh\ntouch \"$0.asked\"\nexec sleep 60\n");
    signal("-USR2", &server.child);
    play_until(&mut players, |_| bin.path().join("game-server.asked").exists());
    signal("-USR2", &server.child);
    signal("-TERM", &server.child);
    play_until(&mut players, |_| server.child.try_wait().unwrap().is_some());
    assert!(server.child.wait().unwrap().success());
    assert_eq!(server.said("gives no answer"), 0, "the stop did not wait for an answer");
    assert_eq!(ending(&home), Ending::Unfinished);
}

#[test]
fn a_server_started_by_nohup_ignores_a_closing_terminal_and_is_upgraded_by_command() {
    let (home, bin) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let wrapper = bin.path().join("wrapper");
    replace(&wrapper, format!("#!/bin/sh\ntrap '' HUP\nexec {BINARY} \"$@\"\n").as_bytes());
    let server = start_binary(&wrapper, &home, 0, &["--drones", "4"]);
    let mut players = [Player::new(1, server.address)];
    (0..20).for_each(|_| signal("-HUP", &server.child));
    play_until(&mut players, |players| players[0].snapshots > 30);
    assert_eq!((server.said("takes over"), players[0].closed_with.len()), (0, 0));
    let upgrade = Command::new(BINARY).args(["upgrade", "--recordings"]).arg(home.path()).status().unwrap();
    assert!(upgrade.success());
    play_until(&mut players, |players| players[0].closed_with.len() == 1 && players[0].snapshots > 20);
    assert_eq!(players[0].welcomed_as.len(), 1);
}

/// A server whose standard error is a pipe that nobody reads after its URL was printed. `log` says how much it logs.
fn start_unread(
    home: &TempDir,
    log: &str,
) -> (Child, BufReader<std::process::ChildStderr>, std::net::SocketAddr) {
    let mut command = command(Path::new(BINARY), home, 0, &["--drones", "4", "--log-level", log]);
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut reader = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("Driftbelt is open: ") {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0);
    }
    let port = line.trim().trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    (child, reader, (std::net::Ipv4Addr::LOCALHOST, port).into())
}

#[test]
fn whatever_becomes_of_standard_error_the_room_goes_on_and_the_stop_is_orderly() {
    for (log, is_closed) in [("info", true), ("trace", false)] {
        let home = TempDir::new().unwrap();
        let (mut child, reader, address) = start_unread(&home, log);
        let reader = (!is_closed).then_some(reader);
        let mut players: Vec<_> = (0..3).map(|number| Player::new(number, address)).collect();
        play_until(&mut players, |players| players.iter().all(|player| player.snapshots > 60));
        signal("-TERM", &child);
        play_until(&mut players, |_| child.try_wait().unwrap().is_some());
        assert!(child.wait().unwrap().success());
        assert_eq!(players[0].closed_with, [CloseCode::Restarting as u16]);
        drop(reader);
    }
}
