//! A line to the server, whatever it is made of: messages go in and come out, and everything is counted.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::ops::Sub;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// What went over a line, in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Messages.
    pub messages: u64,
    /// Bytes of messages.
    pub payload: u64,
    /// Bytes of everything.
    pub wire: u64,
    /// HTTP requests.
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

/// A socket whose bytes are counted.
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

/// A message, and when it was said.
pub type Said = (Instant, Vec<u8>);

/// A line to the server. Its threads end when it is dropped or the server hangs up.
pub struct Line {
    outgoing: Sender<Said>,
    incoming: Receiver<Said>,
    /// What the network takes for one direction of what comes in.
    delay: Duration,
    meter: Arc<Meter>,
    messages: u64,
    payload: u64,
}

/// The ends that the threads of a line hold.
pub struct Ends {
    pub outgoing: Receiver<Said>,
    pub incoming: Sender<Said>,
}

impl Line {
    /// A line of which everything that comes in takes this long.
    pub fn new(meter: Arc<Meter>, delay: Duration) -> (Line, Ends) {
        let (outgoing, to_server) = channel();
        let (from_server, incoming) = channel();
        let line = Line { outgoing, incoming, delay, meter, messages: 0, payload: 0 };
        (line, Ends { outgoing: to_server, incoming: from_server })
    }

    /// Says a message. That the line is dead is heard soon enough.
    pub fn say(&mut self, message: Vec<u8>) {
        self.count(message.len());
        let _ = self.outgoing.send((Instant::now(), message));
    }

    /// The next message, within a time.
    pub fn hear(&mut self, time: Duration) -> Result<Vec<u8>, RecvTimeoutError> {
        let (said, message) = self.incoming.recv_timeout(time)?;
        sleep_until(said + self.delay);
        self.count(message.len());
        Ok(message)
    }

    /// What went over it so far.
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

/// Rests until a moment.
pub fn sleep_until(moment: Instant) {
    std::thread::sleep(moment.saturating_duration_since(Instant::now()));
}
