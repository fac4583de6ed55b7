//! Holds the walls of the architecture that neither manifests nor clippy can: what a module may know, that imports
//! run in no circle, and that data files carry their licence. Names the line that breaks a rule.

mod assets;
mod circles;
mod manifests;
mod paths;
mod source;
mod walls;

use source::{Breach, Source, assert_none, rust_sources};

#[test]
fn rust_files_say_what_they_hold() {
    let breaches: Vec<Breach> = rust_sources().iter().filter_map(opening).collect();
    assert_none(&breaches);
}

/// A Rust file opens with `//!`.
fn opening(source: &Source) -> Option<Breach> {
    let says = source.text.lines().next().is_some_and(|line| line.starts_with("//! "));
    let message = "the file does not open with `//!`: say what it holds".to_owned();
    (!says).then(|| Breach { file: source.file.clone(), line: 1, message })
}

#[test]
fn a_file_without_opening_is_a_breach() {
    let source = |text: &str| Source { file: "shared/src/x.rs".to_owned(), text: text.to_owned() };
    assert!(opening(&source("use std::fmt;\n//! Late.\n")).is_some());
    assert!(opening(&source("")).is_some());
    assert!(opening(&source("//! Holds x.\n")).is_none());
}
