//! The numbers that are compiled into the simulation, as `build.rs` reads them.

#[allow(dead_code, clippy::print_stdout, reason = "a build script, of which one function is tested")]
#[path = "../build.rs"]
mod build;

use build::constants;

const NUMBERS: &[(&str, f64, f64)] = &[("mind.buy", 0.0, 1.0), ("flight.gap", 0.5, 50.0)];

#[test]
fn numbers_become_constants_of_their_section() {
    let text = "call_signs = ['Vesta']\n[mind]\nbuy = 1\n[flight]\ngap = 0.5\n";
    let constants = constants("drones.toml", text, NUMBERS).expect("all in range");
    for part in
        ["CALL_SIGNS: [&str; 1] = [\"Vesta\"]", "mod mind {pub const BUY: f32 = 1.0;}", "GAP: f32 = 0.5;"]
    {
        assert!(constants.contains(part), "{part} is missing: {constants}");
    }
}

#[test]
fn errors_name_file_key_and_range() {
    for (text, error) in [
        (
            "[mind]\nbuy = 0.2\n[flight]\ngap = 0.49",
            "drones.toml: flight.gap is 0.49, but must lie between 0.5 and 50",
        ),
        (
            "[mind]\nbuy = nan\n[flight]\ngap = 1",
            "drones.toml: mind.buy is nan, but must lie between 0 and 1",
        ),
        (
            "[mind]\nbuy = 'x'\n[flight]\ngap = 1",
            "drones.toml: mind.buy is \"x\", but must lie between 0 and 1",
        ),
        ("[mind]\nbuy = 0.2", "drones.toml: flight.gap is missing: give it a number between 0.5 and 50"),
        (
            "[mind]\nbuy = 0.2\nsell = 1\n[flight]\ngap = 1",
            "drones.toml: mind.sell is unknown: delete it, or add it to shared/sim/build.rs",
        ),
        ("call_signs = []", "drones.toml: call_signs is empty, but must hold a name at least"),
        (
            "call_signs = ['Dodecahedron']",
            "drones.toml: call_signs: `Dodecahedron` must have 1 to 11 characters",
        ),
    ] {
        assert_eq!(constants("drones.toml", text, NUMBERS).expect_err("out of range"), error, "{text}");
    }
}
