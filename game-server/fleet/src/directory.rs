//! Which node runs what, as the nodes say every second: the union of what is heard. Nothing is stored, and nothing decides
//! here: a directory that is wrong costs a player a round trip.

use crate::Now;
use core::time::Duration;
use serde::{Deserialize, Serialize};
use shared::hash::hash_bytes;
use std::collections::BTreeMap;

/// Between two beats of a node; a change is said at once.
pub const BEAT_INTERVAL: Duration = Duration::from_secs(1);
/// A node that is silent for this long counts as dead.
pub const SILENCE_LIMIT: Duration = Duration::from_secs(3);
/// Of a node that is silent for this long, the rooms are looked at, so that they can be claimed when it counts as dead.
pub const SUSPICION_LIMIT: Duration = Duration::from_millis(1800);
/// Between the claims of two candidates for the same room.
pub const RANK_DELAY: Duration = Duration::from_millis(300);

/// What a node says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Beat {
    /// The node's name.
    pub node: String,
    /// Names the process.
    pub process: u64,
    /// Where players find it.
    pub url: String,
    /// The build of its simulation.
    pub build: String,
    /// Of its sockets.
    pub protocol: u16,
    /// It gives its rooms away and takes none.
    pub is_draining: bool,
    /// It ends, and leaves the rooms that it still has. Nothing follows.
    pub is_leaving: bool,
    /// The rooms that it runs.
    pub rooms: Vec<RoomBeat>,
    /// The rooms that it has just released, and to which node.
    pub released: Vec<(String, String)>,
}

/// What a node says of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoomBeat {
    /// Its name.
    pub name: String,
    /// Of the claim.
    pub epoch: u64,
    /// Seats taken, and players on their way.
    pub players: usize,
    /// Players that it takes in.
    pub capacity: usize,
    /// The mode of those who are sent there without asking for the room; `None` if nobody is.
    pub matched_mode: Option<String>,
}

/// All nodes that were heard, but not the own one.
#[derive(Debug, Default)]
pub struct Directory {
    nodes: BTreeMap<String, (Beat, Now)>,
    /// Rooms of processes that have ended without releasing them, and since when.
    orphans: BTreeMap<String, Now>,
}

/// Where a room is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// On this node.
    At {
        /// The node's name.
        node: String,
        /// Where players find it.
        url: String,
        /// Of the claim.
        epoch: u64,
    },
    /// On a node that has been silent for a while: nobody serves it, or nobody knows yet.
    Unsure,
    /// On none that was heard.
    Nowhere,
}

impl Directory {
    /// Takes what a node says of itself.
    pub fn hear(&mut self, beat: Beat, now: Now) {
        for room in &beat.rooms {
            self.orphans.remove(&room.name);
        }
        if beat.is_leaving {
            self.nodes.remove(&beat.node);
            return self.orphan(&beat, now);
        }
        let process = beat.process;
        let old = self.nodes.insert(beat.node.clone(), (beat, now));
        // Another process has its name: what the old one ran runs no more.
        if let Some((old, _)) = old.filter(|(old, _)| old.process != process) {
            self.orphan(&old, now);
        }
    }

    /// Drops the nodes that were silent for too long; their rooms have nobody.
    pub fn expire(&mut self, now: Now) {
        let is_dead = |heard: Now| now >= heard + SILENCE_LIMIT;
        let dead: Vec<_> = self.nodes.extract_if(.., |_, (_, heard)| is_dead(*heard)).collect();
        for (_, (beat, heard)) in dead {
            self.orphan(&beat, heard + SILENCE_LIMIT);
        }
    }

    fn orphan(&mut self, dead: &Beat, since: Now) {
        for room in &dead.rooms {
            if !self.nodes.values().any(|(beat, _)| beat.rooms.iter().any(|one| one.name == room.name)) {
                self.orphans.insert(room.name.clone(), since);
            }
        }
    }

    /// The nodes that are alive.
    pub fn nodes(&self) -> impl Iterator<Item = &Beat> {
        self.nodes.values().map(|(beat, _)| beat)
    }

