//! The live client, without IO and without a clock: bytes and times go in, bytes, notices and frames come out. What it sends
//! is in `client/outbound.rs`, what it receives in `client/inbound.rs`.

mod inbound;
mod outbound;

pub use inbound::ReceiveError;

use crate::frame_builder::FrameBuilder;
use crate::notice::{Notice, NoticeQueue};
use crate::seat::SeatClaim;
use crate::traffic::Traffic;
use crate::world::World;
use shared::PROTOCOL_VERSION;
use shared::angle::Angle;
use shared::aspect::Aspect;
use shared::id::Tick;
use shared::input::{Buttons, Controls};
use shared::levels::HullKind;
use shared::message::{ClientMessage, Hello, Password, ResumeToken};
use shared::text::Name;
use std::collections::VecDeque;

/// A player's client. It outlives its connections.
#[derive(Clone, Debug)]
pub struct Client {
    name: Name,
    pub(crate) room: Option<String>,
    /// What opens the room.
    password: Option<Password>,
    token: Option<ResumeToken>,
    /// The world of a lost connection, to continue if the seat is taken back.
    parked: Option<World>,
    /// What the first ship is to be.
    hull: HullKind,
    /// Messages of chat and notices received since the welcome.
    backlog_ack: u32,
    /// Connections opened so far.
    attempt: u32,
    pub(crate) left: bool,
    /// Whether frames are drawn: without, nothing is kept for them.
    draws: bool,
    /// The player wants less motion: the own ship's last seconds are still pictures.
    calm: bool,
    input: InputState,
    pub(crate) connection: Option<Connection>,
    pub(crate) players: u32,
    /// Encoded messages that wait to be sent.
    outbox: VecDeque<Vec<u8>>,
    notices: NoticeQueue,
    frame_builder: FrameBuilder,
}

/// One connection, from its opening to its end.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub traffic: Traffic,
    hello_ms: f64,
    /// The shape of the picture that the server knows, and when it was last told.
    aspect: Aspect,
    aspect_ms: f64,
    pub world: Option<World>,
}

/// What the player holds, and what was pressed since the newest tick: a press between two ticks counts.
#[derive(Clone, Copy, Debug, Default)]
struct InputState {
    held: Buttons,
    pressed: Buttons,
    /// Radians.
    aim: f32,
}

impl InputState {
    fn controls(&self) -> Controls {
        Controls { buttons: self.held, aim: Angle::from_radians(self.aim), ..Controls::default() }
    }
}

impl Client {
    /// A client for a player of this name; `room` is the one that an invite link names.
    pub fn new(name: &str, room: Option<&str>) -> Client {
        Client {
            name: Name::from_input(name),
            room: room.map(Into::into),
            password: None,
            token: None,
            parked: None,
            hull: HullKind::default(),
            backlog_ack: 0,
            attempt: 0,
            left: false,
            draws: true,
            calm: false,
            input: InputState::default(),
            connection: None,
            players: 0,
            outbox: VecDeque::new(),
            notices: NoticeQueue::default(),
            frame_builder: FrameBuilder::default(),
        }
    }

    /// A client that draws no frames and keeps nothing for them, as for load generators.
    pub fn headless(name: &str, room: Option<&str>) -> Client {
        Client { draws: false, ..Client::new(name, room) }
    }

    /// Chooses the hull of the first ship.
    pub fn choose_hull(&mut self, hull: HullKind) {
        self.hull = hull;
    }

    /// The socket is open: queues the Hello, which asks for the old seat if there was one.
    pub fn opened(&mut self, now_ms: f64) {
        self.closed();
        self.left = false;
        self.connection = Some(Connection {
            traffic: Traffic::new(now_ms),
            hello_ms: now_ms,
            aspect: self.frame_builder.aspect,
            aspect_ms: now_ms,
            world: None,
        });
        self.attempt += 1;
        let parked = self.parked.as_ref().filter(|_| self.token.is_some());
        let hello = Hello {
            version: PROTOCOL_VERSION,
            name: self.name.clone(),
            resume: self.token,
            // Without a snapshot there is nothing to continue from.
            last_tick: parked.map(|world| world.view.tick()).filter(|tick| *tick > Tick(0)),
            backlog_ack: self.backlog_ack,
            attempt: self.attempt,
            hull: self.hull,
            aspect: self.frame_builder.aspect,
            password: self.password.clone().map(Box::new),
        };
        self.send(&ClientMessage::Hello(hello));
    }

    /// The socket is closed: the world is no longer shown, but kept with the seat's token.
    pub fn closed(&mut self) {
        if let Some(world) = self.connection.take().and_then(|connection| connection.world) {
            self.parked = Some(world);
        }
        self.outbox.clear();
    }

    /// Gives the seat up for good.
    pub fn leave(&mut self) {
        self.token = None;
        self.parked = None;
        self.left = true;
        if self.connection.is_some() {
            self.send(&ClientMessage::Leave);
        }
    }

    /// What takes the seat back from another client, if there is a seat.
    pub fn seat(&self) -> Option<SeatClaim> {
        self.token.map(|token| SeatClaim { token, attempt: self.attempt })
    }

    /// What opens the room, if a password does.
    pub fn set_password(&mut self, password: Option<&str>) {
        self.password = password.map(|password| Password(password.into()));
    }

    /// The player's picture has this size, in any unit.
    pub fn set_picture(&mut self, width: f32, height: f32) {
        self.frame_builder.aspect = Aspect::of(width, height);
    }

    /// The next connection asks for this seat; `None` asks for a new one.
    pub fn claim(&mut self, seat: Option<SeatClaim>) {
        self.token = seat.map(|seat| seat.token);
        self.attempt = seat.map_or(self.attempt, |seat| seat.attempt);
        self.parked = None;
    }

    /// Whether the own ship's last seconds are shown as still pictures.
    pub fn set_calm(&mut self, calm: bool) {
        self.calm = calm;
    }

    /// The player has seen enough of the own ship's last seconds.
    pub fn skip_replay(&mut self) {
        if let Some(world) = self.connection.as_mut().and_then(|connection| connection.world.as_mut()) {
            world.death_replay = None;
        }
    }

    /// The next notice.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop()
    }

    /// Draws a frame and returns its words.
    pub fn frame(&mut self, now_ms: f64) -> &[u32] {
        let controls = self.input.controls();
        match self.connection.as_mut().and_then(|connection| connection.world.as_mut()) {
            Some(world) => {
                if !self.frame_builder.replay(world, self.calm, now_ms) {
                    self.frame_builder.draw(world, controls, self.input.aim, now_ms);
                }
            }
            None => self.frame_builder.clear(now_ms),
        }
        self.frame_builder.words()
    }

    /// The world of the open connection, once welcomed.
    pub fn world(&self) -> Option<&World> {
        self.connection.as_ref()?.world.as_ref()
    }
}
