//! Which pages may open connections: a browser names the page's origin, and no page can forge it.

use super::proxies::Forwarding;
use axum::http::uri::{Authority, Scheme, Uri};
use hyper::header::{HeaderMap, ORIGIN};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// First segments of the server's paths: below them, a sub-path could not be told from the rest.
const RESERVED_SEGMENTS: [&str; 5] = ["api", "assets", "play", "recordings", "replay"];

const NO_SCHEME: &str = "it has no http:// or https:// at its start";

/// Scheme, host and port as browsers write them: in lower case, without the default port and the dot of a complete name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    host: String,
    /// `None` is the scheme's default.
    port: Option<u16>,
}

impl Origin {
    fn new(scheme: Scheme, authority: &str) -> Option<Origin> {
        let authority: Authority = authority.parse().ok()?;
        let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
        if host.is_empty() || authority.as_str().contains('@') {
            return None;
        }
        let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')?.parse::<Ipv6Addr>().ok());
        let host = v6.map_or(host, |address| format!("[{address}]"));
        let default_port = if scheme == Scheme::HTTPS { 443 } else { 80 };
        Some(Origin { scheme, host, port: authority.port_u16().filter(|port| *port != default_port) })
    }
}

impl Origin {
    /// This origin and those that differ from it in the first label of the host, or in the port of a host without domain, as
    /// sources of a Content-Security-Policy, for requests and for sockets.
    pub fn with_siblings(&self) -> Vec<String> {
        let is_address = self.host.starts_with('[') || self.host.parse::<Ipv4Addr>().is_ok();
        let domain = self.host.split_once('.').map(|(_, domain)| domain);
        let hosts = match domain.filter(|domain| domain.contains('.') && !is_address) {
            Some(domain) => {
                format!("*.{domain}{}", self.port.map(|port| format!(":{port}")).unwrap_or_default())
            }
            None => format!("{}:*", self.host),
        };
        let socket = if self.scheme == Scheme::HTTPS { "wss" } else { "ws" };
        vec![format!("{}://{hosts}", self.scheme), format!("{socket}://{hosts}")]
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Origin, String> {
        let url = HttpUrl::from_str(text);
        let url = url.map_err(|reason| format!("must be an origin such as https://example.org: {reason}"))?;
        if url.path != "/" {
            return Err("must be an origin such as https://example.org, without a path".into());
        }
        Ok(url.origin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// An http or https URL without user, query and fragment.
struct HttpUrl {
    origin: Origin,
    /// Begins and ends with a slash.
    path: String,
}

impl FromStr for HttpUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<HttpUrl, &'static str> {
        let text = text.trim();
        if !text.contains("://") {
            return Err(NO_SCHEME);
        }
        if text.contains('#') {
            return Err("it has a fragment (#)");
        }
        let uri: Uri =
            text.parse().map_err(|_| "it is no URL in ASCII; other letters have a form with xn--")?;
        let parts = uri.into_parts();
        let scheme = parts.scheme.filter(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(scheme));
        let scheme = scheme.ok_or(NO_SCHEME)?;
        let authority = parts.authority.ok_or("it names no host")?;
        if authority.as_str().contains('@') {
            return Err("it has a user name (@)");
        }
        let origin = Origin::new(scheme, authority.as_str()).ok_or("its host cannot be read")?;
        let path = parts.path_and_query.ok_or("its path cannot be read")?;
        if path.query().is_some() {
            return Err("it has a query (?)");
        }
        let path = path.path().trim_end_matches('/');
        Ok(HttpUrl { origin, path: format!("{path}/") })
    }
}

/// Where players find the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    pub origin: Origin,
    /// The path above all others, such as `/` or `/game/`.
    pub path: String,
}

impl PublicUrl {
    /// The path of a request without the path of this URL, which a proxy may have left; `None` if it is not below it.
    pub fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        let above = &self.path[..self.path.len() - 1];
        path.strip_prefix(above).filter(|rest| !above.is_empty() && rest.starts_with('/'))
    }

