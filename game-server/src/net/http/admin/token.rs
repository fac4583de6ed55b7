//! The secret of the administrators.

use axum::http::header::{AUTHORIZATION, HeaderMap};
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use subtle::ConstantTimeEq;

/// Shortest token that cannot be guessed.
pub const TOKEN_FLOOR_BYTES: usize = 16;
/// Longer than any that a person or a program makes, and short enough for a header.
const TOKEN_LIMIT_BYTES: usize = 1024;

/// What is kept of a secret, so that the time of a comparison reveals nothing.
pub type Digest = [u8; SHA256_OUTPUT_LEN];

/// The token that the host has chosen.
#[derive(Clone)]
pub struct AdminToken(Digest);

/// Why a text is no administrator's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    #[error("there is no token in it")]
    Empty,
    #[error("the token must have at least {TOKEN_FLOOR_BYTES} characters")]
    Short,
    #[error("the token must have at most {TOKEN_LIMIT_BYTES} characters")]
    Long,
    #[error("the token must be one line of ASCII characters: no request can show another one")]
    Unshowable,
}

impl AdminToken {
    /// The token, without white space around it.
    pub fn new(token: &str) -> Result<AdminToken, BadToken> {
        let token = token.trim();
        // What a header may have (RFC 9110 §5.5), and no tab.
        let is_visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        match token {
            "" => Err(BadToken::Empty),
            _ if !token.bytes().all(is_visible) => Err(BadToken::Unshowable),
            _ if token.len() < TOKEN_FLOOR_BYTES => Err(BadToken::Short),
            _ if token.len() > TOKEN_LIMIT_BYTES => Err(BadToken::Long),
            _ => Ok(AdminToken(digest_of(token))),
        }
    }

    pub fn is(&self, shown: &str) -> bool {
        digest_of(shown).ct_eq(&self.0).into()
    }
}

/// The token that a request shows.
pub fn shown(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

pub fn digest_of(token: &str) -> Digest {
    let mut bytes = [0; SHA256_OUTPUT_LEN];
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}
