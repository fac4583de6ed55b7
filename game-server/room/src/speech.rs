//! Names and chat made presentable: one spelling for what looks the same (Unicode NFKC), nothing invisible, few accents on one
//! letter, unwanted words masked, no player named like the server. Lengths are handled by `shared::text`.

use shared::id::PlayerId;
use shared::message::ServerMessage;
use shared::text::{Name, chat_line};
use std::collections::BTreeSet;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_security::confusable_detection::skeleton;

/// The name in the chat for announcements.
pub const SERVER_NAME: &str = "Server";
/// Names that no player has, whatever letters, digits and signs they are spelt with.
const RESERVED_NAMES: [&str; 2] = [SERVER_NAME, "Сервер"];
/// Marks above and below one letter at most: as many as living scripts stack. Vowel signs that stand beside it do not count.
pub const MARKS_LIMIT_PER_LETTER: usize = 3;
/// Replaces each letter of an unwanted word.
const MASK: char = '*';
/// A space that Unicode counts among the symbols.
const BLANK_BRAILLE_PATTERN: char = '\u{2800}';

/// A line in the server's name.
pub fn server_line(text: String) -> ServerMessage<'static> {
    ServerMessage::Chat {
        player: PlayerId::NOBODY,
        name: Name::from_input(SERVER_NAME),
        text,
        to_team: false,
    }
}

/// Unwanted words, of all languages.
#[derive(Clone, Debug, Default)]
pub struct Words(BTreeSet<String>);

impl Words {
    /// Adds a list: one word per line; lines that begin with # are for people.
    pub fn add(&mut self, list: &str) {
        let lines = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        self.0.extend(lines.map(bare));
    }

    /// A line of chat with its unwanted words masked; empty if there is nothing in it.
    pub fn line(&self, text: &str) -> String {
        #[cfg(test)]
        tests::FILTERED.with(|lines| lines.set(lines.get() + 1));
        let text = chat_line(&presentable(text)).unwrap_or_default();
        let words = words(&text);
        let mut shown = String::with_capacity(text.len());
        let mut end = 0;
        for group in words.chunk_by(|one, next| are_joined(&text, one, next)) {
            let is_spelt_out =
                group.len() > 1 && self.contains(&text[group[0].start..group[group.len() - 1].end]);
            for word in group {
                shown.push_str(&text[end..word.start]);
                end = word.end;
                let word = &text[word.clone()];
                if is_spelt_out || self.contains(word) {
                    shown.extend(word.chars().filter(|c| !is_combining_mark(*c)).map(|_| MASK));
                } else {
                    shown.push_str(word);
                }
            }
        }
        shown.push_str(&text[end..]);
        shown
    }

    /// A name that may be shown. One with an unwanted word, or of the server, becomes the default name.
    pub fn name(&self, name: &Name) -> Name {
        let normal = Name::from_input(&presentable(name.as_str()));
        let letters = bare(&normal.as_str().chars().filter(|c| !c.is_numeric()).collect::<String>());
        let is_reserved = RESERVED_NAMES.iter().any(|reserved| bare(reserved) == letters);
        if is_reserved || self.line(normal.as_str()) != normal.as_str() {
            Name::from_input("")
        } else {
            normal
        }
    }

    fn contains(&self, word: &str) -> bool {
        self.0.contains(&bare(word))
    }
}

/// Where the words of a text are: letters and digits with their marks.
fn words(text: &str) -> Vec<Range<usize>> {
    let is_letter = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    let mut words = Vec::new();
    let mut start = None;
    for (place, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if is_letter(c) {
            start.get_or_insert(place);
        } else {
            words.extend(start.take().map(|start| start..place));
        }
    }
    words
}

/// Whether two words that follow each other may be the parts of one: "s-h-it", "s h i t".
fn are_joined(text: &str, one: &Range<usize>, next: &Range<usize>) -> bool {
    let is_single =
        |word: &Range<usize>| text[word.clone()].chars().filter(|c| !is_combining_mark(*c)).count() <= 1;
    let mut between = text[one.end..next.start].chars();
    // What was masked joins nothing: a second look at a line must find the same words.
    !text[one.end..next.start].contains(MASK)
        && (!between.any(char::is_whitespace) || is_single(one) && is_single(next))
}

/// A text without what shows nothing or hides what stands around it: format and unassigned characters, fillers, marks without
/// a letter and beyond [`MARKS_LIMIT_PER_LETTER`]. Right-to-left text remains, characters that turn the direction do not.
fn presentable(text: &str) -> String {
    let visible = text.chars().filter_map(|c| match c {
        BLANK_BRAILLE_PATTERN => Some(' '),
        c if c.is_control() => Some(' '),
        c if c.general_category_group() == GeneralCategoryGroup::Other || is_ignorable(c) => None,
        c => Some(c),
    });
    let mut shown = String::with_capacity(text.len());
    let mut marks_left = 0;
    for c in visible.nfkc() {
        match c.general_category() {
            GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark if marks_left > 0 => {
                marks_left -= 1
            }
            GeneralCategory::SpacingMark if marks_left > 0 => {}
            _ if is_combining_mark(c) => {
                marks_left = 0;
                continue;
            }
            _ => marks_left = if c.is_whitespace() { 0 } else { MARKS_LIMIT_PER_LETTER },
        }
        shown.push(c);
    }
    shown
}

