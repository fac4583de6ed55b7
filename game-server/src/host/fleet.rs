//! What a lobby and its rooms need of a fleet: where rooms are, and the right to run one.

use crate::host::commit_gate::CommitGate;
use crate::host::inbox::InboxSender;
use crate::host::journal::Replica;
use fleet::directory::Whereabouts;
use fleet::owner::Lost;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;

/// The nodes that share the rooms, seen from one of them.
pub trait Fleet: Send + Sync {
    /// Where a room is that does not run here.
    fn find(&self, room: &str) -> Whereabouts;

    /// Whether another node runs a room of this name.
    fn has_room(&self, room: &str) -> bool;

    /// An address at which those who play this mode and ask for no room find the fullest open room of another node, if it
    /// has more players than this.
    fn fuller_room(&self, mode: &str, players: Option<usize>) -> Option<String>;

    /// The address of a node that is to open the next room, since this one has more of them.
    fn node_with_fewer_rooms(&self, rooms: usize) -> Option<String>;

    /// Starts to claim a room.
    fn claim(&self, room: &str, wish: Wish, link: RoomLink) -> Claim;

    /// The claim by which this node runs a room.
    fn epoch_of(&self, room: &str) -> Option<u64>;

    /// Where players find this node.
    fn url(&self) -> &str;

    /// Where they find the other nodes.
    fn urls(&self) -> Vec<String>;

    /// Passes an administrator's order on to the other nodes.
    fn tell(&self, order: FleetOrder);

    /// All nodes, this one, which has these rooms, first.
    fn status(&self, rooms: Vec<Occupancy>, is_draining: bool) -> FleetStatus;
}

/// What an administrator orders at one node for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FleetOrder {
    Announce {
        text: String,
    },
    MessageOfTheDay {
        text: String,
    },
    /// For seconds from now on, since the clocks of machines differ.
    Ban {
        network: IpNet,
        seconds: u64,
        reason: Option<String>,
        author: Option<String>,
    },
    Pardon {
        network: IpNet,
    },
}

/// What the fleet asks of the server that a node is.
pub trait Moderation: Send + Sync {
    /// Carries out what an administrator has ordered at another node. Waits for the disk.
    fn carry_out(&self, order: FleetOrder);

    /// The orders that a node which joins has missed: the bans and the message of the day.
    fn standing(&self) -> Vec<FleetOrder>;

    /// Takes the standing orders of a node that was running in place of those that are kept here. Waits for the disk.
    fn replace(&self, standing: Vec<FleetOrder>);
}

/// What other nodes want to know of a room.
#[derive(Clone, Debug)]
pub struct Occupancy {
    pub name: String,
    pub players: usize,
    pub capacity: usize,
    /// The mode of those who are sent there without asking for the room; `None` if nobody is.
    pub matched_mode: Option<String>,
}

/// The fleet as `/api/fleet` shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FleetStatus {
    /// The node that was asked.
    pub node: String,
    pub nodes: Vec<NodeStatus>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    pub name: String,
    pub url: String,
    pub build: String,
    pub is_draining: bool,
    pub rooms: Vec<NodeRoom>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRoom {
    pub name: String,
    pub epoch: u64,
    pub players: usize,
    pub capacity: usize,
}

/// Why a room is claimed.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// A room that no node has made is made.
    pub may_begin: bool,
    /// Before this time, its node may be alive.
    pub not_before: Option<Instant>,
}

/// Where a room hears of its fleet.
#[derive(Clone)]
pub struct RoomLink {
    pub inbox: InboxSender,
    pub commits: Arc<CommitGate>,
}

/// A room that is being claimed.
pub struct Claim {
    /// What comes of it, once.
    pub outcome: Receiver<Outcome>,
    /// Takes the room's recording if it is ours.
    pub replica: Replica,
}

/// What comes of a claim.
#[derive(Debug)]
pub enum Outcome {
    /// The room is ours and new.
    Begin,
    /// The room is ours: this recording, which has no index, ends where it goes on.
    Restore(Vec<u8>),
    /// It is not ours.
    Lost {
        why: Lost,
        /// Where it is, if that is known.
        url: Option<String>,
    },
}
