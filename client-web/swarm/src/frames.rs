//! WebSocket frames in a stream of bytes, as a client sees them (RFC 6455 §5), without copying what arrives whole.

use std::io::Cursor;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// A longer frame is refused.
const FRAME_LIMIT_BYTES: usize = 1024 * 1024;
const CLOSE_CODE_BYTES: usize = 2;

/// Why a stream of frames ends.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The peer closed, with this code and reason.
    #[error("closed by the server: {code} {reason}")]
    Closed { code: u16, reason: String },
    /// The bytes are not frames, or not frames that are expected here.
    #[error("not the WebSocket that was agreed on: {0}")]
    Malformed(&'static str),
}

#[derive(Debug, PartialEq, Eq)]
pub enum Message<'a> {
    Binary(&'a [u8]),
    /// To be answered with a pong of the same bytes.
    Ping(&'a [u8]),
}

/// The last part of the stream, not yet a whole frame.
#[derive(Debug, Default)]
pub struct FrameReader {
    partial: Vec<u8>,
}

impl FrameReader {
    /// Reads bytes and passes every complete message to `on`.
    pub fn take(&mut self, bytes: &[u8], mut on: impl FnMut(Message<'_>)) -> Result<(), FrameError> {
        if self.partial.is_empty() {
            let used = read_all(bytes, &mut on)?;
            self.partial.extend_from_slice(&bytes[used..]);
        } else {
            self.partial.extend_from_slice(bytes);
            let used = read_all(&self.partial, &mut on)?;
            self.partial.drain(..used);
        }
        Ok(())
    }
}

/// Reads all whole frames and returns the bytes that they took.
fn read_all(bytes: &[u8], on: &mut impl FnMut(Message<'_>)) -> Result<usize, FrameError> {
    let mut used = 0;
    loop {
        let mut cursor = Cursor::new(&bytes[used..]);
        let parsed =
            FrameHeader::parse(&mut cursor).map_err(|_| FrameError::Malformed("a broken frame header"))?;
        let Some((header, length)) = parsed else { return Ok(used) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > FRAME_LIMIT_BYTES {
            return Err(FrameError::Malformed("a frame of more than a mebibyte"));
        }
        let start = used + cursor.position() as usize;
        let Some(payload) = bytes.get(start..start + length) else { return Ok(used) };
        match (header.opcode, header.is_final, header.mask) {
            (OpCode::Data(Data::Binary), true, None) => on(Message::Binary(payload)),
            (OpCode::Control(Control::Ping), true, None) => on(Message::Ping(payload)),
            (OpCode::Control(Control::Pong), true, None) => {}
            (OpCode::Control(Control::Close), true, None) => return Err(closed(payload)),
            (OpCode::Data(Data::Text), _, None) => return Err(FrameError::Malformed("a text frame")),
            (_, _, Some(_)) => return Err(FrameError::Malformed("a masked frame from a server")),
            _ => return Err(FrameError::Malformed("a frame in pieces")),
        }
        used = start + length;
    }
}

fn closed(payload: &[u8]) -> FrameError {
    const NO_CODE: u16 = 1005;
    match payload.split_at_checked(CLOSE_CODE_BYTES) {
        Some((code, reason)) => FrameError::Closed {
            code: u16::from_be_bytes([code[0], code[1]]),
            reason: String::from_utf8_lossy(reason).into_owned(),
        },
        None => FrameError::Closed { code: NO_CODE, reason: String::new() },
    }
}

/// Appends a masked frame, as a client must write it.
pub fn write_binary(payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    write_frame(OpCode::Data(Data::Binary), payload, mask, out);
}

/// Appends the answer to a ping.
pub fn write_pong(payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    write_frame(OpCode::Control(Control::Pong), payload, mask, out);
}

fn write_frame(opcode: OpCode, payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    let header = FrameHeader { opcode, mask: Some(mask), ..FrameHeader::default() };
    header.format(payload.len() as u64, out).expect("a Vec takes every byte");
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server_frame(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let header = FrameHeader { opcode, ..FrameHeader::default() };
        header.format(payload.len() as u64, &mut out).unwrap();
        out.extend_from_slice(payload);
        out
    }

    fn stream() -> Vec<u8> {
        let mut stream = server_frame(OpCode::Data(Data::Binary), b"short");
        stream.extend(server_frame(OpCode::Control(Control::Ping), b"hi"));
        stream.extend(server_frame(OpCode::Data(Data::Binary), &[7; 300]));
        stream.extend(server_frame(OpCode::Data(Data::Binary), &[8; 70_000]));
        stream
    }

    #[test]
    fn frames_come_out_whole_however_they_are_cut() {
        let stream = stream();
        for size in [1, 2, 3, 7, 300, 4096, stream.len()] {
            let mut reader = FrameReader::default();
            let mut seen = Vec::new();
            for piece in stream.chunks(size) {
                reader
                    .take(piece, |message| {
                        seen.push(match message {
                            Message::Binary(bytes) => (false, bytes.to_vec()),
                            Message::Ping(bytes) => (true, bytes.to_vec()),
                        });
                    })
                    .unwrap();
            }
            let expected = [
                (false, b"short".to_vec()),
                (true, b"hi".to_vec()),
                (false, vec![7; 300]),
                (false, vec![8; 70_000]),
            ];
            assert_eq!(seen, expected, "in pieces of {size}");
            assert!(reader.partial.is_empty());
        }
    }

    #[test]
    fn a_close_says_why() {
        let mut payload = 4003u16.to_be_bytes().to_vec();
        payload.extend_from_slice(b"full");
        let bytes = server_frame(OpCode::Control(Control::Close), &payload);
        let error = FrameReader::default().take(&bytes, |_| ()).unwrap_err();
        assert_eq!(error, FrameError::Closed { code: 4003, reason: "full".into() });
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let mut masked = Vec::new();
        write_binary(b"x", [1, 2, 3, 4], &mut masked);
        let text = server_frame(OpCode::Data(Data::Text), b"x");
        for bytes in [masked, text, vec![0x02, 0x01, 0x00], vec![0x82, 127, 255, 0, 0, 0, 0, 0, 0, 0]] {
            let result = FrameReader::default().take(&bytes, |_| ());
            assert!(matches!(result, Err(FrameError::Malformed(_))), "{bytes:?}");
        }
    }

    #[test]
    fn a_masked_frame_unmasks_to_what_was_said() {
        let mut out = Vec::new();
        write_binary(b"payload", [9, 8, 7, 6], &mut out);
        let mut cursor = Cursor::new(&out);
        let (header, length) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
        let start = cursor.position() as usize;
        let mask = header.mask.unwrap();
        let said: Vec<u8> =
            out[start..].iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!((length, said.as_slice()), (7, &b"payload"[..]));
    }
}
