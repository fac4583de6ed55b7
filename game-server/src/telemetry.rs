//! Logs to standard error, and the metrics that `/metrics` shows.

use clap::ValueEnum;
use metrics::counter;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Upper bounds of the buckets of every duration, in seconds: a tick has 33 ms at the usual rate.
const DURATION_BUCKETS_SECONDS: [f64; 10] =
    [0.0001, 0.0003, 0.001, 0.002, 0.005, 0.010, 0.020, 0.033, 0.1, 1.0];

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
/// Longest wait for the last lines to be written.
const LOG_FLUSH_LIMIT: Duration = Duration::from_millis(300);

/// What goes to standard error. A thread writes it, so that nobody waits for a reader; that there is none, or no space, hurts
/// nothing.
#[derive(Clone)]
struct Log(SyncSender<Entry>);

enum Entry {
    Line(Vec<u8>),
    /// Answered once everything before is written.
    Flush(SyncSender<()>),
}

static LOG: OnceLock<Log> = OnceLock::new();

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

impl Log {
    fn start() -> Log {
        let (lines, entries) = sync_channel(LOG_QUEUE_LIMIT_LINES);
        // Without a thread the queue fills, and lines are dropped.
        let _ = std::thread::Builder::new().name("log".into()).spawn(move || write_lines(&entries));
        Log(lines)
    }

    fn push(&self, line: Vec<u8>) {
        keep(&line);
        if self.0.try_send(Entry::Line(line)).is_err() {
            counter!("driftbelt_log_lines_dropped_total").increment(1);
        }
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
        Some(log) => log.push(format!("{line}\n").into_bytes()),
        None => drop(writeln!(io::stderr(), "{line}")),
    }
}

/// Waits for what was logged and said to be written, but not for a reader that does not read.
pub fn flush() {
    let Some(log) = LOG.get() else { return };
    let (done, written) = sync_channel(1);
    if log.0.try_send(Entry::Flush(done)).is_ok() {
        let _ = written.recv_timeout(LOG_FLUSH_LIMIT);
    }
}

/// Sends the log, and the panics of all threads, to standard error from now on. Does nothing if the process already has a log.
pub fn log_to_stderr(form: LogForm, filter: &str) -> Result<(), ParseError> {
    let filter: EnvFilter = filter.parse()?;
    let coloured = std::io::stderr().is_terminal();
    let writer = LOG.get_or_init(Log::start);
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

/// The metrics of this process; recorded from the first call.
pub fn metrics() -> &'static PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(|| {
        let durations = Matcher::Suffix("_seconds".into());
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(durations, &DURATION_BUCKETS_SECONDS)
            .expect("the list of buckets is not empty")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("the process already records metrics; /metrics stays empty");
        }
        handle
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
