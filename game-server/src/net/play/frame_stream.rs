//! The stream below a WebSocket, which also takes whole frames directly.
//!
//! Most messages are snapshots. tungstenite would copy each into a buffer of its connection, which costs cache misses on every
//! tick; these frames come from one buffer that all connections of a worker share.

use crate::net::play::stream::{HttpStream, MeteredSocket, socket_of};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// A stream and what it has not taken of the frames.
pub struct FrameStream {
    stream: HttpStream,
    /// Goes out before anything else, since it may begin inside a frame.
    unsent: Vec<u8>,
}

/// Appends a message as one binary frame.
pub fn put_frame(message: &[u8], frames: &mut Vec<u8>) {
    let header = FrameHeader { opcode: OpCode::Data(Data::Binary), ..FrameHeader::default() };
    let formatted = header.format(message.len() as u64, frames);
    debug_assert!(formatted.is_ok(), "memory takes every write");
    frames.extend_from_slice(message);
}

impl FrameStream {
    pub fn new(stream: HttpStream) -> FrameStream {
        FrameStream { stream, unsent: Vec::new() }
    }

    pub fn socket(&mut self) -> &mut MeteredSocket {
        socket_of(&mut self.stream)
    }

    /// Sends whole frames; keeps what the stream does not take, which `poll_flush` sends. To be called only when everything
    /// before is flushed.
    pub fn poll_write_frames(&mut self, cx: &mut Context<'_>, frames: &[u8]) -> Poll<io::Result<()>> {
        let mut rest = frames;
        while !rest.is_empty() && self.unsent.is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, rest)? {
                Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(sent) => rest = &rest[sent..],
                Poll::Pending => self.unsent.extend_from_slice(rest),
            }
        }
        Pin::new(self).poll_flush(cx)
    }

    fn poll_unsent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &self.unsent))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => drop(self.unsent.drain(..sent)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for FrameStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for FrameStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_unsent(cx))?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unsent(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unsent(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
