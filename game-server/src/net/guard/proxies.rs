//! What proxies say of the requests that they forward, by `X-Forwarded-…` or `Forwarded` (RFC 7239). Only proxies that the host
//! trusts are believed, and only what they wrote themselves: each appends to what it received, so the lists are read from
//! their ends.

use super::forwarded::{self, Element};
use axum::http::uri::Scheme;
use hyper::header::{HOST, HeaderMap};
use ipnet::IpNet;
use std::net::IpAddr;

/// Each proxy appends the address that it received the request from.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// The host that a proxy was asked for.
const FORWARDED_HOST: &str = "x-forwarded-host";
/// Whether a proxy was asked by http or https.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The proxies that the host trusts.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

/// What a client has asked for, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarding {
    pub client: IpAddr,
    pub host: Option<String>,
    /// `None` is unknown.
    pub scheme: Option<Scheme>,
    /// A trusted proxy stands between.
    pub is_forwarded: bool,
}

/// Why the headers of a trusted proxy are not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForwardingError {
    #[error("the Forwarded header cannot be read (RFC 7239)")]
    Unreadable,
    /// A client can forge the header that its proxy does not write.
    #[error(
        "Forwarded and X-Forwarded-For name different clients: the proxy must remove the one that it does not write"
    )]
    Contradiction,
}

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

    /// Who has sent a request, and what for. The client is the nearest hop that is not a trusted proxy; hops beyond it may be
    /// forged. A proxy that hides the hop before it counts as the client.
    ///
    /// # Errors
    /// The headers do not show which part of them the proxy has written.
    pub fn forwarding(&self, peer: IpAddr, headers: &HeaderMap) -> Result<Forwarding, ForwardingError> {
        let peer = peer.to_canonical();
        let host = || headers.get(HOST)?.to_str().ok().map(str::trim).filter(|host| !host.is_empty());
        let host = || host().map(str::to_owned);
        if !self.trust(peer) {
            return Ok(Forwarding { client: peer, host: host(), scheme: None, is_forwarded: false });
        }
        let elements = forwarded::elements(headers).ok_or(ForwardingError::Unreadable)?;
        let hops = list(headers, FORWARDED_FOR);
        let by_elements = self.walk(peer, elements.iter().rev().map(|element| element.node.as_deref()));
        let by_hops = self.walk(peer, hops.iter().rev().map(|hop| Some(hop.as_str())));
        let names_client = elements.iter().any(|element| element.node.is_some());
        if names_client && !hops.is_empty() && by_elements.client != by_hops.client {
            return Err(ForwardingError::Contradiction);
        }
        let client = if names_client { by_elements.client } else { by_hops.client };
        // The client asked the outermost of the trusted proxies.
        let trusted = &elements[elements.len() - by_elements.proxies.min(elements.len())..];
        let of_element = |value: fn(&Element) -> Option<&String>| trusted.iter().find_map(value).cloned();
        let of_list = |name| {
            let mut values = list(headers, name);
            let at = values.len().checked_sub(by_hops.proxies.clamp(1, values.len().max(1)))?;
            Some(values.swap_remove(at))
        };
        let scheme = of_element(|element| element.scheme.as_ref()).or_else(|| of_list(FORWARDED_PROTO));
        let asked_host = of_element(|element| element.host.as_ref()).or_else(|| of_list(FORWARDED_HOST));
        Ok(Forwarding {
            client,
            host: asked_host.or_else(host),
            scheme: scheme.and_then(|scheme| match scheme.to_ascii_lowercase().as_str() {
                // The proxy may name what it speaks over it.
                "https" | "wss" => Some(Scheme::HTTPS),
                "http" | "ws" => Some(Scheme::HTTP),
                _ => None,
            }),
            is_forwarded: true,
        })
    }

    /// Whom a request is from, for the log: the peer, if its headers are not believed.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        self.forwarding(peer, headers).map_or(peer, |forwarding| forwarding.client)
    }

    /// Goes from the peer outwards past trusted proxies. `nodes` begins with what the nearest proxy wrote.
    fn walk<'a>(&self, peer: IpAddr, mut nodes: impl Iterator<Item = Option<&'a str>>) -> Walk {
        let mut walk = Walk { client: peer, proxies: 0 };
        while self.trust(walk.client)
            && let Some(node) = nodes.next()
        {
            walk.proxies += 1;
            let Some(address) = node.and_then(address_of) else { break };
            // Another machine's loopback address is none of this one.
            if address.is_loopback() && !walk.client.is_loopback() {
                break;
            }
            walk.client = address;
        }
        walk
    }
}

struct Walk {
    client: IpAddr,
    /// How many trusted proxies have written something.
    proxies: usize,
}

