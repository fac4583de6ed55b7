//! The rooms of this process: made on demand, filled by a matchmaker that prefers the fullest open room, ended when empty.

use crate::host::commit_gate::{CommitGate, Flush};
use crate::host::fleet::{Claim, Fleet, Occupancy, Outcome, RoomLink, Wish};
use crate::host::inbox::{FleetEvent, Inbox, InboxSender, PostError, RoomEvent, inbox};
use crate::host::journal::{self, FileSource, Journal, JournalOptions, Unfinished, unfinished};
use crate::host::locks::{Locked, Locks};
use crate::host::reports::Reports;
use crate::host::room_loop::{self, Ended};
use crate::host::room_metrics::{RoomStats, RoomStatus};
use fleet::directory::Whereabouts;
use fleet::owner::Lost;
use room::network::RoomPermit;
use room::{Connected, Room, RoomOptions, SeatStatus, SessionEvent, Stop};
use serde::{Deserialize, Serialize};
use shared::command::Admin;
use shared::id::Tick;
use shared::message::{CloseCode, ROOM_NAME_LIMIT_BYTES};
use shared::recording::{Recording, Watching};
use shared::rules::{ModeKind, RuleError};
use shared::setup::Setup;
use sim::replay::Resimulation;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Before the number of a room that was opened for players who asked for none; with a mode's name in between for a mode that is
/// not the usual one.
const PUBLIC_PREFIX: &str = "belt-";
/// Before the number of a room that continues another room's recording: no client is sent there unasked.
const SANDBOX_PREFIX: &str = "sandbox-";
/// How long the ships of a sandbox's recorded players stay.
const SANDBOX_SECONDS: u32 = 3600;
/// A room that panics more often than this, each time within [`RESTART_WINDOW`], is not restored again.
const RESTARTS_LIMIT: u32 = 3;
const RESTART_WINDOW: Duration = Duration::from_secs(60);
/// Longest wait for the fleet to have the last of a room that is handed over.
const HAND_OVER_LIMIT: Duration = Duration::from_secs(3);

/// What rooms are made of.
#[derive(Clone, Debug)]
pub struct LobbyOptions {
    /// What a new room starts from; its seed is used only if `fixed_seed` is set.
    pub setup: Setup,
    /// Every room starts from the setup's seed instead of a random one.
    pub fixed_seed: bool,
    /// The name of the setup's mode.
    pub mode: String,
    /// All modes by their names.
    pub modes: BTreeMap<String, Setup>,
    /// Who may watch the rooms of a mode, where its file says so, by the mode's name.
    pub watching: BTreeMap<String, Watching>,
    pub rooms_limit: usize,
    pub room: RoomOptions,
    /// Where and how to record; `None` turns recording off.
    pub journal: Option<JournalOptions>,
    /// Of the rooms behind a password.
    pub locks: Locks,
}

/// Why a client gets no seat. The text is for the player.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    #[error(
        "“{0}” cannot be a room's name: use 1 to {ROOM_NAME_LIMIT_BYTES} of the characters a–z, 0–9 and -"
    )]
    BadName(String),
    #[error("there is no mode “{0}” on this server: choose one on the first page")]
    NoMode(String),
    #[error("this room has another password")]
    WrongPassword,
    #[error("too many wrong passwords from your network: try again in a minute")]
    TooManyPasswords,
    #[error("there is no place for another room: try again in a moment")]
    Full,
    #[error("your network has opened as many rooms as it may: join one, or try again in a moment")]
    TooManyRooms,
    #[error("this seat is no longer kept: join again")]
    SeatGone,
    #[error("the server is stopping")]
    Stopping,
    #[error("the server takes in nobody new for now: try again later, or another server")]
    Draining,
    #[error("the room could not be opened: {0}")]
    Broken(String),
    /// To this address, or wherever the client finds the room.
    #[error("{0}")]
    Moved(String),
}

impl EnterError {
    /// As the log and the metrics name it.
    pub fn name(&self) -> &'static str {
        match self {
            EnterError::BadName(_) => "name",
            EnterError::NoMode(_) => "mode",
            EnterError::WrongPassword => "password",
            EnterError::TooManyPasswords => "passwords",
            EnterError::Full => "full",
            EnterError::TooManyRooms => "limit",
            EnterError::SeatGone => "seat_gone",
            EnterError::Stopping => "stopping",
            EnterError::Draining => "draining",
            EnterError::Broken(_) => "error",
            EnterError::Moved(_) => "moved",
        }
    }

    pub fn close_code(&self) -> CloseCode {
        match self {
            EnterError::BadName(_) | EnterError::NoMode(_) => CloseCode::BadMessage,
            EnterError::WrongPassword | EnterError::TooManyPasswords => CloseCode::WrongPassword,
            EnterError::Full | EnterError::TooManyRooms | EnterError::Draining | EnterError::Broken(_) => {
                CloseCode::Full
            }
            EnterError::SeatGone => CloseCode::SeatGone,
            EnterError::Stopping => CloseCode::GoingAway,
            EnterError::Moved(_) => CloseCode::Moved,
        }
    }
}

/// Why an administrator gets no room.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    #[error(transparent)]
    Refused(#[from] EnterError),
    #[error("there is a room “{0}” already")]
    Exists(String),
    #[error("there is no mode “{0}”")]
    NoMode(String),
    #[error("this room is not recorded")]
    Unrecorded,
    #[error("the recording holds the ticks {} to {} only", first.0, last.0)]
    Outside { first: Tick, last: Tick },
    #[error("the recording cannot be read: {0}")]
    Unreadable(Box<dyn Error + Send + Sync>),
}

