//! The writing side of the floor.

use super::{FloorOptions, FloorReport, Received, WARM_UP_SECONDS, frame_bytes};
use crate::core_time::{pin, thread_time};
use crate::pace::Pace;
use anyhow::Context;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Largest read of one system call; the answers that wait at one time are fewer bytes.
const ANSWERS_BYTES: usize = 4096;

/// What the writer did while it was measured.
pub(super) struct Written {
    pub(super) frames: u64,
    pub(super) full: u64,
    /// Bytes that came back, from the beginning.
    pub(super) answered: u64,
    pub(super) core_time: Duration,
    pub(super) elapsed: Duration,
}

/// Starts the readers as a separate process, writes to them, and reports.
pub fn measure(options: &FloorOptions) -> anyhow::Result<FloorReport> {
    let payload = usize::from(options.bytes);
    let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen on loopback")?;
    let mut readers = Command::new(std::env::current_exe().context("cannot tell where swarm lies")?);
    readers.args(["floor-reader", "--connect", &listener.local_addr()?.to_string()]);
    readers.args(["--clients", &options.clients.to_string()]);
    readers.args(["--frame-bytes", &frame_bytes(payload).to_string()]);
    readers.args(["--answer-bytes", &options.answer_bytes.to_string()]);
    if let Some(core) = options.client_core {
        readers.args(["--core", &core.to_string()]);
    }
    let readers =
        readers.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot start the readers")?;
    if let Some(core) = options.server_core {
        pin(core)?;
    }
    let measured = Duration::from_secs(options.seconds.into());
    let written = write(&listener, options.clients, payload, f64::from(options.hz), measured)?;
    let output = readers.wait_with_output().context("the readers are gone")?;
    anyhow::ensure!(output.status.success(), "the readers failed ({})", output.status);
    let received: Received =
        serde_json::from_slice(&output.stdout).context("the readers said nothing sensible")?;
    let client_seconds = f64::from(options.clients) * written.elapsed.as_secs_f64();
    let core_seconds = written.core_time.as_secs_f64();
    Ok(FloorReport {
        clients: options.clients,
        frame_bytes: frame_bytes(payload),
        answer_bytes: options.answer_bytes,
        cpu_micros_per_client_second: core_seconds * 1e6 / client_seconds,
        writer_load: core_seconds / written.elapsed.as_secs_f64(),
        reader_load: received.core_seconds / received.seconds,
        frames_per_client_second: received.frames as f64 / client_seconds,
        gaps: received.gaps,
        full: written.full,
    })
}

struct Peer {
    stream: TcpStream,
    /// Bytes of the newest frame that the socket has taken.
    taken: usize,
}

/// Accepts `clients` readers and writes to all of them at `hz`; measures after the warm-up.
pub(super) fn write(
    listener: &TcpListener,
    clients: u32,
    payload: usize,
    hz: f64,
    measured: Duration,
) -> anyhow::Result<Written> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut peers = Vec::new();
    for index in 0..clients as usize {
        let (stream, _) = listener.accept().context("a reader did not come")?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
        peers.push(Peer { stream, taken: 0 });
    }
    let frame = frame(payload);
    let mut pace = Pace::new(Instant::now(), hz);
    let warm_up_rounds = (WARM_UP_SECONDS * hz) as u64;
    let rounds = warm_up_rounds + (measured.as_secs_f64() * hz) as u64;
    let mut written =
        Written { frames: 0, full: 0, answered: 0, core_time: Duration::ZERO, elapsed: Duration::ZERO };
    let (mut begun, mut spent) = (Instant::now(), thread_time());
    while pace.round() < rounds {
        written.answered += wait(&mut poll, &mut events, &mut peers, pace.due())?;
        if pace.round() == warm_up_rounds {
            (begun, spent) = (Instant::now(), thread_time());
        }
        pace.advance();
        for peer in &mut peers {
            match peer.write(&frame)? {
                true => written.frames += 1,
                false => written.full += 1,
            }
        }
    }
    written.answered += wait(&mut poll, &mut events, &mut peers, pace.due())?;
    written.core_time = thread_time() - spent;
    written.elapsed = begun.elapsed();
    Ok(written)
}

/// Reads until the next round is due; returns the number of bytes read.
fn wait(poll: &mut Poll, events: &mut Events, peers: &mut [Peer], due: Instant) -> anyhow::Result<u64> {
    let mut answered = 0;
    while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        match poll.poll(events, Some(left)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
        for event in events.iter() {
            answered += peers[event.token().0].read_answers()?;
        }
    }
    Ok(answered)
}

impl Peer {
    fn read_answers(&mut self) -> anyhow::Result<u64> {
        let mut buffer = [0; ANSWERS_BYTES];
        match self.stream.read(&mut buffer) {
            Ok(0) => anyhow::bail!("a reader hung up"),
            // A socket that gives less than asked for is empty, and epoll tells when there is more.
            Ok(bytes) => Ok(bytes as u64),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error).context("a reader hung up"),
        }
    }

    /// Writes one frame, or the rest of the previous one; returns whether a frame was finished.
    fn write(&mut self, frame: &[u8]) -> anyhow::Result<bool> {
        match self.stream.write(&frame[self.taken..]) {
            Ok(bytes) => self.taken += bytes,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error).context("a reader hung up"),
        }
        let finished = self.taken == frame.len();
        if finished {
            self.taken = 0;
        }
        Ok(finished)
    }
}

/// One binary frame, as a WebSocket server writes it.
fn frame(payload: usize) -> Vec<u8> {
    const BINARY_AND_FINAL: u8 = 0x82;
    const LENGTH_FOLLOWS: u8 = 126;
    let mut frame = vec![BINARY_AND_FINAL];
    if frame_bytes(payload) == payload + super::LONG_HEADER_BYTES {
        frame.push(LENGTH_FOLLOWS);
        frame.extend_from_slice(&(payload as u16).to_be_bytes());
    } else {
        frame.push(payload as u8);
    }
    frame.resize(frame_bytes(payload), 0x55);
    frame
}
