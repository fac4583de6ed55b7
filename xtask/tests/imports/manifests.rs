//! The proof of purity: which crates `shared` and `sim` may depend on.

use std::fs;

use toml::Table;

use crate::{Breach, assert_none, root};

/// A manifest and the crates it may name outside its tests.
const ALLOWED: [(&str, &[&str]); 2] = [
    (
        "shared/Cargo.toml",
        &[
            "bincode",
            "crc32fast",
            "glam",
            "libm",
            "lz4_flex",
            "serde",
            "smallvec",
            "thiserror",
            "xxhash-rust",
        ],
    ),
    ("shared/sim/Cargo.toml", &["bevy_ecs", "glam", "rand", "rand_pcg", "shared", "thiserror"]),
];

#[test]
fn manifests_keep_to_the_table() {
    let breaches: Vec<Breach> = ALLOWED
        .iter()
        .flat_map(|(file, allowed)| {
            let text = fs::read_to_string(root().join(file)).expect("the crate has a manifest");
            check(file, &text, allowed)
        })
        .collect();
    assert_none(&breaches);
}

fn check(file: &str, text: &str, allowed: &[&str]) -> Vec<Breach> {
    let manifest: Table = text.parse().expect("cargo has read this manifest before us");
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(Table::values);
    let parts = targets.filter_map(toml::Value::as_table).chain([&manifest]);
    let tables = parts.flat_map(|part| ["dependencies", "build-dependencies"].map(|kind| part.get(kind)));
    let names = tables.flatten().filter_map(toml::Value::as_table).flat_map(Table::keys);
    names
        .filter(|name| !allowed.contains(&name.as_str()))
        .map(|name| Breach {
            file: file.to_owned(),
            line: 1 + text.lines().position(|line| line.starts_with(name.as_str())).unwrap_or(0),
            message: format!("depends on {name}, but may depend on {} only", allowed.join(", ")),
        })
        .collect()
}

#[test]
fn a_strange_dependency_is_a_breach() {
    let lines = |text: &str| {
        check("x/Cargo.toml", text, &["glam"]).iter().map(|breach| breach.line).collect::<Vec<_>>()
    };
    assert_eq!(lines("[dependencies]\nglam = \"0.34\"\ntokio = \"1\"\n"), [3]);
    assert_eq!(lines("[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n"), [2]);
    assert_eq!(lines("[build-dependencies]\ncc = \"1\"\n"), [2]);
    assert_eq!(lines("[dependencies]\nglam.workspace = true\n\n[dev-dependencies]\ntoml = \"1\"\n"), [0; 0]);
}
