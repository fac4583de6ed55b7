//! The numbers that are compiled into the simulation, as `build.rs` reads them.

#[allow(dead_code, clippy::print_stdout, reason = "a build script, of which one function is tested")]
#[path = "../build.rs"]
mod build;

use build::constants;

const NUMBERS: &[(&str, f64, f64)] = &[("mind.buy", 0.0, 1.0), ("flight.gap", 0.5, 50.0)];

#[test]
fn numbers_become_constants_of_their_section() {
    let text = format!("[mind]\nbuy = 1\n[flight]\ngap = 0.5\n{}", temperament(2, "['Vesta']", 0.5));
    let constants = constants("drones.toml", &text, NUMBERS).expect("all in range");
    for part in [
        "call_signs: &[\"Vesta\"]",
        "TEMPERAMENT_CYCLE: &[u8] = &[0, 0]",
        "mod mind {pub const BUY: f32 = 1.0;}",
        "GAP: f32 = 0.5;",
    ] {
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
    ] {
        assert_eq!(constants("drones.toml", text, NUMBERS).expect_err("out of range"), error, "{text}");
    }
}

fn temperament(share: u32, call_signs: &str, caution: f32) -> String {
    let numbers =
        ["haul_hold", "fight_health", "retaliation_health", "attack_rich", "attack_hunter", "attack_anybody"];
    let numbers: String = numbers.iter().map(|number| format!("{number} = 0.5\n")).collect();
    format!(
        "[[temperament]]\nname = 'calm'\nshare = {share}\ncall_signs = {call_signs}\nhulls = ['scout']\ncaution = {caution}\n{numbers}"
    )
}

#[test]
fn errors_of_temperaments_name_the_entry() {
    for (text, error) in [
        (temperament(0, "['Vesta']", 1.0), "share must be a whole number between 1 and 32"),
        (temperament(1, "[]", 1.0), "call_signs is empty, but must hold a name at least"),
        (temperament(1, "['Dodecahedron']", 1.0), "call_signs: `Dodecahedron` must have 1 to 11 characters"),
        (temperament(1, "['Vesta']", 3.5), "caution is 3.5, but must lie between 0 and 3"),
        (temperament(1, "['Vesta']", 1.0) + "haste = 1\n", "haste is unknown: delete it"),
    ] {
        let told = constants("drones.toml", &text, &[]).expect_err("out of range");
        assert_eq!(told, format!("drones.toml: temperament[0].{error}"), "{text}");
    }
}
