//! Frames and messages after the handshake: what is answered, and what ends the connection with which code.

use crate::peer::{
    BINARY, CLOSE, CONTINUATION, Frame, PING, PONG, TEXT, encoded, frame, hello, serve, serve_with,
};
use game_server::net::guard::limits::{Limits, REFUSALS_LIMIT_CONNECTIONS};
use shared::message::{ClientMessage, ServerMessage};

/// What a peer that has not said Hello is closed with after these bytes.
async fn close_code(bytes: &[u8]) -> u16 {
    let server = serve(Limits::default()).await;
    let mut peer = server.open().await;
    peer.write(bytes).await;
    peer.closed().await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn breaches_of_the_protocol_get_their_close_codes() {
    let mut unmasked = frame(true, BINARY, b"");
    unmasked[1] = 0;
    unmasked.truncate(2);
    let mut reserved_bit = frame(true, BINARY, b"x");
    reserved_bit[0] |= 0x40;
    let cases: [(&str, Vec<u8>, u16); 10] = [
        ("unmasked", unmasked, 1002),
        ("reserved bit", reserved_bit, 1002),
        ("reserved opcode", frame(true, 3, b""), 1002),
        ("reserved control opcode", frame(true, 11, b""), 1002),
        ("nothing to continue", frame(true, CONTINUATION, b""), 1002),
        ("fragmented ping", frame(false, PING, b""), 1002),
        ("ping that is too long", frame(true, PING, &[0; 126]), 1002),
        ("text", frame(true, TEXT, b"hello"), 1003),
        ("over the limit", frame(true, BINARY, &[0; 4097]), 1009),
        ("not a message", frame(true, BINARY, &[0xff; 64]), 4001),
    ];
    for (name, bytes, code) in cases {
        assert_eq!(close_code(&bytes).await, code, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_count_together() {
    let mut bytes = frame(false, BINARY, &[0; 4000]);
    bytes.extend(frame(false, CONTINUATION, &[0; 90]));
    bytes.extend(frame(true, CONTINUATION, &[0; 7]));
    assert_eq!(close_code(&bytes).await, 1009);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_is_hello_and_no_later_one() {
    assert_eq!(close_code(&frame(true, BINARY, &encoded(&ClientMessage::Leave))).await, 4001);
    let server = serve(Limits::default()).await;
    let mut peer = server.join().await;
    peer.say(&hello()).await;
    assert_eq!(peer.closed().await.0, 4001);
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_after_hello_ends_this_connection_and_no_other() {
    let server = serve(Limits::default()).await;
    let mut other = server.join().await;
    let mut peer = server.join().await;
    peer.send(BINARY, &[0xff; 100]).await;
    let (code, reason) = peer.closed().await;
    assert_eq!(code, 4001);
    assert!(reason.contains("message"), "{reason}");
    other.say(&ClientMessage::Ping { stamp: 7 }).await;
    other.hear_until(|message| matches!(message, ServerMessage::Pong { stamp: 7, .. })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_is_refused_in_words() {
    let server = serve(Limits::default()).await;
    let mut peer = server.open().await;
    let ClientMessage::Hello(mut newer) = hello() else { unreachable!() };
    newer.version += 1;
    peer.say(&ClientMessage::Hello(newer)).await;
    peer.hear_until(|message| matches!(message, ServerMessage::Goodbye { code: 4000, .. })).await;
    let (code, reason) = peer.closed().await;
    assert_eq!(code, 4000);
    assert!(reason.contains("newer"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_between_fragments_is_answered_and_the_message_heard() {
    let server = serve(Limits::default()).await;
    let mut peer = server.open().await;
    let hello = encoded(&hello());
    peer.write(&frame(false, BINARY, &hello[..1])).await;
    peer.send(PING, b"are you there?").await;
    assert_eq!(peer.frame().await, Some(Frame { opcode: PONG, payload: b"are you there?".to_vec() }));
    peer.write(&frame(false, CONTINUATION, &[])).await;
    peer.write(&frame(true, CONTINUATION, &hello[1..])).await;
    peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_may_come_byte_by_byte() {
    let server = serve(Limits::default()).await;
    let mut peer = server.open().await;
    for byte in frame(true, BINARY, &encoded(&hello())) {
        peer.write(&[byte]).await;
    }
    peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_frame_is_answered_with_its_code() {
    let server = serve(Limits::default()).await;
    let mut peer = server.join().await;
    peer.send(CLOSE, &[&1000_u16.to_be_bytes()[..], b"bye"].concat()).await;
    assert_eq!(peer.closed().await.0, 1000);
    let mut silent = server.open().await;
    silent.send(CLOSE, &[]).await;
    assert_eq!(silent.frame().await, Some(Frame { opcode: CLOSE, payload: Vec::new() }));
    silent.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_who_leaves_is_let_go() {
    let server = serve(Limits::default()).await;
    let mut peer = server.join().await;
    peer.say(&ClientMessage::Leave).await;
    assert_eq!(peer.closed().await.0, 4007);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_messages_than_allowed_end_the_connection() {
    let server = serve(Limits { messages_per_second: 1, messages_burst: 5, ..Limits::default() }).await;
    let mut peer = server.open().await;
    for _ in 0..6 {
        peer.send(PING, b"").await;
    }
    assert_eq!(peer.closed().await.0, 1008);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_bytes_than_allowed_end_the_connection() {
    let server = serve(Limits { bytes_per_second: 1, bytes_burst: 100, ..Limits::default() }).await;
    let mut peer = server.open().await;
    // Fragments without end and without content: no message ever comes of them.
    peer.write(&frame(false, BINARY, &[])).await;
    peer.write(&frame(false, CONTINUATION, &[]).repeat(20)).await;
    assert_eq!(peer.closed().await.0, 1008);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_says_so() {
    let server =
        serve_with(&["--no-tls", "--no-record", "--connections-limit", "1"], Limits::default()).await;
    let _first = server.join().await;
    let mut second = server.open().await;
    second.hear_until(|message| matches!(message, ServerMessage::Goodbye { code: 4003, .. })).await;
    assert_eq!(second.closed().await.0, 4003);
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_are_told_that_the_server_is_full_then_probes_are_answered_and_one_more_is_let_go_at_once() {
    let server =
        serve_with(&["--no-tls", "--no-record", "--connections-limit", "1"], Limits::default()).await;
    let mut held = Vec::new();
    for _ in 0..=REFUSALS_LIMIT_CONNECTIONS {
        held.push(server.connect().await);
    }
    assert_eq!(server.get("/healthz").await.status, 200);
    let refused = server.get("/").await;
    assert_eq!((refused.status, refused.header("Retry-After")), (503, "5"));
    // One address has one of those.
    let _probing = server.connect().await;
    server.connect().await.gone().await;
    assert_eq!(held[REFUSALS_LIMIT_CONNECTIONS].upgrade().await.status, 101, "that one is still answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_cannot_be_is_refused() {
    let server = serve(Limits::default()).await;
    let mut peer = server.connect().await;
    let request = crate::peer::upgrade_request(&[]).replace("/ws", "/ws?room=No%20Room");
    peer.write(request.as_bytes()).await;
    assert_eq!(peer.read_answer(false).await.status, 101);
    peer.say(&hello()).await;
    assert_eq!(peer.closed().await.0, 4001);
}
