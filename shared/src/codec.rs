//! Messages and stored values to bytes and back: the only file that knows the byte format, bincode 2
//! (standard configuration: little-endian, variable-length integers).

use crate::message::{
    CLIENT_MESSAGE_LIMIT_BYTES, ClientMessage, INPUT_FRAMES_LIMIT, SERVER_MESSAGE_LIMIT_BYTES, ServerMessage,
};
use bincode::config::{Config, standard};
use bincode::enc::write::{SizeWriter, Writer};
use bincode::error::EncodeError;
use bincode::serde::{borrow_decode_from_slice, decode_from_slice, encode_into_writer};
use core::marker::PhantomData;
use serde::de::{DeserializeOwned, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Largest stored value (a keyframe, a run of ticks), in bytes.
pub const STORED_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// Why bytes are not a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More bytes than a message may have.
    #[error("{length} bytes are more than the limit of {limit}")]
    TooLong {
        /// Bytes given.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The bytes do not follow the format.
    #[error("not a message: {0}")]
    Malformed(String),
    /// A whole message, and bytes behind it.
    #[error("{0} bytes stand behind the message")]
    Trailing(usize),
}

/// Appends a client's message.
pub fn encode_client(message: &ClientMessage, out: &mut Vec<u8>) {
    encode(message, out);
}

/// Appends a server's message.
pub fn encode_server(message: &ServerMessage<'_>, out: &mut Vec<u8>) {
    encode(message, out);
}

/// Appends a value to store.
pub fn encode_stored<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    encode(value, out);
}

/// How many bytes a part of a message takes.
pub fn encoded_length<T: Serialize>(part: &T) -> usize {
    let mut length = SizeWriter::default();
    encode_into_writer(part, &mut length, standard()).expect("our types encode, and bytes can be counted");
    length.bytes_written
}

/// Reads a client's message: exactly one, within [`CLIENT_MESSAGE_LIMIT_BYTES`].
///
/// # Errors
/// [`DecodeError`] says what is wrong with the bytes.
pub fn decode_client(bytes: &[u8]) -> Result<ClientMessage, DecodeError> {
    let config = standard().with_limit::<CLIENT_MESSAGE_LIMIT_BYTES>();
    let message: ClientMessage = decode(bytes, CLIENT_MESSAGE_LIMIT_BYTES, config)?;
    match &message {
        ClientMessage::Input(input) if input.frames.len() > INPUT_FRAMES_LIMIT => {
            Err(DecodeError::Malformed(format!(
                "{} input frames, at most {INPUT_FRAMES_LIMIT}",
                input.frames.len()
            )))
        }
        _ => Ok(message),
    }
}

/// Reads a server's message: exactly one, within [`SERVER_MESSAGE_LIMIT_BYTES`].
///
/// # Errors
/// [`DecodeError`] says what is wrong with the bytes.
pub fn decode_server(bytes: &[u8]) -> Result<ServerMessage<'_>, DecodeError> {
    check_length(bytes, SERVER_MESSAGE_LIMIT_BYTES)?;
    let config = standard().with_limit::<SERVER_MESSAGE_LIMIT_BYTES>();
    finish(borrow_decode_from_slice(bytes, config), bytes)
}

/// Reads a stored value: exactly one, within [`STORED_LIMIT_BYTES`].
///
/// # Errors
/// [`DecodeError`] says what is wrong with the bytes.
pub fn decode_stored<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    decode(bytes, STORED_LIMIT_BYTES, standard().with_limit::<STORED_LIMIT_BYTES>())
}

/// Reads a sequence of at most `LIMIT` entries, for serde's `deserialize_with`: entries take more memory than the bytes that they
/// are read from.
///
/// # Errors
/// If there are more entries, and the deserializer's.
pub fn bounded<'de, D: Deserializer<'de>, T: Deserialize<'de>, const LIMIT: usize>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct Bounded<T, const LIMIT: usize>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>, const LIMIT: usize> Visitor<'de> for Bounded<T, LIMIT> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            write!(f, "at most {LIMIT} entries")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = sequence.next_element()? {
                if entries.len() == LIMIT {
                    return Err(A::Error::custom(format_args!("more than {LIMIT} entries in a list")));
                }
                entries.push(entry);
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_seq(Bounded::<T, LIMIT>(PhantomData))
}

fn decode<T: DeserializeOwned, C: Config>(bytes: &[u8], limit: usize, config: C) -> Result<T, DecodeError> {
    check_length(bytes, limit)?;
    finish(decode_from_slice(bytes, config), bytes)
}

fn check_length(bytes: &[u8], limit: usize) -> Result<(), DecodeError> {
    if bytes.len() > limit { Err(DecodeError::TooLong { length: bytes.len(), limit }) } else { Ok(()) }
}

fn finish<T>(
    decoded: Result<(T, usize), bincode::error::DecodeError>,
    bytes: &[u8],
) -> Result<T, DecodeError> {
    match decoded {
        Ok((value, used)) if used == bytes.len() => Ok(value),
        Ok((_, used)) => Err(DecodeError::Trailing(bytes.len() - used)),
        Err(error) => Err(DecodeError::Malformed(error.to_string())),
    }
}

fn encode<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    encode_into_writer(value, Appending(out), standard())
        .expect("our types have no maps or sequences of unknown length, and a Vec takes every byte");
}

/// Appends to the buffer.
struct Appending<'a>(&'a mut Vec<u8>);

impl Writer for Appending<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}
