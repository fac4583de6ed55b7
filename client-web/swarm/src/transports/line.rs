//! A line to the server, whatever it is made of: messages go in and come out, and everything is counted.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::ops::Sub;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    pub messages: u64,
    pub payload: u64,
    pub wire: u64,
    pub requests: u64,
}

impl Sub for Volume {
    type Output = Volume;

    fn sub(self, before: Volume) -> Volume {
        Volume {
            messages: self.messages - before.messages,
            payload: self.payload - before.payload,
            wire: self.wire - before.wire,
            requests: self.requests - before.requests,
        }
    }
}

/// Counts the bytes and the requests of the sockets of a line.
#[derive(Debug, Default)]
pub struct Meter {
    pub wire: AtomicU64,
    pub requests: AtomicU64,
}

#[derive(Debug)]
pub struct Counted {
    pub stream: TcpStream,
    pub meter: Arc<Meter>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(buffer)?;
        self.meter.wire.fetch_add(length as u64, Relaxed);
        Ok(length)
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.stream.write(bytes)?;
        self.meter.wire.fetch_add(length as u64, Relaxed);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A message and the time it was sent at.
pub type Timed = (Instant, Vec<u8>);

/// A line to the server. Its threads end when it is dropped or the server hangs up.
pub struct Line {
    outgoing: Sender<Timed>,
    incoming: Receiver<Timed>,
    /// Simulated delay of incoming messages.
    delay: Duration,
    meter: Arc<Meter>,
    messages: u64,
    payload: u64,
}

/// The ends that the threads of a line hold.
pub struct Ends {
    pub outgoing: Receiver<Timed>,
    pub incoming: Sender<Timed>,
}

impl Line {
    /// A line whose incoming messages are delayed.
    pub fn new(meter: Arc<Meter>, delay: Duration) -> (Line, Ends) {
        let (outgoing, to_server) = channel();
        let (from_server, incoming) = channel();
        let line = Line { outgoing, incoming, delay, meter, messages: 0, payload: 0 };
        (line, Ends { outgoing: to_server, incoming: from_server })
    }

    /// Sends a message. A dead line shows when receiving.
    pub fn send(&mut self, message: Vec<u8>) {
        self.count(message.len());
        let _ = self.outgoing.send((Instant::now(), message));
    }

    /// The next message, or an error after a time.
    pub fn receive(&mut self, time: Duration) -> Result<Vec<u8>, RecvTimeoutError> {
        let (sent_at, message) = self.incoming.recv_timeout(time)?;
        sleep_until(sent_at + self.delay);
        self.count(message.len());
        Ok(message)
    }

    pub fn volume(&self) -> Volume {
        Volume {
            messages: self.messages,
            payload: self.payload,
            wire: self.meter.wire.load(Relaxed),
            requests: self.meter.requests.load(Relaxed),
        }
    }

    fn count(&mut self, bytes: usize) {
        self.messages += 1;
        self.payload += bytes as u64;
    }
}

pub fn sleep_until(moment: Instant) {
    std::thread::sleep(moment.saturating_duration_since(Instant::now()));
}
