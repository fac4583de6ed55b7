//! Rounds: at the end of one, all ships leave the belt; the next begins with nothing earned.

use bevy_ecs::prelude::{Res, ResMut, Resource};
use shared::id::Tick;
use shared::keyframe::PlayerKey;
use shared::round::{Round, RoundPhase};
use shared::setup::Setup;

use crate::entity_index::Spawner;
use crate::players::Players;
use crate::rules::WorldRules;
use crate::stations::Prices;
use crate::tick_context::Clock;

/// The present round.
#[derive(Resource, Clone, Copy, Debug)]
pub struct CurrentRound(pub Round);

impl CurrentRound {
    pub fn first(setup: &Setup) -> CurrentRound {
        CurrentRound(running(1, Tick(0), setup))
    }
}

fn running(number: u32, now: Tick, setup: &Setup) -> Round {
    let seconds = setup.mode.round_seconds;
    let ends = (seconds > 0).then(|| now.plus(setup.ticks(seconds as f32)));
    Round { number, phase: RoundPhase::Running, ends }
}

/// Ends the phase whose time is over.
pub fn turn(
    rules: Res<WorldRules>,
    clock: Res<Clock>,
    mut round: ResMut<CurrentRound>,
    mut players: ResMut<Players>,
    mut prices: ResMut<Prices>,
    mut spawner: Spawner,
) {
    let Round { number, phase, ends } = round.0;
    if ends.is_none_or(|ends| clock.0 < ends) {
        return;
    }
    let setup = &rules.setup;
    match phase {
        RoundPhase::Running => {
            for player in players.all_mut().map(|player| &mut player.state) {
                player.respawn_ticks = 0;
                let ship = player.ship.take().and_then(|ship| spawner.entities.find(ship));
                ship.into_iter().for_each(|entry| spawner.remove(entry));
            }
            let ends = Some(clock.0.plus(setup.ticks(setup.mode.podium_seconds as f32)));
            round.0 = Round { number, phase: RoundPhase::Podium, ends };
        }
        RoundPhase::Podium => {
            players.all_mut().for_each(|player| forget_round(&mut player.state));
            let rest = rules.price_at_rest();
            prices.0.fill(rest);
            round.0 = running(number.saturating_add(1), clock.0, setup);
        }
    }
}

/// Takes from a player what belongs to the round that is over.
fn forget_round(player: &mut PlayerKey) {
    player.score = 0;
    player.purse = 0;
    player.streak = 0;
    player.kills = 0;
    player.deaths = 0;
    player.levels = Default::default();
    player.best_haul = 0;
    player.escape = 0;
}
