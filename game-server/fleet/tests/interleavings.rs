//! Nodes that die, stop, are cut off and lose messages, in thousands of interleavings: what an owner promises holds in all.

// Test code that is not itself a test function; what fails here fails the test.
#![allow(clippy::unwrap_used)]

mod model;

use model::{Fleet, STEP};
use std::thread::available_parallelism;
use std::time::Duration;

const INTERLEAVINGS: u64 = 10_000;
/// Steps with faults: 14 s.
const FAULTY_STEPS: u32 = 350;
/// After the last fault a room is served within this time.
const RECOVERY_LIMIT: Duration = Duration::from_secs(12);

#[test]
fn one_writer_per_epoch_nothing_told_is_lost_and_somebody_serves_in_the_end() {
    let threads = available_parallelism().map_or(1, |threads| threads.get() as u64);
    let (claims, tellings) = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|part| scope.spawn(move || run((part..INTERLEAVINGS).step_by(threads as usize))))
            .collect();
        let done = parts.into_iter().map(|part| part.join().unwrap());
        done.fold((0, 0), |(claims, tellings), part| (claims + part.0, tellings + part.1))
    });
    eprintln!("{claims} claims, {tellings} acknowledgements");
    // The faults do something.
    assert!(claims > INTERLEAVINGS as usize / 2);
}

/// Runs these seeds; returns the claims and the acknowledgements.
fn run(seeds: impl Iterator<Item = u64>) -> (usize, usize) {
    let (mut claims, mut tellings) = (0, 0);
    for seed in seeds {
        let mut fleet = Fleet::new(seed);
        fleet.ask(seed as usize % 3);
        for _ in 0..FAULTY_STEPS {
            fleet.step();
        }
        fleet.end_faults();
        let mut waited = Duration::ZERO;
        while !fleet.is_served() {
            assert!(waited < RECOVERY_LIMIT, "seed {seed}: nobody serves");
            fleet.step();
            fleet.ask(seed as usize % 3);
            waited += STEP;
        }
        fleet.check();
        claims += fleet.claims();
        tellings += fleet.tellings;
    }
    (claims, tellings)
}

#[test]
fn of_two_creators_of_a_room_one_creates_it() {
    for seed in 0..1000 {
        let mut fleet = Fleet::new(seed);
        fleet.end_faults();
        fleet.ask(0);
        fleet.ask(1);
        for _ in 0..10 {
            fleet.step();
        }
        assert!(fleet.is_served());
        assert_eq!(fleet.rooms_begun(), 1);
        fleet.check();
    }
}
