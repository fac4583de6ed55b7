//! Modes: rooms of several at once, and who is sent where.

use crate::peer::{Peer, TestServer, hello, serve_with, upgrade_request};
use game_server::net::guard::limits::Limits;
use shared::codec::decode_server;
use shared::message::{CloseCode, ServerMessage};
use tokio::net::TcpStream;

/// A client that asks for `query` and has said Hello.
async fn ask(server: &TestServer, query: &str) -> Peer<TcpStream> {
    let mut peer = server.connect().await;
    peer.write(upgrade_request(&[]).replace("/ws", &format!("/ws?{query}")).as_bytes()).await;
    assert_eq!(peer.read_answer(false).await.status, 101);
    peer.say(&hello()).await;
    peer
}

/// The room and the mode of a client's welcome.
async fn welcomed(peer: &mut Peer<TcpStream>) -> (String, String) {
    let bytes = peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
    let Ok(ServerMessage::Welcome(welcome)) = decode_server(&bytes) else { unreachable!("a welcome") };
    (welcome.room.clone(), welcome.mode.title.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_runs_rooms_of_several_modes_and_says_how_many_play_each() {
    let server = serve_with(&["--no-tls", "--no-record"], Limits::default()).await;
    let mut peers = Vec::new();
    for (query, room, mode) in [
        ("", "belt-1", "Free for all"),
        ("mode=teams", "belt-teams-1", "Teams"),
        ("mode=teams", "belt-teams-1", "Teams"),
        ("mode=duel", "belt-duel-1", "Duel"),
        ("mode=duel", "belt-duel-1", "Duel"),
        ("mode=duel", "belt-duel-2", "Duel"),
        ("room=belt-teams-7", "belt-teams-7", "Teams"),
        ("room=friends&mode=teams", "friends", "Teams"),
        // Nobody is sent into a room of an invite link.
        ("mode=teams&room=", "belt-teams-1", "Teams"),
    ] {
        let mut peer = ask(&server, query).await;
        assert_eq!(welcomed(&mut peer).await, (room.to_owned(), mode.to_owned()), "{query}");
        peers.push(peer);
    }
    let counts = || async {
        let modes: serde_json::Value = serde_json::from_slice(&server.get("/api/modes").await.body).unwrap();
        let counts = modes.as_array().unwrap().iter();
        counts
            .map(|mode| format!("{} {} {}", mode["name"], mode["players"], mode["isUsual"]))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let expected = "\"belt\" 1 true, \"duel\" 3 false, \"teams\" 4 false";
    while counts().await != expected {
        tokio::task::yield_now().await;
    }
    let status: serde_json::Value = serde_json::from_slice(&server.get("/api/status").await.body).unwrap();
    let rooms = status["rooms"].as_array().unwrap().iter().map(|room| room["name"].as_str().unwrap());
    assert!(rooms.clone().count() == 5 && rooms.clone().all(|room| room != "friends"), "{status}");
    for query in ["mode=chess", "mode=arena"] {
        let mut peer = ask(&server, query).await;
        assert_eq!(peer.closed().await.0, CloseCode::BadMessage as u16, "{query}");
    }
}
