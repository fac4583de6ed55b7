//! Servers that share their rooms: a room survives the loss of its machine.

use crate::facts::{Fact, assert_all_true};
use crate::nats::{Nats, free_ports, joined, signal};
use crate::player::{Player, play_until};
use crate::process::{ServerProcess, command, start};
use fleet::engine::Stored;
use fleet::record::Kind;
use game_server::commands::verify::verify;
use nix::sys::signal::Signal;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg32;
use shared::message::CloseCode;
use shared::recording::Recording;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PLAYERS: u64 = 8;
/// What everybody has seen before something happens.
const SNAPSHOTS: u32 = 40;

/// A server of the fleet, and its directory.
struct Member {
    server: ServerProcess,
    home: TempDir,
}

fn member(nats: &Nats, name: &str) -> Member {
    let [port] = free_ports();
    member_at(nats, name, port, TempDir::new().unwrap(), &[])
}

fn member_at(nats: &Nats, name: &str, port: u16, home: TempDir, options: &[&str]) -> Member {
    let url = format!("http://127.0.0.1:{port}/");
    let own =
        ["--fleet", &nats.urls(), "--fleet-name", name, "--fleet-url", &url, "--drones", "12", "--seed", "5"];
    let server = start(&home, port, &[&own[..], options].concat());
    Member { server, home }
}

/// Players at the first server, who know all.
fn players(nodes: &[SocketAddr]) -> Vec<Player> {
    let mut players: Vec<_> = (0..PLAYERS).map(|number| Player::new(number, nodes[0])).collect();
    players.iter_mut().for_each(|player| player.nodes = nodes.into());
    players
}

fn play_some(players: &mut [Player]) {
    let seen: Vec<_> = players.iter().map(|player| player.snapshots).collect();
    play_until(players, |players| {
        players.iter().zip(&seen).all(|(player, seen)| player.snapshots >= seen + SNAPSHOTS)
    });
}

/// What the players were told last. Their server is gone.
fn facts(players: &mut [Player]) -> Vec<Fact> {
    players.iter_mut().for_each(Player::turn);
    players.iter_mut().filter_map(|player| player.newest_fact.take()).collect()
}

/// Everybody is in the seat that they had, and nobody was refused.
fn assert_same_seats(players: &[Player]) {
    for player in players {
        let first = player.welcomed_as[0];
        assert!(player.welcomed_as.iter().all(|again| *again == first), "{:?}", player.welcomed_as);
        let others = player.closed_with.iter().filter(|code| **code != CloseCode::Moved as u16);
        assert_eq!(others.count(), 0, "{:?}", player.closed_with);
    }
}

/// One writer per epoch; one recording without a gap, in which everything is that players were told.
fn assert_log(records: &[Stored], facts: Vec<Fact>) {
    let mut writers = BTreeMap::new();
    for Stored { head, .. } in records {
        assert_eq!(*writers.entry(head.epoch).or_insert(head.process), head.process, "epoch {}", head.epoch);
    }
    assert!(records.is_sorted_by_key(|record| record.head.epoch));
    let recording = joined(records);
    let verdict = verify(Recording::open(recording.clone()).unwrap(), |_| {}).unwrap();
    assert!(verdict.divergence.is_none(), "{:?}", verdict.divergence);
    let home = TempDir::new().unwrap();
    let path = home.path().join("joined.belt");
    std::fs::write(&path, recording).unwrap();
    eprintln!("{} records, {} epochs, {} facts", records.len(), writers.len(), facts.len());
    assert_all_true(&path, facts);
}

fn move_to(players: &mut [Player], address: SocketAddr) {
    for player in players {
        player.cut();
        player.address = address;
    }
}

