//! A small swarm against the real server, over real sockets in one process.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use game_server::config;
use game_server::net::guard::limits::Limits;
use game_server::serve::Server;
use std::time::{Duration, Instant};
use swarm::behaviour::Behaviour;
use swarm::compare::{CompareOptions, compare};
use swarm::link::Link;
use swarm::options::RunOptions;
use swarm::report::Report;
use swarm::run::run;
use swarm::target::Target;
use swarm::transports::{Transport, TransportsOptions, measure};
use tokio::runtime::Runtime;

const PLAYERS: u32 = 8;

/// A server with these options, and its URL.
fn serve(runtime: &Runtime, options: &[&str], scheme: &str) -> (Server, String) {
    let always = [
        "game-server",
        "--mode",
        "arena",
        "--drones",
        "0",
        "--no-record",
        "--port",
        "0",
        "--host",
        "127.0.0.1",
    ];
    let arguments = always.iter().chain(options).map(Into::into);
    let options = config::read(arguments).unwrap().serve;
    let server = runtime.block_on(Server::start(&options, Limits::default())).unwrap();
    let url = format!("{scheme}://{}", server.address());
    (server, url)
}

fn load(url: String, behaviour: Behaviour, link: Link) -> RunOptions {
    RunOptions {
        url,
        players: PLAYERS,
        seconds: 2,
        behaviour,
        room: None,
        link,
        storm: true,
        joins_per_second: 1,
        seed: 7,
        server_pid: Some(std::process::id()),
        core: None,
        json: false,
    }
}

/// Runs a swarm against a server with these options.
fn play(server: &[&str], scheme: &str, behaviour: Behaviour, link: Link) -> Report {
    let runtime = Runtime::new().unwrap();
    let (server, url) = serve(&runtime, server, scheme);
    let report = run(&load(url, behaviour, link), |_| ()).unwrap();
    runtime.block_on(server.stop());
    report
}

/// What holds for every run, however busy the machine is.
fn check(report: &Report) {
    assert_eq!(report.joined, PLAYERS as usize, "{report:?}");
    assert!(report.failures.is_empty(), "{report:?}");
    assert!(report.snapshots_per_player_second > 0.0);
    assert!(report.snapshot_bytes.p50 > 0.0 && report.join_ms.max > 0.0);
    assert!(report.bytes_up_per_player_second > 0.0);
    assert!(report.visible_entities >= 1.0, "everybody sees at least the own ship: {report:?}");
    assert!(report.whole_ms.max > 0.0, "no input came back: {report:?}");
    assert!(report.added_ms.max <= report.whole_ms.max);
    assert!(report.server.tick_ms_p50.is_some(), "the server's status page is not understood: {report:?}");
    assert!(report.server.cpu_micros_per_player_second.is_some());
    let text = report.text();
    assert!(text.contains("snapshots"), "{text}");
}

#[test]
fn players_fly_over_a_clean_link() {
    let report = play(&["--no-tls"], "ws", Behaviour::Fly, Link::Clean);
    check(&report);
}

#[test]
fn players_fight_over_tls_and_a_lossy_link() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let report = play(&["--data", data], "wss", Behaviour::Fight, Link::Lossy);
    check(&report);
    let round_trip_ms = 2.0 * Link::Lossy.profile().unwrap().delay_ms;
    assert!(report.whole_ms.p50 > round_trip_ms, "the link's delay shows: {report:?}");
}

#[test]
fn waves_of_players_join_at_once_for_a_minute() {
    weather_storms(Duration::from_secs(60));
}

#[test]
#[ignore = "takes an hour: `cargo xtask soak`"]
fn waves_of_players_join_at_once_for_an_hour() {
    weather_storms(Duration::from_secs(3600));
}

/// Lets waves of players join all at once, over every kind of link; nobody may be refused or dropped.
fn weather_storms(duration: Duration) {
    const STORM_PLAYERS: u32 = 200;
    let runtime = Runtime::new().unwrap();
    let (server, url) = serve(&runtime, &["--no-tls", "--seat-grace-seconds", "1"], "ws");
    let begun = Instant::now();
    for (seed, link) in (1..).zip([Link::Clean, Link::Wifi, Link::Mobile, Link::Lossy].into_iter().cycle()) {
        let wave = RunOptions { players: STORM_PLAYERS, seed, ..load(url.clone(), Behaviour::Fight, link) };
        let report = run(&wave, |_| ()).unwrap_or_else(|error| panic!("wave {seed}: {error:#}"));
        assert_eq!(report.joined, STORM_PLAYERS as usize, "wave {seed}: {report:?}");
        assert!(report.failures.is_empty(), "wave {seed}: {report:?}");
        if begun.elapsed() >= duration {
            break;
        }
    }
    Target::new(&url, None).unwrap().page("/readyz").unwrap();
    runtime.block_on(server.stop());
}

#[test]
fn a_server_that_is_not_there_is_an_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let options = load(format!("ws://{address}"), Behaviour::Idle, Link::Clean);
    let error = run(&options, |_| ()).unwrap_err();
    assert!(error.to_string().contains("nobody could join"), "{error}");
}

#[test]
fn two_servers_stand_side_by_side_under_the_same_load() {
    let runtime = Runtime::new().unwrap();
    let (one, url) = serve(&runtime, &["--no-tls"], "ws");
    let (other, against) = serve(&runtime, &["--no-tls", "--tick-rate", "10"], "ws");
    let run = load(url.clone(), Behaviour::Fight, Link::Wifi);
    let options = CompareOptions { run, against: against.clone(), against_pid: None };
    let comparison = compare(&options, |_| ()).unwrap();
    runtime.block_on(one.stop());
    runtime.block_on(other.stop());
    check(&comparison.one);
    assert_eq!((&comparison.one.url, &comparison.other.url), (&url, &against));
    assert_eq!(comparison.other.joined, PLAYERS as usize);
    assert_eq!(comparison.other.server.cpu_micros_per_player_second, None);
    let text = comparison.text();
    let row = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(text.contains(&url) && text.contains(&against), "{text}");
    assert!(row("players in").ends_with("1.00"), "{text}");
    assert!(row("server µs per player-second").contains('?'), "nobody said whose time to read: {text}");
}

#[test]
fn every_transport_carries_a_match_and_shows_its_price() {
    let runtime = Runtime::new().unwrap();
    let (server, url) = serve(&runtime, &["--no-tls"], "ws");
    let measured =
        measure(&TransportsOptions { url, seconds: 2, round_trip_ms: 20, json: false }, |_| ()).unwrap();
    let [socket, long, short] = &measured.rows[..] else { panic!("{measured:?}") };
    runtime.block_on(server.stop());
    assert_eq!(Transport::ALL, [socket, long, short].map(|row| row.transport));
    for row in [socket, long, short] {
        assert!(row.snapshots_per_second > 0.0, "{row:?}");
        assert!(row.ping_ms.p50 >= 20.0, "the network's delay shows: {row:?}");
    }
    assert_eq!(socket.requests_per_second, 0.0);
    for polls in [long, short] {
        assert!(polls.requests_per_second > 0.0, "{polls:?}");
        assert!(polls.overhead_bytes_per_message > 10.0 * socket.overhead_bytes_per_message, "{measured:?}");
    }
    assert!(socket.overhead_bytes_per_message < 8.0, "frames have 2 to 8 bytes: {socket:?}");
    assert_eq!(measured.text().lines().count(), 10, "{}", measured.text());
}
