//! What holds sockets and files for long: polls, downloads of recordings and clips, requests that wait for the next piece of a
//! match. Each has a share, and the rest is served when a share is used up.

use crate::peer::{Peer, TestServer, hello, serve, serve_with};
use crate::well::Well;
use game_server::net::guard::limits::Limits;
use serde_json::Value;
use shared::PROTOCOL_VERSION;
use std::fs;
use tokio::net::TcpStream;

/// More than the buffers of a connection take.
const LARGE_BYTES: usize = 16 * 1024 * 1024;

/// Sends a request, and reads the head of the answer.
async fn begin(server: &TestServer, path: &str, line: &str) -> (u16, Peer<TcpStream>) {
    let mut peer = server.connect().await;
    peer.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{line}\r\n").as_bytes()).await;
    (peer.read_answer(false).await.status, peer)
}

#[tokio::test(flavor = "multi_thread")]
async fn clips_and_recordings_share_the_downloads_of_an_address() {
    let clips = tempfile::TempDir::new().unwrap();
    let options =
        ["--no-tls", "--downloads-per-address-limit", "2", "--clips", clips.path().to_str().unwrap()];
    let server = serve_with(&options, Limits::default()).await;
    fs::write(clips.path().join("abcdefghijkm.belt"), vec![7; LARGE_BYTES]).unwrap();
    fs::write(server.directory.path().join("old.belt"), vec![0; LARGE_BYTES]).unwrap();
    let (status, first) = begin(&server, "/clips/abcdefghijkm", "").await;
    let (second_status, second) = begin(&server, "/recordings/old.belt", "").await;
    assert_eq!((status, second_status), (200, 200));
    for path in ["/clips/abcdefghijkm", "/c/abcdefghijkm", "/api/clips/abcdefghijkm", "/recordings/old.belt"]
    {
        let refused = server.get(path).await;
        assert_eq!((refused.status, refused.header("Retry-After")), (429, "5"), "{path}");
    }
    assert_eq!(server.get("/readyz").await.status, 200);
    drop((first, second));
    while server.get("/api/clips/abcdefghijkm").await.status == 429 {}
    let whole = begin(&server, "/clips/abcdefghijkm", "Range: bytes=4-9\r\nIf-Range: \"other\"\r\n").await.0;
    assert_eq!(whole, 200);
    let part =
        server.request("GET /clips/abcdefghijkm HTTP/1.1\r\nHost: localhost\r\nRange: bytes=4-9\r\n\r\n");
    let part = part.await;
    assert_eq!((part.status, &part.body[..]), (206, &[7; 6][..]));
    let same = format!("Range: bytes=4-9\r\nIf-Range: {}\r\n", part.header("ETag"));
    assert_eq!(begin(&server, "/clips/abcdefghijkm", &same).await.0, 206);
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_clients_leave_sockets_to_the_others() {
    let server = serve(Limits { polling_connections: 1, ..Limits::default() }).await;
    let hello = crate::peer::encoded(&hello());
    let open = async || {
        let mut peer = server.connect().await;
        let head = format!(
            "POST /poll?version={PROTOCOL_VERSION} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
            hello.len()
        );
        peer.write(&[head.as_bytes(), &hello].concat()).await;
        peer.read_answer(true).await
    };
    assert_eq!(open().await.status, 201);
    let refused = open().await;
    assert_eq!(refused.status, 200);
    assert!(String::from_utf8_lossy(&refused.body).contains("without a WebSocket"), "{refused:?}");
    server.join().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_wait_for_a_piece_are_limited_and_are_no_downloads() {
    let options = ["--no-tls", "--downloads-per-address-limit", "1", "--watch-delay-seconds", "600"];
    let server = serve_with(&options, Limits { waiting_watchers_per_address: 2, ..Limits::default() }).await;
    let mut player = server.join().await;
    let path = loop {
        player.steer().await;
        let status: Value = serde_json::from_slice(&server.get("/api/status").await.body).unwrap();
        if let Some(file) = status["rooms"][0]["recording"]["file"].as_str() {
            break format!("/watch/belt-1/{file}/0-1");
        }
    };
    let mut player = Well::play_on(player);
    let mut waiting = Vec::new();
    let refused = loop {
        let mut peer = server.connect().await;
        peer.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await;
        // One that waits has no answer yet.
        let answer =
            tokio::time::timeout(std::time::Duration::from_millis(500), peer.read_answer(true)).await;
        match answer {
            Ok(answer) => break answer,
            Err(_) => waiting.push(peer),
        }
    };
    assert_eq!((refused.status, waiting.len()), (429, 2), "{refused:?}");
    fs::write(server.directory.path().join("old.belt"), "x").unwrap();
    assert_eq!(server.get("/recordings/old.belt").await.status, 200);
    player.play(5).await;
}
