//! The open WebSockets, on a few threads. A round reads what has arrived; once per tick of a room everything that the room
//! has said is written, one system call per client.
//!
//! Between rounds a thread rests, so that it wakes up for many messages at a time instead of for each of them.

use crate::inbox::{InboxSender, PostError, SessionEvent};
use crate::net::connection::{Connection, Flow};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Longest wait of an arrived message for the next round.
const REST: Duration = Duration::from_millis(3);
/// How often the times of connections are looked at.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// Readiness events taken from the system at a time.
const EVENTS_PER_POLL: usize = 1024;
/// Threads at most; a room's thread needs its core more.
const LANES_LIMIT: usize = 4;

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
    arrivals: Mutex<Vec<Connection>>,
    connections: AtomicUsize,
    flush: AtomicBool,
    stop: AtomicBool,
}

impl Pump {
    /// Starts the threads: one for every two cores.
    ///
    /// # Errors
    /// The system's error if a thread or its readiness queue cannot be made.
    pub fn start() -> io::Result<Pump> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let lanes = (0..cores.div_ceil(2).min(LANES_LIMIT)).map(|number| {
            let shared = Arc::new(Shared::default());
            let poll = Poll::new()?;
            let thread = std::thread::Builder::new().name(format!("sockets {number}")).spawn({
                let shared = shared.clone();
                move || Round::new(poll, shared).run()
            })?;
            Ok(Lane { shared, thread: thread.thread().clone() })
        });
        Ok(Pump { lanes: lanes.collect::<io::Result<_>>()? })
    }

    /// Takes over a connection, on the thread that has the fewest.
    pub fn adopt(&self, connection: Connection) {
        let Some(lane) = self.lanes.iter().min_by_key(|lane| lane.shared.connections.load(Relaxed)) else {
            return;
        };
        lane.shared.connections.fetch_add(1, Relaxed);
        lane.shared.arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        lane.thread.unpark();
    }

    /// A room has ticked: what it said is to be written.
    pub fn flush(&self) {
        for lane in &self.lanes {
            lane.shared.flush.store(true, Relaxed);
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

/// One thread's work.
struct Round {
    poll: Poll,
    events: Events,
    shared: Arc<Shared>,
    connections: Slab<Connection>,
    /// What rooms whose inbox was full have still to be told.
    untold: Vec<(InboxSender, SessionEvent)>,
    checked: Instant,
}

impl Round {
    fn new(poll: Poll, shared: Arc<Shared>) -> Round {
        Round {
            poll,
            events: Events::with_capacity(EVENTS_PER_POLL),
            shared,
            connections: Slab::new(),
            untold: Vec::new(),
            checked: Instant::now(),
        }
    }

    fn run(mut self) {
        while !(self.shared.stop.load(Relaxed) && self.connections.is_empty()) {
            std::thread::park_timeout(if self.connections.is_empty() { CHECK_INTERVAL } else { REST });
            let now = Instant::now();
            self.adopt_arrivals(now);
            self.read_ready(now);
            if self.shared.flush.swap(false, Relaxed) {
                self.for_each(|connection| connection.write(now));
            }
            if now - self.checked >= CHECK_INTERVAL {
                self.checked = now;
                self.for_each(|connection| connection.check_times(now));
                for (inbox, event) in std::mem::take(&mut self.untold) {
                    self.tell(&inbox, event);
                }
            }
        }
    }

    fn adopt_arrivals(&mut self, now: Instant) {
        let arrivals =
            std::mem::take(&mut *self.shared.arrivals.lock().unwrap_or_else(PoisonError::into_inner));
        for mut connection in arrivals {
            let place = self.connections.vacant_entry();
            let key = place.key();
            let interest = Interest::READABLE | Interest::WRITABLE;
            if let Err(error) = self.poll.registry().register(connection.source(), Token(key), interest) {
                tracing::warn!(%error, "a socket cannot be watched");
                self.shared.connections.fetch_sub(1, Relaxed);
                continue;
            }
            // What was read behind the request, or lies decrypted in the TLS session, announces itself to nobody.
            let flow = connection.read(now);
            place.insert(connection);
            self.settle(key, flow);
        }
    }

    fn read_ready(&mut self, now: Instant) {
        loop {
            if let Err(error) = self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
                if error.kind() != io::ErrorKind::Interrupted {
                    tracing::error!(%error, "the system does not say which sockets are ready");
                }
                return;
            }
            let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
            for event in events.iter() {
                let Token(key) = event.token();
                let Some(connection) = self.connections.get_mut(key) else { continue };
                let mut flow = Flow::Open;
                if event.is_writable() {
                    flow = connection.flush(now);
                }
                if flow == Flow::Open && (event.is_readable() || event.is_error() || event.is_read_closed()) {
                    flow = connection.read(now);
                }
                self.settle(key, flow);
            }
            let taken = events.iter().count();
            self.events = events;
            if taken < EVENTS_PER_POLL {
                return;
            }
        }
    }

    fn for_each(&mut self, mut act: impl FnMut(&mut Connection) -> Flow) {
        let mut ended = Vec::new();
        for (key, connection) in &mut self.connections {
            if act(connection) == Flow::Ended {
                ended.push(key);
            }
        }
        for key in ended {
            self.settle(key, Flow::Ended);
        }
    }

    /// Lets go of a connection that has ended, and tells its room.
    fn settle(&mut self, key: usize, flow: Flow) {
        if flow == Flow::Open {
            return;
        }
        let mut connection = self.connections.remove(key);
        self.shared.connections.fetch_sub(1, Relaxed);
        if let Some((inbox, event)) = connection.report() {
            self.tell(&inbox, event);
        }
    }

    /// A room hears that a player is gone, however full its inbox is.
    fn tell(&mut self, inbox: &InboxSender, event: SessionEvent) {
        if let Err(PostError::Full(event)) = inbox.post(event) {
            self.untold.push((inbox.clone(), *event));
        }
    }
}
