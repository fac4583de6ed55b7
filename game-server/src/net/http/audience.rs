//! Who may watch a match and fetch its recording: the choice of the room, else the server's by the kind of room. Players prove by
//! the tokens of their seats that they are of the match.

use super::recording_source::Recordings;
use crate::host::journal::{Directory, ListedRecording, is_named_as_ours};
use crate::host::lobby::is_public;
use crate::host::locks::is_locked;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue, VARY};
use axum::http::request::Parts;
use axum::response::Response;
use clap::ValueEnum;
use room::session::hash_of;
use shared::message::ResumeToken;
use shared::recording::{Audience, TokenHash};
use std::convert::Infallible;
use std::path::Path;

/// The scheme of the Authorization header that shows tokens of seats, in hex digits, separated by spaces.
const SCHEME: &str = "Seat ";
/// Tokens of one request that are looked at.
const SHOWN_LIMIT_TOKENS: usize = 16;

/// Which matches may be watched, where the room says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Watch {
    /// None
    Nobody,
    /// Each by its players
    Players,
    /// Those of rooms that the server opens for everybody; those of invite links by their players
    Public,
    /// All but those of rooms behind a password
    Everybody,
}

impl Watch {
    /// Who may watch a room.
    pub fn audience(self, room: &str, chosen: Option<Audience>) -> Audience {
        chosen.unwrap_or(match self {
            Watch::Nobody => Audience::Nobody,
            Watch::Public if is_public(room) => Audience::Everybody,
            Watch::Everybody if !is_locked(room) => Audience::Everybody,
            Watch::Players | Watch::Public | Watch::Everybody => Audience::Players,
        })
    }
}

/// Of the seats whose tokens a request shows, the hashes.
#[derive(Clone, Debug, Default)]
pub struct ShownSeats(Vec<TokenHash>);

impl ShownSeats {
    /// Those of a request. What is no token is left out.
    pub fn of(headers: &HeaderMap) -> ShownSeats {
        let shown = headers.get(AUTHORIZATION).and_then(|shown| shown.to_str().ok()?.strip_prefix(SCHEME));
        let tokens = shown.into_iter().flat_map(|tokens| tokens.split(' ')).take(SHOWN_LIMIT_TOKENS);
        ShownSeats(tokens.filter_map(token).map(hash_of).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<S: Sync> FromRequestParts<S> for ShownSeats {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<ShownSeats, Infallible> {
        Ok(ShownSeats::of(&parts.headers))
    }
}

fn token(hex: &str) -> Option<ResumeToken> {
    let is_hex = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    u128::from_str_radix(hex, 16).ok().filter(|_| is_hex).map(|token| ResumeToken(token.to_be_bytes()))
}

/// Decides what a request may see.
#[derive(Clone, Debug)]
pub struct Admission {
    pub recordings: Recordings,
    pub watch: Watch,
}

impl Admission {
    pub fn directory(&self) -> Option<&Directory> {
        self.recordings.directory()
    }

    /// For whom a file is, if the request may fetch it. Waits for the disk.
    pub fn to_file(&self, path: &Path, shown: &ShownSeats) -> Option<Audience> {
        match ListedRecording::of(path) {
            Some(listed) => self.to_recording(&listed, shown),
            // A recording of ours whose header is damaged may be of a closed room. What a host has put there is for everybody.
            None => {
                let is_foreign = self.shows_one_file() || !is_named_as_ours(path);
                (is_foreign || self.watch == Watch::Everybody).then_some(Audience::Everybody)
            }
        }
    }

    /// For whom a recording is, if the request may see it. Waits for the disk if the request shows seats.
    pub fn to_recording(&self, listed: &ListedRecording, shown: &ShownSeats) -> Option<Audience> {
        if self.shows_one_file() {
            return Some(Audience::Everybody);
        }
        self.admit(&listed.name, &listed.room, listed.audience, shown)
    }

    /// Whether a match that goes on, or its recording, is for everybody.
    pub fn is_for_everybody(&self, room: &str, chosen: Option<Audience>) -> bool {
        self.watch.audience(room, chosen) == Audience::Everybody
    }

    /// Whether the server shows a file that was named to be shown.
    fn shows_one_file(&self) -> bool {
        matches!(self.recordings, Recordings::File(_))
    }

    /// For whom a room's recording is, if the request may see it. Does not wait for the disk while the match goes on.
    pub fn admit(
        &self,
        recording: &str,
        room: &str,
        chosen: Option<Audience>,
        shown: &ShownSeats,
    ) -> Option<Audience> {
        let audience = self.watch.audience(room, chosen);
        let is_player = || self.directory().is_some_and(|directory| directory.had_seat(recording, &shown.0));
        match audience {
            Audience::Nobody => None,
            Audience::Players => (!shown.is_empty() && is_player()).then_some(audience),
            Audience::Everybody => Some(audience),
        }
    }
}

/// Sets how caches may keep a response: in shared ones only what is for everybody.
pub fn set_caching(response: &mut Response, audience: Audience, lifetime: &str) {
    let scope = if audience == Audience::Everybody { "public" } else { "private" };
    let headers = response.headers_mut();
    headers.extend(HeaderValue::try_from(format!("{scope}, {lifetime}")).map(|value| (CACHE_CONTROL, value)));
    headers.insert(VARY, HeaderValue::from_static("authorization"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_of_invite_links_are_for_their_players_unless_the_host_says_otherwise() {
        use Audience::{Everybody, Nobody, Players};
        for (room, public) in [
            ("belt-1", Everybody),
            ("belt-41", Everybody),
            ("belt-", Players),
            ("belt-x", Players),
            ("ours", Players),
        ] {
            let all = [Watch::Nobody, Watch::Players, Watch::Public, Watch::Everybody];
            let usual = all.map(|watch| watch.audience(room, None));
            assert_eq!(usual, [Nobody, Players, public, Everybody], "{room}");
            for chosen in [Nobody, Players, Everybody] {
                assert_eq!(all.map(|watch| watch.audience(room, Some(chosen))), [chosen; 4]);
            }
        }
        assert_eq!(Watch::Everybody.audience("locked-ours-abcdefghjk", None), Players);
    }

    #[test]
    fn tokens_are_read_from_the_header_and_anything_else_is_none() {
        let shown = |text: &str| {
            let headers = [(AUTHORIZATION, HeaderValue::from_str(text).unwrap())].into_iter().collect();
            ShownSeats::of(&headers).0
        };
        let (one, other) = ("0123456789abcdef0123456789ABCDEF", "00000000000000000000000000000001");
        let hash = hash_of(ResumeToken(1_u128.to_be_bytes()));
        assert_eq!(shown(&format!("Seat {one} {other}"))[1..], [hash]);
        assert_eq!(shown(&format!("Seat  x +{} {other}", &one[1..])), [hash]);
        for text in ["", "Seat", "Bearer x", other] {
            assert_eq!(shown(text), [], "{text}");
        }
        assert_eq!(shown(&format!("Seat{}", format!(" {other}").repeat(99))).len(), SHOWN_LIMIT_TOKENS);
    }
}
