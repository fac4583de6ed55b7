//! Sessions: one player's protocol state, without sockets and without a clock. Messages go in by
//! [`Session::handle`], messages come out by [`Session::poll_transmit`], time passes in ticks.

mod backlog;
mod budget;
mod chat;
mod input_buffer;
mod resume_claim;
mod token;

use crate::load::LoadReport;
use crate::outbox::QUEUE_LIMIT_BYTES;
use crate::rate::Rate;
use crate::snapshot::{HISTORY_TICKS, Interest, Replicator, SnapshotScope, Viewer};
pub use backlog::BACKLOG_LIMIT_MESSAGES;
use backlog::Backlog;
use budget::Budget;
pub use budget::DEFAULT_VIEWER_BYTES_PER_SECOND;
pub(crate) use chat::ChatLimit;
pub use chat::{CHAT_BURST_LINES, CHAT_INTERVAL_SECONDS, CHAT_REPEAT_SECONDS};
use glam::{IVec2, Vec2};
pub use input_buffer::{INPUT_WINDOW_TICKS, InputBuffer};
pub use resume_claim::{FirstMessage, ResumeClaim, ResumePoint, ResumeRequest};
use shared::aspect::Aspect;
use shared::codec::encode_server;
use shared::event::{Event, Happening};
use shared::id::{PlayerId, Tick};
use shared::input::Controls;
use shared::message::{ClientMessage, Own, ResumeToken, ServerMessage, Signal, Snapshot};
use shared::recording::SeatKey;
use shared::setup::Setup;
use shared::snapshot::{Pilot, SearchHint};
use shared::text::chat_line;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
pub use token::hash_of;

/// A client whose newest ack is older than this many seconds is sent snapshots less often.
pub const ACK_LAG_LIMIT_SECONDS: f32 = 1.5;
/// Weight of the newest ack in the average lag.
const ACK_LAG_WEIGHT: f32 = 0.1;
/// Seconds between snapshots for such a client.
pub const LAGGING_INTERVAL_SECONDS: f32 = 0.5;
/// Words of the quick chat that may follow each other at once.
pub const SIGNALS_BURST: u32 = 3;
/// Seconds after which one more is allowed.
pub const SIGNAL_INTERVAL_SECONDS: f32 = 2.0;
/// A view may change this often in a row, then once in this many seconds: what enters it is sent whole.
pub const VIEW_CHANGES_BURST: u32 = 2;
/// See [`VIEW_CHANGES_BURST`].
pub const VIEW_CHANGE_INTERVAL_SECONDS: f32 = 1.0;
/// Most events in one snapshot: the newest.
pub const SNAPSHOT_LIMIT_EVENTS: usize = 128;
/// Entity records in one snapshot, in bytes: half of what may wait for a connection.
pub const DELTA_LIMIT_BYTES: usize = QUEUE_LIMIT_BYTES / 2;
/// A viewer that holds more entities is sent the most urgent records: all of them might not fit.
const WHOLE_VIEW_LIMIT_ENTITIES: usize = DELTA_LIMIT_BYTES / 16;

/// Capacity for a message that is no snapshot: the scoreboard, the most frequent of the long ones, fits.
const USUAL_MESSAGE_BYTES: usize = 512;

/// What the room must do after a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing.
    None,
    /// Send this line of chat to everybody, with its unwanted words masked.
    Chat(String),
    /// Pass this word of the quick chat on to mates and to those who see the sender.
    Signal(Signal),
    /// The player gives up the seat.
    Leave,
}

