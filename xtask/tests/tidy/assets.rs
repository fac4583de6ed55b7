//! Every picture, font and sound in `assets` has a line in `assets/README.md` that names its licence.

use std::fs;

use crate::source::{Breach, assert_none, files, root};

/// Ours, and readable as they are: the repository's own licence covers them.
const TEXTS: [&str; 4] = [".toml", ".json", ".md", ".txt"];

/// What a licence line must name.
const LICENCES: [&str; 5] = ["MIT", "Apache-2.0", "OFL", "CC0", "CC-BY"];

#[test]
fn assets_have_licence_lines() {
    let table = fs::read_to_string(root().join("assets/README.md"))
        .expect("assets/README.md is there, with a licence line for every asset");
    assert_none(&check(&files("assets"), &table));
}

fn check(files: &[String], table: &str) -> Vec<Breach> {
    let unlicensed =
        files.iter().filter(|file| !TEXTS.iter().any(|text| file.ends_with(text))).filter(|file| {
            let name = file.strip_prefix("assets/").unwrap_or(file);
            !table.lines().any(|line| licenses(line, name))
        });
    unlicensed
        .map(|file| Breach {
            file: file.clone(),
            line: 1,
            message: format!(
                "no line of assets/README.md names this file (`folder/file.svg` or `folder/*.svg`) and its licence ({})",
                LICENCES.join(", ")
            ),
        })
        .collect()
}

/// Whether the line names a licence and, in backticks, the file or all files of its folder and kind.
fn licenses(line: &str, name: &str) -> bool {
    let covers = |pattern: &str| match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => name
            .strip_prefix(start)
            .and_then(|rest| rest.strip_suffix(end))
            .is_some_and(|between| !between.contains('/')),
    };
    LICENCES.iter().any(|licence| line.contains(licence)) && line.split('`').skip(1).step_by(2).any(covers)
}

#[test]
fn an_asset_without_licence_line_is_a_breach() {
    let files = ["assets/sprites/ore.svg".to_owned(), "assets/rules.toml".to_owned()];
    assert_eq!(check(&files, "").len(), 1);
    assert_eq!(check(&files, "- `sprites/ore.svg`: drawn for Driftbelt").len(), 1, "no licence");
    assert_eq!(check(&files, "- sprites: CC0-1.0").len(), 1, "no file");
    assert_eq!(check(&files, "- `fonts/*.svg`: CC0-1.0").len(), 1, "another folder");
    assert_eq!(check(&files, "- `*.svg`: CC0-1.0").len(), 1, "a pattern does not reach into folders");
    assert_eq!(check(&files, "| `sprites/*.svg` | CC0-1.0 |"), []);
    assert_eq!(check(&files, "- `sprites/ore.svg`, MIT OR Apache-2.0"), []);
}
