//! Everything in the corpora goes through its target: seeds, and what fuzzing has found.

// Test code that is not itself a test function; what fails here fails the test.
#![allow(clippy::unwrap_used)]

use fuzz::TARGETS;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Places at which each file is also cut.
const CUTS: usize = 16;

fn directory() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    entries.map(|entry| entry.expect("a name").path()).collect()
}

#[test]
fn no_target_panics_on_its_corpus_and_each_understands_its_seeds() {
    for (name, target) in TARGETS {
        let mut understood = 0;
        for file in files(&directory().join("corpus").join(name)) {
            eprintln!("{}", file.display());
            let bytes = fs::read(&file).unwrap();
            let taken = fuzz::run(target, &bytes);
            let is_seed = file.file_name().unwrap().to_string_lossy().starts_with("seed");
            assert!(taken || !is_seed, "write the seeds again: cargo run -p fuzz --example seeds");
            understood += u32::from(taken);
            for cut in 0..CUTS {
                fuzz::run(target, &bytes[..bytes.len() * cut / CUTS]);
            }
        }
        assert!(understood > 0, "{name} has no seed");
    }
}

#[test]
fn every_target_runs_under_libfuzzer_and_has_a_corpus() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stems = |folder: &str| {
        let files = files(&directory().join(folder));
        files.iter().map(|file| file.file_stem().unwrap().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names, stems("fuzz_targets"));
    assert_eq!(names, stems("corpus"));
}
