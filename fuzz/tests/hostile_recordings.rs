//! Recordings of a megabyte that are made to cost time or memory.

// Test code that is not itself a test function; what fails here fails the test.
#![allow(clippy::unwrap_used)]

use shared::codec::encode_stored;
use shared::id::{NetId, PlayerId, Tick};
use shared::keyframe::{Keyframe, TrailKey};
use shared::recording::{ChunkKind, Encoder, Header, Index, Mark, SeatKey, Seats, TokenHash};
use shared::text::Name;
use sim::scripted;

const FILE_BYTES: usize = 1 << 20;

/// A file of the same chunks again and again, of which each may depend on its number.
fn file(mut add: impl FnMut(u32, &mut Vec<u8>)) -> Vec<u8> {
    let mut encoder = Encoder::new(&Header::new(&scripted::setup(), "hostile", "belt", 0));
    encoder.keyframe(&Keyframe::default()).unwrap();
    let mut file = encoder.take().unwrap();
    (0..)
        .take_while(|number| {
            add(*number, &mut file);
            file.len() < FILE_BYTES
        })
        .for_each(drop);
    file
}

fn put_chunk(kind: ChunkKind, body: &[u8], file: &mut Vec<u8>) {
    let mut head = vec![kind as u8];
    head.extend((body.len() as u32).to_le_bytes());
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&head);
    hasher.update(body);
    file.extend([&head[..], &hasher.finalize().to_le_bytes(), body].concat());
}

fn put_stored<T: serde::Serialize>(kind: ChunkKind, value: &T, file: &mut Vec<u8>) {
    let mut body = if kind == ChunkKind::Keyframe { vec![0] } else { Vec::new() };
    encode_stored(value, &mut body);
    if kind == ChunkKind::Index {
        let length = body.len() as u32 + 13;
        body.extend(length.to_le_bytes());
    }
    put_chunk(kind, &body, file);
}

#[test]
fn a_hostile_megabyte_costs_little_more_than_an_honest_one() {
    let key = |player| SeatKey { player: PlayerId(player), token: TokenHash([0; 16]), before: None };
    let name = Name::from_input("A");
    let trails = (0..60_000).map(|id| TrailKey { id: NetId(id), displacements: Vec::new() }).collect();
    let trails = Keyframe { trails, ..Keyframe::default() };
    let joined: Vec<Mark> = (0..40_000).map(|id| Mark::joined(Tick(u32::MAX), PlayerId(id), &name)).collect();
    for (what, file) in [
        ("keyframes", file(|_, file| put_stored(ChunkKind::Keyframe, &Keyframe::default(), file))),
        ("trails", file(|_, file| put_stored(ChunkKind::Keyframe, &trails, file))),
        (
            "joins and keyframes",
            file(|number, file| match number {
                0 => put_stored(ChunkKind::Marks, &joined, file),
                _ => put_stored(ChunkKind::Keyframe, &Keyframe::default(), file),
            }),
        ),
        (
            "seats from the last to the first",
            file(|number, file| {
                put_stored(
                    ChunkKind::Seats,
                    &Seats { keys: vec![key(u32::MAX - number)], ..Seats::default() },
                    file,
                );
            }),
        ),
        (
            "keyframes and wrong indices",
            file(|number, file| match number % 2 {
                0 => put_stored(ChunkKind::Keyframe, &Keyframe::default(), file),
                _ => put_stored(ChunkKind::Index, &Index::default(), file),
            }),
        ),
        (
            "runs that cannot be read",
            file(|number, file| match number % 2 {
                0 => put_stored(ChunkKind::Keyframe, &Keyframe::default(), file),
                _ => put_chunk(ChunkKind::Ticks, &[1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0xff], file),
            }),
        ),
        (
            "damage and zeros",
            file(|number, file| match number {
                0..2000 => {
                    file.extend([0; 30]);
                    put_chunk(ChunkKind::Marks, &[0], file);
                }
                _ => file.extend([0; 1 << 16]),
            }),
        ),
        ("heads of large chunks", file(|_, file| file.extend([1, 0, 0, 8, 0]))),
    ] {
        eprintln!("{what}: {} bytes", file.len());
        fuzz::run(fuzz::recording, &file);
    }
}
