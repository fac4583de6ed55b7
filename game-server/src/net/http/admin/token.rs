//! The secret of the administrators.

use axum::http::header::{AUTHORIZATION, HeaderMap};
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use subtle::ConstantTimeEq;

/// Shortest token that cannot be guessed.
pub const TOKEN_FLOOR_BYTES: usize = 16;

/// What is kept of a secret, so that the time of a comparison reveals nothing.
pub type Digest = [u8; SHA256_OUTPUT_LEN];

/// The token that the host has chosen.
#[derive(Clone)]
pub struct AdminToken(Digest);

impl AdminToken {
    /// `None` if the token is too short.
    pub fn new(token: &str) -> Option<AdminToken> {
        (token.len() >= TOKEN_FLOOR_BYTES).then(|| AdminToken(digest_of(token)))
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
