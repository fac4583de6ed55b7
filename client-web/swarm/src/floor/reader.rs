//! The reading side of the floor: counts frames and silences, nothing else.

use super::{ReaderOptions, Received, WARM_UP_SECONDS};
use crate::core_time::{pin, thread_time};
use crate::tally::Arrivals;
use anyhow::Context;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// Most bytes that go back at a time.
const ANSWER_LIMIT_BYTES: usize = 4096;
/// Largest read of one system call.
const READ_BYTES: usize = 64 * 1024;

/// Reads until the writer is done and prints what was seen, as JSON.
pub fn read(options: &ReaderOptions) -> anyhow::Result<()> {
    if let Some(core) = options.core {
        pin(core)?;
    }
    let received = receive(options, Duration::from_secs_f64(WARM_UP_SECONDS))?;
    serde_json::to_writer(std::io::stdout(), &received)?;
    std::io::stdout().flush()?;
    Ok(())
}

struct Peer {
    stream: TcpStream,
    bytes: usize,
    ended: bool,
    arrivals: Arrivals,
}

/// Reads until the writer is done; what arrives within `warm_up` of the first frame is not counted.
pub(super) fn receive(options: &ReaderOptions, warm_up: Duration) -> anyhow::Result<Received> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut peers = Vec::new();
    for index in 0..options.clients as usize {
        let stream = std::net::TcpStream::connect(options.connect).context("cannot reach the writer")?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
        peers.push(Peer { stream, bytes: 0, ended: false, arrivals: Arrivals::default() });
    }
    let mut buffer = vec![0; READ_BYTES];
    let mut open = peers.len();
    let mut clock: Option<(Instant, Duration)> = None;
    let mut warm = false;
    let mut last = Instant::now();
    while open > 0 {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
        let now = Instant::now();
        let (first, _) = *clock.get_or_insert((now, thread_time()));
        if !warm && now - first >= warm_up {
            warm = true;
            clock = Some((now, thread_time()));
            peers.iter_mut().for_each(|peer| peer.arrivals.restart());
        }
        let micros = now.duration_since(first).as_micros() as u64;
        for event in &events {
            let peer = &mut peers[event.token().0];
            // A socket may tell of its end more than once.
            if peer.ended {
                continue;
            }
            let before = peer.arrivals.count;
            let open_still = peer.read(&mut buffer, options.frame_bytes, event.is_read_closed(), micros);
            let answer = usize::from(options.answer_bytes) * (peer.arrivals.count - before) as usize;
            // A writer that is gone says so when it is read from.
            let _ = peer.stream.write(&[0x55; ANSWER_LIMIT_BYTES][..answer.min(ANSWER_LIMIT_BYTES)]);
            if open_still {
                last = now;
            } else {
                peer.ended = true;
                open -= 1;
            }
        }
    }
    let (begun, spent) = clock.unwrap_or((last, thread_time()));
    Ok(Received {
        frames: peers.iter().map(|peer| peer.arrivals.count).sum(),
        gaps: peers.iter().map(|peer| peer.arrivals.gaps).sum(),
        seconds: last.duration_since(begun).as_secs_f64(),
        core_seconds: (thread_time() - spent).as_secs_f64(),
    })
}

impl Peer {
    /// Reads what has arrived; `false` if the writer hung up. With `closing`, the end of the stream may follow the data.
    fn read(&mut self, buffer: &mut [u8], frame_bytes: usize, closing: bool, now_micros: u64) -> bool {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return false,
                Ok(bytes) => {
                    self.bytes += bytes;
                    while self.bytes >= frame_bytes {
                        self.bytes -= frame_bytes;
                        self.arrivals.arrived(now_micros);
                    }
                    // A socket that gives less than asked for is empty, and epoll tells when there is more.
                    if bytes < buffer.len() && !closing {
                        return true;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }
}
