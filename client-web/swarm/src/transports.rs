//! WebSocket, long polls and short polls side by side: one player over each, one after the other, and every byte counted.

mod line;
mod polls;
mod socket;

use crate::behaviour::{Behaviour, Pilot};
use crate::tally::{Distribution, Summary};
use crate::target::Target;
use anyhow::Context;
use clap::Args;
use client_core::client::Client;
use line::{Line, Volume};
use serde::{Deserialize, Serialize};
use shared::codec::{decode_server, encode_client};
use shared::message::{ClientMessage, ServerMessage};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

/// Interval of the player's steps, as of a browser's frames.
const STEP: Duration = Duration::from_millis(16);
const PING_INTERVAL: Duration = Duration::from_millis(100);
/// The first stamp of our pings, far from those of the client core.
const FIRST_STAMP: u32 = 1 << 31;
/// From the welcome to the measurement.
const WARM_UP: Duration = Duration::from_secs(2);
const JOIN_LIMIT: Duration = Duration::from_secs(10);

#[derive(Clone, Debug, Args)]
pub struct TransportsOptions {
    /// The server, as ws://HOST:PORT
    #[arg(long, value_name = "URL")]
    pub url: String,
    /// Seconds to measure each transport
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
    /// Milliseconds that the network takes there and back, simulated
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=2000))]
    pub round_trip_ms: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A transport of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// One socket for both directions.
    Websocket,
    /// Requests that wait at the server until there is a message.
    LongPoll,
    /// Requests at an interval.
    ShortPoll,
}

impl Transport {
    /// From the best to the last resort.
    pub const ALL: [Transport; 3] = [Transport::Websocket, Transport::LongPoll, Transport::ShortPoll];

