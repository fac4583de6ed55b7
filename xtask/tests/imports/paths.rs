//! Every path that a Rust file names: use trees expanded, `self` and `super` resolved, test modules left out.

use crate::lexer::{Language, Piece, Token, tokens};

/// A path named somewhere in a file.
#[derive(Debug)]
pub struct Mention {
    /// Its segments; a glob import ends in `*`.
    pub segments: Vec<String>,
    /// Its line, counted from 1.
    pub line: usize,
}

/// All paths that the file at `file` names outside its test modules, single identifiers included.
pub fn mentions(file: &str, text: &str) -> Vec<Mention> {
    let tokens = without_tests(tokens(text, Language::Rust));
    let module = module_of(file);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        // `use<'a>` in a return type captures lifetimes and imports nothing.
        if tokens[at].is_word("use") && !tokens.get(at + 1).is_some_and(|next| next.is_sign('<')) {
            at = use_tree(&tokens, at + 1, &[], &mut found);
        } else if matches!(tokens[at].piece, Piece::Word(_)) {
            at = inline_path(&tokens, at, &mut found);
        } else {
            at += 1;
        }
    }
    for mention in &mut found {
        resolve(&mut mention.segments, &module);
    }
    found
}

/// Reads one use tree behind `prefix`; returns where it ends.
fn use_tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<Mention>) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens.get(at).map_or(0, |token| token.line);
    while let Some(token) = tokens.get(at) {
        match &token.piece {
            Piece::PathSeparator => at += 1,
            Piece::Sign('{') => {
                at += 1;
                while tokens.get(at).is_some_and(|token| !token.is_sign('}')) {
                    at = use_tree(tokens, at, &segments, found);
                    at += usize::from(tokens.get(at).is_some_and(|token| token.is_sign(',')));
                }
                return at + 1;
            }
            Piece::Word(word) if word == "as" => at += 2,
            Piece::Word(word) => {
                // `a::{self}` names `a` itself.
                if word != "self" || prefix.is_empty() {
                    segments.push(word.clone());
                }
                at += 1;
            }
            Piece::Sign('*') => {
                segments.push("*".to_owned());
                at += 1;
            }
            _ => break,
        }
    }
    found.push(Mention { segments, line });
    // A piece that no use tree knows must not stop the scan.
    let is_end = tokens.get(at).is_none_or(|token| [',', '}', ';'].iter().any(|sign| token.is_sign(*sign)));
    if is_end { at } else { at + 1 }
}

fn inline_path(tokens: &[Token], mut at: usize, found: &mut Vec<Mention>) -> usize {
    let line = tokens[at].line;
    let mut segments = Vec::new();
    while let Some(Token { piece: Piece::Word(word), .. }) = tokens.get(at) {
        segments.push(word.clone());
        at += 1;
        if tokens.get(at).is_none_or(|token| token.piece != Piece::PathSeparator) {
            break;
        }
        at += 1;
    }
    found.push(Mention { segments, line });
    at
}

/// Drops every item behind `#[cfg(test)]`.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if is_test_attribute(&tokens[at..]) {
            at = end_of_item(&tokens, at + 7);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

fn is_test_attribute(tokens: &[Token]) -> bool {
    let Some(attribute) = tokens.get(..7) else { return false };
    let signs = [(0, '#'), (1, '['), (3, '('), (5, ')'), (6, ']')];
    signs.iter().all(|(at, sign)| attribute[*at].is_sign(*sign))
        && attribute[2].is_word("cfg")
        && attribute[4].is_word("test")
}

/// Where the item ends: behind its `;`, or behind the brace that closes its first one.
fn end_of_item(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.piece {
            Piece::Sign(';') if depth == 0 => return at + 1,
            Piece::Sign('{') => depth += 1,
            Piece::Sign('}') if depth == 1 => return at + 1,
            Piece::Sign('}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    tokens.len()
}

/// The module a file is, from the root of its crate.
fn module_of(file: &str) -> Vec<String> {
    let inside = file.split_once("src/").map_or("", |(_, inside)| inside);
    let mut module: Vec<String> = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str())) {
        module.pop();
    }
    module
}

/// Writes a path that starts at `self` or `super` as one that starts at `crate`.
fn resolve(segments: &mut Vec<String>, module: &[String]) {
    let ups = segments.iter().take_while(|segment| *segment == "super").count();
    let is_relative = ups > 0 || (segments.len() > 1 && segments[0] == "self");
    if is_relative {
        let base = &module[..module.len().saturating_sub(ups)];
        let rest = segments.split_off(ups.max(1));
        *segments = std::iter::once("crate".to_owned()).chain(base.iter().cloned()).chain(rest).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::mentions;

    fn named(file: &str, text: &str) -> Vec<String> {
        mentions(file, text).iter().map(|mention| mention.segments.join("::")).collect()
    }

    #[test]
    fn use_trees_are_expanded() {
        let text = "use std::{fmt, time::{self, Instant as Now}, io::*};";
        let expected = ["std::fmt", "std::time", "std::time::Instant", "std::io::*"];
        assert_eq!(named("shared/src/lib.rs", text), expected);
    }

    #[test]
    fn relative_paths_are_resolved() {
        assert_eq!(
            named("a/src/net/http.rs", "use super::super::replication::Grid;"),
            ["crate::replication::Grid"]
        );
        assert_eq!(named("a/src/net/mod.rs", "use super::replication;"), ["crate::replication"]);
        assert_eq!(named("a/src/net/mod.rs", "use self::http::get;"), ["crate::net::http::get"]);
    }

    #[test]
    fn test_modules_are_left_out_and_the_rest_is_not() {
        let text =
            "#[cfg(test)]\nmod tests { fn f() { a::b(); } }\n#[cfg(test)]\nmod more;\nfn g() -> c::d {}";
        assert_eq!(named("shared/src/lib.rs", text), ["fn", "g", "c::d"]);
    }
}
