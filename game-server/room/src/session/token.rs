//! Resume tokens: the server keeps and records only their hashes, so that neither its memory nor a recording opens a seat,
//! and comparing them tells an attacker nothing.

use sha2::{Digest, Sha256};
use shared::message::ResumeToken;
use shared::recording::{TOKEN_HASH_BYTES, TokenHash};

/// The hash of a token: the front of its SHA-256.
pub fn hash_of(token: ResumeToken) -> TokenHash {
    let digest = Sha256::digest(token.0);
    let mut hash = [0; TOKEN_HASH_BYTES];
    hash.copy_from_slice(&digest[..TOKEN_HASH_BYTES]);
    TokenHash(hash)
}
