//! Matches that are watched as they go on: nobody gets a byte that is younger than the watch delay, and later everybody gets all
//! of them.

use crate::peer::{Answer, Peer, TestServer, hello, serve_in, serve_with, upgrade_request};
use game_server::net::guard::limits::Limits;
use serde_json::Value;
use shared::angle::Angle;
use shared::codec::decode_server;
use shared::input::{Controls, InputFrame};
use shared::message::{ClientMessage, Input, ResumeToken, ServerMessage};
use shared::recording::Recording;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

const DELAY: Duration = Duration::from_secs(1);
const OPTIONS: [&str; 5] = ["--no-tls", "--tick-rate", "128", "--watch-delay-seconds", "1"];

/// When each aim was sent: the number of an input is the step of its aim.
type Sent = Arc<Mutex<Vec<Instant>>>;

/// Aims at another place with every snapshot.
async fn play(mut player: Peer<TcpStream>, sent: Sent) {
    loop {
        let bytes = player.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
        let Ok(ServerMessage::Snapshot(snapshot)) = decode_server(&bytes) else { unreachable!() };
        let number = {
            let mut sent = sent.lock().unwrap();
            sent.push(Instant::now());
            sent.len() as u16
        };
        assert!(number < Angle::STEPS, "the test takes too long");
        let controls = Controls { aim: Angle::from_step(number), ..Controls::default() };
        let frame = InputFrame { tick: snapshot.tick.next().next(), controls };
        let input = Input { ack: snapshot.tick, frames: [frame].into_iter().collect() };
        player.say(&ClientMessage::Input(input)).await;
    }
}

/// Somebody who asks for everything.
#[derive(Default)]
struct Spy {
    recording: String,
    pieces: usize,
    bytes: Vec<u8>,
}

impl Spy {
    async fn json(server: &TestServer, path: &str) -> Value {
        let answer = server.get(path).await;
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    /// Asks for everything that there is, once.
    async fn look(&mut self, server: &TestServer, sent: &Sent) {
        assert_eq!(Spy::json(server, "/api/recordings").await["recordings"], Value::Array(Vec::new()));
        let entries = std::fs::read_dir(server.directory.path()).unwrap();
        let names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        for name in names.iter().filter(|name| name.ends_with(".belt")) {
            for line in ["", "Range: bytes=0-99\r\n", "Range: bytes=-9\r\n", "If-Range: \"1\"\r\n"] {
                let path = format!("/recordings/{name}");
                let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{line}\r\n");
                assert_eq!(server.request(&request).await.status, 404, "{path} {line}");
            }
        }
        let live = Spy::json(server, "/api/watch/belt-1").await["room"].clone();
        let Some(recording) = live["recording"].as_str() else { return };
        self.recording = recording.into();
        let listed = Spy::json(server, "/api/watch").await["rooms"][0]["recording"].clone();
        assert_eq!(listed, live["recording"]);
        for path in [
            format!("/watch/belt-1/{recording}/{}-{}", self.pieces + 90, self.pieces + 91),
            format!("/watch/belt-1/{recording}/0-256"),
            format!("/watch/belt-2/{recording}/0-1"),
        ] {
            assert_eq!(server.get(&path).await.status, 404, "{path}");
        }
        while (self.pieces as u64) < live["pieces"].as_u64().unwrap() {
            self.next(server, sent).await;
        }
    }

    /// Waits for the next piece.
    async fn next(&mut self, server: &TestServer, sent: &Sent) {
        let path = format!("/watch/belt-1/{}/{}-{}", self.recording, self.pieces, self.pieces + 1);
        let answer = server.get(&path).await;
        let now = Instant::now();
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("Cache-Control"), "public, max-age=31536000, immutable");
        let tag = answer.header("ETag").to_owned();
        let request = |line: String| {
            let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{line}\r\n\r\n");
            async move { server.request(&request).await }
        };
        assert_eq!(request(format!("If-None-Match: {tag}")).await.status, 304);
        let part = request("Range: bytes=5-9".into()).await;
        assert_eq!((part.status, &part.body[..]), (206, &answer.body[5..10]));
        self.pieces += 1;
        self.bytes.extend(answer.body);
        if let Some(newest) = self.newest_aim() {
            let age = now - sent.lock().unwrap()[newest - 1];
            assert!(age >= DELAY, "an input of {age:?} ago is shown");
        }
    }

