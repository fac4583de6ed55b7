//! `kill -9` during a match, again and again.

use crate::facts::assert_all_true;
use crate::player::{Player, play_until};
use crate::process::{recordings, start};
use game_server::commands::verify::verify;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg32;
use shared::recording::Recording;
use tempfile::TempDir;

const PLAYERS: u64 = 8;

/// Kills the server this many times; what was sent before each kill must be in the one recording that comes of it.
fn kill_and_compare(kills: u32) {
    let home = TempDir::new().unwrap();
    let options = ["--drones", "12", "--seed", "5"];
    let mut server = start(&home, 0, &options);
    let address = server.address;
    let mut players: Vec<_> = (0..PLAYERS).map(|number| Player::new(number, address)).collect();
    let mut random = Pcg32::seed_from_u64(9);
    let mut facts = Vec::new();
    for round in 0..kills {
        // From during the first welcomes to some time into the match.
        let heard = random.random_range(0..8 * PLAYERS as u32 * 5);
        play_until(&mut players, |players| {
            players.iter().map(|player| player.snapshots).sum::<u32>() >= heard
        });
        server.kill();
        // What had left the server before counts too.
        players.iter_mut().for_each(Player::turn);
        facts.extend(players.iter_mut().filter_map(|player| player.newest_fact.take()));
        players.iter_mut().for_each(Player::cut);
        server = start(&home, address.port(), &options);
        play_until(&mut players, |players| {
            round + 1 < kills || players.iter().all(|player| player.snapshots > 0)
        });
    }
    for player in &players {
        let first = player.welcomed_as[0];
        assert!(player.welcomed_as.iter().all(|again| *again == first), "{:?}", player.welcomed_as);
        assert_eq!(player.closed_with, [0; 0]);
    }
    facts.extend(players.iter().filter_map(|player| player.newest_fact));
    server.kill();
    let [path] = &recordings(&home)[..] else { panic!("one continuous recording") };
    let recording = Recording::open(std::fs::read(path).unwrap()).unwrap();
    let verdict = verify(recording, |_| {}).unwrap();
    assert!(verdict.divergence.is_none());
    assert!(facts.len() >= kills as usize && facts.iter().any(|fact| fact.controls.is_some()));
    eprintln!("{} kills, {} facts, {} ticks", kills, facts.len(), verdict.ticks);
    assert_all_true(path, facts);
}

#[test]
fn what_was_sent_survives_kill_9() {
    kill_and_compare(6);
}

#[test]
#[ignore = "takes minutes; run it after a change to journal, gate or restore"]
fn what_was_sent_survives_two_hundred_kills() {
    kill_and_compare(200);
}
