//! Who a seat belongs to: the token that opens it, and how a client that shows it is greeted.

use super::hash_of;
use shared::id::{PlayerId, Tick};
use shared::message::ResumeToken;
use shared::recording::{SeatKey, TokenHash};

/// A client that takes a seat back.
#[derive(Clone, Copy, Debug)]
pub struct Resume {
    /// The hash of the token that it showed.
    pub shown: TokenHash,
    /// The token that it is given.
    pub token: ResumeToken,
    /// The number of its connection among all of its own.
    pub attempt: u32,
    /// What it still holds, if anything.
    pub held: Option<Held>,
}

/// What a client still holds of the session that it resumes.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// The newest snapshot's tick.
    pub tick: Tick,
    /// Messages of chat and notices that it has heard.
    pub talk: u32,
}

/// The first message to a client with a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// Everything that does not change while playing.
    Welcome,
    /// The client has all that, and the snapshot of this tick.
    Resumed {
        /// The tick.
        held: Tick,
    },
}

impl Greeting {
    /// Whether the client has not heard what was told with the snapshot of a tick.
    #[must_use]
    pub fn is_before(self, tick: Tick) -> bool {
        match self {
            Greeting::Welcome => true,
            Greeting::Resumed { held } => held < tick,
        }
    }
}

/// What opens one seat.
pub struct Claim {
    key: SeatKey,
    /// The key was changed and is not recorded yet.
    key_is_new: bool,
    /// Given out with the next welcome.
    token: ResumeToken,
    /// An ack of a later tick shows that the newest token has arrived.
    token_given: Tick,
    /// Of the connection that has the seat.
    attempt: u32,
}

impl Claim {
    /// A new seat's.
    pub(super) fn new(player: PlayerId, token: ResumeToken, now: Tick) -> Claim {
        let key = SeatKey { player, token: hash_of(token), before: None };
        Claim { key_is_new: true, token, ..Claim::restored(key, now) }
    }

    /// As a recording tells of it.
    pub(super) fn restored(key: SeatKey, now: Tick) -> Claim {
        Claim { key, key_is_new: false, token: ResumeToken([0; 16]), token_given: now, attempt: 0 }
    }

    /// Whose seat.
    pub(super) fn player(&self) -> PlayerId {
        self.key.player
    }

    /// Whether a token of this hash takes the seat back.
    #[must_use]
    pub fn opens(&self, hash: TokenHash) -> bool {
        self.key.token == hash || self.key.before == Some(hash)
    }

    /// What opens the seat, as it is recorded.
    #[must_use]
    pub fn key(&self) -> SeatKey {
        self.key
    }

    /// What opens the seat, if that has changed since it was asked.
    pub fn new_key(&mut self) -> Option<SeatKey> {
        std::mem::take(&mut self.key_is_new).then_some(self.key)
    }

    /// The token that takes the seat back, for the player only.
    #[must_use]
    pub fn token(&self) -> ResumeToken {
        self.token
    }

    /// Whether a connection with this token comes too late: its client has already been seated on a later one, which it opened
    /// with the same token.
    #[must_use]
    pub fn is_overtaken(&self, shown: TokenHash, attempt: u32) -> bool {
        self.key.token != shown && attempt <= self.attempt
    }

    /// A client takes the seat on a new connection, and is given a new token.
    pub(super) fn renew(&mut self, resume: &Resume, now: Tick) {
        self.key = SeatKey { token: hash_of(resume.token), before: Some(resume.shown), ..self.key };
        self.key_is_new = true;
        self.token = resume.token;
        self.attempt = resume.attempt;
        self.token_given = now;
    }

    /// The client holds the snapshot of a tick. Once that shows that it has the new token, the old one is worthless.
    pub(super) fn acked(&mut self, tick: Tick) {
        if tick > self.token_given && self.key.before.take().is_some() {
            self.key_is_new = true;
        }
    }
}
