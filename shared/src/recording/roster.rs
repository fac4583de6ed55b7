//! Who played: the players of a recording, from its marks and keyframes.

use super::mark::Marked;
use super::reader::Recording;
use crate::id::{PlayerId, Tick};
use crate::keyframe::PlayerKey;
use crate::text::Name;
use std::collections::BTreeMap;

/// A player of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seated {
    /// Who.
    pub player: PlayerId,
    /// What others called the player.
    pub name: Name,
    /// 0 in a free-for-all, else the team from 1; also 0 for players who were not there at any keyframe.
    pub team: u8,
    /// Flown by the server.
    pub drone: bool,
    /// When the player came in, or the recording began. Drones are known from keyframes, so only to the next of them.
    pub joined: Tick,
    /// When the player left; `None` for those who stayed to the end.
    pub left: Option<Tick>,
}

impl Seated {
    /// A player of a keyframe.
    fn at(key: &PlayerKey, joined: Tick) -> Seated {
        let PlayerKey { player, team, .. } = *key;
        Seated { player, name: key.name.clone(), team, drone: key.drone.is_some(), joined, left: None }
    }
}

impl Recording {
    /// Everybody who played, ascending by id. Reads all keyframes; those that this build does not understand are
    /// left out.
    #[must_use]
    pub fn roster(&self) -> Vec<Seated> {
        let mut roster = BTreeMap::<PlayerId, Seated>::new();
        // A recording that goes on where another one has ended has no marks of how its first players came in.
        if let Ok((first, _)) = self.seek(Tick(0)) {
            roster.extend(first.players.iter().map(|key| (key.player, Seated::at(key, first.tick))));
        }
        for mark in self.marks() {
            match &mark.what {
                Marked::Joined { player, name } => {
                    let (player, name) = (*player, name.clone());
                    let seated =
                        Seated { player, name, team: 0, drone: false, joined: mark.tick, left: None };
                    roster.entry(player).or_insert(seated);
                }
                Marked::Left { player } => {
                    if let Some(seated) = roster.get_mut(player) {
                        seated.left = Some(mark.tick);
                    }
                }
                _ => {}
            }
        }
        for tick in self.keyframe_ticks() {
            let Ok((keyframe, _)) = self.seek(tick) else { continue };
            let here: BTreeMap<_, _> = keyframe.players.iter().map(|key| (key.player, key)).collect();
            for seated in roster.values_mut().filter(|seated| !here.contains_key(&seated.player)) {
                // A player who came in at this very tick is in the world from the next one on.
                if seated.joined < tick && seated.left.is_none_or(|left| left > tick) {
                    seated.left = Some(tick);
                }
            }
            for (player, key) in here {
                let known = roster.entry(player).or_insert_with(|| Seated::at(key, tick));
                (known.team, known.drone) = (key.team, key.drone.is_some());
            }
        }
        roster.into_values().collect()
    }
}
