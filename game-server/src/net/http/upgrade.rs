//! From HTTP to WebSocket: the checks before the 101 (RFC 6455 §4.2), and the answers to requests that fail them.

use crate::net::http::body::{Answer, set, text, whole};
use crate::net::play::ending::version_mismatch;
use crate::net::play::site::{Purpose, Site};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};
use shared::PROTOCOL_VERSION;
use tungstenite::handshake::derive_accept_key;

/// Subprotocols are this and the version.
const PROTOCOL_PREFIX: &str = "driftbelt.";
/// The version of WebSocket itself.
const WEBSOCKET_VERSION: &str = "13";
/// A key is 16 bytes in base64: 22 characters of the alphabet and two of padding.
const KEY_LENGTH: usize = 24;

/// A request that gets its 101.
#[derive(Debug)]
pub struct Upgrade {
    accept: String,
    /// Nothing with a conformance suite.
    protocol: Option<String>,
    /// What a person can do about it, if the page speaks another version than the server.
    pub mismatch: Option<&'static str>,
}

impl Upgrade {
    /// Checks a request on the path of the socket.
    ///
    /// # Errors
    /// The answer that refuses it.
    pub fn check<B>(request: &Request<B>, site: &Site) -> Result<Upgrade, Box<Answer>> {
        let headers = request.headers();
        if request.method() != Method::GET {
            let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "the socket is opened with GET");
            set(&mut answer, header::ALLOW, "GET");
            return Err(Box::new(answer));
        }
        if request.version() < Version::HTTP_11 {
            return Err(bad("a WebSocket needs HTTP/1.1"));
        }
        if !has_token(headers, &header::UPGRADE, "websocket")
            || !has_token(headers, &header::CONNECTION, "upgrade")
        {
            return Err(upgrade_required());
        }
        if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != WEBSOCKET_VERSION) {
            return Err(upgrade_required());
        }
        let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
        let (Some(key), None) = (keys.next(), keys.next()) else {
            return Err(bad("exactly one Sec-WebSocket-Key is needed"));
        };
        if !is_key(key.as_bytes()) {
            return Err(bad("Sec-WebSocket-Key must be 16 bytes in base64"));
        }
        if !site.origins.allow(headers) {
            return Err(Box::new(text(
                StatusCode::FORBIDDEN,
                "this page may not open sockets here: its origin is not allowed by the server (--origin)",
            )));
        }
        let accept = derive_accept_key(key.as_bytes());
        match choose_protocol(headers) {
            _ if site.purpose == Purpose::Echo => Ok(Upgrade { accept, protocol: None, mismatch: None }),
            Some((protocol, mismatch)) => Ok(Upgrade { accept, protocol: Some(protocol), mismatch }),
            None => Err(bad(&format!("offer the subprotocol {PROTOCOL_PREFIX}{PROTOCOL_VERSION}"))),
        }
    }

    /// The 101.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let mut answer = Response::new(whole(""));
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        set(&mut answer, header::UPGRADE, "websocket");
        set(&mut answer, header::CONNECTION, "Upgrade");
        let headers = answer.headers_mut();
        let protocol = self.protocol.as_ref().map(|protocol| (header::SEC_WEBSOCKET_PROTOCOL, protocol));
        for (name, value) in [(header::SEC_WEBSOCKET_ACCEPT, &self.accept)].into_iter().chain(protocol) {
            // Base64, and a token that came in a valid header, are valid header values.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        answer
    }
}

fn bad(line: &str) -> Box<Answer> {
    Box::new(text(StatusCode::BAD_REQUEST, line))
}

fn upgrade_required() -> Box<Answer> {
    let line = "This is the game's WebSocket. Open the page of this server in a browser to play; a client of your own \
                connects here with `Upgrade: websocket` and `Sec-WebSocket-Version: 13`.";
    let mut answer = text(StatusCode::UPGRADE_REQUIRED, line);
    set(&mut answer, header::UPGRADE, "websocket");
    set(&mut answer, header::CONNECTION, "Upgrade");
    set(&mut answer, header::SEC_WEBSOCKET_VERSION, WEBSOCKET_VERSION);
    Box::new(answer)
}

/// Our own subprotocol if it is offered, else the first of another version, to tell its page so.
fn choose_protocol(headers: &HeaderMap) -> Option<(String, Option<&'static str>)> {
    let offers = tokens(headers, &header::SEC_WEBSOCKET_PROTOCOL);
    let version = |offer: &str| offer.strip_prefix(PROTOCOL_PREFIX)?.parse::<u16>().ok();
    let offers: Vec<_> = offers.filter_map(|offer| Some((offer, version(offer)?))).collect();
    let own = offers.iter().find(|(_, version)| *version == PROTOCOL_VERSION);
    let (offer, version) = own.or(offers.first())?;
    Some(((*offer).to_owned(), version_mismatch(*version)))
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|candidate| candidate.eq_ignore_ascii_case(token))
}

/// The comma-separated tokens of all lines of a header.
fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|token| !token.is_empty())
}

fn is_key(key: &[u8]) -> bool {
    let in_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == KEY_LENGTH && key.ends_with(b"==") && key[..KEY_LENGTH - 2].iter().all(in_alphabet)
}
