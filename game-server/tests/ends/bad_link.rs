//! What a bad link does to a player, and what it must not do.

use crate::pair::{BAD, CLEAN, Pair, setup};
use client_core::client::Client;
use shared::entity::Kind;
use shared::input::Buttons;

/// Flies about: thrust, boost, brake and fire, with an aim that wanders.
fn wander(client: &mut Client, now_ms: f64) {
    let seconds = now_ms / 1000.0;
    let buttons = match (seconds * 0.7) as u64 % 6 {
        0 | 3 => 1,
        1 => 1 | 2,
        2 => 8,
        4 => 1 | 4,
        _ => 0,
    };
    client.set_input(buttons, ((seconds * 0.9).sin() * 2.5 + seconds * 0.31) as f32);
}

#[test]
fn prediction_is_exact_on_a_clean_link() {
    let mut pair = Pair::new(setup(0), CLEAN, 1);
    pair.run(3.0, wander);
    let corrected = pair.client.net_graph().corrections;
    let mut way = 0.0;
    let mut last = pair.client.state(pair.now_ms).own.expect("a ship");
    for _ in 0..120 {
        pair.run(0.25, wander);
        let own = pair.client.state(pair.now_ms).own.expect("a ship");
        way += (own.x - last.x).hypot(own.y - last.y);
        last = own;
        assert_eq!(pair.client.net_graph().prediction_error_units, 0.0, "at {} ms", pair.now_ms);
    }
    assert_eq!(pair.client.net_graph().corrections, corrected);
    assert!(way > 100.0, "the ship flew {way} units");
    pair.assert_equal_worlds();
}

#[test]
fn after_the_link_heals_the_client_holds_what_the_server_has() {
    for seed in 0..12 {
        let mut pair = Pair::new(setup(12), BAD, seed);
        for round in 0..6 {
            pair.run(2.0 + seed as f64 * 0.13, wander);
            if (seed + round) % 3 == 0 {
                pair.cut();
                pair.run(0.5, wander);
                pair.connect();
            }
        }
        pair.quality = CLEAN;
        pair.run(4.0, wander);
        pair.assert_equal_worlds();
        assert_eq!(pair.room.seats(), 1, "every cut came back to its own seat");
        pair.run(2.0, wander);
        assert_eq!(pair.client.net_graph().prediction_error_units, 0.0, "seed {seed}");
    }
}

#[test]
fn corrections_stay_bounded_under_stalls() {
    let mut pair = Pair::new(setup(0), BAD, 5);
    pair.run(4.0, wander);
    let mut worst = 0.0f64;
    for _ in 0..100 {
        pair.run(0.2, wander);
        worst = worst.max(f64::from(pair.client.net_graph().prediction_error_units));
    }
    // A stall of 0.7 s at boost speed: what the server held down in that time was not what the player did.
    assert!(worst < 40.0, "prediction was off by {worst} units");
}

#[test]
fn after_a_standstill_of_the_server_the_ship_obeys_at_once() {
    // Once and twice, up to what the client takes for a lost connection; an input lead is sent up to 127 ticks.
    for (first, second, limit_ticks) in
        [(0.0, 0.4, 10), (0.0, 1.0, 10), (0.0, 2.0, 10), (2.0, 2.0, 10), (3.0, 0.5, 10), (0.0, 4.5, 20)]
    {
        let mut pair = Pair::new(setup(0), CLEAN, 1);
        pair.run(3.0, |client, _| client.set_input(0, 0.0));
        pair.stand_still(first, |client, _| client.set_input(0, 0.0));
        pair.run(0.5, |client, _| client.set_input(0, 0.0));
        pair.stand_still(second, |client, _| client.set_input(0, 0.0));
        let ship =
            |pair: &Pair| pair.room.world().entities.iter().find(|entity| entity.kind == Kind::Ship).copied();
        let start = ship(&pair).expect("a ship").motion.velocity_q;
        let mut ticks = 0;
        while ship(&pair).expect("a ship").motion.velocity_q == start {
            pair.run(1.0 / 30.0, |client, _| client.set_input(Buttons::THRUST.0, 0.0));
            ticks += 1;
            assert!(ticks <= limit_ticks, "still not flying after standstills of {first} and {second} s");
        }
        pair.run(2.0, wander);
        assert_eq!(pair.client.net_graph().prediction_error_units, 0.0, "after {first} and {second} s");
        pair.assert_equal_worlds();
    }
}
