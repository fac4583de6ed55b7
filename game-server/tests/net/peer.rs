//! A client that reads and writes bytes, and a server for tests.

use game_server::cli::Cli;
use game_server::net::guard::limits::Limits;
use game_server::net::play::context::Purpose;
use game_server::serve::Server;
use shared::codec::{decode_server, encode_client};
use shared::input::{Controls, InputFrame};
use shared::message::{ClientMessage, Hello, Input, ServerMessage};
use shared::text::Name;
use std::net::{Ipv4Addr, SocketAddr};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CONTINUATION: u8 = 0;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

/// The key of the example in RFC 6455 §1.3.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A server on a free port, with a temporary directory.
pub struct TestServer {
    pub server: Server,
    pub directory: TempDir,
}

/// A server without TLS.
pub async fn serve(limits: Limits) -> TestServer {
    serve_with(&["--no-tls", "--no-record"], limits).await
}

pub async fn serve_with(options: &[&str], limits: Limits) -> TestServer {
    serve_for(Purpose::Game, options, limits).await
}

pub async fn serve_for(purpose: Purpose, options: &[&str], limits: Limits) -> TestServer {
    serve_for_in(purpose, TempDir::new().unwrap(), options, limits).await
}

/// A server with the directory of another.
pub async fn serve_in(directory: TempDir, options: &[&str], limits: Limits) -> TestServer {
    serve_for_in(Purpose::Game, directory, options, limits).await
}

async fn serve_for_in(purpose: Purpose, directory: TempDir, options: &[&str], limits: Limits) -> TestServer {
    let path = directory.path().to_str().unwrap();
    let common = ["game-server", "--port", "0", "--data", path, "--recordings", path, "--drones", "0"];
    let arguments = common.iter().chain(options).map(Into::into);
    let cli: Cli = game_server::config::read(arguments).unwrap();
    TestServer { server: Server::start_for(purpose, &cli.serve, limits).await.unwrap(), directory }
}

impl TestServer {
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.server.address().port()).into()
    }

    pub async fn connect(&self) -> Peer<TcpStream> {
        Peer::new(TcpStream::connect(self.address()).await.unwrap())
    }

    /// An open WebSocket that has said nothing.
    pub async fn open(&self) -> Peer<TcpStream> {
        let mut peer = self.connect().await;
        peer.upgrade().await;
        peer
    }

    /// A player who has been welcomed.
    pub async fn join(&self) -> Peer<TcpStream> {
        let mut peer = self.open().await;
        peer.say(&hello()).await;
        peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
        peer
    }

    /// Sends a request and hears the whole answer.
    pub async fn request(&self, request: &str) -> Answer {
        let mut peer = self.connect().await;
        peer.write(request.as_bytes()).await;
        peer.read_answer(!request.starts_with("HEAD")).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await
    }
}

pub fn hello() -> ClientMessage {
    ClientMessage::Hello(Hello::new(Name::from_input("Ada")))
}

pub fn encoded(message: &ClientMessage) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_client(message, &mut bytes);
    bytes
}

/// A valid WebSocket request. `changes` replace headers of the same name; an empty value removes one.
pub fn upgrade_request(changes: &[(&str, &str)]) -> String {
    let mut lines = vec![
        ("Host", "localhost"),
        ("Upgrade", "websocket"),
        ("Connection", "keep-alive, Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Protocol", "driftbelt.5"),
    ];
    for change in changes {
        lines.retain(|line| line.0 != change.0);
        lines.push(*change);
    }
    let lines = lines.iter().filter(|line| !line.1.is_empty());
    let lines: String = lines.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("GET /ws HTTP/1.1\r\n{lines}\r\n")
}

/// A masked frame of a client.
pub fn frame(fin: bool, opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![u8::from(fin) << 7 | opcode];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    pub opcode: u8,
    pub payload: Vec<u8>,
}

