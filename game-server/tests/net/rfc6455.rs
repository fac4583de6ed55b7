//! RFC 6455 over real sockets, against a server that sends every message back. The numbers are those of the Autobahn
//! cases that say the same.

use crate::peer::{BINARY, CLOSE, CONTINUATION, Frame, PING, PONG, Peer, TEXT, TestServer, frame, serve_for};
use game_server::net::guard::limits::Limits;
use game_server::net::play::context::Purpose;
use std::time::Duration;
use tokio::net::TcpStream;

async fn echo(limits: Limits) -> TestServer {
    serve_for(Purpose::Echo, &["--no-tls", "--no-record"], limits).await
}

fn message(opcode: u8, payload: &[u8]) -> Option<Frame> {
    Some(Frame { opcode, payload: payload.to_vec() })
}

/// A close frame's payload.
fn closing(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_every_length_come_back() {
    let server = echo(Limits::default()).await;
    let mut peer = server.open().await;
    // 1.1.1–1.1.7, 1.2.1–1.2.7, and both sides of where short messages end.
    for length in [0, 1, 125, 126, 127, 128, 256, 257, 4095, 4096] {
        for opcode in [BINARY, TEXT, BINARY] {
            let payload = vec![b'*'; length];
            peer.send(opcode, &payload).await;
            assert_eq!(peer.frame().await, message(opcode, &payload), "{length} bytes");
        }
    }
    // 1.1.8, 2.6: the frame in pieces of one byte.
    for byte in frame(true, TEXT, "κόσμε".as_bytes()) {
        peer.write(&[byte]).await;
    }
    assert_eq!(peer.frame().await, message(TEXT, "κόσμε".as_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_are_answered_in_order_and_pongs_are_not() {
    let server = echo(Limits::default()).await;
    let mut peer = server.open().await;
    // 2.1–2.4, 2.10.
    let pings: Vec<Vec<u8>> = [0, 1, 5, 125].map(|length| vec![0xfe; length]).into();
    for ping in &pings {
        peer.send(PING, ping).await;
        // 2.7–2.9: nobody asked for it.
        peer.send(PONG, b"unsolicited").await;
    }
    for ping in &pings {
        assert_eq!(peer.frame().await, message(PONG, ping));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_become_one_message_and_control_frames_go_between() {
    let server = echo(Limits::default()).await;
    let mut peer = server.open().await;
    // 5.3–5.8, 5.19, 5.20.
    for opcode in [TEXT, BINARY] {
        peer.write(&frame(false, opcode, b"frag")).await;
        peer.send(PING, b"1").await;
        assert_eq!(peer.frame().await, message(PONG, b"1"));
        peer.write(&frame(false, CONTINUATION, b"")).await;
        peer.send(PING, b"2").await;
        peer.write(&frame(true, CONTINUATION, b"ment")).await;
        assert_eq!(peer.frame().await, message(PONG, b"2"));
        assert_eq!(peer.frame().await, message(opcode, b"fragment"));
    }
    // 6.2.2–6.2.4: a character may lie across fragments.
    let text = "Hello-µ@ßöäüàá-UTF-8!!".as_bytes();
    peer.write(&frame(false, TEXT, &text[..7])).await;
    peer.write(&frame(true, CONTINUATION, &text[7..])).await;
    assert_eq!(peer.frame().await, message(TEXT, text));
}

#[tokio::test(flavor = "multi_thread")]
async fn breaches_are_closed_with_their_codes() {
    let server = echo(Limits::default()).await;
    let mut cases: Vec<(String, Vec<u8>, u16)> = Vec::new();
    let mut case = |number: &str, bytes: Vec<u8>, code| cases.push((number.into(), bytes, code));
    for (number, bits) in (1..).zip(1..8_u8) {
        for opcode in [TEXT, BINARY, PING, CLOSE] {
            let mut reserved = frame(true, opcode, b"");
            reserved[0] |= bits << 4;
            case(&format!("3.{number}, opcode {opcode}"), reserved, 1002);
        }
    }
    for opcode in (3..8).chain(11..16) {
        case(&format!("4.1, 4.2: opcode {opcode}"), frame(true, opcode, b"reserved"), 1002);
    }
    case("2.5", frame(true, PING, &[0xfe; 126]), 1002);
    case("5.1", frame(false, PING, b""), 1002);
    case("5.2", frame(false, PONG, b""), 1002);
    case("5.9–5.14", frame(true, CONTINUATION, b"nothing to continue"), 1002);
    case("5.18", [frame(false, TEXT, b"one"), frame(true, TEXT, b"other")].concat(), 1002);
    case("6.3.1", frame(true, TEXT, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"), 1007);
    case("6.3.2", [frame(false, TEXT, b"\xce"), frame(true, CONTINUATION, b"\xce\xba")].concat(), 1007);
    case("6.6.1: cut short", frame(true, TEXT, b"\xce"), 1007);
    case("6.20.1: a surrogate", frame(true, TEXT, b"\xed\xa0\x80"), 1007);
    case("7.3.2", frame(true, CLOSE, b"\x03"), 1002);
    case("7.3.6", frame(true, CLOSE, &closing(1000, &[b'*'; 124])), 1002);
    case("7.5.1", frame(true, CLOSE, &closing(1000, b"\xed\xa0\x80")), 1007);
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999] {
        case(&format!("7.9: {code}"), frame(true, CLOSE, &closing(code, b"")), 1002);
    }
    let mut unmasked = frame(true, BINARY, b"");
    unmasked[1] = 0;
    unmasked.truncate(2);
    case("§5.1: not masked", unmasked, 1002);
    case("§10.4: too long", frame(true, BINARY, &[0; 4097]), 1009);
    for (number, bytes, code) in cases {
        let mut peer = server.open().await;
        peer.write(&bytes).await;
        assert_eq!(peer.closed().await.0, code, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_is_answered_with_its_code_and_ends_the_stream() {
    let server = echo(Limits::default()).await;
    // 7.3.4, 7.3.5, 7.7.
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        for reason in [&b""[..], b"bye", &[b'*'; 123]] {
            let mut peer = server.open().await;
            peer.send(CLOSE, &closing(code, reason)).await;
            let answer = peer.frame().await.expect("an answer");
            assert_eq!((answer.opcode, &answer.payload[..2]), (CLOSE, &code.to_be_bytes()[..]));
            assert_eq!(peer.frame().await, None);
        }
    }
    // 7.3.1.
    let mut peer = server.open().await;
    peer.send(CLOSE, b"").await;
    assert_eq!(peer.frame().await, message(CLOSE, b""));
    assert_eq!(peer.frame().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_behind_a_close_is_not_heard() {
    let server = echo(Limits::default()).await;
    // 7.1.2–7.1.5.
    let behind = [
        frame(true, CLOSE, &closing(1000, b"")),
        frame(true, PING, b"late"),
        [frame(true, TEXT, b"late"), frame(true, BINARY, b"late")].concat(),
        frame(false, TEXT, b"late"),
    ];
    for late in behind {
        let mut peer = server.open().await;
        let all = [frame(true, TEXT, b"early"), frame(true, CLOSE, &closing(1000, b"")), late].concat();
        peer.write(&all).await;
        assert_eq!(peer.frame().await, message(TEXT, b"early"));
        assert_eq!(peer.frame().await, message(CLOSE, &closing(1000, b"")));
        assert_eq!(peer.frame().await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_is_out_before_the_close() {
    const LENGTH: usize = 1 << 20;
    let limits = Limits { message_bytes: LENGTH, bytes_burst: u32::MAX, ..Limits::default() };
    let server = echo(limits).await;
    let mut peer = server.open().await;
    let mut header = vec![0x82, 0x80 | 127];
    header.extend((LENGTH as u64).to_be_bytes());
    // No mask is a mask of zeros.
    peer.write(&[&header[..], &[0; 4 + LENGTH], &frame(true, CLOSE, &closing(1000, b""))].concat()).await;
    assert_eq!(peer.frame().await.map(|frame| frame.payload.len()), Some(LENGTH));
    assert_eq!(peer.frame().await, message(CLOSE, &closing(1000, b"")));
    assert_eq!(peer.frame().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_may_have_many_connections_and_each_hears_its_own() {
    let server = echo(Limits::default()).await;
    let mut peers: Vec<Peer<TcpStream>> = Vec::new();
    for _ in 0..100 {
        peers.push(server.open().await);
    }
    for (number, peer) in (0_u8..).zip(&mut peers) {
        peer.send(BINARY, &[number]).await;
    }
    for (number, peer) in (0_u8..100).zip(&mut peers).rev() {
        assert_eq!(peer.frame().await, message(BINARY, &[number]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_kept_as_long_as_its_time_and_no_longer() {
    let limits = Limits { silence_timeout: Duration::from_secs(1), ..Limits::default() };
    let server = echo(limits).await;
    let mut peer = server.open().await;
    let opened = std::time::Instant::now();
    assert_eq!(peer.closed().await.0, 4008);
    assert!(opened.elapsed() >= Duration::from_secs(1));
}