/// There is no room of this name, or it has ended.
#[derive(Debug, thiserror::Error)]
#[error("there is no room “{0}”")]
pub struct NoRoom(String);

/// Where a client wants to play.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Destination {
    /// The room; `None` for any.
    pub room: Option<String>,
    /// The mode; `None` for the usual one.
    pub mode: Option<String>,
}

impl Destination {
    /// As in a query, where a key without a value asks for nothing.
    pub fn without_empty(self) -> Destination {
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        Destination { room: filled(self.room), mode: filled(self.mode) }
    }
}

/// A mode as `/api/modes` shows it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModeStatus {
    pub name: String,
    pub title: String,
    pub kind: ModeKind,
    /// Whether it is played by those who choose none.
    pub is_usual: bool,
    /// People who play it in rooms for everybody.
    pub players: usize,
    pub rooms: usize,
    /// Seats of a room.
    pub capacity: u16,
}

#[derive(Clone)]
pub struct Lobby(Arc<Inner>);

struct Inner {
    options: LobbyOptions,
    /// The nodes that share the rooms; `None` for a server that stands alone.
    fleet: Option<Arc<dyn Fleet>>,
    /// Wakes the sockets when messages of a room may go out.
    flush: Flush,
    rooms: Mutex<Rooms>,
    /// Whether clients without a seat are refused.
    is_draining: AtomicBool,
    message_of_the_day: Mutex<Arc<str>>,
    reports: Arc<Reports>,
}

#[derive(Default)]
struct Rooms {
    running: BTreeMap<String, RunningRoom>,
    /// Threads of rooms that have ended, to be joined at the stop.
    ended: Vec<JoinHandle<()>>,
    stopping: bool,
}

/// What a connection has of its room.
#[derive(Clone)]
pub struct RoomHandle {
    /// Takes the messages of its client.
    pub inbox: InboxSender,
    /// Says which messages of the room may go out.
    pub commits: Arc<CommitGate>,
}

struct RunningRoom {
    /// Of the network that opened it; none for a restored room.
    _permit: Option<RoomPermit>,
    handle: RoomHandle,
    stats: Arc<RoomStats>,
    thread: JoinHandle<()>,
}

impl Lobby {
    pub fn new(
        options: LobbyOptions,
        fleet: Option<Arc<dyn Fleet>>,
        flush: Flush,
    ) -> Result<Lobby, RuleError> {
        options.setup.check()?;
        Ok(Lobby(Arc::new(Inner {
            options,
            fleet,
            flush,
            rooms: Mutex::default(),
            is_draining: AtomicBool::default(),
            message_of_the_day: Mutex::new("".into()),
            reports: Arc::default(),
        })))
    }

    /// Sends a client to the named room, or to one with a free seat; makes the room if there is none. Where all seats are
    /// taken, the client waits.
    pub fn connect(&self, to: &Destination, connected: Connected) -> Result<RoomHandle, EnterError> {
        let mut rooms = self.rooms();
        if rooms.stopping {
            return Err(EnterError::Stopping);
        }
        let is_back = connected.hello.resume.is_some();
        if self.is_draining() && !is_back {
            return Err(self.draining());
        }
        let options = &self.0.options;
        let mode = to.room.as_deref().and_then(public_mode).or(to.mode.as_deref()).unwrap_or(&options.mode);
        let setup = options.listed(mode).ok_or_else(|| EnterError::NoMode(mode.into()))?;
        let name = match &to.room {
            // The token of a seat opens what the seat is in.
            Some(name) if is_back => checked_name(name)?.to_owned(),
            Some(name) => self.unlocked(&rooms, name, &connected)?,
            None => self.chosen(&rooms, mode)?,
        };
        if !rooms.running.contains_key(&name) {
            match self.0.fleet.as_ref().map(|fleet| fleet.find(&name)) {
                None if is_back => return Err(EnterError::SeatGone),
                Some(Whereabouts::At { url, .. }) => return Err(EnterError::Moved(url)),
                Some(Whereabouts::Unsure) => return Err(EnterError::Moved(String::new())),
                Some(Whereabouts::Nowhere) if self.is_draining() => return Err(self.draining()),
                None | Some(Whereabouts::Nowhere) => {}
            }
            if rooms.running.len() >= self.0.options.rooms_limit {
                return Err(EnterError::Full);
            }
            let networks = &self.0.options.room.networks;
            let permit = networks.room(connected.network).ok_or(EnterError::TooManyRooms)?;
            let watching = options.watching(mode);
            let room = match &self.0.fleet {
                Some(_) => {
                    self.claim(&name, setup, watching, Wish { may_begin: !is_back, not_before: None })?
                }
                None => self.open(&name, setup, watching)?,
            };
            rooms.running.insert(name.clone(), RunningRoom { _permit: Some(permit), ..room });
        }
        let Some(room) = rooms.running.get(&name) else { return Err(EnterError::Full) };
        // Posted under the lock that `retire` takes, so that no room ends with a newcomer in its inbox.
        match room.handle.inbox.post(SessionEvent::Connected(connected)) {
            Ok(()) => Ok(room.handle.clone()),
            Err(PostError::Full) => Err(EnterError::Full),
            Err(PostError::Ended) => Err(EnterError::Stopping),
        }
    }

    /// Where a client goes that this server does not take in.
    fn draining(&self) -> EnterError {
        let other = self.0.fleet.as_ref().and_then(|fleet| fleet.node_with_fewer_rooms(usize::MAX));
        other.map_or(EnterError::Draining, EnterError::Moved)
    }

