//! Who may take which seat back, and who is muted: what a server needs, besides the world, to continue a recording's
//! session.

use super::chunk::{ChunkKind, RawChunk};
use super::header::Header;
use crate::codec::{DecodeError, bounded, decode_stored};
use crate::id::PlayerId;
use serde::{Deserialize, Serialize};

/// Bytes of a [`TokenHash`].
pub const TOKEN_HASH_BYTES: usize = 16;

/// The hash of a resume token. Recordings are public: whoever reads one must not be able to take a seat with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TokenHash(pub [u8; TOKEN_HASH_BYTES]);

/// What opens a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatKey {
    /// Whose seat.
    pub player: PlayerId,
    /// Of the token given out last.
    pub token: TokenHash,
    /// Of the token before it, until the player has confirmed the newer one.
    pub before: Option<TokenHash>,
}

/// Most keys of seats in a chunk, and most players that are muted.
pub const SEATS_LIMIT: usize = 65_536;

/// Bytes of a file's start that hold its first seats, whatever the header and however many they are.
pub const SERVER_KEY_LIMIT_BYTES: usize = 1024 * 1024;

/// Seats as of a moment. Of several of one player, the last counts; a seat ends with its player's leave. The key of
/// [`PlayerId::NOBODY`] is the server's: only the one that began a recording continues it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seats {
    /// The next player's id to give out.
    pub next_player: u32,
    /// Keys, ascending by player.
    #[serde(deserialize_with = "bounded::<_, _, SEATS_LIMIT>")]
    pub keys: Vec<SeatKey>,
    /// All players muted by a moderator, ascending.
    #[serde(deserialize_with = "bounded::<_, _, SEATS_LIMIT>")]
    pub muted: Vec<PlayerId>,
}

/// The layout of format version 1.
#[derive(Deserialize)]
struct SeatsBeforeMutes {
    next_player: u32,
    #[serde(deserialize_with = "bounded::<_, _, SEATS_LIMIT>")]
    keys: Vec<SeatKey>,
}

/// The server that began a recording, told by the first bytes of the file; see [`SERVER_KEY_LIMIT_BYTES`].
#[must_use]
pub fn server_of(start: &[u8]) -> Option<TokenHash> {
    let (_, header_bytes) = Header::read(start).ok()?;
    let chunk = RawChunk::read(&start[header_bytes..]).ok().filter(|chunk| chunk.kind == ChunkKind::Seats)?;
    Seats::read(&chunk.body().ok()?).ok()?.server()
}

impl Seats {
    /// The server that began the recording.
    #[must_use]
    pub fn server(&self) -> Option<TokenHash> {
        self.keys.first().filter(|key| key.player == PlayerId::NOBODY).map(|key| key.token)
    }

    /// Says which server began the recording.
    #[must_use]
    pub fn with_server(mut self, server: TokenHash) -> Seats {
        self.keys.insert(0, SeatKey { player: PlayerId::NOBODY, token: server, before: None });
        self
    }

    /// Reads them from the body of a chunk.
    pub(super) fn read(body: &[u8]) -> Result<Seats, DecodeError> {
        // Bytes of one version are too short or too long for the other.
        let seats: Seats = decode_stored(body).or_else(|error| {
            let SeatsBeforeMutes { next_player, keys } = decode_stored(body).map_err(|_| error)?;
            Ok(Seats { next_player, keys, muted: Vec::new() })
        })?;
        if !seats.keys.is_sorted_by(|a, b| a.player < b.player) || !seats.muted.is_sorted_by(|a, b| a < b) {
            return Err(DecodeError::Malformed("players are not in ascending order".into()));
        }
        Ok(seats)
    }
}