#[test]
#[ignore = "needs nats-server: cargo xtask test"]
fn a_room_survives_kill_9_of_its_server() {
    let nats = Nats::single();
    let first = member(&nats, "n1");
    let second = member(&nats, "n2");
    let mut players = players(&[first.server.address, second.server.address]);
    play_some(&mut players);
    first.server.kill();
    let killed = Instant::now();
    let mut told = facts(&mut players);
    move_to(&mut players, second.server.address);
    play_until(&mut players, |players| players.iter().all(|player| player.snapshots > 0));
    eprintln!("everybody is back after {:?}", killed.elapsed());
    play_some(&mut players);
    assert_same_seats(&players);
    told.extend(facts(&mut players));
    let records = nats.records("belt-1");
    assert!(records.iter().any(|record| record.head.kind == Kind::Claim));
    assert_log(&records, told);
    drop(first.home);
}

#[test]
#[ignore = "needs nats-server: cargo xtask test"]
fn a_server_that_was_stopped_for_a_while_is_fenced() {
    let nats = Nats::single();
    let first = member(&nats, "n1");
    let second = member(&nats, "n2");
    let mut players = players(&[first.server.address, second.server.address]);
    play_some(&mut players);
    signal(&first.server.child, Signal::SIGSTOP);
    let mut told = facts(&mut players);
    // One stays, and hears where the room is when the server goes on.
    let (stayed, left) = players.split_first_mut().unwrap();
    move_to(left, second.server.address);
    play_until(left, |players| players.iter().all(|player| player.snapshots > 0));
    let before = stayed.snapshots;
    signal(&first.server.child, Signal::SIGCONT);
    play_until(std::slice::from_mut(stayed), |players| players[0].address == second.server.address);
    assert!(stayed.snapshots <= before + 1, "what was on its way, and nothing that the log has not");
    play_until(&mut players, |players| players.iter().all(|player| player.snapshots > SNAPSHOTS));
    assert_same_seats(&players);
    assert_eq!(first.server.said("another node runs the room"), 1);
    told.extend(facts(&mut players));
    assert_log(&nats.records("belt-1"), told);
}

#[test]
#[ignore = "needs nats-server: cargo xtask test"]
fn a_server_that_stops_gives_its_rooms_away() {
    let nats = Nats::single();
    let first = member(&nats, "n1");
    let second = member(&nats, "n2");
    let mut players = players(&[first.server.address, second.server.address]);
    play_some(&mut players);
    players.iter_mut().for_each(|player| player.longest_silence_ms = 0.0);
    signal(&first.server.child, Signal::SIGTERM);
    play_until(&mut players, |players| players.iter().all(|player| player.address == second.server.address));
    play_some(&mut players);
    let hitch = players.iter().map(|player| player.longest_silence_ms as u32).max();
    eprintln!("longest silence: {hitch:?} ms");
    assert_same_seats(&players);
    let told = facts(&mut players);
    assert_log(&nats.records("belt-1"), told);
}

#[test]
#[ignore = "needs nats-server: cargo xtask test"]
fn a_room_pauses_while_nats_is_away_and_goes_on() {
    let mut nats = Nats::single();
    let first = member(&nats, "n1");
    let mut players = players(&[first.server.address]);
    play_some(&mut players);
    nats.kill(0);
    play_until(&mut players, |_| first.server.said("the room pauses") == 1);
    let ticks: Vec<_> = players.iter().map(|player| player.newest_fact.unwrap().tick).collect();
    let later = Instant::now() + Duration::from_secs(1);
    play_until(&mut players, |_| Instant::now() > later);
    let stood = players.iter().zip(&ticks).all(|(player, tick)| player.newest_fact.unwrap().tick == *tick);
    assert!(stood, "the room stands still");
    nats.start_again(0);
    play_until(&mut players, |_| first.server.said("the room goes on") == 1);
    play_some(&mut players);
    assert_same_seats(&players);
    let told = facts(&mut players);
    assert_log(&nats.records("belt-1"), told);
}

#[test]
#[ignore = "needs nats-server: cargo xtask test"]
fn rooms_of_a_fleet_survive_the_leader_of_their_stream() {
    let mut nats = Nats::cluster();
    let first = member(&nats, "n1");
    let mut players = players(&[first.server.address]);
    play_some(&mut players);
    let leader = nats.leader();
    nats.kill(leader);
    let killed = Instant::now();
    play_until(&mut players, |_| first.server.said("the room goes on") == 1);
    eprintln!("the room went on {:?} after the leader's death", killed.elapsed());
    play_some(&mut players);
    assert_same_seats(&players);
    let told = facts(&mut players);
    nats.start_again(leader);
    assert_log(&nats.records("belt-1"), told);
}

