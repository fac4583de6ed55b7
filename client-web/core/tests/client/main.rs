//! Tests of the client core against servers in virtual time.

mod belt;
mod hostile;
mod live;
mod replay;
mod rig;
mod server;
