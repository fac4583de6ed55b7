//! A client is told of nothing that is outside its interest: every snapshot of a match is opened and looked through.

use crate::crowd::Crowd;
use crate::pair::setup;
use game_server::replication::Interest;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg32;
use shared::angle::Angle;
use shared::codec::decode_server;
use shared::delta::View;
use shared::id::{PlayerId, Tick};
use shared::input::{Buttons, Controls, InputFrame};
use shared::message::{ClientMessage, Input, ServerMessage};
use std::collections::BTreeSet;

const PLAYERS: u8 = 5;
const TICKS: u32 = 240;
/// Chance per tick that a player changes course, in percent.
const TURN_PERCENT: u32 = 8;

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn what_is_out_of_sight_is_never_told(seed in any::<u64>()) {
        let setup = setup(12);
        let seconds = setup.tick_seconds();
        let sight = setup.clone();
        let mut crowd = Crowd::new(setup, PLAYERS);
        let mut random = Pcg32::seed_from_u64(seed);
        let mut views: Vec<View> = (0..PLAYERS).map(|_| View::new(seconds)).collect();
        let mut interests = vec![Interest::around(glam::IVec2::ZERO, &sight); usize::from(PLAYERS)];
        let mut wrong: Vec<String> = Vec::new();
        let (mut told, mut hidden) = (0, BTreeSet::new());
        for _ in 0..TICKS {
            let now = crowd.room.world().tick;
            for number in 0..PLAYERS {
                if random.random_range(0..100) >= TURN_PERCENT {
                    continue;
                }
                let buttons = Buttons(random.random_range(0..8));
                let controls = Controls { buttons, aim: Angle::from_step(random.random()), ..Controls::default() };
                let frames = vec![InputFrame { tick: Tick(now.0 + 1), controls }];
                // A lagging ack makes the server skip this player's snapshots now and then.
                let ack = Tick(now.0.saturating_sub(random.random_range(0..60)));
                crowd.say(number, ClientMessage::Input(Input { ack, frames }));
            }
            crowd.tick(|number, bytes, room| {
                let message = decode_server(bytes).expect("our own server's message");
                // Nothing else speaks of entities: kills and standings name players, wherever they are.
                let ServerMessage::Snapshot(snapshot) = message else { return };
                let world = room.world();
                let (view, interest) = (&mut views[usize::from(number)], &mut interests[usize::from(number)]);
                let player = PlayerId(u32::from(number) + 1);
                if let Some(ship) = world.entities.iter().find(|it| Some(it.id) == snapshot.own.ship) {
                    assert_eq!(ship.owner, player, "somebody else's ship");
                    *interest = Interest::around(ship.motion.at, &sight);
                }
                view.apply(snapshot.tick, snapshot.fresh, &snapshot.delta).expect("our own server's delta");
                for held in view.entities() {
                    told += 1;
                    if world.entity(held.id) != Some(held) || !interest.keeps(held.motion.at) {
                        wrong.push(format!("tick {}, player {number}: {held:?}", world.tick.0));
                    }
                }
                for event in &snapshot.events {
                    if !interest.keeps(event.at.into()) {
                        wrong.push(format!("tick {}, player {number}: {event:?}", world.tick.0));
                    }
                }
                let unseen = world.entities.iter().filter(|it| view.entity(it.id).is_none());
                hidden.extend(unseen.map(|it| it.id));
            });
        }
        prop_assert!(wrong.is_empty(), "told of what is out of sight: {:#?}", &wrong[..wrong.len().min(5)]);
        prop_assert!(told > 0 && !hidden.is_empty(), "everything was in everybody's sight");
    }
}
