//! From the server's messages to the world and to notices.

use super::Client;
use crate::evidence::EvidenceFacts;
use crate::notice::{Notice, Quote, ScoreRow, upgrade_values};
use crate::world::World;
use glam::Vec2;
use shared::codec::{DecodeError, decode_server};
use shared::delta::DeltaError;
use shared::id::{PlayerId, Tick};
use shared::message::{self, ResumeToken, Scoreboard, ServerMessage, Welcome};
use shared::movement::Motion;
use shared::rules::RuleError;

/// Round trips count for at most this when a clock starts, in milliseconds.
const ROUND_TRIP_LIMIT_MS: f64 = 1000.0;

/// Why a received message cannot be used. The connection should be closed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReceiveError {
    /// The bytes are no message.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The entity records contradict the view.
    #[error(transparent)]
    Delta(#[from] DeltaError),
    /// The rules of the game are out of range.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// A snapshot before the welcome.
    #[error("a snapshot came before the welcome")]
    NoWelcome,
}

impl Client {
    /// Takes one message of the server.
    ///
    /// # Errors
    /// [`ReceiveError`]: close the connection with [`message::CloseCode::ClientCouldNotRead`].
    pub fn received(&mut self, bytes: &[u8], now_ms: f64) -> Result<(), ReceiveError> {
        let message = decode_server(bytes)?;
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let traffic = &mut connection.traffic;
        traffic.received(bytes.len(), now_ms);
        match message {
            ServerMessage::Snapshot(snapshot) => {
                let round_trip = traffic.round_trip_ms().unwrap_or(0.0).min(ROUND_TRIP_LIMIT_MS);
                let world = connection.world.as_mut().ok_or(ReceiveError::NoWelcome)?;
                let spent = world.snapshot(&snapshot, round_trip, now_ms, &mut self.notices)?;
                traffic.snapshot(bytes.len(), spent);
            }
            ServerMessage::Pong { stamp, tick_micros, load } => {
                traffic.pong(stamp, (tick_micros, load), now_ms)
            }
            ServerMessage::Welcome(welcome) => self.welcomed(*welcome, now_ms)?,
            ServerMessage::Resumed { token, tick } => self.resumed(token, tick, now_ms)?,
            ServerMessage::Chat { player, name, text, to_team } => {
                self.backlog_ack += 1;
                let name = name.as_str().into();
                self.notices.push(Notice::Chat { player: player.0, name, text, to_team });
            }
            ServerMessage::Notice(notice) => {
                self.backlog_ack += 1;
                self.noticed(&notice);
            }
            ServerMessage::Queued { position, waiting } => {
                self.notices.push(Notice::Queued { position, waiting });
            }
            ServerMessage::Scoreboard(scoreboard) => self.scored(&scoreboard),
            ServerMessage::Quotes { prices } => {
                if let Some(world) = &connection.world {
                    self.notices
                        .push(Notice::Quotes { stations: Quote::all(&world.setup, &world.round, &prices) });
                }
            }
            ServerMessage::Round { round, awards, votes } => {
                let Some(world) = &mut connection.world else { return Ok(()) };
                if world.enter(round) {
                    self.notices.push(Notice::arena(&world.setup, &round));
                }
                let told = (&awards[..], &votes);
                self.notices.push(Notice::round(&world.setup, &round, told, world.player));
            }
            ServerMessage::Evidence(evidence) => {
                let Some(world) = &mut connection.world else { return Ok(()) };
                self.notices.push(Notice::Evidence(EvidenceFacts::of_death(&evidence, &world.setup)));
                world.evidence = Some(*evidence);
            }
            ServerMessage::Signal { player, name, signal, at } => {
                let Vec2 { x, y } = Motion { position_q: at.into(), ..Motion::default() }.position();
                let (player, name) = (player.0, name.as_str().into());
                self.notices.push(Notice::Signal { player, name, signal: signal as u8, x, y });
            }
            ServerMessage::Goodbye { code, reason } => self.notices.push(Notice::Goodbye { code, reason }),
        }
        Ok(())
    }

    fn welcomed(&mut self, welcome: Welcome, now_ms: f64) -> Result<(), ReceiveError> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let notice = Notice::Welcome {
            player: welcome.player.0,
            name: self.name.as_str().into(),
            room: welcome.room.clone(),
            mode: welcome.mode.title.clone(),
            teams: welcome.mode.teams > 0,
            tick_rate: welcome.tick_rate_hz,
            upgrades: upgrade_values(&welcome.rules),
        };
        let token = welcome.token;
        let room = welcome.room.clone();
        let round_trip = (now_ms - connection.hello_ms).clamp(0.0, ROUND_TRIP_LIMIT_MS);
        let world = World::new(welcome, self.draws, round_trip, now_ms)?;
        let arena = Notice::arena(&world.setup, &world.round);
        connection.world = Some(world);
        self.token = Some(token);
        self.room = Some(room);
        self.parked = None;
        self.backlog_ack = 0;
        self.notices.push(notice);
        self.notices.push(arena);
        Ok(())
    }

    fn resumed(&mut self, token: ResumeToken, tick: Tick, now_ms: f64) -> Result<(), ReceiveError> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let world = self.parked.take().ok_or(ReceiveError::NoWelcome)?;
        let round_trip = (now_ms - connection.hello_ms).clamp(0.0, ROUND_TRIP_LIMIT_MS);
        self.token = Some(token);
        self.notices.push(Notice::Resumed);
        connection.world = Some(world.resumed(tick, round_trip, now_ms));
        Ok(())
    }

    fn noticed(&mut self, notice: &message::Notice) {
        let notice = match notice {
            message::Notice::Joined { name } => Notice::system("joined", Some(name)),
            message::Notice::Left { name } => Notice::system("left", Some(name)),
            message::Notice::ShuttingDown => Notice::system("shutdown", None),
            message::Notice::Muted { muted: true } => Notice::system("silenced", None),
            message::Notice::Muted { muted: false } => Notice::system("unsilenced", None),
            message::Notice::Killed { killer, killer_name, victim, victim_name, bounty, teams } => {
                let viewer = self.world().map_or(PlayerId::NOBODY, |world| world.player);
                let (killer, victim) = ((*killer, killer_name, teams.0), (*victim, victim_name, teams.1));
                Notice::kill(killer, victim, *bounty, viewer)
            }
        };
        self.notices.push(notice);
    }

    fn scored(&mut self, scoreboard: &Scoreboard) {
        self.players = scoreboard.players;
        let player = self.world().map(|world| world.player);
        let rows = scoreboard.rows.iter().map(|row| ScoreRow::new(row, player)).collect();
        let Scoreboard { players, humans, .. } = *scoreboard;
        let teams = scoreboard.teams.clone();
        self.notices.push(Notice::Scoreboard { players, humans, rows, teams });
    }
}
