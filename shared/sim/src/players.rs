//! The seated players, people and drones.

use bevy_ecs::prelude::{Res, Resource};
use shared::command::FIRST_DRONE;
use shared::id::{PlayerId, Tick};
use shared::input::{Buttons, Controls};
use shared::keyframe::{DroneKey, PlayerKey};
use shared::levels::{HullKind, Levels};
use shared::rules::Mode;
use shared::text::Name;

/// One player.
#[derive(Clone, Debug)]
pub struct Player {
    /// All of the state.
    pub state: PlayerKey,
    /// The buttons held one tick ago, to tell presses from holds. Not part of the state.
    pub held: Buttons,
}

/// All seated players, ascending by id.
#[derive(Resource, Debug, Default)]
pub struct Players {
    pub(super) list: Vec<Player>,
    pub(super) humans: usize,
    /// The next drone's id.
    pub next_drone: u32,
    /// Drones and humans together are kept at this number.
    pub wanted: u16,
}

impl Player {
    /// Adds to what ranks, and to what can be spent.
    pub fn earn(&mut self, gained: u32) {
        self.state.score = self.state.score.saturating_add(gained);
        self.state.purse = self.state.purse.saturating_add(gained);
    }

    pub fn is_drone(&self) -> bool {
        self.state.drone.is_some()
    }

    pub fn restored(state: PlayerKey) -> Player {
        Player { held: state.controls.buttons, state }
    }
}

impl Players {
    pub fn new(list: Vec<Player>, next_drone: u32, wanted: u16) -> Players {
        debug_assert!(list.is_sorted_by_key(|player| player.state.player), "players ascend");
        let humans = list.iter().filter(|player| !player.is_drone()).count();
        Players { list, humans, next_drone, wanted }
    }

    pub fn all(&self) -> &[Player] {
        &self.list
    }

    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Player> {
        self.list.iter_mut()
    }

    pub fn humans(&self) -> usize {
        self.humans
    }

    pub fn drones(&self) -> usize {
        self.list.len() - self.humans
    }

    pub fn get(&self, player: PlayerId) -> Option<&Player> {
        self.position(player).ok().map(|index| &self.list[index])
    }

    pub fn get_mut(&mut self, player: PlayerId) -> Option<&mut Player> {
        self.position(player).ok().map(|index| &mut self.list[index])
    }

    /// Seats a player, unless the id is seated already.
    pub fn seat(
        &mut self,
        player: PlayerId,
        name: Name,
        team: u8,
        calm_until: Tick,
        hull: HullKind,
        drone: Option<DroneKey>,
    ) {
        let Err(index) = self.position(player) else { return };
        let state = PlayerKey {
            player,
            name,
            team,
            calm_until,
            away: false,
            ship: None,
            respawn_ticks: 0,
            controls: Controls::default(),
            score: 0,
            purse: 0,
            streak: 0,
            kills: 0,
            deaths: 0,
            levels: Levels::new(hull),
            best_haul: 0,
            escape: 0,
            vote: 0,
            drone,
        };
        self.humans += usize::from(drone.is_none());
        self.list.insert(index, Player { state, held: Buttons::default() });
    }

    pub fn unseat(&mut self, player: PlayerId) -> Option<Player> {
        let index = self.position(player).ok()?;
        let gone = self.list.remove(index);
        self.humans -= usize::from(!gone.is_drone());
        Some(gone)
    }

    /// The team for a new player: the one with the fewest humans (for a human), then the fewest players.
    pub fn team_for(&self, mode: &Mode, drone: bool) -> u8 {
        let load = |team: u8| {
            let mates = self.list.iter().filter(|player| player.state.team == team);
            let humans = mates.clone().filter(|player| !player.is_drone() && !drone).count();
            (humans, mates.count(), team)
        };
        (1..=mode.teams).min_by_key(|team| load(*team)).unwrap_or(0)
    }

    /// Moves those who came last from the largest teams to the smallest, people first, until teams differ by one player at most.
    /// No ship may fly: ships know their team.
    pub fn balance(&mut self, teams: u8) {
        for with_drones in [false, true] {
            let size = |list: &[Player], team: u8| {
                let counted =
                    |player: &&Player| player.state.team == team && (with_drones || !player.is_drone());
                list.iter().filter(counted).count()
            };
            loop {
                let largest = (1..=teams).rev().max_by_key(|team| size(&self.list, *team));
                let smallest = (1..=teams).min_by_key(|team| size(&self.list, *team));
                let (Some(from), Some(to)) = (largest, smallest) else { return };
                if size(&self.list, from) <= size(&self.list, to) + 1 {
                    break;
                }
                let fits =
                    |player: &&mut Player| player.state.team == from && player.is_drone() == with_drones;
                let Some(moved) = self.list.iter_mut().rev().find(fits) else { break };
                moved.state.team = to;
            }
        }
    }

    fn position(&self, player: PlayerId) -> Result<usize, usize> {
        self.list.binary_search_by_key(&player, |seated| seated.state.player)
    }
}

/// Whether an id is a drone's: the simulation gives these out, the server those below.
pub fn is_drone_id(player: PlayerId) -> bool {
    player.0 >= FIRST_DRONE
}

/// Run condition of the systems that only drones need.
pub fn any_drones(players: Res<Players>) -> bool {
    players.drones() > 0
}
