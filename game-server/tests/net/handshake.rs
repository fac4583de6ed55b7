//! The WebSocket handshake (RFC 6455 §4): the valid one, and each reason for a refusal.

use crate::peer::{BINARY, encoded, frame, hello, serve, serve_with, upgrade_request};
use game_server::net::guard::limits::Limits;
use shared::message::ServerMessage;

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_request_is_upgraded() {
    let server = serve(Limits::default()).await;
    let answer = server.connect().await.upgrade().await;
    assert_eq!(answer.header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(answer.header("Sec-WebSocket-Protocol"), "driftbelt.5");
    assert!(answer.header("Upgrade").eq_ignore_ascii_case("websocket"));
    assert!(answer.header("Connection").eq_ignore_ascii_case("upgrade"));
    assert_eq!(answer.header("Sec-WebSocket-Extensions"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_tokens_are_case_insensitive() {
    let server = serve(Limits::default()).await;
    let request = upgrade_request(&[
        ("Upgrade", "WebSocket"),
        ("Connection", "UPGRADE"),
        ("Origin", "http://LOCALHOST"),
    ]);
    assert_eq!(server.request(&request.replace("Sec-WebSocket-Key", "sec-websocket-key")).await.status, 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_without_upgrade_is_told_what_the_path_is_for() {
    let server = serve(Limits::default()).await;
    let answer = server.get("/ws").await;
    assert_eq!(answer.status, 426);
    assert_eq!(answer.header("Upgrade"), "websocket");
    assert_eq!(answer.header("Sec-WebSocket-Version"), "13");
    assert!(answer.text().contains("WebSocket"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_requests_are_refused() {
    let server = serve(Limits::default()).await;
    let cases: [(&str, &str, u16); 12] = [
        ("Upgrade", "", 426),
        ("Upgrade", "h2c", 426),
        ("Connection", "keep-alive", 426),
        ("Sec-WebSocket-Version", "8", 426),
        ("Sec-WebSocket-Version", "", 426),
        ("Sec-WebSocket-Key", "", 400),
        ("Sec-WebSocket-Key", "c2hvcnQ=", 400),
        ("Sec-WebSocket-Key", "!!!!!!!!!!!!!!!!!!!!!!==", 400),
        ("Sec-WebSocket-Protocol", "", 400),
        ("Sec-WebSocket-Protocol", "chat", 400),
        ("Origin", "https://evil.test", 403),
        ("Origin", "null", 403),
    ];
    for (name, value, status) in cases {
        let answer = server.request(&upgrade_request(&[(name, value)])).await;
        assert_eq!(answer.status, status, "{name}: {value}");
        assert!(!answer.body.is_empty(), "{name}: {value}");
    }
    for method in ["POST", "HEAD"] {
        let answer = server.request(&upgrade_request(&[]).replace("GET", method)).await;
        assert_eq!((answer.status, answer.header("Allow")), (405, "GET"), "{method}");
    }
    assert_eq!(server.request(&upgrade_request(&[]).replace("HTTP/1.1", "HTTP/1.0")).await.status, 400);
    let twice =
        upgrade_request(&[]).replace("Upgrade: ", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nUpgrade: ");
    assert_eq!(server.request(&twice).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn listed_origins_replace_the_own_one() {
    let server =
        serve_with(&["--no-tls", "--no-record", "--origin", "https://games.test"], Limits::default()).await;
    let status = async |origin| server.request(&upgrade_request(&[("Origin", origin)])).await.status;
    assert_eq!(status("https://games.test").await, 101);
    assert_eq!(status("http://localhost").await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_version_is_told_so() {
    let server = serve(Limits::default()).await;
    for (offer, word) in [("driftbelt.3", "older"), ("chat, driftbelt.6", "newer")] {
        let mut peer = server.connect().await;
        peer.write(upgrade_request(&[("Sec-WebSocket-Protocol", offer)]).as_bytes()).await;
        let answer = peer.read_answer(false).await;
        assert_eq!(answer.status, 101);
        assert!(offer.ends_with(answer.header("Sec-WebSocket-Protocol")));
        let (code, reason) = peer.closed().await;
        assert_eq!(code, 4000);
        assert!(reason.contains(word), "{reason}");
    }
    let both =
        server.request(&upgrade_request(&[("Sec-WebSocket-Protocol", "driftbelt.6, driftbelt.5")])).await;
    assert_eq!(both.header("Sec-WebSocket-Protocol"), "driftbelt.5");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_in_the_same_packet_as_the_request_is_heard() {
    let server = serve(Limits::default()).await;
    let mut peer = server.connect().await;
    let mut bytes = upgrade_request(&[]).into_bytes();
    bytes.extend(frame(true, BINARY, &encoded(&hello())));
    peer.write(&bytes).await;
    assert_eq!(peer.read_answer(false).await.status, 101);
    peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
}
