//! A record of a room's log: `format u8, length of the head u16, head, bytes`, little-endian. The bytes are a part of the
//! room's recording, whole chunks as they stand in the file. Every record with a keyframe begins as a file does, with the
//! header, the seats and the keyframe.

use crate::Sequence;
use serde::{Deserialize, Serialize};
use shared::codec::{DecodeError, decode_stored, encode_stored};
use shared::id::Tick;

/// Of the layout below.
const FORMAT: u8 = 1;
/// Bytes before the head.
const FRONT_BYTES: usize = 3;

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A new room. Nothing is recorded yet.
    Begin,
    /// The room's recording goes on.
    Ticks,
    /// Another node runs the room from here on.
    Claim,
    /// The writer has stopped the room for this node to claim it at once.
    Release {
        /// The node's name.
        to: String,
    },
    /// The room is over. The record stays as a tombstone, so that a late writer is refused.
    End,
}

/// What stands before the bytes of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Grows with every claim. One epoch has one writer.
    pub epoch: u64,
    /// The node that wrote it.
    pub node: String,
    /// The process that wrote it: two may have the same name.
    pub process: u64,
    /// The build of the simulation.
    pub build: String,
    /// What the record says.
    pub kind: Kind,
    /// The last tick in the log, this record included.
    pub tick: Tick,
    /// Where the newest record with a keyframe stands; 0 if there is none, and in that record itself.
    pub keyframe: Sequence,
    /// Whether the bytes begin with a header, the seats and a keyframe.
    pub has_keyframe: bool,
}

impl Head {
    /// From where the room can be restored, if this is the newest record, at `sequence`.
    pub fn restore_from(&self, sequence: Sequence) -> Option<Sequence> {
        let from = if self.has_keyframe { sequence } else { self.keyframe };
        (from > 0).then_some(from)
    }
}

/// Why bytes are no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Of a later version.
    #[error("a record of format {0}: this version reads {FORMAT}")]
    Format(u8),
    /// It ends inside its head.
    #[error("a record that ends inside its head")]
    CutOff,
    /// The head cannot be read.
    #[error("the head of a record: {0}")]
    Head(#[from] DecodeError),
}

/// The record as bytes.
pub fn encode(head: &Head, bytes: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    encode_stored(head, &mut encoded);
    let mut record = Vec::with_capacity(FRONT_BYTES + encoded.len() + bytes.len());
    record.push(FORMAT);
    record.extend_from_slice(&(encoded.len() as u16).to_le_bytes());
    record.extend_from_slice(&encoded);
    record.extend_from_slice(bytes);
    record
}

/// The head of a record, and the bytes behind it.
///
/// # Errors
/// [`RecordError`] says what is wrong with it.
pub fn decode(record: &[u8]) -> Result<(Head, &[u8]), RecordError> {
    let ([format, length @ ..], rest) =
        record.split_first_chunk::<FRONT_BYTES>().ok_or(RecordError::CutOff)?;
    if *format != FORMAT {
        return Err(RecordError::Format(*format));
    }
    let length = u16::from_le_bytes(*length).into();
    let (head, bytes) = rest.split_at_checked(length).ok_or(RecordError::CutOff)?;
    Ok((decode_stored(head)?, bytes))
}

/// The id of the record that follows the one at `after`, by which the engine drops repetitions; `None` for the first.
pub fn message_id(room: &str, after: Sequence) -> Option<String> {
    (after > 0).then(|| format!("{room}:{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            epoch: 7,
            node: "n2".into(),
            process: u64::MAX,
            build: "b1".into(),
            kind: Kind::Release { to: "n3".into() },
            tick: Tick(300),
            keyframe: 12,
            has_keyframe: false,
        }
    }

    #[test]
    fn a_record_comes_back_and_a_cut_or_newer_one_is_refused() {
        let record = encode(&head(), b"chunks");
        assert_eq!(decode(&record), Ok((head(), &b"chunks"[..])));
        let head_bytes = record.len() - b"chunks".len();
        for length in 0..head_bytes {
            assert!(decode(&record[..length]).is_err(), "{length}");
        }
        let newer = [&[FORMAT + 1], &record[1..]].concat();
        assert_eq!(decode(&newer), Err(RecordError::Format(FORMAT + 1)));
    }

    #[test]
    fn a_room_is_restored_from_its_newest_keyframe() {
        assert_eq!(head().restore_from(20), Some(12));
        assert_eq!(Head { has_keyframe: true, ..head() }.restore_from(20), Some(20));
        assert_eq!(Head { keyframe: 0, ..head() }.restore_from(20), None);
    }
}
