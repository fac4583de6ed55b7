//! The recording format `.belt`: a session as its inputs, with keyframes and hashes.
//!
//! A file is a [`Header`] and chunks behind it, only ever appended to:
//!
//! | chunk    | body                                                                                       |
//! |----------|--------------------------------------------------------------------------------------------|
//! | keyframe | the whole world at a tick; what follows can be stepped from here                           |
//! | ticks    | a run of [`TickInputs`](crate::command::TickInputs) with the hash after each               |
//! | marks    | joins, leaves, kills, banked hauls, rounds and chat, for the timeline                              |
//! | seats    | hashes of the tokens that take seats back, and who is muted, so that the session can go on |
//! | index    | at a clean end, last in the file: where the keyframes are, first and last tick, totals     |
//!
//! Each chunk is `kind u8, length u32, crc32 u32, body`, little-endian; the top bit of the kind says that the body is
//! compressed (`raw length u32, LZ4 block`). The checksum covers kind, length and the body as it stands in the file.
//!
//! Inputs are written as differences to what each player held before, and that memory is cleared at every keyframe:
//! whoever wants a tick reads from the keyframe before it anyway. So a chunk of a single tick costs little, and the
//! journal can write one per tick.
//!
//! [`Encoder`] makes the bytes, [`Recording`] reads them from a [`Source`]. Neither knows files. A file that ends anywhere is
//! read up to its last whole chunk. Behind a damaged part, reading continues at the next chunk whose checksum is right, and playing
//! at the next keyframe if ticks were lost. [`Recording::ending`] and [`Recording::holes`] say so.

mod chunk;
mod encoder;
mod ending;
mod header;
mod index;
mod mark;
mod pieces;
mod reader;
mod roster;
mod seats;
mod source;
mod ticks;
mod watching;

pub use chunk::{CHUNK_LIMIT_BYTES, ChunkKind, TooLarge, UNPACK_RATIO_LIMIT};
pub use encoder::Encoder;
pub use ending::{Damage, Ending};
pub use header::{HEADER_LIMIT_BYTES, Header, LATEST_DATE_UNIX_MS, OpenError, SetupError};
pub use index::{INDEX_LIMIT_BYTES, Index, KEYFRAMES_LIMIT};
pub use mark::{CHUNK_MARKS_LIMIT, Mark, Marked};
pub use pieces::{Landmark, PIECE_CHUNKS, PieceCounter};
pub use reader::{Cursor, HOLES_LIMIT, Recording, SMALL_FILE_ENTRIES, SeekError, Share};
pub use roster::{ROSTER_LIMIT_PLAYERS, Seated};
pub use seats::{
    SEATS_LIMIT, SERVER_KEY_LIMIT_BYTES, SeatKey, Seats, TOKEN_HASH_BYTES, TokenHash, server_of,
};
pub use source::{Growing, Source};
pub use ticks::{RUN_LIMIT_BYTES, RUN_LIMIT_TICKS, RecordedTick};
pub use watching::{Audience, WATCH_DELAY_LIMIT_SECONDS, Watching};

/// Version of the recording format. It changes whenever the golden bytes of a recording change; readers keep reading
/// the versions before.
///
/// 2: seats say who is muted, and a tick says whether drones think in turns.
///
/// 3: marks say how rounds ended.
///
/// 4: marks say who escaped, and who hit from far away.
///
/// 5: the header says who may watch, and how far behind.
pub const FORMAT_VERSION: u16 = 5;

#[cfg(test)]
mod tests;
