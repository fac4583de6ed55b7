//! Holds the import table of the architecture: what each folder may know, and that data files carry their licence. Reads
//! the sources as text and names the line that breaks a rule.

mod assets;
mod lexer;
mod manifests;
mod paths;
mod rules;
mod typescript;

use std::fs;
use std::path::{Path, PathBuf};

/// One broken rule, worded for whoever has to mend it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// Path from the root of the repository, with forward slashes.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// The offending words and the rule.
    pub message: String,
}

/// A source file, by its path from the root of the repository.
pub struct Source {
    /// With forward slashes.
    pub file: String,
    /// The whole text.
    pub text: String,
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository").to_owned()
}

/// All files below `folder` (from the root) whose extension is one of `extensions`; any extension when that is empty.
pub fn files(folder: &str, extensions: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository is readable").flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                let is_foreign =
                    ["node_modules", "dist", "target", "wasm"].iter().any(|foreign| name == *foreign);
                if !is_foreign {
                    folders.push(path);
                }
            } else if extensions.is_empty()
                || path
                    .extension()
                    .is_some_and(|extension| extensions.iter().any(|known| extension == *known))
            {
                let path = path.strip_prefix(root()).expect("it was found below the root");
                found.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

fn sources(folders: &[&str], extensions: &[&str]) -> Vec<Source> {
    let files = folders.iter().flat_map(|folder| files(folder, extensions));
    files
        .map(|file| Source { text: fs::read_to_string(root().join(&file)).expect("sources are text"), file })
        .collect()
}

fn rust_sources() -> Vec<Source> {
    sources(&["shared", "game-server", "client-web/core", "fuzz", "xtask"], &["rs"])
}

fn assert_none(breaches: &[Breach]) {
    let lines =
        breaches.iter().map(|breach| format!("{}:{}: {}\n", breach.file, breach.line, breach.message));
    let lines: String = lines.collect();
    assert!(breaches.is_empty(), "\n{lines}");
}

#[test]
fn rust_keeps_to_the_table() {
    let sources = rust_sources();
    assert!(sources.len() > 50, "the scan has lost the sources: it found {}", sources.len());
    let breaches: Vec<Breach> = sources.iter().flat_map(rules::check).collect();
    assert_none(&breaches);
}

#[test]
fn typescript_keeps_to_the_table() {
    let sources = sources(&["client-web/src"], &["ts", "tsx"]);
    assert!(!sources.is_empty(), "the scan has lost the sources");
    let breaches: Vec<Breach> = sources.iter().flat_map(typescript::check).collect();
    assert_none(&breaches);
}

#[test]
fn rust_files_say_what_they_hold() {
    let breaches: Vec<Breach> = rust_sources().iter().filter_map(opening).collect();
    assert_none(&breaches);
}

/// A Rust file opens with `//!`.
fn opening(source: &Source) -> Option<Breach> {
    let says = source.text.lines().next().is_some_and(|line| line.starts_with("//! "));
    (!says).then(|| Breach {
        file: source.file.clone(),
        line: 1,
        message: "the file does not open with `//!`: say what it holds".to_owned(),
    })
}

#[test]
fn a_file_without_opening_is_a_breach() {
    let source = |text: &str| Source { file: "shared/src/x.rs".to_owned(), text: text.to_owned() };
    assert!(opening(&source("use std::fmt;\n//! Late.\n")).is_some());
    assert!(opening(&source("")).is_some());
    assert!(opening(&source("//! Holds x.\n")).is_none());
}
