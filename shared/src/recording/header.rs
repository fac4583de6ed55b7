//! The header of a recording: what was played, by which build, from which start.
//!
//! `magic "BELT", format version u16, length u32, crc32 u32, body`, little-endian; the checksum covers version, length
//! and body.

use super::FORMAT_VERSION;
use super::chunk::take_u32;
use super::watching::{WATCH_DELAY_LIMIT_SECONDS, Watching};
use crate::codec::{DecodeError, decode_stored, encode_stored};
use crate::hash::hash_bytes;
use crate::rules::{RuleError, check_range};
use crate::setup::{Setup, TICK_RATE_RANGE_HZ};
use crate::varint::{Malformed, take_slice};
use serde::{Deserialize, Serialize};

/// From this format version on, the body ends with [`Watching`].
const WATCHING_SINCE: u16 = 5;
const MAGIC: &[u8; 4] = b"BELT";
/// Bytes of magic, version, length and checksum.
const HEAD_BYTES: usize = 14;
/// The last second of the year 9999. What a file claims to be later was begun then: no calendar shows more.
pub const LATEST_DATE_UNIX_MS: u64 = 253_402_300_799_000;
/// Largest header of a recording, in bytes.
pub const HEADER_LIMIT_BYTES: usize = 64 * 1024;

/// What was played, by which build, from which start.
///
/// The setup is kept as bytes: only the build that made the recording is sure to understand them, while everything else
/// here can be shown of any recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the format that the file has.
    #[serde(skip)]
    pub format: u16,
    /// One bit of it was wrong in the file, and was put right by the checksum.
    #[serde(skip)]
    pub was_repaired: bool,
    /// The [`crate::PROTOCOL_VERSION`] of the server.
    pub protocol: u16,
    /// The build of the simulation, as it names itself.
    pub build: String,
    /// The hash of the rules.
    pub rules_hash: u64,
    /// The room's name.
    pub room: String,
    /// The mode's title.
    pub mode: String,
    /// The arena's title.
    pub arena: String,
    /// Where chance begins.
    pub seed: u64,
    /// Ticks per second.
    pub tick_rate_hz: u16,
    /// When the recording began, in milliseconds since 1970 (UTC).
    pub started_at_unix_ms: u64,
    /// Who may watch, as far as the room's host has chosen it.
    #[serde(skip)]
    pub watching: Watching,
    pub(super) setup: Vec<u8>,
}

/// Why a file does not open as a recording at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its bytes cannot be read.
    #[error("the recording cannot be read: {0}")]
    Unreadable(String),
    /// It does not begin as one.
    #[error("this is not a Driftbelt recording")]
    NotARecording,
    /// It was made by a newer version.
    #[error(
        "this recording has format version {0}, newer than this version of Driftbelt reads ({FORMAT_VERSION})"
    )]
    Newer(u16),
    /// It ends inside the header.
    #[error("the recording ends inside its header")]
    CutOff,
    /// The header is damaged.
    #[error("the recording's header is damaged: {0}")]
    Damaged(String),
}

