//! The log on standard error: lines never wait for a reader, strangers cannot fill it or fake a line, and addresses stand in it
//! only if the host asks for them.

use clap::ValueEnum;
use metrics::counter;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tracing::field::DisplayValue;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    /// Lines for people.
    Human,
    /// One JSON object per line.
    Json,
}

/// Lines that wait for a slow reader of standard error, at most; of more, the newest are dropped and counted.
const LOG_QUEUE_LIMIT_LINES: usize = 4096;
/// Lines of one kind that strangers cause, per [`EPISODE`]; of more, the number is logged.
const EPISODE_LIMIT_LINES: u64 = 10;
const EPISODE: Duration = Duration::from_secs(10);
/// Before each line of an entry but the first, so that no text can pass for an entry.
const CONTINUATION: &[u8] = b"\n    ";
const ESCAPE: u8 = 0x1b;
/// Longest wait for the last lines to be written.
const LOG_FLUSH_LIMIT: Duration = Duration::from_millis(300);

/// What goes to standard error. A thread writes it, so that nobody waits for a reader; that there is none, or no space, hurts
/// nothing.
#[derive(Clone)]
struct Log {
    entries: SyncSender<Entry>,
    /// `None` if the kernel gave none.
    thread: Option<Arc<JoinHandle<()>>>,
    is_coloured: bool,
}

enum Entry {
    Line(Vec<u8>),
    /// Answered once everything before is written.
    Flush(SyncSender<()>),
}

static LOG: OnceLock<Log> = OnceLock::new();
static SHOWS_ADDRESSES: AtomicBool = AtomicBool::new(false);
static EPISODES: Mutex<Episodes> = Mutex::new(Episodes(BTreeMap::new()));

/// Newest lines of the log that are kept for the console.
const TAIL_LIMIT_LINES: usize = 500;
/// A longer line is cut in the tail.
const TAIL_LINE_LIMIT_BYTES: usize = 1024;

static TAIL: Mutex<VecDeque<Box<str>>> = Mutex::new(VecDeque::new());

fn locked_tail() -> MutexGuard<'static, VecDeque<Box<str>>> {
    TAIL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The newest lines of the log, the oldest first.
pub fn tail() -> Vec<Box<str>> {
    locked_tail().iter().cloned().collect()
}

fn keep(line: &[u8]) {
    let line = plain(&line[..line.len().min(TAIL_LINE_LIMIT_BYTES)]).into();
    let mut tail = locked_tail();
    if tail.len() >= TAIL_LIMIT_LINES {
        tail.pop_front();
    }
    tail.push_back(line);
}

/// Without the end of the line, and without the escape sequences that colour it.
fn plain(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut parts = text.trim_end().split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    let is_end = |c: char| c.is_ascii_alphabetic();
    parts.fold(first, |text, part| text + part.split_once(is_end).map_or("", |(_, rest)| rest))
}

