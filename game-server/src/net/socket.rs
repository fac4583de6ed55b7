//! An open socket without waiting: reads what is there, writes what fits. Plain or TLS.

use mio::net::TcpStream;
use rustls::{ServerConnection, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

/// An open socket.
pub enum Socket {
    /// TCP.
    Plain(Tcp),
    /// TLS over TCP.
    Tls(Box<StreamOwned<ServerConnection, Tcp>>),
}

/// TCP that counts its bytes and knows when it was read empty, which saves the system call that would say so.
pub struct Tcp {
    stream: TcpStream,
    drained: bool,
    received: usize,
    sent: usize,
}

impl Tcp {
    /// Takes over a socket that is in non-blocking mode.
    #[must_use]
    pub fn new(stream: std::net::TcpStream) -> Tcp {
        Tcp { stream: TcpStream::from_std(stream), drained: false, received: 0, sent: 0 }
    }
}

impl Socket {
    /// The TCP under it, to register for readiness.
    pub fn source(&mut self) -> &mut TcpStream {
        &mut self.tcp().stream
    }

    /// There may be something to read again.
    pub fn refill(&mut self) {
        self.tcp().drained = false;
    }

    /// Bytes received and sent since the last call.
    pub fn moved(&mut self) -> (usize, usize) {
        let tcp = self.tcp();
        (std::mem::take(&mut tcp.received), std::mem::take(&mut tcp.sent))
    }

    /// Nothing more will be written; the peer sees the end once it has read everything before it.
    pub fn finish(&mut self) {
        // A socket that cannot be finished is gone already.
        if let Socket::Tls(tls) = self {
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
        let _ = self.tcp().stream.shutdown(Shutdown::Write);
    }

    fn tcp(&mut self) -> &mut Tcp {
        match self {
            Socket::Plain(tcp) => tcp,
            Socket::Tls(tls) => &mut tls.sock,
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Plain(tcp) => tcp.read(buffer),
            Socket::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Plain(tcp) => tcp.write(bytes),
            Socket::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Socket::Plain(_) => Ok(()),
            Socket::Tls(tls) => tls.flush(),
        }
    }
}

impl Read for Tcp {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.drained {
            return Err(ErrorKind::WouldBlock.into());
        }
        let read = self.stream.read(buffer)?;
        self.received += read;
        // The end of the stream is left for the next read to see.
        self.drained = read > 0 && read < buffer.len();
        Ok(read)
    }
}

impl Write for Tcp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(bytes)?;
        self.sent += written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
