//! The life of one player's WebSocket: Hello, a seat, messages both ways, the close. Never waits: its
//! [worker](super::workers) polls it when the socket is ready and when its room has something to send.

use crate::host::lobby::Destination;
use crate::net::guard::addresses::AddressPermit;
use crate::net::guard::limits::{Limits, READ_BUFFER_BYTES};
use crate::net::guard::permits::Permit;
use crate::net::guard::socket_permit::SocketPermit;
use crate::net::guard::token_bucket::TokenBucket;
use crate::net::play::close::{CloseCause, close, close_cause, within_limit};
use crate::net::play::context::{ConnectionContext, Purpose};
use crate::net::play::frame_stream::{FrameStream, put_frame};
use crate::net::play::seat::Seat;
use crate::net::play::stream::{HttpStream, MeteredSocket, socket_of};
use crate::telemetry;
use futures_util::{FutureExt, Sink, Stream};
use metrics::counter;
use room::outbox::Drained;
use room::speech::server_line;
use shared::codec::{decode_client, encode_server};
use shared::message::{ClientMessage, CloseCode, ServerMessage};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// Reads from one socket in one round: a flood must not keep the others waiting.
const READS_PER_ROUND: u32 = 16;

/// Between two lines that say that the room pauses: less than the silence after which a page takes its connection for dead.
const PAUSED_INTERVAL: Duration = Duration::from_secs(3);
const PAUSED: &str = "The belt waits for its fleet.";

/// One player's WebSocket.
pub struct Connection {
    websocket: WebSocketStream<FrameStream>,
    phase: Phase,
    address: IpAddr,
    messages: TokenBucket,
    bytes: TokenBucket,
    last_heard: Instant,
    is_pinged: bool,
    /// When the player was last told that the room pauses.
    paused_told_at: Option<Instant>,
    /// Since when the kernel has not taken all that was written.
    blocked_since: Option<Instant>,
    _socket: Arc<SocketPermit>,
    _player: Option<Permit>,
    _behind_proxy: Option<AddressPermit>,
}

enum Phase {
    AwaitingHello {
        to: Destination,
        until: Instant,
    },
    Seated(Seat),
    /// With a conformance suite.
    Echo,
    /// Our close frame is on its way; the peer may answer it.
    Closing {
        until: Instant,
    },
    /// Nothing more is said. What arrives is discarded: a socket that is closed with unread bytes is reset, and the peer may
    /// lose the close frame.
    Draining {
        until: Instant,
    },
}

/// Whether what was received was answered, which is then to be flushed.
struct HasReplied(bool);

/// Whether a connection stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It does.
    Continue,
    /// It is over: drop it.
    Over,
}

/// Memory that the connections of a worker share.
#[derive(Default)]
pub struct Scratch {
    /// The content of one outbox.
    drained: Drained,
    /// The same as frames.
    frames: Vec<u8>,
}

/// A socket after the 101.
pub struct Arrival {
    /// The socket.
    pub stream: HttpStream,
    /// What was read behind the request.
    pub early: Vec<u8>,
    /// Where the client wants to play.
    pub to: Destination,
    /// What a person can do about it, if the page speaks another version than the server.
    pub mismatch: Option<&'static str>,
    /// Whose socket it is.
    pub address: IpAddr,
    /// Counts among all sockets.
    pub socket: Arc<SocketPermit>,
    /// Counts among those of its address, if there is a proxy in between.
    pub behind_proxy: Option<AddressPermit>,
}

