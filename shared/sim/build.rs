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
    ("mind.prey_hold", 0.0, 10.0),
    ("mind.fight_sight", 0.0, 1.0),
    ("mind.hunter_streak", 1.0, 100.0),
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
    ("flight.tractor_distance", 0.0, 60.0),
    ("flight.mine_distance", 0.0, 60.0),
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
/// The numbers of a temperament: each lies between 0 and this.
const TEMPERAMENT: [(&str, f64); 7] = [
    ("haul_hold", 1.0),
    ("fight_health", 1.0),
    ("retaliation_health", 1.0),
    ("caution", 3.0),
    ("attack_rich", 1.0),
    ("attack_hunter", 1.0),
    ("attack_anybody", 1.0),
];
/// The variants of `HullKind`.
const HULLS: [&str; 3] = ["Miner", "Raider", "Scout"];
/// Most drones of a temperament in a cycle.
const SHARE_LIMIT: i64 = 32;
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
    if !all.contains("TEMPERAMENTS") {
        return Err(
            "assets/drones.toml: temperament is missing: give it one [[temperament]] at least".to_owned()
        );
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
    if let Some(list) = table.remove("temperament") {
        out.push_str(&temperaments(file, list)?);
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

/// The temperaments, and the order in which drones get them: each as evenly spread as its share allows.
fn temperaments(file: &str, list: Value) -> Result<String, String> {
    let list: Vec<Table> = list.try_into().map_err(|error| format!("{file}: temperament: {error}"))?;
    let mut out = String::from("pub const TEMPERAMENTS: &[crate::drones::Temperament] = &[");
    let mut places = Vec::new();
    for (index, mut table) in list.into_iter().enumerate() {
        let key = |field: &str| format!("{file}: temperament[{index}].{field}");
        let name = table.remove("name").and_then(|name| name.as_str().map(str::to_owned));
        let name = name.ok_or_else(|| format!("{} is missing: give it a name", key("name")))?;
        let share = table.remove("share").and_then(|share| share.as_integer());
        let share = share
            .filter(|share| (1..=SHARE_LIMIT).contains(share))
            .ok_or_else(|| format!("{} must be a whole number between 1 and {SHARE_LIMIT}", key("share")))?;
        places.extend((0..share).map(|place| ((place * 2 + 1) as f64 / share as f64, index)));
        let signs = table.remove("call_signs").unwrap_or(Value::Array(Vec::new()));
        let hulls = hulls(&key("hulls"), table.remove("hulls").unwrap_or(Value::Array(Vec::new())))?;
        let signs = call_signs(&key("call_signs"), signs)?;
        let _ = write!(
            out,
            "crate::drones::Temperament {{ name: {name:?}, share: {share}, call_signs: &{signs:?}, hulls: &[{hulls}], "
        );
        for (field, high) in TEMPERAMENT {
            let value = table
                .remove(field)
                .ok_or_else(|| format!("{} is missing: give it a number between 0 and {high}", key(field)))?;
            let number = value.as_float().or(value.as_integer().map(|whole| whole as f64));
            let number = number
                .filter(|number| (0.0..=high).contains(number))
                .ok_or_else(|| format!("{} is {value}, but must lie between 0 and {high}", key(field)))?
                as f32;
            let _ = write!(out, "{field}: {number:?}, ");
        }
        if let Some(unknown) = table.keys().next() {
            return Err(format!("{} is unknown: delete it", key(unknown)));
        }
        out.push_str("},");
    }
    places.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let cycle: Vec<usize> = places.into_iter().map(|(_, index)| index).collect();
    let _ = write!(out, "];pub const TEMPERAMENT_CYCLE: &[u8] = &{cycle:?};");
    Ok(out)
}

/// The hulls, as expressions.
fn hulls(key: &str, value: Value) -> Result<String, String> {
    let names: Vec<String> = value.try_into().map_err(|error| format!("{key}: {error}"))?;
    if names.is_empty() {
        return Err(format!("{key} is empty, but must hold a hull at least"));
    }
    let variant = |name: &String| {
        let known = HULLS.iter().find(|hull| hull.to_lowercase() == *name);
        let known = known.ok_or_else(|| format!("{key}: `{name}` must be miner, raider or scout"))?;
        Ok(format!("shared::levels::HullKind::{known}"))
    };
    Ok(names.iter().map(variant).collect::<Result<Vec<_>, String>>()?.join(", "))
}

fn call_signs(key: &str, value: Value) -> Result<Vec<String>, String> {
    let signs: Vec<String> = value.try_into().map_err(|error| format!("{key}: {error}"))?;
    if signs.is_empty() {
        return Err(format!("{key} is empty, but must hold a name at least"));
    }
    let fits = |sign: &String| (1..=CALL_SIGN_LIMIT_CHARS).contains(&sign.chars().count());
    match signs.iter().find(|sign| !fits(sign)) {
        Some(sign) => Err(format!("{key}: `{sign}` must have 1 to {CALL_SIGN_LIMIT_CHARS} characters")),
        None => Ok(signs),
    }
}
