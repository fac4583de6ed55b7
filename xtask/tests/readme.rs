//! The README's map: every path of the repository that it names is there.

use std::fs;
use std::path::Path;

#[test]
fn every_path_in_the_readme_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).expect("the README");
    let folders: Vec<String> = fs::read_dir(&root)
        .expect("the repository")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name != "target")
        .collect();
    let words = readme.split(|letter: char| letter.is_whitespace() || "`(),;".contains(letter));
    let named: Vec<&str> = words
        .filter(|word| {
            word.split_once('/').is_some_and(|(first, _)| folders.iter().any(|name| name == first))
        })
        .collect();
    assert!(named.len() > 20, "the README names paths: {named:?}");
    let missing: Vec<&&str> = named.iter().filter(|path| !root.join(path).exists()).collect();
    assert!(missing.is_empty(), "the README names what is not there: {missing:?}");
}
