//! The whole world at one tick as the simulation hands it out: the source of every viewer's snapshot.

use crate::entity::EntityState;
use crate::event::Event;
use crate::evidence::HitEvidence;
use crate::id::{NetId, PlayerId, Tick};
use crate::levels::Levels;
use crate::round::Round;
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
    /// The hits on ships in the tick.
    pub hits: Vec<HitEvidence>,
    /// Every player, ascending by [`PlayerId`].
    pub pilots: Vec<Pilot>,
    /// The price of a load of ore at each station, in hundredths of a point of score.
    pub prices: Vec<u32>,
    /// The round.
    pub round: Round,
}

impl WorldSnapshot {
    /// The entity of an id, if it lives.
    pub fn entity(&self, id: NetId) -> Option<&EntityState> {
        self.entities.binary_search_by_key(&id, |entity| entity.id).ok().map(|index| &self.entities[index])
    }

    /// The player of an id, if in the room.
    pub fn pilot(&self, player: PlayerId) -> Option<&Pilot> {
        self.pilots.binary_search_by_key(&player, |pilot| pilot.player).ok().map(|index| &self.pilots[index])
    }

    /// As [`Self::entity`], for whoever looks for the same one tick after tick: `place` is where it is looked for first, and
    /// becomes where it is.
    pub fn entity_near(&self, hint: &mut SearchHint, id: NetId) -> Option<&EntityState> {
        hint.find(&self.entities, id, |entity| entity.id)
    }

    /// As [`Self::pilot`], for whoever looks for the same one tick after tick: `place` is where it is looked for first, and
    /// becomes where it is.
    pub fn pilot_near(&self, hint: &mut SearchHint, player: PlayerId) -> Option<&Pilot> {
        hint.find(&self.pilots, player, |pilot| pilot.player)
    }
}

/// Where something stood in a snapshot. It stands there in the next one, too, or as many places nearer the front as things
/// before it are gone: what is new has a higher id.
#[derive(Clone, Copy, Debug, Default)]
pub struct SearchHint(usize);

impl SearchHint {
    fn find<'a, T, K: Ord>(&mut self, sorted: &'a [T], key: K, key_of: impl Fn(&T) -> K) -> Option<&'a T> {
        let to_here = &sorted[..sorted.len().min(self.0 + 1)];
        self.0 = match to_here.iter().rposition(|one| key_of(one) <= key) {
            Some(index) if key_of(&to_here[index]) == key => index,
            _ => sorted.binary_search_by_key(&key, key_of).ok()?,
        };
        sorted.get(self.0)
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
    /// Ticks until the ability may be used again.
    pub ability: u16,
    /// Ticks until the respawn; 0 while alive.
    pub respawn_ticks: u16,
    /// The station whose ring the ship is in.
    pub docked: Option<u8>,
    /// What was earned: banked ore, bounties and assists. It ranks.
    pub score: u32,
    /// What is left of it to spend.
    pub purse: u32,
    /// Kills since the last death.
    pub streak: u16,
    /// Kills in all.
    pub kills: u16,
    /// Deaths in all.
    pub deaths: u16,
    /// The hull, and the upgrades bought.
    pub levels: Levels,
    /// Score of the best haul.
    pub best_haul: u32,
    /// The least health with which the ship reached a station just after a hit, in quanta; 0 if it never did.
    pub escape: u16,
    /// The vote on the next arena: its place on the list from 1, 0 for none.
    pub vote: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_moved_is_found_again() {
        let world = |ids: &[u32]| {
            let entity = |id: &u32| EntityState { id: NetId(*id), ..EntityState::default() };
            WorldSnapshot { entities: ids.iter().map(entity).collect(), ..WorldSnapshot::default() }
        };
        let mut hint = SearchHint::default();
        for ids in [&[1, 2, 3, 7, 8][..], &[1, 2, 3, 7, 8], &[2, 7, 8, 9], &[7], &[1, 2, 3, 4, 5, 6, 7]] {
            let world = world(ids);
            let found = world.entity_near(&mut hint, NetId(7)).map(|entity| entity.id);
            assert_eq!(found, Some(NetId(7)), "{ids:?}");
        }
        for ids in [&[][..], &[1, 2, 3, 4, 5, 6, 8], &[8]] {
            assert_eq!(world(ids).entity_near(&mut hint, NetId(7)), None, "{ids:?}");
        }
    }
}
