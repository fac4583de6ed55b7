//! The whole world at one tick as the simulation hands it out: the source of every viewer's snapshot.

use crate::entity::{EntityState, Levels};
use crate::event::Event;
use crate::id::{NetId, PlayerId, Tick};
use crate::text::Name;

/// All entities at a tick, with what happened in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorldSnapshot {
    /// The tick that has just been stepped.
    pub tick: Tick,
    /// Every entity, ascending by [`NetId`].
    pub entities: Vec<EntityState>,
    /// What happened in the tick.
    pub events: Vec<Event>,
    /// Every player, ascending by [`PlayerId`].
    pub pilots: Vec<Pilot>,
    /// The price of a load of ore at each station, in hundredths of a point of score.
    pub prices: Vec<u32>,
}

impl WorldSnapshot {
    /// The entity of an id, if it lives.
    #[must_use]
    pub fn entity(&self, id: NetId) -> Option<&EntityState> {
        self.entities.binary_search_by_key(&id, |entity| entity.id).ok().map(|index| &self.entities[index])
    }

    /// The player of an id, if in the room.
    #[must_use]
    pub fn pilot(&self, player: PlayerId) -> Option<&Pilot> {
        self.pilots.binary_search_by_key(&player, |pilot| pilot.player).ok().map(|index| &self.pilots[index])
    }
}

/// A player of the room, alive or waiting to respawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pilot {
    /// Who.
    pub player: PlayerId,
    /// What others call the player.
    pub name: Name,
    /// 0 in a free-for-all, else the team from 1.
    pub team: u8,
    /// Flown by the server.
    pub drone: bool,
    /// The seat is kept for a player who lost the connection.
    pub away: bool,
    /// The ship, while alive.
    pub ship: Option<NetId>,
    /// Energy in quanta.
    pub energy: u16,
    /// Ticks until the gun may fire again.
    pub cooldown: u8,
    /// Ticks until the respawn; 0 while alive.
    pub respawn_ticks: u16,
    /// The station whose ring the ship is in.
    pub docked: Option<u8>,
    /// Banked score.
    pub score: u32,
    /// Kills since the last death.
    pub streak: u16,
    /// Kills in all.
    pub kills: u16,
    /// Deaths in all.
    pub deaths: u16,
    /// Upgrades bought.
    pub levels: Levels,
}