/// One player's protocol state.
pub struct Session {
    /// What resumes the seat.
    pub claim: ResumeClaim,
    input: InputBuffer,
    viewer: Viewer,
    interest: Interest,
    /// The shape of the player's picture, and what is sent for it: width and height in units.
    aspect: Aspect,
    view: Vec2,
    view_changes: Rate,
    /// Where the player and the ship were found in the world of the newest snapshot.
    pilot_hint: SearchHint,
    ship_hint: SearchHint,
    /// The ticks of the newest complete snapshots, and the centre of the view in each.
    recent_views: VecDeque<(Tick, IVec2)>,
    transmits: VecDeque<Vec<u8>>,
    backlog: Backlog,
    budget: Budget,
    /// The next snapshot is made against an empty view.
    is_fresh: bool,
    /// The newest snapshot was cut.
    is_partial: bool,
    acked: Tick,
    /// Ticks from a snapshot to its ack, on average.
    ack_lag_ticks: Option<f32>,
    sent: Tick,
    pub(crate) chat: ChatLimit,
    signals: Rate,
    began: Tick,
    has_acked: bool,
    has_steered: bool,
}

impl Session {
    /// A session that begins at a tick.
    pub fn new(player: PlayerId, token: ResumeToken, setup: &Setup, now: Tick) -> Session {
        Session::with_claim(ResumeClaim::new(player, token, now), setup, now)
    }

    /// The session of a seat in a recording; its player is away.
    pub fn restored(key: SeatKey, setup: &Setup, now: Tick) -> Session {
        let session = Session::with_claim(ResumeClaim::restored(key, now), setup, now);
        Session { has_acked: true, has_steered: true, ..session }
    }

    fn with_claim(claim: ResumeClaim, setup: &Setup, now: Tick) -> Session {
        Session {
            claim,
            input: InputBuffer::default(),
            viewer: Viewer::default(),
            interest: Interest::around(IVec2::ZERO, setup),
            aspect: Aspect::default(),
            view: setup.mode.view(Aspect::default()),
            view_changes: Rate::full(VIEW_CHANGES_BURST, now),
            pilot_hint: SearchHint::default(),
            ship_hint: SearchHint::default(),
            recent_views: VecDeque::new(),
            transmits: VecDeque::new(),
            backlog: Backlog::default(),
            budget: Budget::default(),
            is_fresh: true,
            is_partial: false,
            acked: now,
            ack_lag_ticks: None,
            sent: now,
            chat: ChatLimit::new(now),
            signals: Rate::full(SIGNALS_BURST, now),
            began: now,
            has_acked: false,
            has_steered: false,
        }
    }

    /// Whose session.
    pub fn player(&self) -> PlayerId {
        self.claim.player()
    }

    /// A client resumes the session on a new connection. Returns what it is to be sent first.
    pub fn resume(&mut self, request: &ResumeRequest, replicator: &Replicator) -> FirstMessage {
        let now = replicator.world().tick;
        self.claim.renew(request, now);
        self.input.release();
        self.transmits.clear();
        self.viewer.clear();
        // A client with a later tick than the world's is ahead of a world that a crash has set back.
        let point = request.resume_point.filter(|point| point.tick <= now);
        let from = point.map_or(now, |point| point.tick);
        (self.acked, self.sent) = (from, from);
        let Some(point) = point else {
            self.transmits.extend(self.backlog.start_over().map(|message| message.to_vec()));
            self.is_fresh = true;
            return FirstMessage::Welcome;
        };
        self.transmits.extend(self.backlog.missed(point.backlog_ack).map(|message| message.to_vec()));
        let view = self.recent_views.iter().find(|(tick, _)| *tick == from);
        self.is_fresh = !view.is_some_and(|(tick, centre)| {
            replicator.recall(&mut self.viewer, *tick, &Interest::of_view(*centre, self.view))
        });
        FirstMessage::Resumed { from }
    }

    /// The connection is gone.
    pub fn leave(&mut self) {
        self.input.release();
        self.backlog.leave();
        self.discard_transmits();
    }

    /// When it began.
    pub fn began(&self) -> Tick {
        self.began
    }

    /// Ticks from a snapshot to its acknowledgement, on average; `None` before the first.
    pub fn ack_lag_ticks(&self) -> Option<f32> {
        self.ack_lag_ticks
    }

    /// The ticks by which the newest input is ahead of a tick; negative if it comes late.
    pub fn input_lead_ticks(&self, tick: Tick) -> i8 {
        self.input.lead(tick)
    }

