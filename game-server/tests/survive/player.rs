//! A player at the other end of a real socket: the browser's core, which reconnects.

use crate::facts::Fact;
use client_core::client::Client;
use shared::codec::{decode_client, decode_server};
use shared::id::{PlayerId, Tick};
use shared::input::Controls;
use shared::message::{ClientMessage, CloseCode, ServerMessage};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket};

/// Before a room is asked for again that no node serves.
const MOVED_INTERVAL: Duration = Duration::from_millis(100);
/// A handshake with a server that has just died.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// The same where there is another server to ask.
const FLEET_HANDSHAKE_LIMIT: Duration = Duration::from_millis(500);
/// After this time without a message, another server is asked.
const SILENCE_MS: f64 = 2500.0;

/// One player.
pub struct Player {
    pub address: SocketAddr,
    /// All servers of its fleet: the next is asked when one does not answer.
    pub nodes: Vec<SocketAddr>,
    pub client: Client,
    socket: Option<WebSocket<TcpStream>>,
    began: Instant,
    number: u64,
    /// Controls by tick, of those sent once and on this connection: of what is sent again, also with a clock that is set back,
    /// either may have counted.
    sent: BTreeMap<Tick, Controls>,
    newest_sent: Tick,
    /// Every player that this one was welcomed as.
    pub welcomed_as: Vec<PlayerId>,
    /// The newest that it received.
    pub newest_fact: Option<Fact>,
    /// Snapshots heard on this connection.
    pub snapshots: u32,
    /// Bytes heard on this connection so far, up to its first snapshot, that one included.
    first_bytes: usize,
    resumed: bool,
    /// The same of all connections: of a seat that was new, and of one taken back.
    pub join_bytes: Vec<usize>,
    pub resume_bytes: Vec<usize>,
    /// Sockets that are no longer read and were not closed.
    silent: Vec<WebSocket<TcpStream>>,
    /// Close codes heard.
    pub closed_with: Vec<u16>,
    /// No attempt to connect before this time.
    retry_at: Instant,
    pub chat: Vec<String>,
    /// The longest time between two snapshots.
    pub longest_silence_ms: f64,
    heard_ms: Option<f64>,
    /// When the newest message of this connection came.
    heard_at_ms: f64,
}

impl Player {
    pub fn new(number: u64, address: SocketAddr) -> Player {
        Player::new_in("belt-1", number, address)
    }

    pub fn new_in(room: &str, number: u64, address: SocketAddr) -> Player {
        Player {
            address,
            nodes: Vec::new(),
            client: Client::new(&format!("Pilot {number}"), Some(room)),
            socket: None,
            began: Instant::now(),
            number,
            sent: BTreeMap::new(),
            newest_sent: Tick(0),
            welcomed_as: Vec::new(),
            newest_fact: None,
            snapshots: 0,
            first_bytes: 0,
            resumed: false,
            join_bytes: Vec::new(),
            resume_bytes: Vec::new(),
            silent: Vec::new(),
            closed_with: Vec::new(),
            retry_at: Instant::now(),
            chat: Vec::new(),
            longest_silence_ms: 0.0,
            heard_ms: None,
            heard_at_ms: 0.0,
        }
    }

    pub fn now_ms(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1000.0
    }

    /// The connection breaks without a word.
    pub fn cut(&mut self) {
        if let Some(socket) = self.socket.take() {
            // What is still under way is answered with a reset.
            drop(socket);
            self.cut_client();
        }
    }

    fn cut_client(&mut self) {
        self.client.closed();
        self.snapshots = 0;
    }

    /// The connection goes silent: neither end notices, as when a network is left.
    pub fn fall_silent(&mut self) {
        self.silent.extend(self.socket.take());
        self.cut_client();
    }

    /// Connects if need be, receives what has arrived, flies on.
    pub fn turn(&mut self) {
        if self.socket.is_none() {
            if Instant::now() < self.retry_at {
                return;
            }
            if !self.connect() {
                return self.ask_next();
            }
        }
        while let Some(bytes) = self.read() {
            self.receive(&bytes);
        }
        let now = self.now_ms();
        if !self.nodes.is_empty() && now > self.heard_at_ms + SILENCE_MS {
            self.cut();
            return self.ask_next();
        }
        let phase = now / 1000.0 + self.number as f64;
        let buttons = [1, 5, 4, 0, 7][(phase * 3.0) as usize % 5];
        self.client.set_input(buttons, (phase * 1.7).sin() as f32 * 3.0);
        self.client.advance(now);
        self.speak();
    }

