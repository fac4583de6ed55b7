//! Watchers who follow a match as it goes on: what one of them costs the server.

use crate::observer::Usage;
use crate::target::Target;
use anyhow::Context;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use socket2::{Domain, Socket, Type};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// A watcher's thread needs little.
const STACK_BYTES: usize = 128 * 1024;
/// Watchers of one address, fewer than servers refuse.
const ADDRESS_WATCHERS: u32 = 32;
/// Longer than the server lets a request for the next piece wait.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, Args)]
pub struct WatchOptions {
    /// The server, as ws://HOST:PORT
    #[arg(long, value_name = "URL")]
    pub url: String,
    /// The room whose match is watched
    #[arg(long, value_name = "NAME", default_value = "belt-1")]
    pub room: String,
    /// Watchers, who all follow the newest moment
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=18_000))]
    pub watchers: u32,
    /// Seconds for which they watch
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
    /// Process of the server, to measure its CPU time
    #[arg(long, value_name = "PID")]
    pub server_pid: Option<u32>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WatchReport {
    pub watchers: u32,
    /// Watchers who got pieces to the end.
    pub followed: u32,
    pub pieces: u64,
    pub bytes: u64,
    pub requests: u64,
    /// The server's CPU time per watcher and second, in microseconds, with all that it does besides.
    pub cpu_micros_per_watcher_second: Option<f64>,
    pub first_failure: Option<String>,
}

/// Watches, and counts.
pub fn measure(options: &WatchOptions, progress: impl Fn(&str)) -> anyhow::Result<WatchReport> {
    let target = Target::new(&options.url, None)?;
    anyhow::ensure!(options.url.starts_with("ws://"), "watchers speak plain HTTP: give a ws:// URL");
    let start = Live::read(&target, &options.room)?;
    progress(&format!("{} pieces of {} are there", start.pieces, start.recording));
    let usage = || options.server_pid.map(Usage::of).transpose();
    let (before, begun) = (usage()?, Instant::now());
    let end = begun + Duration::from_secs(options.seconds.into());
    let total = Mutex::new(WatchReport { watchers: options.watchers, ..WatchReport::default() });
    thread::scope(|scope| {
        for number in 0..options.watchers {
            let (total, target, start) = (&total, &target, &start);
            let watch = move || {
                let mut own = WatchReport::default();
                let result = follow(target, options, start, end, number, &mut own);
                if let Ok(mut total) = total.lock() {
                    total.followed += u32::from(result.is_ok());
                    total.pieces += own.pieces;
                    total.bytes += own.bytes;
                    total.requests += own.requests;
                    total.first_failure =
                        total.first_failure.take().or_else(|| result.err().map(|error| error.to_string()));
                }
            };
            let builder = thread::Builder::new().stack_size(STACK_BYTES);
            builder.spawn_scoped(scope, watch).context("a thread for each watcher")?;
        }
        anyhow::Ok(())
    })?;
    let mut total = total.into_inner().unwrap_or_default();
    if let (Some(before), Some(after)) = (before, usage()?) {
        let spent = after.core_seconds - before.core_seconds;
        let watched = f64::from(options.watchers) * begun.elapsed().as_secs_f64();
        total.cpu_micros_per_watcher_second = Some(spent * 1e6 / watched);
    }
    Ok(total)
}

impl WatchReport {
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} watchers, {} of them to the end: {} pieces, {:.1} MiB, {} requests\n",
            self.watchers,
            self.followed,
            self.pieces,
            self.bytes as f64 / 1024.0 / 1024.0,
            self.requests,
        );
        if let Some(micros) = self.cpu_micros_per_watcher_second {
            text += &format!("server time {micros:.1} µs per watcher and second, the match included\n");
        }
        if let Some(failure) = &self.first_failure {
            text += &format!("the first that failed: {failure}\n");
        }
        text
    }
}

/// A match as the server shows it.
struct Live {
    recording: String,
    pieces: u64,
}

impl Live {
    fn read(target: &Target, room: &str) -> anyhow::Result<Live> {
        let answer = target.page(&format!("/api/watch/{room}"))?;
        let answer: Value = serde_json::from_str(&answer).context("this room cannot be watched")?;
        let live = &answer["room"];
        let recording = live["recording"].as_str().context("no recording is named")?;
        Ok(Live { recording: recording.into(), pieces: live["pieces"].as_u64().unwrap_or_default() })
    }
}

/// Requests one piece after another, each as soon as it is shown.
fn follow(
    target: &Target,
    options: &WatchOptions,
    start: &Live,
    end: Instant,
    number: u32,
    report: &mut WatchReport,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(target.address, number)?;
    let mut piece = start.pieces;
    while Instant::now() < end {
        let path = format!("/watch/{}/{}/{piece}-{}", options.room, start.recording, piece + 1);
        report.requests += 1;
        match connection.get(&path)? {
            (200, bytes) => {
                report.pieces += 1;
                report.bytes += bytes as u64;
                piece += 1;
            }
            // Nothing new for a while.
            (404, _) => thread::sleep(Duration::from_millis(500)),
            (status, _) => anyhow::bail!("the server answers {status}"),
        }
    }
    Ok(())
}

struct Connection {
    stream: BufReader<TcpStream>,
    host: SocketAddr,
}

impl Connection {
    /// On this machine from an address of the loopback network that few watchers share: servers limit what one address may do.
    fn open(host: SocketAddr, number: u32) -> io::Result<Connection> {
        let socket = Socket::new(Domain::for_address(host), Type::STREAM, None)?;
        if host.is_ipv4() && host.ip().is_loopback() {
            let network = number / ADDRESS_WATCHERS;
            let own = Ipv4Addr::new(127, 1, (network / 250) as u8, 1 + (network % 250) as u8);
            socket.bind(&SocketAddr::from((own, 0)).into())?;
        }
        socket.connect_timeout(&host.into(), ANSWER_LIMIT)?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        Ok(Connection { stream: BufReader::new(stream), host })
    }

    /// The answer's status and the bytes of its body.
    fn get(&mut self, path: &str) -> anyhow::Result<(u16, usize)> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            anyhow::ensure!(self.stream.read_line(&mut line)? > 0, "the server closed the connection");
            let line = line.trim_end();
            if status.is_none() {
                let code = line.split(' ').nth(1).and_then(|code| code.parse().ok());
                status = Some(code.context("no HTTP answer")?);
            } else if line.is_empty() {
                break;
            } else if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.parse()?;
            }
        }
        let read = io::copy(&mut (&mut self.stream).take(length), &mut io::sink())?;
        Ok((status.unwrap_or_default(), usize::try_from(read)?))
    }
}
