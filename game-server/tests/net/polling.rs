//! The game over plain HTTP: polls, posts, their numbers and limits, and seats that move between transports.

use crate::peer::{Answer, Peer, TestServer, encoded, hello, serve, serve_with};
use game_server::net::guard::limits::Limits;
use game_server::net::play::polling::POLLS_LIMIT;
use shared::PROTOCOL_VERSION;
use shared::batch::{BATCH_TYPE, POST_LIMIT_BYTES, Piece, pieces, put_close, put_message};
use shared::codec::decode_server;
use shared::id::{PlayerId, Tick};
use shared::input::{Controls, InputFrame};
use shared::message::{ClientMessage, Hello, Input, ResumeToken, ServerMessage};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SHORT: Duration = Duration::from_millis(50);

/// A client that polls, each request on a new socket.
struct Poller<'a> {
    server: &'a TestServer,
    id: String,
    polls: u64,
    posts: u64,
}

async fn send(server: &TestServer, head: &str, body: &[u8]) -> Peer<TcpStream> {
    let mut peer = server.connect().await;
    let head = format!(
        "{head} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    peer.write(&[head.as_bytes(), body].concat()).await;
    peer
}

async fn ask(server: &TestServer, head: &str, body: &[u8]) -> Answer {
    send(server, head, body).await.read_answer(true).await
}

async fn open(server: &TestServer, hello: &ClientMessage) -> Answer {
    ask(server, "POST /poll?version=5", &encoded(hello)).await
}

fn batch(messages: &[&[u8]]) -> Vec<u8> {
    let mut batch = Vec::new();
    messages.iter().for_each(|message| put_message(message, &mut batch));
    batch
}

/// The close at the end of an answer.
fn close_of(answer: &Answer) -> Option<(u16, String)> {
    match pieces(&answer.body).last() {
        Some(Ok(Piece::Close { code, reason })) => Some((code, reason.to_owned())),
        _ => None,
    }
}

fn messages(answer: &Answer) -> Vec<ServerMessage<'_>> {
    let said = pieces(&answer.body).filter_map(|piece| match piece.unwrap() {
        Piece::Message(message) => Some(decode_server(message).unwrap()),
        Piece::Close { .. } => None,
    });
    said.collect()
}

impl<'a> Poller<'a> {
    async fn join(server: &'a TestServer, hello: &ClientMessage) -> Poller<'a> {
        let answer = open(server, hello).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        Poller { server, id: answer.text(), polls: 0, posts: 0 }
    }

    async fn get(&self, number: u64, query: &str) -> Answer {
        ask(self.server, &format!("GET /poll/{}/{number}{query}", self.id), b"").await
    }

    async fn post(&self, number: u64, body: &[u8]) -> u16 {
        ask(self.server, &format!("POST /poll/{}/{number}", self.id), body).await.status
    }

    async fn poll(&mut self) -> Answer {
        let answer = self.get(self.polls, "").await;
        assert_eq!((answer.status, answer.header("Content-Type")), (200, BATCH_TYPE));
        self.polls += 1;
        answer
    }

    async fn say(&mut self, message: &ClientMessage) {
        assert_eq!(self.post(self.posts, &batch(&[&encoded(message)])).await, 204);
        self.posts += 1;
    }

    /// Polls up to a message that `pick` takes something from.
    async fn hear<T>(&mut self, pick: impl Fn(&ServerMessage<'_>) -> Option<T>) -> T {
        loop {
            let answer = self.poll().await;
            if let Some(picked) = messages(&answer).iter().find_map(&pick) {
                return picked;
            }
            assert_eq!(close_of(&answer), None, "closed before the message");
        }
    }

    async fn welcomed(&mut self) -> (PlayerId, ResumeToken) {
        self.hear(welcome).await
    }

    /// Acknowledges a snapshot and steers: only then a seat is kept.
    async fn play(&mut self) {
        let ack = self.hear(snapshot_tick).await;
        let frame = InputFrame { tick: Tick(ack.0 + 3), controls: Controls::default() };
        self.say(&ClientMessage::Input(Input { ack, frames: [frame].into_iter().collect() })).await;
    }

    async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Some(close) = close_of(&self.poll().await) {
                return close;
            }
        }
    }
}