/// Whether a character shows nothing by default (Unicode's `Default_Ignorable_Code_Point`).
fn is_ignorable(c: char) -> bool {
    !c.is_ascii() && skeleton(c.encode_utf8(&mut [0; 4])).next().is_none()
}

/// What the letters and digits of a text look like, without their marks.
fn bare(text: &str) -> String {
    let is_base = |c: &char| c.is_alphanumeric() && !is_combining_mark(*c);
    look(&text.nfkd().filter(is_base).collect::<String>())
}

/// What a text looks like: equal for texts that a person could confuse.
pub fn look(text: &str) -> String {
    let lower = |text: String| text.to_lowercase();
    let alike: String = skeleton(&lower(text.nfkc().collect())).collect();
    lower(alike).chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use shared::text::NAME_LIMIT_CHARS;

    thread_local! {
        /// Lines in which words were looked for.
        pub static FILTERED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    fn words() -> Words {
        let mut words = Words::default();
        words.add(include_str!("../../../assets/words/en.txt"));
        words.add(include_str!("../../../assets/words/ru.txt"));
        words
    }

    #[test]
    fn unwanted_words_are_masked_however_they_are_spelt() {
        let words = words();
        assert_eq!(words.line("You SHIT, go!"), "You ****, go!");
        assert_eq!(words.line("ѕhіt"), "****", "Cyrillic letters");
        assert_eq!(words.line("ｓｈｉｔ"), "****", "wide letters");
        assert_eq!(words.line("Сука!"), "****!");
        assert_eq!(words.line("s\u{200b}h\u{ad}i\u{34f}t"), "****", "characters that nobody sees");
        assert_eq!(words.line("s\u{336}h\u{336}i\u{301}t"), "****", "marks");
        assert_eq!(words.line("s-h_it, s.h.i.t"), "*-*_**, *.*.*.*");
        assert_eq!(words.line("oh s h i t now"), "oh * * * * now");
        let harmless = "The Scunthorpe bus; дубликат: I s-it, a b c";
        assert_eq!(words.line(harmless), harmless);
        assert_eq!(words.line("sh-shit-it"), "sh-****-it");
        assert_eq!(words.line(""), "");
    }

    #[test]
    fn names_have_one_spelling_and_no_unwanted_word() {
        let name = |text: &str| words().name(&Name::from_input(text)).as_str().to_owned();
        assert_eq!(name("Ａｄａ"), "Ada");
        assert_eq!(name("ﬁnch"), "finch");
        assert_eq!(name("big shit"), "Pilot");
        assert_eq!(name("Оля"), "Оля");
        assert!(name("ﷺﷺﷺﷺ").chars().count() <= NAME_LIMIT_CHARS, "one character becomes eighteen");
    }

    #[test]
    fn nobody_is_called_like_the_server() {
        let names = [
            "Server",
            "sERVER ",
            "[S.e.r.v.e.r]",
            "Server 2",
            "Ѕеrvеr",
            "Ｓｅｒｖｅｒ",
            "S\u{200d}erver",
            "Śerver",
            "СЕРВЕР",
        ];
        for name in names {
            assert_eq!(words().name(&Name::from_input(name)).as_str(), "Pilot", "{name}");
        }
        assert_eq!(words().name(&Name::from_input("Servers")).as_str(), "Servers");
    }

    #[test]
    fn nothing_invisible_and_few_marks_remain() {
        let name = |text: &str| words().name(&Name::from_input(text)).as_str().to_owned();
        for invisible in [
            "\u{3164}",
            "\u{115f}\u{ffa0}",
            "\u{2800}\u{2800}",
            "\u{e0100}",
            "\u{61c}\u{180e}",
            "\u{e000}",
            "\u{301}\u{302}",
        ] {
            assert_eq!(name(invisible), "Pilot", "{invisible:?}");
        }
        assert_eq!(name("ab\u{202e}c\u{2066}d"), "abcd");
        assert_eq!(name("مريم"), "مريم");
        for script in ["မြို့", "ที่นี่", "Tiếng Việt", "हिन्दी"] {
            assert_eq!(name(script), script);
        }
        let stacked = words().line(&format!("e{} ก{}", "\u{301}".repeat(40), "\u{e47}".repeat(40)));
        let marks = stacked.split(' ').map(|word| word.nfd().filter(|c| is_combining_mark(*c)).count());
        assert!(
            marks.eq([MARKS_LIMIT_PER_LETTER + 1, MARKS_LIMIT_PER_LETTER]),
            "{stacked}: é is one precomposed letter"
        );
    }
}
