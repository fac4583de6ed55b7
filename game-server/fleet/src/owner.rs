//! One node and one room, from the wish to run it to the end: claim → restore → serve → release or end, unless another
//! node's claim comes first. The log decides; what nodes say of themselves only decides who tries.
//!
//! An owner asks one thing of the log at a time. An answer that proves nothing, such as a refusal or a timeout, makes it read
//! the newest record: its own, and it goes on; the one before its own, and it sends it again; another's, and it is fenced.

use crate::engine::{Answer, Request, Stored};
use crate::record::{Head, Kind, encode};
use crate::{Now, Sequence};
use core::time::Duration;
use shared::id::Tick;
use std::collections::VecDeque;

/// A room whose newest record is this old, read twice through the leader of the log, has no writer that goes on.
pub const UNCHANGED_LIMIT: Duration = Duration::from_secs(1);
/// Between two requests of which the first had no answer.
pub const ASK_AGAIN: Duration = Duration::from_millis(100);
/// Without an acknowledgement for this long, the room pauses.
pub const PAUSE_AFTER: Duration = Duration::from_millis(500);
/// A paused room that hears no other node for this long sends its players away. Less than
/// [`SILENCE_LIMIT`](crate::directory::SILENCE_LIMIT): they ask elsewhere when the room can be claimed there.
pub const CUT_OFF_AFTER: Duration = Duration::from_millis(2500);
/// Between two purges of a log. Each delays the ticks behind it.
pub const PURGE_INTERVAL: Duration = Duration::from_secs(60);
/// Most bytes that are gathered into one record, beside a portion that is larger.
pub const RECORD_BYTES: usize = 1024 * 1024;
/// Queued portions of more bytes than this are dropped at the next keyframe, from which the room can be restored. A room that
/// pauses never queues that much.
pub const QUEUE_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// A process of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The node's name.
    pub node: String,
    /// Random: two processes may have the same name.
    pub process: u64,
    /// The build of its simulation.
    pub build: String,
}

/// Why a node wants a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// A room that is not in the log is begun.
    pub may_begin: bool,
    /// Not before this time is a room claimed whose owner has not released it.
    pub not_before: Now,
}

/// Why a node does not get a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It is not in the log.
    NoRoom,
    /// This node has it.
    Taken(String),
    /// It was made by this build of the simulation, which ours cannot continue.
    OtherBuild(String),
}

/// A part of a room's recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    /// Whole chunks.
    pub bytes: Vec<u8>,
    /// The last tick in them, or of the recording so far.
    pub tick: Tick,
    /// They begin with a header, the seats and a keyframe.
    pub has_keyframe: bool,
    /// Nothing follows.
    pub farewell: Option<Farewell>,
}

/// How an owner leaves a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// The room is over.
    End,
    /// This node is to run it.
    Release {
        /// The node's name.
        to: String,
    },
}

/// Input of an [`Owner`].
#[derive(Clone, Debug)]
pub enum Event {
    /// What came of the request.
    Answer(Answer),
    /// The room has recorded this.
    Portion(Portion),
    /// Another node was heard.
    PeerHeard,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask the engine this. The next request comes after the answer.
    Ask(Request),
    /// The room is ours and new.
    Begin {
        /// Of this claim.
        epoch: u64,
    },
    /// The room is ours: restore it from these records, the first of which has a keyframe.
    Restore {
        /// Of this claim.
        epoch: u64,
        /// Oldest first.
        records: Vec<Stored>,
    },
    /// The room is not ours. Nothing follows.
    Lost(Lost),
    /// All up to this tick is in the log: players may be told.
    Replicated(Tick),
    /// The log does not answer: the room is to stand still.
    Pause,
    /// The log answers again.
    Resume,
    /// Nobody hears us: the players are to look for another node.
    CutOff,
    /// The log has lost its newest records: the room is to record a keyframe.
    RecordKeyframe,
    /// Another node runs the room: stop, and tell nobody anything but where it is. Nothing follows.
    Fenced {
        /// The node's name.
        by: String,
        /// Of its claim.
        epoch: u64,
    },
    /// The farewell is in the log. Nothing follows.
    Left {
        /// The node that is to run the room; `None` if the room is over.
        to: Option<String>,
    },
}

/// One node's part in one room.
#[derive(Debug)]
pub struct Owner {
    me: Process,
    wish: Wish,
    state: State,
    /// A request is out.
    is_asking: bool,
    /// No request before this time.
    ask_at: Now,
    heard_peer_at: Option<Now>,
    actions: VecDeque<Action>,
}

