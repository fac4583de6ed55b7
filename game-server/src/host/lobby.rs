//! The rooms of this process: made on demand, filled by a matchmaker that prefers the fullest open room, ended when empty.

use crate::host::commit_gate::{CommitGate, Flush};
use crate::host::inbox::{InboxSender, PostError, RoomEvent, inbox};
use crate::host::journal::{FileSource, Journal, JournalOptions, Unfinished, unfinished};
use crate::host::reports::Reports;
use crate::host::room_loop::{self, Ended};
use crate::host::room_metrics::{RoomStats, RoomStatus};
use room::network::RoomPermit;
use room::{Connected, Room, RoomOptions, SeatStatus, SessionEvent, Stop};
use serde::{Deserialize, Serialize};
use shared::command::Admin;
use shared::id::Tick;
use shared::message::{CloseCode, ROOM_NAME_LIMIT_BYTES};
use shared::recording::Recording;
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
    pub rooms_limit: usize,
    pub room: RoomOptions,
    /// Where and how to record; `None` turns recording off.
    pub journal: Option<JournalOptions>,
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
}

impl EnterError {
    /// As the log and the metrics name it.
    pub fn name(&self) -> &'static str {
        match self {
            EnterError::BadName(_) => "name",
            EnterError::NoMode(_) => "mode",
            EnterError::Full => "full",
            EnterError::TooManyRooms => "limit",
            EnterError::SeatGone => "seat_gone",
            EnterError::Stopping => "stopping",
            EnterError::Draining => "draining",
            EnterError::Broken(_) => "error",
        }
    }

    pub fn close_code(&self) -> CloseCode {
        match self {
            EnterError::BadName(_) | EnterError::NoMode(_) => CloseCode::BadMessage,
            EnterError::Full | EnterError::TooManyRooms | EnterError::Draining | EnterError::Broken(_) => {
                CloseCode::Full
            }
            EnterError::SeatGone => CloseCode::SeatGone,
            EnterError::Stopping => CloseCode::GoingAway,
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
    /// The mode of those who are sent here without asking for the room; `None` if nobody is.
    matched_mode: Option<String>,
    thread: JoinHandle<()>,
}

impl Lobby {
    pub fn new(options: LobbyOptions, flush: Flush) -> Result<Lobby, RuleError> {
        options.setup.check()?;
        Ok(Lobby(Arc::new(Inner {
            options,
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
        if self.is_draining() && connected.hello.resume.is_none() {
            return Err(EnterError::Draining);
        }
        let options = &self.0.options;
        let mode = to.room.as_deref().and_then(public_mode).or(to.mode.as_deref()).unwrap_or(&options.mode);
        let setup = options.listed(mode).ok_or_else(|| EnterError::NoMode(mode.into()))?;
        let name = match &to.room {
            Some(name) => checked_name(name)?.to_owned(),
            None => rooms.chosen(options, mode).ok_or(EnterError::Full)?,
        };
        if !rooms.running.contains_key(&name) {
            if connected.hello.resume.is_some() {
                return Err(EnterError::SeatGone);
            }
            if rooms.running.len() >= self.0.options.rooms_limit {
                return Err(EnterError::Full);
            }
            let networks = &self.0.options.room.networks;
            let permit = networks.room(connected.network).ok_or(EnterError::TooManyRooms)?;
            let room = RunningRoom { _permit: Some(permit), ..self.open(&name, setup)? };
            rooms.running.insert(name.clone(), room);
        }
        let Some(room) = rooms.running.get(&name) else { return Err(EnterError::Full) };
        // Posted under the lock that `retire` takes, so that no room ends with a newcomer in its inbox.
        match room.handle.inbox.post(SessionEvent::Connected(connected)) {
            Ok(()) => Ok(room.handle.clone()),
            Err(PostError::Full) => Err(EnterError::Full),
            Err(PostError::Ended) => Err(EnterError::Stopping),
        }
    }

    pub fn administer(&self, room: &str, act: Admin) -> Result<(), NoRoom> {
        self.post(room, SessionEvent::Admin(act).into())
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
            let played = rooms.running.values().filter(|room| room.matched_mode.as_ref() == Some(name));
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

    /// Continues the rooms whose recordings were not closed, each at the last tick of its recording. A recording that cannot
    /// be restored is logged and left.
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
        let journal = self.0.options.journal.as_ref().ok_or("nothing is recorded")?;
        if restarts > RESTARTS_LIMIT {
            return Err("it panicked again each time that it was restored".into());
        }
        let mut found = unfinished(&journal.directory)?;
        let left = found.find(|left| left.room() == name).ok_or("it has no recording that was not closed")?;
        self.restore_room(left, journal, restarts)
    }

    /// Opens a room of a mode for players to come; it stays open until the first has been there.
    pub fn open_room(&self, name: &str, mode: &str) -> Result<(), OpenError> {
        let setup = self.0.options.modes.get(mode).ok_or_else(|| OpenError::NoMode(mode.into()))?;
        let mut rooms = self.rooms();
        self.check_opening(&rooms, name)?;
        let room = self.open(name, setup)?;
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
        let (first, last) = (recording.first_tick(), recording.last_tick());
        if !(first..=last).contains(&tick) {
            return Err(OpenError::Outside { first, last });
        }
        let world = Resimulation::at(recording, tick)
            .and_then(|world| world.check().map(|()| world))
            .map_err(|error| unreadable(error.into()))?;
        let mut rooms = self.rooms();
        let name = rooms.unused_name(SANDBOX_PREFIX);
        self.check_opening(&rooms, &name)?;
        let journal = Journal::create(journal, &name, world.setup(), self.0.flush.clone());
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

    fn open(&self, name: &str, setup: &Setup) -> Result<RunningRoom, EnterError> {
        let broken = |error: &dyn std::fmt::Display| EnterError::Broken(error.to_string());
        let options = &self.0.options;
        let mut setup = setup.clone();
        if !options.fixed_seed {
            setup.seed = getrandom::u64().map_err(|error| broken(&error))?;
        }
        let journal = match &options.journal {
            Some(journal) => Journal::create(journal, name, &setup, self.0.flush.clone()),
            None => Journal::off(),
        };
        let room = Room::new(name.into(), setup, self.room_options()).map_err(|error| broken(&error))?;
        self.run(room, journal, 0).map_err(|error| broken(&error))
    }

    fn room_options(&self) -> RoomOptions {
        let options = &self.0.options;
        RoomOptions { is_recorded: options.journal.is_some(), ..options.room.clone() }
    }

    fn run(&self, mut room: Room, mut journal: Journal, restarts: u32) -> io::Result<RunningRoom> {
        let name = room.name().to_owned();
        let options = &self.0.options;
        let played = options.all_modes().find(|(_, setup)| setup.mode == room.setup().mode);
        let matched_mode = played.filter(|_| is_public(&name)).map(|(mode, _)| mode.clone());
        let (sender, receiver) = inbox();
        let stats = Arc::new(RoomStats::new(self.0.reports.clone()));
        stats.set_occupied(&room);
        room.set_message_of_the_day(self.message_of_the_day());
        let unrecorded = || Arc::new(CommitGate::unrecorded(self.0.flush.clone()));
        let commits = journal.gate().cloned().unwrap_or_else(unrecorded);
        let thread = std::thread::Builder::new().name(format!("room {name}"));
        let thread = thread.spawn({
            let (stats, commits, lobby) = (stats.clone(), commits.clone(), Arc::downgrade(&self.0));
            move || {
                tracing::info!(room = name, "room opened");
                let start = Instant::now();
                let retire = || retire(&lobby, &name);
                let run = || room_loop::run(&mut room, &mut journal, &commits, &receiver, &stats, retire);
                // What a panic leaves of the room is dropped.
                let Ok(ended) = catch_unwind(AssertUnwindSafe(run)) else {
                    tracing::error!(
                        room = name,
                        "the room's thread panicked: the room continues from its recording"
                    );
                    drop((room, receiver));
                    journal.abandon();
                    let restarts = if start.elapsed() < RESTART_WINDOW { restarts + 1 } else { 1 };
                    if let Some(inner) = lobby.upgrade() {
                        Lobby(inner).restart(&name, restarts);
                    }
                    return;
                };
                match ended {
                    // A room without players has nothing to continue.
                    Ended::Stopped(Stop::ForSuccessor) if room.seats() > 0 => {
                        journal.leave(room.keyframe(), room.seats_to_record());
                    }
                    Ended::Stopped(_) | Ended::Abandoned => journal.finish(room.keyframe()),
                }
                tracing::info!(room = name, ?ended, "room closed");
            }
        });
        Ok(RunningRoom {
            _permit: None,
            handle: RoomHandle { inbox: sender, commits },
            stats,
            matched_mode,
            thread: thread?,
        })
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
    if let Some(room) = rooms.running.remove(name) {
        rooms.ended.retain(|thread| !thread.is_finished());
        rooms.ended.push(room.thread);
    }
    true
}

impl Rooms {
    /// The room for a client that asks for none: the fullest with a free seat, else a new one, else the one with the
    /// shortest queue.
    fn chosen(&self, options: &LobbyOptions, mode: &str) -> Option<String> {
        let occupied = |room: &RunningRoom| room.stats.occupied() + room.handle.inbox.newcomers();
        let is_open =
            |room: &RunningRoom| room.matched_mode.as_deref() == Some(mode) && !room.stats.is_ending();
        let open = || self.running.iter().filter(|(_, room)| is_open(room));
        let free = open().filter(|(_, room)| occupied(room) < room.stats.capacity());
        if let Some((_, name)) = free.map(|(name, room)| (occupied(room), name)).max() {
            return Some(name.clone());
        }
        if self.running.len() < options.rooms_limit {
            let middle = if mode == options.mode { String::new() } else { format!("{mode}-") };
            return Some(self.unused_name(&format!("{PUBLIC_PREFIX}{middle}")));
        }
        open().map(|(name, room)| (occupied(room), name)).min().map(|(_, name)| name.clone())
    }

    fn unused_name(&self, prefix: &str) -> String {
        let mut number = 1;
        while self.running.contains_key(&format!("{prefix}{number}")) {
            number += 1;
        }
        format!("{prefix}{number}")
    }
}

impl LobbyOptions {
    /// The usual mode, then the others.
    fn all_modes(&self) -> impl Iterator<Item = (&String, &Setup)> {
        let others = self.modes.iter().filter(|(name, _)| **name != self.mode);
        std::iter::once((&self.mode, &self.setup)).chain(others)
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
            rooms_limit: 1,
            room: RoomOptions::default(),
            journal,
        };
        let left = Arc::new(AtomicU32::new(panics));
        let panics_left = left.clone();
        let flush = Arc::new(move || {
            let is_room = std::thread::current().name() == Some("room belt-1");
            let panics =
                is_room && panics_left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
            assert!(!panics, "the room panics");
        });
        (Lobby::new(options, flush).expect("a sound setup"), left)
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
