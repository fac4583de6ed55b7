//! Bad peers of every kind at once against the real binary: what its process holds in memory stays within what so many
//! peers may cost.

use crate::command;
use crate::peer::{BINARY, CONTINUATION, PING, Peer, encoded, frame};
use crate::well::{Well, over_tls};
use shared::id::Tick;
use shared::message::{ClientMessage, Input, InputFrames};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// Ticks of the siege: a queue without a limit would grow by a snapshot in each, to twice what is allowed in all.
const SIEGE_TICKS: u32 = 240;
const WARM_UP_TICKS: u32 = 60;
const READERS_THAT_STOP: usize = 100;
const HALF_OPEN: usize = 150;
const BYTE_BY_BYTE: usize = 30;
const FLOODERS_OF_EACH_KIND: usize = 5;
const VISITS_OF_A_FLOODER: usize = 4;
/// What the server may hold for one peer, its TLS session included.
const PEER_LIMIT_KIB: usize = 32;
/// What it may take besides: its own growth while it plays, and the allocator's.
const SLACK_KIB: usize = 6 * 1024;

/// A line of the kernel's account of a process, in KiB.
fn memory_kib(process: u32, line: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let value = status.lines().find_map(|at| at.strip_prefix(line)).unwrap();
    value.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

/// Writes the same until nobody takes it, and comes back for more.
async fn flood(address: SocketAddr, certificate: &Path, before: Vec<u8>, flood: Vec<u8>) {
    for _ in 0..VISITS_OF_A_FLOODER {
        let mut peer = over_tls(TcpStream::connect(address).await.unwrap(), certificate).await;
        let mut sent = peer.stream.write_all(&before).await;
        while sent.is_ok() {
            sent = peer.stream.write_all(&flood).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_bad_peers_cost_is_bounded() {
    let home = TempDir::new().unwrap();
    let options = ["--port", "0", "--no-record", "--drones", "60", "--viewer-bytes-per-second", "1048576"];
    let (mut child, url, rest) = command::start(command::command(&home).args(options));
    // Its log is read on, so that it never waits for a reader.
    std::thread::spawn(move || std::io::copy(&mut { rest }, &mut std::io::sink()));
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let certificate = home.path().join("driftbelt/cert.pem");
    let connect = async || TcpStream::connect(address).await.unwrap();
    let mut well = Well::play_on(over_tls(connect().await, &certificate).await);
    well.play(WARM_UP_TICKS).await;
    let before = memory_kib(child.id(), "VmRSS");

    let mut floods = JoinSet::new();
    let pings = frame(true, PING, &[0; 125]).repeat(20);
    let fragments = frame(false, CONTINUATION, &[0; 100]).repeat(20);
    let words = frame(true, BINARY, &encoded(&ClientMessage::Chat { text: "buy ore".into() })).repeat(20);
    for (first, then) in [(vec![], pings), (frame(false, BINARY, b""), fragments), (vec![], words)] {
        for _ in 0..FLOODERS_OF_EACH_KIND {
            let (certificate, first, then) = (certificate.clone(), first.clone(), then.clone());
            floods.spawn(async move { flood(address, &certificate, first, then).await });
        }
    }
    let mut half_open = Vec::new();
    for number in 0..HALF_OPEN {
        let mut socket = connect().await;
        // Nothing, a record's first bytes, or the head of a record of 16 KiB.
        let piece: &[u8] = [&b""[..], &[22, 3, 1], &[22, 3, 1, 64, 0, 1, 0]][number % 3];
        socket.write_all(piece).await.unwrap();
        half_open.push(socket);
    }
    let (mut stopped, mut slow) = (Vec::new(), Vec::new());
    for _ in 0..READERS_THAT_STOP {
        // Its own end buffers almost nothing unread.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        stopped.push(over_tls(socket.connect(address).await.unwrap(), &certificate).await);
    }
    for _ in 0..BYTE_BY_BYTE {
        slow.push(over_tls(connect().await, &certificate).await);
    }
    let long_frame = frame(true, BINARY, &[0; 4000]);
    for byte in 0..SIEGE_TICKS as usize {
        let ack = Tick(well.heard().last);
        let lie = ClientMessage::Input(Input { ack, frames: InputFrames::new() });
        // Whoever was let go says nothing more.
        for Peer { stream, .. } in &mut stopped {
            let _ = stream.write_all(&frame(true, BINARY, &encoded(&lie))).await;
        }
        for Peer { stream, .. } in &mut slow {
            let _ = stream.write_all(&long_frame[byte..=byte]).await;
        }
        well.play(1).await;
    }
    let peers = READERS_THAT_STOP + HALF_OPEN + BYTE_BY_BYTE + 3 * FLOODERS_OF_EACH_KIND;
    let grown = memory_kib(child.id(), "VmHWM").saturating_sub(before);
    eprintln!("{before} KiB before, at most {grown} KiB more for {peers} peers");
    assert!(grown <= peers * PEER_LIMIT_KIB + SLACK_KIB, "{grown} KiB more for {peers} peers");
    floods.shutdown().await;
    child.kill().unwrap();
    child.wait().unwrap();
    // Only now, so that they were there all the time.
    drop((half_open, stopped, slow));
}
