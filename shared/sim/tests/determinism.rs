//! Same start and same inputs, same world: on every machine, and also from any keyframe on.

use proptest::prelude::*;
use shared::angle::Angle;
use shared::codec::{decode_stored, encode_stored};
use shared::command::{Absence, Admin, FIRST_DRONE, Join, PlayerInput, TickInputs};
use shared::id::PlayerId;
use shared::input::{Buttons, Controls, ViewLag};
use shared::keyframe::Keyframe;
use shared::levels::HullKind;
use shared::text::Name;
use sim::Sim;
use sim::scripted::{SCRIPT_TICKS, inputs, scripted_match, setup};

/// The hash of the scripted match: in debug, in release and in the browser.
const EXPECTED: u64 = 0x262e_901a_45ae_b11c;

#[test]
fn the_scripted_match_ends_in_the_frozen_hash() {
    assert_eq!(format!("{:016x}", scripted_match()), format!("{EXPECTED:016x}"));
}

/// A match that nothing happens in would prove little.
#[test]
fn the_scripted_match_has_something_of_everything() {
    let mut sim = Sim::new(&setup()).expect("a sound setup");
    let mut seen = std::collections::BTreeSet::new();
    for tick in 1..=SCRIPT_TICKS {
        sim.step(&inputs(tick));
        for event in sim.capture().events {
            let name = format!("{:?}", event.what);
            seen.insert(name.split_whitespace().next().unwrap_or_default().to_owned());
        }
    }
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    let known =
        ["Assisted", "Banked", "Bounced", "Broken", "Death", "Hit", "Loaded", "Spawned", "Upgraded", "Used"];
    assert_eq!(seen, known);
}

/// One random act of one random player.
#[derive(Clone, Debug)]
enum Act {
    Join(u32),
    Leave(u32),
    Away(u32, bool),
    Drones(u16),
    Kick(u32),
    Hold(u32, u16, u16, u16),
}

fn acts() -> impl Strategy<Value = Vec<(u16, Act)>> {
    let player = prop_oneof![1u32..10, Just(0), FIRST_DRONE..FIRST_DRONE + 12];
    let hold = (1u32..10, any::<u16>(), any::<u16>(), 0u16..100);
    let act = prop_oneof![
        2 => player.clone().prop_map(Act::Join),
        1 => player.clone().prop_map(Act::Leave),
        1 => (player.clone(), any::<bool>()).prop_map(|(player, away)| Act::Away(player, away)),
        1 => (0u16..20).prop_map(Act::Drones),
        1 => player.prop_map(Act::Kick),
        12 => hold.prop_map(|(player, buttons, aim, lag)| Act::Hold(player, buttons, aim, lag)),
    ];
    proptest::collection::vec((0u16..500, act), 0..300)
}

fn inputs_of(acts: &[(u16, Act)], tick: u32) -> TickInputs {
    let mut inputs = TickInputs::default();
    for (_, act) in acts.iter().filter(|(at, _)| u32::from(*at) == tick) {
        match act {
            Act::Join(player) => {
                let hull = HullKind::of_number((*player % 3) as u16);
                let join =
                    Join { player: PlayerId(*player), name: Name::from_input(&format!("P{player}")), hull };
                inputs.joins.push(join);
            }
            Act::Leave(player) => inputs.leaves.push(PlayerId(*player)),
            Act::Away(player, away) => {
                inputs.absences.push(Absence { player: PlayerId(*player), away: *away });
            }
            Act::Drones(wanted) => inputs.admin.push(Admin::SetDrones(*wanted)),
            Act::Kick(player) => inputs.admin.push(Admin::Kick(PlayerId(*player))),
            Act::Hold(player, buttons, aim, lag) => {
                let (buttons, aim, lag) = (Buttons(*buttons), Angle::from_step(*aim), ViewLag(*lag));
                let controls = Controls { buttons, aim, lag };
                inputs.inputs.push(PlayerInput { player: PlayerId(*player), controls });
            }
        }
    }
    inputs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_restored_world_goes_on_with_the_same_hashes(acts in acts(), cut in 0u32..200, teams in 0u8..3) {
        let mut setup = setup();
        setup.mode.teams = teams;
        let mut sim = Sim::new(&setup).expect("a sound setup");
        for tick in 0..cut {
            sim.step(&inputs_of(&acts, tick));
        }
        let mut bytes = Vec::new();
        encode_stored(&sim.keyframe(), &mut bytes);
        let key: Keyframe = decode_stored(&bytes).expect("bytes just encoded");
        let mut restored = Sim::from_keyframe(&setup, &key).expect("a keyframe just taken");
        prop_assert_eq!(restored.state_hash(), sim.state_hash());
        prop_assert_eq!(&restored.keyframe(), &key);
        for tick in cut..cut + 300 {
            let inputs = inputs_of(&acts, tick);
            sim.step(&inputs);
            restored.step(&inputs);
            if restored.state_hash() != sim.state_hash() {
                let differences = Sim::differences(&sim.keyframe(), &restored.keyframe());
                prop_assert!(false, "tick {}: {:?}", tick, differences);
            }
        }
        prop_assert_eq!(sim.capture(), restored.capture());
    }
}
