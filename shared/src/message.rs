//! The message schema: everything that client and server say to each other, one message per binary WebSocket frame.
//!
//! The byte form is made by [`crate::codec`]. The order of variants and fields is the format; a test holds the bytes of
//! one of every message, and changing them means raising [`crate::PROTOCOL_VERSION`].

use crate::aspect::Aspect;
use crate::event::Event;
use crate::evidence::DeathEvidence;
use crate::id::{NetId, PlayerId, Tick};
use crate::input::InputFrame;
use crate::levels::{HullKind, Levels};
use crate::round::{Award, Round, Votes};
use crate::rules::{Arena, Mode, Rules};
use crate::snapshot::Pilot;
use crate::text::Name;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::borrow::Cow;

/// Largest message from a client, in bytes.
pub const CLIENT_MESSAGE_LIMIT_BYTES: usize = 4096;
/// Largest message from the server, in bytes.
pub const SERVER_MESSAGE_LIMIT_BYTES: usize = 256 * 1024;
/// Longest name of a room, in bytes.
pub const ROOM_NAME_LIMIT_BYTES: usize = 32;
/// Most input frames in one message.
pub const INPUT_FRAMES_LIMIT: usize = 64;

/// What a client says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClientMessage {
    /// The first message: who is there.
    Hello(Hello),
    /// Controls for one or more ticks, oldest first.
    Input(Input),
    /// A line of chat.
    Chat {
        /// The line, as typed.
        text: String,
    },
    /// Asks for a [`ServerMessage::Pong`] with the same stamp.
    Ping {
        /// The client's own time, for the client's own use.
        stamp: u32,
    },
    /// The player leaves for good; the seat is given up.
    Leave,
    /// A word of the quick chat.
    Signal(Signal),
    /// The player's picture has another shape, as of a phone that was turned.
    View(Aspect),
}

/// A word of the quick chat: every listener reads it in the listener's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signal {
    /// The sender wants help.
    Help,
    /// There is ore.
    Ore,
    /// There is danger.
    Danger,
    /// Thanks.
    Thanks,
    /// A greeting.
    Wave,
    /// A laugh.
    Laugh,
    /// Well done.
    Cheer,
    /// Sorry.
    Sorry,
}

impl Signal {
    /// All of them, in the order of their wire numbers.
    pub const ALL: [Signal; 8] = [
        Signal::Help,
        Signal::Ore,
        Signal::Danger,
        Signal::Thanks,
        Signal::Wave,
        Signal::Laugh,
        Signal::Cheer,
        Signal::Sorry,
    ];
}

/// Who is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// The client's [`crate::PROTOCOL_VERSION`].
    pub version: u16,
    /// The name typed.
    pub name: Name,
    /// The token of a seat to take back.
    pub resume: Option<ResumeToken>,
    /// The newest tick that the client holds of the resumed session, and with it all that the welcome said. `None` if it
    /// has nothing but the token.
    pub last_tick: Option<Tick>,
    /// How many messages of chat and notices the client has heard since the welcome.
    pub backlog_ack: u32,
    /// The number of this connection among all of the client's: of two that overtake each other, the later counts.
    pub attempt: u32,
    /// The hull of the first ship.
    pub hull: HullKind,
    /// The shape of the player's picture.
    pub aspect: Aspect,
    /// What opens a room behind a password.
    pub password: Option<Box<Password>>,
}

impl Hello {
    /// What a client says that has no seat to take back.
    pub fn new(name: Name) -> Hello {
        let version = crate::PROTOCOL_VERSION;
        Hello {
            version,
            name,
            resume: None,
            last_tick: None,
            backlog_ack: 0,
            attempt: 1,
            hull: HullKind::default(),
            aspect: Aspect::default(),
            password: None,
        }
    }
}

/// The password of a room, as typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Password(pub String);

impl core::fmt::Debug for Password {
    /// Passwords never reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Names a seat; secret, random, replaced at every resume.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeToken(pub [u8; 16]);

impl core::fmt::Debug for ResumeToken {
    /// Tokens are secrets: the bytes never reach a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ResumeToken(…)")
    }
}

/// Controls, and what the client has received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The newest snapshot's tick that the client holds.
    pub ack: Tick,
    /// Controls by tick, ascending; at most [`INPUT_FRAMES_LIMIT`].
    #[serde(with = "frames")]
    pub frames: InputFrames,
}

/// Input frames. One or two, the usual number, are stored inline.
pub type InputFrames = SmallVec<[InputFrame; 2]>;

