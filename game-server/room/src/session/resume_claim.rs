//! The token that resumes a seat, and the first message to a client that shows it.

use super::token::hash_of;
use shared::id::{PlayerId, Tick};
use shared::message::ResumeToken;
use shared::recording::{SeatKey, TokenHash};

/// A client that resumes its seat.
#[derive(Clone, Copy, Debug)]
pub struct ResumeRequest {
    /// The hash of the token that it showed.
    pub shown: TokenHash,
    /// The token that it is given.
    pub token: ResumeToken,
    /// The number of its connection among all that it has opened.
    pub attempt: u32,
    /// What it still has of the session, if anything.
    pub resume_point: Option<ResumePoint>,
}

/// What a client still has of the session that it resumes.
#[derive(Clone, Copy, Debug)]
pub struct ResumePoint {
    /// The newest snapshot's tick.
    pub tick: Tick,
    /// How many messages of the backlog it has received.
    pub backlog_ack: u32,
}

/// The first message to a client with a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstMessage {
    /// Everything that does not change while playing.
    Welcome,
    /// The client has all that, and the snapshot of this tick.
    Resumed {
        /// The tick.
        from: Tick,
    },
}

impl FirstMessage {
    /// Whether the client has not received what was sent with the snapshot of a tick.
    pub fn is_before(self, tick: Tick) -> bool {
        match self {
            FirstMessage::Welcome => true,
            FirstMessage::Resumed { from } => from < tick,
        }
    }
}

/// What resumes one seat.
pub struct ResumeClaim {
    key: SeatKey,
    /// The client has the newest token: the one before it opens nothing any more.
    has_arrived: bool,
    /// The key was changed and is not recorded yet.
    is_unrecorded: bool,
    /// Given out with the next first message.
    token: ResumeToken,
    /// An ack of a later tick shows that the newest token has arrived.
    token_given: Tick,
    /// Of the connection that has the seat.
    attempt: u32,
}

impl ResumeClaim {
    /// A new seat's.
    pub(crate) fn new(player: PlayerId, token: ResumeToken, now: Tick) -> ResumeClaim {
        let key = SeatKey { player, token: hash_of(token), before: None };
        ResumeClaim { is_unrecorded: true, token, ..ResumeClaim::restored(key, now) }
    }

    /// A seat's in a recording.
    pub(crate) fn restored(key: SeatKey, now: Tick) -> ResumeClaim {
        let token = ResumeToken([0; 16]);
        ResumeClaim { key, has_arrived: false, is_unrecorded: false, token, token_given: now, attempt: 0 }
    }

    /// Whose seat.
    pub(crate) fn player(&self) -> PlayerId {
        self.key.player
    }

    /// Whether a token of this hash resumes the seat.
    pub fn opens(&self, hash: TokenHash) -> bool {
        self.key.token == hash || self.key().before == Some(hash)
    }

    /// The hashes of the last two tokens, of which the older may open nothing any more.
    pub fn hashes(&self) -> impl Iterator<Item = TokenHash> + use<> {
        [Some(self.key.token), self.key.before].into_iter().flatten()
    }

    /// What resumes the seat, as it is recorded.
    pub fn key(&self) -> SeatKey {
        SeatKey { before: self.key.before.filter(|_| !self.has_arrived), ..self.key }
    }

    /// The key, if it has changed since it was last taken here.
    pub fn take_changed_key(&mut self) -> Option<SeatKey> {
        std::mem::take(&mut self.is_unrecorded).then(|| self.key())
    }

    /// The token that resumes the seat, for the player only.
    pub fn token(&self) -> ResumeToken {
        self.token
    }

    /// Whether a connection with this token comes too late: its client already has the seat on a later connection, which it
    /// opened with the same token.
    pub fn is_overtaken(&self, shown: TokenHash, attempt: u32) -> bool {
        self.key.token != shown && attempt <= self.attempt
    }

    /// A client resumes the seat on a new connection, and is given a new token.
    pub(crate) fn renew(&mut self, request: &ResumeRequest, now: Tick) {
        self.key = SeatKey { token: hash_of(request.token), before: Some(request.shown), ..self.key };
        (self.has_arrived, self.is_unrecorded) = (false, true);
        self.token = request.token;
        self.attempt = request.attempt;
        self.token_given = now;
    }

    /// The client has the snapshot of a tick. Once that shows that it has the new token, the old one is worthless.
    pub(crate) fn acked(&mut self, tick: Tick) {
        if tick > self.token_given && self.key().before.is_some() {
            (self.has_arrived, self.is_unrecorded) = (true, true);
        }
    }
}