/// The other end of a socket.
pub struct Peer<S> {
    pub stream: S,
    read: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub fn new(stream: S) -> Peer<S> {
        Peer { stream, read: Vec::new() }
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Reads on; `false` at the end of the stream, be it clean or not.
    async fn more(&mut self) -> bool {
        let mut chunk = [0; 4096];
        match self.stream.read(&mut chunk).await {
            Ok(0) | Err(_) => false,
            Ok(length) => {
                self.read.extend(&chunk[..length]);
                true
            }
        }
    }

    /// Waits for the end of the stream, whatever else comes.
    pub async fn gone(&mut self) {
        while self.more().await {}
    }

    pub async fn upgrade(&mut self) -> Answer {
        self.write(upgrade_request(&[]).as_bytes()).await;
        let answer = self.read_answer(false).await;
        assert_eq!(answer.status, 101, "{answer:?}");
        answer
    }

    pub async fn read_answer(&mut self, with_body: bool) -> Answer {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            assert!(
                self.more().await,
                "the stream ended in the head: {:?}",
                String::from_utf8_lossy(&self.read)
            );
        };
        let head = String::from_utf8(self.read.drain(..end + 4).collect()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let pair =
            |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut answer = Answer { status, headers: lines.filter_map(pair).collect(), body: Vec::new() };
        if with_body && !matches!(status, 101 | 204 | 304) {
            answer.body = self.read_body(answer.header("Content-Length").parse().unwrap()).await;
        }
        answer
    }

    pub async fn read_body(&mut self, length: usize) -> Vec<u8> {
        while self.read.len() < length {
            assert!(self.more().await, "the stream ended in the body");
        }
        self.read.drain(..length).collect()
    }

    pub async fn send(&mut self, opcode: u8, payload: &[u8]) {
        self.write(&frame(true, opcode, payload)).await;
    }

    pub async fn say(&mut self, message: &ClientMessage) {
        self.send(BINARY, &encoded(message)).await;
    }

    /// The next frame; `None` at the end of the stream.
    pub async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, length)) = parse(&self.read) {
                self.read.drain(..length);
                return Some(frame);
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// Reads messages up to one that is wanted, and hands over its bytes.
    pub async fn hear_until(&mut self, wanted: impl Fn(&ServerMessage<'_>) -> bool) -> Vec<u8> {
        loop {
            let frame = self.frame().await.expect("the stream ended before the message");
            if frame.opcode == BINARY && wanted(&decode_server(&frame.payload).unwrap()) {
                return frame.payload;
            }
            assert_ne!(frame.opcode, CLOSE, "closed before the message: {frame:?}");
        }
    }

    /// Waits for a snapshot, acknowledges it, and holds the controls still.
    pub async fn steer(&mut self) {
        let bytes = self.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
        let Ok(ServerMessage::Snapshot(snapshot)) = decode_server(&bytes) else { unreachable!() };
        let frame = InputFrame { tick: snapshot.tick.next(), controls: Controls::default() };
        self.say(&ClientMessage::Input(Input { ack: snapshot.tick, frames: [frame].into_iter().collect() }))
            .await;
    }

    /// Reads up to the close frame, answers it, waits for the end of the stream: code and reason.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            let frame = self.frame().await.expect("the stream ended without a close frame");
            if frame.opcode == CLOSE {
                let code = u16::from_be_bytes([frame.payload[0], frame.payload[1]]);
                let reason = String::from_utf8(frame.payload[2..].to_vec()).unwrap();
                // The server may be gone already.
                let _ = self.stream.write_all(&self::frame(true, CLOSE, &frame.payload[..2])).await;
                self.gone().await;
                return (code, reason);
            }
        }
    }
}

fn parse(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    assert_eq!(first & 0xf0, 0x80, "the server sends whole messages without extensions");
    assert_eq!(second & 0x80, 0, "the server does not mask");
    let (start, length) = match second {
        126 => (4, u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap()).into()),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap()) as usize),
        short => (2, short.into()),
    };
    let payload = bytes.get(start..start + length)?.to_vec();
    Some((Frame { opcode: first & 0x0f, payload }, start + length))
}