#[derive(Debug)]
enum State {
    /// Reads the newest record until it may be claimed.
    Looking {
        seen: Option<(Sequence, Now)>,
    },
    /// Appends the claim.
    Claiming {
        after: Sequence,
        claim: Head,
        in_doubt: bool,
    },
    /// Reads the room's records.
    Reading {
        from: Sequence,
        tenure: Tenure,
    },
    Serving(Tenure),
    Over,
}

/// The time in which a room is ours.
#[derive(Debug)]
struct Tenure {
    epoch: u64,
    /// Our newest record.
    last: Sequence,
    tick: Tick,
    /// The newest record with a keyframe, and the one before it.
    keyframe: Sequence,
    keyframe_before: Sequence,
    queue: VecDeque<Portion>,
    in_flight: Option<Portion>,
    in_doubt: bool,
    /// Only a keyframe may follow.
    needs_keyframe: bool,
    /// Since when the oldest portion that was not acknowledged waits.
    waiting_since: Option<Now>,
    is_paused: bool,
    is_cut_off: bool,
    /// When the log was last purged.
    purged_at: Now,
    purge_before: Option<Sequence>,
}

impl Owner {
    /// A node that wants a room.
    pub fn new(me: Process, wish: Wish, now: Now) -> Owner {
        Owner {
            me,
            wish,
            state: State::Looking { seen: None },
            is_asking: false,
            ask_at: now,
            heard_peer_at: None,
            actions: VecDeque::new(),
        }
    }

