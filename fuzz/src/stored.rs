//! What stands in recordings: anybody can drop a file on the replay page, or ask a host to verify one.

use shared::codec::decode_stored;
use shared::command::TickInputs;
use shared::keyframe::Keyframe;
use shared::recording::Recording;
use sim::Sim;
use sim::scripted;

/// Ticks that a world is stepped after a keyframe.
const TICKS_AFTER_KEYFRAME: usize = 5;
/// Ticks whose commands are applied, at most.
const COMMAND_TICKS: usize = 60;
/// Ticks that are read from one recording, at most: a run of empty ones takes next to no bytes.
const READ_TICKS: usize = 10_000;

/// Magic and version, before the header's length and checksum.
const MAGIC_BYTES: usize = 4;
const VERSION_BYTES: usize = 2;
/// Of a length, and of a checksum.
const WORD_BYTES: usize = 4;

/// A recording, as it is and with its checksums put right: whoever forges a file forges them too.
pub fn recording(bytes: &[u8]) -> bool {
    let mut forged = bytes.to_vec();
    put_checksums_right(&mut forged);
    read_all(bytes.to_vec()) | read_all(forged)
}

fn read_all(file: Vec<u8>) -> bool {
    let Ok(recording) = Recording::open(file) else { return false };
    assert!(recording.sound_bytes() <= recording.file_bytes());
    assert!(recording.marks().is_sorted_by_key(|mark| mark.tick));
    // That a setup is out of range is an answer like any other.
    let _ = recording.header().setup();
    let _ = recording.roster();
    let Ok((keyframe, mut cursor)) = recording.seek(recording.last_tick()) else { return false };
    let _ = Sim::from_keyframe(&scripted::setup(), &keyframe);
    let Ok((keyframe, from_start)) = recording.seek(recording.first_tick()) else { return false };
    let mut last = keyframe.tick;
    for cursor in [&mut cursor, &mut from_start.clone()] {
        for _ in 0..READ_TICKS {
            let Ok(Some(tick)) = recording.next_tick(cursor) else { break };
            last = last.max(tick.tick);
        }
    }
    assert!(last <= recording.last_tick());
    true
}

/// Recomputes every checksum of a recording, as far as its lengths can be followed.
fn put_checksums_right(file: &mut [u8]) {
    let Some((_, mut rest)) = file.split_at_mut_checked(MAGIC_BYTES) else { return };
    let mut kind_bytes = VERSION_BYTES;
    loop {
        let head_bytes = kind_bytes + 2 * WORD_BYTES;
        let Some((head, behind)) = rest.split_at_mut_checked(head_bytes) else { return };
        let (said, checksum) = head.split_at_mut(kind_bytes + WORD_BYTES);
        let mut length = [0; WORD_BYTES];
        length.copy_from_slice(&said[kind_bytes..]);
        let Some((body, behind)) = behind.split_at_mut_checked(u32::from_le_bytes(length) as usize) else {
            return;
        };
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(said);
        hasher.update(body);
        checksum.copy_from_slice(&hasher.finalize().to_le_bytes());
        rest = behind;
        // Behind the header come chunks, whose kind is one byte.
        kind_bytes = 1;
    }
}

/// Restores a keyframe into a world and steps it. An accepted keyframe stays sound.
pub fn keyframe(bytes: &[u8]) -> bool {
    let Ok(keyframe) = decode_stored::<Keyframe>(bytes) else { return false };
    let setup = scripted::setup();
    let Ok(mut sim) = Sim::from_keyframe(&setup, &keyframe) else { return false };
    for _ in 0..TICKS_AFTER_KEYFRAME {
        sim.step(&TickInputs::default());
    }
    let _ = sim.capture();
    let again = Sim::from_keyframe(&setup, &sim.keyframe()).expect("a world that was taken stays sound");
    assert_eq!(again.state_hash(), sim.state_hash());
    true
}

/// The commands of a recording's ticks, whatever they say, into a world.
pub fn commands(bytes: &[u8]) -> bool {
    let Ok(ticks) = decode_stored::<Vec<TickInputs>>(bytes) else { return false };
    let setup = scripted::setup();
    let mut sim = Sim::new(&setup).expect("the script's own setup");
    for inputs in ticks.iter().take(COMMAND_TICKS) {
        sim.step(inputs);
    }
    let _ = sim.capture();
    let again = Sim::from_keyframe(&setup, &sim.keyframe()).expect("no command makes a world unsound");
    assert_eq!(again.state_hash(), sim.state_hash());
    true
}
