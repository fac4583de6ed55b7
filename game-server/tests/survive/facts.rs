//! What players were sent, compared with a recording.

use shared::id::{PlayerId, Tick};
use shared::input::{Buttons, Controls};
use shared::recording::Recording;
use sim::Sim;
use std::path::Path;

/// The newest state that a player was sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fact {
    /// As of which tick.
    pub tick: Tick,
    /// The player that received it: it is in the world.
    pub player: PlayerId,
    /// Banked, by a snapshot.
    pub score: Option<u32>,
    /// The own controls that count at this tick, by the input that was acknowledged.
    pub controls: Option<Controls>,
}

/// Simulates the recording again and looks up each fact at its tick.
pub fn assert_all_true(path: &Path, mut facts: Vec<Fact>) {
    let recording = Recording::open(std::fs::read(path).unwrap()).unwrap();
    facts.sort_by_key(|fact| fact.tick);
    let newest = facts.last().map_or(Tick(0), |fact| fact.tick);
    assert!(
        newest <= recording.last_tick(),
        "sent tick {}, recorded to {:?}",
        newest.0,
        recording.last_tick()
    );
    let (keyframe, mut cursor) = recording.seek(recording.first_tick()).unwrap();
    let mut sim = Sim::from_keyframe(&recording.header().setup().unwrap(), &keyframe).unwrap();
    let mut facts = facts.into_iter().peekable();
    while facts.peek().is_some() {
        let recorded = recording.next_tick(&mut cursor).unwrap().unwrap();
        sim.step(&recorded.inputs);
        assert_eq!(sim.state_hash(), recorded.state_hash, "at tick {}", recorded.tick.0);
        if facts.peek().is_none_or(|fact| fact.tick > recorded.tick) {
            continue;
        }
        let world = sim.keyframe();
        while let Some(fact) = facts.next_if(|fact| fact.tick <= recorded.tick) {
            let found = world.players.iter().find(|player| player.player == fact.player);
            let found = found.unwrap_or_else(|| panic!("the join is lost: {fact:?}"));
            assert_eq!(Some(found.score), fact.score.or(Some(found.score)), "{fact:?}");
            if let Some(controls) = fact.controls {
                assert!(!found.away, "{fact:?}");
                let sent = Controls { buttons: Buttons(controls.buttons.0).known(), ..controls };
                assert_eq!(found.controls, sent, "the input is lost: {fact:?}");
            }
        }
    }
}
