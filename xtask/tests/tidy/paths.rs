//! The paths that a Rust file names outside its test modules: use trees expanded, `self` and `super` resolved.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::source::Source;

/// A path named somewhere in a file.
#[derive(Clone, Debug)]
pub struct Mention {
    /// Its segments, beginning with `crate` where it leads into the file's own crate; a glob import ends in `*`.
    pub path: Vec<String>,
    /// Its line, counted from 1.
    pub line: usize,
    /// A `pub use`: the file passes the item on and need not use it.
    pub is_reexport: bool,
}

/// All paths that a file names, single identifiers included.
pub fn mentions(source: &Source) -> Vec<Mention> {
    let tokens: TokenStream = source.text.parse().expect("rustc has read this file before us");
    let mut scan = Scan { module: module_of(&source.file), ..Scan::default() };
    scan.read(tokens);
    let module = module_of(&source.file);
    for mention in &mut scan.found {
        if scan.children.contains(&mention.path[0]) {
            mention.path.splice(0..0, std::iter::once("crate".to_owned()).chain(module.iter().cloned()));
        }
    }
    scan.found
}

/// The module that a file is, from the root of its crate: `["net", "http"]` for `src/net/http.rs`.
pub fn module_of(file: &str) -> Vec<String> {
    let inside = file.split_once("src/").map_or("", |(_, inside)| inside);
    let mut module: Vec<String> = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    module.pop_if(|last| ["lib", "main", "mod"].contains(&last.as_str()));
    module
}

#[derive(Default)]
struct Scan {
    /// The module whose tokens are read: the file's, or one inside it.
    module: Vec<String>,
    /// Modules that the file declares and that have files.
    children: BTreeSet<String>,
    found: Vec<Mention>,
}

impl Scan {
    fn read(&mut self, stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at = match token {
                TokenTree::Punct(sign) if sign.as_char() == '#' && is_test_attribute(tokens.get(at + 1)) => {
                    end_of_item(&tokens, at + 2)
                }
                // `pub(super)` names whom it is visible to, not what the file uses.
                TokenTree::Ident(word) if word == "pub" => at + 1 + usize::from(is_group(tokens.get(at + 1))),
                TokenTree::Ident(word) if word == "mod" => self.module_at(&tokens, at + 1),
                // `use<'a>` in a return type captures lifetimes and imports nothing.
                TokenTree::Ident(word) if word == "use" && !is_sign(tokens.get(at + 1), '<') => {
                    self.tree(&tokens, at + 1, &[], is_public(&tokens[..at]))
                }
                TokenTree::Ident(_) => self.tree(&tokens, at, &[], false),
                TokenTree::Group(group) => {
                    self.read(group.stream());
                    at + 1
                }
                _ => at + 1,
            }
        }
    }

    fn module_at(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let name = tokens.get(at).map(ToString::to_string).unwrap_or_default();
        match tokens.get(at + 1) {
            Some(TokenTree::Group(body)) => {
                self.module.push(name);
                self.read(body.stream());
                self.module.pop();
            }
            _ => drop(self.children.insert(name)),
        }
        at + 2
    }

    /// Reads one path or use tree behind `prefix`; returns where it ends.
    fn tree(&mut self, tokens: &[TokenTree], mut at: usize, prefix: &[String], is_reexport: bool) -> usize {
        let mut path = prefix.to_vec();
        let line = tokens.get(at).map_or(0, |token| token.span().start().line);
        while is_sign(tokens.get(at), ':') {
            at += 1;
        }
        loop {
            match tokens.get(at) {
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let mut from = 0;
                    while from < inner.len() {
                        from = 1 + self.tree(&inner, from, &path, is_reexport);
                    }
                    return at + 1;
                }
                Some(TokenTree::Ident(word)) => path.push(word.to_string()),
                Some(TokenTree::Punct(sign)) if sign.as_char() == '*' => path.push("*".to_owned()),
                _ => break,
            }
            at += 1;
            if !(is_sign(tokens.get(at), ':') && is_sign(tokens.get(at + 1), ':')) {
                break;
            }
            at += 2;
        }
        if matches!(tokens.get(at), Some(TokenTree::Ident(word)) if word == "as") {
            at += 2;
        }
        self.push(path, line, is_reexport);
        at
    }

    fn push(&mut self, mut path: Vec<String>, line: usize, is_reexport: bool) {
        // `a::{self}` names `a` itself.
        path.pop_if(|last| last == "self");
        let ups = path.iter().take_while(|segment| *segment == "super").count();
        if ups > 0 || path.first().is_some_and(|first| first == "self") {
            let base = &self.module[..self.module.len().saturating_sub(ups)];
            path.splice(..ups.max(1), std::iter::once("crate".to_owned()).chain(base.iter().cloned()));
        }
        if !path.is_empty() {
            self.found.push(Mention { path, line, is_reexport });
        }
    }
}

fn is_sign(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == sign)
}

fn is_group(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
}

fn is_test_attribute(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.stream().to_string().replace(' ', "") == "cfg(test)")
}

/// Whether the tokens before a `use` make it public: `pub` or `pub(crate)`.
fn is_public(before: &[TokenTree]) -> bool {
    let mut last = before.iter().rev();
    let last = last.find(
        |token| !matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis),
    );
    matches!(last, Some(TokenTree::Ident(word)) if word == "pub")
}

/// Where an item ends: behind its `;` or its braces.
fn end_of_item(tokens: &[TokenTree], start: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(sign) => sign.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    tokens[start..].iter().position(ends).map_or(tokens.len(), |length| start + length + 1)
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let text = "use std::{fmt::{self, Debug as D}, fs::*};\nmod below;\npub use below::Thing;\n\
                fn f() { crate::a::g(::tokio::spawn(super::h(\"no::path\"))) } // no::path\n\
                mod inner { use super::below::X; }\n#[cfg(test)]\nmod tests { use no::path; }\n";
    let source = Source { file: "x/src/net/http.rs".to_owned(), text: text.to_owned() };
    let mentions = mentions(&source);
    let paths = mentions.iter().filter(|mention| mention.path.len() > 1);
    let paths: Vec<(String, usize)> = paths.map(|mention| (mention.path.join("::"), mention.line)).collect();
    let expected = [
        ("std::fmt", 1),
        ("std::fmt::Debug", 1),
        ("std::fs::*", 1),
        ("crate::net::http::below::Thing", 3),
        ("crate::a::g", 4),
        ("tokio::spawn", 4),
        ("crate::net::h", 4),
        ("crate::net::http::below::X", 5),
    ];
    assert_eq!(paths, expected.map(|(path, line)| (path.to_owned(), line)));
    assert_eq!(mentions.iter().filter(|mention| mention.is_reexport).count(), 1);
}
