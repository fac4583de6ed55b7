//! Checks the numbers of `assets/drones.toml` and `assets/spawns.toml` and writes them as constants: every target gets the
//! same `f32`s, and the simulation reads no file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use toml::{Table, Value};

/// A key and its range, both ends included.
type Number = (&'static str, f64, f64);

const DRONES: &[Number] = &[
    ("mind.recovered_health", 0.0, 1.0),
    ("mind.haul_hold", 0.0, 1.0),
    ("mind.prey_hold", 0.0, 10.0),
    ("mind.fight_health", 0.0, 1.0),
    ("mind.retaliation_health", 0.0, 1.0),
    ("mind.fight_sight", 0.0, 1.0),
    ("mind.attack_rich", 0.0, 1.0),
    ("mind.attack_anybody", 0.0, 1.0),
    ("mind.attackers", 1.0, 16.0),
    ("mind.newcomer_calm_seconds", 0.0, 600.0),
    ("mind.abandon_fight", 0.0, 1.0),
    ("mind.change_course", 0.0, 1.0),
    ("mind.buy", 0.0, 1.0),
    ("flight.cruise_speed", 1.0, 200.0),
    ("flight.roam_speed", 1.0, 200.0),
    ("flight.velocity_tolerance", 0.0, 20.0),
    ("flight.rock_lookahead_seconds", 0.0, 10.0),
    ("flight.rock_gap", 0.0, 50.0),
    ("flight.ship_gap", 0.0, 50.0),
    ("flight.roam_region", 0.0, 1.0),
    ("flight.berth_offset", 0.0, 1.0),
    ("flight.berth_tolerance", 0.1, 50.0),
    ("flight.mining_range", 1.0, 200.0),
    ("flight.fight_range", 1.0, 200.0),
    ("flight.fight_min_range", 0.0, 200.0),
    ("flight.line_gap", 0.0, 20.0),
    ("flight.line_behind", 0.0, 100.0),
    ("flight.circle_seconds", 0.1, 10.0),
    ("flight.chase_boost_energy", 0.0, 1.0),
    ("flight.flee_boost_energy", 0.0, 1.0),
    ("flight.distance_cost", 0.0, 10.0),
    ("flight.patrol_seconds", 1.0, 600.0),
];
const SPAWNS: &[Number] = &[
    ("ship.ship_clearance", 0.0, 200.0),
    ("ship.rock_clearance", 0.0, 200.0),
    ("ship.region", 0.1, 1.0),
    ("rock.ship_clearance", 0.0, 200.0),
    ("rock.rock_clearance", 0.0, 200.0),
    ("rock.pieces_speed", 0.0, 10.0),
    ("ore.break_speed_min", 0.0, 50.0),
    ("ore.break_speed_max", 0.0, 50.0),
    ("ore.spill_speed_min", 0.0, 50.0),
    ("ore.spill_speed_max", 0.0, 50.0),
];
/// Longest call sign, in characters: a number behind it must fit into a name.
const CALL_SIGN_LIMIT_CHARS: usize = 11;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if let Err(error) = run() {
        error.lines().for_each(|line| println!("cargo::error={line}"));
    }
}

fn run() -> Result<(), String> {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets");
    let mut all = String::new();
    for (name, numbers) in [("drones", DRONES), ("spawns", SPAWNS)] {
        let path = assets.join(name).with_extension("toml");
        println!("cargo::rerun-if-changed={}", path.display());
        let file = format!("assets/{name}.toml");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{file}: {error}; it is part of the repository"))?;
        let _ = write!(all, "pub mod {name} {{{}}}", constants(&file, &text, numbers)?);
    }
    if !all.contains("CALL_SIGNS") {
        return Err("assets/drones.toml: call_signs is missing: give it a list of names".to_owned());
    }
    let out = std::env::var("OUT_DIR").map_err(|error| error.to_string())?;
    std::fs::write(Path::new(&out).join("tuning.rs"), all).map_err(|error| error.to_string())
}

/// The constants of a file: a module for each section.
///
/// # Errors
/// What is missing, unknown or out of its range, with the file.
pub fn constants(file: &str, text: &str, numbers: &[Number]) -> Result<String, String> {
    let mut table: Table = toml::from_str(text).map_err(|error| format!("{file}: {error}"))?;
    let mut out = String::new();
    if let Some(signs) = table.remove("call_signs") {
        out.push_str(&call_signs(file, signs)?);
    }
    let mut sections = BTreeMap::<&str, String>::new();
    for &(key, low, high) in numbers {
        let (section, name) = key.split_once('.').unwrap_or(("", key));
        let value = table.get_mut(section).and_then(Value::as_table_mut).and_then(|keys| keys.remove(name));
        let value = value
            .ok_or_else(|| format!("{file}: {key} is missing: give it a number between {low} and {high}"))?;
        let number = value.as_float().or(value.as_integer().map(|whole| whole as f64));
        let number = number
            .filter(|number| (low..=high).contains(number))
            .ok_or_else(|| format!("{file}: {key} is {value}, but must lie between {low} and {high}"))?
            as f32;
        let _ = write!(
            sections.entry(section).or_default(),
            "pub const {}: f32 = {number:?};",
            name.to_uppercase()
        );
    }
    let left = table.iter().find(|(_, section)| section.as_table().is_none_or(|section| !section.is_empty()));
    if let Some((section, value)) = left {
        let key = value.as_table().and_then(|section| section.keys().next());
        return Err(format!(
            "{file}: {section}.{} is unknown: delete it, or add it to shared/sim/build.rs",
            key.map_or("", String::as_str)
        ));
    }
    for (section, constants) in sections {
        let _ = write!(out, "pub mod {section} {{{constants}}}");
    }
    Ok(out)
}

fn call_signs(file: &str, value: Value) -> Result<String, String> {
    let signs: Vec<String> = value.try_into().map_err(|error| format!("{file}: call_signs: {error}"))?;
    if signs.is_empty() {
        return Err(format!("{file}: call_signs is empty, but must hold a name at least"));
    }
    let fits = |sign: &String| (1..=CALL_SIGN_LIMIT_CHARS).contains(&sign.chars().count());
    if let Some(sign) = signs.iter().find(|sign| !fits(sign)) {
        return Err(format!(
            "{file}: call_signs: `{sign}` must have 1 to {CALL_SIGN_LIMIT_CHARS} characters"
        ));
    }
    Ok(format!("pub const CALL_SIGNS: [&str; {}] = {signs:?};", signs.len()))
}
