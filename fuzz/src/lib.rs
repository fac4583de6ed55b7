//! Whatever reads what strangers wrote, handed whatever bytes. Each target is one function: libFuzzer calls it from
//! `fuzz_targets/`, the tests call it with everything in `corpus/`, one directory per target.
//!
//! A target panics if its decoder does, or if what was taken breaks a promise. Bytes that made one panic stay in its corpus,
//! under a name that says what they showed.

mod budget;
mod files;
mod stored;
mod text;
mod wire;

pub use budget::run;
pub use files::{config, rules};
pub use stored::{commands, keyframe, recording};
pub use text::text;
pub use wire::{batch, client_message, server_message, snapshot_deltas};

/// Takes whatever bytes; says whether they made sense.
pub type Target = fn(&[u8]) -> bool;

/// All targets, by the names of their corpora.
pub const TARGETS: [(&str, Target); 10] = [
    ("client_message", client_message),
    ("server_message", server_message),
    ("snapshot_deltas", snapshot_deltas),
    ("batch", batch),
    ("recording", recording),
    ("keyframe", keyframe),
    ("commands", commands),
    ("config", config),
    ("rules", rules),
    ("text", text),
];
