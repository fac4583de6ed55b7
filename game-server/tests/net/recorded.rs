//! A match of real sockets, recorded: the file holds what was played.

use crate::peer::serve_with;
use game_server::net::limits::Limits;
use shared::id::Tick;
use shared::input::{Buttons, Controls, InputFrame};
use shared::message::{ClientMessage, Input, ServerMessage};
use std::process::{Command, Stdio};

/// Snapshots that each player gets before the server stops.
const SNAPSHOTS: usize = 45;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_played_verifies() {
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
            player.say(&ClientMessage::Input(Input { ack: snapshot.tick, frames: vec![frame] })).await;
        }
    }
    let directory = server.directory;
    server.server.stop().await;
    let recordings: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "belt"))
        .collect();
    assert_eq!(recordings.len(), 1);
    for task in ["verify", "info"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_game-server"));
        let output = command.arg(task).args(&recordings).stdin(Stdio::null()).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{task}: {out}{err}");
        assert!(!out.is_empty(), "{task}: {err}");
    }
}