    /// Where a node is found; `None` if it is not heard.
    pub fn url(&self, node: &str) -> Option<&str> {
        self.nodes.get(node).map(|(beat, _)| beat.url.as_str())
    }

    /// Where a room is.
    pub fn find(&self, room: &str, now: Now) -> Whereabouts {
        let owners = self.nodes.values().filter_map(|(beat, heard)| {
            let room = beat.rooms.iter().find(|one| one.name == room)?;
            Some((room.epoch, beat, *heard))
        });
        match owners.max_by_key(|(epoch, ..)| *epoch) {
            Some((_, _, heard)) if now >= heard + SUSPICION_LIMIT => Whereabouts::Unsure,
            Some((epoch, Beat { node, url, .. }, _)) => {
                Whereabouts::At { node: node.clone(), url: url.clone(), epoch }
            }
            None => Whereabouts::Nowhere,
        }
    }

    /// The fullest room with a free seat for those who play this mode and ask for no room: its name, its players, and where
    /// it is.
    pub fn fullest(&self, mode: &str, now: Now) -> Option<(&str, usize, &str)> {
        let alive =
            self.nodes.values().filter(|(beat, heard)| now < *heard + SUSPICION_LIMIT && !beat.is_draining);
        let rooms = alive.flat_map(|(beat, _)| beat.rooms.iter().map(|room| (room, beat.url.as_str())));
        let open = rooms
            .filter(|(room, _)| room.matched_mode.as_deref() == Some(mode) && room.players < room.capacity);
        open.map(|(room, url)| (room.name.as_str(), room.players, url)).max_by_key(|(_, players, _)| *players)
    }

    /// Whether a node runs a room of this name.
    pub fn has_room(&self, name: &str) -> bool {
        self.orphans.contains_key(name)
            || self.nodes().any(|beat| beat.rooms.iter().any(|one| one.name == name))
    }

    /// The node with the fewest rooms among those of a build that take rooms.
    pub fn least_loaded(&self, build: &str) -> Option<&Beat> {
        self.nodes()
            .filter(|beat| beat.build == build && !beat.is_draining)
            .min_by_key(|beat| beat.rooms.len())
    }

    /// The rooms that nobody runs or that will soon count as such, and when a node may claim each: its turn depends on the
    /// room and on the nodes alive, so that all nodes agree and no node gets all rooms.
    pub fn claimable(&self, me: &str, build: &str, now: Now) -> Vec<(String, Now)> {
        let (silent, heard): (Vec<_>, Vec<_>) =
            self.nodes.values().partition(|(_, heard)| now >= *heard + SUSPICION_LIMIT);
        let is_run = |name: &str| heard.iter().any(|(beat, _)| beat.rooms.iter().any(|one| one.name == name));
        let silent = silent.iter().flat_map(|(beat, heard)| {
            beat.rooms.iter().map(|room| (room.name.clone(), *heard + SILENCE_LIMIT))
        });
        let silent = silent.filter(|(room, _)| !is_run(room));
        let orphans = self.orphans.iter().map(|(room, since)| (room.clone(), *since));
        let turn = |room: &str| RANK_DELAY * self.rank(room, me, build, now);
        orphans
            .chain(silent)
            .map(|(room, since)| {
                let turn = turn(&room);
                (room, since + turn)
            })
            .collect()
    }

    /// Nobody needs to claim the room any more.
    pub fn settle(&mut self, room: &str) {
        self.orphans.remove(room);
    }