/// The kinds of lines that strangers cause, each with what was logged of it lately.
struct Episodes(BTreeMap<&'static str, Episode>);

struct Episode {
    began: Instant,
    lines: u64,
}

impl Episodes {
    fn allows(&mut self, kind: &'static str, now: Instant) -> bool {
        let episode = self.0.entry(kind).or_insert(Episode { began: now, lines: 0 });
        episode.lines += 1;
        episode.lines <= EPISODE_LIMIT_LINES
    }

    /// Ends the episodes that have lasted long enough; returns how many lines of each kind were left out.
    fn end(&mut self, now: Instant) -> Vec<(&'static str, u64)> {
        let ended =
            self.0.extract_if(.., |_, episode| now.saturating_duration_since(episode.began) >= EPISODE);
        let left_out = ended.map(|(kind, episode)| (kind, episode.lines.saturating_sub(EPISODE_LIMIT_LINES)));
        left_out.filter(|(_, lines)| *lines > 0).collect()
    }
}

/// Whether a line of a kind that strangers cause may be logged now.
pub fn allows(kind: &'static str) -> bool {
    EPISODES.lock().unwrap_or_else(PoisonError::into_inner).allows(kind, Instant::now())
}

/// Logs how many lines were left out. To be called now and then.
pub fn end_episodes() {
    let ended = EPISODES.lock().unwrap_or_else(PoisonError::into_inner).end(Instant::now());
    for (kind, lines) in ended {
        tracing::info!(kind, lines, "lines of one kind were left out");
    }
}

/// Counts a client that is refused, and logs it.
pub fn refused(reason: &'static str, address: IpAddr, told: &str) {
    counter!("driftbelt_refusals_total", "reason" => reason).increment(1);
    if allows(reason) {
        tracing::info!(reason, address = shown(address), told, "refused");
    }
}

/// An address, if the host has asked for addresses in the log.
pub fn shown(address: IpAddr) -> Option<DisplayValue<IpAddr>> {
    SHOWS_ADDRESSES.load(Relaxed).then(|| tracing::field::display(address))
}

/// Whether the thread that writes the log is alive.
pub fn is_healthy() -> bool {
    LOG.get().and_then(|log| log.thread.as_ref()).is_none_or(|thread| !thread.is_finished())
}

impl Log {
    fn start(is_coloured: bool) -> Log {
        let (entries, waiting) = sync_channel(LOG_QUEUE_LIMIT_LINES);
        // Without a thread the queue fills, and lines are dropped.
        let thread = std::thread::Builder::new().name("log".into()).spawn(move || write_lines(&waiting));
        Log { entries, thread: thread.ok().map(Arc::new), is_coloured }
    }

    fn push(&self, line: &[u8]) {
        let entry = one_entry(line, self.is_coloured);
        keep(&entry);
        if self.entries.try_send(Entry::Line(entry)).is_err() {
            counter!("driftbelt_log_lines_dropped_total").increment(1);
        }
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The bytes of one entry: lines after the first are indented, control characters escaped.
fn one_entry(line: &[u8], is_coloured: bool) -> Vec<u8> {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let mut entry = Vec::with_capacity(line.len() + 1);
    for &byte in text {
        match byte {
            b'\n' => entry.extend_from_slice(CONTINUATION),
            ESCAPE if is_coloured => entry.push(byte),
            b'\t' => entry.push(byte),
            0..=0x1f | 0x7f => entry.extend(std::ascii::escape_default(byte)),
            byte => entry.push(byte),
        }
    }
    entry.push(b'\n');
    entry
}

fn write_lines(entries: &Receiver<Entry>) {
    let mut out = standard_error();
    for entry in entries {
        match entry {
            // A reader that is gone, or a full disk.
            Entry::Line(line) => drop(out.write_all(&line)),
            Entry::Flush(done) => drop(done.try_send(())),
        }
    }
}

/// Without the lock of [`std::io::stderr`], at which others would wait while a write blocks.
#[cfg(unix)]
fn standard_error() -> Box<dyn Write> {
    use std::os::fd::AsFd;
    match io::stderr().as_fd().try_clone_to_owned() {
        Ok(file) => Box::new(std::fs::File::from(file)),
        Err(_) => Box::new(io::stderr()),
    }
}

#[cfg(not(unix))]
fn standard_error() -> Box<dyn Write> {
    Box::new(io::stderr())
}

/// Writes a line for the person at the terminal.
pub fn say(line: &str) {
    match LOG.get() {
        Some(log) => log.push(line.as_bytes()),
        None => drop(writeln!(io::stderr(), "{line}")),
    }
}

/// Waits for what was logged and said to be written, but not for a reader that does not read.
pub fn flush() {
    let Some(log) = LOG.get() else { return };
    let (done, written) = sync_channel(1);
    if log.entries.try_send(Entry::Flush(done)).is_ok() {
        let _ = written.recv_timeout(LOG_FLUSH_LIMIT);
    }
}

/// Sends the log, and the panics of all threads, to standard error from now on. Does nothing if the process already has a log.
pub fn log_to_stderr(form: LogForm, filter: &str, shows_addresses: bool) -> Result<(), ParseError> {
    let filter: EnvFilter = filter.parse()?;
    SHOWS_ADDRESSES.store(shows_addresses, Relaxed);
    let coloured = std::io::stderr().is_terminal();
    let writer = LOG.get_or_init(|| Log::start(coloured));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| writer.clone())
        .with_ansi(coloured)
        .log_internal_errors(false);
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(thread = thread.name(), "{panic}\n{backtrace}");
    }));
    // An error means that there is a log already, as in tests.
    let _: Result<_, _> = match form {
        LogForm::Human => log.with_target(false).try_init(),
        LogForm::Json => log.json().try_init(),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_cannot_pass_for_two_and_has_no_control_characters() {
        let entry =
            |text: &str, is_coloured| String::from_utf8(one_entry(text.as_bytes(), is_coloured)).unwrap();
        assert_eq!(entry("a panic\nat b\n", false), "a panic\n    at b\n");
        assert_eq!(entry("x\r\n2026 INFO fake\n", false), "x\\r\n    2026 INFO fake\n");
        assert_eq!(entry("é\t\u{1b}[2J\u{7}\0\n", false), "é\t\\x1b[2J\\x07\\x00\n");
        assert_eq!(entry("\u{1b}[31mred\n", true), "\u{1b}[31mred\n");
    }

    #[test]
    fn an_episode_has_some_lines_and_then_a_number() {
        let (mut episodes, start) = (Episodes(BTreeMap::new()), Instant::now());
        let logged = (0..1000).filter(|_| episodes.allows("ban", start)).count();
        assert!(episodes.allows("full", start + EPISODE / 2));
        assert_eq!(logged as u64, EPISODE_LIMIT_LINES);
        assert_eq!(episodes.end(start + EPISODE / 2), []);
        assert_eq!(episodes.end(start + EPISODE), [("ban", 1000 - EPISODE_LIMIT_LINES)]);
        assert_eq!(episodes.end(start + 2 * EPISODE), []);
        assert!(episodes.allows("ban", start + EPISODE));
    }

    #[test]
    fn the_tail_holds_the_newest_lines_without_colours_and_cut() {
        keep(b"\x1b[2m12:00\x1b[0m \x1b[32m INFO\x1b[0m listening\n");
        assert_eq!(tail().last().map(AsRef::as_ref), Some("12:00  INFO listening"));
        for _ in 0..TAIL_LIMIT_LINES {
            keep("\u{44f}".repeat(TAIL_LINE_LIMIT_BYTES).as_bytes());
        }
        let tail = tail();
        assert_eq!(tail.len(), TAIL_LIMIT_LINES);
        assert!(tail.iter().all(|line| line.starts_with('\u{44f}') && line.len() <= TAIL_LINE_LIMIT_BYTES));
    }
}
