//! The open WebSockets, on a few threads. A round takes in what has arrived; once per tick of a room everything that the
//! room has said goes out.
//!
//! Between rounds a thread rests, so that it wakes up for many messages at a time instead of for each of them.

use crate::net::play::connection::{Connection, Flow};
#[cfg(target_os = "linux")]
use crate::net::play::sockets::Ring;
use crate::net::play::sockets::{Readiness, Report, SocketMethod, Sockets};
use crate::net::play::stream::Meters;
use room::outbox::Drained;
use std::io;
use std::net::TcpStream;
use std::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Longest wait of an arrived message for the next round.
const REST: Duration = Duration::from_millis(3);
/// How often the times of connections are looked at.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// Threads at most; a room's thread needs its core more.
const LANES_LIMIT: usize = 4;
/// Pieces of memory that a thread keeps for what it will send next, at most.
const SPARES_LIMIT: usize = 4096;
/// Larger ones are not kept, in bytes.
const SPARE_LIMIT_BYTES: usize = 1024;

/// The threads that own the open WebSockets. They end with the last handle to this and the last connection.
pub struct Pump {
    lanes: Vec<Lane>,
}

struct Lane {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    arrivals: Mutex<Vec<(TcpStream, Connection)>>,
    connections: AtomicUsize,
    flush: AtomicBool,
    stop: AtomicBool,
}

impl Pump {
    /// Starts the threads: one for every two cores.
    ///
    /// # Errors
    /// The system's error if a thread, or what moves its bytes, cannot be made.
    pub fn start(method: SocketMethod) -> io::Result<Pump> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let lanes = (0..cores.div_ceil(2).min(LANES_LIMIT)).map(|number| {
            let shared = Arc::new(Shared::default());
            let (started, start) = sync_channel(1);
            let thread = std::thread::Builder::new().name(format!("sockets {number}")).spawn({
                let shared = shared.clone();
                move || run(method, shared, &started)
            })?;
            start.recv().map_err(io::Error::other)??;
            Ok(Lane { shared, thread: thread.thread().clone() })
        });
        Ok(Pump { lanes: lanes.collect::<io::Result<_>>()? })
    }

    /// Takes over a connection and its socket, on the thread that has the fewest.
    pub fn adopt(&self, socket: TcpStream, connection: Connection) {
        let Some(lane) = self.lanes.iter().min_by_key(|lane| lane.shared.connections.load(Relaxed)) else {
            return;
        };
        lane.shared.connections.fetch_add(1, Relaxed);
        lane.shared.arrivals.lock().unwrap_or_else(PoisonError::into_inner).push((socket, connection));
        lane.thread.unpark();
    }

    /// A room has ticked: what it said is to be sent.
    pub fn flush(&self) {
        for lane in &self.lanes {
            lane.shared.flush.store(true, Release);
            lane.thread.unpark();
        }
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        for lane in &self.lanes {
            lane.shared.stop.store(true, Relaxed);
            lane.thread.unpark();
        }
    }
}

/// A thread's work, with whatever moves bytes on this system. A ring belongs to the thread that made it.
fn run(method: SocketMethod, shared: Arc<Shared>, started: &SyncSender<io::Result<()>>) {
    #[cfg(target_os = "linux")]
    if method != SocketMethod::Readiness {
        match Ring::new() {
            Ok(ring) => {
                let _ = started.send(Ok(()));
                return Rounds::new(ring, shared).run();
            }
            Err(error) if method == SocketMethod::Ring => {
                let _ = started.send(Err(error));
                return;
            }
            Err(error) => tracing::info!(%error, "no io_uring here: sockets cost more system calls"),
        }
    }
    match Readiness::new() {
        Ok(readiness) => {
            let _ = started.send(Ok(()));
            Rounds::new(readiness, shared).run();
        }
        Err(error) => {
            let _ = started.send(Err(error));
        }
    }
}

/// One thread's work.
struct Rounds<S> {
    sockets: S,
    shared: Arc<Shared>,
    connections: Connections,
    /// What a room has said to the connection at hand.
    drained: Drained,
    /// Memory for what is to be sent: what is never freed need not be found again.
    spares: Vec<Vec<u8>>,
    meters: Meters,
    checked: Instant,
}

/// The connections of one thread, by the keys of their sockets.
#[derive(Default)]
struct Connections {
    list: Vec<Option<Connection>>,
    count: usize,
    /// Those with which something has happened in this round.
    touched: Vec<(usize, Flow)>,
}

impl<S: Sockets> Rounds<S> {
    fn new(sockets: S, shared: Arc<Shared>) -> Rounds<S> {
        Rounds {
            sockets,
            shared,
            connections: Connections::default(),
            drained: Drained::default(),
            spares: Vec::new(),
            meters: Meters::default(),
            checked: Instant::now(),
        }
    }

