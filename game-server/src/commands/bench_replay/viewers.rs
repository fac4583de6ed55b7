//! The viewers of a benchmark: one follows each player, the rest stand evenly spread over the belt.

use glam::{IVec2, Vec2};
use room::session::{DEFAULT_VIEWER_BYTES_PER_SECOND, SNAPSHOT_LIMIT_EVENTS, Session};
use room::snapshot::{Interest, Replicator, SnapshotScope, Viewer};
use shared::codec::encode_server;
use shared::event::Event;
use shared::id::{PlayerId, Tick};
use shared::message::{Own, ResumeToken, ServerMessage, Snapshot};
use shared::quantize;
use shared::setup::Setup;
use shared::snapshot::WorldSnapshot;
use std::borrow::Cow;

/// All viewers, and what they were sent last.
pub struct Viewers<'a> {
    setup: &'a Setup,
    viewers: Vec<BenchViewer>,
    messages: Vec<Vec<u8>>,
    /// The players of the newest tick.
    players: Vec<PlayerId>,
}

enum BenchViewer {
    Follows(Box<Session>),
    Stands(Standing),
}

/// A viewer that is no player.
struct Standing {
    viewer: Viewer,
    interest: Interest,
    sent: Option<Tick>,
}

impl<'a> Viewers<'a> {
    /// `count` viewers, none of which follows a player yet.
    pub fn new(count: usize, setup: &'a Setup) -> Viewers<'a> {
        let viewers =
            (0..count).map(|index| BenchViewer::Stands(Standing::new(place(index, count, setup), setup)));
        Viewers { setup, viewers: viewers.collect(), messages: vec![Vec::new(); count], players: Vec::new() }
    }

    /// Has every player followed, as far as there are viewers; returns how many follow.
    pub fn follow_players(&mut self, world: &WorldSnapshot) -> usize {
        let known = self.players.iter().copied().eq(world.pilots.iter().map(|pilot| pilot.player));
        if !known {
            self.players.clear();
            self.players.extend(world.pilots.iter().map(|pilot| pilot.player));
            let count = self.viewers.len();
            let mut unfollowed = self.players.clone();
            for (index, viewer) in self.viewers.iter_mut().enumerate() {
                let BenchViewer::Follows(session) = viewer else { continue };
                match unfollowed.binary_search(&session.player()) {
                    Ok(found) => drop(unfollowed.remove(found)),
                    Err(_) => {
                        *viewer =
                            BenchViewer::Stands(Standing::new(place(index, count, self.setup), self.setup))
                    }
                }
            }
            let standing = self.viewers.iter_mut().filter(|viewer| matches!(viewer, BenchViewer::Stands(_)));
            for (viewer, player) in standing.zip(unfollowed) {
                let session = Session::new(player, ResumeToken([0; 16]), self.setup, world.tick);
                *viewer = BenchViewer::Follows(Box::new(session));
            }
        }
        self.viewers.iter().filter(|viewer| matches!(viewer, BenchViewer::Follows(_))).count()
    }

    /// Writes every viewer's snapshot of the newest tick.
    pub fn write_snapshots(&mut self, replicator: &mut Replicator) {
        for (viewer, message) in self.viewers.iter_mut().zip(&mut self.messages) {
            match viewer {
                BenchViewer::Follows(session) => {
                    session.write_snapshot(
                        replicator,
                        self.setup,
                        SnapshotScope::Whole,
                        DEFAULT_VIEWER_BYTES_PER_SECOND,
                        message,
                    );
                }
                BenchViewer::Stands(standing) => standing.write_snapshot(replicator, message),
            }
        }
    }

    /// What each viewer was sent last.
    pub fn messages(&self) -> impl Iterator<Item = &[u8]> {
        self.messages.iter().map(Vec::as_slice)
    }
}

impl Standing {
    fn new(at: IVec2, setup: &Setup) -> Standing {
        let interest = Interest::around(at, setup);
        Standing { viewer: Viewer::default(), interest, sent: None }
    }

    fn write_snapshot(&mut self, replicator: &mut Replicator, out: &mut Vec<u8>) {
        let tick = replicator.world().tick;
        let since = self.sent.unwrap_or(Tick(tick.0.saturating_sub(1)));
        let mut events: Vec<Event> = replicator.events(since, &self.interest).collect();
        events.drain(..events.len().saturating_sub(SNAPSHOT_LIMIT_EVENTS));
        let (delta, _) = replicator.write(&mut self.viewer, &self.interest, SnapshotScope::Whole);
        out.clear();
        let message = Snapshot {
            tick,
            fresh: self.sent.is_none(),
            input_ack: tick,
            input_lead: 0,
            own: Own::default(),
            events,
            delta: Cow::Borrowed(delta),
        };
        encode_server(&ServerMessage::Snapshot(message), out);
        self.sent = Some(tick);
    }
}

/// The place of one of `count` viewers on a lattice over the belt.
fn place(index: usize, count: usize, setup: &Setup) -> IVec2 {
    let side = (count as f32).sqrt().ceil().max(1.0);
    let (column, row) = (index % side as usize, index / side as usize);
    let share = (Vec2::new(column as f32, row as f32) + 0.5) / side;
    quantize::position((share * 2.0 - 1.0) * setup.largest_half_size())
}
