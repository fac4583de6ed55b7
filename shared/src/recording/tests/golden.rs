//! Frozen bytes. When one of these changes, [`FORMAT_VERSION`] must rise, and the reader must go on reading what is here.
//!
//! Rules and world are left out: their bytes belong to a build of the simulation, which a recording names.

use super::*;
use crate::levels::HullKind;
use crate::recording::chunk::put_chunk;
use crate::round::{Award, AwardKind};
use crate::varint::put;

const HEADER: &str = "42454c5405003f000000ec72636e0107302e312e302d31fdefcdab89674523010662656c742d31094f70656e2062656c\
    740452696e67fb2c011efd006c50c4a001000003010203010101fb2c01";
const CHUNKS: &str = "0246000000b11ac73f0807fe00000000000080fe00000000000090fe000000000000a0030c00010106d090d0b4d0b000\
    0002025d0b5a8e0320030b01c800010101020009010702026c8e0302031200031f0000006fcf09c20507000106d090d0\
    b4d0b0080201c819090301fb80020904010267670901c8";
const SEATS: &str = "053a000000cd05b4c0fb2c0102010909090909090909090909090909090900c809090909090909090909090909090909\
    010707070707070707070707070707070701c8";
const INDEX: &str = "0410000000cc73127a0a03050207600afc7011010019000000";
/// Two ticks, in the first of which drones think in turns; since format 2.
const TURNS: &str = "0217000000defd69d50b040b000000000000000c000000000000000601020000";
/// A mark of a round; since format 3.
const ROUND: &str = "03110000003fbba395010c050201000106d090d0b4d0b0fbe803";
/// Marks of an escape and a far shot; since format 4.
const FEATS: &str = "030a0000004f45751c020d0601040e0701c830";
/// A chunk of marks whose body is compressed. Only read: another compressor may find shorter bytes.
const COMPRESSED: &str = "8316000000d804a0b5f10000007f280904010267670600d160090401026767";

/// As format version 4 had it. Only read.
const HEADER_4: &str = "42454c540400390000008ccd6f2c0107302e312e302d31fdefcdab89674523010662656c742d31094f70656e2062656c\
    740452696e67fb2c011efd006c50c4a001000003010203";

/// As format version 3 had it. Only read.
const HEADER_3: &str = "42454c54030039000000d9df06440107302e312e302d31fdefcdab89674523010662656c742d31094f70656e2062656c\
    740452696e67fb2c011efd006c50c4a001000003010203";

/// As format version 2 had it. Only read.
const HEADER_2: &str = "42454c5402003900000005b5b5140107302e312e302d31fdefcdab89674523010662656c742d31094f70656e2062656c\
    740452696e67fb2c011efd006c50c4a001000003010203";

/// As format version 1 had them. Only read.
const HEADER_1: &str = "42454c54010039000000610a60e50107302e312e302d31fdefcdab89674523010662656c742d31094f70656e2062656c\
    740452696e67fb2c011efd006c50c4a001000003010203";
