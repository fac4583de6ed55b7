//! What a recording costs to play to viewers.

use super::viewers::Viewers;
use shared::codec::{decode_server, encoded_length};
use shared::delta::View;
use shared::id::Tick;
use shared::message::{SERVER_MESSAGE_LIMIT_BYTES, ServerMessage};
use shared::spent::Spent;
use sim::replay::ReplayError;

/// Nanoseconds of each part of a tick, by tick.
#[derive(Default)]
pub struct StageTimes {
    pub step: Vec<u64>,
    /// The state is hashed for the journal.
    pub hash: Vec<u64>,
    pub capture: Vec<u64>,
    /// What all viewers share: history, grid, every entity's usual record.
    pub observe: Vec<u64>,
    /// Every viewer's own: interest, merge and encoding.
    pub snapshots: Vec<u64>,
}

impl StageTimes {
    /// All of them with their names, in the order of a tick.
    pub fn named(&self) -> [(&'static str, &[u64]); 5] {
        let StageTimes { step, hash, capture, observe, snapshots } = self;
        [("step", step), ("hash", hash), ("capture", capture), ("observe", observe), ("snapshots", snapshots)]
    }
}

/// What a recording costs to play to a number of viewers.
pub struct Costs {
    /// Viewers at every tick.
    pub viewers: usize,
    /// Viewers that followed a player, at most.
    pub following: usize,
    pub stages: StageTimes,
    /// How many snapshots had each number of bytes.
    pub sizes: Vec<u64>,
    /// What the bytes of the decoded snapshots were spent on.
    pub spent: Spent,
    pub read: u64,
}

/// Why a recording cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error(transparent)]
    Simulation(#[from] ReplayError),
    /// The server wrote what no client can read.
    #[error("the snapshot of tick {n} for viewer {viewer} cannot be read: {reason}", n = tick.0)]
    Unreadable {
        tick: Tick,
        /// For which viewer, counted from 0.
        viewer: usize,
        reason: String,
    },
}

impl Costs {
    pub fn new(viewers: usize) -> Costs {
        Costs {
            viewers,
            following: 0,
            stages: StageTimes::default(),
            sizes: vec![0; SERVER_MESSAGE_LIMIT_BYTES + 1],
            spent: Spent::default(),
            read: 0,
        }
    }

    /// Counts the bytes of a tick's snapshots, and decodes some of them as a client does.
    pub fn count(
        &mut self,
        tick: Tick,
        viewers: &Viewers<'_>,
        readers: &mut [View],
    ) -> Result<(), BenchError> {
        for message in viewers.messages() {
            self.sizes[message.len().min(SERVER_MESSAGE_LIMIT_BYTES)] += 1;
        }
        for (viewer, (message, view)) in viewers.messages().zip(readers).enumerate() {
            let unreadable = |reason: String| BenchError::Unreadable { tick, viewer, reason };
            let decoded = decode_server(message).map_err(|error| unreadable(error.to_string()))?;
            let ServerMessage::Snapshot(snapshot) = decoded else {
                return Err(unreadable("it is another message".into()));
            };
            let changes = view.apply(snapshot.tick, snapshot.fresh, &snapshot.delta);
            let spent = changes.map_err(|error| unreadable(error.to_string()))?.spent;
            let events = encoded_length(&snapshot.events) as u32;
            let own = (message.len() as u32).saturating_sub(spent.total() + events);
            self.spent += Spent { events, own, ..spent };
            self.read += 1;
        }
        Ok(())
    }

    /// Snapshots made.
    pub fn snapshots(&self) -> u64 {
        self.sizes.iter().sum()
    }
}
