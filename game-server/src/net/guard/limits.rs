//! What one connection may take up: times, sizes and rates.

use shared::message::CLIENT_MESSAGE_LIMIT_BYTES;
use std::time::Duration;

/// Largest head of a request, in bytes.
pub const REQUEST_HEAD_LIMIT_BYTES: usize = 16 * 1024;
/// Most header lines of a request.
pub const REQUEST_HEADERS_LIMIT: usize = 64;
/// Bytes that tungstenite reads in one go. It clears as many each time; an input message has some 20.
pub const READ_BUFFER_BYTES: usize = 256;
/// The system's buffer for what is sent but not acknowledged. The default takes 4 MiB from a stalled client's room.
pub const SEND_BUFFER_BYTES: usize = 32 * 1024;
/// What may lie unsent in the system's buffer: more would be old snapshots.
pub const UNSENT_LIMIT_BYTES: u32 = 16 * 1024;
/// Connections that wait to be accepted.
pub const BACKLOG_CONNECTIONS: i32 = 1024;
/// Sockets beyond the limit of connections that still get a polite answer.
pub const REFUSALS_LIMIT_CONNECTIONS: usize = 64;
/// Longest reason in a close frame, in bytes (RFC 6455 §5.5: 125 with the code).
pub const CLOSE_REASON_LIMIT_BYTES: usize = 123;

/// Limits of connections that a host or a test may choose.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at most.
    pub connections: usize,
    /// Connections at most from one address that is not this machine's.
    pub connections_per_address: usize,
    /// New connections from one address; those that are refused count.
    pub handshakes_per_second_and_address: u32,
    /// New connections that an address may have saved up.
    pub handshakes_burst_per_address: u32,
    /// From the accepted socket to the end of the TLS handshake.
    pub handshake_timeout: Duration,
    /// For the head of a request, and between two requests.
    pub request_timeout: Duration,
    /// A request's connection on which no byte moves for this long is closed.
    pub transfer_timeout: Duration,
    /// From the open WebSocket to the Hello.
    pub hello_timeout: Duration,
    /// A silent peer is sent a ping after this.
    pub ping_after: Duration,
    /// A silent peer is closed after this.
    pub silence_timeout: Duration,
    /// A peer that takes nothing of what is written is closed after this.
    pub write_timeout: Duration,
    /// For the peer's answer to a close frame.
    pub close_timeout: Duration,
    /// A poll is answered after this, if there is nothing to say.
    pub poll_wait_limit: Duration,
    /// A client that has polled and then asks nothing for this long is gone.
    pub poll_silence_timeout: Duration,
    /// Largest message from one peer, in bytes.
    pub message_bytes: usize,
    /// Messages from one peer; a frame of control counts, and so does a poll and a post.
    pub messages_per_second: u32,
    /// Messages that a peer may have saved up.
    pub messages_burst: u32,
    /// Bytes from one peer.
    pub bytes_per_second: u32,
    /// Bytes that a peer may have saved up.
    pub bytes_burst: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 20_000,
            connections_per_address: 256,
            handshakes_per_second_and_address: 32,
            handshakes_burst_per_address: 256,
            handshake_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            transfer_timeout: Duration::from_secs(30),
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
