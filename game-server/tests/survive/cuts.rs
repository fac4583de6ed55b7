//! Connections that break again and again, in a match of fifty.

use crate::facts::assert_all_true;
use crate::player::{Player, play_until};
use crate::process::{recordings, start};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg32;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PLAYERS: u64 = 50;
const CUTS: usize = 1000;
/// Joins whose bytes are measured.
const JOINS: u64 = 9;
/// A line of chat may follow another after this.
const CHAT_INTERVAL: Duration = Duration::from_millis(1600);

fn median(mut numbers: Vec<usize>) -> usize {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

#[test]
fn a_thousand_cuts_lose_no_seat_no_score_and_no_line() {
    let home = TempDir::new().unwrap();
    let server = start(&home, 0, &["--drones", "60", "--seed", "8"]);
    let mut players: Vec<_> = (0..PLAYERS).map(|number| Player::new(number, server.address)).collect();
    play_until(&mut players, |players| players.iter().all(|player| player.snapshots > 0));
    let mut random = Pcg32::seed_from_u64(4);
    let (mut cuts, mut lines) = (0, Vec::new());
    let mut said = Instant::now() - CHAT_INTERVAL;
    let mut facts = Vec::new();
    play_until(&mut players, |players| {
        if said.elapsed() >= CHAT_INTERVAL && cuts < CUTS {
            said = Instant::now();
            lines.push(format!("line {}", lines.len()));
            players[0].client.chat(&lines[lines.len() - 1]);
        }
        // The speaker stays; of the others some break in every turn, many of them before they are back.
        for player in &mut players[1..] {
            if cuts < CUTS && random.random_range(0..40) == 0 {
                cuts += 1;
                facts.extend(player.newest_fact);
                if random.random_range(0..4) == 0 { player.fall_silent() } else { player.cut() }
            }
        }
        let back = players.iter().all(|player| player.snapshots > 20);
        cuts == CUTS && back && players.iter().all(|player| player.chat.len() >= lines.len())
    });
    for player in &players {
        assert_eq!(player.welcomed_as.len(), 1, "a seat was lost: {:?}", player.welcomed_as);
        assert_eq!(player.closed_with, [0; 0]);
        assert_eq!(player.chat, lines);
    }
    facts.extend(players.iter().filter_map(|player| player.newest_fact));
    let resumes: Vec<usize> = players.iter().flat_map(|player| player.resume_bytes.clone()).collect();
    // What a join takes now: at the start, everybody also received everybody else's notices.
    let mut joins = Vec::new();
    for number in 0..JOINS {
        let mut leaver = players.pop().unwrap();
        leaver.client.leave();
        leaver.turn();
        play_until(std::slice::from_mut(&mut leaver), |leaver| leaver[0].closed_with == [4007]);
        players.push(Player::new(PLAYERS + number, server.address));
        play_until(&mut players, |players| players[players.len() - 1].snapshots > 0);
        joins.extend(players[players.len() - 1].join_bytes.clone());
    }
    server.kill();
    let [path] = &recordings(&home)[..] else { panic!("one recording") };
    assert_all_true(path, facts);
    let join = median(joins);
    let (count, resume) = (resumes.len(), median(resumes));
    eprintln!("{count} resumes of {resume} bytes, joins of {join} bytes, {} lines", lines.len());
    assert!(resume * 4 < join, "a resume takes {resume} bytes, a join {join}");
}