    /// Whether this is the URL's path but for the slash at its end, without which relative addresses would lead astray.
    pub fn lacks_slash(&self, path: &str) -> bool {
        self.path.strip_suffix('/').is_some_and(|above| !above.is_empty() && above == path)
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<PublicUrl, String> {
        let url = HttpUrl::from_str(text);
        let HttpUrl { origin, path } = url.map_err(|reason| {
            format!("must be a URL such as https://play.example.org or https://example.org/game: {reason}")
        })?;
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-._~".contains(letter);
        let mut segments = path[1..].trim_end_matches('/').split('/');
        let first = segments.clone().next().unwrap_or_default();
        if path != "/"
            && segments.any(|part| part.trim_matches('.').is_empty() || !part.chars().all(is_plain))
        {
            return Err(
                "its path may have letters, digits, `-`, `.`, `_` and `~` between single slashes".into()
            );
        }
        if RESERVED_SEGMENTS.contains(&first) {
            return Err(format!(
                "its path may not begin with /{first}, a path of the server: choose another one"
            ));
        }
        Ok(PublicUrl { origin, path })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

/// A page of another origin than the server expects.
#[derive(Debug)]
pub struct OriginRefused {
    /// `None` if it cannot be read, such as that of a page in a sandbox.
    refused: Option<Origin>,
    /// Empty if the request names no host.
    expected: Vec<Origin>,
}

impl fmt::Display for OriginRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected: Vec<_> = self.expected.iter().map(Origin::to_string).collect();
        match &expected[..] {
            [] => write!(f, "this server expects pages of its own host")?,
            expected => write!(f, "this server expects {}", expected.join(" or "))?,
        }
        match &self.refused {
            Some(refused) => write!(f, ", and this page is of {refused}")?,
            None => write!(f, ", and this page has no origin")?,
        }
        write!(f, " (whoever runs the server can allow it with --public-url or --origin)")
    }
}

/// The pages that may open connections.
#[derive(Clone, Debug)]
pub enum Origins {
    /// Pages of the host that the client asked for.
    Own,
    /// Pages of these origins, such as `https://example.org`.
    Listed(Vec<Origin>),
}

impl Origins {
    /// An empty list means the server's own origin.
    pub fn new(listed: Vec<Origin>) -> Origins {
        if listed.is_empty() { Origins::Own } else { Origins::Listed(listed) }
    }

    /// A request without an origin does not come from a page and is allowed.
    pub fn check(&self, asked: &Forwarding, headers: &HeaderMap) -> Result<(), OriginRefused> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else { return Ok(()) };
        let origin = origin.to_str().ok().filter(|_| origins.next().is_none());
        let origin = origin.and_then(|origin| origin.parse::<Origin>().ok());
        if origin.as_ref().is_some_and(|origin| self.allow(asked, origin)) {
            return Ok(());
        }
        let expected = match self {
            Origins::Own => {
                let scheme = asked.scheme.clone().or_else(|| Some(origin.as_ref()?.scheme.clone()));
                let host = asked.host.as_deref().zip(scheme);
                host.and_then(|(host, scheme)| Origin::new(scheme, host)).into_iter().collect()
            }
            Origins::Listed(listed) => listed.clone(),
        };
        Err(OriginRefused { refused: origin, expected })
    }

