//! Cuts Rust and TypeScript into words, texts and signs, each with its line; drops comments. Coarse, but it cannot be
//! fooled by a comment or a string.

/// The languages whose comments and strings are told apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Nested comments, raw strings, lifetimes.
    Rust,
    /// Three kinds of quotes.
    TypeScript,
}

/// A piece of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// An identifier, keyword or number.
    Word(String),
    /// What a string literal holds.
    Text(String),
    /// `::`.
    PathSeparator,
    /// Any other character that is not blank.
    Sign(char),
}

/// A piece and the line it begins on, counted from 1.
#[derive(Clone, Debug)]
pub struct Token {
    /// The piece.
    pub piece: Piece,
    /// Its line.
    pub line: usize,
}

impl Token {
    /// Whether this is the word `word`.
    pub fn is_word(&self, word: &str) -> bool {
        matches!(&self.piece, Piece::Word(found) if found == word)
    }

    /// Whether this is the sign `sign`.
    pub fn is_sign(&self, sign: char) -> bool {
        self.piece == Piece::Sign(sign)
    }
}

/// The tokens of a whole file.
pub fn tokens(text: &str, language: Language) -> Vec<Token> {
    let mut lexer = Lexer { rest: text, line: 1, language };
    std::iter::from_fn(|| lexer.next()).collect()
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    language: Language,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Option<Token> {
        self.skip_blank();
        let line = self.line;
        let first = self.rest.chars().next()?;
        let piece = match first {
            '"' => self.text(1, "\"", true),
            '\'' if self.language == Language::TypeScript => self.text(1, "'", true),
            '`' if self.language == Language::TypeScript => self.text(1, "`", true),
            '\'' => self.character_or_lifetime(),
            'r' | 'b' if self.raw_string_start().is_some() => {
                let (opening, closing) = self.raw_string_start().expect("the guard has seen it");
                self.text(opening, &closing, false)
            }
            _ if is_word(first) => {
                let length = self.rest.find(|next| !is_word(next)).unwrap_or(self.rest.len());
                Piece::Word(self.take(length).to_owned())
            }
            ':' if self.rest.starts_with("::") => {
                self.take(2);
                Piece::PathSeparator
            }
            sign => {
                self.take(sign.len_utf8());
                Piece::Sign(sign)
            }
        };
        Some(Token { piece, line })
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn skip_blank(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.take(blank);
            if self.rest.starts_with("//") {
                self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                self.skip_block_comment();
            } else {
                return;
            }
        }
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0;
        while !self.rest.is_empty() {
            let nests = self.language == Language::Rust || depth == 0;
            if self.rest.starts_with("/*") && nests {
                self.take(2);
                depth += 1;
            } else if self.rest.starts_with("*/") {
                self.take(2);
                depth -= 1;
                if depth == 0 {
                    return;
                }
            } else {
                self.take(self.rest.chars().next().map_or(0, char::len_utf8));
            }
        }
    }

    /// A string literal: `opening` bytes of quote, then everything up to `closing`.
    fn text(&mut self, opening: usize, closing: &str, has_escapes: bool) -> Piece {
        self.take(opening);
        // An apostrophe in the text between two tags opens nothing: such a string ends with its line.
        let ends_with_line = self.language == Language::TypeScript && closing != "`";
        let mut end = 0;
        while end < self.rest.len() && !self.rest[end..].starts_with(closing) {
            let next = self.rest[end..].chars().next().map_or(0, char::len_utf8);
            if ends_with_line && self.rest[end..].starts_with('\n') {
                break;
            }
            end += next;
            if has_escapes && self.rest[end - next..].starts_with('\\') {
                end += self.rest[end..].chars().next().map_or(0, char::len_utf8);
            }
        }
        let held = self.take(end).to_owned();
        if self.rest.starts_with(closing) {
            self.take(closing.len());
        }
        Piece::Text(held)
    }

    /// How long the start of a raw string is, and what ends it.
    fn raw_string_start(&self) -> Option<(usize, String)> {
        if self.language != Language::Rust {
            return None;
        }
        let prefix = ["br", "r"].into_iter().find(|prefix| self.rest.starts_with(prefix))?;
        let after = &self.rest[prefix.len()..];
        let hashes = after.len() - after.trim_start_matches('#').len();
        after[hashes..]
            .starts_with('"')
            .then(|| (prefix.len() + hashes + 1, format!("\"{}", "#".repeat(hashes))))
    }

    fn character_or_lifetime(&mut self) -> Piece {
        let mut after = self.rest.chars().skip(1);
        let (first, second) = (after.next(), after.next());
        if first == Some('\\') || second == Some('\'') {
            return self.text(1, "'", true);
        }
        self.take(1);
        Piece::Sign('\'')
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[test]
fn comments_and_strings_hold_no_words() {
    let text = "// a::b\nlet x = 'y'; /* c /* d */ e */ \"f \\\" g\" r#\"h \" i\"# &'j k\n::l";
    let words: Vec<(String, usize)> = tokens(text, Language::Rust)
        .into_iter()
        .filter_map(|token| match token.piece {
            Piece::Word(word) => Some((word, token.line)),
            _ => None,
        })
        .collect();
    let words: Vec<(&str, usize)> = words.iter().map(|(word, line)| (word.as_str(), *line)).collect();
    assert_eq!(words, [("let", 2), ("x", 2), ("j", 2), ("k", 2), ("l", 3)]);
}

#[test]
fn typescript_strings_end_with_their_line() {
    let tokens = tokens("<p>don't</p>\nimport x from \"./net\";", Language::TypeScript);
    let import =
        tokens.iter().position(|token| token.is_word("import")).expect("the import is not swallowed");
    assert_eq!(tokens[import + 3].piece, Piece::Text("./net".to_owned()));
}
