//! Many who say nothing, many who come at once, and one who plays.

use crate::peer::{hello, serve, serve_with};
use game_server::net::guard::limits::Limits;
use shared::message::{ClientMessage, ServerMessage};
use std::time::Duration;

const CROWD: usize = 1000;
const STORM: usize = 200;
/// Seats of a room of the usual mode.
const SEATS: usize = 50;
/// Snapshots that the player must get while the crowd is there.
const SNAPSHOTS: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_silent_connections_do_not_touch_the_player() {
    let server = serve(Limits { hello_timeout: Duration::from_secs(30), ..Limits::default() }).await;
    let mut player = server.join().await;
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        crowd.push(server.open().await);
    }
    for _ in 0..SNAPSHOTS {
        player.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
    }
    let (address, directory) = (server.address(), server.directory);
    server.server.stop().await;
    for mut silent in crowd {
        assert_eq!(silent.closed().await.0, 1001);
    }
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    drop(directory);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_joins_gets_in_while_the_player_plays_on() {
    let server = serve_with(&["--no-tls", "--no-record", "--mode", "arena"], Limits::default()).await;
    let mut player = server.join().await;
    let mut storm = Vec::new();
    for _ in 0..STORM {
        storm.push(server.open().await);
    }
    for peer in &mut storm {
        peer.say(&hello()).await;
    }
    for _ in 0..SNAPSHOTS {
        player.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
    }
    for peer in &mut storm {
        peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
        peer.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_every_seat_taken_waits_for_the_next_free_one() {
    let server = serve_with(&["--no-tls", "--no-record", "--rooms-limit", "1"], Limits::default()).await;
    let mut seated = Vec::new();
    for _ in 0..SEATS {
        seated.push(server.join().await);
    }
    let mut waiting = server.open().await;
    waiting.say(&hello()).await;
    let first =
        |message: &ServerMessage<'_>| matches!(message, ServerMessage::Queued { position: 1, waiting: 1 });
    // Told when it comes, and again while it waits.
    waiting.hear_until(first).await;
    waiting.hear_until(first).await;
    seated[7].say(&ClientMessage::Leave).await;
    assert_eq!(seated[7].closed().await.0, 4007);
    waiting.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
    waiting.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
}
