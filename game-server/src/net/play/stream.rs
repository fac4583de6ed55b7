//! One accepted socket while it speaks HTTP, plain or TLS; counts the bytes that move over it.

use crate::net::guard::limits::{SEND_BUFFER_BYTES, UNSENT_LIMIT_BYTES};
use metrics::{Counter, counter};
use rustls::ServerConnection;
use socket2::SockRef;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// An accepted socket.
#[derive(Debug)]
pub struct Stream {
    transport: Transport,
    moved: Arc<AtomicU64>,
    meters: Meters,
}

#[derive(Debug)]
enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
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

impl Meters {
    /// Adds bytes.
    pub fn count(&self, received: usize, sent: usize) {
        self.received.increment(received as u64);
        self.sent.increment(sent as u64);
    }
}

impl Stream {
    /// A socket without TLS.
    #[must_use]
    pub fn plain(socket: TcpStream, meters: Meters) -> Stream {
        Stream { transport: Transport::Plain(socket), moved: Arc::default(), meters }
    }

    /// A socket after its TLS handshake.
    #[must_use]
    pub fn tls(socket: TlsStream<TcpStream>, meters: Meters) -> Stream {
        Stream { transport: Transport::Tls(Box::new(socket)), moved: Arc::default(), meters }
    }

    /// Whether the peer speaks TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self.transport, Transport::Tls(_))
    }

    /// Bytes received and sent so far.
    #[must_use]
    pub fn moved(&self) -> Arc<AtomicU64> {
        self.moved.clone()
    }

    /// The socket and its TLS session without their task, once HTTP is done with them. The system buffers little from
    /// now on, so that what is sent is fresh.
    ///
    /// # Errors
    /// If the system refuses an option of the socket.
    pub fn into_socket(self) -> io::Result<(std::net::TcpStream, Option<ServerConnection>)> {
        let (tcp, session) = match self.transport {
            Transport::Plain(tcp) => (tcp, None),
            Transport::Tls(tls) => {
                let (tcp, session) = tls.into_inner();
                (tcp, Some(session))
            }
        };
        let options = SockRef::from(&tcp);
        options.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        #[cfg(target_os = "linux")]
        options.set_tcp_notsent_lowat(UNSENT_LIMIT_BYTES)?;
        Ok((tcp.into_std()?, session))
    }

    fn count(&self, received: usize, sent: usize) {
        self.moved.fetch_add((received + sent) as u64, Relaxed);
        self.meters.count(received, sent);
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Transport::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        })?;
        let read = buffer.filled().len() - before;
        self.count(read, 0);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Transport::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        })?;
        self.count(0, written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, slices),
            Transport::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, slices),
        })?;
        self.count(0, written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Plain(tcp) => tcp.is_write_vectored(),
            Transport::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Transport::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.transport {
            Transport::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Transport::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
