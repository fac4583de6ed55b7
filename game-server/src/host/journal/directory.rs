//! A directory of recordings: whose it is, which of its files are being written, and the order in which they began.

use super::listed::ListedRecording;
use super::live::{LivePieces, LiveStatus, Run};
use super::lock::PROCESS_FILE;
use super::source::FileSource;
use crate::files::{sync_directory, write_whole};
use shared::id::PlayerId;
use shared::recording::{
    Audience, LATEST_DATE_UNIX_MS, Recording, Seats, Source, TOKEN_HASH_BYTES, TokenHash,
    WATCH_DELAY_LIMIT_SECONDS,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, create_dir_all, read_dir, read_to_string, remove_file};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How a recording's file ends.
pub const FILE_EXTENSION: &str = "belt";
/// The file beside the recordings that says whose they are.
const SERVER_FILE: &str = "server.id";
/// Length of the time in a file's name, such as `20260921t141320z`.
const TIME_LENGTH: usize = 16;

/// Finished recordings whose seats are kept in memory; beyond it, all are read again.
const KEPT_SEATS_RECORDINGS: usize = 1024;

/// What has ended may be watched to its end for this long after it is shown.
const LINGER: Duration = Duration::from_secs(60);

/// A directory of recordings, for all rooms of a server.
#[derive(Clone, Debug)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// What was played is shown after this time, unless the room has a delay.
    delay: Duration,
    sync: fn(&Path) -> io::Result<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    server: Option<Server>,
    /// The number of the file that began last.
    newest_number: Option<u64>,
    /// Files of matches that are being played.
    running: Vec<Running>,
    /// The seats of finished recordings, by the file's name.
    seats: BTreeMap<String, Arc<SeatTokens>>,
    has_failed: bool,
    /// That the entries of new files may not last was said.
    is_unsynced: bool,
}

/// What recordings take up on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskUse {
    pub files: usize,
    pub bytes: u64,
    /// What the file system has left for this process, where the kernel says it.
    pub free_bytes: Option<u64>,
}

/// Whose recordings these are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    /// Stands in each of its recordings.
    pub id: TokenHash,
    /// Files without an id are from a time when there were none.
    pub owns_nameless: bool,
}

/// The hashes of the tokens that have opened seats of a match.
type SeatTokens = BTreeSet<TokenHash>;

#[derive(Debug)]
struct Running {
    name: String,
    identity: Option<Identity>,
    /// What was played is shown after this time.
    delay: Duration,
    seats: SeatTokens,
    /// When the whole file may be seen; `None` while the match runs.
    shown_from: Option<Instant>,
    live: Option<LivePieces>,
}

impl Running {
    fn is_hidden(&self, now: Instant) -> bool {
        self.shown_from.is_none_or(|from| now < from)
    }

    fn show(&mut self, live: Option<LivePieces>) {
        let chosen = live.as_ref().and_then(|live| live.watching().delay_seconds);
        self.delay = chosen.map_or(self.delay, |seconds| Duration::from_secs(seconds.into()));
        self.live = live;
    }
}

impl Directory {
    pub fn new(path: PathBuf) -> Directory {
        Directory::with_sync(path, sync_directory)
    }

    /// A directory whose entries are made to last in this way.
    pub(super) fn with_sync(path: PathBuf, sync: fn(&Path) -> io::Result<()>) -> Directory {
        // The parent of a bare file name.
        let path = if path.as_os_str().is_empty() { PathBuf::from(".") } else { path };
        Directory(Arc::new(Inner { path, delay: Duration::ZERO, sync, state: Mutex::default() }))
    }

    /// The same directory, in which what was played is shown after this time, unless its room has a delay.
    #[must_use]
    pub fn with_delay(self, delay: Duration) -> Directory {
        let Inner { path, sync, .. } = &*self.0;
        Directory(Arc::new(Inner { path: path.clone(), delay, sync: *sync, state: Mutex::default() }))
    }

    /// What was played is shown after this time, unless its room has a delay.
    pub fn delay(&self) -> Duration {
        self.0.delay
    }

    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Makes the directory, and logs why it cannot be written if that is so.
    pub fn prepare(&self) {
        let path = self.path().join(SERVER_FILE);
        let written = create_dir_all(self.path())
            .and_then(|()| self.server())
            .and_then(|server| write_whole(&path, &server.id_text()));
        self.note(&written);
        if let Err(error) = written {
            tracing::error!(problem = explain(self.path(), &error), "nothing can be recorded");
        }
    }

