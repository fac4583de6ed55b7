//! Names and chat made presentable: one spelling for what looks the same (Unicode NFKC), and unwanted words masked. Lengths and
//! invisible characters are handled by `shared::text`.

use shared::text::{Name, chat_line};
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// Replaces each letter of an unwanted word.
const MASK: char = '*';

/// Unwanted words, of all languages.
#[derive(Clone, Debug, Default)]
pub struct Words(BTreeSet<String>);

impl Words {
    /// Adds a list: one word per line; lines that begin with # are for people.
    pub fn add(&mut self, list: &str) {
        let lines = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        self.0.extend(lines.map(look));
    }

    /// A line of chat with its unwanted words masked; empty if there is nothing in it.
    pub fn line(&self, text: &str) -> String {
        // Cleaned before the words are looked for: invisible characters must not split one, nor the cut at the end hide one.
        let cleaned = chat_line(text).unwrap_or_default();
        let text = chat_line(&cleaned.nfkc().collect::<String>()).unwrap_or_default();
        let mut shown = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let is_letter = |c: char| c.is_alphanumeric();
            let word_end = rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(word_end);
            if self.0.contains(&look(word)) {
                shown.extend(word.chars().map(|_| MASK));
            } else {
                shown.push_str(word);
            }
            let next_word = behind.find(is_letter).unwrap_or(behind.len());
            shown.push_str(&behind[..next_word]);
            rest = &behind[next_word..];
        }
        shown
    }

    /// A name that may be shown. One with an unwanted word becomes the default name.
    pub fn name(&self, name: &Name) -> Name {
        let normal = Name::from_input(&name.as_str().nfkc().collect::<String>());
        if self.line(normal.as_str()) == normal.as_str() { normal } else { Name::from_input("") }
    }
}

/// What a text looks like: equal for texts that a person could confuse.
pub fn look(text: &str) -> String {
    let lower = |text: String| text.to_lowercase();
    let alike: String = skeleton(&lower(text.nfkc().collect())).collect();
    lower(alike).chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::text::NAME_LIMIT_CHARS;

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
        assert_eq!(words.line("s\u{200b}h\u{ad}it"), "****", "characters that nobody sees");
        assert_eq!(words.line("The Scunthorpe bus; дубликат"), "The Scunthorpe bus; дубликат");
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
}
