//! [`fuzz::snapshot_deltas`] under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzz::run(fuzz::snapshot_deltas, bytes);
});
