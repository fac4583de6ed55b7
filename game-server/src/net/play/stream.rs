//! One accepted socket, plain or TLS. Counts the bytes that move over it.

use crate::net::guard::limits::{SEND_BUFFER_BYTES, UNSENT_LIMIT_BYTES};
use metrics::{Counter, counter};
use socket2::SockRef;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

/// The stream below HTTP and the WebSocket: a plain socket is stored in place, since each message touches it.
pub type HttpStream = Either<MeteredSocket, Box<TlsStream<MeteredSocket>>>;

/// The socket below the TLS, if there is any.
pub fn socket_of(stream: &mut HttpStream) -> &mut MeteredSocket {
    match stream {
        Either::Left(socket) => socket,
        Either::Right(tls) => tls.get_mut().0,
    }
}

/// A TCP socket that counts its bytes and whose reads can be limited.
#[derive(Debug)]
pub struct MeteredSocket {
    tcp: TcpStream,
    meters: Meters,
    /// Read by HTTP alone.
    moved_bytes: Option<Arc<AtomicU64>>,
    received_bytes: usize,
    reads_left: Option<u32>,
}

/// Counts the bytes of all sockets.
#[derive(Clone, Debug)]
pub struct Meters {
    received: Counter,
    sent: Counter,
}

impl Default for Meters {
    fn default() -> Meters {
        Meters {
            received: counter!("driftbelt_received_bytes_total"),
            sent: counter!("driftbelt_sent_bytes_total"),
        }
    }
}

impl MeteredSocket {
    /// An accepted socket.
    #[must_use]
    pub fn new(tcp: TcpStream, meters: Meters) -> MeteredSocket {
        MeteredSocket { tcp, meters, moved_bytes: None, received_bytes: 0, reads_left: None }
    }

    /// Waits for the first byte, which stays unread.
    ///
    /// # Errors
    /// If the connection has failed.
    pub async fn peek(&self) -> io::Result<u8> {
        let mut first = [0];
        self.tcp.peek(&mut first).await?;
        Ok(first[0])
    }

    /// Counts the bytes received and sent from now on, until the socket is [moved](MeteredSocket::move_to_current_runtime).
    #[must_use]
    pub fn moved_bytes(&mut self) -> Arc<AtomicU64> {
        self.moved_bytes.get_or_insert_default().clone()
    }

    /// Lets only this many reads succeed until the next call.
    pub fn limit_reads(&mut self, reads: u32) {
        self.reads_left = Some(reads);
    }

    /// The bytes received since the last call.
    pub fn take_received_bytes(&mut self) -> usize {
        std::mem::take(&mut self.received_bytes)
    }

    /// Moves the socket to the reactor of the runtime that the caller has entered. The kernel buffers little from now on,
    /// so that what is sent is fresh.
    ///
    /// # Errors
    /// If the kernel refuses an option of the socket or a second handle to it.
    pub fn move_to_current_runtime(&mut self) -> io::Result<()> {
        // A TLS stream does not give up its socket, so a second handle replaces it.
        let twin = SockRef::from(&self.tcp).try_clone()?;
        twin.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        #[cfg(target_os = "linux")]
        twin.set_tcp_notsent_lowat(UNSENT_LIMIT_BYTES)?;
        self.tcp = TcpStream::from_std(twin.into())?;
        self.moved_bytes = None;
        Ok(())
    }

    fn count_moved(&self, bytes: usize) {
        if let Some(moved) = &self.moved_bytes {
            moved.fetch_add(bytes as u64, Relaxed);
        }
    }

    fn count_sent(&self, bytes: usize) {
        self.count_moved(bytes);
        self.meters.sent.increment(bytes as u64);
    }
}

impl AsyncRead for MeteredSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.reads_left == Some(0) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buffer))?;
        let received = buffer.filled().len() - before;
        self.reads_left = self.reads_left.map(|left| left - 1);
        self.received_bytes += received;
        self.count_moved(received);
        self.meters.received.increment(received as u64);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for MeteredSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let sent = ready!(Pin::new(&mut self.tcp).poll_write(cx, bytes))?;
        self.count_sent(sent);
        Poll::Ready(Ok(sent))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = ready!(Pin::new(&mut self.tcp).poll_write_vectored(cx, slices))?;
        self.count_sent(sent);
        Poll::Ready(Ok(sent))
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
