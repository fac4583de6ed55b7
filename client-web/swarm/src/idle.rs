//! Connections that wait for a seat and do nothing else: what one of them costs the server in memory.

use crate::observer::Usage;
use crate::socket::{Progress, Socket, SocketError};
use crate::target::Target;
use anyhow::Context;
use clap::Args;
use mio::event::Event;
use mio::{Events, Poll, Token};
use serde::{Deserialize, Serialize};
use shared::codec::{decode_server, encode_client};
use shared::message::{ClientMessage, Hello, ServerMessage};
use shared::text::Name;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

/// Interval of the loop.
const ROUND: Duration = Duration::from_millis(20);
/// How long the connections may take to open, beyond the time over which they are spread.
const OPEN_LIMIT: Duration = Duration::from_secs(30);
/// Interval of pings: a server closes silent connections.
const SIGN_OF_LIFE_INTERVAL: Duration = Duration::from_secs(5);
const READ_BUFFER_BYTES: usize = 16 * 1024;

#[derive(Clone, Debug, Args)]
pub struct IdleOptions {
    /// The server, as ws://HOST:PORT or (on this machine) wss://HOST:PORT; its rooms should have few seats
    #[arg(long, value_name = "URL")]
    pub url: String,
    /// Connections
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=18_000))]
    pub connections: u32,
    /// Rooms over which they are spread
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub rooms: u32,
    /// Connections opened per second
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub per_second: u32,
    /// Seconds for which they stay before the memory is read
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
    /// Process of the server
    #[arg(long, value_name = "PID")]
    pub server_pid: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdleReport {
    pub connections: u32,
    /// Those that wait for a seat in the end.
    pub waiting: usize,
    /// Those that got a seat: each room has at least one.
    pub seated: usize,
    pub failures: BTreeMap<String, usize>,
    /// The server's memory before the first connection, in KiB.
    pub before_kib: f64,
    /// The server's memory with all of them, in KiB.
    pub after_kib: f64,
    pub kib_per_connection: f64,
    /// The server's CPU time per connection and second, in microseconds.
    pub cpu_micros_per_connection_second: f64,
}

/// Opens the connections, keeps them for a while, and reads the server's memory.
pub fn measure(options: &IdleOptions, progress: impl Fn(&str)) -> anyhow::Result<IdleReport> {
    let targets = (0..options.rooms).map(|room| Target::new(&options.url, Some(&format!("idle-{room}"))));
    let targets = targets.collect::<anyhow::Result<Vec<Target>>>()?;
    let first = targets.first().context("no room")?;
    // The first request loads what is loaded once.
    first.page("/api/status")?;
    let before = Usage::of(options.server_pid)?;
    let mut crowd = Crowd::new(targets)?;
    let begun = Instant::now();
    let spread = Duration::from_secs_f64(f64::from(options.connections) / f64::from(options.per_second));
    let wanted = options.connections as usize;
    while crowd.settled() < wanted && begun.elapsed() < spread + OPEN_LIMIT {
        let due = (begun.elapsed().as_secs_f64() * f64::from(options.per_second)) as usize;
        while crowd.list.len() < due.min(wanted) {
            crowd.begin();
        }
        crowd.round()?;
    }
    progress(&format!("{} wait, {} have a seat", crowd.count(Place::Waiting), crowd.count(Place::Seated)));
    let (settled, at) = (Usage::of(options.server_pid)?, Instant::now());
    while at.elapsed() < Duration::from_secs(options.seconds.into()) {
        crowd.round()?;
    }
    let after = Usage::of(options.server_pid)?;
    let connections = (crowd.count(Place::Waiting) + crowd.count(Place::Seated)).max(1) as f64;
    let gained = after.resident_bytes - before.resident_bytes;
    let spent = after.core_seconds - settled.core_seconds;
    Ok(IdleReport {
        connections: options.connections,
        waiting: crowd.count(Place::Waiting),
        seated: crowd.count(Place::Seated),
        failures: crowd.failures,
        before_kib: before.resident_bytes / 1024.0,
        after_kib: after.resident_bytes / 1024.0,
        kib_per_connection: gained / 1024.0 / connections,
        cpu_micros_per_connection_second: spent * 1e6 / connections / at.elapsed().as_secs_f64(),
    })
}

