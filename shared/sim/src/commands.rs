//! What enters the world in a tick: leaves, joins, absences, admin, inputs, in this order.

use bevy_ecs::prelude::{Query, Res, ResMut};
use shared::angle::Angle;
use shared::command::Admin;
use shared::id::PlayerId;
use shared::input::{Buttons, Controls};
use shared::keyframe::PlayerKey;

use crate::components::{Cargo, Crew, Flight};
use crate::entity_index::Spawner;
use crate::lives::retire;
use crate::players::{Players, is_drone_id};
use crate::rules::WorldRules;
use crate::tick_context::{Clock, EventQueue, Inputs, Rng};

/// Most drones and humans that a belt can be kept at.
pub const DRONES_LIMIT: u16 = 10_000;

/// Applies everything that enters the world in this tick.
pub fn apply(
    rules: Res<WorldRules>,
    clock: Res<Clock>,
    inputs: Res<Inputs>,
    mut players: ResMut<Players>,
    mut ships: Query<(&Flight, &mut Cargo, &Crew)>,
    mut rng: ResMut<Rng>,
    mut events: ResMut<EventQueue>,
    mut spawner: Spawner,
) {
    for player in players.all_mut() {
        player.held = player.state.controls.buttons;
    }
    let mut leave = |players: &mut Players, player: PlayerId| {
        if let Some(gone) = players.unseat(player) {
            retire(&gone.state, &mut ships, &rules, &mut rng, &mut events, &mut spawner);
        }
    };
    for player in &inputs.0.leaves {
        leave(&mut players, *player);
    }
    for join in &inputs.0.joins {
        let free = players.humans() < usize::from(rules.setup.mode.capacity);
        if free && join.player != PlayerId::NOBODY && !is_drone_id(join.player) {
            let team = players.team_for(&rules.setup.mode, false);
            let calm_until = clock.0.plus(rules.calm_ticks());
            players.seat(join.player, join.name.clone(), team, calm_until, join.hull, None);
        }
    }
    for absence in &inputs.0.absences {
        let Some(player) = human(&mut players, absence.player) else { continue };
        player.away = absence.away;
        player.controls.buttons = Buttons::default();
    }
    for act in &inputs.0.admin {
        match act {
            Admin::SetDrones(wanted) => players.wanted = (*wanted).min(DRONES_LIMIT),
            Admin::Kick(player) | Admin::Ban(player) => leave(&mut players, *player),
            // Not part of the world.
            Admin::Mute { .. }
            | Admin::Announce { .. }
            | Admin::Close
            | Admin::BanAddress { .. }
            | Admin::PardonAddress => {}
        }
    }
    for input in &inputs.0.inputs {
        if let Some(player) = human(&mut players, input.player).filter(|player| !player.away) {
            let Controls { buttons, aim, lag } = input.controls;
            let (buttons, aim) = (buttons.known(), Angle::from_step(aim.step()));
            player.controls = Controls { buttons, aim, lag: lag.min(rules.rewind_limit) };
        }
    }
}

/// The state of a seated player who is no drone.
fn human(players: &mut Players, player: PlayerId) -> Option<&mut PlayerKey> {
    players.get_mut(player).filter(|player| !player.is_drone()).map(|player| &mut player.state)
}
