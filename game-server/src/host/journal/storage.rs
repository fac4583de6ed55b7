//! What the writer needs of a disk.

use shared::recording::{Seats, TokenHash};
use std::io;
use std::time::SystemTime;

/// A place for recordings.
pub(super) trait Storage: Send + 'static {
    /// An open file.
    type File: RecordingFile + Send + 'static;

    /// What stands in the recordings of this server and of no other.
    fn server_id(&mut self) -> io::Result<TokenHash>;

    /// Makes the file of a room whose recording begins at `at`, and says its name.
    fn create(&mut self, room: &str, at: SystemTime) -> io::Result<(Self::File, String)>;

    /// Removes a file that holds nothing.
    fn remove(&mut self, name: &str) -> io::Result<()>;

    /// A problem in words: where, what, and what to do.
    fn explain(&self, error: &io::Error) -> String;
}

/// A file that is appended to.
pub(super) trait RecordingFile: Sized {
    /// Hands bytes to the operating system.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Notes who may say that the match is theirs.
    fn seated(&self, seats: &Seats);

    /// Waits until everything appended is on the disk.
    fn sync(&mut self) -> io::Result<()>;

    /// A second handle on the same file.
    fn another(&self) -> io::Result<Self>;

    /// Cuts off what stands behind this many bytes: half a chunk that a full disk left.
    fn cut_to(&mut self, bytes: u64) -> io::Result<()>;
}
