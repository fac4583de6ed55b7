//! The address of a client behind a proxy: `X-Forwarded-For` counts if a proxy that the host trusts wrote it.

use hyper::header::{HOST, HeaderMap};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// Each proxy appends the address that it received the request from.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// A proxy puts the host there that it was asked for.
const FORWARDED_HOST: &str = "x-forwarded-host";

/// The proxies that the host trusts.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    pub fn new(networks: Vec<IpNet>) -> Proxies {
        Proxies(networks)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn networks(&self) -> &[IpNet] {
        &self.0
    }

    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether plain HTTP may be spoken with this peer.
    pub fn may_speak_plainly(&self, peer: IpAddr) -> bool {
        peer.to_canonical().is_loopback() || self.trust(peer)
    }

    /// The host that the client of a request asked for: the nearest proxy may have replaced it.
    pub fn host<'a>(&self, peer: IpAddr, headers: &'a HeaderMap) -> Option<&'a str> {
        let forwarded = headers.get_all(FORWARDED_HOST).iter().next_back().filter(|_| self.trust(peer));
        let host = forwarded.or(headers.get(HOST))?.to_str().ok()?;
        host.rsplit(',').next().map(str::trim)
    }

    /// The client of a request: the nearest hop that is not a trusted proxy. Hops beyond it may be forged.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        while self.trust(client) {
            let Some(hop) = hops.next().and_then(|hop| address_of(hop.trim())) else { break };
            client = hop.to_canonical();
        }
        client
    }
}

/// Some proxies append the port.
fn address_of(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    hop.parse().ok().or_else(with_port).or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn client(peer: &str, lines: &[&'static str]) -> String {
        let proxies = Proxies::new(vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_nearest_hop_that_is_no_trusted_proxy_is_the_client() {
        assert_eq!(client("127.0.0.1", &["203.0.113.9, 192.0.2.1, 10.1.2.3"]), "192.0.2.1");
        assert_eq!(client("::ffff:127.0.0.1", &["203.0.113.9", "192.0.2.1:4711"]), "192.0.2.1");
        assert_eq!(client("127.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(client("127.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
    }

    #[test]
    fn plain_http_is_for_this_machine_and_the_proxies() {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let may = |peer: &str| proxies.may_speak_plainly(peer.parse().unwrap());
        assert!(may("::ffff:10.1.2.3") && may("127.0.0.1") && may("::1"));
        assert!(!may("192.0.2.1") && !may("::ffff:192.0.2.1"));
    }

    #[test]
    fn other_hops_are_not_believed() {
        assert_eq!(client("198.51.100.7", &["192.0.2.1"]), "198.51.100.7");
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &["192.0.2.1, unknown"]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &["10.0.0.1, 10.0.0.2"]), "10.0.0.1");
    }
}