    /// Whether the client has acknowledged a snapshot and steered: it is more than a connection that says Hello.
    pub fn has_played(&self) -> bool {
        self.has_acked && self.has_steered
    }

    /// Handles a message; `now` is the tick last stepped.
    pub fn handle(
        &mut self,
        message: ClientMessage,
        now: Tick,
        setup: &Setup,
        report: LoadReport,
    ) -> Reaction {
        match message {
            ClientMessage::Input(input) => {
                // An ack of what was never sent is worth nothing.
                if input.ack <= self.sent {
                    if input.ack > self.acked {
                        let lag = now.since(input.ack) as f32;
                        let average = self.ack_lag_ticks.unwrap_or(lag);
                        self.ack_lag_ticks = Some(average + ACK_LAG_WEIGHT * (lag - average));
                    }
                    self.acked = self.acked.max(input.ack);
                    self.claim.acked(input.ack);
                    self.has_acked |= input.ack > self.began;
                }
                self.has_steered |= !input.frames.is_empty();
                for frame in &input.frames {
                    self.input.insert(*frame, now);
                }
                Reaction::None
            }
            ClientMessage::Chat { text } => match chat_line(&text) {
                Some(line) if self.chat.allows(&line, now, setup) => Reaction::Chat(line),
                _ => Reaction::None,
            },
            ClientMessage::Ping { stamp } => {
                self.send(&report.pong(stamp));
                Reaction::None
            }
            ClientMessage::Signal(signal) => {
                let interval_ticks = setup.ticks(SIGNAL_INTERVAL_SECONDS);
                let allowed = self.signals.take(SIGNALS_BURST, interval_ticks, now);
                if allowed { Reaction::Signal(signal) } else { Reaction::None }
            }
            ClientMessage::View(aspect) => {
                self.set_aspect(aspect);
                Reaction::None
            }
            ClientMessage::Leave => Reaction::Leave,
            // The connection has closed a client that says Hello twice.
            ClientMessage::Hello(_) => Reaction::None,
        }
    }

    /// The controls for a tick, if they differ from those held.
    pub fn take_controls(&mut self, tick: Tick) -> Option<Controls> {
        self.input.take(tick)
    }

    /// Whether a snapshot of this tick should be made: always, unless the client's acks lag behind.
    pub fn is_due(&self, tick: Tick, setup: &Setup) -> bool {
        let lag = self.sent.since(self.acked);
        lag < setup.ticks(ACK_LAG_LIMIT_SECONDS)
            || tick.since(self.sent) >= setup.ticks(LAGGING_INTERVAL_SECONDS)
    }

    /// Writes the snapshot of the newest tick into `out`, in place of what is there. On average its entities take no more
    /// than `bytes_per_second`. Says whether the world knows the player.
    pub fn write_snapshot(
        &mut self,
        replicator: &mut Replicator,
        setup: &Setup,
        scope: SnapshotScope,
        bytes_per_second: u32,
        out: &mut Vec<u8>,
    ) -> bool {
        let (world, player) = (replicator.world(), self.claim.player());
        let tick = world.tick;
        let Some(pilot) = world.pilot_near(&mut self.pilot_hint, player) else { return false };
        let ship = pilot.ship.and_then(|ship| world.entity_near(&mut self.ship_hint, ship));
        let centre = ship.map_or(self.interest.centre, |ship| ship.motion.position_q);
        let own = own(pilot);
        self.turn_view(replicator, setup, tick);
        self.interest = Interest::of_view(centre, self.view);
        let mut events: Vec<Event> = replicator.events(self.sent, &self.interest).collect();
        events.drain(..events.len().saturating_sub(SNAPSHOT_LIMIT_EVENTS));
        let limit = self.budget.for_snapshot(tick.since(self.sent), bytes_per_second, setup.tick_rate_hz);
        let may_be_long = self.is_partial || self.viewer.len() > WHOLE_VIEW_LIMIT_ENTITIES;
        let cut_to = limit.or(may_be_long.then_some(DELTA_LIMIT_BYTES));
        let urgent =
            |bytes: usize| SnapshotScope::Urgent { player, budget_bytes: bytes.min(DELTA_LIMIT_BYTES) };
        let mut is_cut = cut_to.is_some();
        let scope = cut_to.map_or(scope, urgent);
        let (mut delta, mut is_complete) = replicator.write(&mut self.viewer, &self.interest, scope);
        if delta.len() > DELTA_LIMIT_BYTES && !is_cut {
            self.start_afresh();
            is_cut = true;
            (delta, is_complete) =
                replicator.write(&mut self.viewer, &self.interest, urgent(DELTA_LIMIT_BYTES));
        }
        self.is_partial = is_cut && !is_complete;
        self.budget.spend(delta.len());
        out.clear();
        let snapshot = Snapshot {
            tick,
            fresh: std::mem::take(&mut self.is_fresh),
            input_ack: self.input.applied(),
            input_lead: self.input.lead(tick),
            own,
            events,
            delta: Cow::Borrowed(delta),
        };
        encode_server(&ServerMessage::Snapshot(snapshot), out);
        self.sent = tick;
        if self.recent_views.len() >= HISTORY_TICKS {
            self.recent_views.pop_front();
        }
        // What the viewer has after an incomplete snapshot cannot be recalled.
        if is_complete {
            self.recent_views.push_back((tick, self.interest.centre));
        }
        true
    }