impl IdleReport {
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} connections: {} wait for a seat, {} have one\n\
             server memory {:.1} MiB before, {:.1} MiB with them: {:.2} KiB each\n\
             server time {:.2} µs per connection and second\n",
            self.connections,
            self.waiting,
            self.seated,
            self.before_kib / 1024.0,
            self.after_kib / 1024.0,
            self.kib_per_connection,
            self.cpu_micros_per_connection_second,
        );
        for (reason, count) in &self.failures {
            text += &format!("{count} out: {reason}\n");
        }
        text
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Opening,
    Waiting,
    Seated,
    Out,
}

struct Idler {
    socket: Option<Socket>,
    place: Place,
}

/// All connections and the loop that serves them.
struct Crowd {
    poll: Poll,
    events: Events,
    targets: Vec<Target>,
    list: Vec<Idler>,
    failures: BTreeMap<String, usize>,
    buffer: Vec<u8>,
    alive: Instant,
}

impl Crowd {
    fn new(targets: Vec<Target>) -> anyhow::Result<Crowd> {
        Ok(Crowd {
            poll: Poll::new().context("no epoll")?,
            events: Events::with_capacity(4096),
            targets,
            list: Vec::new(),
            failures: BTreeMap::new(),
            buffer: vec![0; READ_BUFFER_BYTES],
            alive: Instant::now(),
        })
    }

    fn count(&self, place: Place) -> usize {
        self.list.iter().filter(|idler| idler.place == place).count()
    }

    fn settled(&self) -> usize {
        self.list.len() - self.count(Place::Opening)
    }

    fn begin(&mut self) {
        let number = self.list.len();
        let target = &self.targets[number % self.targets.len()];
        let socket = Socket::connect(target, self.poll.registry(), Token(number));
        self.list.push(Idler { socket: None, place: Place::Opening });
        match socket {
            Ok(socket) => self.list[number].socket = Some(socket),
            Err(error) => self.fail(number, &error),
        }
    }

    fn round(&mut self) -> anyhow::Result<()> {
        match self.poll.poll(&mut self.events, Some(ROUND)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            if let Err(error) = self.ready(event) {
                self.fail(event.token().0, &error);
            }
        }
        self.events = events;
        if self.alive.elapsed() >= SIGN_OF_LIFE_INTERVAL {
            self.alive = Instant::now();
            let mut ping = Vec::new();
            encode_client(&ClientMessage::Ping { stamp: 0 }, &mut ping);
            for number in 0..self.list.len() {
                let Idler { socket: Some(socket), place: Place::Waiting | Place::Seated } =
                    &mut self.list[number]
                else {
                    continue;
                };
                if let Err(error) = socket.send(&ping) {
                    self.fail(number, &error);
                }
            }
        }
        Ok(())
    }

    fn ready(&mut self, event: &Event) -> Result<(), SocketError> {
        let number = event.token().0;
        let Idler { socket: Some(socket), place } = &mut self.list[number] else { return Ok(()) };
        match socket.open(&self.targets[number % self.targets.len()])? {
            Progress::Opening => return Ok(()),
            Progress::Opened => {
                let mut bytes = Vec::new();
                encode_client(&ClientMessage::Hello(hello(number)), &mut bytes);
                socket.send(&bytes)?;
            }
            Progress::Open => {}
        }
        socket.flush()?;
        let closing = event.is_read_closed() || event.is_error();
        socket.read(&mut self.buffer, closing, |bytes| match decode_server(bytes) {
            Ok(ServerMessage::Queued { .. }) => *place = Place::Waiting,
            Ok(ServerMessage::Welcome(_)) => *place = Place::Seated,
            _ => {}
        })
    }

    fn fail(&mut self, number: usize, error: &SocketError) {
        self.list[number] = Idler { socket: None, place: Place::Out };
        *self.failures.entry(error.to_string()).or_default() += 1;
    }
}

fn hello(number: usize) -> Hello {
    Hello::new(Name::from_input(&format!("Idler {number}")))
}
