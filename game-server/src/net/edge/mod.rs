//! The port: accepts sockets, TLS, HTTP connections.

pub mod acme;
pub mod listener;
pub mod pem;
pub mod tls;