/// Why a header's setup cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SetupError {
    /// This build does not understand it.
    #[error("this build does not understand the recording's rules: {0}")]
    Malformed(#[from] DecodeError),
    /// A number is out of range.
    #[error("the recording's rules are out of range: {0}")]
    Range(#[from] RuleError),
}

impl Header {
    /// The header of a session that starts from `setup`, simulated by `build`.
    pub fn new(setup: &Setup, build: &str, room: &str, started_at_unix_ms: u64) -> Header {
        let mut rules = Vec::new();
        encode_stored(&setup.rules, &mut rules);
        let mut bytes = Vec::new();
        encode_stored(setup, &mut bytes);
        Header {
            format: FORMAT_VERSION,
            was_repaired: false,
            protocol: crate::PROTOCOL_VERSION,
            build: build.into(),
            rules_hash: hash_bytes(&rules),
            room: room.into(),
            mode: setup.mode.title.clone(),
            arena: setup.arenas.first().map(|arena| arena.title.clone()).unwrap_or_default(),
            seed: setup.seed,
            tick_rate_hz: setup.tick_rate_hz,
            started_at_unix_ms,
            watching: Watching::default(),
            setup: bytes,
        }
    }

    /// The same header, of a room for which this was chosen.
    #[must_use]
    pub fn with_watching(self, watching: Watching) -> Header {
        Header { watching, ..self }
    }

    /// What the world started from.
    ///
    /// # Errors
    /// [`SetupError`] if another build wrote it, or if a number is out of range.
    pub fn setup(&self) -> Result<Setup, SetupError> {
        let setup: Setup = decode_stored(&self.setup)?;
        setup.check()?;
        Ok(setup)
    }

    /// Reads the header at the front of a file, and says how many bytes it takes. [`HEADER_LIMIT_BYTES`] are enough. One wrong bit
    /// is put right: nothing else in a file says from which start it was played.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the file.
    pub fn read(file: &[u8]) -> Result<(Header, usize), OpenError> {
        Header::read_sound(file).or_else(|error| {
            let (mut header, bytes) = Header::read_repaired(file).ok_or(error)?;
            header.was_repaired = true;
            Ok((header, bytes))
        })
    }

    /// Reads a header of which one bit is wrong.
    fn read_repaired(file: &[u8]) -> Option<(Header, usize)> {
        let mut file = file[..file.len().min(HEADER_LIMIT_BYTES)].to_vec();
        let head = file.get(..HEAD_BYTES)?;
        // Magic, version, length and checksum: each bit is tried.
        let alike: u32 = head.iter().zip(MAGIC).map(|(one, other)| (one ^ other).count_ones()).sum();
        if alike > 1 {
            return None;
        }
        for (at, bit) in (0..HEAD_BYTES).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            file[at] ^= 1 << bit;
            if let Ok(read) = Header::read_sound(&file) {
                return Some(read);
            }
            file[at] ^= 1 << bit;
        }
        // The body: what the checksum is off by tells the bit.
        let version = u16::from_le_bytes([file[4], file[5]]);
        let word = |at: usize| u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]);
        let (length, checksum_read) = (word(6), word(10));
        let end = HEAD_BYTES.checked_add(length as usize).filter(|end| *end <= file.len())?;
        let off_by = checksum(version, length, &file[HEAD_BYTES..end]) ^ checksum_read;
        let (from_end, bit) = wrong_bit(off_by, length as usize)?;
        file[end - 1 - from_end] ^= 1 << bit;
        Header::read_sound(&file).ok()
    }

    fn read_sound(file: &[u8]) -> Result<(Header, usize), OpenError> {
        let given = file.len().min(MAGIC.len());
        if given == 0 || file[..given] != MAGIC[..given] {
            return Err(OpenError::NotARecording);
        }
        let mut bytes = &file[given..];
        let version = take_u16(&mut bytes)?;
        match version {
            0 => return Err(OpenError::NotARecording),
            1..=FORMAT_VERSION => {}
            newer => return Err(OpenError::Newer(newer)),
        }
        let length = take_u32(&mut bytes)?;
        let checksum_read = take_u32(&mut bytes)?;
        if length as usize > HEADER_LIMIT_BYTES - HEAD_BYTES {
            return Err(OpenError::Damaged(format!("its length of {length} bytes is over the limit")));
        }
        let body = take_slice(&mut bytes, length as usize)?;
        if checksum(version, length, body) != checksum_read {
            return Err(OpenError::Damaged("its checksum does not match".into()));
        }
        let damaged = |error: DecodeError| OpenError::Damaged(error.to_string());
        let mut header: Header;
        if version < WATCHING_SINCE {
            header = decode_stored(body).map_err(damaged)?;
        } else {
            let watching: Watching;
            (header, watching) = decode_stored(body).map_err(damaged)?;
            let delay_seconds = watching.delay_seconds.map(|delay| delay.min(WATCH_DELAY_LIMIT_SECONDS));
            header.watching = Watching { delay_seconds, ..watching };
        }
        header.format = version;
        header.started_at_unix_ms = header.started_at_unix_ms.min(LATEST_DATE_UNIX_MS);
        let (low, high) = TICK_RATE_RANGE_HZ;
        check_range("header", "tick_rate_hz", header.tick_rate_hz.into(), low.into(), high.into())
            .map_err(|error| OpenError::Damaged(error.to_string()))?;
        Ok((header, HEAD_BYTES + body.len()))
    }

    /// Appends the header as it stands in a file.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut body = Vec::new();
        encode_stored(self, &mut body);
        if self.format >= WATCHING_SINCE {
            encode_stored(&self.watching, &mut body);
        }
        let length = body.len() as u32;
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.format.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&checksum(self.format, length, &body).to_le_bytes());
        out.extend_from_slice(&body);
    }
}

impl From<Malformed> for OpenError {
    fn from(_: Malformed) -> OpenError {
        OpenError::CutOff
    }
}

fn checksum(version: u16, length: u32, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&version.to_le_bytes());
    hasher.update(&length.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}

/// The bit among the last `bytes` bytes that changes a CRC-32 by `off_by`: how many bytes stand behind its byte, and its place
/// there.
fn wrong_bit(off_by: u32, bytes: usize) -> Option<(usize, usize)> {
    /// The polynomial of CRC-32, its bits reversed.
    const POLYNOMIAL: u32 = 0xEDB8_8320;
    let behind_a_byte =
        |crc: u32| (0..8).fold(crc, |crc, _| if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 });
    let mut changes: [u32; 8] = core::array::from_fn(|bit| behind_a_byte(1 << bit));
    for from_end in 0..bytes {
        if let Some(bit) = changes.iter().position(|change| *change == off_by) {
            return Some((from_end, bit));
        }
        changes = changes.map(behind_a_byte);
    }
    None
}

fn take_u16(bytes: &mut &[u8]) -> Result<u16, Malformed> {
    let mut word = [0; 2];
    word.copy_from_slice(take_slice(bytes, 2)?);
    Ok(u16::from_le_bytes(word))
}
