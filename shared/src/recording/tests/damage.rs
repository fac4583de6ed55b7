//! Cut, flipped and made-up files.

use super::*;
use crate::recording::chunk::put_chunk;
use crate::varint::put;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Nothing is played that was not written, and the totals agree.
fn assert_part_of(recording: &Recording, whole: &[RecordedTick]) -> Vec<Tick> {
    let played = play(recording);
    for tick in &played {
        assert_eq!(Some(tick), whole.get(tick.tick.0 as usize - 1));
    }
    assert_eq!(recording.ticks() as usize, played.len());
    played.iter().map(|played| played.tick).collect()
}

fn assert_prefix_of(recording: &Recording, whole: &[RecordedTick]) {
    let ticks = assert_part_of(recording, whole);
    assert!(ticks.iter().copied().eq((1..=ticks.len() as u32).map(Tick)));
}

/// Where each chunk begins, and the end of the file.
fn bounds(file: &[u8]) -> Vec<usize> {
    let mut bounds = vec![Header::read(file).expect("a header").1];
    while let Some(&at) = bounds.last()
        && at < file.len()
    {
        let length = u32::from_le_bytes([file[at + 1], file[at + 2], file[at + 3], file[at + 4]]) as usize;
        bounds.push(at + 9 + length);
    }
    bounds
}

/// The ticks that can be played of a file of one tick to a chunk when some of its chunks are damaged.
fn playable(file: &[u8], is_sound: impl Fn(usize, usize) -> bool) -> Vec<Tick> {
    let (mut tick, mut has_world, mut playable) = (0, false, Vec::new());
    for pair in bounds(file).windows(2) {
        let is_sound = is_sound(pair[0], pair[1]);
        match ChunkKind::of(file[pair[0]]) {
            Some(ChunkKind::Keyframe) => has_world |= is_sound,
            Some(ChunkKind::Ticks) => {
                tick += 1;
                has_world &= is_sound;
                playable.extend(has_world.then_some(Tick(tick)));
            }
            _ => {}
        }
    }
    playable
}

/// How many of the recorded ticks stand in whole chunks before a cut, told by the chunks' lengths alone.
fn ticks_before(file: &[u8], header_bytes: usize, cut: usize) -> u32 {
    let mut at = header_bytes;
    let mut ticks = 0;
    while at + 9 <= cut {
        let length = u32::from_le_bytes([file[at + 1], file[at + 2], file[at + 3], file[at + 4]]) as usize;
        if at + 9 + length > cut {
            break;
        }
        // One tick to a chunk.
        ticks += u32::from(file[at] & 0x7f == ChunkKind::Ticks as u8);
        at += 9 + length;
    }
    ticks
}

#[test]
fn every_cut_of_a_small_file_opens_up_to_its_last_whole_chunk() {
    let (file, recorded) = session(25, 1);
    let header_bytes = Header::read(&file).expect("a header").1;
    for cut in 0..file.len() {
        match Recording::open(file[..cut].to_vec()) {
            Err(error) => {
                assert!(cut < header_bytes, "{error}");
                assert_eq!(error, if cut == 0 { OpenError::NotARecording } else { OpenError::CutOff });
            }
            Ok(recording) => {
                assert!(cut >= header_bytes);
                assert_ne!(recording.ending(), &Ending::Complete);
                assert_prefix_of(&recording, &recorded);
                assert_eq!(recording.ticks(), ticks_before(&file, header_bytes, cut));
                if let Ending::Damaged(damage) = recording.ending() {
                    assert!(damage.problem.contains("ends inside"), "{damage}");
                    assert_eq!(damage.last_tick, recording.last_tick());
                    assert!((header_bytes as u64..cut as u64).contains(&damage.offset) && damage.torn);
                }
            }
        }
    }
}

#[test]
fn behind_every_bit_flip_of_a_small_file_the_sound_chunks_are_played() {
    let (file, recorded) = session(25, 1);
    let sound = Header::read(&file).expect("a header");
    let header_bytes = sound.1;
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << bit;
            let recording = Recording::open(flipped).expect("one wrong bit of a header is put right");
            let [damage] = &recording.damage().collect::<Vec<_>>()[..] else {
                panic!("byte {at} bit {bit}: {:?}", recording.damage().collect::<Vec<_>>());
            };
            assert!((damage.offset..damage.end).contains(&(at as u64)), "{damage} for byte {at}");
            assert_eq!(damage.number == 0, at < header_bytes, "{damage}");
            let mut header = recording.header().clone();
            assert_eq!(std::mem::take(&mut header.was_repaired), at < header_bytes);
            assert_eq!(header, sound.0, "byte {at} bit {bit}");
            let playable = playable(&file, |from, end| !(from..end).contains(&at));
            assert_eq!(assert_part_of(&recording, &recorded), playable, "byte {at}: {damage}");
        }
    }
}

