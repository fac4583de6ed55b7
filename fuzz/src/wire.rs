//! What comes over sockets, to the server and to the client.

use shared::batch::{Piece, pieces, put_close, put_message};
use shared::codec::{decode_client, decode_server, encode_client, encode_server};
use shared::delta::{VIEW_LIMIT_ENTITIES, View};
use shared::id::Tick;

/// Seconds of the ticks of a client's view.
const TICK_SECONDS: f32 = 1.0 / 30.0;
/// Bytes before each payload of [`snapshot_deltas`].
const DELTA_HEAD_BYTES: usize = 4;

/// A client's message. What is taken is the same after it was written and read again.
pub fn client_message(bytes: &[u8]) -> bool {
    let Ok(message) = decode_client(bytes) else { return false };
    let mut again = Vec::new();
    encode_client(&message, &mut again);
    assert_eq!(decode_client(&again).as_ref(), Ok(&message));
    true
}

/// A server's message. What is taken is the same after it was written and read again.
pub fn server_message(bytes: &[u8]) -> bool {
    let Ok(message) = decode_server(bytes) else { return false };
    let mut once = Vec::new();
    encode_server(&message, &mut once);
    let mut twice = Vec::new();
    // By its bytes, since a rule may be no number and so unlike itself.
    encode_server(&decode_server(&once).expect("it has just been written"), &mut twice);
    assert_eq!(once, twice);
    true
}

/// The entity records of snapshots, one after the other into one view: each is `flags, ticks, length` (a byte, a byte,
/// two bytes, little-endian) and the payload. Bit 0 of the flags makes a snapshot fresh.
pub fn snapshot_deltas(mut bytes: &[u8]) -> bool {
    let mut view = View::new(TICK_SECONDS);
    let mut applied = false;
    while let Some((&[flags, ticks, low, high], rest)) = bytes.split_first_chunk::<DELTA_HEAD_BYTES>() {
        let length = usize::from(u16::from_le_bytes([low, high])).min(rest.len());
        let (payload, behind) = rest.split_at(length);
        bytes = behind;
        let tick = Tick(view.tick().0.saturating_add(ticks.into()));
        // A client that cannot read a snapshot closes the connection.
        if view.apply(tick, flags & 1 != 0, payload).is_err() {
            return false;
        }
        applied = true;
        assert!(view.entities().len() <= VIEW_LIMIT_ENTITIES);
        assert!(view.entities().is_sorted_by(|one, next| one.id < next.id));
    }
    applied
}

/// The body of a poll's answer or of a post. What is taken is the same after it was written again.
pub fn batch(bytes: &[u8]) -> bool {
    let Ok(said) = pieces(bytes).collect::<Result<Vec<Piece<'_>>, _>>() else { return false };
    let mut again = Vec::new();
    for piece in said {
        match piece {
            Piece::Message(message) => put_message(message, &mut again),
            Piece::Close { code, reason } => put_close(code, reason, &mut again),
        }
    }
    assert_eq!(again, bytes);
    true
}