impl Connection {
    /// Takes a socket over. The reactor of the runtime that the caller has entered watches it from now on.
    ///
    /// # Errors
    /// If the kernel refuses that.
    pub fn open(
        arrival: Arrival,
        context: &ConnectionContext,
        cx: &mut Context<'_>,
        now: Instant,
    ) -> io::Result<Connection> {
        let Arrival { mut stream, early, to, mismatch, address, socket, behind_proxy } = arrival;
        let limits = &context.limits;
        socket_of(&mut stream).move_to_current_runtime()?;
        let (role, config) = (Role::Server, Some(websocket_config(limits)));
        let websocket = WebSocketStream::from_partially_read(FrameStream::new(stream), early, role, config);
        let player = context.players.acquire();
        let mut connection = Connection {
            websocket: websocket.now_or_never().ok_or(io::ErrorKind::WouldBlock)?,
            phase: match context.purpose {
                Purpose::Game => Phase::AwaitingHello { to, until: now + limits.hello_timeout },
                Purpose::Echo => Phase::Echo,
            },
            address,
            messages: TokenBucket::new(limits.messages_per_second, limits.messages_burst, now),
            bytes: TokenBucket::new(limits.bytes_per_second, limits.bytes_burst, now),
            last_heard: now,
            is_pinged: false,
            paused_told_at: None,
            blocked_since: None,
            _socket: socket,
            _player: player,
            _behind_proxy: behind_proxy,
        };
        if let Some(reason) = mismatch {
            telemetry::refused("version", address, reason);
            // A page of another version could not read a Goodbye.
            connection.close(context, (CloseCode::VersionMismatch, reason), cx, now);
        } else if connection._player.is_none() {
            let reason = "the server is full: try again later";
            telemetry::refused("full", address, reason);
            let cause = close(CloseCode::Full, reason);
            connection.end(context, cause, cx, now);
        }
        Ok(connection)
    }

    /// Handles a ready socket: flushes pending bytes, then receives.
    pub fn poll(&mut self, context: &ConnectionContext, cx: &mut Context<'_>, now: Instant) -> Next {
        if self.blocked_since.is_some() && self.flush(cx, now) == Next::Over {
            return Next::Over;
        }
        if let Phase::Draining { .. } = self.phase {
            return self.drain(cx);
        }
        match self.receive(context, cx, now) {
            Ok(HasReplied(true)) => self.flush(cx, now),
            Ok(HasReplied(false)) => Next::Continue,
            Err(cause) => self.end(context, cause, cx, now),
        }
    }

    fn receive(
        &mut self,
        context: &ConnectionContext,
        cx: &mut Context<'_>,
        now: Instant,
    ) -> Result<HasReplied, CloseCause> {
        self.socket().limit_reads(READS_PER_ROUND);
        let mut has_replied = false;
        while let Poll::Ready(message) = Pin::new(&mut self.websocket).poll_next(cx) {
            match message {
                Some(Ok(Message::Close(_))) | None => return Err(CloseCause::ClosedByPeer),
                Some(Err(error)) => return Err(close_cause(error)),
                Some(Ok(_)) if self.is_closing() => {}
                Some(Ok(message)) => {
                    has_replied |= !message.is_binary() || matches!(self.phase, Phase::Echo);
                    self.on_message(context, message, now)?;
                }
            }
        }
        let received = self.socket().take_received_bytes();
        if !self.bytes.take(received, now) && !self.is_closing() {
            let reason = "more bytes per second than allowed";
            return Err(CloseCause::Breach(CloseCode::PolicyViolation, reason.into()));
        }
        Ok(HasReplied(has_replied))
    }

    fn on_message(
        &mut self,
        context: &ConnectionContext,
        message: Message,
        now: Instant,
    ) -> Result<(), CloseCause> {
        self.last_heard = now;
        self.is_pinged = false;
        if !self.messages.take(1, now) {
            return Err(close(CloseCode::PolicyViolation, "too many messages per second"));
        }
        match (&mut self.phase, message) {
            (Phase::Echo, message @ (Message::Binary(_) | Message::Text(_))) => self.write(message),
            (_, Message::Text(_)) => {
                Err(close(CloseCode::Unsupported, "this socket speaks binary frames only"))
            }
            (phase, Message::Binary(bytes)) => {
                let message =
                    decode_client(&bytes).map_err(|error| close(CloseCode::BadMessage, error.to_string()))?;
                match (phase, message) {
                    (Phase::AwaitingHello { to, .. }, ClientMessage::Hello(hello)) => {
                        let seat = Seat::enter(context, self.address, to, hello)?;
                        self.phase = Phase::Seated(seat);
                        Ok(())
                    }
                    (Phase::Seated(_), ClientMessage::Hello(_)) => {
                        Err(close(CloseCode::BadMessage, "Hello was said before"))
                    }
                    (Phase::Seated(seat), message) => seat.forward(message),
                    _ => Err(close(CloseCode::BadMessage, "the first message must be Hello")),
                }
            }
            // tungstenite answers pings.
            _ => Ok(()),
        }
    }