    /// The whole name of a room that a client asks for, if the client may enter it.
    fn unlocked(&self, rooms: &Rooms, asked: &str, connected: &Connected) -> Result<String, EnterError> {
        let (password, running) =
            (connected.hello.password.as_deref(), rooms.running.keys().map(String::as_str));
        let locks = &self.0.options.locks;
        let name = locks.unlock(checked_name(asked)?, password, connected.network, running, Instant::now());
        let name = name.map_err(|locked| match locked {
            Locked::Wrong => EnterError::WrongPassword,
            Locked::TooManyWrong => EnterError::TooManyPasswords,
            Locked::BadCode => EnterError::BadName(asked.into()),
        })?;
        checked_name(&name).map(str::to_owned)
    }

    pub fn administer(&self, room: &str, act: Admin) -> Result<(), NoRoom> {
        self.post(room, SessionEvent::Admin(act).into())
    }

    pub fn administer_all(&self, act: &Admin) {
        for room in self.rooms().running.values() {
            // A room that has ended has no players.
            let _ = room.handle.inbox.post(SessionEvent::Admin(act.clone()));
        }
    }

    /// Asks a room for its seats. The answer comes at its next tick.
    pub fn ask_roster(&self, room: &str) -> Result<Receiver<Vec<SeatStatus>>, NoRoom> {
        let (reply, answer) = sync_channel(1);
        self.post(room, RoomEvent::Roster(reply)).map(|()| answer)
    }

    fn post(&self, room: &str, event: RoomEvent) -> Result<(), NoRoom> {
        let no_room = || NoRoom(room.chars().take(ROOM_NAME_LIMIT_BYTES).collect());
        let rooms = self.rooms();
        let room = rooms.running.get(room).ok_or_else(no_room)?;
        room.handle.inbox.post(event).map_err(|_| no_room())
    }

    /// Whether clients without a seat are refused.
    pub fn is_draining(&self) -> bool {
        self.0.is_draining.load(Relaxed)
    }

    pub fn set_draining(&self, draining: bool) {
        self.0.is_draining.store(draining, Relaxed);
    }

