//! What an accepted socket counts against.

use crate::net::guard::addresses::AddressPermit;
use crate::net::guard::network_limit::NetworkPermit;
use crate::net::guard::permits::Permit;
use std::net::IpAddr;

/// Counts as one socket until dropped: held by HTTP and then by the WebSocket.
pub struct SocketPermit {
    pub _server: SocketShare,
    /// `None` for a proxy, which opens the sockets of many clients.
    pub _address: Option<AddressPermit>,
    /// The other end of the socket.
    pub peer: IpAddr,
}

/// Where a socket counts.
pub enum SocketShare {
    Server(Permit),
    /// Beyond the limit: it may ask for the probes.
    Probes(NetworkPermit),
}
