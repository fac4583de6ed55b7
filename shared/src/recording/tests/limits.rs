//! Each limit of a recording, crossed once: the error says which, and what stands behind is read on.

use super::super::chunk::{CHUNK_HEAD_BYTES, put_chunk};
use super::*;
use crate::codec::encode_stored;
use crate::keyframe::{ENTITIES_LIMIT, OreKey, PLAYERS_LIMIT};
use crate::varint::{put, put_signed};

/// What is wrong with a chunk that stands behind the first keyframe.
fn problem_of(kind: ChunkKind, body: &[u8]) -> String {
    let mut encoder = Encoder::new(&header());
    encoder.keyframe(&keyframe(0)).expect("a small keyframe");
    let mut file = encoder.take().expect("a small chunk");
    put_chunk(kind, body, &mut file).expect("a chunk within the limit");
    read_problem(file)
}

/// What is wrong with a file, told by looking through it or by playing it from its last keyframe.
fn read_problem(file: Vec<u8>) -> String {
    let recording = Recording::open(file).expect("a sound header");
    if let Some(damage) = recording.damage().next() {
        return damage.problem.clone();
    }
    match recording.seek(recording.last_tick()) {
        Err(error) => error.to_string(),
        Ok((_, mut cursor)) => loop {
            match recording.next_tick(&mut cursor) {
                Ok(Some(_)) => {}
                Ok(None) => return "nothing".into(),
                Err(damage) => return damage.problem,
            }
        },
    }
}

fn stored<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut body = Vec::new();
    encode_stored(value, &mut body);
    body
}

/// The body of a run that begins with the first tick.
fn run(count: u32, records: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut body = vec![1];
    put(&mut body, count << 1 | 1);
    body.extend((0..count).flat_map(|tick| hash_of(tick).to_le_bytes()));
    records(&mut body);
    body
}

#[test]
fn each_limit_is_named_by_the_error_when_it_is_crossed() {
    let key = |player| SeatKey { player: PlayerId(player), token: TokenHash([1; 16]), before: None };
    let seats = |players: &[u32]| {
        stored(&Seats { keys: players.iter().map(|player| key(*player)).collect(), ..Seats::default() })
    };
    let many: Vec<u32> = (0..=SEATS_LIMIT as u32).collect();
    let ores = vec![OreKey::default(); ENTITIES_LIMIT + 1];
    let marks = vec![Mark::left(Tick(0), PlayerId(1)); CHUNK_MARKS_LIMIT + 1];
    let few = vec![Mark::left(Tick(0), PlayerId(1)); SMALL_FILE_ENTRIES as usize * 2];
    let crowd = run(1, |body| {
        body.push(2);
        put(body, PLAYERS_LIMIT as u32 + 1);
        for _ in 0..=PLAYERS_LIMIT {
            put_signed(body, 1);
            body.push(0);
        }
    });
    let crowded_keyframe = [vec![0], stored(&Keyframe { ores, ..Keyframe::default() })].concat();
    let index =
        Index { keyframes: vec![(Tick(u32::MAX), u64::MAX); INDEX_LIMIT_BYTES / 14], ..Index::default() };
    let mut long_index = stored(&index);
    long_index.extend([0; 4]);
    for (kind, body, words) in [
        (ChunkKind::Keyframe, crowded_keyframe, format!("more than {ENTITIES_LIMIT} entries")),
        (ChunkKind::Marks, stored(&marks), format!("more than {CHUNK_MARKS_LIMIT} entries")),
        (ChunkKind::Marks, stored(&few), "marks that a file of this length may hold".into()),
        (ChunkKind::Seats, seats(&many), format!("more than {SEATS_LIMIT} entries")),
        (ChunkKind::Seats, seats(&[5, 4]), "not in ascending order".into()),
        (ChunkKind::Ticks, run(RUN_LIMIT_TICKS + 1, |_| {}), format!("at most {RUN_LIMIT_TICKS} ticks")),
        (
            ChunkKind::Ticks,
            run(1, |body| body.resize(RUN_LIMIT_BYTES + 99, 0)),
            format!("{RUN_LIMIT_BYTES} bytes"),
        ),
        (ChunkKind::Ticks, crowd, format!("more than {PLAYERS_LIMIT} players")),
        (ChunkKind::Index, long_index, "is over the limit".into()),
    ] {
        let problem = problem_of(kind, &body);
        assert!(problem.contains(&words), "{problem}: {words} is missing");
    }
}

#[test]
fn a_chunk_that_unpacks_to_far_more_than_its_length_is_not_unpacked() {
    let body = stored(&vec![Mark::left(Tick(0), PlayerId(1)); 3000]);
    // The writer stores a body uncompressed if it compresses too well.
    let mut honest = Vec::new();
    put_chunk(ChunkKind::Marks, &body, &mut honest).expect("a small chunk");
    assert_eq!(honest.len(), CHUNK_HEAD_BYTES + body.len());
    assert_eq!(problem_of(ChunkKind::Marks, &body), "nothing");
    // A reader refuses the compressed form.
    let packed = lz4_flex::block::compress_prepend_size(&body);
    let mut head = vec![ChunkKind::Marks as u8 | 0x80];
    head.extend((packed.len() as u32).to_le_bytes());
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&head);
    hasher.update(&packed);
    let mut encoder = Encoder::new(&header());
    encoder.keyframe(&keyframe(0)).expect("a small keyframe");
    let mut file = encoder.take().expect("a small chunk");
    file.extend([head, hasher.finalize().to_le_bytes().to_vec(), packed].concat());
    let problem = read_problem(file);
    assert!(problem.contains(&format!("more than {UNPACK_RATIO_LIMIT} times its length")), "{problem}");
}
