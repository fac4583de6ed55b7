//! The floor: what it costs at least to write frames of one size to many sockets at a rate. One thread, one epoll loop,
//! no game, no protocol beyond the length in front of each frame. What a server costs is given as a ratio to this.
//!
//! With answers, the readers send a few bytes back for each frame, as players send an input for each snapshot, and the
//! writer reads them: what the kernel costs for this traffic before a server does anything.
//!
//! The readers run in a separate process, so that neither side pays for the other's threads.

mod reader;
mod writer;

pub use reader::read;
pub use writer::measure;

use clap::Args;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Seconds at the beginning that are not measured.
const WARM_UP_SECONDS: f64 = 1.0;
/// The header of a binary WebSocket frame with 126 to 65,535 bytes, as a server writes it.
const LONG_HEADER_BYTES: usize = 4;
/// The same for fewer bytes.
const SHORT_HEADER_BYTES: usize = 2;
/// Most bytes whose length fits into the short header.
const SHORT_LIMIT_BYTES: usize = 125;

#[derive(Clone, Debug, Args)]
pub struct FloorOptions {
    /// Sockets
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=9_000))]
    pub clients: u32,
    /// Bytes per frame, without the frame's header
    #[arg(long, value_name = "BYTES", default_value_t = 250, value_parser = clap::value_parser!(u16).range(1..))]
    pub bytes: u16,
    /// Bytes that come back for each frame
    #[arg(long, value_name = "BYTES", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1_024))]
    pub answer_bytes: u16,
    /// Frames per second and socket
    #[arg(long, value_name = "HZ", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub hz: u16,
    /// Seconds to measure
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
    /// Core of the writer [default: any]
    #[arg(long, value_name = "CORE")]
    pub server_core: Option<usize>,
    /// Core of the readers [default: any]
    #[arg(long, value_name = "CORE")]
    pub client_core: Option<usize>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of the readers, which the floor starts.
#[derive(Clone, Debug, Args)]
pub struct ReaderOptions {
    /// Where the writer listens
    #[arg(long)]
    pub connect: SocketAddr,
    /// Sockets
    #[arg(long)]
    pub clients: u32,
    /// Bytes per frame with the frame's header
    #[arg(long)]
    pub frame_bytes: usize,
    /// Bytes to send back for each frame
    #[arg(long, default_value_t = 0)]
    pub answer_bytes: u16,
    /// Core to run on
    #[arg(long)]
    pub core: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FloorReport {
    pub clients: u32,
    pub frame_bytes: usize,
    #[serde(default)]
    pub answer_bytes: u16,
    /// Time of the writing thread per socket and second, in microseconds.
    pub cpu_micros_per_client_second: f64,
    /// Share of its core that the writing thread took.
    pub writer_load: f64,
    /// Share of its core that the reading thread took.
    pub reader_load: f64,
    pub frames_per_client_second: f64,
    /// Silences of more than 100 ms.
    pub gaps: u64,
    /// Writes that found a socket full.
    pub full: u64,
}

/// What the readers saw.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Received {
    frames: u64,
    gaps: u64,
    seconds: f64,
    core_seconds: f64,
}

/// Size of one frame in the stream, in bytes.
fn frame_bytes(payload: usize) -> usize {
    payload + if payload > SHORT_LIMIT_BYTES { LONG_HEADER_BYTES } else { SHORT_HEADER_BYTES }
}

impl FloorReport {
    pub fn text(&self) -> String {
        format!(
            "floor: {} sockets, {} bytes per frame, {} back\n\
             writer   {:8.1} µs per client-second ({:.0} % of a core)\n\
             readers  {:8.2} frames per client-second ({:.0} % of a core), {} gaps over 100 ms, {} writes to a full socket\n",
            self.clients,
            self.frame_bytes,
            self.answer_bytes,
            self.cpu_micros_per_client_second,
            self.writer_load * 100.0,
            self.frames_per_client_second,
            self.reader_load * 100.0,
            self.gaps,
            self.full,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::time::Duration;

    #[test]
    fn headers_are_as_long_as_a_servers() {
        assert_eq!((frame_bytes(125), frame_bytes(126)), (127, 130));
    }

    #[test]
    fn what_is_written_is_read() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connect = listener.local_addr().unwrap();
        let reader = ReaderOptions {
            connect,
            clients: 8,
            frame_bytes: frame_bytes(300),
            answer_bytes: 20,
            core: None,
        };
        let readers = std::thread::spawn(move || reader::receive(&reader, Duration::ZERO).unwrap());
        let written = writer::write(&listener, 8, 300, 100.0, Duration::from_millis(300)).unwrap();
        let received = readers.join().unwrap();
        assert_eq!(written.full, 0);
        assert_eq!(received.frames, written.frames);
        // The last answers may come when the writer has left.
        assert!((written.frames - 8) * 20 <= written.answered && written.answered <= written.frames * 20);
        assert_eq!(written.frames % 8, 0);
        assert!(written.core_time > Duration::ZERO);
    }
}
