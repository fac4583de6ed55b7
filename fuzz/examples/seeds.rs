//! Writes the seeds of every corpus: sound bytes of each kind, for libFuzzer to damage. To be run again whenever a
//! format changes; findings, which have other names, stay.

use room::snapshot::{Interest, Replicator, SnapshotScope, Viewer};
use shared::batch::{put_close, put_message};
use shared::codec::encode_stored;
use shared::command::TickInputs;
use shared::id::{PlayerId, Tick};
use shared::recording::{Encoder, Header, Mark};
use sim::{Sim, scripted};
use std::fs;
use std::io;
use std::path::Path;

/// The bytes of one of every message, in hexadecimal digits.
const GOLDEN_MESSAGES: &str = include_str!("../../shared/tests/golden/messages.txt");
/// Ticks of the scripted match that are recorded.
const RECORDED_TICKS: u32 = 90;
/// Ticks of the scripted match that a viewer sees.
const SEEN_TICKS: u32 = 200;

fn main() -> io::Result<()> {
    let mut batch = Vec::new();
    for (number, line) in (1..).zip(GOLDEN_MESSAGES.lines()) {
        let (side, digits) = line.split_once(' ').unwrap_or_default();
        let bytes = from_hex(digits);
        write(&format!("{side}_message"), &format!("seed-{number}"), &bytes)?;
        if side == "server" {
            put_message(&bytes, &mut batch);
        }
    }
    put_close(4005, "too slow", &mut batch);
    write("batch", "seed", &batch)?;
    write("snapshot_deltas", "seed", &snapshot_deltas())?;
    write("recording", "seed", &recording())?;
    for tick in [1, 500] {
        write("keyframe", &format!("seed-{tick}"), &stored(&scripted_until(tick).keyframe()))?;
    }
    let commands: Vec<TickInputs> = (280..325).map(scripted::inputs).collect();
    write("commands", "seed", &stored(&commands))?;
    write("config", "seed", CONFIG.as_bytes())?;
    write("config", "seed-bans", BANS.as_bytes())?;
    for (name, text) in [
        ("seed-rules", include_str!("../../assets/rules.toml")),
        ("seed-mode", include_str!("../../assets/modes/belt.toml")),
        ("seed-arena", include_str!("../../assets/arenas/ring.toml")),
    ] {
        write("rules", name, text.as_bytes())?;
    }
    for (number, line) in (1..).zip(LINES) {
        write("text", &format!("seed-{number}"), line.as_bytes())?;
    }
    Ok(())
}

const CONFIG: &str = "port = 9443\nno-tls = true\norigin = [\"https://example.org\"]\n\
    trusted-proxy = [\"10.0.0.0/8\"]\nseat_grace_seconds = 30\nhost = \"127.0.0.1\"\nmode = \"belt\"\n";
const BANS: &str =
    "# Until when (UTC).\n\"192.0.2.1\" = 2030-01-31T12:00:00Z\n\"2001:db8::\" = 2031-02-28T00:00:00Z\n";
const LINES: [&str; 5] = [
    "Ada Lovelace",
    "You SHIT, go! \u{442}\u{44b} \u{421}\u{443}\u{43a}\u{430}!",
    "\u{ff53}\u{ff48}\u{ff49}\u{ff54} \u{455}\u{4bb}\u{456}t",
    " \u{202e}\u{200b}a\u{300}\u{301}\u{fdfa}\u{1f468}\u{200d}\u{1f469}\t",
    "s\u{200b}h\u{ad}it",
];

fn write(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&directory)?;
    fs::write(directory.join(name), bytes)
}

fn from_hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

fn stored<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_stored(value, &mut bytes);
    bytes
}

fn scripted_until(tick: u32) -> Sim {
    let mut sim = Sim::new(&scripted::setup()).expect("the script's own setup");
    (1..=tick).for_each(|tick| sim.step(&scripted::inputs(tick)));
    sim
}

/// What a viewer in the middle of the belt is sent.
fn snapshot_deltas() -> Vec<u8> {
    let setup = scripted::setup();
    let mut sim = scripted_until(0);
    let mut replicator = Replicator::new(&setup);
    let mut viewer = Viewer::default();
    let interest = Interest::around(glam::IVec2::ZERO, &setup);
    let mut bytes = Vec::new();
    for tick in 1..=SEEN_TICKS {
        sim.step(&scripted::inputs(tick));
        replicator.observe(|world| sim.capture_into(world));
        // Most are skipped, so that there is something to tell in each.
        if tick % 8 == 1 {
            let (delta, _) = replicator.write(&mut viewer, &interest, SnapshotScope::Whole);
            bytes.extend([u8::from(tick == 1), if tick == 1 { 1 } else { 8 }]);
            bytes.extend((delta.len() as u16).to_le_bytes());
            bytes.extend(delta);
        }
    }
    bytes
}

fn recording() -> Vec<u8> {
    let mut sim = scripted_until(0);
    let mut encoder = Encoder::new(&Header::new(&scripted::setup(), Sim::BUILD, "seed", 0));
    let small = "far below the limit of a chunk";
    encoder.keyframe(&sim.keyframe()).expect(small);
    for tick in 1..=RECORDED_TICKS {
        let inputs = scripted::inputs(tick);
        sim.step(&inputs);
        encoder.tick(Tick(tick), &inputs, sim.state_hash()).expect(small);
        if tick == RECORDED_TICKS / 2 {
            encoder.mark(Mark::said(Tick(tick), PlayerId(1), "hello"));
            encoder.keyframe(&sim.keyframe()).expect(small);
        }
    }
    encoder.finish().expect(small)
}
