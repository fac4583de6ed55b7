//! What one peer may take up, and whom the server trusts.

pub mod addresses;
pub mod allowance;
pub mod bans;
pub mod limits;
pub mod origin;
pub mod presence;
pub mod proxies;
pub mod whereabouts;