/// What the server says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ServerMessage<'a> {
    /// The seat is taken: everything that does not change while playing.
    Welcome(Box<Welcome>),
    /// What the viewer sees at a tick.
    #[serde(borrow)]
    Snapshot(Snapshot<'a>),
    /// A line of chat.
    Chat {
        /// Who said it; [`PlayerId::NOBODY`] is the server.
        player: PlayerId,
        /// The name of who said it.
        name: Name,
        /// The line.
        text: String,
        /// Only the sender's team is told.
        to_team: bool,
    },
    /// Something the whole room hears.
    Notice(Notice),
    /// The best players, and the viewer's own rank.
    Scoreboard(Scoreboard),
    /// Prices at every station, in hundredths of a point of score.
    Quotes {
        /// By station, in the arena's order.
        prices: Vec<u32>,
    },
    /// The answer to a [`ClientMessage::Ping`].
    Pong {
        /// The stamp of the ping.
        stamp: u32,
        /// How long the newest tick took, in microseconds.
        tick_micros: u32,
        /// What the room leaves out at present.
        load: LoadLevel,
    },
    /// The server ends the connection; the close code says the same.
    Goodbye {
        /// A code of [`CloseCode`].
        code: u16,
        /// What a person can do about it.
        reason: String,
    },
    /// The seat is taken back by a client that still holds what the welcome said.
    Resumed {
        /// Takes the seat back the next time.
        token: ResumeToken,
        /// The tick that was last stepped.
        tick: Tick,
    },
    /// The client waits for a seat in the room. Told when it comes, and every second until the welcome.
    Queued {
        /// Its place in the queue, from 1.
        position: u32,
        /// How many wait.
        waiting: u32,
    },
    /// The round: every second, when its phase changes, and at every vote.
    Round {
        /// Number, phase and end.
        round: Round,
        /// The awards, while the podium is shown.
        awards: Vec<Award>,
        /// The votes on [the next arena](Round::candidates).
        votes: Votes,
    },
    /// Why the viewer's ship was destroyed by a bolt: sent to its player only, before the snapshot that lacks the ship.
    Evidence(Box<DeathEvidence>),
    /// A word of the quick chat, from a mate or from somebody in sight.
    Signal {
        /// The sender.
        player: PlayerId,
        /// The name of who gave it.
        name: Name,
        /// What.
        signal: Signal,
        /// Where its ship is, in position quanta.
        at: (i32, i32),
    },
}

/// What a room leaves out when its ticks take too long. Each level includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LoadLevel {
    /// Nothing: every tick keeps within its budget.
    #[default]
    Normal,
    /// Entities far from a viewer are told less often.
    FarLessOften,
    /// Every viewer gets a snapshot of every other tick.
    HalfSnapshots,
    /// Drones think in turns.
    DronesInTurns,
    /// Nobody is let in: who comes waits.
    NobodyAdmitted,
}

impl LoadLevel {
    /// All of them, the lightest first.
    pub const ALL: [LoadLevel; 5] = [
        LoadLevel::Normal,
        LoadLevel::FarLessOften,
        LoadLevel::HalfSnapshots,
        LoadLevel::DronesInTurns,
        LoadLevel::NobodyAdmitted,
    ];

    /// The next heavier level; the heaviest stays.
    pub fn heavier(self) -> LoadLevel {
        LoadLevel::ALL[(self as usize + 1).min(LoadLevel::ALL.len() - 1)]
    }

    /// The next lighter level; the lightest stays.
    pub fn lighter(self) -> LoadLevel {
        LoadLevel::ALL[(self as usize).saturating_sub(1)]
    }
}

/// Everything that does not change while playing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// The room's name, as in an invite link.
    pub room: String,
    /// The viewer's player.
    pub player: PlayerId,
    /// Takes the seat back after a lost connection.
    pub token: ResumeToken,
    /// The tick that was last stepped.
    pub tick: Tick,
    /// Ticks per second.
    pub tick_rate_hz: u16,
    /// The numbers of the game.
    pub rules: Rules,
    /// What is played.
    pub mode: Mode,
    /// The mode's arenas.
    pub arenas: Vec<Arena>,
    /// The present round.
    pub round: Round,
}

/// What one viewer sees at one tick, as the difference to what it was last sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot<'a> {
    /// The tick shown.
    pub tick: Tick,
    /// The viewer holds nothing from before: the delta is made against an empty view.
    pub fresh: bool,
    /// The newest tick for which the viewer's own input has been applied.
    pub input_ack: Tick,
    /// How many ticks ahead of need the viewer's newest input is; negative if it comes late.
    pub input_lead: i8,
    /// The viewer's own seat.
    pub own: Own,
    /// What happened in sight since the snapshot before.
    pub events: Vec<Event>,
    /// Entity records, read by [`crate::delta::View::apply`].
    #[serde(borrow, with = "payload")]
    pub delta: Cow<'a, [u8]>,
}

/// The viewer's own seat: what only its owner is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own {
    /// The ship, while alive.
    pub ship: Option<NetId>,
    /// Energy in quanta.
    pub energy: u16,
    /// Ticks until the gun may fire again.
    pub cooldown: u8,
    /// Ticks until the ability may be used again.
    pub ability: u16,
    /// Ticks until the respawn; 0 while alive.
    pub respawn_ticks: u16,
    /// The station whose ring the ship is in.
    pub docked: Option<u8>,
    /// What was earned: banked ore, bounties and assists. It ranks.
    pub score: u32,
    /// What is left of it to spend.
    pub purse: u32,
    /// Kills since the last death.
    pub streak: u16,
    /// The hull, and the upgrades bought.
    pub levels: Levels,
}

