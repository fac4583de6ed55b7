//! One player's WebSocket on a non-blocking TCP or TLS stream: opening, reading into a buffer that all share, writing.

use crate::frames::{FrameError, FrameReader, Message, write_binary, write_pong};
use crate::target::Target;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustls::StreamOwned;
use std::io::{self, ErrorKind, Read, Write};
use tungstenite::handshake::client::ClientHandshake;
use tungstenite::handshake::{HandshakeError, MidHandshake};

/// Most unsent bytes; beyond them the server does not read, and the connection is closed.
const UNSENT_LIMIT_BYTES: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The operating system reports an error.
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the server hung up")]
    HungUp,
    /// The WebSocket handshake failed.
    #[error("no WebSocket: {0}")]
    Handshake(Box<tungstenite::Error>),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("the server does not read what is sent")]
    Clogged,
}

/// The bytes' way.
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<rustls::ClientConnection, TcpStream>>),
}

impl Stream {
    fn tcp(&mut self) -> &mut TcpStream {
        match self {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => &mut stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.read(buffer),
            Stream::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(stream) => stream.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(stream) => stream.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}

enum State {
    Connecting(Stream),
    /// The upgrade is under way.
    Upgrading(MidHandshake<ClientHandshake<Stream>>),
    Open(Stream),
    /// Between two states, or of no use.
    Gone,
}

/// What became of the opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Opening,
    /// Open since this call.
    Opened,
    /// Open before.
    Open,
}

pub struct Socket {
    state: State,
    reader: FrameReader,
    unsent: Vec<u8>,
    masks: u32,
}

impl Socket {
    pub fn connect(target: &Target, registry: &Registry, token: Token) -> Result<Socket, SocketError> {
        let mut tcp = TcpStream::connect(target.address)?;
        registry.register(&mut tcp, token, Interest::READABLE | Interest::WRITABLE)?;
        let stream = match target.tls()? {
            None => Stream::Plain(tcp),
            Some(connection) => Stream::Tls(Box::new(StreamOwned::new(connection, tcp))),
        };
        Ok(Socket {
            state: State::Connecting(stream),
            reader: FrameReader::default(),
            unsent: Vec::new(),
            masks: token.0 as u32,
        })
    }

    /// Continues the opening; to be called when the socket is ready.
    pub fn open(&mut self, target: &Target) -> Result<Progress, SocketError> {
        let upgrade = match std::mem::replace(&mut self.state, State::Gone) {
            State::Open(stream) => {
                self.state = State::Open(stream);
                return Ok(Progress::Open);
            }
            State::Gone => return Err(SocketError::HungUp),
            State::Upgrading(upgrade) => upgrade,
            State::Connecting(mut stream) => {
                if let Some(error) = stream.tcp().take_error()? {
                    return Err(error.into());
                }
                match stream.tcp().peer_addr() {
                    Err(error) if error.kind() == ErrorKind::NotConnected => {
                        self.state = State::Connecting(stream);
                        return Ok(Progress::Opening);
                    }
                    other => other?,
                };
                stream.tcp().set_nodelay(true)?;
                let request = target.request().map_err(|error| SocketError::Handshake(Box::new(error)))?;
                ClientHandshake::start(stream, request, None)
                    .map_err(|error| SocketError::Handshake(Box::new(error)))?
            }
        };
        match upgrade.handshake() {
            Ok((socket, _)) => {
                self.state = State::Open(socket.into_inner());
                Ok(Progress::Opened)
            }
            Err(HandshakeError::Interrupted(upgrade)) => {
                self.state = State::Upgrading(upgrade);
                Ok(Progress::Opening)
            }
            Err(HandshakeError::Failure(error)) => Err(SocketError::Handshake(Box::new(error))),
        }
    }

    /// Reads what has arrived through `buffer` and passes every binary message to `on`. With `closing`, the end of the stream
    /// may follow the data.
    pub fn read(
        &mut self,
        buffer: &mut [u8],
        closing: bool,
        mut on: impl FnMut(&[u8]),
    ) -> Result<(), SocketError> {
        let State::Open(stream) = &mut self.state else { return Ok(()) };
        let drained_when_short = matches!(stream, Stream::Plain(_)) && !closing;
        loop {
            let length = match stream.read(buffer) {
                Ok(0) => return Err(SocketError::HungUp),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            let unsent = &mut self.unsent;
            self.reader.take(&buffer[..length], |message| match message {
                Message::Binary(bytes) => on(bytes),
                Message::Ping(bytes) => write_pong(bytes, [0; 4], unsent),
            })?;
            // A socket that gives less than asked for is empty, and epoll tells when there is more.
            if drained_when_short && length < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Sends a binary message and returns the bytes that its frame takes.
    pub fn send(&mut self, message: &[u8]) -> Result<usize, SocketError> {
        // Masks protect proxies from hostile pages; here it is enough that they differ (Knuth's multiplier).
        self.masks = self.masks.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let before = self.unsent.len();
        write_binary(message, self.masks.to_le_bytes(), &mut self.unsent);
        let length = self.unsent.len() - before;
        if before == 0 {
            self.flush()?;
        } else if self.unsent.len() > UNSENT_LIMIT_BYTES {
            return Err(SocketError::Clogged);
        }
        Ok(length)
    }

    /// Writes unsent bytes, as many as the socket takes.
    pub fn flush(&mut self) -> Result<(), SocketError> {
        let State::Open(stream) = &mut self.state else { return Ok(()) };
        while !self.unsent.is_empty() {
            match stream.write(&self.unsent) {
                Ok(length) => drop(self.unsent.drain(..length)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        if let Stream::Tls(tls) = stream
            && tls.conn.wants_write()
        {
            match tls.flush() {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }
}
