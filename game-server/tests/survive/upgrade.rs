//! A new binary takes over while people play; one that cannot is refused.

use crate::facts::assert_all_true;
use crate::player::{Player, play_until};
use crate::process::{command, recordings, replace, start_binary};
use game_server::commands::verify::verify;
use shared::message::CloseCode;
use shared::recording::Recording;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const PLAYERS: u64 = 8;
const BINARY: &str = env!("CARGO_BIN_EXE_game-server");

fn snapshots(players: &[Player]) -> u32 {
    players.iter().map(|player| player.snapshots).sum()
}

#[test]
fn a_new_binary_takes_over_the_match_and_one_that_refuses_does_not() {
    let (home, bin) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let binary = bin.path().join("game-server");
    replace(&binary, &fs::read(BINARY).unwrap());
    let mut server = start_binary(&binary, &home, 0, &["--drones", "10", "--seed", "6"]);
    let mut players: Vec<_> = (0..PLAYERS).map(|number| Player::new(number, server.address)).collect();
    play_until(&mut players, |players| players.iter().all(|player| player.snapshots > 20));

    replace(&binary, b"#!/bin/sh\necho 'error: it simulates as another' >&2\nexit 1\n");
    let ask_for_upgrade = |pid: u32| Command::new("kill").args(["-USR2", &pid.to_string()]).status().unwrap();
    assert!(ask_for_upgrade(server.child.id()).success());
    play_until(&mut players, |_| server.said("refuses: it simulates as another") == 1);
    let before = snapshots(&players);
    play_until(&mut players, |players| snapshots(players) > before + 80);
    assert!(players.iter().all(|player| player.closed_with.is_empty()), "the match continues");

    replace(&binary, &fs::read(BINARY).unwrap());
    let mut facts = Vec::new();
    for upgrade in 1..=2 {
        if upgrade == 1 {
            assert!(ask_for_upgrade(server.child.id()).success());
        } else {
            let mut command = Command::new(BINARY);
            command.arg("upgrade").arg("--recordings").arg(home.path());
            assert!(command.status().unwrap().success());
        }
        play_until(&mut players, |players| {
            players.iter().all(|player| player.closed_with.len() == upgrade && player.snapshots > 20)
        });
        facts.extend(players.iter().filter_map(|player| player.newest_fact));
    }
    assert!(server.child.try_wait().unwrap().is_none(), "the same process all along");
    for player in &players {
        assert_eq!(player.welcomed_as.len(), 1, "a seat was lost");
        assert_eq!(player.closed_with, [CloseCode::Restarting as u16; 2]);
        eprintln!("longest silence {} ms", player.longest_silence_ms);
    }
    server.kill();
    let [path] = &recordings(&home)[..] else { panic!("one recording of one session") };
    let recording = Recording::open(fs::read(path).unwrap()).unwrap();
    assert!(verify(recording, |_| {}).unwrap().divergence.is_none());
    assert_all_true(path, facts);
}

#[test]
fn a_server_whose_successor_cannot_be_executed_plays_on() {
    let (home, bin) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let binary = bin.path().join("game-server");
    replace(&binary, &fs::read(BINARY).unwrap());
    let server = start_binary(&binary, &home, 0, &["--drones", "4"]);
    let mut players: Vec<_> = (0..2).map(|number| Player::new(number, server.address)).collect();
    play_until(&mut players, |players| players.iter().all(|player| player.snapshots > 20));
    let ask_for_upgrade =
        || Command::new("kill").args(["-USR2", &server.child.id().to_string()]).status().unwrap();
    let second_refuses = || !command(Path::new(BINARY), &home, 0, &[]).output().unwrap().status.success();
    for attempt in 1..=2 {
        // It can take over, it says, and is gone.
        replace(&binary, b"#!/bin/sh\nrm \"$0\"\n");
        assert!(ask_for_upgrade().success());
        play_until(&mut players, |players| {
            players.iter().all(|player| player.closed_with.len() == attempt && player.snapshots > 20)
        });
        assert_eq!(server.said("the new binary cannot be executed"), attempt);
        assert!(second_refuses());
    }
    replace(&binary, &fs::read(BINARY).unwrap());
    assert!(ask_for_upgrade().success());
    play_until(&mut players, |players| {
        players.iter().all(|player| player.closed_with.len() == 3 && player.snapshots > 20)
    });
    assert!(players.iter().all(|player| player.welcomed_as.len() == 1), "a seat was lost");
    assert!(second_refuses(), "the lock went to the successor");
    server.kill();
    assert_eq!(recordings(&home).len(), 1, "one recording of one session");
}

#[test]
fn a_binary_with_another_simulation_says_so() {
    let home = TempDir::new().unwrap();
    let answer = |build: &str, origin: Option<&str>, options: &[&str]| {
        let mut command = Command::new(BINARY);
        command.args(options).current_dir(home.path()).env("GAME_SERVER_SUCCEEDS_SIMULATION", build);
        command.envs(origin.map(|origin| ("GAME_SERVER_SUCCEEDS_ORIGIN", origin)));
        let output = command.stdin(Stdio::null()).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (can, words) = answer(sim::Sim::BUILD, None, &["--no-tls"]);
    assert!(can, "{words}");
    let (can, words) = answer("driftbelt-sim-0", None, &["--no-tls"]);
    assert!(!can && words.contains(sim::Sim::BUILD) && words.contains("driftbelt-sim-0"), "{words}");
    fs::write(home.path().join("short"), "secret").unwrap();
    for unusable in [
        ["--mode", "no-such-mode"],
        ["--admin-token-file", "missing"],
        ["--admin-token-file", "short"],
        ["--cert", "missing"],
        ["--no-tls", "--host=0.0.0.0"],
    ] {
        let (can, words) = answer(sim::Sim::BUILD, None, &unusable);
        assert!(!can, "{unusable:?}: {words}");
    }
    for (origin, options, keeps) in [
        ("https://[::]:9443", &["--port", "9443"][..], true),
        ("http://127.0.0.1:9443", &["--port", "0", "--no-tls"], true),
        ("https://[::]:9443", &["--port", "9443", "--no-tls"], false),
        ("https://127.0.0.1:9443", &["--port", "9443", "--host", "127.0.0.1", "--no-tls"], false),
        ("http://127.0.0.1:9443", &["--port", "9443", "--host", "127.0.0.1"], false),
        ("https://[::]:9443", &["--port", "9444"], false),
        ("https://[::]:9443", &["--port", "9443", "--host", "::1"], false),
    ] {
        let (can, words) = answer(sim::Sim::BUILD, Some(origin), options);
        assert_eq!(can, keeps, "{origin} {options:?}: {words}");
        assert!(keeps || words.contains(origin), "{words}");
    }
    let output = Command::new(BINARY)
        .args(["upgrade", "--recordings", "."])
        .current_dir(home.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("no server records into"));
}
