//! What a node knows of its fleet, and what its rooms' stewards share.

use super::nats::{Engine, Heard};
use crate::host::fleet::Occupancy;
use clap::ValueEnum;
use fleet::Now;
use fleet::directory::{Beat, Directory, RoomBeat};
use fleet::owner::Process;
use metrics::gauge;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

/// What a room does while the fleet does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Outage {
    /// It pauses, so that nothing players have seen is lost.
    #[default]
    Pause,
    /// It goes on: what happens until the fleet answers is lost with this machine.
    Continue,
}

/// How a server joins a fleet.
#[derive(Clone, Debug)]
pub struct FleetOptions {
    pub servers: Vec<String>,
    pub name: String,
    /// Where players find this node.
    pub url: String,
    pub outage: Outage,
}

/// This process in its fleet.
pub struct Member {
    pub me: Process,
    pub options: FleetOptions,
    pub engine: Engine,
    started: Instant,
    state: Mutex<State>,
    /// Takes what concerns moderation, once the server is ready for it.
    pub moderation: OnceLock<UnboundedSender<Heard>>,
    /// What others should know has changed.
    pub changed: Notify,
}

#[derive(Default)]
pub struct State {
    pub directory: Directory,
    /// Rooms of this node, and the epochs of its claims.
    pub rooms: BTreeMap<String, u64>,
    /// Rooms given to other nodes, which are yet to hear of it.
    pub released: Vec<(String, String)>,
    /// Rooms that other nodes have given to this one.
    pub released_here: Vec<String>,
    /// Rooms that have something to say to the log.
    pub stewards: usize,
    peer_heard_at: Option<Now>,
}

impl Member {
    pub fn new(me: Process, options: FleetOptions, engine: Engine) -> Member {
        let (started, state, changed) = (Instant::now(), Mutex::default(), Notify::new());
        Member { me, options, engine, started, state, moderation: OnceLock::new(), changed }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn now(&self) -> Now {
        self.started.elapsed()
    }

    pub fn instant(&self, at: Now) -> Instant {
        self.started + at
    }

    /// The time of an instant, none of which was before the start.
    pub fn at(&self, instant: Instant) -> Now {
        instant.saturating_duration_since(self.started)
    }

    pub fn peer_heard_at(&self) -> Option<Now> {
        self.state().peer_heard_at
    }

    /// Takes what another node says.
    pub fn hear(&self, beat: Beat) {
        let now = self.now();
        let mut state = self.state();
        state.peer_heard_at = Some(now);
        let is_for_me = |(_, to): &&(String, String)| *to == self.me.node;
        let released = beat.released.iter().filter(is_for_me).map(|(room, _)| room.clone());
        state.released_here.extend(released);
        state.directory.hear(beat, now);
    }

    /// What this node says of itself.
    pub fn beat(&self, rooms: Vec<Occupancy>, is_draining: bool) -> Beat {
        let state = self.state();
        let rooms = rooms.into_iter().filter_map(|room| {
            let Occupancy { name, players, capacity, matched_mode } = room;
            let epoch = *state.rooms.get(&name)?;
            Some(RoomBeat { name, epoch, players, capacity, matched_mode })
        });
        Beat {
            node: self.me.node.clone(),
            process: self.me.process,
            url: self.options.url.clone(),
            build: self.me.build.clone(),
            protocol: shared::PROTOCOL_VERSION,
            is_draining,
            is_leaving: false,
            rooms: rooms.collect(),
            released: Vec::new(),
        }
    }

    pub fn url_of(&self, node: &str) -> Option<String> {
        self.state().directory.url(node).map(Into::into)
    }

    /// A claim was won.
    pub fn own(&self, room: &str, epoch: u64) {
        let mut state = self.state();
        state.directory.settle(room);
        state.rooms.insert(room.into(), epoch);
        self.rooms_changed(state);
    }

    /// Nobody needs to claim the room.
    pub fn settle(&self, room: &str) {
        self.state().directory.settle(room);
    }

    /// The log has a room's farewell.
    pub fn release(&self, room: &str, to: Option<String>) {
        let mut state = self.state();
        state.rooms.remove(room);
        state.released.extend(to.map(|to| (room.to_owned(), to)));
        self.rooms_changed(state);
    }

    /// A room's steward ends. Another may have claimed it again already.
    pub fn forget(&self, room: &str, epoch: Option<u64>) {
        let mut state = self.state();
        state.stewards -= 1;
        if state.rooms.get(room).copied() == epoch {
            state.rooms.remove(room);
        }
        self.rooms_changed(state);
    }

    fn rooms_changed(&self, state: MutexGuard<'_, State>) {
        gauge!("driftbelt_fleet_rooms").set(state.rooms.len() as f64);
        drop(state);
        self.changed.notify_one();
    }
}
