//! Peers that mean harm or cannot do better: the others' snapshots go on, and what the server holds for such a peer is
//! bounded. Time is counted in snapshots of a player who is well.

use crate::peer::{
    BINARY, CONTINUATION, PING, Peer, TestServer, encoded, frame, hello, serve, serve_with, upgrade_request,
};
use crate::tls::trusting;
use game_server::link::QUEUE_LIMIT_BYTES;
use game_server::net::limits::{Limits, SEND_BUFFER_BYTES};
use rustls::pki_types::ServerName;
use shared::codec::decode_server;
use shared::message::{ClientMessage, ServerMessage};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};

const TICK_RATE_HZ: usize = 30;
/// Of three ticks, at least one must reach the player who is well, however busy the machine.
const TICKS_PER_SNAPSHOT_LIMIT: u32 = 3;
/// What the systems of both ends may hold on top of their buffers: they count more than the bytes.
const SYSTEM_SLACK_BYTES: usize = 256 * 1024;

/// A player who is well.
struct Well<S> {
    peer: Peer<S>,
    first: Option<u32>,
    last: u32,
    snapshots: u32,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Well<S> {
    fn new(peer: Peer<S>) -> Well<S> {
        Well { peer, first: None, last: 0, snapshots: 0 }
    }

    /// Waits for as many snapshots, and acknowledges them.
    async fn play(&mut self, snapshots: usize) {
        for _ in 0..snapshots {
            let bytes = self.peer.hear_until(|message| matches!(message, ServerMessage::Snapshot(_))).await;
            let tick = tick_of(&bytes).expect("a snapshot");
            self.first.get_or_insert(tick);
            self.last = tick;
            self.snapshots += 1;
            let input = shared::message::Input { ack: shared::id::Tick(tick), frames: Vec::new() };
            self.peer.say(&ClientMessage::Input(input)).await;
        }
    }

    fn assert_well(&self) {
        let ticks = self.last - self.first.unwrap_or(self.last) + 1;
        assert!(
            ticks <= self.snapshots * TICKS_PER_SNAPSHOT_LIMIT,
            "{} snapshots in {ticks} ticks",
            self.snapshots
        );
    }
}

fn tick_of(message: &[u8]) -> Option<u32> {
    match decode_server(message) {
        Ok(ServerMessage::Snapshot(snapshot)) => Some(snapshot.tick.0),
        _ => None,
    }
}

async fn over_tls(server: &TestServer) -> Peer<tokio_rustls::client::TlsStream<TcpStream>> {
    let connector = trusting(&server.directory.path().join("cert.pem"));
    let socket = TcpStream::connect(server.address()).await.unwrap();
    let mut peer =
        Peer::new(connector.connect(ServerName::try_from("localhost").unwrap(), socket).await.unwrap());
    peer.upgrade().await;
    peer.say(&hello()).await;
    peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
    peer
}

/// 64 kbit/s with stalls of two seconds: it gets fewer snapshots, and after each stall it is soon in the present again.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_gets_fewer_snapshots_and_no_old_ones() {
    const BYTES_PER_SECOND: usize = 8 * 1024;
    let server = serve_with(&["--no-tls", "--no-record", "--drones", "30"], Limits::default()).await;
    let mut well = Well::new(server.join().await);
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut slow = Peer::new(socket.connect(server.address()).await.unwrap());
    slow.upgrade().await;
    slow.say(&hello()).await;
    for _ in 0..2 {
        well.play(2 * TICK_RATE_HZ).await;
        let stalled_until = well.last;
        // What was on its way comes first; behind it there is the present.
        let (mut bytes, mut unpaid, mut newest) = (0, 0, 0);
        while newest < stalled_until {
            let frame = slow.frame().await.expect("a slow reader is no reason to close");
            bytes += frame.payload.len();
            newest = tick_of(&frame.payload).unwrap_or(newest);
            let limit = QUEUE_LIMIT_BYTES + SEND_BUFFER_BYTES + SYSTEM_SLACK_BYTES;
            assert!(bytes <= limit, "{bytes} bytes of the past");
            unpaid += frame.payload.len() * TICK_RATE_HZ;
            well.play(unpaid / BYTES_PER_SECOND).await;
            unpaid %= BYTES_PER_SECOND;
        }
    }
    well.assert_well();
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_end_the_one_who_floods() {
    const FLOODERS: usize = 5;
    let server = serve(Limits::default()).await;
    let mut well = Well::new(server.join().await);
    well.play(5).await;
    let pings = frame(true, PING, &[0; 125]).repeat(100);
    let fragments = frame(false, CONTINUATION, b"").repeat(1000);
    let chat = frame(true, BINARY, &encoded(&ClientMessage::Chat { text: "buy ore".into() })).repeat(100);
    for (flood, before) in [
        (&pings, Vec::new()),
        (&fragments, frame(false, BINARY, b"")),
        (&chat, frame(true, BINARY, &encoded(&hello()))),
    ] {
        let mut flooders = Vec::new();
        for _ in 0..FLOODERS {
            let mut peer = server.open().await;
            peer.write(&before).await;
            flooders.push(tokio::spawn({
                let flood = flood.clone();
                async move {
                    let (mut reading, mut writing) = tokio::io::split(peer.stream);
                    let writer = tokio::spawn(async move {
                        while tokio::io::AsyncWriteExt::write_all(&mut writing, &flood).await.is_ok() {}
                    });
                    // A reset says the same as an end.
                    let mut heard = Vec::new();
                    let _ = reading.read_to_end(&mut heard).await;
                    writer.abort();
                    heard
                }
            }));
        }
        for flooder in flooders {
            while !flooder.is_finished() {
                well.play(1).await;
            }
        }
    }
    well.play(TICK_RATE_HZ).await;
    well.assert_well();
}

/// One byte at a time is no sign of life: only whole frames and whole requests are.
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_byte_by_byte_does_not_stay_longer() {
    let second = Duration::from_secs(1);
    let limits = Limits {
        hello_timeout: second,
        request_timeout: second,
        silence_timeout: second,
        ping_after: 2 * second,
        close_timeout: second / 10,
        ..Limits::default()
    };
    let server = serve(limits).await;
    let mut well = Well::new(server.join().await);
    well.play(1).await;
    let mut request = server.connect().await;
    let mut stranger = server.open().await;
    let mut player = server.join().await;
    let [head, first, second] = [
        upgrade_request(&[]).into_bytes(),
        frame(true, BINARY, &encoded(&hello())),
        frame(true, BINARY, &[0; 200]),
    ];
    for byte in 0..45 {
        // The last ones fall on deaf ears.
        for (stream, bytes) in
            [(&mut request.stream, &head), (&mut stranger.stream, &first), (&mut player.stream, &second)]
        {
            let piece = bytes.get(byte..(byte + 1).min(bytes.len() - 1)).unwrap_or_default();
            let _ = tokio::io::AsyncWriteExt::write_all(stream, piece).await;
        }
        well.play(1).await;
    }
    request.gone().await;
    stranger.gone().await;
    player.gone().await;
    well.play(1).await;
    well.assert_well();
}

/// Handshakes that never finish, and sockets of peers that are no longer there.
#[tokio::test(flavor = "multi_thread")]
async fn half_open_sockets_and_handshakes_do_not_touch_the_player() {
    const SOCKETS: usize = 200;
    let server = serve_with(&["--no-record"], Limits::default()).await;
    let mut well = Well::new(over_tls(&server).await);
    well.play(5).await;
    let mut half_open = Vec::new();
    for number in 0..SOCKETS {
        let mut peer = server.connect().await;
        // Nothing, a record's first bytes, or a whole record that says nothing.
        let piece: &[u8] = [&b""[..], &[22, 3, 1], &[22, 3, 1, 0, 4, 1, 0, 0, 0]][number % 3];
        let _ = tokio::io::AsyncWriteExt::write_all(&mut peer.stream, piece).await;
        half_open.push(peer);
    }
    well.play(2 * TICK_RATE_HZ).await;
    well.assert_well();
}
