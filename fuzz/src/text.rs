//! What players write to each other.

use room::names::Names;
use room::speech::{Words, look};
use shared::text::{CHAT_LIMIT_CHARS, NAME_LIMIT_BYTES, NAME_LIMIT_CHARS, Name, chat_line};
use std::sync::LazyLock;

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    words.add(include_str!("../../assets/words/en.txt"));
    words.add(include_str!("../../assets/words/ru.txt"));
    words
});

/// A name and a line of chat: short, without characters that hide, and the same when they are cleaned again.
pub fn text(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let name = WORDS.name(&Name::from_input(text));
    assert!((1..=NAME_LIMIT_CHARS).contains(&name.as_str().chars().count()));
    assert!(name.as_str().len() <= NAME_LIMIT_BYTES);
    assert!(!name.as_str().chars().any(char::is_control));
    assert_eq!(Name::from_input(name.as_str()), name);
    assert_eq!(WORDS.name(&name), name);
    let mut names = Names::default();
    let [one, other] = [names.take(name.clone()), names.take(name)].map(|held| look(held.name.as_str()));
    assert_ne!(one, other, "two players who look the same");
    let Some(line) = chat_line(&WORDS.line(text)) else { return false };
    assert!(line.chars().count() <= CHAT_LIMIT_CHARS);
    assert!(!line.chars().any(char::is_control));
    assert_eq!(chat_line(&line).as_ref(), Some(&line));
    assert_eq!(WORDS.line(&line), line, "a word that is hidden only at the second look");
    true
}
