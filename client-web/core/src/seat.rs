//! What a client needs to take its seat back after a reload of the page, as a line of text that the page stores.

use shared::message::ResumeToken;
use std::fmt::Write;

/// A seat that can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatClaim {
    /// The newest token.
    pub token: ResumeToken,
    /// Connections opened so far.
    pub attempt: u32,
}

impl SeatClaim {
    /// As text: the token in hex digits, and the attempts. As secret as the token.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for byte in self.token.0 {
            // Writing into a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        let _ = write!(text, ".{}", self.attempt);
        text
    }

    /// From that text; `None` if it is malformed.
    pub fn from_text(text: &str) -> Option<SeatClaim> {
        let (hex, attempt) = text.split_once('.')?;
        let mut token = [0; 16];
        if hex.len() != 2 * token.len() || !hex.is_ascii() {
            return None;
        }
        for (index, byte) in token.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(SeatClaim { token: ResumeToken(token), attempt: attempt.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_round_trips_and_malformed_text_is_refused() {
        let claim = SeatClaim { token: ResumeToken([0xab; 16]), attempt: 7 };
        assert_eq!(SeatClaim::from_text(&claim.to_text()), Some(claim));
        for text in [
            "",
            ".",
            "ab.1",
            &"zz".repeat(16),
            &format!("{}.1", "z".repeat(32)),
            &format!("{}.", "a".repeat(32)),
        ] {
            assert_eq!(SeatClaim::from_text(text), None, "{text}");
        }
    }
}
