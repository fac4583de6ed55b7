//! Text that players write: length-limited, without control characters.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// Longest name, in characters.
pub const NAME_LIMIT_CHARS: usize = 16;
/// Longest name, in bytes of UTF-8.
pub const NAME_LIMIT_BYTES: usize = NAME_LIMIT_CHARS * 4;
/// Longest chat line, in characters.
pub const CHAT_LIMIT_CHARS: usize = 200;

/// What a player is called. Never empty, at most [`NAME_LIMIT_CHARS`] characters, no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(Arc<str>);

impl Name {
    /// Makes a name of what somebody typed: control characters go, runs of space become one, the rest is cut to
    /// [`NAME_LIMIT_CHARS`]; if nothing is left, the name is "Pilot".
    pub fn from_input(text: &str) -> Name {
        let clean = clean(text, NAME_LIMIT_CHARS);
        Name(if clean.is_empty() { "Pilot".into() } else { clean.into() })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        Ok(Name::from_input(&String::deserialize(deserializer)?))
    }
}

/// A chat line as others will see it: control and invisible direction characters removed, space collapsed, cut to
/// [`CHAT_LIMIT_CHARS`]; `None` if nothing is left.
pub fn chat_line(text: &str) -> Option<String> {
    let line = clean(text, CHAT_LIMIT_CHARS);
    (!line.is_empty()).then_some(line)
}

fn clean(text: &str, limit_chars: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let mut kept = word.chars().filter(|c| !is_invisible(*c)).peekable();
        if kept.peek().is_none() {
            continue;
        }
        if length > 0 {
            if length + 1 >= limit_chars {
                break;
            }
            out.push(' ');
            length += 1;
        }
        for c in kept.take(limit_chars - length) {
            out.push(c);
            length += 1;
        }
        if length >= limit_chars {
            break;
        }
    }
    out
}

/// Characters that show nothing but move or hide what stands around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_are_bounded_and_stable(text in ".{0,80}") {
            let name = Name::from_input(&text);
            prop_assert!(name.as_str().chars().count() <= NAME_LIMIT_CHARS);
            prop_assert!(name.as_str().len() <= NAME_LIMIT_BYTES);
            prop_assert!(!name.as_str().is_empty());
            prop_assert!(!name.as_str().chars().any(|c| c.is_control() || is_invisible(c)));
            prop_assert_eq!(&Name::from_input(name.as_str()), &name);
        }
    }

    #[test]
    fn names_are_cleaned() {
        assert_eq!(Name::from_input("  Ada\n\tLovelace \u{202e}").as_str(), "Ada Lovelace");
        assert_eq!(Name::from_input("\u{200b}\u{7}").as_str(), "Pilot");
        assert_eq!(Name::from_input("abcdefghijklmnopqrstuvwxyz").as_str(), "abcdefghijklmnop");
        assert_eq!(chat_line(" \u{0} "), None);
        assert_eq!(chat_line(&"я".repeat(500)).map(|line| line.chars().count()), Some(CHAT_LIMIT_CHARS));
    }
}
