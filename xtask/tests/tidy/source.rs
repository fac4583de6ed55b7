//! The sources of the repository, and how a broken rule is shown.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A source file.
pub struct Source {
    /// Its path from the root of the repository, with forward slashes.
    pub file: String,
    /// The whole text.
    pub text: String,
}

/// One broken rule, worded for whoever has to mend it.
#[derive(Debug, PartialEq, Eq)]
pub struct Breach {
    /// Path from the root of the repository.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// The offending words and the rule.
    pub message: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// Fails and shows every breach, if there is one.
pub fn assert_none(breaches: &[impl fmt::Display]) {
    let lines: String = breaches.iter().map(|breach| format!("{breach}\n")).collect();
    assert!(breaches.is_empty(), "\n{lines}");
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository").to_owned()
}

/// All Rust files of the repository.
pub fn rust_sources() -> Vec<Source> {
    let folders = ["shared", "game-server", "client-web/core", "client-web/swarm", "fuzz", "xtask"];
    let files = folders.iter().flat_map(|folder| files(folder)).filter(|file| file.ends_with(".rs"));
    let read = |file: &String| fs::read_to_string(root().join(file)).expect("sources are text");
    let sources: Vec<Source> = files.map(|file| Source { text: read(&file), file }).collect();
    assert!(sources.len() > 200, "the scan has lost the sources: it found {}", sources.len());
    sources
}

/// All files below a folder, given from the root.
pub fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository is readable").flatten() {
            let path = entry.path();
            if !path.is_dir() {
                let path = path.strip_prefix(root()).expect("it was found below the root");
                found.push(path.to_string_lossy().replace('\\', "/"));
            } else if entry.file_name() != "target" {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}
