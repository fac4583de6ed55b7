//! No circle of imports: neither between the files of a crate nor between its folders, at any depth.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{Mention, mentions, module_of};
use crate::source::{Source, assert_none, rust_sources};

type Module = Vec<String>;
/// From what imports to what is imported, with the file and line that does it.
type Arrows = BTreeMap<(Module, Module), String>;

#[test]
fn imports_run_in_no_circle() {
    let sources = rust_sources();
    let roots: BTreeSet<&str> = sources.iter().filter_map(|source| root_of(&source.file)).collect();
    let circles = roots.iter().flat_map(|root| {
        let is_here =
            |source: &&Source| root_of(&source.file) == Some(root) && !source.file.ends_with("/tests.rs");
        circles(&sources.iter().filter(is_here).collect::<Vec<_>>())
    });
    assert_none(&circles.collect::<Vec<_>>());
}

/// The folder with the sources of the file's crate.
fn root_of(file: &str) -> Option<&str> {
    file.split_once("/src/").map(|(root, _)| root)
}

/// Every circle between the files of one crate, and between its folders: each named by the lines that close it.
fn circles(sources: &[&Source]) -> Vec<String> {
    let arrows = arrows(sources);
    let mut found: BTreeSet<String> = circles_of(&arrows).collect();
    let deepest = sources.iter().map(|source| module_of(&source.file).len()).max().unwrap_or(0);
    for depth in 1..deepest {
        // A folder with the file that bears its name is one node.
        let folded = arrows.iter().filter(|((from, to), _)| {
            from.len() >= depth
                && to.len() >= depth
                && from[..depth - 1] == to[..depth - 1]
                && from[..depth] != to[..depth]
        });
        let folded =
            folded.map(|((from, to), line)| ((from[..depth].to_vec(), to[..depth].to_vec()), line.clone()));
        found.extend(circles_of(&folded.collect()));
    }
    found.into_iter().collect()
}

fn arrows(sources: &[&Source]) -> Arrows {
    let files: BTreeMap<Module, (&Source, Vec<Mention>)> =
        sources.iter().map(|source| (module_of(&source.file), (*source, mentions(source)))).collect();
    let mut arrows = Arrows::new();
    for (module, (source, named)) in &files {
        for mention in named {
            let name = mention.path.last().map_or("", String::as_str);
            let is_passed_on = mention.is_reexport && !named.iter().any(|other| other.path[0] == name);
            let home = home(&files, &mention.path);
            if let Some(home) = home.filter(|home| home != module && !is_passed_on) {
                let line = || format!("{}:{} names {}", source.file, mention.line, mention.path.join("::"));
                arrows.entry((module.clone(), home)).or_insert_with(line);
            }
        }
    }
    arrows
}

/// The module whose file holds what a path names, through re-exports.
fn home(files: &BTreeMap<Module, (&Source, Vec<Mention>)>, path: &[String]) -> Option<Module> {
    let (first, path) = path.split_first()?;
    if first != "crate" {
        return None;
    }
    let length = (0..=path.len()).rev().find(|length| files.contains_key(&path[..*length]))?;
    let (module, rest) = path.split_at(length);
    let (_, named) = &files[module];
    let passes_on = |mention: &&Mention| mention.is_reexport && mention.path.last() == rest.first();
    let elsewhere = named.iter().find(passes_on).and_then(|mention| home(files, &mention.path));
    Some(elsewhere.unwrap_or_else(|| module.to_vec()))
}

/// A shortest circle through every node that lies on one, each named once.
fn circles_of(arrows: &Arrows) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for start in arrows.keys().map(|(from, _)| from) {
        if let Some(circle) =
            shortest(arrows, start).filter(|circle| !circle.iter().any(|node| seen.contains(node)))
        {
            seen.extend(circle.iter().cloned());
            let next = circle.iter().cycle().skip(1);
            let lines =
                circle.iter().zip(next).map(|(from, to)| arrows[&(from.clone(), to.clone())].as_str());
            found.push(format!("imports run in a circle:\n    {}", lines.collect::<Vec<_>>().join("\n    ")));
        }
    }
    found.into_iter()
}

/// The nodes of a shortest circle through `start`.
fn shortest(arrows: &Arrows, start: &Module) -> Option<Vec<Module>> {
    let mut before: BTreeMap<&Module, &Module> = BTreeMap::new();
    let mut edge = vec![start];
    while !edge.is_empty() {
        let mut next = Vec::new();
        for (from, to) in arrows.keys().filter(|(from, _)| edge.contains(&from)) {
            if to == start {
                let mut circle = vec![from.clone()];
                while circle[0] != *start {
                    circle.insert(0, before[&circle[0]].clone());
                }
                return Some(circle);
            }
            if !before.contains_key(to) {
                before.insert(to, from);
                next.push(to);
            }
        }
        edge = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::circles;
    use crate::source::Source;

    fn found(files: &[(&str, &str)]) -> usize {
        let sources = files.iter().map(|(file, text)| (format!("x/src/{file}"), (*text).to_owned()));
        let sources: Vec<Source> = sources.map(|(file, text)| Source { file, text }).collect();
        circles(&sources.iter().collect::<Vec<_>>()).len()
    }

    #[test]
    fn two_files_that_import_each_other_are_a_circle() {
        assert_eq!(found(&[("a.rs", "use crate::b::B;"), ("b.rs", "fn f() { crate::a::g() }")]), 1);
        assert_eq!(found(&[("a.rs", "use crate::b::B;"), ("b.rs", "#[cfg(test)]\nuse crate::a::g;")]), 0);
        assert_eq!(
            found(&[
                ("a.rs", "use crate::b::B;"),
                ("b.rs", "use super::c::C;"),
                ("c.rs", "use crate::a::A;")
            ]),
            1
        );
    }

    #[test]
    fn two_folders_whose_files_import_each_other_are_a_circle() {
        let folders = [
            ("a/one.rs", "use crate::b::one::X;"),
            ("b/two.rs", "use crate::a::two::X;"),
            ("a/two.rs", ""),
            ("b/one.rs", ""),
        ];
        assert_eq!(found(&folders), 1);
    }

    #[test]
    fn a_parent_passes_on_what_its_child_holds() {
        let child = ("a/b.rs", "use super::LIMIT; pub struct B;");
        assert_eq!(found(&[("a.rs", "mod b;\npub use b::B;\nconst LIMIT: u8 = 1;"), child]), 0);
        assert_eq!(found(&[("a.rs", "mod b;\npub use b::B;\nfn f(b: B) {}"), child]), 1);
        assert_eq!(
            found(&[
                ("a.rs", "mod b;\nmod c;\npub use b::B;"),
                ("a/b.rs", "use super::c::C;"),
                ("a/c.rs", "use super::B;")
            ]),
            1
        );
    }
}
