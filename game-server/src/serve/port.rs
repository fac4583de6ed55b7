//! The listening port, and this machine's address on its network.

use super::error::StartError;
#[cfg(unix)]
use super::handover;
use crate::net::edge::listener;
use crate::net::guard::proxies::Proxies;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use tokio::net::TcpListener;

/// The socket to listen on: the previous process's, if it left one.
pub fn open(
    host: Option<IpAddr>,
    port: u16,
    tls: bool,
    proxies: &Proxies,
) -> Result<TcpListener, StartError> {
    check_host(host, tls, proxies)?;
    if let Some(listener) = inherited()? {
        return Ok(listener);
    }
    match host {
        Some(host) => listen(host, port),
        None if !tls => listen(Ipv4Addr::LOCALHOST.into(), port),
        // A machine without IPv6 has no address for both.
        None => match listen(Ipv6Addr::UNSPECIFIED.into(), port) {
            Err(StartError::Listen { .. }) => listen(Ipv4Addr::UNSPECIFIED.into(), port),
            listener => listener,
        },
    }
}

/// Whether [`open`] could listen at this address. An inherited socket keeps its address.
pub fn would_open(host: Option<IpAddr>, port: u16, tls: bool, address: SocketAddr) -> bool {
    let same_host = match host {
        Some(host) => host == address.ip(),
        None if tls => address.ip().is_unspecified(),
        None => address.ip() == Ipv4Addr::LOCALHOST,
    };
    same_host && (port == 0 || port == address.port())
}

/// Plain HTTP is for this machine and for proxies.
pub fn check_host(host: Option<IpAddr>, tls: bool, proxies: &Proxies) -> Result<(), StartError> {
    match host {
        Some(host) if !tls && !host.is_loopback() && proxies.is_empty() => {
            Err(StartError::PlainBeyondLoopback(host))
        }
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn inherited() -> Result<Option<TcpListener>, StartError> {
    let listener = handover::inherited_listener().map_err(StartError::Listener)?;
    listener.map(TcpListener::from_std).transpose().map_err(StartError::Listener)
}

#[cfg(not(unix))]
fn inherited() -> Result<Option<TcpListener>, StartError> {
    Ok(None)
}

fn listen(host: IpAddr, port: u16) -> Result<TcpListener, StartError> {
    let address = SocketAddr::new(host, port);
    listener::listen(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken(port),
        _ => StartError::Listen { address, error },
    })
}

/// This machine's address on its network. Connecting a UDP socket sends nothing; it only picks the route.
pub fn lan_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address for documentation (RFC 5737): any outside address picks the same route.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

/// The address as the host of a URL.
pub fn bracketed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}
