//! State hashing: XXH3-64 over little-endian words, the same on every machine.

use xxhash_rust::xxh3::Xxh3Default;

/// Hashes a sequence of words and bytes. The order of writes is part of the value.
#[derive(Default)]
pub struct StateHasher {
    inner: Xxh3Default,
}

impl StateHasher {
    /// Adds one word.
    pub fn word(&mut self, value: u32) {
        self.inner.update(&value.to_le_bytes());
    }

    /// Adds bytes, without their length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
    }

    /// The hash of everything added.
    pub fn finish(&self) -> u64 {
        self.inner.digest()
    }
}

/// The hash of one run of bytes.
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}