    /// How many nodes come before this one when a room is to be claimed.
    fn rank(&self, room: &str, me: &str, build: &str, now: Now) -> u32 {
        let weight = |node: &str| hash_bytes(format!("{room}\n{node}").as_bytes());
        let others = self.nodes.values().filter(|(beat, heard)| {
            now < *heard + SUSPICION_LIMIT && beat.build == build && !beat.is_draining
        });
        let own = (weight(me), me);
        others.filter(|(beat, _)| (weight(&beat.node), beat.node.as_str()) > own).count() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(node: &str, process: u64, rooms: &[&str]) -> Beat {
        let room = |name: &&str| RoomBeat {
            name: (*name).into(),
            epoch: process,
            players: process as usize,
            capacity: 8,
            matched_mode: Some("belt".into()),
        };
        let (rooms, node) = (rooms.iter().map(room).collect(), node.to_owned());
        Beat { url: format!("https://{node}"), node, process, build: "b".into(), rooms, ..Beat::default() }
    }

    const fn ms(ms: u64) -> Now {
        Now::from_millis(ms)
    }

    #[test]
    fn a_silent_node_is_doubted_then_dropped_and_its_rooms_are_claimed_in_turn() {
        let mut directory = Directory::default();
        directory.hear(beat("n1", 1, &["r"]), ms(0));
        directory.hear(beat("n2", 2, &[]), ms(1700));
        assert!(matches!(directory.find("r", ms(1700)), Whereabouts::At { epoch: 1, .. }));
        assert!(directory.claimable("n3", "b", ms(1700)).is_empty());
        assert_eq!(directory.find("r", ms(1800)), Whereabouts::Unsure);
        let turns = |directory: &Directory, now| {
            let mut turns = [
                directory.claimable("n3", "b", now)[0].1,
                // As n2 sees it.
                {
                    let mut other = Directory::default();
                    other.hear(beat("n1", 1, &["r"]), ms(0));
                    other.hear(beat("n3", 3, &[]), ms(1700));
                    other.claimable("n2", "b", now)[0].1
                },
            ];
            turns.sort();
            turns
        };
        assert_eq!(turns(&directory, ms(1800)), [ms(3000), ms(3300)]);
        directory.hear(beat("n2", 2, &["r"]), ms(2600));
        assert!(directory.claimable("n3", "b", ms(2600)).is_empty(), "claimed before");
        directory.hear(beat("n2", 2, &[]), ms(2700));
        directory.expire(ms(3000));
        assert_eq!(directory.find("r", ms(3000)), Whereabouts::Nowhere);
        assert_eq!(directory.claimable("n3", "b", ms(3000)).len(), 1);
        directory.hear(beat("n2", 2, &["r"]), ms(3100));
        assert!(directory.claimable("n3", "b", ms(3100)).is_empty(), "claimed");
    }

    #[test]
    fn a_restarted_node_leaves_the_rooms_of_the_process_before_it() {
        let mut directory = Directory::default();
        directory.hear(beat("n1", 1, &["a", "b"]), ms(0));
        directory.hear(beat("n1", 2, &["b"]), ms(100));
        let claimable = directory.claimable("n2", "b", ms(100));
        assert_eq!(claimable.iter().map(|(room, _)| room.as_str()).collect::<Vec<_>>(), ["a"]);
        directory.hear(Beat { is_leaving: true, ..beat("n1", 2, &[]) }, ms(200));
        assert_eq!(directory.nodes().count(), 0);
    }

    #[test]
    fn players_are_sent_to_the_fullest_open_room_of_nodes_that_take_them() {
        let mut directory = Directory::default();
        directory.hear(beat("n1", 3, &["three"]), ms(0));
        directory.hear(beat("n2", 5, &["five"]), ms(0));
        directory.hear(beat("n3", 8, &["full"]), ms(0));
        assert_eq!(directory.fullest("belt", ms(0)), Some(("five", 5, "https://n2")));
        directory.hear(Beat { is_draining: true, ..beat("n2", 5, &["five"]) }, ms(0));
        assert_eq!(directory.fullest("belt", ms(0)), Some(("three", 3, "https://n1")));
        assert_eq!(directory.least_loaded("other"), None);
    }

    #[test]
    fn rooms_are_shared_out_among_the_nodes() {
        let mut directory = Directory::default();
        directory.hear(beat("n2", 1, &[]), ms(0));
        directory.hear(beat("n3", 1, &[]), ms(0));
        let first = (0..300).filter(|room| directory.rank(&format!("belt-{room}"), "n1", "b", ms(0)) == 0);
        assert!((60..=140).contains(&first.count()));
    }
}
