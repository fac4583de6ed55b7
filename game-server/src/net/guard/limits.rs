//! Limits of connections: times, sizes and rates.

use shared::message::CLIENT_MESSAGE_LIMIT_BYTES;
use std::time::Duration;

pub const REQUEST_HEAD_LIMIT_BYTES: usize = 16 * 1024;
pub const REQUEST_HEADERS_LIMIT: usize = 64;
/// Bytes that tungstenite reads at once. It clears the buffer each time; an input message has about 20.
pub const READ_BUFFER_BYTES: usize = 256;
/// The kernel's buffer of bytes sent but not acknowledged. The default takes up to 4 MiB for a stalled client.
pub const SEND_BUFFER_BYTES: usize = 32 * 1024;
/// Unsent bytes that the kernel may buffer: more would be old snapshots.
pub const UNSENT_LIMIT_BYTES: u32 = 16 * 1024;
/// Length of the queue of connections that wait to be accepted.
pub const BACKLOG_CONNECTIONS: i32 = 1024;
/// Sockets accepted beyond the connection limit, so that their clients receive a reason.
pub const REFUSALS_LIMIT_CONNECTIONS: usize = 64;
/// Sockets accepted beyond those: they answer probes, and everything else with 503. One network has one.
pub const PROBES_LIMIT_SOCKETS: usize = 8;
/// Longest reason in a close frame, in bytes (RFC 6455 §5.5: 125 with the code).
pub const CLOSE_REASON_LIMIT_BYTES: usize = 123;

/// Limits that a host or a test may choose.
#[derive(Clone, Debug)]
pub struct Limits {
    pub connections: usize,
    /// Sockets beyond those, whose clients are told that the server is full.
    pub refusals: usize,
    /// Loopback addresses are not limited.
    pub connections_per_address: usize,
    /// Connections of clients that poll, among those: each holds up to three sockets.
    pub polling_connections: usize,
    /// Downloads of recordings, pieces of matches and clips at a time.
    pub downloads: usize,
    pub downloads_per_address: usize,
    /// Requests at a time that wait for the next piece of a match.
    pub waiting_watchers: usize,
    pub waiting_watchers_per_address: usize,
    /// Refused connections count too.
    pub handshakes_per_second_and_address: u32,
    pub handshakes_burst_per_address: u32,
    /// From the accepted socket to the end of the TLS handshake.
    pub handshake_timeout: Duration,
    /// For the first head on a connection, and for a body.
    pub request_timeout: Duration,
    /// An HTTP connection that transfers no byte for this long is closed. Longer than the 60 s for which load balancers keep idle
    /// connections: they answer 502 when a server closes one that they are about to use.
    pub transfer_timeout: Duration,
    /// From the open WebSocket to the Hello.
    pub hello_timeout: Duration,
    /// A silent peer is pinged after this.
    pub ping_after: Duration,
    /// A silent peer is closed after this.
    pub silence_timeout: Duration,
    /// A peer that receives nothing for this long is closed.
    pub write_timeout: Duration,
    /// For the peer's answer to a close frame.
    pub close_timeout: Duration,
    /// A poll is answered with an empty batch after this.
    pub poll_wait_limit: Duration,
    /// A client that does not poll for this long is considered gone.
    pub poll_silence_timeout: Duration,
    /// Largest message of a client.
    pub message_bytes: usize,
    /// Per peer. Control frames, polls and posts count too.
    pub messages_per_second: u32,
    pub messages_burst: u32,
    pub bytes_per_second: u32,
    pub bytes_burst: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 20_000,
            refusals: REFUSALS_LIMIT_CONNECTIONS,
            connections_per_address: 256,
            polling_connections: 5_000,
            downloads: 64,
            downloads_per_address: 8,
            waiting_watchers: 5_000,
            waiting_watchers_per_address: 64,
            handshakes_per_second_and_address: 32,
            handshakes_burst_per_address: 256,
            handshake_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            transfer_timeout: Duration::from_secs(75),
            hello_timeout: Duration::from_secs(5),
            ping_after: Duration::from_secs(20),
            silence_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(1),
            poll_wait_limit: Duration::from_secs(20),
            poll_silence_timeout: Duration::from_secs(10),
            message_bytes: CLIENT_MESSAGE_LIMIT_BYTES,
            messages_per_second: 200,
            messages_burst: 400,
            bytes_per_second: 32 * 1024,
            bytes_burst: 16 * CLIENT_MESSAGE_LIMIT_BYTES as u32,
        }
    }
}
