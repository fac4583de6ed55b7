//! The threads that own the open WebSockets. Each runs one reactor and polls its ready connections in rounds; it sleeps between
//! rounds, so that one wake-up serves many messages. Once per tick of a room it sends the contents of the outboxes.

use crate::net::play::connection::{Arrival, Connection, Next, Scratch};
use crate::net::play::context::ConnectionContext;
use slab::Slab;
use std::io;
use std::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Wake, Waker};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::{self, Runtime};

/// Longest wait of a message that has arrived for the next round.
const REST: Duration = Duration::from_millis(3);
/// How often the timeouts of connections are checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(250);
/// Threads at most; a room's thread needs its core more.
const WORKERS_LIMIT: usize = 4;

/// The threads. They end with the server and their last connection.
#[derive(Default)]
pub struct SocketWorkers(OnceLock<Vec<Handle>>);

struct Handle {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    arrivals: Mutex<Vec<Arrival>>,
    open: AtomicUsize,
    flush_requested: AtomicBool,
}

impl SocketWorkers {
    /// Starts one thread for every two cores. To be called once.
    ///
    /// # Errors
    /// If the kernel gives no thread or no reactor.
    pub fn start(&self, context: &Arc<ConnectionContext>) -> io::Result<()> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let handles = (0..cores.div_ceil(2).min(WORKERS_LIMIT)).map(|number| {
            let shared = Arc::new(Shared::default());
            let worker = Worker::new(shared.clone(), context.clone())?;
            let thread = std::thread::Builder::new().name(format!("sockets {number}"));
            let thread = thread.spawn(move || worker.run())?;
            Ok(Handle { shared, thread })
        });
        let handles = handles.collect::<io::Result<_>>()?;
        self.0.set(handles).map_err(|_| io::ErrorKind::AlreadyExists.into())
    }

    /// Takes over a WebSocket, on the thread that has the fewest.
    pub fn adopt(&self, arrival: Arrival) {
        let load = |worker: &&Handle| worker.shared.open.load(Relaxed) + worker.shared.arrivals().len();
        if let Some(worker) = self.handles().min_by_key(load) {
            worker.shared.arrivals().push(arrival);
            worker.thread.thread().unpark();
        }
    }

    /// Asks for what is in the outboxes to be sent.
    pub fn flush(&self) {
        for worker in self.handles() {
            worker.shared.flush_requested.store(true, Release);
            worker.thread.thread().unpark();
        }
    }

    /// Whether every thread is alive.
    pub fn is_healthy(&self) -> bool {
        self.handles().all(|worker| !worker.thread.is_finished())
    }

    fn handles(&self) -> impl Iterator<Item = &Handle> {
        self.0.get().into_iter().flatten()
    }
}

impl Shared {
    fn arrivals(&self) -> MutexGuard<'_, Vec<Arrival>> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread's work.
struct Worker {
    shared: Arc<Shared>,
    context: Arc<ConnectionContext>,
    runtime: Runtime,
    entries: Slab<Entry>,
    woken: Arc<Mutex<Vec<usize>>>,
    /// Keys of the connections that are polled in this round.
    polled: Vec<usize>,
    scratch: Scratch,
}

struct Entry {
    // Boxed, since a slab keeps up to twice the memory of its entries.
    connection: Box<Connection>,
    wakeup: Arc<Wakeup>,
    waker: Waker,
}

/// Marks a connection to be polled in the next round.
struct Wakeup {
    key: usize,
    is_pending: AtomicBool,
    woken: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_pending.swap(true, AcqRel) {
            self.woken.lock().unwrap_or_else(PoisonError::into_inner).push(self.key);
        }
    }
}

impl Worker {
    fn new(shared: Arc<Shared>, context: Arc<ConnectionContext>) -> io::Result<Worker> {
        Ok(Worker {
            shared,
            context,
            runtime: runtime::Builder::new_current_thread().enable_io().build()?,
            entries: Slab::new(),
            woken: Arc::default(),
            polled: Vec::new(),
            scratch: Scratch::default(),
        })
    }

    fn run(mut self) {
        let mut checked = Instant::now();
        loop {
            std::thread::park_timeout(if self.entries.is_empty() { CHECK_INTERVAL } else { REST });
            let now = Instant::now();
            self.open_arrivals(now);
            let (context, scratch) = (&*self.context, &mut self.scratch);
            if self.shared.flush_requested.swap(false, Acquire) {
                self.entries.retain(|_, entry| {
                    entry.drive(|connection, cx| connection.send_outbox(context, scratch, cx, now))
                });
            }
            // One turn of the reactor: it wakes the connections whose sockets are ready.
            self.runtime.block_on(tokio::task::yield_now());
            std::mem::swap(&mut self.polled, &mut *self.woken.lock().unwrap_or_else(PoisonError::into_inner));
            // Neighbours in the slab are neighbours in memory.
            self.polled.sort_unstable();
            for key in self.polled.drain(..) {
                let Some(entry) = self.entries.get_mut(key) else { continue };
                entry.wakeup.is_pending.store(false, Release);
                if !entry.drive(|connection, cx| connection.poll(context, cx, now)) {
                    self.entries.remove(key);
                }
            }
            if now - checked >= CHECK_INTERVAL {
                checked = now;
                self.entries.retain(|_, entry| {
                    entry.drive(|connection, cx| connection.check_times(context, cx, now))
                });
            }
            self.shared.open.store(self.entries.len(), Relaxed);
            if self.entries.is_empty() && context.is_stopping() && self.shared.arrivals().is_empty() {
                return;
            }
        }
    }

    fn open_arrivals(&mut self, now: Instant) {
        let _entered = self.runtime.enter();
        for arrival in std::mem::take(&mut *self.shared.arrivals()) {
            let place = self.entries.vacant_entry();
            let wakeup = Wakeup { key: place.key(), is_pending: false.into(), woken: self.woken.clone() };
            let wakeup = Arc::new(wakeup);
            let waker = Waker::from(wakeup.clone());
            match Connection::open(arrival, &self.context, &mut Context::from_waker(&waker), now) {
                Ok(connection) => {
                    wakeup.wake_by_ref();
                    place.insert(Entry { connection: Box::new(connection), wakeup, waker });
                }
                Err(error) => tracing::warn!(%error, "a WebSocket could not be watched"),
            }
        }
    }
}

impl Entry {
    /// Lets the connection act. Returns whether it stays open.
    fn drive(&mut self, act: impl FnOnce(&mut Connection, &mut Context<'_>) -> Next) -> bool {
        act(&mut self.connection, &mut Context::from_waker(&self.waker)) == Next::Continue
    }
}
