//! Who played: the players of a recording, from its marks and keyframes.

use super::mark::{Mark, Marked};
use super::reader::Recording;
use crate::id::{PlayerId, Tick};
use crate::keyframe::PlayerKey;
use crate::text::Name;
use std::collections::{BTreeMap, BTreeSet};

/// Most players of a roster: those beyond it are left out.
pub const ROSTER_LIMIT_PLAYERS: usize = 16_384;

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
    /// The players, ascending by id, by the kept marks of those who joined and left and by all keyframes. Keyframes that this build
    /// does not understand are left out.
    pub fn roster(&self) -> Vec<Seated> {
        let mut roster = BTreeMap::<PlayerId, Seated>::new();
        // Those who are in the room, so that each is looked for only until they leave.
        let mut present = BTreeSet::new();
        let mut marks = self.marks().iter().peekable();
        for tick in self.keyframe_ticks() {
            // A player who came in at this very tick is in the world from the next one on.
            while let Some(mark) = marks.next_if(|mark| mark.tick < tick) {
                take_mark(mark, &mut roster, &mut present);
            }
            let Ok((keyframe, _)) = self.seek(tick) else { continue };
            let here: BTreeMap<_, _> = keyframe.players.iter().map(|key| (key.player, key)).collect();
            present.retain(|player| {
                let is_here = here.contains_key(player);
                if let Some(seated) = roster.get_mut(player).filter(|_| !is_here) {
                    seated.left = Some(tick);
                }
                is_here
            });
            for (player, key) in here {
                if roster.len() >= ROSTER_LIMIT_PLAYERS && !roster.contains_key(&player) {
                    continue;
                }
                let known = roster.entry(player).or_insert_with(|| {
                    present.insert(player);
                    Seated::at(key, tick)
                });
                (known.team, known.drone) = (key.team, key.drone.is_some());
            }
        }
        marks.for_each(|mark| take_mark(mark, &mut roster, &mut present));
        roster.into_values().collect()
    }
}

fn take_mark(mark: &Mark, roster: &mut BTreeMap<PlayerId, Seated>, present: &mut BTreeSet<PlayerId>) {
    match &mark.what {
        Marked::Joined { player, name } if roster.len() < ROSTER_LIMIT_PLAYERS => {
            roster.entry(*player).or_insert_with(|| {
                present.insert(*player);
                let (player, name) = (*player, name.clone());
                Seated { player, name, team: 0, drone: false, joined: mark.tick, left: None }
            });
        }
        Marked::Left { player } => {
            if let Some(seated) = roster.get_mut(player).filter(|_| present.remove(player)) {
                seated.left = Some(mark.tick);
            }
        }
        _ => {}
    }
}