    /// Whether nothing follows.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over) && self.actions.is_empty()
    }

    /// Whether all that the room has recorded is in the log.
    pub fn is_idle(&self) -> bool {
        match &self.state {
            State::Serving(tenure) => tenure.in_flight.is_none() && tenure.queue.is_empty(),
            _ => true,
        }
    }

    /// Takes what has happened.
    pub fn handle(&mut self, event: Event, now: Now) {
        match event {
            Event::PeerHeard => self.heard_peer_at = Some(now),
            Event::Portion(portion) => {
                if let State::Serving(tenure) = &mut self.state {
                    tenure.push(portion, now);
                }
            }
            Event::Answer(answer) => {
                self.is_asking = false;
                self.answer(answer, now);
            }
        }
    }

    /// What is to be done next, if anything.
    pub fn poll(&mut self, now: Now) -> Option<Action> {
        if let State::Serving(tenure) = &mut self.state {
            self.actions.extend(tenure.check_times(now, self.heard_peer_at));
        }
        if let Some(action) = self.actions.pop_front() {
            return Some(action);
        }
        if self.is_asking || now < self.ask_at {
            return None;
        }
        let request = self.request()?;
        self.is_asking = true;
        Some(Action::Ask(request))
    }

    /// When to poll at the latest, if nothing happens.
    pub fn wake_at(&self) -> Option<Now> {
        let waits_to_ask = !self.is_asking && !matches!(self.state, State::Over);
        let ask = waits_to_ask.then_some(self.ask_at);
        match &self.state {
            State::Serving(tenure) => {
                let has_request = tenure.has_request();
                let times = tenure.next_time(self.heard_peer_at);
                ask.filter(|_| has_request).into_iter().chain(times).min()
            }
            _ => ask,
        }
    }

    fn request(&mut self) -> Option<Request> {
        match &mut self.state {
            State::Looking { .. } | State::Claiming { in_doubt: true, .. } => Some(Request::Last),
            State::Claiming { after, claim, .. } => {
                Some(Request::Append { after: *after, record: encode(claim, &[]) })
            }
            State::Reading { from, tenure } => Some(Request::Read { from: *from, to: tenure.last }),
            State::Serving(tenure) => tenure.request(&self.me),
            State::Over => None,
        }
    }

    fn answer(&mut self, answer: Answer, now: Now) {
        match (std::mem::replace(&mut self.state, State::Over), answer) {
            (State::Looking { seen }, Answer::Last(newest)) => self.look(seen, newest, now),
            (State::Claiming { claim, .. }, Answer::Appended(at)) => self.won(claim, at, now),
            (State::Claiming { after, claim, in_doubt: true }, Answer::Last(newest)) => match newest {
                Some(newest) if self.wrote(&newest, claim.epoch) => self.won(claim, newest.sequence, now),
                newest if newest.as_ref().map_or(0, |newest| newest.sequence) == after => {
                    self.ask_at = now + ASK_AGAIN;
                    self.state = State::Claiming { after, claim, in_doubt: false };
                }
                Some(newest) => self.lose(Lost::Taken(newest.head.node)),
                None => self.lose(Lost::NoRoom),
            },
            (State::Claiming { after, claim, in_doubt }, answer) => {
                if in_doubt || answer == Answer::Unavailable {
                    self.ask_at = now + ASK_AGAIN;
                }
                self.state = State::Claiming { after, claim, in_doubt: true };
            }
            (State::Reading { tenure, .. }, Answer::Records(records)) => {
                self.actions.push_back(Action::Restore { epoch: tenure.epoch, records });
                self.state = State::Serving(tenure);
            }
            (State::Serving(tenure), answer) => self.answer_tenure(tenure, answer, now),
            // The leader of the log is away.
            (state, _) => {
                self.ask_at = now + ASK_AGAIN;
                self.state = state;
            }
        }
    }

    /// Decides by the newest record whether to claim the room.
    fn look(&mut self, seen: Option<(Sequence, Now)>, newest: Option<Stored>, now: Now) {
        let Some(Stored { sequence, head, .. }) = newest else { return self.begin(0, 1) };
        match &head.kind {
            Kind::End => return self.begin(sequence, head.epoch + 1),
            _ if head.build != self.me.build => return self.lose(Lost::OtherBuild(head.build)),
            Kind::Release { to } if *to == self.me.node => return self.claim(sequence, head),
            _ => {}
        }
        match seen {
            Some((seen, _)) if seen != sequence => self.lose(Lost::Taken(head.node)),
            Some((_, since)) if now >= self.wish.not_before.max(since + UNCHANGED_LIMIT) => {
                self.claim(sequence, head);
            }
            seen => {
                let since = seen.map_or(now, |(_, since)| since);
                self.ask_at = self.wish.not_before.max(since + UNCHANGED_LIMIT);
                self.state = State::Looking { seen: Some((sequence, since)) };
            }
        }
    }

    fn begin(&mut self, after: Sequence, epoch: u64) {
        if !self.wish.may_begin {
            return self.lose(Lost::NoRoom);
        }
        let claim = head(&self.me, epoch, Kind::Begin, Tick(0), 0, false);
        self.state = State::Claiming { after, claim, in_doubt: false };
    }

    fn claim(&mut self, after: Sequence, newest: Head) {
        let keyframe = newest.restore_from(after).unwrap_or(0);
        let claim = head(&self.me, newest.epoch + 1, Kind::Claim, newest.tick, keyframe, false);
        self.state = State::Claiming { after, claim, in_doubt: false };
    }

    fn won(&mut self, claim: Head, at: Sequence, now: Now) {
        let Head { epoch, tick, keyframe, .. } = claim;
        let tenure = Tenure {
            epoch,
            last: at,
            tick,
            keyframe,
            keyframe_before: 0,
            queue: VecDeque::new(),
            in_flight: None,
            in_doubt: false,
            needs_keyframe: false,
            waiting_since: None,
            is_paused: false,
            is_cut_off: false,
            purged_at: now,
            purge_before: None,
        };
        self.state = match keyframe {
            0 => {
                self.actions.push_back(Action::Begin { epoch });
                State::Serving(tenure)
            }
            from => State::Reading { from, tenure },
        };
    }

    fn lose(&mut self, lost: Lost) {
        self.actions.push_back(Action::Lost(lost));
        self.state = State::Over;
    }

    fn wrote(&self, record: &Stored, epoch: u64) -> bool {
        record.head.epoch == epoch && record.head.process == self.me.process
    }

    fn answer_tenure(&mut self, mut tenure: Tenure, answer: Answer, now: Now) {
        let next = match answer {
            Answer::Appended(at) => tenure.acknowledge(at, now),
            Answer::Last(newest) if tenure.in_doubt => match newest {
                Some(newest) if self.wrote(&newest, tenure.epoch) && newest.sequence > tenure.last => {
                    tenure.acknowledge(newest.sequence, now)
                }
                Some(newest) if self.wrote(&newest, tenure.epoch) && newest.sequence == tenure.last => {
                    tenure.in_doubt = false;
                    vec![]
                }
                Some(newest) if !self.wrote(&newest, tenure.epoch) && newest.head.epoch >= tenure.epoch => {
                    let Head { node, epoch, .. } = newest.head;
                    self.actions.push_back(Action::Fenced { by: node, epoch });
                    return;
                }
                // The engine has lost what it had acknowledged. Ours is the newest claim that anybody knows of.
                newest => tenure.start_afresh(newest.map_or(0, |newest| newest.sequence)),
            },
            Answer::Purged => vec![],
            _ => {
                if tenure.in_doubt {
                    self.ask_at = now + ASK_AGAIN;
                }
                tenure.in_doubt = tenure.in_flight.is_some();
                vec![]
            }
        };
        let has_left = matches!(next.last(), Some(Action::Left { .. }));
        self.actions.extend(next);
        if !has_left {
            self.state = State::Serving(tenure);
        }
    }
}