    /// Changes the view to that of the player's picture, once the replicator knows what is in it.
    fn turn_view(&mut self, replicator: &mut Replicator, setup: &Setup, now: Tick) {
        let wanted = setup.mode.view(self.aspect);
        if wanted == self.view || !replicator.covers(wanted) {
            return;
        }
        let interval_ticks = setup.ticks(VIEW_CHANGE_INTERVAL_SECONDS);
        if self.view_changes.take(VIEW_CHANGES_BURST, interval_ticks, now) {
            self.view = wanted;
            // They were of another view.
            self.recent_views.clear();
        }
    }

    /// The player's picture has this shape.
    pub fn set_aspect(&mut self, aspect: Aspect) {
        self.aspect = aspect;
    }

    /// The viewer does not receive its newest snapshot: the next is made against an empty view.
    pub fn start_afresh(&mut self) {
        self.viewer.clear();
        self.is_fresh = true;
    }

    /// The area of the newest snapshot.
    pub fn interest(&self) -> &Interest {
        &self.interest
    }

    /// Whether a place is in this viewer's sight.
    pub fn sees(&self, at: (i32, i32)) -> bool {
        self.interest.keeps(at.into())
    }

    /// Queues a message.
    pub fn send(&mut self, message: &ServerMessage<'_>) {
        self.transmits.push_back(encoded(message));
    }

    /// Queues a message before all others.
    pub fn send_first(&mut self, message: &ServerMessage<'_>) {
        self.transmits.push_front(encoded(message));
    }

    /// Queues an encoded message.
    pub fn send_encoded(&mut self, bytes: &[u8]) {
        self.transmits.push_back(bytes.to_vec());
    }

    /// Queues an encoded message of chat or a notice, and keeps it for a player who may miss it.
    pub fn send_kept(&mut self, message: &Arc<[u8]>) {
        self.backlog.push(message.clone());
        self.send_encoded(message);
    }

    /// The next message to put on the wire.
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.transmits.pop_front()
    }

    /// Drops what is queued.
    pub fn discard_transmits(&mut self) {
        self.transmits.clear();
    }
}

/// Whether an event is sent to a player wherever it happened.
pub fn concerns(event: &Event, player: PlayerId) -> bool {
    matches!(event.what, Happening::Death { victim, killer, .. } if victim == player || killer == player)
}

/// A message's bytes.
pub fn encoded(message: &ServerMessage<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL_MESSAGE_BYTES);
    encode_server(message, &mut bytes);
    bytes
}

