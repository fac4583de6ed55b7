//! Rounds: at the end of one, all ships leave the belt; the next begins with nothing earned.

use bevy_ecs::prelude::{Res, ResMut, Resource};
use shared::event::{Event, Happening};
use shared::id::Tick;
use shared::input::Buttons;
use shared::keyframe::PlayerKey;
use shared::levels::Levels;
use shared::round::{CANDIDATES_LIMIT, Round, RoundPhase, count_votes};
use shared::rules::ModeKind;
use shared::setup::Setup;

use crate::asteroids::{RocksDue, fill};
use crate::entity_index::Spawner;
use crate::players::{Player, Players};
use crate::rules::WorldRules;
use crate::stations::Prices;
use crate::tick_context::{Clock, EventQueue, Rng};

/// The button for each place on the list of arenas.
const VOTES: [Buttons; CANDIDATES_LIMIT] = [Buttons::BUY_HULL, Buttons::BUY_ENGINE, Buttons::BUY_GUN];

/// The present round.
#[derive(Resource, Clone, Copy, Debug)]
pub struct CurrentRound(pub Round);

impl CurrentRound {
    pub fn first(setup: &Setup) -> CurrentRound {
        CurrentRound(running(1, Tick(0), 0, setup))
    }
}

fn running(number: u32, now: Tick, arena: u8, setup: &Setup) -> Round {
    let seconds = setup.mode.round_seconds;
    let ends = (seconds > 0).then(|| now.plus(setup.ticks(seconds as f32)));
    Round { number, phase: RoundPhase::Running, ends, arena }
}

/// While the podium is shown, the buttons that buy at stations vote on the next arena.
pub fn vote(rules: Res<WorldRules>, round: Res<CurrentRound>, mut players: ResMut<Players>) {
    if round.0.phase != RoundPhase::Podium {
        return;
    }
    let candidates = round.0.candidates(rules.setup.arenas.len()).count();
    for player in players.all_mut().filter(|player| !player.is_drone()) {
        let pressed = player.state.controls.buttons.pressed_since(player.held);
        let chosen = VOTES.iter().take(candidates).zip(1..).find(|(button, _)| pressed.any(**button));
        if let Some((_, place)) = chosen {
            player.state.vote = place;
        }
    }
}

/// Ends the phase whose time is over.
pub fn turn(
    mut rules: ResMut<WorldRules>,
    clock: Res<Clock>,
    mut round: ResMut<CurrentRound>,
    mut players: ResMut<Players>,
    mut prices: ResMut<Prices>,
    mut due: ResMut<RocksDue>,
    mut rng: ResMut<Rng>,
    mut spawner: Spawner,
) {
    let Round { number, phase, ends, arena } = round.0;
    let kills_to_win = rules.setup.mode.kills_to_win;
    let has_won = |player: &Player| player.state.kills >= kills_to_win;
    let is_won = phase == RoundPhase::Running && kills_to_win > 0 && players.all().iter().any(has_won);
    if !is_won && ends.is_none_or(|ends| clock.0 < ends) {
        return;
    }
    match phase {
        RoundPhase::Running => {
            for player in players.all_mut().map(|player| &mut player.state) {
                player.respawn_ticks = 0;
                let ship = player.ship.take().and_then(|ship| spawner.entities.find(ship));
                ship.into_iter().for_each(|entry| spawner.remove(entry));
            }
            let setup = &rules.setup;
            let ends = Some(clock.0.plus(setup.ticks(setup.mode.podium_seconds as f32)));
            round.0 = Round { number, phase: RoundPhase::Podium, ends, arena };
        }
        RoundPhase::Podium => {
            let votes = count_votes(players.all().iter().map(|player| player.state.vote));
            let next = round.0.next_arena(rules.setup.arenas.len(), &votes);
            players.all_mut().for_each(|player| forget_round(&mut player.state));
            players.balance(rules.setup.mode.teams);
            round.0 = running(number.saturating_add(1), clock.0, next, &rules.setup);
            rules.enter(&round.0);
            for index in 0..spawner.entities.entries().len() {
                let entry = spawner.entities.entries()[index];
                spawner.remove(entry);
            }
            due.0.clear();
            fill(&rules, &mut rng, &mut spawner);
            prices.0 = vec![rules.price_at_rest(); rules.stations.len()];
        }
    }
}

/// In a duel, a ship's end is the end of a bout: all ships leave, and new ones come.
pub fn end_bout(
    rules: Res<WorldRules>,
    mut players: ResMut<Players>,
    events: Res<EventQueue>,
    mut spawner: Spawner,
) {
    let is_end = |event: &Event| matches!(event.what, Happening::Death { .. });
    if rules.setup.mode.kind != ModeKind::Duel || !events.events.iter().any(is_end) {
        return;
    }
    let respawn_ticks = rules.setup.ticks(rules.ship.respawn_seconds).min(u32::from(u16::MAX)) as u16;
    for player in players.all_mut().map(|player| &mut player.state) {
        player.respawn_ticks = respawn_ticks;
        let ship = player.ship.take().and_then(|ship| spawner.entities.find(ship));
        ship.into_iter().for_each(|entry| spawner.remove(entry));
    }
}

/// Takes from a player what belongs to the round that is over.
fn forget_round(player: &mut PlayerKey) {
    player.score = 0;
    player.purse = 0;
    player.streak = 0;
    player.kills = 0;
    player.deaths = 0;
    player.levels = Levels::new(player.levels.hull());
    player.best_haul = 0;
    player.escape = 0;
    player.vote = 0;
}
