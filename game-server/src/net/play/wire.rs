//! A connection's bytes without a socket: what has arrived goes in, what is to be sent comes out. Plain or TLS.

use rustls::ServerConnection;
use std::io::{self, ErrorKind, Read, Write};

/// Everything between the WebSocket and the socket.
pub struct Wire {
    tls: Option<Box<ServerConnection>>,
    /// What was read and given back.
    unread: Vec<u8>,
    outgoing: Vec<u8>,
    /// Most bytes that wait to be sent, answers to pings included.
    outgoing_limit_bytes: usize,
}

/// The wire while bytes that have arrived are read.
pub struct Reading<'a, 'b> {
    wire: &'a mut Wire,
    arrived: &'a mut &'b [u8],
}

impl Wire {
    /// For a plain socket, or one with a TLS session whose handshake is done.
    #[must_use]
    pub fn new(tls: Option<ServerConnection>, outgoing_limit_bytes: usize) -> Wire {
        let tls = tls.map(|mut tls| {
            // What is written is encrypted at once, and has a limit of its own.
            tls.set_buffer_limit(None);
            Box::new(tls)
        });
        Wire { tls, unread: Vec::new(), outgoing: Vec::new(), outgoing_limit_bytes }
    }

    /// The wire with bytes that have arrived; what was read is taken off them.
    pub fn reading<'a, 'b>(&'a mut self, arrived: &'a mut &'b [u8]) -> Reading<'a, 'b> {
        Reading { wire: self, arrived }
    }

    /// Bytes that have arrived, as the peer wrote them: where they lie if there is no TLS, else as many as `memory` has room
    /// for. None at all if the peer has written its last.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] if all is read, and if the bytes are not TLS.
    pub fn read_plain<'a, 'b: 'a>(
        &mut self,
        arrived: &mut &'b [u8],
        memory: &'a mut [u8],
    ) -> io::Result<&'a [u8]> {
        if self.tls.is_none() && !arrived.is_empty() {
            return Ok(std::mem::take(arrived));
        }
        let length = self.reading(arrived).read(memory)?;
        Ok(&memory[..length])
    }

    /// Gives back what was read last: it is read again.
    pub fn give_back(&mut self, bytes: &[u8]) {
        self.unread = bytes.to_vec();
    }

    /// What is to be sent; empty if nothing is.
    pub fn take_outgoing(&mut self) -> Vec<u8> {
        self.encrypt();
        std::mem::take(&mut self.outgoing)
    }

    /// As writing; what is to be sent goes to the memory of these bytes, without TLS as they are.
    ///
    /// # Errors
    /// If the peer does not take what was written before.
    pub fn write_owned(&mut self, mut bytes: Vec<u8>) -> io::Result<()> {
        if !self.outgoing.is_empty() {
            return self.write_all(&bytes);
        }
        if let Some(tls) = &mut self.tls {
            tls.writer().write_all(&bytes)?;
            bytes.clear();
        }
        self.outgoing = bytes;
        self.encrypt();
        Ok(())
    }

    /// Nothing more will be written.
    pub fn finish(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
    }

    /// Moves what TLS has to say behind what is to be sent.
    fn encrypt(&mut self) {
        let Some(tls) = &mut self.tls else { return };
        while tls.wants_write() {
            // Writing to memory does not fail.
            if tls.write_tls(&mut self.outgoing).is_err() {
                return;
            }
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.outgoing.len() >= self.outgoing_limit_bytes {
            return Err(ErrorKind::WouldBlock.into());
        }
        match &mut self.tls {
            None => self.outgoing.write(bytes),
            Some(tls) => {
                let written = tls.writer().write(bytes)?;
                self.encrypt();
                Ok(written)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Wire {
    /// Reads what TLS has left from before.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reading(&mut &[][..]).read(buffer)
    }
}

impl Read for Reading<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.wire.unread.is_empty() {
            let length = (&self.wire.unread[..]).read(buffer)?;
            self.wire.unread.drain(..length);
            return Ok(length);
        }
        let Some(tls) = &mut self.wire.tls else {
            return if self.arrived.is_empty() {
                Err(ErrorKind::WouldBlock.into())
            } else {
                self.arrived.read(buffer)
            };
        };
        loop {
            match tls.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock && !self.arrived.is_empty() => {}
                result => return result,
            }
            tls.read_tls(self.arrived)?;
            tls.process_new_packets().map_err(io::Error::other)?;
        }
    }
}

impl Write for Reading<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wire.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wire.flush()
    }
}
