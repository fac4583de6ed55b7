//! What the documentation names is there: files of the repository, and options of the programs.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that a working copy may have and the repository has not.
const NOT_OURS: [&str; 3] = ["node_modules", "recordings", "target"];
/// Options of cargo and its tests, and those that every program has.
const FOREIGN_OPTIONS: [&str; 9] = [
    "--bin",
    "--example",
    "--features",
    "--help",
    "--ignored",
    "--nocapture",
    "--release",
    "--test",
    "--version",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files with this ending in a folder, and in folders below it if `is_deep`.
fn files(folder: &Path, ending: &str, is_deep: bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the repository").flatten();
    let found = entries.flat_map(|entry| match entry.file_name() {
        name if NOT_OURS.iter().any(|foreign| name == *foreign) => Vec::new(),
        _ if entry.path().is_dir() && is_deep => files(&entry.path(), ending, true),
        name if name.to_string_lossy().ends_with(ending) => vec![entry.path()],
        _ => Vec::new(),
    });
    found.collect()
}

/// Every document, with its folder.
fn documents() -> Vec<(PathBuf, String)> {
    let found = [files(&root(), ".md", false), files(&root().join("docs"), ".md", false)].concat();
    assert!(found.len() > 5, "{found:?}");
    found.into_iter().map(|file| (file.clone(), fs::read_to_string(file).expect("a document"))).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| letter.is_whitespace() || "`()[]|,;\"".contains(letter))
        .map(|word| word.trim_end_matches(['.', ':', '…']))
}

#[test]
fn every_path_in_the_documentation_exists() {
    let entries = fs::read_dir(root()).expect("the repository").flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let folders: Vec<String> = names.filter(|name| !NOT_OURS.contains(&name.as_str())).collect();
    let mut missing = Vec::new();
    for (file, text) in documents() {
        let is_path = |word: &&str| {
            let (first, _) = word.split_once('/').unwrap_or_default();
            folders.iter().any(|name| name == first) || word.starts_with("../")
        };
        let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let links = links.filter(|link| !link.is_empty() && !link.contains("://"));
        let folder = file.parent().expect("a folder").to_owned();
        let links = links.map(|link| (link, folder.join(link)));
        let paths = words(&text).filter(is_path).filter(|word| !word.starts_with("../"));
        let paths = paths.map(|path| (path, root().join(path.split('#').next().unwrap_or_default())));
        let gone = paths.chain(links).filter(|(_, path)| !path.exists());
        missing.extend(gone.map(|(path, _)| format!("{} names {path}", file.display())));
    }
    assert!(missing.is_empty(), "what the documentation names is not there:\n{}", missing.join("\n"));
}

#[test]
fn every_option_in_the_documentation_exists() {
    let folders = ["game-server/src", "client-web/swarm/src", "xtask/src"];
    let sources = folders.iter().flat_map(|folder| files(&root().join(folder), ".rs", true));
    let sources: Vec<String> = sources.map(|file| fs::read_to_string(file).expect("a source")).collect();
    let is_known = |option: &str| {
        let field = format!("pub {}:", option.trim_start_matches('-').replace('-', "_"));
        FOREIGN_OPTIONS.contains(&option)
            || sources.iter().any(|text| text.contains(&field) || text.contains(option))
    };
    let mut unknown = Vec::new();
    for (file, text) in documents() {
        let options = words(&text).filter(|word| word.starts_with("--") && word.len() > 2);
        let options = options.map(|word| word.split('=').next().unwrap_or(word));
        let options = options.filter(|option| !is_known(option));
        unknown.extend(options.map(|option| format!("{} names {option}", file.display())));
    }
    assert!(unknown.is_empty(), "no program has these options:\n{}", unknown.join("\n"));
}