fn welcome(message: &ServerMessage<'_>) -> Option<(PlayerId, ResumeToken)> {
    match message {
        ServerMessage::Welcome(welcome) => Some((welcome.player, welcome.token)),
        _ => None,
    }
}

fn snapshot_tick(message: &ServerMessage<'_>) -> Option<Tick> {
    match message {
        ServerMessage::Snapshot(snapshot) => Some(snapshot.tick),
        _ => None,
    }
}

fn pong(message: &ServerMessage<'_>) -> Option<u32> {
    match message {
        ServerMessage::Pong { stamp, .. } => Some(*stamp),
        _ => None,
    }
}

fn returning(token: ResumeToken, attempt: u32) -> ClientMessage {
    let ClientMessage::Hello(hello) = hello() else { unreachable!() };
    ClientMessage::Hello(Hello { resume: Some(token), attempt, ..hello })
}

async fn connections(server: &TestServer) -> u64 {
    let status: serde_json::Value = serde_json::from_slice(&server.get("/api/status").await.body).unwrap();
    status["connections"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_and_posts_carry_the_messages_of_a_websocket() {
    let server = serve(Limits::default()).await;
    let mut poller = Poller::join(&server, &hello()).await;
    assert_eq!(connections(&server).await, 1);
    let first = poller.poll().await;
    assert_eq!(first.header("Cache-Control"), "no-store");
    assert!(messages(&first).iter().find_map(welcome).is_some(), "the welcome comes first");
    for stamp in 0..3 {
        poller.say(&ClientMessage::Ping { stamp }).await;
        assert_eq!(poller.hear(pong).await, stamp);
    }
    poller.hear(|message| matches!(message, ServerMessage::Snapshot(_)).then_some(())).await;
    poller.say(&ClientMessage::Leave).await;
    assert_eq!(poller.closed().await.0, 4007);
    assert_eq!(poller.get(poller.polls, "").await.status, 404, "all is said");
    assert_eq!(connections(&server).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_polls_and_posts_can_be_repeated() {
    let server = serve(Limits::default()).await;
    let mut poller = Poller::join(&server, &hello()).await;
    let (first, second) = (poller.poll().await, poller.poll().await);
    assert_eq!(poller.get(1, "").await.body, second.body);
    assert_eq!(poller.get(0, "").await.body, first.body);
    poller.poll().await;
    assert_eq!(poller.get(0, "").await.status, 409, "older than any answer that can be in flight");
    assert_eq!(poller.get(poller.polls + 2, "").await.status, 409, "too far ahead");

    let ping = |stamp| batch(&[&encoded(&ClientMessage::Ping { stamp })]);
    assert_eq!(poller.post(1, &ping(9)).await, 409, "the one before it is missing");
    for _ in 0..3 {
        assert_eq!(poller.post(0, &ping(1)).await, 204);
    }
    assert_eq!(poller.post(1, &ping(2)).await, 204);
    let mut pongs = Vec::new();
    while pongs.last() != Some(&2) {
        pongs.extend(messages(&poller.poll().await).iter().filter_map(pong));
    }
    assert_eq!(pongs, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_polls_wait_in_order_and_a_later_one_of_the_same_number_replaces_the_earlier() {
    let server = serve(Limits::default()).await;
    let poller = Poller::join(&server, &hello()).await;
    let ahead = format!("GET /poll/{}/1", poller.id);
    let (mut one, mut other) = (send(&server, &ahead, b"").await, send(&server, &ahead, b"").await);
    let (replaced, mut waits) = tokio::select! {
        replaced = one.read_answer(true) => (replaced, other),
        replaced = other.read_answer(true) => (replaced, one),
    };
    assert_eq!(replaced.status, 409);
    let first = poller.get(0, "").await;
    assert!(messages(&first).iter().find_map(welcome).is_some());
    assert_eq!(waits.read_answer(true).await.status, 200);
    // A poll that hangs up while it waits does not count.
    drop(send(&server, &format!("GET /poll/{}/3", poller.id), b"").await);
    assert_eq!((poller.get(2, "").await.status, poller.get(3, "").await.status), (200, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_waits_as_long_as_it_asks_within_the_limit() {
    let server = serve(Limits { poll_wait_limit: SHORT, ..Limits::default() }).await;
    let mut poller = Poller::join(&server, &hello()).await;
    assert_eq!(poller.get(1, "").await.status, 409, "the one before it never came");
    assert_eq!(poller.get(1, "?wait=3600000").await.status, 409);
    // Between two ticks there is no message.
    loop {
        let answer = poller.get(poller.polls, "?wait=0").await;
        assert_eq!((answer.status, answer.header("Content-Type")), (200, BATCH_TYPE));
        poller.polls += 1;
        if answer.body.is_empty() {
            break;
        }
    }
    poller.hear(|message| matches!(message, ServerMessage::Snapshot(_)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_moves_between_the_transports() {
    let server = serve(Limits::default()).await;
    let mut socket = server.open().await;
    socket.say(&hello()).await;
    let bytes = socket.hear_until(|message| welcome(message).is_some()).await;
    let (player, token) = welcome(&decode_server(&bytes).unwrap()).unwrap();

    let mut poller = Poller::join(&server, &returning(token, 2)).await;
    let (same, token) = poller.welcomed().await;
    assert_eq!(same, player);
    assert_eq!(socket.closed().await.0, 4006);

    let mut socket = server.open().await;
    socket.say(&returning(token, 3)).await;
    let bytes = socket.hear_until(|message| welcome(message).is_some()).await;
    assert_eq!(welcome(&decode_server(&bytes).unwrap()).unwrap().0, player);
    assert_eq!(poller.closed().await.0, 4006);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_requests_are_refused() {
    let server = serve(Limits::default()).await;
    let poller = Poller::join(&server, &hello()).await;
    let (id, said) = (&poller.id, encoded(&hello()));
    let stranger = "0".repeat(32);
    for (head, status) in [
        ("POST /poll".to_owned(), 400),
        ("POST /poll?version=one".to_owned(), 400),
        ("GET /poll?version=5".to_owned(), 405),
        (format!("PUT /poll/{id}/0"), 405),
        (format!("GET /poll/{id}"), 405),
        (format!("DELETE /poll/{stranger}"), 404),
        (format!("GET /poll/{id}/0/0"), 404),
        (format!("GET /poll/{id}/first"), 404),
        (format!("GET /poll/{id}/-1"), 404),
        (format!("GET /poll/{stranger}/0"), 404),
        (format!("POST /poll/{stranger}/0"), 404),
        ("GET /poll/no-id/0".to_owned(), 404),
        ("GET /pollen".to_owned(), 404),
        ("POST /poll?version=5 HTTP/1.1\r\nOrigin: https://evil.test\r\nX:".to_owned(), 403),
        (format!("GET /poll/{id}/0 HTTP/1.1\r\nOrigin: https://evil.test\r\nX:"), 403),
    ] {
        let answer = ask(&server, &head, if head.starts_with("POST") { &said } else { b"" }).await;
        assert_eq!(answer.status, status, "{head}");
    }
    for (query, hello, code) in [
        ("version=5", encoded(&ClientMessage::Leave), 4001),
        ("version=5", vec![99], 4001),
        ("version=5", Vec::new(), 4001),
        ("version=5&room=NO%20ROOM", said.clone(), 4001),
        ("version=5", encoded(&returning(ResumeToken([7; 16]), 1)), 4010),
    ] {
        let answer = ask(&server, &format!("POST /poll?{query}"), &hello).await;
        if answer.status == 201 {
            // The room refuses the unknown token.
            let mut poller = Poller { server: &server, id: answer.text(), polls: 0, posts: 0 };
            assert_eq!(poller.closed().await.0, code);
            continue;
        }
        assert_eq!(close_of(&answer).unwrap().0, code, "{query}");
        let told = messages(&answer).iter().any(|it| matches!(it, ServerMessage::Goodbye { .. }));
        assert!(told, "{query}: the goodbye says why");
    }
    for (version, advice) in [(PROTOCOL_VERSION - 1, "reload"), (PROTOCOL_VERSION + 1, "update")] {
        let answer = ask(&server, &format!("POST /poll?version={version}"), &said).await;
        let (code, reason) = close_of(&answer).unwrap();
        assert!(code == 4000 && reason.contains(advice), "{code} {reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_batches_close_the_connection() {
    let server = serve(Limits::default()).await;
    let mut cut = batch(&[&encoded(&ClientMessage::Leave)]);
    cut.pop();
    let mut closing = Vec::new();
    put_close(1000, "", &mut closing);
    for (body, code) in [
        (batch(&[&[99]]), 4001),
        (batch(&[&encoded(&hello())]), 4001),
        (batch(&[b""]), 4001),
        (batch(&[&[1; 4097]]), 1009),
        (cut, 4001),
        (closing, 4001),
    ] {
        let mut poller = Poller::join(&server, &hello()).await;
        assert_eq!(poller.post(0, &body).await, 204);
        assert_eq!(poller.closed().await.0, code, "{body:?}");
        assert_eq!(poller.post(1, &body).await, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_closes_is_gone_at_once_and_keeps_its_seat() {
    let server = serve(Limits::default()).await;
    let mut poller = Poller::join(&server, &hello()).await;
    let (player, token) = poller.welcomed().await;
    poller.play().await;
    let head = format!("DELETE /poll/{}", poller.id);
    assert_eq!(ask(&server, &head, b"").await.status, 204);
    while connections(&server).await > 0 {}
    assert_eq!(ask(&server, &head, b"").await.status, 404);
    let mut again = Poller::join(&server, &returning(token, 2)).await;
    assert_eq!(again.welcomed().await.0, player);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_over_its_limits_is_closed() {
    let limits = Limits { messages_per_second: 0, messages_burst: 20, ..Limits::default() };
    let server = serve(limits).await;
    let ping = encoded(&ClientMessage::Ping { stamp: 1 });
    let mut flooder = Poller::join(&server, &hello()).await;
    assert_eq!(flooder.post(0, &batch(&[&ping[..]; 20])).await, 204);
    assert_eq!(flooder.closed().await.0, 1008);
    let mut flooder = Poller::join(&server, &hello()).await;
    assert_eq!(flooder.closed().await.0, 1008, "polls count too");

    let limits = Limits { bytes_per_second: 0, bytes_burst: 50, ..Limits::default() };
    let server = serve(limits).await;
    let mut flooder = Poller::join(&server, &hello()).await;
    assert_eq!(flooder.post(0, &batch(&[&ping[..]; 20])).await, 204);
    assert_eq!(flooder.closed().await.0, 1008);
    let flooder = Poller::join(&server, &hello()).await;
    assert_eq!(flooder.post(0, &vec![0; POST_LIMIT_BYTES + 1]).await, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_never_ends_is_aborted() {
    let server = serve(Limits { request_timeout: SHORT, ..Limits::default() }).await;
    let mut peer = server.connect().await;
    peer.write(b"POST /poll?version=5 HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nHello").await;
    assert_eq!(peer.read_answer(true).await.status, 400);
    peer.gone().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_gets_fewer_snapshots_and_no_longer_queue() {
    let server = serve(Limits::default()).await;
    let mut well = server.join().await;
    let mut slow = Poller::join(&server, &hello()).await;
    slow.welcomed().await;
    for _ in 0..3 {
        for _ in 0..15 {
            well.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
        }
        let answer = slow.poll().await;
        let said = messages(&answer);
        let snapshots = said.iter().filter(|message| matches!(message, ServerMessage::Snapshot(_)));
        assert_eq!(snapshots.count(), 1, "of fifteen");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stops_polling_is_gone_and_may_come_back() {
    let server = serve(Limits { poll_silence_timeout: SHORT, ..Limits::default() }).await;
    let mut poller = Poller::join(&server, &hello()).await;
    let (player, token) = poller.welcomed().await;
    poller.play().await;
    while connections(&server).await > 0 {}
    assert_eq!(poller.get(poller.polls, "").await.status, 404);
    let mut again = Poller::join(&server, &returning(token, 2)).await;
    assert_eq!(again.welcomed().await.0, player, "the seat was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_clients_count_as_connections() {
    let options = ["--no-tls", "--no-record", "--connections-limit", "2"];
    let server = serve_with(&options, Limits::default()).await;
    let _socket = server.join().await;
    let _poller = Poller::join(&server, &hello()).await;
    assert_eq!(close_of(&open(&server, &hello()).await).unwrap().0, 4003);

    let options = ["--no-tls", "--no-record", "--trusted-proxy", "127.0.0.0/8"];
    let limits =
        Limits { handshakes_per_second_and_address: 0, handshakes_burst_per_address: 3, ..Limits::default() };
    let one = [&options[..], &["--connections-per-address-limit", "1"]].concat();
    let server = serve_with(&one, limits).await;
    let mut poller = Poller::join(&server, &hello()).await;
    assert_eq!(open(&server, &hello()).await.status, 429, "one from this address");
    poller.say(&ClientMessage::Leave).await;
    assert_eq!(poller.closed().await.0, 4007);
    assert_eq!(open(&server, &hello()).await.status, 201, "its place is free");
    let too_fast = open(&server, &hello()).await;
    assert!(too_fast.text().contains("new connections"), "{}", too_fast.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_closes_polling_clients() {
    const TOKEN: &str = "correct horse battery staple";
    let options = ["--no-tls", "--no-record", "--admin-token", TOKEN, "--trusted-proxy", "127.0.0.0/8"];
    let server = serve_with(&options, Limits::default()).await;
    let mut poller = Poller::join(&server, &hello()).await;
    let body = r#"{"address":"192.0.2.1","seconds":60}"#;
    let head =
        format!("POST /api/admin/bans HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n");
    // Not from the address itself, as `ask` would.
    let order = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    assert_eq!(server.request(&order).await.status, 200);
    assert_eq!(poller.closed().await.0, 4005);
    assert_eq!(open(&server, &hello()).await.status, 403);
}

/// Polls every second answer, each on a new socket, until there is a close or no server.
async fn poll_in_turns(address: SocketAddr, id: String, mut number: u64) -> Option<u16> {
    loop {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request =
            format!("GET /poll/{id}/{number} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let body = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        if let Some(Ok(Piece::Close { code, .. })) = pieces(&answer[body..]).last() {
            return Some(code);
        }
        number += POLLS_LIMIT;
    }
}

/// The close codes that two alternating polls receive from a server that stops.
async fn codes_of_a_stop() -> Vec<u16> {
    let server = serve_with(&["--no-tls", "--no-record", "--tick-rate", "10"], Limits::default()).await;
    let mut poller = Poller::join(&server, &hello()).await;
    poller.welcomed().await;
    let turns = [0, 1].map(|turn| poll_in_turns(server.address(), poller.id.clone(), poller.polls + turn));
    let turns = turns.map(tokio::spawn);
    poller.say(&ClientMessage::Ping { stamp: 1 }).await;
    let TestServer { server, directory } = server;
    server.stop().await;
    let mut codes = Vec::new();
    for turn in turns {
        codes.extend(turn.await.unwrap());
    }
    drop(directory);
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_closes_polling_clients() {
    for _ in 0..10 {
        let codes = codes_of_a_stop().await;
        // A client between two polls finds the server gone.
        if !codes.is_empty() {
            return assert_eq!(codes, [1001]);
        }
    }
    panic!("ten stops without a close");
}
