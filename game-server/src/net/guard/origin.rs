//! Which pages may open connections: a browser names the page's origin, and no page can forge it.

use hyper::header::{HeaderMap, ORIGIN};

#[derive(Clone, Debug)]
pub enum Origins {
    /// Pages of the host that the client asked for.
    Own,
    /// Pages of these origins, such as `https://example.org`.
    Listed(Vec<String>),
}

impl Origins {
    /// An empty list means the server's own origin.
    pub fn new(listed: &[String]) -> Origins {
        if listed.is_empty() {
            return Origins::Own;
        }
        Origins::Listed(listed.iter().map(|origin| normalized(origin)).collect())
    }

    /// `host` is the host that the client asked for. A request without an origin does not come from a page and is allowed.
    pub fn allow(&self, host: Option<&str>, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else { return true };
        let (Ok(origin), None) = (origin.to_str(), origins.next()) else { return false };
        let origin = normalized(origin);
        match self {
            Origins::Own => {
                // Not the host's scheme: behind a proxy that terminates TLS it is http here.
                host.zip(origin.split_once("://"))
                    .is_some_and(|(host, (scheme, _))| normalized(&format!("{scheme}://{host}")) == origin)
            }
            Origins::Listed(listed) => listed.contains(&origin),
        }
    }
}

/// As browsers write it: in lower case, without a slash at the end, the default port and the dot of a complete name.
fn normalized(origin: &str) -> String {
    let origin = origin.trim().trim_end_matches('/').to_lowercase();
    let Some((scheme, authority)) = origin.split_once("://") else { return origin };
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => "",
    };
    let authority = authority.strip_suffix(default_port).unwrap_or(authority);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, format!(":{port}")),
        _ => (authority, String::new()),
    };
    format!("{scheme}://{}{port}", host.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |&(name, value): &(&'static str, &'static str)| {
            (name.parse().unwrap(), hyper::header::HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    fn allows(origins: &Origins, headers: HeaderMap) -> bool {
        origins.allow(headers.get("host").and_then(|host| host.to_str().ok()), &headers)
    }

    #[test]
    fn own_means_the_host_that_the_request_names() {
        let own = Origins::new(&[]);
        assert!(allows(&own, headers(&[("host", "play.test:8443")])));
        assert!(allows(&own, headers(&[("host", "play.test:8443"), ("origin", "https://PLAY.test:8443")])));
        assert!(allows(&own, headers(&[("host", "play.test:443"), ("origin", "https://play.test")])));
        assert!(allows(&own, headers(&[("host", "play.test."), ("origin", "http://play.test:80")])));
        assert!(allows(&own, headers(&[("host", "[::1]:8443"), ("origin", "https://[::1]:8443")])));
        assert!(!allows(&own, headers(&[("host", "play.test:80"), ("origin", "https://play.test")])));
        assert!(!allows(&own, headers(&[("host", "play.test:8443"), ("origin", "https://play.test")])));
        assert!(!allows(&own, headers(&[("host", "play.test"), ("origin", "https://evil.test")])));
        assert!(!allows(&own, headers(&[("host", "play.test"), ("origin", "null")])));
        assert!(!allows(&own, headers(&[("origin", "https://evil.test")])));
    }

    #[test]
    fn a_list_allows_what_it_lists() {
        let listed = Origins::new(&["https://Games.test:443/".into()]);
        assert!(allows(&listed, headers(&[("host", "x"), ("origin", "https://games.test")])));
        assert!(!allows(&listed, headers(&[("host", "x"), ("origin", "https://x")])));
        assert!(!allows(
            &listed,
            headers(&[("origin", "https://games.test"), ("origin", "https://evil.test")])
        ));
    }
}