    fn run(mut self) {
        while !(self.shared.stop.load(Relaxed) && self.connections.count == 0) {
            std::thread::park_timeout(if self.connections.count == 0 { CHECK_INTERVAL } else { REST });
            let now = Instant::now();
            self.adopt_arrivals(now);
            if self.shared.flush.swap(false, Acquire) {
                let (drained, spares) = (&mut self.drained, &mut self.spares);
                self.connections.each(|connection| connection.collect(drained, spares, now));
                self.settle(now);
            }
            let (connections, spares) = (&mut self.connections, &mut self.spares);
            let mut received = 0;
            self.sockets.turn(&mut |key, report| {
                connections.touch(key, |connection| match report {
                    Report::Received(bytes) => {
                        received += bytes.len();
                        connection.receive(bytes, now)
                    }
                    Report::Sent(memory) => {
                        keep(memory, spares);
                        connection.sent()
                    }
                    Report::Gone => Flow::Gone,
                });
            });
            self.meters.count(received, 0);
            if now - self.checked >= CHECK_INTERVAL {
                self.checked = now;
                self.connections.each(|connection| connection.check_times(now));
            }
            self.settle(now);
        }
    }

    fn adopt_arrivals(&mut self, now: Instant) {
        let arrivals =
            std::mem::take(&mut *self.shared.arrivals.lock().unwrap_or_else(PoisonError::into_inner));
        for (socket, connection) in arrivals {
            match self.sockets.add(socket) {
                Ok(key) => {
                    self.connections.insert(key, connection);
                    // What came with the handshake announces itself to nobody.
                    self.connections.touch(key, |connection| connection.receive(&[], now));
                }
                Err(error) => {
                    tracing::warn!(%error, "a socket cannot be watched");
                    self.shared.connections.fetch_sub(1, Relaxed);
                }
            }
        }
        self.settle(now);
    }

    /// Sends what the touched connections have to say, and lets go of those that have ended.
    fn settle(&mut self, now: Instant) {
        let mut sent = 0;
        let mut touched = std::mem::take(&mut self.connections.touched);
        for (key, flow) in touched.drain(..) {
            let Some(connection) = self.connections.get(key) else { continue };
            match flow {
                Flow::Open => match connection.take_outgoing(now) {
                    Some(bytes) => {
                        sent += bytes.len();
                        self.sockets.send(key, bytes);
                    }
                    None if connection.is_finished() => self.sockets.finish(key),
                    None => {}
                },
                Flow::Ended | Flow::Gone => {
                    connection.leave_seat();
                    self.let_go(key, flow, now);
                }
            }
        }
        self.connections.touched = touched;
        self.meters.count(0, sent);
    }

    /// Says the last words and forgets the connection, unless they have to wait.
    fn let_go(&mut self, key: usize, flow: Flow, now: Instant) {
        let Some(connection) = self.connections.get(key) else { return };
        if flow == Flow::Ended && connection.must_linger(now) {
            return;
        }
        let last_words = if flow == Flow::Ended { connection.last_words(now) } else { Vec::new() };
        self.meters.count(0, last_words.len());
        self.sockets.remove(key, last_words);
        self.connections.remove(key);
        self.shared.connections.fetch_sub(1, Relaxed);
    }
}

/// Keeps memory for what is to be sent next.
fn keep(mut memory: Vec<u8>, spares: &mut Vec<Vec<u8>>) {
    if memory.capacity() <= SPARE_LIMIT_BYTES && spares.len() < SPARES_LIMIT {
        memory.clear();
        spares.push(memory);
    }
}

impl Connections {
    fn insert(&mut self, key: usize, connection: Connection) {
        if self.list.len() <= key {
            self.list.resize_with(key + 1, || None);
        }
        self.list[key] = Some(connection);
        self.count += 1;
    }

    fn get(&mut self, key: usize) -> Option<&mut Connection> {
        self.list.get_mut(key)?.as_mut()
    }

    fn touch(&mut self, key: usize, act: impl FnOnce(&mut Connection) -> Flow) {
        if let Some(connection) = self.get(key) {
            let flow = act(connection);
            self.touched.push((key, flow));
        }
    }

    fn each(&mut self, mut act: impl FnMut(&mut Connection) -> Flow) {
        for key in 0..self.list.len() {
            self.touch(key, &mut act);
        }
    }

    fn remove(&mut self, key: usize) {
        if self.list.get_mut(key).and_then(Option::take).is_some() {
            self.count -= 1;
        }
    }
}
