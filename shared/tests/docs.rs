//! The examples in `docs/` are the bytes that the code reads and writes.

use shared::batch::{Piece, pieces};
use shared::delta::View;
use shared::entity::Kind;
use shared::id::Tick;

const PROTOCOL: &str = include_str!("../../docs/protocol.md");
const RECORDING_FORMAT: &str = include_str!("../../docs/recording-format.md");
const GOLDEN_RECORDING: &str = include_str!("../src/recording/tests/golden.rs");

/// The bytes of all blocks of a language: what stands in each line before two spaces.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks = text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    let bytes = |line: &str| line.split("  ").next().unwrap_or_default().replace(' ', "");
    blocks.map(|block| block.lines().map(bytes).collect()).collect()
}

fn block(text: &str, language: &str) -> Vec<u8> {
    let blocks = blocks(text, language);
    assert_eq!(blocks.len(), 1, "{language}");
    let digit = |digit: u8| (digit as char).to_digit(16).expect("a hexadecimal digit") as u8;
    blocks[0].as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

#[test]
fn the_examples_of_the_protocol_are_the_golden_messages() {
    let mut golden: Vec<&str> =
        include_str!("golden/messages.txt").split_whitespace().skip(1).step_by(2).collect();
    let mut examples = blocks(PROTOCOL, "hex");
    golden.sort_unstable();
    examples.sort_unstable();
    assert_eq!(examples, golden);
}

#[test]
fn the_examples_of_records_and_batches_are_read_as_they_say() {
    let mut view = View::new(1.0 / 30.0);
    view.apply(Tick(1), true, &block(PROTOCOL, "records")).expect("two full records");
    let read: Vec<_> = view.entities().iter().map(|it| (it.id.0, it.kind, it.size, it.health)).collect();
    assert_eq!(read, [(5, Kind::Asteroid, 2, 240), (7, Kind::Ore, 0, 0)]);
    assert!(view.entities().iter().all(|entity| entity.motion.position_q.to_array() == [512, 512]));

    let batch = block(PROTOCOL, "batch");
    let read: Vec<_> = pieces(&batch).collect();
    let close = Piece::Close { code: 4005, reason: "é" };
    assert_eq!(read, [Piece::Message(&[7]), Piece::Message(&[]), close].map(Ok));
}

#[test]
fn the_examples_of_the_recording_format_are_the_golden_recording() {
    // Of literals that are broken over lines, the breaks.
    let golden: String = GOLDEN_RECORDING.split("\\\n").map(str::trim_start).collect();
    let examples = blocks(RECORDING_FORMAT, "hex");
    assert_eq!(examples.len(), 7);
    for example in examples {
        assert!(golden.contains(&example), "{example}");
    }
}