    /// The newest aim in what was seen.
    fn newest_aim(&self) -> Option<usize> {
        let recording = Recording::open(self.bytes.clone()).unwrap();
        let (_, mut cursor) = recording.seek(recording.first_tick()).unwrap();
        let ticks = std::iter::from_fn(|| recording.next_tick(&mut cursor).unwrap());
        let aims = ticks.flat_map(|tick| tick.inputs.inputs).map(|input| input.controls.aim.step());
        aims.max().map(usize::from)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_is_watched_behind_its_delay_and_no_byte_of_it_before() {
    let server = serve_with(&OPTIONS, Limits::default()).await;
    let sent = Sent::default();
    let player = tokio::spawn(play(server.join().await, sent.clone()));
    let mut spy = Spy::default();
    while spy.pieces < 2 {
        spy.look(&server, &sent).await;
    }
    spy.next(&server, &sent).await;
    assert!(spy.newest_aim().is_some(), "the player is seen");

    // The next server continues the recording: its pieces are the same ones, and no younger.
    let TestServer { server, directory } = server;
    server.stop().await;
    assert!(player.await.is_err(), "the player was sent away");
    let server = serve_in(directory, &OPTIONS, Limits::default()).await;
    // A room rests while nobody is present.
    let player = tokio::spawn(play(server.join().await, sent.clone()));
    let mut again = Spy::default();
    while again.pieces <= spy.pieces {
        again.look(&server, &sent).await;
    }
    assert!(again.bytes.starts_with(&spy.bytes));

    let TestServer { server, directory } = server;
    server.stop().await;
    assert!(player.await.is_err(), "the player was sent away");
    let closed = [&OPTIONS[..], &["--watch", "nobody"]].concat();
    let server = serve_in(directory, &closed, Limits::default()).await;
    assert_eq!(Spy::json(&server, "/api/watch").await["rooms"], Value::Array(Vec::new()));
    for path in ["/api/watch/belt-1".into(), format!("/watch/belt-1/{}/0-1", again.recording)] {
        assert_eq!(server.get(&path).await.status, 404, "{path}");
    }

    // Once the match is over, the whole file is shown, but not at once.
    let TestServer { server, directory } = server;
    let before_end = Instant::now();
    server.stop_for_good().await;
    let server = serve_in(directory, &OPTIONS, Limits::default()).await;
    let path = format!("/recordings/{}", again.recording);
    let whole = loop {
        let answer = server.get(&path).await;
        if answer.status == 200 {
            break answer.body;
        }
    };
    assert!(before_end.elapsed() >= DELAY && whole.starts_with(&again.bytes));
}

const ADMIN_TOKEN: &str = "a token for the console";
/// Where the rooms say nothing, everything is for everybody, and nothing before an hour.
const ROOM_OPTIONS: [&str; 8] = [
    "--no-tls",
    "--tick-rate",
    "128",
    "--watch=everybody",
    "--watch-delay-seconds=3600",
    "--admin-token",
    ADMIN_TOKEN,
    "--drones=0",
];

/// The answer to a request of somebody who shows the tokens of these seats.
async fn ask(server: &TestServer, line: &str, seats: &[ResumeToken], body: &[u8]) -> Answer {
    let hex = |token: &ResumeToken| token.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let shown: Vec<_> = seats.iter().map(hex).collect();
    let seats =
        if seats.is_empty() { String::new() } else { format!("Authorization: Seat {}\r\n", shown.join(" ")) };
    let length = body.len();
    let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\n{seats}Content-Length: {length}\r\n\r\n");
    let mut peer = server.connect().await;
    peer.write(&[head.as_bytes(), body].concat()).await;
    peer.read_answer(!line.starts_with("HEAD")).await
}

/// Joins a room, and the token of the seat.
async fn join(server: &TestServer, room: &str) -> (Peer<TcpStream>, ResumeToken) {
    let mut player = server.connect().await;
    player.write(upgrade_request(&[]).replace("/ws", &format!("/ws?room={room}")).as_bytes()).await;
    assert_eq!(player.read_answer(false).await.status, 101);
    player.say(&hello()).await;
    let bytes = player.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
    let Ok(ServerMessage::Welcome(welcome)) = decode_server(&bytes) else { unreachable!("a welcome") };
    (player, welcome.token)
}

/// Asks on every path for the match of room `friday` and its recording, as somebody to whom it is closed.
async fn see_nothing(server: &TestServer, recording: &str, seats: &[ResumeToken]) {
    for list in ["/api/watch", "/api/recordings"] {
        let listed = ask(server, &format!("GET {list}"), seats, b"").await;
        assert!(listed.status == 200 && !listed.text().contains("friday"), "{list}");
    }
    for path in [
        "/api/watch/friday".into(),
        format!("/watch/friday/{recording}/0-1"),
        format!("/watch/friday/{recording}/1-2"),
        format!("/watch/belt-1/{recording}/0-1"),
        format!("/recordings/{recording}"),
    ] {
        for method in ["GET", "HEAD"] {
            assert_eq!(ask(server, &format!("{method} {path}"), seats, b"").await.status, 404, "{path}");
        }
    }
    for page in [format!("/replay/{recording}"), "/watch/friday".into()] {
        assert!(!server.get(&page).await.text().contains("A moment in friday"), "{page}");
    }
    let kept = ask(server, "POST /api/watch/friday/moments", seats, b"").await.status;
    assert!([403, 409].contains(&kept), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_for_its_players_is_shown_to_them_alone_whatever_happens_to_the_server() {
    let clips = tempfile::tempdir().unwrap();
    let clips_options = ["--clips", clips.path().to_str().unwrap()];
    let options = [&ROOM_OPTIONS[..], &clips_options].concat();
    let server = serve_with(&options, Limits::default()).await;
    let order = |body: &'static str| {
        let head = format!(
            "POST /api/admin/rooms HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let server = &server;
        async move { server.request(&head).await.status }
    };
    for (body, status) in [
        (r#"{"name": "friday", "mode": "belt", "watch": "friends"}"#, 400),
        (r#"{"name": "friday", "mode": "belt", "watchDelaySeconds": 86401}"#, 400),
        (r#"{"name": "friday", "mode": "belt", "watch": "players", "watchDelaySeconds": 1}"#, 200),
    ] {
        assert_eq!(order(body).await, status, "{body}");
    }
    let (player, token) = join(&server, "friday").await;
    let (_stranger, strange) = join(&server, "elsewhere").await;
    let others: [&[ResumeToken]; 3] = [&[], &[strange], &[ResumeToken([0; 16])]];
    let own: &[ResumeToken] = &[strange, token];
    let sent = Sent::default();
    let playing = tokio::spawn(play(player, sent.clone()));
    let path = "GET /api/watch/friday";
    let live: Value = loop {
        let live = ask(&server, path, own, b"").await;
        let live: Value = serde_json::from_slice(&live.body).unwrap_or_default();
        if live["room"]["pieces"].as_u64().is_some_and(|pieces| pieces > 0) {
            break live;
        }
    };
    let recording = live["room"]["recording"].as_str().unwrap().to_owned();
    assert_eq!((&live["delaySeconds"], &live["room"]["delaySeconds"]), (&1.into(), &1.into()));
    let piece = format!("GET /watch/friday/{recording}/0-1");
    let shown = ask(&server, &piece, own, b"").await;
    assert_eq!(shown.header("Cache-Control"), "private, max-age=31536000, immutable");
    assert_eq!(shown.header("Vary"), "authorization");
    let mut spy = Spy { recording: recording.clone(), pieces: 1, bytes: shown.body };
    let age = Instant::now() - sent.lock().unwrap()[spy.newest_aim().map_or(0, |newest| newest - 1)];
    assert!(age >= DELAY, "an input of {age:?} ago is shown");
    for seats in others {
        see_nothing(&server, &recording, seats).await;
    }

    // The next server finds in the file for whom it is.
    let TestServer { server, directory } = server;
    server.stop().await;
    assert!(playing.await.is_err(), "the player was sent away");
    let server = serve_in(directory, &options, Limits::default()).await;
    assert_eq!(ask(&server, &piece, own, b"").await.body, spy.bytes);
    for seats in others {
        see_nothing(&server, &recording, seats).await;
    }

    // The recording of the match that is over, too.
    let TestServer { server, directory } = server;
    server.stop_for_good().await;
    let server = serve_in(directory, &options, Limits::default()).await;
    let file = format!("GET /recordings/{recording}");
    let whole = loop {
        let answer = ask(&server, &file, own, b"").await;
        if answer.status == 200 {
            assert_eq!(answer.header("Cache-Control"), "private, no-cache");
            break answer.body;
        }
    };
    assert!(whole.starts_with(&std::mem::take(&mut spy.bytes)));
    let listed: Value = loop {
        let answer = ask(&server, "GET /api/recordings", own, b"").await;
        let listed: Value = serde_json::from_slice(&answer.body).unwrap();
        if listed["recordings"].as_array().is_some_and(|listed| !listed.is_empty()) {
            break listed;
        }
    };
    assert!(listed.to_string().contains(&recording), "{listed}");
    for seats in others {
        see_nothing(&server, &recording, seats).await;
    }
    // A link would show it to everybody.
    assert_eq!(ask(&server, "POST /api/clips", own, &whole).await.status, 403);
}
