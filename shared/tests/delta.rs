//! Deltas against a model: whatever happens to the entities, the viewer ends up with exactly what the server has.

use glam::IVec2;
use proptest::prelude::*;
use shared::angle::Angle;
use shared::delta::{
    DeltaError, RecordWriter, VIEW_LIMIT_ENTITIES, View, write_delta, write_full, write_removed,
};
use shared::entity::{EntityState, Kind, ShipFlags};
use shared::id::{NetId, PlayerId, Tick};
use shared::levels::Levels;
use shared::movement::Motion;

const TICK_SECONDS: f32 = 1.0 / 30.0;

fn entity(id: u32) -> impl Strategy<Value = EntityState> {
    let motion = (-400_000i32..400_000, -400_000i32..400_000, -3200i32..3200, -3200i32..3200);
    let numbers = (any::<u16>(), any::<u16>(), any::<u16>(), any::<u32>(), any::<u8>(), 0u16..1024);
    (0usize..4, motion, numbers, 0u8..3, 0u32..5).prop_map(move |(kind, motion, numbers, size, owner)| {
        let kind = Kind::ALL[kind];
        let ship = kind == Kind::Ship;
        let (health, hold, levels, score, flags, heading) = numbers;
        EntityState {
            id: NetId(id),
            kind,
            size: if kind == Kind::Asteroid { size } else { 0 },
            team: if ship || kind == Kind::Bolt { size } else { 0 },
            flags: ShipFlags(if ship { flags } else { 0 }),
            motion: Motion {
                position_q: IVec2::new(motion.0, motion.1),
                velocity_q: IVec2::new(motion.2, motion.3),
            },
            heading: Angle::from_step(if ship { heading } else { 0 }),
            health: if ship || kind == Kind::Asteroid { health } else { 0 },
            hold: if ship { hold } else { 0 },
            levels: Levels(if ship { levels } else { 0 }),
            score: if ship { score } else { 0 },
            owner: PlayerId(if ship || kind == Kind::Bolt { owner } else { 0 }),
        }
    })
}

/// One step of the model: per id, whether it is there, and what it becomes.
fn worlds() -> impl Strategy<Value = Vec<(u32, Vec<Option<EntityState>>)>> {
    let ids: Vec<_> = (0..12u32).map(|n| prop::option::weighted(0.7, entity(n * n * n * 7 + 1))).collect();
    prop::collection::vec((0u32..4, ids), 1..12)
}

proptest! {
    #[test]
    fn the_viewer_ends_up_with_what_the_server_has(steps in worlds()) {
        let mut view = View::new(TICK_SECONDS);
        let mut held: Vec<EntityState> = Vec::new();
        let mut tick = Tick(0);
        for (ticks, step) in steps {
            tick = tick.plus(ticks);
            // Half of what stays drifts by the motion rule alone; an id keeps its kind.
            let now: Vec<EntityState> = step.into_iter().flatten().map(|mut next| {
                if let Some(base) = held.iter().find(|base| base.id == next.id) {
                    if next.health.is_multiple_of(2) {
                        next = EntityState { motion: base.motion.drifted(ticks, TICK_SECONDS), ..*base };
                    } else if next.kind != base.kind {
                        next = EntityState { motion: next.motion, ..*base };
                    } else {
                        next = EntityState { owner: base.owner, team: base.team, size: base.size, ..next };
                    }
                }
                next
            }).collect();
            let removed: Vec<NetId> =
                held.iter().map(|base| base.id).filter(|id| now.iter().all(|next| next.id != *id)).collect();
            let mut records = Vec::new();
            let mut writer = RecordWriter::new(&mut records);
            let mut record = Vec::new();
            for next in &now {
                record.clear();
                match held.iter().find(|base| base.id == next.id) {
                    Some(base) if ticks > 0 => {
                        if write_delta(base, next, ticks, TICK_SECONDS, &mut record) {
                            writer.write(next.id, &record);
                        }
                    }
                    _ => {
                        write_full(next, "Ada", &mut record);
                        writer.write(next.id, &record);
                    }
                }
            }
            writer.finish();
            let mut payload = Vec::new();
            write_removed(&removed, &mut payload);
            payload.extend(records);
            let changes = view.apply(tick, false, &payload).expect("our own payload");
            prop_assert_eq!(view.entities(), now.as_slice());
            prop_assert_eq!(changes.removed.len(), removed.len());
            held = now;
        }
    }

    #[test]
    fn any_bytes_are_refused_or_applied_but_never_panic(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut view = View::new(TICK_SECONDS);
        let _ = view.apply(Tick(5), true, &payload);
    }
}

#[test]
fn a_free_drift_costs_nothing_and_a_turn_at_the_last_tick_only_its_velocity() {
    let rock = EntityState {
        kind: Kind::Asteroid,
        motion: Motion { position_q: IVec2::new(5, 9), velocity_q: IVec2::new(77, -41) },
        ..EntityState::default()
    };
    let drifted = EntityState { motion: rock.motion.drifted(9, TICK_SECONDS), ..rock };
    let mut out = Vec::new();
    assert!(!write_delta(&rock, &drifted, 9, TICK_SECONDS, &mut out) && out.is_empty());

    let mut turned = rock.motion.drifted(8, TICK_SECONDS);
    turned.velocity_q += IVec2::new(30, 0);
    let turned = EntityState { motion: turned.drifted(1, TICK_SECONDS), ..rock };
    assert!(write_delta(&rock, &turned, 9, TICK_SECONDS, &mut out));
    assert_eq!(out.len(), 3, "a mask and two bytes of velocity");
}

#[test]
fn ids_that_do_not_ascend_are_errors() {
    let one = [0x82, 0, 0, 0, 0];
    let again = [&[0, 5][..], &one, &[0], &one].concat();
    let backwards = [&[0, 5][..], &one, &[0xff, 0xff, 0xff, 0xff, 0x0f], &one].concat();
    let removed_twice = [2, 5, 0];
    for payload in [&again[..], &backwards, &removed_twice] {
        let mut view = View::new(TICK_SECONDS);
        assert!(matches!(view.apply(Tick(1), true, payload), Err(DeltaError::Malformed(_))), "{payload:?}");
    }
}

#[test]
fn a_delta_without_its_base_and_a_step_back_in_time_are_errors() {
    let mut view = View::new(TICK_SECONDS);
    assert_eq!(view.apply(Tick(1), false, &[0, 7, 8, 1]), Err(DeltaError::Unknown(7)));
    assert_eq!(view.apply(Tick(0), false, &[0]), Err(DeltaError::Backwards { held: 1, got: 0 }));
}

#[test]
fn a_view_holds_so_many_entities_and_no_more() {
    let payload = |ids: std::ops::RangeInclusive<usize>| {
        let (mut payload, mut record) = (Vec::new(), Vec::new());
        write_full(&EntityState { kind: Kind::Ore, ..EntityState::default() }, "", &mut record);
        write_removed(&[], &mut payload);
        let mut writer = RecordWriter::new(&mut payload);
        ids.for_each(|id| writer.write(NetId(id as u32), &record));
        writer.finish();
        payload
    };
    let mut view = View::new(TICK_SECONDS);
    assert!(view.apply(Tick(1), true, &payload(1..=VIEW_LIMIT_ENTITIES)).is_ok());
    assert_eq!(view.entities().len(), VIEW_LIMIT_ENTITIES);
    let one_more = payload(VIEW_LIMIT_ENTITIES + 1..=VIEW_LIMIT_ENTITIES + 1);
    assert_eq!(view.apply(Tick(2), false, &one_more), Err(DeltaError::TooMany));
}
