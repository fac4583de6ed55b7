//! Cut, flipped and made-up files.

use super::*;
use crate::recording::chunk::put_chunk;
use crate::varint::put;

/// What may be believed of a file that was tampered with: nothing that was not written.
fn assert_prefix_of(recording: &Recording, whole: &[RecordedTick]) {
    let played = play(recording);
    assert!(played.len() <= whole.len());
    assert_eq!(played, whole[..played.len()]);
    assert_eq!(recording.ticks() as usize, played.len());
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
                    assert!(damage.offset >= header_bytes && damage.offset < cut);
                }
            }
        }
    }
}

#[test]
fn every_bit_flip_of_a_small_file_is_noticed() {
    let (file, recorded) = session(12, 1);
    let header_bytes = Header::read(&file).expect("a header").1;
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << bit;
            match Recording::open(flipped) {
                Err(_) => assert!(at < header_bytes),
                Ok(recording) => {
                    assert!(at >= header_bytes, "byte {at} bit {bit} of the header went unnoticed");
                    let Ending::Damaged(damage) = recording.ending() else {
                        panic!("byte {at} bit {bit} went unnoticed");
                    };
                    assert!(damage.offset <= at, "{damage} for byte {at}");
                    assert_prefix_of(&recording, &recorded);
                }
            }
        }
    }
}

#[test]
fn random_cuts_and_flips_of_a_large_file() {
    let (file, recorded) = session(3000, 3);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(64));
    runner
        .run(&(0..file.len(), 0..file.len(), 1..=255u8), |(cut, at, flip)| {
            let cut_off = file[..cut].to_vec();
            let mut flipped = file.clone();
            flipped[at] ^= flip;
            for tampered in [cut_off, flipped] {
                if let Ok(recording) = Recording::open(tampered) {
                    assert_prefix_of(&recording, &recorded);
                    prop_assert_ne!(recording.ending(), &Ending::Complete);
                }
            }
            Ok(())
        })
        .expect("no cut and no flip is believed");
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
        prop_assert!(recording.roster().len() <= recording.file_bytes());
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
    let header_bytes = Header::read(&file).expect("a header").1;
    let mut bounds = vec![header_bytes];
    while let Some(&at) = bounds.last()
        && at < file.len()
    {
        let length = u32::from_le_bytes([file[at + 1], file[at + 2], file[at + 3], file[at + 4]]) as usize;
        bounds.push(at + 9 + length);
    }
    for pair in bounds.windows(2) {
        let without = [&file[..pair[0]], &file[pair[1]..]].concat();
        let doubled = [&file[..pair[1]], &file[pair[0]..]].concat();
        for tampered in [without, doubled] {
            let recording = Recording::open(tampered).expect("the header is sound");
            assert_ne!(recording.ending(), &Ending::Complete);
            assert_prefix_of(&recording, &recorded);
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