    /// Makes the entries of new files last through a power cut, where the file system can. A disk that fails says so at the
    /// file's sync.
    pub(super) fn sync(&self) {
        if let Err(error) = (self.0.sync)(self.path())
            && !std::mem::replace(&mut self.state().is_unsynced, true)
        {
            let directory = self.path().display();
            tracing::warn!(%directory, %error, "the directory cannot be synchronized: a power cut may lose its newest recordings");
        }
    }

    #[cfg(test)]
    pub(super) fn is_unsynced(&self) -> bool {
        self.state().is_unsynced
    }

    pub(super) fn note<T>(&self, result: &io::Result<T>) {
        self.state().has_failed = result.is_err();
    }

    /// What the recordings take up, those that are being written included.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn disk_use(&self) -> io::Result<DiskUse> {
        let files = recordings(self.path())?;
        let bytes = files.iter().filter_map(|path| path.metadata().ok()).map(|file| file.len()).sum();
        Ok(DiskUse { files: files.len(), bytes, free_bytes: free_bytes(self.path()) })
    }

    /// Whether nothing could be recorded here when it was last tried.
    pub fn has_failed(&self) -> bool {
        self.state().has_failed
    }

    /// Whether a file belongs to a match that is being played, or that has ended within the watch delay. Such a file is
    /// nobody's to see.
    pub fn is_hidden(&self, name: &str) -> bool {
        let now = Instant::now();
        self.any_running(name, |running| running.is_hidden(now))
    }

    /// Whether a file is being written.
    pub fn is_running(&self, name: &str) -> bool {
        self.any_running(name, |running| running.shown_from.is_none())
    }

    fn any_running(&self, name: &str, wanted: impl Fn(&Running) -> bool) -> bool {
        let identity = identity(&self.path().join(name));
        let is_same = |running: &Running| {
            // By any name that leads to the file: a link, or one that the file system folds to it.
            running.name.eq_ignore_ascii_case(name)
                || running.identity.is_some() && running.identity == identity
        };
        self.state().running.iter().any(|running| is_same(running) && wanted(running))
    }

    /// Hides what another process may have written within the watch delay, for that long: nobody knows when its match ended.
    pub fn hide_newest(&self) {
        let now = SystemTime::now();
        for path in recordings(self.path()).unwrap_or_default() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let written = path.metadata().and_then(|metadata| metadata.modified());
            // A clock that was set back makes files from the future.
            let is_older = |delay| {
                written.as_ref().is_ok_and(|at| now.duration_since(*at).is_ok_and(|age| age >= delay))
            };
            if is_older(Duration::from_secs(WATCH_DELAY_LIMIT_SECONDS.into())) || self.is_running(&name) {
                continue;
            }
            let room = ListedRecording::of(&path).and_then(|listed| listed.delay_seconds);
            let delay = room.map_or(self.0.delay, |seconds| Duration::from_secs(seconds.into()));
            if !is_older(delay) {
                let (identity, shown_from) = (identity(&path), Some(Instant::now() + delay));
                let seats = SeatTokens::new();
                self.state().running.push(Running { name, identity, delay, seats, shown_from, live: None });
            }
        }
    }

    /// Of the recordings of a room that may be shown, the newest of which there is something to watch; else the newest.
    pub fn live(&self, room: &str, may_be_shown: impl Fn(&LiveStatus) -> bool) -> Option<LiveStatus> {
        let of_room = |live: &LiveStatus| live.room == room && may_be_shown(live);
        let all = self.live_recordings().into_iter().filter(of_room);
        all.reduce(|older, newer| if newer.pieces > 0 || older.pieces == 0 { newer } else { older })
    }

    /// Who may watch the match that is recorded into a file: the inner `None` if the room does not say, the outer one if there is no
    /// such match.
    pub fn audience(&self, room: &str, recording: &str) -> Option<Option<Audience>> {
        let state = self.state();
        let found = state.running.iter().find(|running| running.name == recording)?;
        let live = found.live.as_ref().filter(|live| live.room() == room)?;
        Some(live.watching().audience)
    }

    /// Whether one of these tokens has opened a seat in a recorded match. Waits for the disk if the match is over.
    pub fn had_seat(&self, recording: &str, tokens: &[TokenHash]) -> bool {
        let is_any = |seats: &SeatTokens| tokens.iter().any(|token| seats.contains(token));
        let known = {
            let state = self.state();
            let mut running = state.running.iter();
            if let Some(running) = running.find(|running| running.name == recording && running.live.is_some())
            {
                return is_any(&running.seats);
            }
            state.seats.get(recording).cloned()
        };
        if let Some(seats) = known {
            return is_any(&seats);
        }
        let source = FileSource::open(&self.path().join(recording)).ok();
        let Some(recording_read) = source.and_then(|source| Recording::open_without_marks(source).ok())
        else {
            return false;
        };
        let seats: SeatTokens = tokens_of(recording_read.seats()).collect();
        let had_seat = is_any(&seats);
        let kept = &mut self.state().seats;
        if kept.len() >= KEPT_SEATS_RECORDINGS {
            kept.clear();
        }
        kept.insert(recording.to_owned(), Arc::new(seats));
        had_seat
    }

    /// The recordings of running and recently ended matches, in the order in which they began.
    pub fn live_recordings(&self) -> Vec<LiveStatus> {
        let now = Instant::now();
        let state = self.state();
        let status =
            |running: &Running| Some(running.live.as_ref()?.status(&running.name, running.delay, now));
        state.running.iter().filter_map(status).collect()
    }

    /// The last seconds of a room's running match, as a recording; `None` if there is none.
    pub fn newest_part(&self, room: &str, seconds: u32) -> io::Result<Option<Vec<u8>>> {
        let found = {
            let state = self.state();
            let goes_on = |running: &&Running| running.shown_from.is_none();
            let of_room = |running: &Running| {
                let live = running.live.as_ref().filter(|live| live.room() == room)?;
                Some((running.name.clone(), live.newest_part(seconds)?))
            };
            state.running.iter().filter(goes_on).filter_map(of_room).next_back()
        };
        let Some((name, (header_bytes, part))) = found else { return Ok(None) };
        let source = FileSource::open(&self.path().join(name))?;
        let mut bytes = vec![0; (header_bytes + part.end - part.start) as usize];
        let (header, rest) = bytes.split_at_mut(header_bytes as usize);
        source.read(0, header).and_then(|()| source.read(part.start, rest)).map_err(io::Error::other)?;
        Ok(Some(bytes))
    }

    /// Where the pieces of a room's recording from `first` up to `end` stand in its file.
    pub fn run(&self, room: &str, recording: &str, first: usize, end: usize) -> Run {
        let state = self.state();
        let found = state.running.iter().find(|running| running.name == recording);
        let shown = found.and_then(|running| Some((running.live.as_ref()?, running.delay)));
        let shown = shown.filter(|(live, _)| live.room() == room);
        shown.map_or(Run::Missing, |(live, delay)| live.run(first, end, delay, Instant::now()))
    }

    /// The server whose directory this is.
    pub(super) fn server(&self) -> io::Result<Server> {
        let mut state = self.state();
        if let Some(server) = state.server {
            return Ok(server);
        }
        let path = self.path().join(SERVER_FILE);
        let known = read_to_string(&path).ok().and_then(|text| parse_id(text.trim()));
        let server = match known {
            Some(id) => Server { id, owns_nameless: false },
            None => {
                let is_damaged = path.exists();
                if is_damaged {
                    tracing::error!(file = %path.display(), "the file does not say whose the recordings are: none of them continues");
                }
                let owns_nameless = !is_damaged && self.path().join(PROCESS_FILE).exists();
                let mut id = [0; TOKEN_HASH_BYTES];
                getrandom::fill(&mut id).map_err(io::Error::other)?;
                let server = Server { id: TokenHash(id), owns_nameless };
                write_whole(&path, &server.id_text())?;
                server
            }
        };
        state.server = Some(server);
        Ok(server)
    }

    /// A file is written, or waits to be continued: it is neither shown nor deleted for as long as this is kept.
    pub fn hold(&self, name: &str) -> Hold {
        let identity = identity(&self.path().join(name));
        let now = Instant::now();
        let mut state = self.state();
        let is_kept = |running: &Running| running.shown_from.is_none_or(|from| now < from + LINGER);
        state.running.retain(|running| running.name != name && is_kept(running));
        state.seats.remove(name);
        state.running.push(Running {
            name: name.into(),
            identity,
            delay: self.0.delay,
            seats: SeatTokens::new(),
            shown_from: None,
            live: None,
        });
        Hold { directory: self.clone(), name: name.into() }
    }

    /// Removes files without a byte, which a crash or a full disk has left.
    pub fn remove_empty(&self) {
        for path in recordings(self.path()).unwrap_or_default() {
            let is_empty = path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0);
            if is_empty && number_of(&path).is_some() && remove_file(&path).is_ok() {
                tracing::info!(file = %path.display(), "empty recording deleted");
            }
        }
    }

    pub(super) fn next_number(&self) -> u64 {
        let mut state = self.state();
        let newest = state.newest_number.unwrap_or_else(|| {
            let files = recordings(self.path()).unwrap_or_default();
            files.iter().filter_map(|path| number_of(path)).max().unwrap_or_default()
        });
        *state.newest_number.insert(newest.saturating_add(1))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a file from being shown and deleted.
#[derive(Debug)]
pub struct Hold {
    directory: Directory,
    name: String,
}

impl Hold {
    /// These bytes were appended to the file.
    pub fn grown(&self, bytes: &[u8]) {
        self.change(|running| {
            if running.live.is_none() {
                running.show(LivePieces::new(bytes));
            }
            if let Some(live) = &mut running.live {
                live.push(bytes, Instant::now());
            }
        });
    }

    /// The file was written up to this many bytes before this process continues it.
    pub fn resume(&self, file: &File, bytes: u64) -> io::Result<()> {
        let live = LivePieces::of_file(file, bytes, Instant::now())?;
        self.change(|running| running.show(Some(live)));
        Ok(())
    }

    /// These seats were given.
    pub fn seated(&self, seats: &Seats) {
        self.change(|running| running.seats.extend(tokens_of(seats)));
    }

    /// The file is shown this long after the end.
    pub fn delay(&self, delay: Duration) {
        self.change(|running| running.delay = delay);
    }

    fn change(&self, change: impl FnOnce(&mut Running)) {
        let mut state = self.directory.state();
        let is_held = |running: &&mut Running| running.shown_from.is_none() && running.name == self.name;
        if let Some(running) = state.running.iter_mut().find(is_held) {
            change(running);
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join(&self.name)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.change(|running| {
            running.shown_from = Some(Instant::now() + running.delay);
            running.live.iter_mut().for_each(LivePieces::end);
        });
    }
}

impl Server {
    /// Whether a recording of the server with this id is its own.
    pub fn owns(self, id: Option<TokenHash>) -> bool {
        id.map_or(self.owns_nameless, |id| id == self.id)
    }

    fn id_text(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.id.0))
    }
}