    /// Turns to another server of the fleet.
    fn ask_next(&mut self) {
        let here = self.nodes.iter().position(|node| *node == self.address);
        if let Some(next) = here.and_then(|here| self.nodes.get((here + 1) % self.nodes.len())) {
            self.address = *next;
            self.retry_at = Instant::now() + MOVED_INTERVAL;
        }
    }

    fn connect(&mut self) -> bool {
        let Ok(stream) = TcpStream::connect(self.address) else { return false };
        let limit = if self.nodes.is_empty() { HANDSHAKE_LIMIT } else { FLEET_HANDSHAKE_LIMIT };
        stream.set_read_timeout(Some(limit)).unwrap();
        let _ = stream.set_nodelay(true);
        let room = self.client.state(0.0).room.unwrap_or_default();
        let mut request = format!("ws://{}/ws?room={room}", self.address).into_client_request().unwrap();
        let protocol = format!("driftbelt.{}", shared::PROTOCOL_VERSION);
        request.headers_mut().insert("Sec-WebSocket-Protocol", protocol.parse().unwrap());
        let Ok((socket, _)) = tokio_tungstenite::tungstenite::client(request, stream) else { return false };
        socket.get_ref().set_nonblocking(true).unwrap();
        self.socket = Some(socket);
        self.sent.clear();
        self.snapshots = 0;
        self.first_bytes = 0;
        self.resumed = false;
        self.heard_at_ms = self.now_ms();
        self.client.opened(self.now_ms());
        self.speak();
        true
    }

    fn read(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.socket.as_mut()?.read() {
                Ok(Message::Binary(bytes)) => return Some(bytes.to_vec()),
                Ok(Message::Close(Some(frame))) => {
                    let code = frame.code.into();
                    self.closed_with.push(code);
                    if code == CloseCode::Moved as u16 {
                        self.follow(&frame.reason);
                    }
                    let _ = self.socket.as_mut()?.flush();
                    self.cut();
                }
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(_) => self.cut(),
            }
        }
    }

    /// Goes where the room is; without an address, it asks again.
    fn follow(&mut self, url: &str) {
        match url.trim_start_matches("http://").split('/').next().unwrap_or_default().parse() {
            Ok(address) => self.address = address,
            Err(_) => self.retry_at = Instant::now() + MOVED_INTERVAL,
        }
    }

    fn speak(&mut self) {
        while let Some(bytes) = self.client.poll_transmit() {
            if let Ok(ClientMessage::Input(input)) = decode_client(&bytes) {
                for frame in &input.frames {
                    self.sent.split_off(&frame.tick);
                    if frame.tick > self.newest_sent {
                        self.newest_sent = frame.tick;
                        self.sent.insert(frame.tick, frame.controls);
                    }
                }
            }
            let Some(socket) = &mut self.socket else { return };
            match socket.send(Message::binary(bytes)) {
                Ok(()) => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => self.cut(),
            }
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.heard_at_ms = self.now_ms();
        let message = decode_server(bytes).unwrap();
        if self.snapshots == 0 {
            self.first_bytes += bytes.len();
        }
        match &message {
            ServerMessage::Welcome(welcome) => {
                self.welcomed_as.push(welcome.player);
                let (tick, player) = (welcome.tick, welcome.player);
                self.newest_fact = Some(Fact { tick, player, score: None, controls: None });
            }
            ServerMessage::Snapshot(snapshot) => {
                if self.snapshots == 0 {
                    let known = self.resumed;
                    let bytes = if known { &mut self.resume_bytes } else { &mut self.join_bytes };
                    bytes.push(self.first_bytes);
                }
                self.snapshots += 1;
                let now = self.now_ms();
                let silence = self.heard_ms.replace(now).map_or(0.0, |before| now - before);
                self.longest_silence_ms = self.longest_silence_ms.max(silence);
                let player = self.client.world().unwrap().player;
                let controls = self.sent.get(&snapshot.input_ack).copied();
                let score = Some(snapshot.own.score);
                self.newest_fact = Some(Fact { tick: snapshot.tick, player, score, controls });
            }
            ServerMessage::Resumed { .. } => self.resumed = true,
            ServerMessage::Chat { text, .. } => self.chat.push(text.clone()),
            _ => {}
        }
        let now = self.now_ms();
        self.client.received(bytes, now).unwrap();
    }
}

/// Lets all players take turns until something has happened.
pub fn play_until(players: &mut [Player], mut happened: impl FnMut(&mut [Player]) -> bool) {
    let late = Instant::now() + Duration::from_secs(40);
    while !happened(players) {
        assert!(Instant::now() < late, "it did not happen");
        players.iter_mut().for_each(Player::turn);
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
