//! Timeouts.

use crate::peer::{BINARY, PING, PONG, Peer, TestServer, encoded, frame, hello, serve};
use game_server::net::guard::limits::Limits;
use shared::message::{ClientMessage, ServerMessage};
use std::time::Duration;
use tokio::net::TcpSocket;

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_without_hello_is_closed() {
    let server = serve(Limits { hello_timeout: SHORT, ..Limits::default() }).await;
    assert_eq!(server.open().await.closed().await.0, 4004);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_player_is_pinged_and_then_closed() {
    let limits = Limits { ping_after: SHORT, silence_timeout: 20 * SHORT, ..Limits::default() };
    let server = serve(limits).await;
    let mut peer = server.join().await;
    // An answer keeps the connection.
    for _ in 0..2 {
        while peer.frame().await.unwrap().opcode != PING {}
        peer.send(PONG, b"").await;
    }
    assert_eq!(peer.closed().await.0, 4008);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_who_receives_nothing_is_closed_and_the_others_play_on() {
    let limits =
        Limits { write_timeout: SHORT, messages_burst: u32::MAX, bytes_burst: u32::MAX, ..Limits::default() };
    let server = serve(limits).await;
    let mut other = server.join().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stalled = Peer::new(socket.connect(server.address()).await.unwrap());
    stalled.upgrade().await;
    stalled.say(&hello()).await;
    // It reads nothing, and asks for answers until the kernel's buffers on both sides are full.
    let ping = frame(true, BINARY, &encoded(&ClientMessage::Ping { stamp: 1 })).repeat(50);
    let mut written = 0;
    while connections(&server).await < 2 {}
    while connections(&server).await == 2 {
        written += stalled.stream.try_write(&ping[written..]).unwrap_or_default();
        written %= ping.len();
    }
    other.say(&ClientMessage::Ping { stamp: 7 }).await;
    other.hear_until(|message| matches!(message, ServerMessage::Pong { stamp: 7, .. })).await;
}

async fn connections(server: &TestServer) -> u64 {
    let status: serde_json::Value = serde_json::from_slice(&server.get("/api/status").await.body).unwrap();
    status["connections"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_ends_is_aborted() {
    let server = serve(Limits { request_timeout: SHORT, ..Limits::default() }).await;
    let mut peer = server.connect().await;
    peer.write(b"GET / HTTP/1.1\r\nHost: loc").await;
    peer.gone().await;
    server.connect().await.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_outlives_what_load_balancers_keep() {
    assert!(Limits::default().transfer_timeout > Duration::from_secs(60));
    let limits = Limits { request_timeout: SHORT, transfer_timeout: 20 * SHORT, ..Limits::default() };
    let server = serve(limits).await;
    let mut peer = server.connect().await;
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    peer.write(request).await;
    assert_eq!(peer.read_answer(true).await.status, 200);
    // Another connection that is silent from the start ends meanwhile, by the time for a request.
    server.connect().await.gone().await;
    peer.write(request).await;
    assert_eq!(peer.read_answer(true).await.status, 200);
    peer.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_frame_without_an_answer_does_not_keep_the_socket() {
    let limits = Limits { hello_timeout: SHORT, close_timeout: SHORT, ..Limits::default() };
    let server = serve(limits).await;
    server.open().await.gone().await;
}