impl Tenure {
    fn push(&mut self, portion: Portion, now: Now) {
        if self.needs_keyframe && !portion.has_keyframe && portion.farewell.is_none() {
            return;
        }
        let queued: usize = self.queue.iter().map(|portion| portion.bytes.len()).sum();
        if portion.has_keyframe && queued > QUEUE_LIMIT_BYTES {
            self.queue.clear();
        }
        self.needs_keyframe = false;
        self.waiting_since.get_or_insert(now);
        self.queue.push_back(portion);
    }

    fn has_request(&self) -> bool {
        self.in_doubt || self.in_flight.is_some() || !self.queue.is_empty() || self.purge_before.is_some()
    }

    fn request(&mut self, me: &Process) -> Option<Request> {
        if self.in_doubt {
            return Some(Request::Last);
        }
        if self.in_flight.is_none() {
            self.in_flight = self.gather();
        }
        let Some(portion) = &self.in_flight else {
            return self.purge_before.take().map(|before| Request::Purge { before });
        };
        let kind = match &portion.farewell {
            None => Kind::Ticks,
            Some(Farewell::End) => Kind::End,
            Some(Farewell::Release { to }) => Kind::Release { to: to.clone() },
        };
        let head = head(me, self.epoch, kind, portion.tick, self.keyframe, portion.has_keyframe);
        Some(Request::Append { after: self.last, record: encode(&head, &portion.bytes) })
    }

    /// The portions that make the next record.
    fn gather(&mut self) -> Option<Portion> {
        let mut gathered = self.queue.pop_front()?;
        while gathered.farewell.is_none()
            && let Some(next) = self.queue.pop_front_if(|next| {
                !next.has_keyframe && gathered.bytes.len() + next.bytes.len() <= RECORD_BYTES
            })
        {
            gathered.bytes.extend_from_slice(&next.bytes);
            (gathered.tick, gathered.farewell) = (next.tick, next.farewell);
        }
        Some(gathered)
    }

    /// The record in flight is in the log.
    fn acknowledge(&mut self, at: Sequence, now: Now) -> Vec<Action> {
        self.in_doubt = false;
        let Some(portion) = self.in_flight.take() else { return vec![] };
        (self.last, self.tick) = (at, portion.tick);
        if portion.has_keyframe {
            (self.keyframe_before, self.keyframe) = (self.keyframe, at);
            if self.keyframe_before > 0 && now >= self.purged_at + PURGE_INTERVAL {
                self.purged_at = now;
                self.purge_before = Some(self.keyframe_before);
            }
        }
        self.waiting_since = (!self.queue.is_empty()).then_some(now);
        let mut actions = vec![Action::Replicated(portion.tick)];
        if std::mem::take(&mut self.is_paused) {
            self.is_cut_off = false;
            actions.push(Action::Resume);
        }
        match portion.farewell {
            None => {}
            Some(Farewell::End) => actions.push(Action::Left { to: None }),
            Some(Farewell::Release { to }) => actions.push(Action::Left { to: Some(to) }),
        }
        actions
    }

    /// The log ends at a record from which the room cannot be restored.
    fn start_afresh(&mut self, last: Sequence) -> Vec<Action> {
        (self.last, self.keyframe, self.keyframe_before) = (last, 0, 0);
        self.in_doubt = false;
        self.in_flight = None;
        self.queue.clear();
        self.needs_keyframe = true;
        vec![Action::RecordKeyframe]
    }

    fn check_times(&mut self, now: Now, heard_peer_at: Option<Now>) -> Option<Action> {
        if !self.is_paused && self.pauses_at().is_some_and(|at| now >= at) {
            self.is_paused = true;
            return Some(Action::Pause);
        }
        if self.is_paused && !self.is_cut_off && self.cut_off_at(heard_peer_at).is_some_and(|at| now >= at) {
            self.is_cut_off = true;
            return Some(Action::CutOff);
        }
        None
    }

    fn pauses_at(&self) -> Option<Now> {
        self.waiting_since.map(|since| since + PAUSE_AFTER)
    }

    /// Only where there was a node that could go on.
    fn cut_off_at(&self, heard_peer_at: Option<Now>) -> Option<Now> {
        let heard_at = heard_peer_at?;
        let had_peer = heard_at + CUT_OFF_AFTER >= self.waiting_since?;
        had_peer.then_some(heard_at + CUT_OFF_AFTER)
    }

    fn next_time(&self, heard_peer_at: Option<Now>) -> Option<Now> {
        match (self.is_paused, self.is_cut_off) {
            (false, _) => self.pauses_at(),
            (true, false) => self.cut_off_at(heard_peer_at),
            (true, true) => None,
        }
    }
}

fn head(me: &Process, epoch: u64, kind: Kind, tick: Tick, keyframe: Sequence, has_keyframe: bool) -> Head {
    let Process { node, process, build } = me.clone();
    Head { epoch, node, process, build, kind, tick, keyframe, has_keyframe }
}