/// The tokens of players' seats; a key of nobody is the server's.
fn tokens_of(seats: &Seats) -> impl Iterator<Item = TokenHash> + '_ {
    let of_players = seats.keys.iter().filter(|key| key.player != PlayerId::NOBODY);
    of_players.flat_map(|key| std::iter::once(key.token).chain(key.before))
}

/// What a file is, whatever its name: device and number.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}

#[cfg(unix)]
// Smaller numbers on other systems than Linux.
#[allow(clippy::useless_conversion)]
fn free_bytes(path: &Path) -> Option<u64> {
    let file_system = nix::sys::statvfs::statvfs(path).ok()?;
    Some(u64::from(file_system.blocks_available()) * u64::from(file_system.fragment_size()))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// A problem of a directory, in words: where, what, and what to do.
pub(super) fn explain(path: &Path, error: &io::Error) -> String {
    use io::ErrorKind::{
        AlreadyExists, FileTooLarge, NotADirectory, NotFound, PermissionDenied, QuotaExceeded,
        ReadOnlyFilesystem, StorageFull,
    };
    let remedy = match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => "free space there, or set --recordings-limit-mib",
        PermissionDenied | ReadOnlyFilesystem => {
            "let the server's user write there, or name another directory with --recordings"
        }
        AlreadyExists | NotFound | NotADirectory => {
            "bring the directory back, or name another one with --recordings"
        }
        _ => "check the disk, or name another directory with --recordings",
    };
    format!("{}: {error}: {remedy}", path.display())
}

