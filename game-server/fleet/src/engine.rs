//! What a room asks of its log, and what the engine answers: plain data, so that a test can lose, delay and reorder it.

use crate::Sequence;
use crate::record::Head;

/// A request about one room's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Append a record if the newest one is that at `after`.
    Append {
        /// The record before it; 0 for none.
        after: Sequence,
        /// As [`crate::record::encode`] makes it.
        record: Vec<u8>,
    },
    /// The newest record, as the leader of the log has it.
    Last,
    /// The records of the room in this range, both ends included.
    Read {
        /// The first.
        from: Sequence,
        /// The last, which is there.
        to: Sequence,
    },
    /// Forget the records before this one.
    Purge {
        /// The first that stays.
        before: Sequence,
    },
}

/// What comes of a request. The caller asks one thing at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The record is in the log, on a majority of its servers.
    Appended(Sequence),
    /// It may be in the log or not: it was refused, is a duplicate, or no answer came in time.
    Unsure,
    /// The newest record; `None` if the room has no log.
    Last(Option<Stored>),
    /// The records that were asked for, oldest first.
    Records(Vec<Stored>),
    /// Done.
    Purged,
    /// The engine cannot be asked now.
    Unavailable,
}

/// A record of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its place.
    pub sequence: Sequence,
    /// What stands before its bytes.
    pub head: Head,
    /// A part of the recording: whole chunks.
    pub bytes: Vec<u8>,
}
