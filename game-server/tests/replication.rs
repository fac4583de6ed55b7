//! Replication against a model world: whatever moves, appears and vanishes, and however many ticks a viewer is skipped,
//! the viewer holds exactly what is in its sight, and nothing of what is not.

use game_server::replication::{HISTORY_TICKS, Interest, Replicator, Viewer};
use glam::IVec2;
use proptest::prelude::*;
use shared::delta::View;
use shared::entity::{EntityState, Kind};
use shared::id::{NetId, Tick};
use shared::movement::{Motion, bounce_off_border};
use shared::rules::{Arena, Mode, Rules};
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;

fn setup() -> Setup {
    let rules: Rules = toml::from_str(include_str!("../../assets/rules.toml")).expect("the game's rules");
    let mode: Mode = toml::from_str(include_str!("../../assets/modes/belt.toml")).expect("the game's mode");
    let arena = Arena { title: String::new(), stations: Vec::new() };
    Setup { rules, mode, arena, tick_rate_hz: 30, drones: 0, seed: 1 }
}

/// What happens to one entity in one tick.
#[derive(Clone, Debug)]
enum Fate {
    Drift,
    Turn(i32, i32),
    Jump(i32, i32),
    Hurt,
    Vanish,
    Appear,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        12 => Just(Fate::Drift),
        3 => (-90i32..90, -90i32..90).prop_map(|(x, y)| Fate::Turn(x, y)),
        1 => (-30_000i32..30_000, -30_000i32..30_000).prop_map(|(x, y)| Fate::Jump(x, y)),
        1 => Just(Fate::Hurt),
        1 => Just(Fate::Vanish),
        1 => Just(Fate::Appear),
    ]
}

fn step(world: &mut Vec<EntityState>, next_id: &mut u32, fates: &[Fate], setup: &Setup) {
    let mut appeared = 0;
    let mut fates = fates.iter().cycle();
    world.retain_mut(|entity| {
        entity.motion = entity.motion.drifted(1, setup.tick_seconds());
        bounce_off_border(&mut entity.motion, setup.half_size(), 1.0);
        match fates.next() {
            Some(Fate::Turn(x, y)) => entity.motion.velocity += IVec2::new(*x, *y),
            Some(Fate::Jump(x, y)) => entity.motion.at = IVec2::new(*x, *y),
            Some(Fate::Hurt) => entity.health = entity.health.wrapping_add(7),
            Some(Fate::Vanish) => return false,
            Some(Fate::Appear) => appeared += 1,
            Some(Fate::Drift) | None => {}
        }
        true
    });
    world.extend((0..appeared).map(|_| appear(next_id)));
}

fn appear(next_id: &mut u32) -> EntityState {
    *next_id += 1;
    let number = *next_id as i32;
    let at = IVec2::new((number * 7919) % 28_000 - 14_000, (number * 10_473) % 28_000 - 14_000);
    let motion = Motion { at, velocity: IVec2::new(number % 400 - 200, 60) };
    EntityState { id: NetId(*next_id), kind: Kind::Asteroid, health: 9, motion, ..EntityState::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn viewers_hold_what_they_see_and_nothing_else(
        ticks in prop::collection::vec(prop::collection::vec(fate(), 1..60), 1..60),
        // Per viewer: every how many ticks it is told, so that some fall out of the history.
        every in prop::collection::vec(1u32..(HISTORY_TICKS as u32 + 6), 1..5),
    ) {
        let setup = setup();
        let mut replicator = Replicator::new(&setup);
        let mut next_id = 0;
        let mut world: Vec<EntityState> = (0..120).map(|_| appear(&mut next_id)).collect();
        let mut viewers: Vec<(u32, Viewer, View)> = every
            .iter()
            .map(|every| (*every, Viewer::default(), View::new(setup.tick_seconds())))
            .collect();
        for (tick, fates) in ticks.iter().enumerate() {
            let tick = tick as u32 + 1;
            step(&mut world, &mut next_id, fates, &setup);
            replicator.observe(|out: &mut WorldSnapshot| {
                out.tick = Tick(tick);
                out.entities.clone_from(&world);
            });
            for (number, (every, viewer, view)) in viewers.iter_mut().enumerate() {
                if !tick.is_multiple_of(*every) {
                    continue;
                }
                let wander = tick as i32 * 90 * (number as i32 + 1);
                let interest = Interest::around(IVec2::new(wander - 9000, 9000 - wander), &setup);
                let mut payload = Vec::new();
                replicator.write_payload(viewer, &interest, &mut payload);
                view.apply(Tick(tick), false, &payload).expect("our own payload");
                prop_assert_eq!(viewer.len(), view.entities().len());
                for held in view.entities() {
                    prop_assert!(interest.keeps(held.motion.at), "{:?} is out of sight", held.id);
                    prop_assert_eq!(Some(held), replicator.world().entity(held.id));
                }
                for seen in world.iter().filter(|entity| interest.enters(entity.motion.at)) {
                    prop_assert!(view.entity(seen.id).is_some(), "{:?} is in sight", seen.id);
                }
            }
        }
    }
}
