//! WebSocket frames where they lie in what has arrived (RFC 6455 §5.2). What a playing client sends is one small whole
//! binary frame after the other; those are read here, without copying them through tungstenite's buffers, and everything
//! else is tungstenite's.

use std::io::Cursor;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Data, OpCode};

/// The first byte of a whole binary message.
const FINAL_BINARY: u8 = 0x82;
/// The longest header that a server writes before a frame.
pub const HEADER_LIMIT_BYTES: usize = 10;
/// Longest message, in bytes, that is read where it lies.
pub const SHORT_MESSAGE_BYTES: usize = 256;

/// A frame at the front of what has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// Nothing, or the beginning of a short message.
    Partial,
    /// A short binary message: where its payload begins and ends, and its mask.
    Short {
        /// First byte of the payload.
        from: usize,
        /// End of the payload, and of the frame.
        to: usize,
        /// What the payload is masked with.
        mask: [u8; 4],
    },
    /// Something else.
    Other,
}

/// Looks at the frame at the front.
#[must_use]
pub fn front(bytes: &[u8]) -> Front {
    // The type of the frame is told by its first byte.
    if bytes.first().is_some_and(|first| *first != FINAL_BINARY) {
        return Front::Other;
    }
    let mut cursor = Cursor::new(bytes);
    match FrameHeader::parse(&mut cursor) {
        Ok(None) => Front::Partial,
        Ok(Some((FrameHeader { mask: Some(mask), .. }, length @ ..=SHORT_MESSAGE_LENGTH))) => {
            let from = cursor.position() as usize;
            let to = from + length as usize;
            if to <= bytes.len() { Front::Short { from, to, mask } } else { Front::Partial }
        }
        Ok(Some(_)) | Err(_) => Front::Other,
    }
}

const SHORT_MESSAGE_LENGTH: u64 = SHORT_MESSAGE_BYTES as u64;

/// Takes the mask off a payload of at most [`SHORT_MESSAGE_BYTES`], into `out`.
#[must_use]
pub fn unmask<'a>(payload: &[u8], mask: [u8; 4], out: &'a mut [u8; SHORT_MESSAGE_BYTES]) -> &'a [u8] {
    let out = &mut out[..payload.len()];
    for (place, byte) in payload.iter().enumerate() {
        out[place] = byte ^ mask[place % 4];
    }
    out
}

/// Appends a message as one frame of a server.
pub fn put_message(kind: Data, message: &[u8], out: &mut Vec<u8>) {
    let header = FrameHeader { opcode: OpCode::Data(kind), ..FrameHeader::default() };
    // Writing to memory does not fail.
    if header.format(message.len() as u64, out).is_ok() {
        out.extend_from_slice(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MASK: [u8; 4] = [1, 2, 3, 4];

    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first];
        match payload.len() {
            short @ ..126 => bytes.push(0x80 | short as u8),
            long => {
                bytes.push(0x80 | 126);
                bytes.extend((long as u16).to_be_bytes());
            }
        }
        bytes.extend(MASK);
        bytes.extend(payload.iter().enumerate().map(|(place, byte)| byte ^ MASK[place % 4]));
        bytes
    }

    proptest! {
        #[test]
        fn a_short_message_is_found_once_it_is_whole(
            payload in prop::collection::vec(any::<u8>(), 0..=SHORT_MESSAGE_BYTES),
            behind in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let frame = masked(FINAL_BINARY, &payload);
            for end in 0..frame.len() {
                prop_assert_eq!(front(&frame[..end]), Front::Partial);
            }
            let all = [&frame[..], &behind[..]].concat();
            let Front::Short { from, to, mask } = front(&all) else { panic!("not found") };
            prop_assert_eq!(to, frame.len());
            let mut out = [0; SHORT_MESSAGE_BYTES];
            prop_assert_eq!(unmask(&all[from..to], mask, &mut out), &payload);
        }
    }

    #[test]
    fn everything_else_is_left_alone() {
        for first in (0..=u8::MAX).filter(|first| *first != FINAL_BINARY) {
            assert_eq!(front(&masked(first, b"hello")), Front::Other, "{first:#x}");
        }
        assert_eq!(front(&masked(FINAL_BINARY, &[0; SHORT_MESSAGE_BYTES + 1])), Front::Other);
        assert_eq!(front(&[FINAL_BINARY, 5, 1, 2, 3, 4, 5]), Front::Other, "not masked");
    }
}