const SEATS_1: &str = "053800000039fcdd99fb2c0102010909090909090909090909090909090900c80909090909090909090909090909\
    09090107070707070707070707070707070707";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.bytes().map(|digit| (digit as char).to_digit(16).expect("a hex digit") as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn frozen_header(format: u16) -> Header {
    Header {
        format,
        was_repaired: false,
        protocol: 1,
        build: "0.1.0-1".into(),
        rules_hash: 0x0123_4567_89ab_cdef,
        room: "belt-1".into(),
        mode: "Open belt".into(),
        arena: "Ring".into(),
        seed: 300,
        tick_rate_hz: 30,
        started_at_unix_ms: 1_790_000_000_000,
        watching: if format < 5 {
            Watching::default()
        } else {
            Watching { audience: Some(Audience::Players), delay_seconds: Some(300) }
        },
        setup: vec![1, 2, 3],
    }
}

fn frozen_ticks() -> Vec<RecordedTick> {
    let mut first = TickInputs {
        joins: vec![Join {
            player: PlayerId(1), name: Name::from_input("Ада"), hull: HullKind::default()
        }],
        ..TickInputs::default()
    };
    first.inputs = vec![input(1, 5, 1000), input(200, 0, 8)];
    let second = TickInputs {
        leaves: vec![PlayerId(200)],
        absences: vec![Absence { player: PlayerId(1), away: true }],
        admin: vec![Admin::SetDrones(9), Admin::Kick(PlayerId(7))],
        inputs: vec![input(1, 5, 3), input(200, 1, 8)],
        ..TickInputs::default()
    };
    [first, second, TickInputs::default()]
        .into_iter()
        .zip([8, 9, 10])
        .map(|(inputs, tick)| RecordedTick {
            tick: Tick(tick),
            inputs,
            state_hash: u64::from(tick) << 60 | 0xfe,
        })
        .collect()
}

fn frozen_turns() -> Vec<RecordedTick> {
    let first = TickInputs { drones_in_turns: true, inputs: vec![input(1, 5, 3)], ..TickInputs::default() };
    let ticks = [first, TickInputs::default()].into_iter().zip([11, 12]);
    ticks.map(|(inputs, tick)| RecordedTick { tick: Tick(tick), inputs, state_hash: tick.into() }).collect()
}

fn frozen_marks() -> Vec<Mark> {
    vec![
        Mark::joined(Tick(7), PlayerId(1), &Name::from_input("Ада")),
        Mark::killed(Tick(8), PlayerId(1), PlayerId(200), 25),
        Mark::banked(Tick(9), PlayerId(1), 640),
        Mark::said(Tick(9), PlayerId(1), "gg"),
        Mark::left(Tick(9), PlayerId(200)),
    ]
}

fn frozen_round() -> Mark {
    let (player, name) = (PlayerId(1), Name::from_input("Ада"));
    let award = Award { kind: AwardKind::Winner, player, name, value: 1000 };
    Mark::round_ended(Tick(12), 2, vec![award])
}

fn frozen_feats() -> [Mark; 2] {
    [Mark::escaped(Tick(13), PlayerId(1), 4), Mark::far_shot(Tick(14), PlayerId(1), PlayerId(200), 48)]
}

fn frozen_seats() -> Seats {
    let key = |player, before| SeatKey { player: PlayerId(player), token: TokenHash([9; 16]), before };
    let keys = vec![key(1, None), key(200, Some(TokenHash([7; 16])))];
    Seats { next_player: 300, keys, muted: vec![PlayerId(200)] }
}

fn frozen_index() -> Index {
    Index { last_tick: Tick(10), ticks: 3, marks: 5, keyframes: vec![(Tick(7), 96), (Tick(10), 70_000)] }
}

#[test]
fn the_bytes_of_a_recording_are_frozen() {
    let mut header = Vec::new();
    frozen_header(FORMAT_VERSION).write(&mut header);
    let mut encoder = Encoder::new(&frozen_header(FORMAT_VERSION));
    encoder.keyframe(&keyframe(7)).expect("a small keyframe");
    encoder.take().expect("small");
    for RecordedTick { tick, inputs, state_hash } in &frozen_ticks() {
        encoder.tick(*tick, inputs, *state_hash).expect("a small tick");
    }
    frozen_marks().into_iter().for_each(|mark| encoder.mark(mark));
    let chunks = encoder.take().expect("small chunks");
    encoder.seats(&frozen_seats()).expect("a small chunk");
    let seats = encoder.take().expect("small chunks");
    for RecordedTick { tick, inputs, state_hash } in &frozen_turns() {
        encoder.tick(*tick, inputs, *state_hash).expect("a small tick");
    }
    let turns = encoder.take().expect("small chunks");
    encoder.mark(frozen_round());
    let round = encoder.take().expect("a small chunk");
    frozen_feats().into_iter().for_each(|mark| encoder.mark(mark));
    let feats = encoder.take().expect("a small chunk");
    let mut index = Vec::new();
    frozen_index().write(&mut index).expect("a small index");
    assert_eq!(
        [hex(&header), hex(&chunks), hex(&seats), hex(&turns), hex(&round), hex(&feats), hex(&index)],
        [HEADER, CHUNKS, SEATS, TURNS, ROUND, FEATS, INDEX].map(String::from)
    );
}

#[test]
fn frozen_bytes_of_every_format_are_read() {
    let before_mutes = Seats { muted: Vec::new(), ..frozen_seats() };
    frozen_bytes_are_read(1, [HEADER_1, SEATS_1], &before_mutes);
    frozen_bytes_are_read(2, [HEADER_2, SEATS], &frozen_seats());
    frozen_bytes_are_read(3, [HEADER_3, SEATS], &frozen_seats());
    frozen_bytes_are_read(4, [HEADER_4, SEATS], &frozen_seats());
    frozen_bytes_are_read(5, [HEADER, SEATS], &frozen_seats());
}

fn frozen_bytes_are_read(format: u16, [header, seats]: [&str; 2], expected: &Seats) {
    let mut file = unhex(header);
    let mut key = Vec::new();
    put(&mut key, 7);
    crate::codec::encode_stored(&keyframe(7), &mut key);
    put_chunk(ChunkKind::Keyframe, &key, &mut file).expect("a small keyframe");
    file.extend(unhex(CHUNKS));
    file.extend(unhex(COMPRESSED));
    file.extend(unhex(seats));
    let mut ticks = frozen_ticks();
    if format >= 2 {
        file.extend(unhex(TURNS));
        ticks.extend(frozen_turns());
    }
    if format >= 3 {
        file.extend(unhex(ROUND));
    }
    if format >= 4 {
        file.extend(unhex(FEATS));
    }
    let recording = Recording::open(file).expect("a sound file");
    assert_eq!(recording.header(), &frozen_header(format));
    assert_eq!(recording.ending(), &Ending::Unfinished);
    assert_eq!(play(&recording), ticks);
    assert_eq!(recording.seats(), expected);
    assert_eq!(recording.marks()[..5], frozen_marks());
    assert_eq!(recording.marks()[5..45], vec![Mark::said(Tick(9), PlayerId(1), "gg"); 40]);
    let mut later = if format >= 3 { vec![frozen_round()] } else { Vec::new() };
    later.extend(frozen_feats().into_iter().filter(|_| format >= 4));
    assert_eq!(recording.marks()[45..], later);
    assert_eq!(Index::read(&unhex(INDEX)), Some(frozen_index()));
}
