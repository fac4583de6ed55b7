//! A line over a WebSocket.

use super::line::{Counted, Ends, Line, Meter, sleep_until};
use crate::frames::{FrameReader, Message, write_binary};
use crate::target::Target;
use anyhow::Context;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};
use tungstenite::handshake::client::ClientHandshake;

const READ_BYTES: usize = 64 * 1024;
/// Masks protect proxies from hostile pages; a constant is enough here.
const MASK: [u8; 4] = [0x17, 0x2a, 0x35, 0x4c];

/// Opens a WebSocket and sends the Hello; `delay` is simulated for each direction.
pub fn open(target: &Target, hello: Vec<u8>, delay: Duration) -> anyhow::Result<Line> {
    let meter = Arc::new(Meter::default());
    meter.requests.fetch_add(1, Relaxed);
    let stream = TcpStream::connect(target.address)?;
    stream.set_nodelay(true)?;
    let second = stream.try_clone()?;
    let upgrade = ClientHandshake::start(Counted { stream, meter: meter.clone() }, target.request()?, None)?;
    let (socket, _) = upgrade.handshake().ok().context("no WebSocket")?;
    let mut reading = socket.into_inner();
    let mut writing = Counted { stream: second, meter: meter.clone() };
    let (mut line, Ends { outgoing, incoming }) = Line::new(meter, delay);
    line.send(hello);
    thread::spawn(move || {
        for (sent_at, message) in outgoing {
            sleep_until(sent_at + delay);
            let mut frame = Vec::new();
            write_binary(&message, MASK, &mut frame);
            if writing.write_all(&frame).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        let (mut reader, mut buffer) = (FrameReader::default(), vec![0; READ_BYTES]);
        let mut is_open = true;
        while is_open {
            let Ok(length @ 1..) = reading.read(&mut buffer) else { return };
            let taken = reader.take(&buffer[..length], |message| {
                if let Message::Binary(bytes) = message {
                    is_open = incoming.send((Instant::now(), bytes.to_vec())).is_ok();
                }
            });
            if taken.is_err() {
                return;
            }
        }
    });
    Ok(line)
}