    fn allow(&self, asked: &Forwarding, origin: &Origin) -> bool {
        match self {
            Origins::Own => {
                let Some(host) = &asked.host else { return false };
                let Some(own) = Origin::new(origin.scheme.clone(), host) else { return false };
                // An https page cannot be had by http. The reverse happens, behind a proxy that does the TLS and does not say so.
                let is_forged = asked.scheme == Some(Scheme::HTTPS) && origin.scheme == Scheme::HTTP;
                // Some proxies leave the port out.
                let has_port =
                    !asked.is_forwarded || host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
                !is_forged && own.host == origin.host && (own.port == origin.port || !has_port)
            }
            Origins::Listed(listed) => listed.contains(origin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &str) -> Forwarding {
        Forwarding {
            client: [127, 0, 0, 1].into(),
            host: (!host.is_empty()).then(|| host.to_owned()),
            scheme: None,
            is_forwarded: false,
        }
    }

    fn allows(origins: &Origins, asked: &Forwarding, lines: &[&'static str]) -> bool {
        let line = |line| (ORIGIN, hyper::header::HeaderValue::from_static(line));
        origins.check(asked, &lines.iter().copied().map(line).collect()).is_ok()
    }

    #[test]
    fn pages_of_a_node_may_connect_to_hosts_beside_it_and_no_others() {
        let sources = |origin: &str| origin.parse::<Origin>().expect("an origin").with_siblings();
        let of_domain = ["https://*.play.example.org:8443", "wss://*.play.example.org:8443"];
        assert_eq!(sources("https://n2.play.example.org:8443"), of_domain);
        assert_eq!(sources("https://example.org"), ["https://example.org:*", "wss://example.org:*"]);
        assert_eq!(sources("http://127.0.0.1:81"), ["http://127.0.0.1:*", "ws://127.0.0.1:*"]);
    }

    #[test]
    fn own_means_the_host_that_the_request_names() {
        for (host, origin, is_allowed) in [
            ("play.test:8443", "https://PLAY.test:8443", true),
            ("play.test:443", "https://play.test", true),
            ("play.test", "https://play.test:443", true),
            ("play.test.", "http://play.test:80", true),
            ("[::1]:8443", "https://[0:0::1]:8443", true),
            ("play.test:80", "https://play.test", false),
            ("play.test:8443", "https://play.test", false),
            ("play.test", "https://play.test:8443", false),
            ("play.test", "https://evil.test", false),
            ("play.test", "https://play.test@evil.test", false),
            ("evil@play.test", "https://play.test", false),
            ("play.test", "null", false),
            ("", "https://evil.test", false),
            ("", "https://", false),
        ] {
            assert_eq!(allows(&Origins::Own, &asked(host), &[origin]), is_allowed, "{host}: {origin}");
        }
        assert!(allows(&Origins::Own, &asked("play.test:8443"), &[]));
    }

    #[test]
    fn what_a_proxy_says_of_scheme_and_host_counts() {
        let secure = Forwarding { scheme: Some(Scheme::HTTPS), ..asked("play.test") };
        assert!(allows(&Origins::Own, &secure, &["https://play.test"]));
        assert!(!allows(&Origins::Own, &secure, &["http://play.test"]));
        let plain = Forwarding { scheme: Some(Scheme::HTTP), ..asked("play.test") };
        assert!(allows(&Origins::Own, &plain, &["https://play.test"]), "another proxy in front does the TLS");
        let without_port = Forwarding { is_forwarded: true, ..asked("play.test") };
        assert!(allows(&Origins::Own, &without_port, &["https://play.test:8443"]));
        let with_port = Forwarding { is_forwarded: true, ..asked("play.test:443") };
        assert!(!allows(&Origins::Own, &with_port, &["https://play.test:8443"]));
    }

    #[test]
    fn a_list_allows_what_it_lists_and_a_refusal_names_it() {
        let listed = Origins::new(vec![
            "https://Games.test:443/".parse().unwrap(),
            "http://b.test:8080".parse().unwrap(),
        ]);
        assert!(allows(&listed, &asked("x"), &["https://games.test"]));
        assert!(!allows(&listed, &asked("x"), &["https://x"]));
        assert!(!allows(&listed, &asked(""), &["https://games.test", "https://evil.test"]));
        let headers = HeaderMap::from_iter([(ORIGIN, "https://x".parse().unwrap())]);
        let refusal = |origins: &Origins| origins.check(&asked("y:443"), &headers).unwrap_err().to_string();
        let listed = refusal(&listed);
        assert!(
            listed.starts_with(
                "this server expects https://games.test or http://b.test:8080, and this page is of https://x"
            ),
            "{listed}"
        );
        assert!(refusal(&Origins::Own).starts_with("this server expects https://y, "));
    }

    #[test]
    fn a_public_url_is_normalized_or_refused() {
        for (text, url) in [
            ("https://Play.Example.org:443", "https://play.example.org/"),
            (" https://example.org./Game// ", "https://example.org/Game/"),
            ("http://[0:0::1]:8080/a/b.c", "http://[::1]:8080/a/b.c/"),
            ("HTTPS://example.org:8443/", "https://example.org:8443/"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().map(|url| url.to_string()), Ok(url.into()), "{text}");
        }
        for (text, word) in [
            ("play.example.org", "https://"),
            ("play.example.org/game", ""),
            ("example.org:443", ""),
            ("ftp://example.org", "https://"),
            ("https://", ""),
            ("https:///game", ""),
            ("https://example.org?x", "query"),
            ("https://example.org/#x", "fragment"),
            ("https://a:b@example.org", "user"),
            ("https://example.org/a//b", "single slashes"),
            ("https://example.org/a/../b", "single slashes"),
            ("https://example.org/a%20b", "letters"),
            ("https://spiel.bücher.test", "xn--"),
            ("https://example.org/play", "/play"),
            ("", ""),
        ] {
            let reason = text.parse::<PublicUrl>().expect_err(text);
            assert!(reason.contains(word), "{text}: {reason}");
        }
        assert!("https://example.org/game".parse::<Origin>().is_err());
    }

    #[test]
    fn the_path_of_a_public_url_is_left_out() {
        let url: PublicUrl = "https://example.org/game".parse().unwrap();
        assert_eq!(url.strip("/game/play/a"), Some("/play/a"));
        assert_eq!(url.strip("/game/"), Some("/"));
        assert_eq!(url.strip("/games/"), None);
        assert_eq!(url.strip("/play/game/"), None);
        assert!(url.lacks_slash("/game") && !url.lacks_slash("/game/") && !url.lacks_slash("/"));
        let root: PublicUrl = "https://example.org".parse().unwrap();
        assert_eq!(root.strip("/play/a"), None);
        assert!(!root.lacks_slash("") && !root.lacks_slash("/"));
    }
}