fn own(pilot: &Pilot) -> Own {
    Own {
        ship: pilot.ship,
        energy: pilot.energy,
        cooldown: pilot.cooldown,
        ability: pilot.ability,
        respawn_ticks: pilot.respawn_ticks,
        docked: pilot.docked,
        score: pilot.score,
        purse: pilot.purse,
        streak: pilot.streak,
        levels: pilot.levels,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::codec::decode_server;
    use shared::delta::View;
    use shared::entity::{EntityState, Kind};
    use shared::id::NetId;
    use shared::levels::Levels;
    use shared::snapshot::WorldSnapshot;
    use shared::text::Name;

    const PLAYER: PlayerId = PlayerId(1);

    fn pilot() -> Pilot {
        Pilot {
            player: PLAYER,
            name: Name::from_input("Ada"),
            team: 0,
            drone: false,
            away: false,
            ship: None,
            energy: 0,
            cooldown: 0,
            ability: 0,
            respawn_ticks: 9,
            docked: None,
            score: 0,
            purse: 0,
            streak: 0,
            kills: 0,
            deaths: 0,
            levels: Levels::default(),
            best_haul: 0,
            escape: 0,
            vote: 0,
        }
    }

    /// What a session is sent of worlds, one tick after the other.
    struct Viewing {
        setup: Setup,
        replicator: Replicator,
        session: Session,
        message: Vec<u8>,
    }

    impl Viewing {
        fn new() -> Viewing {
            let setup = sim::scripted::setup();
            Viewing {
                replicator: Replicator::new(&setup),
                session: Session::new(PLAYER, ResumeToken([0; 16]), &setup, Tick(0)),
                setup,
                message: Vec::new(),
            }
        }

        fn snapshot(&mut self, bytes_per_second: u32, fill: impl FnOnce(&mut WorldSnapshot)) -> Snapshot<'_> {
            let next = self.replicator.world().tick.next();
            self.replicator.observe(|world| {
                world.tick = next;
                world.pilots = vec![pilot()];
                fill(world);
            });
            let (scope, message) = (SnapshotScope::Whole, &mut self.message);
            let replicator = &mut self.replicator;
            let is_known =
                self.session.write_snapshot(replicator, &self.setup, scope, bytes_per_second, message);
            assert!(is_known);
            let Ok(ServerMessage::Snapshot(snapshot)) = decode_server(message) else { panic!("no snapshot") };
            snapshot
        }
    }

    #[test]
    fn a_snapshot_holds_the_newest_events() {
        let loaded = |ship| Event { at: (0, 0), what: Happening::Loaded { ship: NetId(ship) } };
        let happened: Vec<Event> = (0..SNAPSHOT_LIMIT_EVENTS as u32 + 3).map(loaded).collect();
        let mut viewing = Viewing::new();
        let snapshot =
            viewing.snapshot(DEFAULT_VIEWER_BYTES_PER_SECOND, |world| world.events.clone_from(&happened));
        assert_eq!(snapshot.events, happened[3..]);
    }

    #[test]
    fn a_view_too_large_for_one_snapshot_comes_in_several_that_each_fit_the_outbox() {
        const ENTITIES: u32 = 6000;
        let mut viewing = Viewing::new();
        let mut view = View::new(viewing.setup.tick_seconds());
        let ship = |id| EntityState {
            id: NetId(id),
            kind: Kind::Ship,
            owner: PlayerId(id),
            ..EntityState::default()
        };
        let mut crowd: Vec<EntityState> = (1..=ENTITIES).map(ship).collect();
        let mut ticks = 0;
        while view.entities().len() < ENTITIES as usize {
            ticks += 1;
            assert!(ticks < 100, "{} entities have come", view.entities().len());
            crowd.iter_mut().for_each(|ship| ship.health += 1);
            let snapshot = viewing.snapshot(1 << 20, |world| world.entities.clone_from(&crowd));
            assert!(snapshot.delta.len() <= DELTA_LIMIT_BYTES + DELTA_LIMIT_BYTES / 8, "at tick {ticks}");
            view.apply(snapshot.tick, snapshot.fresh, &snapshot.delta).expect("our own delta");
        }
    }
}
