//! Snapshots against a model world: whatever moves, appears and vanishes, and however many ticks a viewer is skipped, it holds
//! exactly what is in its sight, and nothing else.

use glam::IVec2;
use proptest::prelude::*;
use room::load::FAR_INTERVAL_SNAPSHOTS;
use room::snapshot::{HISTORY_TICKS, Interest, Replicator, SnapshotScope, Viewer};
use shared::delta::View;
use shared::entity::{EntityState, Kind};
use shared::id::{NetId, PlayerId, Tick};
use shared::movement::{Motion, bounce_off_border};
use shared::rules::{Arena, Mode, Rules};
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;

fn setup() -> Setup {
    let rules: Rules = toml::from_str(include_str!("../../assets/rules.toml")).expect("the game's rules");
    let mode: Mode = toml::from_str(include_str!("../../assets/modes/belt.toml")).expect("the game's mode");
    let arena: Arena =
        toml::from_str(include_str!("../../assets/arenas/open.toml")).expect("an arena without stations");
    Setup { rules, mode, arenas: vec![arena], tick_rate_hz: 30, drones: 0, seed: 1 }
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

fn crowded_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![2 => Just(Fate::Drift), 6 => (-9i32..9, -9i32..9).prop_map(|(x, y)| Fate::Turn(x, y)), 1 => Just(Fate::Hurt)]
}

