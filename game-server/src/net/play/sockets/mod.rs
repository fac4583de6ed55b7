//! Open sockets without waiting: bytes that arrive are reported, bytes to be sent are taken over. By io_uring where the
//! system has it (a round costs a third less of the server's time), else by readiness.

#[cfg(target_os = "linux")]
mod buffers;
mod readiness;
#[cfg(target_os = "linux")]
mod ring;

pub use readiness::Readiness;
#[cfg(target_os = "linux")]
pub use ring::Ring;
use std::io;
use std::net::TcpStream;

/// Bytes taken from one socket at a time. A whole input message has some 20.
pub const RECEIVE_BYTES: usize = 1024;

/// How the system moves the bytes of open sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SocketMethod {
    /// io_uring where the system allows it, else readiness
    #[default]
    Auto,
    /// Linux's io_uring: many sockets in one system call
    Ring,
    /// epoll, kqueue or their like: one system call for each read and write
    Readiness,
}

/// What has happened to a socket.
#[derive(Debug)]
pub enum Report<'a> {
    /// Bytes have arrived.
    Received(&'a [u8]),
    /// The system has taken over all that was to be sent: the memory that it was in.
    Sent(Vec<u8>),
    /// The peer has ended the connection, or it has failed. What is still to be sent may go out.
    Gone,
}

/// Open sockets, by a key that stays theirs until they are removed.
pub trait Sockets {
    /// Takes over a socket.
    ///
    /// # Errors
    /// If the system cannot watch it.
    fn add(&mut self, stream: TcpStream) -> io::Result<usize>;

    /// Sends bytes. The next may follow once they are reported as sent.
    fn send(&mut self, key: usize, bytes: Vec<u8>);

    /// Tells the peer that nothing more will be sent.
    fn finish(&mut self, key: usize);

    /// Lets go of a socket. Last words go out if the system takes them at once.
    fn remove(&mut self, key: usize, last_words: Vec<u8>);

    /// Hands to the system what is to be sent, and reports what has happened since the last turn.
    fn turn(&mut self, report: &mut dyn FnMut(usize, Report<'_>));
}