/// Something the whole room hears, unless it says of the viewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// A player came in.
    Joined {
        /// The name.
        name: Name,
    },
    /// A player left.
    Left {
        /// The name.
        name: Name,
    },
    /// A ship was destroyed.
    Killed {
        /// Who did it; [`PlayerId::NOBODY`] for an asteroid.
        killer: PlayerId,
        /// The name of who did it; of the victim if nobody did.
        killer_name: Name,
        /// Whose ship.
        victim: PlayerId,
        /// The victim's name.
        victim_name: Name,
        /// Score the killer won.
        bounty: u32,
        /// The teams of killer and victim; 0 without teams.
        teams: (u8, u8),
    },
    /// The server will stop soon.
    ShuttingDown,
    /// By a moderator's order the viewer is heard no more, or again.
    Muted {
        /// Whether nobody hears the viewer.
        muted: bool,
    },
}

/// The best players, and the viewer's own rank.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scoreboard {
    /// Players in the room, drones included.
    pub players: u32,
    /// Humans among them.
    pub humans: u32,
    /// The viewer's rank from 1; 0 if unknown.
    pub own_rank: u32,
    /// The best players, and the viewer itself as the last row if it is not among them.
    pub rows: Vec<ScoreRow>,
    /// The score of each team, from team 1 on; empty without teams.
    pub teams: Vec<u32>,
}

/// Rows of a scoreboard at most, the viewer's own row not counted.
pub const SCOREBOARD_ROWS: usize = 10;

/// One player's standing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreRow {
    /// Rank from 1.
    pub rank: u32,
    /// Who.
    pub player: PlayerId,
    /// The name.
    pub name: Name,
    /// 0 in a free-for-all, else the team from 1.
    pub team: u8,
    /// Flown by the server.
    pub drone: bool,
    /// What was earned.
    pub score: u32,
    /// Kills in all.
    pub kills: u16,
    /// Deaths in all.
    pub deaths: u16,
}

impl ScoreRow {
    /// The row of a pilot.
    pub fn new(rank: u32, pilot: &Pilot) -> ScoreRow {
        ScoreRow {
            rank,
            player: pilot.player,
            name: pilot.name.clone(),
            team: pilot.team,
            drone: pilot.drone,
            score: pilot.score,
            kills: pilot.kills,
            deaths: pilot.deaths,
        }
    }
}

/// Why the server closes a WebSocket; the codes of our own are from 4000 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The peer left as agreed.
    Normal = 1000,
    /// The server stops.
    GoingAway = 1001,
    /// The peer broke the WebSocket protocol.
    ProtocolError = 1002,
    /// A text frame where binary is spoken.
    Unsupported = 1003,
    /// A text that is not UTF-8.
    NotText = 1007,
    /// The peer sends more than it may.
    PolicyViolation = 1008,
    /// A message over its limit.
    TooBig = 1009,
    /// The server is being replaced by another process: the seats are kept, come back at once.
    Restarting = 1012,
    /// Page and server speak different versions.
    VersionMismatch = 4000,
    /// A message that makes no sense.
    BadMessage = 4001,
    /// The client could not read the server's message.
    ClientCouldNotRead = 4002,
    /// No seat is free.
    Full = 4003,
    /// No Hello in time.
    NoHello = 4004,
    /// An administrator removed the player.
    Kicked = 4005,
    /// The seat was taken over by another tab.
    TakenOver = 4006,
    /// The player left.
    Left = 4007,
    /// The connection is too slow for the game.
    TooSlow = 4008,
    /// The client received nothing for too long.
    Silence = 4009,
    /// The token opens no seat: it was replaced, or the seat was given up.
    SeatGone = 4010,
    /// The room is at another node of the fleet: at the URL that is the reason, or unknown where if there is none.
    Moved = 4011,
    /// The room has another password.
    WrongPassword = 4012,
}

impl CloseCode {
    /// After these, another attempt to connect cannot help.
    pub const FINAL: [CloseCode; 6] = [
        CloseCode::VersionMismatch,
        CloseCode::BadMessage,
        CloseCode::Kicked,
        CloseCode::TakenOver,
        CloseCode::Left,
        CloseCode::WrongPassword,
    ];
}

/// A sequence of input frames. The length that a message claims is not believed: memory is taken as frames come.
mod frames {
    use super::{InputFrame, InputFrames};
    use serde::de::{SeqAccess, Visitor};
    use serde::{Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(frames: &[InputFrame], serializer: S) -> Result<S::Ok, S::Error> {
        frames.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<InputFrames, D::Error> {
        deserializer.deserialize_seq(Frames)
    }

    struct Frames;

    impl<'de> Visitor<'de> for Frames {
        type Value = InputFrames;

        fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("input frames")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<InputFrames, A::Error> {
            let mut frames = InputFrames::new();
            while let Some(frame) = sequence.next_element()? {
                frames.push(frame);
            }
            Ok(frames)
        }
    }
}

/// Bytes that are borrowed from the received frame.
mod payload {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::borrow::Cow;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, [u8]>, D::Error> {
        <&'de [u8]>::deserialize(deserializer).map(Cow::Borrowed)
    }
}