fn step(world: &mut Vec<EntityState>, next_id: &mut u32, fates: &[Fate], setup: &Setup) {
    let mut appeared = 0;
    let mut fates = fates.iter().cycle();
    world.retain_mut(|entity| {
        entity.motion = entity.motion.drifted(1, setup.tick_seconds());
        bounce_off_border(&mut entity.motion, setup.largest_half_size(), 1.0);
        match fates.next() {
            Some(Fate::Turn(x, y)) => entity.motion.velocity_q += IVec2::new(*x, *y),
            Some(Fate::Jump(x, y)) => entity.motion.position_q = IVec2::new(*x, *y),
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
    let motion = Motion { position_q: at, velocity_q: IVec2::new(number % 400 - 200, 60) };
    EntityState { id: NetId(*next_id), kind: Kind::Asteroid, health: 9, motion, ..EntityState::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn viewers_hold_what_they_see_and_nothing_else(
        ticks in prop::collection::vec(prop::collection::vec(fate(), 1..60), 1..60),
        // Per viewer: ticks between two snapshots; some fall out of the history.
        every in prop::collection::vec(1u32..(HISTORY_TICKS as u32 + 6), 1..5),
        far_interval in prop_oneof![Just(1u32), Just(FAR_INTERVAL_SNAPSHOTS)],
        interval_ticks in 1u32..4,
    ) {
        let setup = setup();
        let mut replicator = Replicator::new(&setup);
        replicator.set_intervals_ticks(interval_ticks, interval_ticks * far_interval);
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
                let is_whole_turn = (tick / *every).is_multiple_of(far_interval);
                let scope = if is_whole_turn { SnapshotScope::Whole } else { SnapshotScope::Near };
                let (delta, is_whole) = replicator.write(viewer, &interest, scope);
                let known: Vec<NetId> = view.entities().iter().map(|held| held.id).collect();
                view.apply(Tick(tick), false, delta).expect("our own delta");
                prop_assert_eq!(viewer.len(), view.entities().len());
                for near in world.iter().filter(|entity| interest.is_near(entity.motion.position_q)) {
                    prop_assert_eq!(view.entity(near.id), Some(near));
                }
                if !is_whole {
                    for held in view.entities() {
                        let is_near = world.iter().any(|it| it.id == held.id && interest.is_near(it.motion.position_q));
                        prop_assert!(is_near || known.contains(&held.id), "{:?} is far, and new", held.id);
                    }
                    continue;
                }
                for held in view.entities() {
                    let Some(entity) = replicator.world().entity(held.id) else {
                        prop_assert!(false, "{:?} is gone", held.id);
                        continue;
                    };
                    prop_assert!(interest.keeps(entity.motion.position_q), "{:?} is out of sight", held.id);
                    prop_assert_eq!(held, entity);
                }
                for seen in world.iter().filter(|entity| interest.enters(entity.motion.position_q)) {
                    prop_assert!(view.entity(seen.id).is_some(), "{:?} is in sight", seen.id);
                }
            }
        }
    }

    /// A crowd in one place, sent within a budget that is a fraction of its records.
    #[test]
    fn a_crowd_is_sent_within_the_budget_and_completely_in_the_end(
        ticks in prop::collection::vec(prop::collection::vec(crowded_fate(), 1..60), 20..60),
        budget_bytes in 60usize..200,
    ) {
        const OWN: PlayerId = PlayerId(2);
        let setup = setup();
        let mut interest = Interest::around(IVec2::ZERO, &setup);
        let mut replicator = Replicator::new(&setup);
        let mut next_id = 0;
        let mut world: Vec<EntityState> = (0..300).map(|_| appear(&mut next_id)).collect();
        for (number, entity) in world.iter_mut().enumerate() {
            if number % 2 == 0 {
                entity.kind = Kind::Ship;
                entity.owner = PlayerId(number as u32);
            }
            entity.motion.position_q /= 8;
            entity.motion.velocity_q /= 8;
        }
        let own = NetId(OWN.0 + 1);
        let (mut viewer, mut view) = (Viewer::default(), View::new(setup.tick_seconds()));
        // In the second half everything stands still, so that the crowd stays in view until all of it was sent.
        let quiet = vec![vec![Fate::Drift]; 400];
        for (tick, fates) in ticks.iter().chain(&quiet).enumerate() {
            if tick == ticks.len() {
                world.iter_mut().for_each(|entity| entity.motion.velocity_q = IVec2::ZERO);
            }
            let tick = Tick(tick as u32 + 1);
            step(&mut world, &mut next_id, fates, &setup);
            replicator.observe(|out: &mut WorldSnapshot| {
                out.tick = tick;
                out.entities.clone_from(&world);
            });
            interest = Interest::around(world[OWN.0 as usize].motion.position_q, &setup);
            let scope = SnapshotScope::Urgent { player: OWN, budget_bytes };
            let (delta, is_complete) = replicator.write(&mut viewer, &interest, scope);
            prop_assert!(delta.len() <= 2 * budget_bytes + 64, "{} bytes", delta.len());
            view.apply(tick, false, delta).expect("our own delta");
            prop_assert_eq!(view.entity(own), replicator.world().entity(own), "the own ship is always exact");
            if is_complete {
                for held in view.entities() {
                    prop_assert_eq!(Some(held), replicator.world().entity(held.id));
                }
            }
        }
        let seen = world.iter().filter(|entity| interest.enters(entity.motion.position_q));
        prop_assert!(seen.clone().count() > 100, "a crowd");
        for seen in seen {
            prop_assert_eq!(view.entity(seen.id), Some(seen));
        }
    }
}

/// Everything turns in every tick, so that the motion rule makes no record empty.
#[test]
fn sending_far_entities_less_often_saves_bytes() {
    let setup = setup();
    let interest = Interest::around(IVec2::ZERO, &setup);
    let bytes = [1, FAR_INTERVAL_SNAPSHOTS].map(|far_interval| {
        let mut replicator = Replicator::new(&setup);
        replicator.set_intervals_ticks(1, far_interval);
        let mut next_id = 0;
        let mut world: Vec<EntityState> = (0..120).map(|_| appear(&mut next_id)).collect();
        let (mut viewer, mut bytes) = (Viewer::default(), 0);
        for tick in 1..=60 {
            world.iter_mut().for_each(|entity| {
                entity.motion.velocity_q = IVec2::new(if tick % 2 == 0 { 40 } else { -40 }, 0);
                entity.motion = entity.motion.drifted(1, setup.tick_seconds());
            });
            replicator.observe(|out: &mut WorldSnapshot| {
                out.tick = Tick(tick);
                out.entities.clone_from(&world);
            });
            let is_whole = (tick - 1).is_multiple_of(far_interval);
            let scope = if is_whole { SnapshotScope::Whole } else { SnapshotScope::Near };
            bytes += replicator.write(&mut viewer, &interest, scope).0.len();
        }
        bytes
    });
    assert!(bytes[1] * 3 < bytes[0] * 2, "{bytes:?} bytes");
}
