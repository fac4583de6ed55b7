//! A well-behaved player: reads and acknowledges every snapshot, and counts the ticks that did not come.

use crate::peer::{Peer, TestServer, hello};
use crate::tls::trusting;
use rustls::pki_types::ServerName;
use shared::codec::decode_server;
use shared::id::Tick;
use shared::message::{ClientMessage, Input, InputFrames, ServerMessage};
use std::path::Path;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::client::TlsStream;

/// So slow that a busy machine finds the time to send every tick.
pub const TICK_RATE_HZ: u32 = 10;
/// The same for the command line.
pub const TICK_RATE: &str = "10";

/// The ticks that have come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard {
    first: Option<u32>,
    pub last: u32,
    snapshots: u32,
    pub longest_gap_ticks: u32,
}

impl Heard {
    /// Ticks from the first to the last.
    pub fn ticks(&self) -> u32 {
        self.first.map_or(0, |first| self.last - first + 1)
    }

    /// Ticks among them that did not come.
    pub fn missed(&self) -> u32 {
        self.ticks() - self.snapshots
    }

    fn hear(&mut self, tick: u32) {
        if self.first.is_some() {
            self.longest_gap_ticks = self.longest_gap_ticks.max(tick - self.last);
        }
        self.first.get_or_insert(tick);
        self.last = tick;
        self.snapshots += 1;
    }
}

/// A well-behaved player, on a separate task.
pub struct Well {
    heard: watch::Receiver<Heard>,
    task: JoinHandle<()>,
}

impl Well {
    pub async fn join(server: &TestServer, tls: bool) -> Well {
        if tls {
            let socket = TcpStream::connect(server.address()).await.unwrap();
            Well::play_on(over_tls(socket, &server.directory.path().join("cert.pem")).await)
        } else {
            Well::play_on(server.join().await)
        }
    }

    /// Continues with a player who has been welcomed.
    pub fn play_on<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(mut peer: Peer<S>) -> Well {
        let (tell, heard) = watch::channel(Heard::default());
        let task = tokio::spawn(async move {
            loop {
                let bytes = peer.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
                let Ok(ServerMessage::Snapshot(snapshot)) = decode_server(&bytes) else { unreachable!() };
                let ack = Tick(snapshot.tick.0);
                peer.say(&ClientMessage::Input(Input { ack, frames: InputFrames::new() })).await;
                tell.send_modify(|heard| heard.hear(ack.0));
            }
        });
        Well { heard, task }
    }

    pub fn heard(&self) -> Heard {
        *self.heard.borrow()
    }

    /// Waits for as many snapshots.
    pub async fn play(&mut self, snapshots: u32) {
        let enough = self.heard().snapshots + snapshots;
        let heard = self.heard.wait_for(|heard| heard.snapshots >= enough).await;
        heard.expect("the player who is well has lost the connection");
    }
}

impl Drop for Well {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An open WebSocket over TLS.
pub async fn open_over_tls(socket: TcpStream, certificate: &Path) -> Peer<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut peer = Peer::new(trusting(certificate).connect(name, socket).await.unwrap());
    peer.upgrade().await;
    peer
}

/// A player who has been welcomed over TLS.
pub async fn over_tls(socket: TcpStream, certificate: &Path) -> Peer<TlsStream<TcpStream>> {
    let mut peer = open_over_tls(socket, certificate).await;
    peer.say(&hello()).await;
    peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
    peer
}