/// The values of a list over all its lines. Not only of lines that are text: the last value is the proxy's, whatever the client
/// sent before it.
fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
    let values = |line: std::borrow::Cow<'_, str>| {
        line.split(',')
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
            .collect::<Vec<_>>()
    };
    lines.flat_map(values).collect()
}

/// The address of a node that names one, with or without port and zone.
fn address_of(node: &str) -> Option<IpAddr> {
    let host = match node.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => match node.split_once(':') {
            // One colon separates a port; more are an IPv6 address.
            Some((host, port)) if !port.contains(':') => host,
            _ => node,
        },
    };
    let host = host.split_once('%').map_or(host, |(host, _zone)| host);
    let address = host.parse::<IpAddr>().ok()?.to_canonical();
    (!address.is_unspecified() && !address.is_multicast()).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderName, HeaderValue};

    fn proxies() -> Proxies {
        Proxies::new(vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()])
    }

    fn forwarding(peer: &str, lines: &[(&'static str, &[u8])]) -> Result<Forwarding, ForwardingError> {
        let line = |&(name, value): &(&'static str, &[u8])| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap())
        };
        let mut headers = HeaderMap::new();
        lines.iter().map(line).for_each(|(name, value)| _ = headers.append(name, value));
        proxies().forwarding(peer.parse().unwrap(), &headers)
    }

    fn client(peer: &str, name: &'static str, lines: &[&str]) -> String {
        let lines: Vec<_> = lines.iter().map(|line| (name, line.as_bytes())).collect();
        forwarding(peer, &lines).map_or_else(|error| error.to_string(), |found| found.client.to_string())
    }

    #[test]
    fn the_nearest_hop_that_is_no_trusted_proxy_is_the_client() {
        for (lines, expected) in [
            (&["203.0.113.9, 192.0.2.1, 10.1.2.3"][..], "192.0.2.1"),
            (&["203.0.113.9", "192.0.2.1:4711"], "192.0.2.1"),
            (&["[2001:db8::1]:443"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["fe80::1%eth0"], "fe80::1"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
            (&["192.0.2.1,", " , ", ""], "192.0.2.1"),
            (&["10.0.0.1, 10.0.0.2"], "10.0.0.1"),
        ] {
            assert_eq!(client("127.0.0.1", FORWARDED_FOR, lines), expected, "{lines:?}");
            assert_eq!(client("::ffff:127.0.0.1", FORWARDED_FOR, lines), expected, "{lines:?}");
        }
        for (lines, expected) in [
            (&["for=203.0.113.9, For=192.0.2.1, FOR=10.1.2.3;by=10.0.0.1"][..], "192.0.2.1"),
            (&["for=203.0.113.9;proto=http", "for=\"192.0.2.1:4711\";proto=https"], "192.0.2.1"),
            (&["for=\"[2001:db8::1]:_port\""], "2001:db8::1"),
            (&["for=\"[2001:db8::\\1]\" ; host=x,"], "2001:db8::1"),
            (&["for=192.0.2.1", "for=unknown"], "127.0.0.1"),
            (&["for=_hidden, for=10.0.0.1"], "10.0.0.1"),
            (&["host=x"], "127.0.0.1"),
        ] {
            assert_eq!(client("127.0.0.1", "forwarded", lines), expected, "{lines:?}");
        }
        assert_eq!(client("127.0.0.1", FORWARDED_FOR, &["127.0.0.5"]), "127.0.0.5");
        assert_eq!(
            client("10.0.0.1", FORWARDED_FOR, &["192.0.2.1, 127.0.0.1"]),
            "10.0.0.1",
            "of another machine"
        );
    }

    #[test]
    fn other_hops_are_not_believed() {
        for name in [FORWARDED_FOR, "forwarded"] {
            let node = if name == FORWARDED_FOR { "192.0.2.1" } else { "for=192.0.2.1" };
            assert_eq!(client("198.51.100.7", name, &[node]), "198.51.100.7");
            assert_eq!(client("127.0.0.1", name, &[]), "127.0.0.1");
        }
        for unknown in
            ["unknown", "_hidden", "unix:", "0.0.0.0", "ff02::1", "192.0.2.1.5", "[::1", "1:2:3", "::%"]
        {
            assert_eq!(client("127.0.0.1", FORWARDED_FOR, &["192.0.2.1", unknown]), "127.0.0.1", "{unknown}");
        }
    }

    #[test]
    fn what_the_client_sends_does_not_hide_what_its_proxy_appends() {
        for forged in [&b"\xff\xfe"[..], b"\"", b"for=\"", b"127.0.0.1", b";;;", b"10.0.0.1"] {
            let line = [forged, b", 192.0.2.1"].concat();
            let found = forwarding("127.0.0.1", &[(FORWARDED_FOR, &line)]).unwrap();
            assert_eq!(found.client.to_string(), "192.0.2.1", "{forged:?}");
            let line = [forged, b", for=192.0.2.1;proto=https"].concat();
            // A quote that the client left open may not swallow the proxy's part.
            if let Ok(found) = forwarding("127.0.0.1", &[("forwarded", &line)]) {
                assert_eq!(found.client.to_string(), "192.0.2.1", "{forged:?}");
            }
        }
        let forged: &[&[u8]] = &[
            b"for=1.1.1.1;x=\"",
            b"x=\"\\",
            b"for=\"1.1.1.1",
            b"for",
            b"=1.1.1.1",
            b"for=1.1.1.1;for=2.2.2.2",
        ];
        for forged in forged {
            let line = [forged, &b", for=\"192.0.2.1\""[..]].concat();
            assert_eq!(
                forwarding("127.0.0.1", &[("forwarded", &line)]),
                Err(ForwardingError::Unreadable),
                "{}",
                String::from_utf8_lossy(&line)
            );
        }
    }

    #[test]
    fn the_header_that_the_proxy_does_not_write_gives_nobody_another_address() {
        let (hops, element): (_, (_, &[u8])) =
            ((FORWARDED_FOR, &b"192.0.2.1"[..]), ("forwarded", b"for=192.0.2.1"));
        assert_eq!(forwarding("127.0.0.1", &[hops, element]).unwrap().client.to_string(), "192.0.2.1");
        for forged in [&b"for=203.0.113.9"[..], b"for=unknown", b"for=127.0.0.1", b"for=10.0.0.1"] {
            let both = forwarding("127.0.0.1", &[hops, ("forwarded", forged)]);
            assert_eq!(both, Err(ForwardingError::Contradiction), "{forged:?}");
        }
        let forged = forwarding("127.0.0.1", &[(FORWARDED_FOR, b"unknown"), element]);
        assert_eq!(forged, Err(ForwardingError::Contradiction));
        let without_client = forwarding("127.0.0.1", &[hops, ("forwarded", b"proto=https")]).unwrap();
        assert_eq!(without_client.client.to_string(), "192.0.2.1");
    }

    #[test]
    fn host_and_scheme_are_those_that_the_outermost_trusted_proxy_was_asked_for() {
        let host = ("host", &b"inner:8080"[..]);
        let found = |peer: &str, lines: &[(&'static str, &[u8])]| {
            let found = forwarding(peer, &[&[host], lines].concat()).unwrap();
            (found.host.unwrap(), found.scheme.map(|scheme| scheme.to_string()))
        };
        let both: &[(&str, &[u8])] = &[(FORWARDED_HOST, b"play.test"), (FORWARDED_PROTO, b"https")];
        assert_eq!(found("198.51.100.7", both), ("inner:8080".into(), None));
        assert_eq!(found("127.0.0.1", both), ("play.test".into(), Some("https".into())));
        let listed: &[(&str, &[u8])] =
            &[(FORWARDED_HOST, b"evil.test, play.test"), (FORWARDED_PROTO, b"HTTPS,http")];
        assert_eq!(found("127.0.0.1", listed), ("play.test".into(), Some("http".into())));
        let two = [&[(FORWARDED_FOR, &b"192.0.2.1, 10.0.0.1"[..])], listed].concat();
        assert_eq!(found("127.0.0.1", &two), ("evil.test".into(), Some("https".into())), "both are trusted");
        let nonsense: &[(&str, &[u8])] = &[(FORWARDED_PROTO, b"gopher"), (FORWARDED_HOST, b" , ")];
        assert_eq!(found("127.0.0.1", nonsense), ("inner:8080".into(), None));
        let elements: &[(&str, &[u8])] = &[
            (
                "forwarded",
                b"for=1.1.1.1;host=evil.test;proto=http, for=192.0.2.1;host=\"play.test:8443\";proto=https",
            ),
            ("forwarded", b"for=10.0.0.1;host=middle"),
        ];
        assert_eq!(found("127.0.0.1", elements), ("play.test:8443".into(), Some("https".into())));
    }

    #[test]
    fn plain_http_is_for_this_machine_and_the_proxies() {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let may = |peer: &str| proxies.may_speak_plainly(peer.parse().unwrap());
        assert!(may("::ffff:10.1.2.3") && may("127.0.0.1") && may("::1"));
        assert!(!may("192.0.2.1") && !may("::ffff:192.0.2.1"));
    }
}
