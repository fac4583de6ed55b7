//! What a crate may depend on outside its tests.

use std::fs;

use toml::Table;

use crate::source::{Breach, assert_none, root};

/// Crates of which every dependency is named here: the pure ones.
const ALLOWED: [(&str, &[&str]); 5] = [
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
    ("game-server/fleet/Cargo.toml", &["serde", "shared", "thiserror"]),
    (
        "game-server/room/Cargo.toml",
        &[
            "glam",
            "sha2",
            "shared",
            "sim",
            "smallvec",
            "unicode-normalization",
            "unicode-properties",
            "unicode-security",
            "wide",
        ],
    ),
    // It parses the files of `assets/` in the page.
    (
        "client-web/practice/Cargo.toml",
        &["js-sys", "room", "serde", "shared", "thiserror", "toml", "wasm-bindgen"],
    ),
    // toml: for the build script, which reads `assets/`.
    ("shared/sim/Cargo.toml", &["bevy_ecs", "glam", "rand", "rand_pcg", "shared", "thiserror", "toml"]),
];

/// Crates below the server: no arrow leads up to it. Then its own: the byte format is known in `shared` only.
const FORBIDDEN: [(&str, &[&str]); 3] = [
    ("client-web/core/Cargo.toml", &["bincode", "game-server", "js-sys", "room", "tokio", "web-sys"]),
    ("client-web/swarm/Cargo.toml", &["bincode", "game-server", "room"]),
    ("game-server/Cargo.toml", &["bincode", "client-core", "swarm"]),
];

#[test]
fn manifests_keep_to_the_table() {
    let read = |file| fs::read_to_string(root().join(file)).expect("the crate has a manifest");
    let allowed =
        ALLOWED.iter().flat_map(|(file, allowed)| check(file, &read(file), |name| allowed.contains(&name)));
    let forbidden = FORBIDDEN
        .iter()
        .flat_map(|(file, forbidden)| check(file, &read(file), |name| !forbidden.contains(&name)));
    assert_none(&allowed.chain(forbidden).collect::<Vec<_>>());
}

fn check(file: &str, text: &str, may_depend: impl Fn(&str) -> bool) -> Vec<Breach> {
    let manifest: Table = text.parse().expect("cargo has read this manifest before us");
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(Table::values);
    let parts = targets.filter_map(toml::Value::as_table).chain([&manifest]);
    let tables = parts.flat_map(|part| ["dependencies", "build-dependencies"].map(|kind| part.get(kind)));
    let names = tables.flatten().filter_map(toml::Value::as_table).flat_map(Table::keys);
    names
        .filter(|name| !may_depend(name))
        .map(|name| Breach {
            file: file.to_owned(),
            line: 1 + text.lines().position(|line| line.starts_with(name.as_str())).unwrap_or(0),
            message: format!("{name} must not be a dependency here (xtask/tests/tidy/manifests.rs)"),
        })
        .collect()
}

#[test]
fn a_strange_dependency_is_a_breach() {
    let lines = |text: &str| {
        check("x/Cargo.toml", text, |name| name == "glam")
            .iter()
            .map(|breach| breach.line)
            .collect::<Vec<_>>()
    };
    assert_eq!(lines("[dependencies]\nglam = \"0.34\"\ntokio = \"1\"\n"), [3]);
    assert_eq!(lines("[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n"), [2]);
    assert_eq!(lines("[build-dependencies]\ncc = \"1\"\n"), [2]);
    assert_eq!(lines("[dependencies]\nglam.workspace = true\n\n[dev-dependencies]\ntoml = \"1\"\n"), [0; 0]);
}
