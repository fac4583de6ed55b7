//! Limits on what a peer may use, bans, and which proxies and origins are trusted.

pub mod addresses;
pub mod bans;
mod forwarded;
pub mod limits;
pub mod network_limit;
pub mod origin;
pub mod peer_addresses;
pub mod permits;
pub mod proxies;
pub mod socket_permit;
pub mod token_bucket;