    fn name(self) -> &'static str {
        match self {
            Transport::Websocket => "WebSocket",
            Transport::LongPoll => "long polls",
            Transport::ShortPoll => "short polls",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub transport: Transport,
    /// From a ping to its pong. The room answers at its next tick.
    pub ping_ms: Summary,
    pub snapshots_per_second: f64,
    pub messages_per_second: f64,
    /// HTTP requests; an open WebSocket has none.
    pub requests_per_second: f64,
    /// Bytes of messages, mean.
    pub payload_bytes_per_message: f64,
    /// Bytes around them, mean: HTTP heads, frame headers, lengths. TCP is not counted.
    pub overhead_bytes_per_message: f64,
    /// All bytes, both directions.
    pub bytes_per_second: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transports {
    pub round_trip_ms: u32,
    /// In the order of [`Transport::ALL`].
    pub rows: Vec<Measured>,
}

/// Plays over each transport in turn; `progress` gets a line about each.
pub fn measure(options: &TransportsOptions, progress: impl Fn(&str)) -> anyhow::Result<Transports> {
    let target = Target::new(&options.url, None)?;
    anyhow::ensure!(options.url.starts_with("ws://"), "bytes are counted without TLS: give a ws:// URL");
    let measured = Transport::ALL.into_iter().map(|transport| {
        progress(&format!("{}: {} s", transport.name(), options.seconds));
        Flight::begin(transport, &target, options)
            .and_then(|flight| flight.measure(options))
            .with_context(|| transport.name())
    });
    Ok(Transports { round_trip_ms: options.round_trip_ms, rows: measured.collect::<anyhow::Result<_>>()? })
}

struct Flight {
    transport: Transport,
    client: Client,
    pilot: Pilot,
    line: Line,
    begun: Instant,
    snapshots: u64,
    pinged: Vec<Instant>,
    pong_micros: Distribution,
}

impl Flight {
    fn begin(transport: Transport, target: &Target, options: &TransportsOptions) -> anyhow::Result<Flight> {
        let delay = Duration::from_millis(options.round_trip_ms.into()) / 2;
        let mut client = Client::headless("swarm", None);
        client.opened(0.0);
        let hello = client.poll_transmit().context("the client core says no Hello")?;
        let line = match transport {
            Transport::Websocket => socket::open(target, hello, delay)?,
            Transport::LongPoll => polls::open(target, hello, delay, polls::LONG)?,
            Transport::ShortPoll => polls::open(target, hello, delay, polls::SHORT)?,
        };
        let now = Instant::now();
        let pong_micros = Distribution::new();
        let pilot = Pilot::new(Behaviour::Fly, 1);
        let mut flight = Flight {
            transport,
            client,
            pilot,
            line,
            begun: now,
            snapshots: 0,
            pinged: Vec::new(),
            pong_micros,
        };
        while flight.snapshots == 0 {
            anyhow::ensure!(now.elapsed() < JOIN_LIMIT, "no snapshot came in time");
            flight.step()?;
        }
        flight.fly(WARM_UP)?;
        Ok(flight)
    }

    fn measure(mut self, options: &TransportsOptions) -> anyhow::Result<Measured> {
        let (volume, snapshots, begun) = (self.line.volume(), self.snapshots, Instant::now());
        self.pong_micros = Distribution::new();
        self.fly(Duration::from_secs(options.seconds.into()))?;
        let seconds = begun.elapsed().as_secs_f64();
        let Volume { messages, payload, wire, requests } = self.line.volume() - volume;
        let per_message = |bytes: u64| bytes as f64 / messages.max(1) as f64;
        let measured = Measured {
            transport: self.transport,
            ping_ms: self.pong_micros.summary(1e-3),
            snapshots_per_second: (self.snapshots - snapshots) as f64 / seconds,
            messages_per_second: messages as f64 / seconds,
            requests_per_second: requests as f64 / seconds,
            payload_bytes_per_message: per_message(payload),
            overhead_bytes_per_message: per_message(wire.saturating_sub(payload)),
            bytes_per_second: wire as f64 / seconds,
        };
        self.leave()?;
        Ok(measured)
    }

    fn fly(&mut self, time: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.step()?;
        }
        Ok(())
    }

    /// Leaves, and waits for the server's answer.
    fn leave(mut self) -> anyhow::Result<()> {
        self.client.leave();
        self.transmit();
        let until = Instant::now() + JOIN_LIMIT;
        while Instant::now() < until && self.line.receive(STEP) != Err(RecvTimeoutError::Disconnected) {}
        Ok(())
    }

    /// Receives until the next frame is due, then plays.
    fn step(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + STEP;
        loop {
            match self.line.receive(until.saturating_duration_since(Instant::now())) {
                Ok(message) => self.receive(&message)?,
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the server ended the connection"),
            }
        }
        let (buttons, aim) = self.pilot.controls(self.now_ms(), self.client.world());
        self.client.set_input(buttons, aim);
        self.client.advance(self.now_ms());
        self.transmit();
        if self.snapshots > 0 && self.pinged.last().is_none_or(|pinged| pinged.elapsed() >= PING_INTERVAL) {
            let mut ping = Vec::new();
            encode_client(&ClientMessage::Ping { stamp: FIRST_STAMP + self.pinged.len() as u32 }, &mut ping);
            self.pinged.push(Instant::now());
            self.line.send(ping);
        }
        Ok(())
    }

    fn receive(&mut self, message: &[u8]) -> anyhow::Result<()> {
        match decode_server(message)? {
            ServerMessage::Snapshot(_) => self.snapshots += 1,
            ServerMessage::Pong { stamp, .. } => {
                let ping = stamp.checked_sub(FIRST_STAMP).and_then(|ping| self.pinged.get(ping as usize));
                if let Some(pinged) = ping {
                    self.pong_micros.record(pinged.elapsed().as_micros() as u64);
                }
            }
            _ => {}
        }
        Ok(self.client.received(message, self.now_ms())?)
    }

    fn transmit(&mut self) {
        while let Some(message) = self.client.poll_transmit() {
            self.line.send(message);
        }
    }

    fn now_ms(&self) -> f64 {
        self.begun.elapsed().as_secs_f64() * 1000.0
    }
}

/// A row of the table: its name, and the number with its digits.
type Row = (&'static str, usize, fn(&Measured) -> f64);

const ROWS: [Row; 8] = [
    ("ping p50, ms", 1, |measured| measured.ping_ms.p50),
    ("ping p99, ms", 1, |measured| measured.ping_ms.p99),
    ("snapshots per second", 1, |measured| measured.snapshots_per_second),
    ("messages per second", 1, |measured| measured.messages_per_second),
    ("requests per second", 1, |measured| measured.requests_per_second),
    ("payload, bytes per message", 0, |measured| measured.payload_bytes_per_message),
    ("overhead, bytes per message", 0, |measured| measured.overhead_bytes_per_message),
    ("KiB per second, all", 1, |measured| measured.bytes_per_second / 1024.0),
];

impl Transports {
    pub fn text(&self) -> String {
        let mut text = format!("| round trip {} ms |", self.round_trip_ms);
        text.extend(self.rows.iter().map(|row| format!(" {} |", row.transport.name())));
        text += &format!("\n|---|{}\n", "---|".repeat(self.rows.len()));
        for (name, digits, number) in ROWS {
            text += &format!("| {name} |");
            text.extend(self.rows.iter().map(|row| format!(" {:.digits$} |", number(row))));
            text.push('\n');
        }
        text
    }
}
