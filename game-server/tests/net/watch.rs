//! Matches that are watched as they go on: nobody gets a byte that is younger than the watch delay, and later everybody gets all
//! of them.

use crate::peer::{Peer, TestServer, serve_in, serve_with};
use game_server::net::guard::limits::Limits;
use serde_json::Value;
use shared::angle::Angle;
use shared::codec::decode_server;
use shared::input::{Controls, InputFrame};
use shared::message::{ClientMessage, Input, ServerMessage};
use shared::recording::Recording;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

const DELAY: Duration = Duration::from_secs(1);
const OPTIONS: [&str; 5] = ["--no-tls", "--tick-rate", "60", "--watch-delay-seconds", "1"];

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
    let mut again = Spy::default();
    while again.pieces <= spy.pieces {
        again.look(&server, &sent).await;
    }
    assert!(again.bytes.starts_with(&spy.bytes));

    let TestServer { server, directory } = server;
    server.stop().await;
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