#[test]
fn a_large_file_is_played_wherever_its_chunks_are_sound() {
    let (file, recorded) = session(3000, 1);
    let header_bytes = Header::read(&file).expect("a header").1;
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(64));
    let flips = prop::collection::btree_map(header_bytes..file.len(), 1..=255u8, 1..20);
    // A part that was overwritten with noise, which has the heads of chunks in it by chance.
    let noise = (header_bytes..file.len() - 4096, prop::collection::vec(any::<u8>(), 0..4096));
    runner
        .run(&(flips, noise), |(flips, (noise_at, noise))| {
            let mut tampered = file.clone();
            tampered[noise_at..noise_at + noise.len()].copy_from_slice(&noise);
            flips.iter().for_each(|(at, flip)| tampered[*at] ^= flip);
            let playable = playable(&file, |from, end| tampered[from..end] == file[from..end]);
            let recording = Recording::open(tampered).expect("the header is sound");
            prop_assert_eq!(assert_part_of(&recording, &recorded), playable);
            prop_assert!(recording.damage().count() > 0);
            let lost: u32 = recording.damage().map(|damage| damage.lost_ticks).sum();
            prop_assert!(lost as usize + recording.ticks() as usize <= recorded.len());
            Ok(())
        })
        .expect("whatever is sound is played, and nothing else");
}

#[test]
fn only_an_end_that_a_crash_leaves_is_called_torn() {
    let (file, _) = session(25, 1);
    let bounds = bounds(&file);
    let [.., last, index, _] = bounds[..] else { panic!("many chunks") };
    let torn = |file: Vec<u8>| match Recording::open(file).expect("the header is sound").ending() {
        Ending::Damaged(damage) => Some((damage.offset as usize, damage.torn)),
        _ => None,
    };
    for end in [last + 1, last + 9, index - 1] {
        assert_eq!(torn(file[..end].to_vec()), Some((last, true)));
    }
    let half = [&file[..last + 9], &[0; 5000]].concat();
    assert_eq!(torn(half), Some((last, false)), "a part of the chunk is there");
    assert_eq!(torn([&file[..index], &[0; 5000]].concat()), Some((index, true)));
    let mut flipped = file[..index].to_vec();
    flipped[index - 1] ^= 1;
    assert_eq!(torn(flipped.clone()), Some((last, false)));
    // A torn end behind damage is no reason to cut off both.
    flipped.extend([2, 9]);
    assert_eq!(torn(flipped), Some((last, false)));
    // What looks torn is not if something sound stands behind it.
    let mut longer = file[..index].to_vec();
    longer[bounds[bounds.len() - 5] + 2] ^= 0x80;
    assert!(torn(longer).is_none_or(|(_, torn)| !torn));
}

/// A file that counts what is read of it, and of which a part cannot be read.
#[derive(Clone, Debug, Default)]
struct Disk {
    file: Vec<u8>,
    bad: core::ops::Range<u64>,
    read_bytes: Arc<AtomicU64>,
    largest_read: Arc<AtomicU64>,
}

impl Source for Disk {
    fn bytes(&self) -> u64 {
        self.file.bytes()
    }

    fn read(&self, at: u64, buffer: &mut [u8]) -> Result<(), String> {
        let length = buffer.len() as u64;
        self.read_bytes.fetch_add(length, Relaxed);
        self.largest_read.fetch_max(length, Relaxed);
        if at < self.bad.end && self.bad.start < at + length {
            return Err("the disk fails".into());
        }
        self.file.read(at, buffer)
    }
}

#[test]
fn a_part_that_cannot_be_read_is_passed() {
    let (file, recorded) = session(3000, 1);
    let bad = 30_208..30_720;
    let disk = Disk { bad: bad.clone(), file, ..Disk::default() };
    let recording = Recording::open(disk.clone()).expect("the header is sound");
    let [hole] = recording.holes() else { panic!("one hole: {:?}", recording.holes()) };
    assert!(
        hole.problem.contains("the disk fails") && hole.offset <= bad.start && hole.end >= bad.end,
        "{hole}"
    );
    let playable = playable(&disk.file, |from, end| end as u64 <= bad.start || from as u64 >= bad.end);
    assert_eq!(assert_part_of(&recording, &recorded), playable);
}

#[test]
fn memory_holds_a_window_and_not_the_file() {
    let (mut file, recorded) = session(3000, 1);
    // A length of 32 MiB in the midst of it.
    let at = bounds(&file)[2000];
    file[at + 4] ^= 2;
    file.resize(40 * 1024 * 1024, 7);
    let disk = Disk { file, ..Disk::default() };
    let recording = Recording::open_without_marks(disk.clone()).expect("the header is sound");
    assert!(assert_part_of(&recording, &recorded).len() > 2900);
    assert!(recording.marks().is_empty());
    assert!(disk.largest_read.load(Relaxed) <= 256 * 1024, "{:?}", disk.largest_read);
}