#[test]
#[ignore = "needs nats-server: cargo xtask test"]
fn of_two_servers_that_are_asked_for_a_room_at_once_one_opens_it() {
    let nats = Nats::single();
    let members = [member(&nats, "n1"), member(&nats, "n2")];
    for number in 0..20 {
        let room = format!("duel-{number}");
        let mut pair = [0, 1].map(|side| Player::new_in(&room, side, members[side as usize].server.address));
        play_until(&mut pair, |pair| pair.iter().all(|player| player.snapshots > 0));
        assert_eq!(pair[0].address, pair[1].address, "both are at one server");
        let begun = nats.records(&room).iter().filter(|record| record.head.kind == Kind::Begin).count();
        assert_eq!(begun, 1);
    }
}

/// What a server of the fleet says that does not start.
fn refusal(urls: &str) -> String {
    let home = TempDir::new().unwrap();
    let options =
        ["--fleet", urls, "--fleet-name", "n1", "--fleet-url", "http://127.0.0.1:8080/", "--port", "0"];
    let refused = command(Path::new(env!("CARGO_BIN_EXE_game-server")), &home, 0, &options).output().unwrap();
    assert!(!refused.status.success());
    String::from_utf8(refused.stderr).unwrap()
}

#[test]
fn a_version_of_nats_that_fences_nobody_is_refused_with_the_remedy() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // As the server of Debian 12 greets its clients.
    let info = format!(
        r#"INFO {{"server_id":"old","server_name":"old","version":"2.9.10","proto":1,"go":"go1.19","host":"127.0.0.1","port":{port},"headers":true,"max_payload":1048576,"jetstream":true,"client_id":1}}"#
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            write!(stream, "{info}\r\n").unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for line in lines.map_while(Result::ok) {
                if line == "PING" {
                    write!(stream, "PONG\r\n").unwrap();
                }
            }
        }
    });
    let said = refusal(&format!("nats://127.0.0.1:{port}"));
    assert!(said.contains("2.9.10") && said.contains("install 2.10 or newer"), "{said}");
}

#[test]
#[ignore = "needs nats-server: cargo xtask test"]
fn a_cluster_that_keeps_one_copy_is_refused_with_the_remedy() {
    let nats = Nats::cluster();
    nats.make_stream(1);
    let said = refusal(&nats.urls());
    assert!(said.contains("one replica") && said.contains("--replicas 3"), "{said}");
}

const TOKEN: &str = "a-token-that-is-long-enough-for-a-test";

/// Asks the administrators' API of a server.
fn administer(server: &ServerProcess, method: &str, path: &str, body: &str) -> String {
    let start = format!("{method} /api/admin/{path} HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n");
    server.ask(&start, body)
}

