//! Real servers of NATS, and what they hold of a room.

use fleet::engine::Stored;
use fleet::record::decode;
use futures_util::StreamExt;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use shared::recording::Header;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Most records of a room that a test reads.
const RECORDS_LIMIT: usize = 100_000;
const START_LIMIT: Duration = Duration::from_secs(20);

/// Servers of NATS that hold one stream.
pub struct Nats {
    servers: Vec<(Option<Child>, Command)>,
    ports: Vec<u16>,
    _home: TempDir,
}

/// Ports that are free now.
pub fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    let listeners = [(); COUNT].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

impl Nats {
    /// One server that stands alone.
    pub fn single() -> Nats {
        let [port] = free_ports();
        Nats::start(vec![port], &[])
    }

    /// Three servers that each have every record.
    pub fn cluster() -> Nats {
        let ports: [u16; 6] = free_ports();
        Nats::start(ports[..3].into(), &ports[3..])
    }

    fn start(ports: Vec<u16>, routes: &[u16]) -> Nats {
        let home = TempDir::new().unwrap();
        let binary =
            std::env::var_os("NATS_SERVER").expect("NATS_SERVER names the binary: cargo xtask test sets it");
        let url = |port: &u16| format!("nats://127.0.0.1:{port}");
        let all: Vec<_> = routes.iter().map(url).collect();
        let servers = ports.iter().enumerate().map(|(number, port)| {
            let name = format!("nats-{number}");
            let mut command = Command::new(&binary);
            command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-n", &name, "-js", "-sd"]);
            command.arg(home.path().join(&name));
            if let Some(route) = routes.get(number) {
                command.args([
                    "--cluster_name",
                    "belt",
                    "--cluster",
                    &url(route),
                    "--routes",
                    &all.join(","),
                ]);
            }
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            (Some(command.spawn().unwrap()), command)
        });
        let servers = servers.collect();
        let late = Instant::now() + START_LIMIT;
        while !ports.iter().all(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok()) {
            assert!(Instant::now() < late, "NATS does not start");
            std::thread::park_timeout(Duration::from_millis(20));
        }
        Nats { servers, ports, _home: home }
    }

    /// As `--fleet` wants them.
    pub fn urls(&self) -> String {
        let urls: Vec<_> = self.ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        urls.join(",")
    }

    pub fn kill(&mut self, number: usize) {
        if let Some(mut child) = self.servers[number].0.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn signal(&self, number: usize, which: Signal) {
        if let Some(child) = &self.servers[number].0 {
            signal(child, which);
        }
    }

    pub fn start_again(&mut self, number: usize) {
        let (child, command) = &mut self.servers[number];
        *child = Some(command.spawn().unwrap());
    }

    /// Which server leads the stream.
    pub fn leader(&self) -> usize {
        runtime().block_on(async {
            let stream = self.stream().await.get_stream("BELT").await.unwrap();
            let cluster = stream.cached_info().cluster.clone().unwrap();
            let leader = cluster.leader.unwrap();
            leader.rsplit('-').next().unwrap().parse().unwrap()
        })
    }

    async fn stream(&self) -> async_nats::jetstream::Context {
        let urls: Vec<_> = self.urls().split(',').map(str::to_owned).collect();
        async_nats::jetstream::new(async_nats::connect(urls).await.unwrap())
    }

    /// Makes the stream of rooms, as somebody might by hand.
    pub fn make_stream(&self, num_replicas: usize) {
        use async_nats::jetstream::stream::Config;
        let late = Instant::now() + START_LIMIT;
        // A cluster elects its leader first.
        while let Err(error) = runtime().block_on(async {
            let config = Config { name: "BELT".into(), num_replicas, ..Config::default() };
            self.stream().await.create_stream(config).await
        }) {
            assert!(Instant::now() < late, "{error}");
        }
    }

    /// The records of a room, oldest first.
    pub fn records(&self, room: &str) -> Vec<Stored> {
        use async_nats::jetstream::consumer::{DeliverPolicy, pull};
        runtime().block_on(async {
            let stream = self.stream().await.get_stream("BELT").await.unwrap();
            let subject = format!("belt.j.{room}");
            let Ok(last) = stream.get_last_raw_message_by_subject(&subject).await else { return vec![] };
            let config = pull::Config {
                filter_subject: subject,
                deliver_policy: DeliverPolicy::All,
                ..pull::Config::default()
            };
            let consumer = stream.create_consumer(config).await.unwrap();
            let mut messages = consumer.messages().await.unwrap().take(RECORDS_LIMIT);
            let mut records = Vec::new();
            while let Some(message) = messages.next().await {
                let message = message.unwrap();
                let sequence = message.info().unwrap().stream_sequence;
                let (head, bytes) = decode(&message.payload).unwrap();
                records.push(Stored { sequence, head, bytes: bytes.into() });
                message.ack().await.unwrap();
                if sequence == last.sequence {
                    break;
                }
            }
            records
        })
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        (0..self.servers.len()).for_each(|number| self.kill(number));
    }
}

/// The records as one recording, as a node that takes the room over reads them.
pub fn joined(records: &[Stored]) -> Vec<u8> {
    let mut recording: Vec<u8> = Vec::new();
    for Stored { head, bytes, .. } in records {
        let is_first = recording.is_empty();
        let header = if head.has_keyframe && !is_first { Header::read(bytes).unwrap().1 } else { 0 };
        recording.extend_from_slice(&bytes[header..]);
    }
    recording
}

pub fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
