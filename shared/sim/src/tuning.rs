//! The numbers of `assets/drones.toml` and `assets/spawns.toml`, as `build.rs` writes them.

include!(concat!(env!("OUT_DIR"), "/tuning.rs"));