#[test]
#[ignore = "needs nats-server: cargo xtask test"]
fn what_an_administrator_orders_holds_in_the_whole_fleet() {
    let nats = Nats::single();
    let admitting = |name: &str| {
        let home = TempDir::new().unwrap();
        let token = home.path().join("token");
        std::fs::write(&token, TOKEN).unwrap();
        let [port] = free_ports();
        member_at(&nats, name, port, home, &["--admin-token-file", "token"])
    };
    let first = admitting("n1");
    let second = admitting("n2");
    let order = |path: &str, body: &str| {
        let answer = administer(&first.server, "POST", path, body);
        assert!(answer.contains("200 OK"), "{answer}");
    };
    let await_all = |servers: &[&ServerProcess], path: &str, is_so: &dyn Fn(&str) -> bool| {
        let late = Instant::now() + Duration::from_secs(20);
        while !servers.iter().all(|server| is_so(&administer(server, "GET", path, ""))) {
            assert!(Instant::now() < late, "{path}");
            std::thread::park_timeout(Duration::from_millis(20));
        }
    };
    order("bans", r#"{"address": "192.0.2.7", "seconds": 600, "reason": "spam"}"#);
    order("bans", r#"{"address": "198.51.100.0/24", "seconds": 600}"#);
    order("message-of-the-day", r#"{"text": "Be kind."}"#);
    await_all(&[&first.server, &second.server], "bans", &|bans| {
        bans.contains("192.0.2.7") && bans.contains("spam") && bans.contains("198.51.100.0/24")
    });
    await_all(&[&second.server], "server", &|state| state.contains("Be kind."));
    order("pardons", r#"{"address": "198.51.100.0/24"}"#);
    // One that comes later hears of what it has missed.
    let third = admitting("n3");
    await_all(&[&second.server, &third.server], "bans", &|bans| {
        bans.contains("192.0.2.7") && !bans.contains("198.51.100")
    });
    await_all(&[&third.server], "server", &|state| state.contains("Be kind."));
    await_all(&[&first.server], "fleet", &|fleet| ["n1", "n2", "n3"].iter().all(|name| fleet.contains(name)));
}

/// Faults at random for this long, with everything that can die or hang; minutes of it with `cargo xtask soak`.
fn storm(length: Duration) {
    let mut nats = Nats::cluster();
    let mut random = Pcg32::seed_from_u64(7);
    let ports: [u16; 3] = free_ports();
    let name = |number: usize| format!("n{number}");
    let mut members = [0, 1, 2]
        .map(|number| Some(member_at(&nats, &name(number), ports[number], TempDir::new().unwrap(), &[])));
    let nodes: Vec<SocketAddr> = ports.iter().map(|port| (Ipv4Addr::LOCALHOST, *port).into()).collect();
    let mut players = players(&nodes);
    play_some(&mut players);
    let (mut facts, mut faults) = (Vec::new(), 0);
    let until = Instant::now() + length;
    while Instant::now() < until {
        let number = random.random_range(0..3);
        let pause = Instant::now() + Duration::from_millis(random.random_range(500..4000));
        let fault = random.random_range(0..4);
        faults += 1;
        match (fault, &mut members[number]) {
            (0, member) => {
                let Member { server, home } = member.take().unwrap();
                server.kill();
                play_until(&mut players, |_| Instant::now() > pause);
                *member = Some(member_at(&nats, &name(number), ports[number], home, &[]));
            }
            (1, Some(member)) => {
                signal(&member.server.child, Signal::SIGSTOP);
                play_until(&mut players, |_| Instant::now() > pause);
                signal(&member.server.child, Signal::SIGCONT);
            }
            (2, _) => {
                nats.kill(number);
                play_until(&mut players, |_| Instant::now() > pause);
                nats.start_again(number);
            }
            _ => {
                nats.signal(number, Signal::SIGSTOP);
                play_until(&mut players, |_| Instant::now() > pause);
                nats.signal(number, Signal::SIGCONT);
            }
        }
        facts.extend(players.iter().filter_map(|player| player.newest_fact));
        let calm = Instant::now() + Duration::from_millis(random.random_range(0..2000));
        play_until(&mut players, |_| Instant::now() > calm);
    }
    play_some(&mut players);
    assert_same_seats(&players);
    facts.extend(players.iter_mut().filter_map(|player| player.newest_fact.take()));
    let records = nats.records("belt-1");
    // The log keeps the last minute only.
    let first = records.iter().position(|record| record.head.has_keyframe).unwrap();
    let recording = Recording::open(joined(&records[first..])).unwrap();
    facts.retain(|fact| fact.tick >= recording.first_tick());
    eprintln!("{faults} faults");
    assert_log(&records[first..], facts);
}

#[test]
#[ignore = "needs nats-server: cargo xtask test"]
fn rooms_of_a_fleet_survive_a_minute_of_faults() {
    let seconds = std::env::var("DRIFTBELT_STORM_SECONDS").ok().and_then(|text| text.parse().ok());
    storm(Duration::from_secs(seconds.unwrap_or(60)));
}