#[test]
fn a_file_in_which_every_byte_begins_a_large_chunk_is_read_in_linear_time() {
    let bytes = 24 * 1024 * 1024;
    let mut file = file_of(&header());
    let begins = file.len().next_multiple_of(4);
    file.resize(bytes, 0);
    file[begins..].chunks_exact_mut(4).for_each(|word| word.copy_from_slice(&[1, 1, 1, 0]));
    let disk = Disk { file, ..Disk::default() };
    let recording = Recording::open(disk.clone()).expect("the header is sound");
    assert!(matches!(recording.ending(), Ending::Damaged(_)));
    let read_bytes = disk.read_bytes.load(Relaxed);
    assert!(read_bytes > 4 * bytes as u64, "no chunk was tried");
    assert!(read_bytes < 24 * bytes as u64, "{read_bytes}");
}

#[test]
fn a_file_of_more_holes_than_are_kept_is_read_up_to_one_of_them() {
    let mut encoder = Encoder::new(&header());
    let mut file = encoder.take().expect("small");
    for tick in 0..=HOLES_LIMIT as u32 {
        encoder.keyframe(&keyframe(tick * 10)).expect("small");
        file.extend(encoder.take().expect("small"));
        file.push(0);
    }
    let recording = Recording::open(file).expect("the header is sound");
    assert_eq!(recording.holes().len(), HOLES_LIMIT);
    let Ending::Damaged(damage) = recording.ending() else { panic!("{:?}", recording.ending()) };
    assert!(damage.problem.contains("1024 parts"), "{damage}");
}

proptest! {
    /// Bodies that make no sense behind checksums that are right: what an attacker would write.
    #[test]
    fn made_up_bodies_are_refused_or_read_but_never_trusted(
        bodies in prop::collection::vec((0..4usize, prop::collection::vec(any::<u8>(), 0..60)), 0..6),
        compressed: bool,
    ) {
        let mut file = Vec::new();
        header().write(&mut file);
        for (kind, body) in bodies {
            let from = file.len();
            put_chunk(ChunkKind::ALL[kind], &body, &mut file).expect("a small chunk");
            if compressed {
                file[from] |= 0x80;
                let mut hasher = crc32fast::Hasher::new();
                hasher.update(&file[from..from + 5]);
                hasher.update(&file[from + 9..]);
                let checksum = hasher.finalize().to_le_bytes();
                file[from + 5..from + 9].copy_from_slice(&checksum);
            }
        }
        let recording = Recording::open(file).expect("the header is sound");
        if let Ok((_, mut cursor)) = recording.seek(Tick(0)) {
            while let Ok(Some(_)) = recording.next_tick(&mut cursor) {}
        }
        prop_assert!(recording.roster().len() as u64 <= recording.file_bytes());
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Recording::open(bytes.clone()).is_err());
        prop_assert_eq!(Index::read(&bytes), None);
    }
}

#[test]
fn a_run_that_claims_too_many_ticks_allocates_nothing() {
    let mut file = Vec::new();
    header().write(&mut file);
    let mut encoder = Encoder::new(&header());
    encoder.keyframe(&keyframe(0)).expect("small");
    file =
        [file, encoder.take().expect("small").split_off(Header::read(&file_of(&header())).expect("sound").1)]
            .concat();
    let mut body = Vec::new();
    put(&mut body, 1);
    put(&mut body, u32::MAX - 1);
    put_chunk(ChunkKind::Ticks, &body, &mut file).expect("small");
    let recording = Recording::open(file).expect("the header is sound");
    assert!(
        matches!(recording.ending(), Ending::Damaged(damage) if damage.number == 2),
        "{}",
        recording.ending()
    );
}

fn file_of(header: &Header) -> Vec<u8> {
    let mut file = Vec::new();
    header.write(&mut file);
    file
}

#[test]
fn a_missing_or_doubled_chunk_is_noticed() {
    let (file, recorded) = session(25, 1);
    for pair in bounds(&file).windows(2) {
        let kind = ChunkKind::of(file[pair[0]]);
        let without = [&file[..pair[0]], &file[pair[1]..]].concat();
        let doubled = [&file[..pair[1]], &file[pair[0]..]].concat();
        for (tampered, is_lost) in [(without, true), (doubled, false)] {
            let recording = Recording::open(tampered).expect("the header is sound");
            let is_noticed = recording.ending() != &Ending::Complete || recording.damage().count() > 0;
            assert!(is_noticed, "{kind:?} at {pair:?}");
            let playable = playable(&file, |from, _| !is_lost || from != pair[0]);
            assert_eq!(
                assert_part_of(&recording, &recorded),
                playable,
                "{kind:?} {is_lost} {:?}",
                recording.damage().collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn a_newer_format_says_so() {
    let (mut file, _) = session(3, 1);
    file[4] = 9;
    let error = Recording::open(file).expect_err("no reader of today knows format 9");
    assert_eq!(error, OpenError::Newer(9));
    assert!(error.to_string().contains("version 9"), "{error}");
    assert_eq!(Recording::open(b"GIF89a".to_vec()).expect_err("not ours"), OpenError::NotARecording);
}