    /// The line for players who join; empty for none.
    pub fn message_of_the_day(&self) -> Arc<str> {
        self.0.message_of_the_day.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_message_of_the_day(&self, text: String) {
        let text: Arc<str> = text.into();
        // Rooms that open later get it when they begin.
        let rooms = self.rooms();
        *self.0.message_of_the_day.lock().unwrap_or_else(PoisonError::into_inner) = text.clone();
        for room in rooms.running.values() {
            // A room that has ended greets nobody.
            let _ = room.handle.inbox.post(RoomEvent::MessageOfTheDay(text.clone()));
        }
    }

    /// The modes that players may choose, the usual one first.
    pub fn listed_modes(&self) -> Vec<ModeStatus> {
        let options = &self.0.options;
        let rooms = self.rooms();
        let status = |(name, setup): (&String, &Setup)| {
            let played = rooms.running.values().filter(|room| room.stats.is_matched(name));
            ModeStatus {
                name: name.clone(),
                title: setup.mode.title.clone(),
                kind: setup.mode.kind,
                is_usual: *name == options.mode,
                players: played.clone().map(|room| room.stats.status().players).sum(),
                rooms: played.count(),
                capacity: setup.mode.capacity,
            }
        };
        let is_listed = |(name, setup): &(&String, &Setup)| **name == options.mode || setup.mode.is_listed;
        options.all_modes().filter(is_listed).map(status).collect()
    }

    /// What players have reported.
    pub fn reports(&self) -> &Arc<Reports> {
        &self.0.reports
    }

    /// Every room as of about a second ago.
    pub fn status(&self) -> Vec<RoomStatus> {
        self.rooms().running.values().map(|room| room.stats.status()).collect()
    }

    /// Tells the players, closes the recordings or leaves them to the next server, and waits for the rooms to end. New
    /// clients are refused from now on.
    pub fn stop(&self, stop: Stop) {
        let threads = {
            let mut rooms = self.rooms();
            rooms.stopping = true;
            let running = std::mem::take(&mut rooms.running);
            let mut threads = std::mem::take(&mut rooms.ended);
            for room in running.into_values() {
                if let Err(error) = room.handle.inbox.post(RoomEvent::Stop(stop)) {
                    tracing::warn!(%error, "a room could not be told to stop");
                }
                threads.push(room.thread);
            }
            threads
        };
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a room's thread had panicked");
            }
        }
    }

    /// How rooms stop when the server does, unless it stops for good.
    pub fn usual_stop(&self) -> Stop {
        let options = &self.0.options;
        let keeps_rooms = options.journal.is_some() && options.room.keep_rooms_seconds > 0;
        if keeps_rooms { Stop::ForSuccessor } else { Stop::ForGood }
    }

    /// Which thread of a room has ended before the room, if one has.
    pub fn dead_thread(&self) -> Option<&'static str> {
        let rooms = self.rooms();
        let is_any = |is_dead: fn(&RunningRoom) -> bool| rooms.running.values().any(is_dead);
        if is_any(|room| room.thread.is_finished()) {
            return Some("the thread of a room has ended");
        }
        is_any(|room| room.stats.journal_has_ended()).then_some("the thread that records a room has ended")
    }

    /// Whether something is not recorded although it should be.
    pub fn recording_failed(&self) -> bool {
        let failed = |room: &RoomStatus| !room.recording.recording && room.recording.problem.is_some();
        let journal = self.0.options.journal.as_ref();
        journal.is_some_and(|journal| journal.directory.has_failed() || self.status().iter().any(failed))
    }

    /// Takes over a room whose node is gone by then, or has released it to this one.
    pub fn take_over(&self, name: &str, not_before: Option<Instant>) {
        let mut rooms = self.rooms();
        let has_place = rooms.running.len() < self.0.options.rooms_limit;
        if rooms.stopping || !has_place || rooms.running.contains_key(name) {
            return;
        }
        let wish = Wish { may_begin: false, not_before };
        match self.claim(name, &self.0.options.setup, Watching::default(), wish) {
            Ok(room) => drop(rooms.running.insert(name.into(), room)),
            Err(error) => tracing::error!(room = name, %error, "the room cannot be taken over"),
        }
    }

    /// Gives every room to another node, as `next` says; `None` keeps it. Returns how many rooms go.
    pub fn hand_over(&self, mut next: impl FnMut() -> Option<(String, String)>) -> usize {
        let rooms = self.rooms();
        let mut given = 0;
        for room in rooms.running.values() {
            let Some((to, url)) = next() else { break };
            let event = RoomEvent::Fleet(FleetEvent::HandOver { to, url });
            given += usize::from(room.handle.inbox.post(event).is_ok());
        }
        given
    }

    /// Rooms that run, or are about to.
    pub fn rooms_running(&self) -> usize {
        self.rooms().running.len()
    }

    /// What other nodes want to know of the rooms.
    pub fn occupancy(&self) -> Vec<Occupancy> {
        let rooms = self.rooms();
        let shown = |(name, room): (&String, &RunningRoom)| Occupancy {
            name: name.clone(),
            players: room.occupied(),
            capacity: room.stats.capacity(),
            matched_mode: room.stats.matched_mode().filter(|_| !room.stats.is_ending()),
        };
        rooms.running.iter().map(shown).collect()
    }

    /// Continues the rooms whose recordings were not closed, each at the last tick of its recording. A recording that cannot
    /// be restored is logged and left. In a fleet, the rooms continue where the fleet has them, unless another node has them.
    pub fn restore(&self) {
        let Some(journal) = &self.0.options.journal else { return };
        journal.directory.remove_empty();
        let found = match unfinished(&journal.directory) {
            Ok(found) => found,
            Err(error) => return tracing::error!(%error, "the recordings cannot be searched for rooms"),
        };
        for unfinished in found {
            let (name, file) = (unfinished.room().to_owned(), unfinished.name().to_owned());
            if checked_name(&name).is_err() || self.rooms().running.len() >= self.0.options.rooms_limit {
                tracing::warn!(room = name, file, "there is no place for the room of this recording");
                continue;
            }
            if self.0.fleet.is_some() {
                self.take_over(&name, None);
                continue;
            }
            match self.restore_room(unfinished, journal, 0) {
                Ok(room) => drop(self.rooms().running.insert(name, room)),
                Err(error) => tracing::error!(room = name, file, %error, "the room cannot be restored"),
            }
        }
    }

    fn restore_room(
        &self,
        unfinished: Unfinished,
        options: &JournalOptions,
        restarts: u32,
    ) -> Result<RunningRoom, Box<dyn Error>> {
        let (restored, held) = unfinished.restore()?;
        let (name, file) = (held.room.clone(), held.name.clone());
        let journal = Journal::resume(options, held, &restored, self.0.flush.clone());
        let room = Room::restore(name, restored, self.room_options());
        tracing::info!(
            room = room.name(),
            file,
            tick = room.world().tick.0,
            seats = room.seats(),
            "room restored from its recording"
        );
        Ok(self.run(room, journal, restarts)?)
    }

    /// Continues the room of a thread that has panicked, unless it does nothing but panic. Players reconnect and find their
    /// seats.
    fn restart(&self, name: &str, restarts: u32) {
        let restarted = self.try_restart(name, restarts);
        let mut rooms = self.rooms();
        // The thread that calls this ends with it.
        let old = rooms.running.remove(name).map(|room| room.thread);
        rooms.ended.extend(old);
        match restarted {
            Ok(room) if rooms.stopping => {
                let _ = room.handle.inbox.post(RoomEvent::Stop(Stop::ForSuccessor));
                rooms.ended.push(room.thread);
            }
            Ok(room) => drop(rooms.running.insert(name.into(), room)),
            Err(error) => {
                tracing::error!(room = name, %error, "the room is lost; its recording stays as it is")
            }
        }
    }

    fn try_restart(&self, name: &str, restarts: u32) -> Result<RunningRoom, Box<dyn Error>> {
        if self.0.fleet.is_some() {
            let wish = Wish { may_begin: false, not_before: None };
            return Ok(self.claim(name, &self.0.options.setup, Watching::default(), wish)?);
        }
        let journal = self.0.options.journal.as_ref().ok_or("nothing is recorded")?;
        if restarts > RESTARTS_LIMIT {
            return Err("it panicked again each time that it was restored".into());
        }
        let mut found = unfinished(&journal.directory)?;
        let left = found.find(|left| left.room() == name).ok_or("it has no recording that was not closed")?;
        self.restore_room(left, journal, restarts)
    }

    /// Opens a room of a mode for players to come; it stays open until the first has been there. What is not chosen about
    /// watching is the mode's.
    pub fn open_room(&self, name: &str, mode: &str, chosen: Watching) -> Result<(), OpenError> {
        let setup = self.0.options.modes.get(mode).ok_or_else(|| OpenError::NoMode(mode.into()))?;
        let mut rooms = self.rooms();
        self.check_opening(&rooms, name)?;
        let usual = self.0.options.watching(mode);
        let watching = Watching {
            audience: chosen.audience.or(usual.audience),
            delay_seconds: chosen.delay_seconds.or(usual.delay_seconds),
        };
        let room = match &self.0.fleet {
            Some(fleet) if fleet.has_room(name) => return Err(OpenError::Exists(name.into())),
            Some(_) => self.claim(name, setup, watching, Wish { may_begin: true, not_before: None })?,
            None => self.open(name, setup, watching)?,
        };
        self.keep(&mut rooms, name, room);
        Ok(())
    }

    /// Opens a sandbox that continues a room's recording from a tick, and returns its name. Reads the recording.
    pub fn fork(&self, room: &str, tick: Tick) -> Result<String, OpenError> {
        let unreadable = |error: Box<dyn Error + Send + Sync>| OpenError::Unreadable(error);
        let options = &self.0.options;
        let journal = options.journal.as_ref().ok_or(OpenError::Unrecorded)?;
        let path = self.recording_of(room)?.ok_or(OpenError::Unrecorded)?;
        let source = File::open(path).and_then(FileSource::new).map_err(|error| unreadable(error.into()))?;
        let recording = Recording::open_without_marks(source).map_err(|error| unreadable(error.into()))?;
        let watching = recording.header().watching;
        let (first, last) = (recording.first_tick(), recording.last_tick());
        if !(first..=last).contains(&tick) {
            return Err(OpenError::Outside { first, last });
        }
        let world = Resimulation::at(recording, tick)
            .and_then(|world| world.check().map(|()| world))
            .map_err(|error| unreadable(error.into()))?;
        let mut rooms = self.rooms();
        let name = self.unused_name(&rooms, SANDBOX_PREFIX);
        self.check_opening(&rooms, &name)?;
        let journal = JournalOptions { watching, ..journal.clone() };
        let journal = Journal::create(&journal, &name, world.setup(), self.0.flush.clone());
        let options = RoomOptions { keep_rooms_seconds: SANDBOX_SECONDS, ..self.room_options() };
        let room = Room::fork(name.clone(), world, options);
        let room = self.run(room, journal, 0).map_err(|error| EnterError::Broken(error.to_string()))?;
        self.keep(&mut rooms, &name, room);
        Ok(name)
    }

    fn check_opening(&self, rooms: &Rooms, name: &str) -> Result<(), OpenError> {
        if rooms.stopping {
            return Err(EnterError::Stopping.into());
        }
        checked_name(name)?;
        if rooms.running.contains_key(name) {
            return Err(OpenError::Exists(name.into()));
        }
        if rooms.running.len() >= self.0.options.rooms_limit {
            return Err(EnterError::Full.into());
        }
        Ok(())
    }

    fn keep(&self, rooms: &mut Rooms, name: &str, room: RunningRoom) {
        // A room that has ended already needs no players.
        let _ = room.handle.inbox.post(RoomEvent::AwaitFirst);
        rooms.running.insert(name.into(), room);
    }

    /// The file that a room is recorded into; `None` if it is not recorded.
    pub fn recording_of(&self, room: &str) -> Result<Option<PathBuf>, NoRoom> {
        let status = self.status().into_iter().find(|status| status.name == room);
        let file =
            status.ok_or_else(|| NoRoom(room.chars().take(ROOM_NAME_LIMIT_BYTES).collect()))?.recording.file;
        let journal = self.0.options.journal.as_ref();
        Ok(journal.zip(file).map(|(journal, file)| journal.directory.path().join(file)))
    }

    /// The modes of rooms that can be opened, with their titles.
    pub fn modes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.options.modes.iter().map(|(name, setup)| (name.as_str(), setup.mode.title.as_str()))
    }

    /// How many players a room takes in from now on, at most its mode's number.
    pub fn set_capacity(&self, room: &str, players: u16) -> Result<(), NoRoom> {
        self.post(room, RoomEvent::Capacity(players))
    }

    fn open(&self, name: &str, setup: &Setup, watching: Watching) -> Result<RunningRoom, EnterError> {
        let broken = |error: &dyn std::fmt::Display| EnterError::Broken(error.to_string());
        let setup = self.seeded(setup)?;
        let journal = match &self.0.options.journal {
            Some(journal) => {
                let journal = JournalOptions { watching, ..journal.clone() };
                Journal::create(&journal, name, &setup, self.0.flush.clone())
            }
            None => Journal::off(),
        };
        let room = Room::new(name.into(), setup, self.room_options()).map_err(|error| broken(&error))?;
        self.run(room, journal, 0).map_err(|error| broken(&error))
    }

    fn seeded(&self, setup: &Setup) -> Result<Setup, EnterError> {
        let mut setup = setup.clone();
        if !self.0.options.fixed_seed {
            setup.seed = getrandom::u64().map_err(|error| EnterError::Broken(error.to_string()))?;
        }
        Ok(setup)
    }

    fn room_options(&self) -> RoomOptions {
        let options = &self.0.options;
        RoomOptions { is_recorded: options.journal.is_some(), ..options.room.clone() }
    }

    /// Starts the thread of a room that is still to be claimed from the fleet. What is posted to the room waits for the outcome.
    fn claim(
        &self,
        name: &str,
        setup: &Setup,
        watching: Watching,
        wish: Wish,
    ) -> Result<RunningRoom, EnterError> {
        let setup = self.seeded(setup)?;
        let (Some(fleet), Some(options)) = (self.0.fleet.clone(), self.0.options.journal.clone()) else {
            return Err(EnterError::Broken("a fleet needs recordings".into()));
        };
        let (sender, receiver) = inbox();
        let stats = Arc::new(RoomStats::expected(setup.mode.capacity.into(), self.0.reports.clone()));
        let commits = Arc::new(journal::gate(&options, &setup, Tick(0), self.0.flush.clone()));
        commits.open();
        let played = public_mode(name).unwrap_or(&self.0.options.mode);
        stats.set_matched_mode(Some(played.to_owned()).filter(|_| is_public(name)));
        let handle = RoomHandle { inbox: sender.clone(), commits: commits.clone() };
        let (name, lobby, of_room) = (name.to_owned(), Arc::downgrade(&self.0), stats.clone());
        let room_options = self.room_options();
        self.spawn(name.clone(), handle, stats, move || {
            let link = RoomLink { inbox: sender, commits: commits.clone() };
            let Claim { outcome, replica } = fleet.claim(&name, wish, link);
            // An error means that the server stops.
            let outcome = outcome.recv().unwrap_or(Outcome::Lost { why: Lost::NoRoom, url: None });
            let room = match outcome {
                Outcome::Begin => {
                    Room::new(name.clone(), setup, room_options).map(|room| (room, watching)).map_err(Into::into)
                }
                Outcome::Restore(bytes) => restored(&name, bytes, room_options),
                Outcome::Lost { why, url } => {
                    tracing::info!(room = name, ?why, "the room is not ours");
                    return give_up(&lobby, &name, &receiver, &commits, &why, url);
                }
            };
            match room {
                Ok((room, watching)) => {
                    let options = JournalOptions { watching, ..options };
                    let setup = room.setup();
                    let journal =
                        Journal::create_replicated(&options, &name, setup, commits.clone(), replica);
                    host(&lobby, room, journal, &commits, receiver, &of_room, 0);
                }
                Err(error) => {
                    tracing::error!(room = name, %error, "the room cannot be restored from the fleet's recording");
                    give_up(&lobby, &name, &receiver, &commits, &Lost::NoRoom, None);
                }
            }
        })
        .map_err(|error| EnterError::Broken(error.to_string()))
    }

    fn run(&self, room: Room, journal: Journal, restarts: u32) -> io::Result<RunningRoom> {
        let (sender, receiver) = inbox();
        let stats = Arc::new(RoomStats::new(self.0.reports.clone()));
        let unrecorded = || Arc::new(CommitGate::unrecorded(self.0.flush.clone()));
        let commits = journal.gate().cloned().unwrap_or_else(unrecorded);
        let handle = RoomHandle { inbox: sender, commits: commits.clone() };
        let (name, lobby, of_room) = (room.name().to_owned(), Arc::downgrade(&self.0), stats.clone());
        self.prepare(&room, &stats);
        self.spawn(name, handle, stats, move || {
            host(&lobby, room, journal, &commits, receiver, &of_room, restarts);
        })
    }

    fn prepare(&self, room: &Room, stats: &RoomStats) {
        let played = self.0.options.all_modes().find(|(_, setup)| setup.mode == room.setup().mode);
        stats.set_matched_mode(played.filter(|_| is_public(room.name())).map(|(mode, _)| mode.clone()));
        stats.set_occupied(room);
    }

    fn spawn(
        &self,
        name: String,
        handle: RoomHandle,
        stats: Arc<RoomStats>,
        run: impl FnOnce() + Send + 'static,
    ) -> io::Result<RunningRoom> {
        let thread = std::thread::Builder::new().name(format!("room {name}")).spawn(run)?;
        Ok(RunningRoom { _permit: None, handle, stats, thread })
    }

    /// The room for a client that asks for none: the fullest with a free seat, else a new one, else the one with the
    /// shortest queue.
    fn chosen(&self, rooms: &Rooms, mode: &str) -> Result<String, EnterError> {
        let (options, fleet) = (&self.0.options, self.0.fleet.as_ref());
        let is_open = |room: &RunningRoom| room.stats.is_matched(mode) && !room.stats.is_ending();
        let open = || rooms.running.iter().filter(|(_, room)| is_open(room));
        let free = open().filter(|(_, room)| room.occupied() < room.stats.capacity());
        let fullest = free.map(|(name, room)| (room.occupied(), name)).max();
        let players = fullest.map(|(players, _)| players);
        if let Some(url) = fleet.and_then(|fleet| fleet.fuller_room(mode, players)) {
            return Err(EnterError::Moved(url));
        }
        if let Some((_, name)) = fullest {
            return Ok(name.clone());
        }
        if let Some(url) = fleet.and_then(|fleet| fleet.node_with_fewer_rooms(rooms.running.len())) {
            return Err(EnterError::Moved(url));
        }
        if rooms.running.len() < options.rooms_limit {
            let middle = if mode == options.mode { String::new() } else { format!("{mode}-") };
            return Ok(self.unused_name(rooms, &format!("{PUBLIC_PREFIX}{middle}")));
        }
        let shortest = open().map(|(name, room)| (room.occupied(), name)).min();
        shortest.map(|(_, name)| name.clone()).ok_or(EnterError::Full)
    }

    fn unused_name(&self, rooms: &Rooms, prefix: &str) -> String {
        let is_elsewhere = |name: &str| self.0.fleet.as_ref().is_some_and(|fleet| fleet.has_room(name));
        let mut names = (1..).map(|number| format!("{prefix}{number}"));
        names.find(|name| !rooms.running.contains_key(name) && !is_elsewhere(name)).unwrap_or_default()
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes an abandoned room from the lobby unless a newcomer waits in its inbox.
fn retire(lobby: &Weak<Inner>, name: &str) -> bool {
    let Some(inner) = lobby.upgrade() else { return true };
    let mut rooms = inner.rooms.lock().unwrap_or_else(PoisonError::into_inner);
    if rooms.running.get(name).is_some_and(|room| room.handle.inbox.newcomers() > 0) {
        return false;
    }
    rooms.forget(name);
    true
}

impl Rooms {
    /// Removes a room whose thread ends.
    fn forget(&mut self, name: &str) {
        if let Some(room) = self.running.remove(name) {
            self.ended.retain(|thread| !thread.is_finished());
            self.ended.push(room.thread);
        }
    }
}

impl RunningRoom {
    /// Seats, clients that wait for one, and newcomers.
    fn occupied(&self) -> usize {
        self.stats.occupied() + self.handle.inbox.newcomers()
    }
}

/// The thread of a room: runs it, and sees to its recording when it ends.
fn host(
    lobby: &Weak<Inner>,
    mut room: Room,
    mut journal: Journal,
    commits: &Arc<CommitGate>,
    receiver: Inbox,
    stats: &RoomStats,
    restarts: u32,
) {
    let name = room.name().to_owned();
    tracing::info!(room = name, "room opened");
    if let Some(inner) = lobby.upgrade().map(Lobby) {
        inner.prepare(&room, stats);
        room.set_message_of_the_day(inner.message_of_the_day());
    }
    let start = Instant::now();
    let retire = || retire(lobby, &name);
    let run = || room_loop::run(&mut room, &mut journal, commits, &receiver, stats, retire);
    // What a panic leaves of the room is dropped.
    let Ok(ended) = catch_unwind(AssertUnwindSafe(run)) else {
        tracing::error!(room = name, "the room's thread panicked: the room continues from its recording");
        drop((room, receiver));
        journal.abandon();
        let restarts = if start.elapsed() < RESTART_WINDOW { restarts + 1 } else { 1 };
        if let Some(inner) = lobby.upgrade() {
            Lobby(inner).restart(&name, restarts);
        }
        return;
    };
    match &ended {
        // A room without players has nothing to continue.
        Ended::Stopped(Stop::ForSuccessor) if room.seats() > 0 => {
            journal.leave(room.keyframe(), room.seats_to_record());
        }
        Ended::Stopped(_) | Ended::Abandoned => journal.finish(room.keyframe()),
        Ended::HandedOver { to, url } => {
            journal.release(room.keyframe(), room.seats_to_record(), to.clone());
            let url = if await_release(&receiver) { url } else { "" };
            room.close_all(CloseCode::Moved, url);
            forget(lobby, &name);
            commits.flush();
        }
        Ended::Fenced { .. } => {
            forget(lobby, &name);
            journal.cut(commits.replicated());
        }
    }
    tracing::info!(room = name, ?ended, "room closed");
}

/// Waits until the fleet has all of a room that is handed over; says whether it has.
fn await_release(receiver: &Inbox) -> bool {
    let late = Instant::now() + HAND_OVER_LIMIT;
    let mut events = Vec::new();
    while let Some(left) = late.checked_duration_since(Instant::now()) {
        receiver.wait(left);
        events = receiver.take(events);
        for event in events.drain(..) {
            match event {
                RoomEvent::Fleet(FleetEvent::Left) => return true,
                RoomEvent::Fleet(FleetEvent::Fenced { .. }) => return false,
                _ => {}
            }
        }
    }
    false
}

/// The world and the seats at the end of a room's recording, and who may watch them.
fn restored(name: &str, bytes: Vec<u8>, options: RoomOptions) -> Result<(Room, Watching), Box<dyn Error>> {
    let recording = Recording::open_without_marks(bytes)?;
    let watching = recording.header().watching;
    let restored = Resimulation::restore(recording)?;
    let room = Room::restore(name.into(), restored, options);
    tracing::info!(
        room = name,
        tick = room.world().tick.0,
        seats = room.seats(),
        "room restored from the fleet's recording"
    );
    Ok((room, watching))
}

/// Tells those who came to a room that is not ours where to go.
fn give_up(
    lobby: &Weak<Inner>,
    name: &str,
    receiver: &Inbox,
    commits: &CommitGate,
    why: &Lost,
    url: Option<String>,
) {
    // Nobody is posted to the room from here on.
    forget(lobby, name);
    let (code, reason) = match why {
        Lost::NoRoom => (CloseCode::SeatGone, EnterError::SeatGone.to_string()),
        Lost::Taken(_) | Lost::OtherBuild(_) => (CloseCode::Moved, url.unwrap_or_default()),
    };
    for event in receiver.take(Vec::new()) {
        if let RoomEvent::Session(SessionEvent::Connected(connected)) = event {
            connected.outbox.close(Tick(0), code, &reason);
        }
    }
    commits.flush();
}

/// Removes a room from the lobby, whose thread ends.
fn forget(lobby: &Weak<Inner>, name: &str) {
    if let Some(inner) = lobby.upgrade() {
        Lobby(inner).rooms().forget(name);
    }
}

impl LobbyOptions {
    /// The usual mode, then the others.
    fn all_modes(&self) -> impl Iterator<Item = (&String, &Setup)> {
        let others = self.modes.iter().filter(|(name, _)| **name != self.mode);
        std::iter::once((&self.mode, &self.setup)).chain(others)
    }

    /// Who may watch the rooms of a mode, as far as its file says.
    fn watching(&self, mode: &str) -> Watching {
        self.watching.get(mode).copied().unwrap_or_default()
    }

    /// A mode that players may choose.
    fn listed(&self, mode: &str) -> Option<&Setup> {
        if mode == self.mode {
            return Some(&self.setup);
        }
        self.modes.get(mode).filter(|setup| setup.mode.is_listed)
    }
}

/// Whether a room has a name of those that are opened for players who ask for none.
pub fn is_public(name: &str) -> bool {
    let number = name.strip_prefix(PUBLIC_PREFIX).and_then(|rest| rest.rsplit('-').next());
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The mode in the name of a room for everybody; `None` if it names none.
fn public_mode(name: &str) -> Option<&str> {
    let rest = name.strip_prefix(PUBLIC_PREFIX).filter(|_| is_public(name))?;
    rest.rsplit_once('-').map(|(mode, _)| mode)
}

fn checked_name(name: &str) -> Result<&str, EnterError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=ROOM_NAME_LIMIT_BYTES).contains(&name.len()) && name.bytes().all(allowed) {
        Ok(name)
    } else {
        Err(EnterError::BadName(name.chars().take(ROOM_NAME_LIMIT_BYTES).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::belt;
    use crate::host::journal;
    use room::ConnectionId;
    use room::outbox::outbox;
    use shared::id::Tick;
    use shared::input::{Controls, InputFrame};
    use shared::message::{ClientMessage, Hello, Input, ResumeToken};
    use shared::text::Name;
    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    fn newcomer(number: u64) -> Connected {
        let token = ResumeToken([0; 16]);
        Connected {
            connection: ConnectionId(number),
            network: Ipv4Addr::LOCALHOST.into(),
            hello: Hello::new(Name::from_input("Ada")),
            token,
            outbox: outbox().0,
        }
    }

    /// A lobby whose room's thread panics this many times, and how many of them are left.
    fn lobby(journal: Option<JournalOptions>, panics: u32) -> (Lobby, Arc<AtomicU32>) {
        let options = LobbyOptions {
            setup: belt(),
            mode: "belt".into(),
            fixed_seed: true,
            modes: BTreeMap::new(),
            watching: BTreeMap::new(),
            rooms_limit: 1,
            room: RoomOptions::default(),
            journal,
            locks: Locks::for_now().expect("randomness"),
        };
        let left = Arc::new(AtomicU32::new(panics));
        let panics_left = left.clone();
        let flush = Arc::new(move || {
            let is_room = std::thread::current().name() == Some("room belt-1");
            let panics =
                is_room && panics_left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
            assert!(!panics, "the room panics");
        });
        (Lobby::new(options, None, flush).expect("a sound setup"), left)
    }

    #[test]
    fn a_client_gets_another_room_after_one_has_panicked() {
        let (lobby, _) = lobby(None, 1);
        lobby.connect(&Destination::default(), newcomer(1)).expect("a seat");
        while !lobby.rooms().running.is_empty() {
            std::thread::yield_now();
        }
        lobby.connect(&Destination::default(), newcomer(2)).expect("a seat in another room");
        let answer = lobby.ask_roster("belt-1").expect("the room");
        assert!(answer.recv().is_ok(), "it ticks");
        lobby.stop(Stop::ForGood);
    }

    #[test]
    fn a_seat_behind_a_password_needs_it_once() {
        let (lobby, _) = lobby(None, 0);
        let to = |room: &str| Destination { room: Some(room.into()), mode: None };
        let with = |number, password: &str, resume| {
            let newcomer = newcomer(number);
            let password = Some(Box::new(shared::message::Password(password.into())));
            Connected { hello: Hello { password, resume, ..newcomer.hello }, ..newcomer }
        };
        lobby.connect(&to("locked-ours"), with(1, "right", None)).expect("a seat in a new room");
        let name = lobby.rooms().running.keys().next().cloned().expect("a room");
        for room in ["locked-ours", &name] {
            let refused = lobby.connect(&to(room), with(2, "wrong", None)).map(drop);
            assert_eq!(refused.expect_err("the wrong password").close_code(), CloseCode::WrongPassword);
            lobby.connect(&to(room), with(3, "right", None)).expect("a seat in the same room");
        }
        lobby.connect(&to(&name), with(4, "", Some(ResumeToken([0; 16])))).expect("a token opens it too");
        assert_eq!(lobby.rooms().running.len(), 1);
        lobby.stop(Stop::ForGood);
    }

    #[test]
    fn a_room_that_panics_continues_from_its_recording_until_it_does_nothing_else() {
        for (panics, survives) in [(2, true), (u32::MAX, false)] {
            let home = tempfile::tempdir().expect("a directory");
            let (lobby, left) = lobby(Some(JournalOptions::new(home.path().into())), 0);
            let room = lobby
                .connect(&Destination { room: Some("belt-1".into()), mode: None }, newcomer(1))
                .expect("a seat");
            for tick in (1..=300).cycle().map(Tick) {
                if lobby.status().iter().any(|room| room.recording.recording) {
                    break;
                }
                let frame = InputFrame { tick, controls: Controls::default() };
                let input = Input { ack: tick, frames: [frame].into_iter().collect() };
                let message = ClientMessage::Input(input);
                let event = SessionEvent::Message { connection: ConnectionId(1), message };
                room.inbox.post(event).expect("a room");
                std::thread::park_timeout(Duration::from_millis(1));
            }
            left.store(panics, Relaxed);
            let ticks = || lobby.ask_roster("belt-1").is_ok_and(|answer| answer.recv().is_ok());
            while if survives {
                left.load(Relaxed) > 0 || !ticks()
            } else {
                !lobby.rooms().running.is_empty()
            } {
                std::thread::yield_now();
            }
            lobby.stop(Stop::ForGood);
            assert_eq!(journal::list(home.path()).expect("a directory").len(), 1, "one session");
        }
    }
}