    /// Sends all that is in the outbox. While the kernel has not taken what was written before, the outbox fills up, and
    /// the room sends less. All connections of a worker share `scratch`.
    pub fn send_outbox(
        &mut self,
        context: &ConnectionContext,
        scratch: &mut Scratch,
        cx: &mut Context<'_>,
        now: Instant,
    ) -> Next {
        let Scratch { drained, frames } = scratch;
        let Phase::Seated(seat) = &self.phase else { return Next::Continue };
        if self.blocked_since.is_some() || !seat.drain_into(drained) {
            return Next::Continue;
        }
        frames.clear();
        drained.messages.iter().for_each(|message| put_frame(message, frames));
        // All messages of a tick in one piece: one system call, and one record of TLS.
        let sent = self.websocket.get_mut().poll_write_frames(cx, frames);
        let next = self.note_flush(sent.map(|result| result.is_ok()), now);
        match drained.close.take() {
            Some((code, reason)) if next == Next::Continue => self.end(context, close(code, reason), cx, now),
            _ => next,
        }
    }

    /// Pings a silent peer and closes when a timeout is over. To be called now and then.
    pub fn check_times(&mut self, context: &ConnectionContext, cx: &mut Context<'_>, now: Instant) -> Next {
        let limits = &context.limits;
        let is_stalled = self.blocked_since.is_some_and(|since| now - since >= limits.write_timeout);
        let silence = now - self.last_heard;
        let cause = match self.phase {
            Phase::Closing { until } | Phase::Draining { until } if now >= until => return Next::Over,
            Phase::Closing { .. } | Phase::Draining { .. } => return Next::Continue,
            _ if context.bans.is_banned(self.address, SystemTime::now()) => {
                close(CloseCode::Kicked, "you are banned from this server")
            }
            Phase::AwaitingHello { until, .. } if now >= until => {
                close(CloseCode::NoHello, "no Hello came in time")
            }
            Phase::AwaitingHello { .. } if context.is_stopping() => {
                close(CloseCode::GoingAway, "the server is stopping")
            }
            _ if is_stalled => close(CloseCode::TooSlow, "this connection is too slow for the game"),
            _ if silence >= limits.silence_timeout => {
                close(CloseCode::TooSlow, "nothing was heard for too long")
            }
            Phase::Seated(ref seat)
                if seat.is_paused()
                    && self.blocked_since.is_none()
                    && self.paused_told_at.is_none_or(|told| now >= told + PAUSED_INTERVAL) =>
            {
                self.paused_told_at = Some(now);
                let mut line = Vec::new();
                // Of no tick, so that it waits for none.
                encode_server(&server_line(PAUSED.into()), &mut line);
                return match self.write(Message::Binary(line.into())) {
                    Ok(()) => self.flush(cx, now),
                    Err(_) => Next::Over,
                };
            }
            Phase::Seated(_)
                if silence >= limits.ping_after && !self.is_pinged && self.blocked_since.is_none() =>
            {
                self.is_pinged = true;
                return match self.write(Message::Ping(Bytes::new())) {
                    Ok(()) => self.flush(cx, now),
                    Err(_) => Next::Over,
                };
            }
            _ => return Next::Continue,
        };
        self.end(context, cause, cx, now)
    }

    fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. } | Phase::Draining { .. })
    }

    fn socket(&mut self) -> &mut MeteredSocket {
        self.websocket.get_mut().socket()
    }

    /// Queues a message. A peer that does not take what was written before is given up.
    fn write(&mut self, message: Message) -> Result<(), CloseCause> {
        Pin::new(&mut self.websocket).start_send(message).map_err(|_| CloseCause::Gone)
    }

    fn flush(&mut self, cx: &mut Context<'_>, now: Instant) -> Next {
        let flushed = Pin::new(&mut self.websocket).poll_flush(cx);
        self.note_flush(flushed.map(|result| result.is_ok()), now)
    }

    fn note_flush(&mut self, flushed: Poll<bool>, now: Instant) -> Next {
        match flushed {
            Poll::Ready(true) => self.blocked_since = None,
            Poll::Ready(false) => return Next::Over,
            Poll::Pending => drop(self.blocked_since.get_or_insert(now)),
        }
        Next::Continue
    }

    /// Ends the connection in the way that the cause asks for.
    fn end(
        &mut self,
        context: &ConnectionContext,
        cause: CloseCause,
        cx: &mut Context<'_>,
        now: Instant,
    ) -> Next {
        let (code, reason) = match &cause {
            CloseCause::Gone => return Next::Over,
            CloseCause::Close(code, reason) | CloseCause::Breach(code, reason) if !self.is_closing() => {
                (*code, reason)
            }
            _ => return self.begin_draining(context, cx, now),
        };
        if let Phase::AwaitingHello { .. } = self.phase {
            let mut goodbye = Vec::new();
            let reason = reason.clone().into_owned();
            encode_server(&ServerMessage::Goodbye { code: code as u16, reason }, &mut goodbye);
            if self.write(Message::Binary(goodbye.into())).is_err() {
                return Next::Over;
            }
        }
        let next = self.close(context, (code, reason), cx, now);
        match cause {
            CloseCause::Breach(..) if next == Next::Continue => self.begin_draining(context, cx, now),
            _ => next,
        }
    }

    /// Leaves the seat, sends the close frame, and gives the peer time to answer.
    fn close(
        &mut self,
        context: &ConnectionContext,
        (code, reason): (CloseCode, &str),
        cx: &mut Context<'_>,
        now: Instant,
    ) -> Next {
        counter!("driftbelt_connections_closed_total", "code" => (code as u16).to_string()).increment(1);
        tracing::debug!(code = code as u16, reason, "closing a connection");
        self.phase = Phase::Closing { until: now + context.limits.close_timeout };
        let frame = CloseFrame { code: (code as u16).into(), reason: within_limit(reason).into() };
        if self.write(Message::Close(Some(frame))).is_err() {
            return Next::Over;
        }
        // What has arrived behind the cause is in buffers that announce themselves to nobody.
        cx.waker().wake_by_ref();
        self.flush(cx, now)
    }

    fn begin_draining(&mut self, context: &ConnectionContext, cx: &mut Context<'_>, now: Instant) -> Next {
        let until = match self.phase {
            Phase::Closing { until } => until,
            _ => now + context.limits.close_timeout,
        };
        self.phase = Phase::Draining { until };
        self.drain(cx)
    }

    /// Sends what is written and the end of the stream, and discards what arrives.
    fn drain(&mut self, cx: &mut Context<'_>) -> Next {
        let flushed = Pin::new(&mut self.websocket).poll_flush(cx);
        let stream = self.websocket.get_mut();
        let sent = match flushed {
            Poll::Ready(Ok(())) => Pin::new(&mut *stream).poll_shutdown(cx).map(|result| result.is_ok()),
            other => other.map(|result| result.is_ok()),
        };
        if sent == Poll::Ready(false) {
            return Next::Over;
        }
        stream.socket().limit_reads(READS_PER_ROUND);
        let mut discarded = [0; READ_BUFFER_BYTES];
        loop {
            let mut buffer = ReadBuf::new(&mut discarded);
            match Pin::new(&mut *stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return Next::Continue,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => return Next::Over,
            }
        }
    }
}

/// Small buffers: messages for a slow peer queue in the outbox, where a newer snapshot replaces an older one. Through
/// tungstenite go only control frames and the echo.
fn websocket_config(limits: &Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * limits.message_bytes)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.message_bytes))
}
