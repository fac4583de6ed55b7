//! The port: accepts sockets, speaks TLS, serves HTTP on them.

pub mod acme;
pub mod listener;
pub mod tls;