fn parse_id(text: &str) -> Option<TokenHash> {
    let id = u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 2 * TOKEN_HASH_BYTES)?;
    Some(TokenHash(id.to_be_bytes()))
}

/// The files of a directory that are named as recordings. A directory that is not there has none.
pub(super) fn recordings(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(FILE_EXTENSION)));
    Ok(paths)
}

/// `<room>-<UTC time>-<number>.belt`, of characters that are safe in a file name and an URL.
pub(super) fn file_name(room: &str, at: SystemTime, number: u64) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' };
    let room: String = room.chars().map(safe).collect();
    // Clocks may stand anywhere.
    let latest = Duration::from_millis(LATEST_DATE_UNIX_MS);
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(latest);
    let time = humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since).to_string();
    let time = time.replace(['-', ':'], "").to_ascii_lowercase();
    format!("{room}-{time}-{number}.{FILE_EXTENSION}")
}

/// Whether a file has the name of a recording that a server has made.
pub fn is_named_as_ours(path: &Path) -> bool {
    number_of(path).is_some()
}

/// The number of a recording among all of its directory, by its name: a later one has a greater number, whatever the clock
/// said. `None` for a file that was named otherwise.
pub(super) fn number_of(path: &Path) -> Option<u64> {
    let stem = path.file_stem()?.to_str()?;
    let (begin, number) = stem.rsplit_once('-')?;
    let time = begin.rsplit_once('-')?.1.to_ascii_lowercase();
    let is_time = time.len() == TIME_LENGTH && time.ends_with('z') && time.as_bytes()[8] == b't';
    number.parse().ok().filter(|_| is_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_say_when_and_in_which_order() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        assert_eq!(file_name("belt-1", at, 3), "belt-1-20260921t141320z-3.belt");
        assert_eq!(file_name("../Ä b", at, 40), "-----b-20260921t141320z-40.belt");
        for (name, number) in [
            ("belt-1-20260921t141320z-3.belt", Some(3)),
            ("BELT-1-20260921T141320Z-18446744073709551615.BELT", Some(u64::MAX)),
            ("belt-1-20260921t141320z.belt", None),
            ("belt-1.belt", None),
            ("best-fight-3.belt", None),
            ("é-20260921t141320-ö-3.belt", None),
        ] {
            assert_eq!(number_of(Path::new(name)), number, "{name}");
        }
    }

    #[test]
    fn dates_that_no_calendar_has_are_dates_all_the_same() {
        let long = Duration::from_secs(1 << 40);
        for (at, name) in [
            (SystemTime::UNIX_EPOCH - Duration::from_secs(9), "a-19700101t000000z-1.belt"),
            (SystemTime::UNIX_EPOCH + long, "a-99991231t235959z-1.belt"),
        ] {
            assert_eq!(file_name("a", at, 1), name);
        }
    }

    #[test]
    fn a_directory_knows_its_server_and_removes_empty_files_of_its_own() -> io::Result<()> {
        let home = tempfile::tempdir()?;
        let id = |path: &Path| Directory::new(path.into()).server().map(|server| server.id.0);
        let first = id(home.path())?;
        assert_eq!(first, id(home.path())?);
        assert_ne!(first, id(tempfile::tempdir()?.path())?);
        let empty = home.path().join(file_name("a", SystemTime::UNIX_EPOCH, 1));
        let foreign = home.path().join("notes.belt");
        [&empty, &foreign].into_iter().try_for_each(|path| File::create(path).map(drop))?;
        Directory::new(home.path().into()).remove_empty();
        assert!(!empty.exists() && foreign.exists());
        Ok(())
    }

    #[test]
    fn a_directory_that_cannot_be_written_says_where_and_what_to_do() -> io::Result<()> {
        let home = tempfile::tempdir()?;
        std::fs::write(home.path().join("file"), "no directory")?;
        let path = home.path().join("file");
        let directory = Directory::new(path.clone());
        directory.prepare();
        assert!(directory.has_failed());
        let problem = explain(&path, &io::ErrorKind::NotADirectory.into());
        assert!(problem.starts_with(&path.display().to_string()) && problem.contains("--recordings"));
        std::fs::remove_file(&path)?;
        directory.prepare();
        assert!(!directory.has_failed());
        Ok(())
    }
}
