//! Batches: consecutive messages in the body of an HTTP request or response, for networks that block WebSocket.
//!
//! Every piece stands behind its length, four bytes, little-endian. The last piece may be a close, with the highest bit of the
//! length set: a code of [`crate::message::CloseCode`] in two bytes, little-endian, and the reason in UTF-8.

use crate::varint::{Malformed, take_slice};

/// The media type of a batch.
pub const BATCH_TYPE: &str = "application/vnd.driftbelt.batch";
/// The bit of a length that marks a close.
pub const CLOSE_BIT: u32 = 1 << 31;
/// Bytes of the length in front of every piece.
pub const LENGTH_BYTES: usize = size_of::<u32>();
/// Bytes of a close's code.
pub const CODE_BYTES: usize = size_of::<u16>();
/// Largest batch that a client may post, in bytes.
pub const POST_LIMIT_BYTES: usize = 16 * 1024;

/// One piece of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// An encoded message.
    Message(&'a [u8]),
    /// The sender closes the connection.
    Close {
        /// Why, as in a WebSocket's close frame.
        code: u16,
        /// What the player can do about it.
        reason: &'a str,
    },
}

/// Appends a message.
pub fn put_message(message: &[u8], batch: &mut Vec<u8>) {
    batch.extend_from_slice(&(message.len() as u32).to_le_bytes());
    batch.extend_from_slice(message);
}

/// Appends a close. Nothing may follow it.
pub fn put_close(code: u16, reason: &str, batch: &mut Vec<u8>) {
    let length = (CODE_BYTES + reason.len()) as u32;
    batch.extend_from_slice(&(length | CLOSE_BIT).to_le_bytes());
    batch.extend_from_slice(&code.to_le_bytes());
    batch.extend_from_slice(reason.as_bytes());
}

/// The pieces of a batch, in order. Iteration ends after an error.
pub fn pieces(batch: &[u8]) -> impl Iterator<Item = Result<Piece<'_>, Malformed>> {
    let mut rest = batch;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let piece = take_piece(&mut rest);
        if piece.is_err() {
            rest = &[];
        }
        Some(piece)
    })
}

fn take_piece<'a>(rest: &mut &'a [u8]) -> Result<Piece<'a>, Malformed> {
    let (length, behind) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or(Malformed)?;
    *rest = behind;
    let length = u32::from_le_bytes(*length);
    let bytes = take_slice(rest, (length & !CLOSE_BIT) as usize)?;
    if length & CLOSE_BIT == 0 {
        return Ok(Piece::Message(bytes));
    }
    let (code, reason) = bytes.split_first_chunk::<CODE_BYTES>().ok_or(Malformed)?;
    let reason = std::str::from_utf8(reason).map_err(|_| Malformed)?;
    if rest.is_empty() {
        Ok(Piece::Close { code: u16::from_le_bytes(*code), reason })
    } else {
        Err(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn batch(messages: &[Vec<u8>], close: Option<(u16, &str)>) -> Vec<u8> {
        let mut batch = Vec::new();
        messages.iter().for_each(|message| put_message(message, &mut batch));
        if let Some((code, reason)) = close {
            put_close(code, reason, &mut batch);
        }
        batch
    }

    /// The browser's side of the format is tested with the same bytes.
    #[test]
    fn the_bytes_of_a_batch() {
        let bytes = batch(&[vec![7], vec![]], Some((4005, "é")));
        assert_eq!(bytes, [1, 0, 0, 0, 7, 0, 0, 0, 0, 4, 0, 0, 128, 0xa5, 0x0f, 0xc3, 0xa9]);
    }

    proptest! {
        #[test]
        fn round_trip(messages: Vec<Vec<u8>>, close: Option<(u16, String)>) {
            let close = close.as_ref().map(|(code, reason)| (*code, reason.as_str()));
            let bytes = batch(&messages, close);
            let said: Vec<_> = pieces(&bytes).map(Result::unwrap).collect();
            let close = close.map(|(code, reason)| Piece::Close { code, reason });
            let expected: Vec<_> = messages.iter().map(|it| Piece::Message(it)).chain(close).collect();
            prop_assert_eq!(said, expected);
        }

        #[test]
        fn whatever_comes_is_read_to_an_end(bytes: Vec<u8>) {
            let said = pieces(&bytes).map(|piece| match piece {
                Ok(Piece::Message(message)) => LENGTH_BYTES + message.len(),
                Ok(Piece::Close { reason, .. }) => LENGTH_BYTES + CODE_BYTES + reason.len(),
                Err(Malformed) => 0,
            });
            prop_assert!(said.sum::<usize>() <= bytes.len());
        }
    }

    #[test]
    fn what_is_cut_or_stands_behind_a_close_is_malformed() {
        let whole = batch(&[vec![1, 2, 3]], Some((1001, "x")));
        for length in 1..whole.len() {
            let cut = pieces(&whole[..length]).last();
            // No cut between two pieces loses anything.
            assert_eq!(cut == Some(Err(Malformed)), length != LENGTH_BYTES + 3, "cut at {length}");
        }
        let behind = [whole.clone(), batch(&[vec![4]], None)].concat();
        assert_eq!(pieces(&behind).last(), Some(Err(Malformed)));
        assert_eq!(pieces(&[1, 0, 0, 128, 0]).last(), Some(Err(Malformed)), "half a code");
        assert_eq!(pieces(&[3, 0, 0, 128, 0, 0, 255]).last(), Some(Err(Malformed)), "no text");
        assert_eq!(pieces(&u32::MAX.to_le_bytes()).last(), Some(Err(Malformed)));
    }
}
