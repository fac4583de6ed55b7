//! The web client's files, embedded with their compressed variants.

use crate::net::http::body::{Answer, set, text, whole};
use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use rust_embed::RustEmbed;
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../client-web/dist"]
#[allow_missing = true]
struct Client;

/// The page of every route of the client.
const INDEX: &str = "index.html";
/// Files below have their content's hash in their names: they never change.
const HASHED_FOLDER: &str = "assets/";
/// Bytes of a content's hash that go into its tag.
const TAG_BYTES: usize = 12;
/// Encodings of the compressed variants, the smallest first: name and file ending.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// A file of the client.
#[derive(Clone, Debug)]
pub struct ClientFile {
    /// What it holds.
    pub bytes: Bytes,
    /// Names the content: equal bytes have equal tags.
    pub tag: String,
}

/// Where the client's files are found by their paths, such as `assets/index-1a2b.js`.
pub trait ClientFiles {
    /// The file, if there is one.
    fn find(&self, path: &str) -> Option<ClientFile>;
}

/// The client that is built in.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn;

impl ClientFiles for BuiltIn {
    fn find(&self, path: &str) -> Option<ClientFile> {
        let file = Client::get(path)?;
        let hash = file.metadata.sha256_hash();
        let tag = hash[..TAG_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
        let bytes = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        Some(ClientFile { bytes, tag })
    }
}

/// The answer to a GET of a page or a file of the client; `None` if there is no such file.
#[must_use]
pub fn answer(files: &impl ClientFiles, path: &str, headers: &HeaderMap) -> Option<Answer> {
    let path = if is_page(path) { INDEX } else { path.trim_start_matches('/') };
    if ENCODINGS.iter().any(|(_, ending)| path.ends_with(ending)) {
        return None;
    }
    let Some(plain) = files.find(path) else {
        let line = "The web client is not built in. Build it with: cargo xtask build";
        return (path == INDEX).then(|| text(StatusCode::SERVICE_UNAVAILABLE, line));
    };
    let mut accepted = ENCODINGS.into_iter().filter(|(encoding, _)| accepts(headers, encoding));
    let variant =
        accepted.find_map(|(encoding, ending)| Some((encoding, files.find(&format!("{path}{ending}"))?)));
    Some(match variant {
        Some((encoding, file)) => file_answer(path, file, Some(encoding), headers),
        None => file_answer(path, plain, None, headers),
    })
}

/// Routes that the client itself resolves.
fn is_page(path: &str) -> bool {
    let below = |folder: &str| path.strip_prefix(folder).is_some_and(|name| !name.contains('/'));
    matches!(path, "/" | "/index.html" | "/replay" | "/transport") || below("/play/") || below("/replay/")
}

fn file_answer(path: &str, file: ClientFile, encoding: Option<&'static str>, headers: &HeaderMap) -> Answer {
    let tag = format!("\"{}\"", file.tag);
    let mut answer = if headers.get(header::IF_NONE_MATCH).is_some_and(|tags| lists(tags, &tag)) {
        let mut answer = Response::new(whole(""));
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer
    } else {
        let mut answer = Response::new(whole(file.bytes));
        set(&mut answer, header::CONTENT_TYPE, content_type(path));
        if let Some(encoding) = encoding {
            set(&mut answer, header::CONTENT_ENCODING, encoding);
        }
        answer
    };
    let hashed = path.starts_with(HASHED_FOLDER);
    let caching = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    set(&mut answer, header::CACHE_CONTROL, caching);
    set(&mut answer, header::VARY, "Accept-Encoding");
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}

/// Whether an If-None-Match names the tag (RFC 9110 §13.1.2: by weak comparison).
fn lists(tags: &HeaderValue, tag: &str) -> bool {
    let Ok(tags) = tags.to_str() else { return false };
    tags.split(',').map(str::trim).any(|listed| listed == "*" || listed.trim_start_matches("W/") == tag)
}

/// Whether a client takes an encoding (RFC 9110 §12.5.3); weights other than 0 are all the same to us.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        named && weight != Some(0.0)
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    struct Files;

    impl ClientFiles for Files {
        fn find(&self, path: &str) -> Option<ClientFile> {
            let known = [
                "index.html",
                "index.html.br",
                "index.html.gz",
                "assets/core-1a2b.wasm",
                "assets/core-1a2b.wasm.gz",
            ];
            known
                .contains(&path)
                .then(|| ClientFile { bytes: path.to_owned().into(), tag: path.len().to_string() })
        }
    }

    fn get(path: &str, headers: &[(header::HeaderName, &'static str)]) -> Option<Answer> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        answer(&Files, path, &headers.collect())
    }

    fn header_of(answer: &Answer, name: header::HeaderName) -> &str {
        answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    async fn body_of(answer: Answer) -> Bytes {
        answer.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn every_route_of_the_client_is_its_page_and_asks_again() {
        for path in ["/", "/replay", "/play/belt-1", "/replay/belt-1.belt", "/play/"] {
            let answer = get(path, &[]).unwrap();
            assert_eq!(header_of(&answer, header::CACHE_CONTROL), "no-cache", "{path}");
            assert_eq!(header_of(&answer, header::CONTENT_TYPE), "text/html; charset=utf-8", "{path}");
            assert_eq!(body_of(answer).await, "index.html", "{path}");
        }
        for path in ["/play", "/play/a/b", "/assets/x.js", "/replays", "/index.html.br", "/../index.html"] {
            assert!(get(path, &[]).is_none(), "{path}");
        }
    }

    #[tokio::test]
    async fn hashed_files_are_kept_for_good_and_have_their_type() {
        let answer = get("/assets/core-1a2b.wasm", &[(header::ACCEPT_ENCODING, "br, gzip")]).unwrap();
        assert_eq!(header_of(&answer, header::CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(header_of(&answer, header::CONTENT_TYPE), "application/wasm");
        assert_eq!(header_of(&answer, header::CONTENT_ENCODING), "gzip");
        assert_eq!(header_of(&answer, header::VARY), "Accept-Encoding");
        assert_eq!(body_of(answer).await, "assets/core-1a2b.wasm.gz");
    }

    #[tokio::test]
    async fn what_the_client_holds_is_not_sent_again() {
        let answer = get("/", &[(header::IF_NONE_MATCH, "\"1\", W/\"10\"")]).unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(header_of(&answer, header::ETAG), "\"10\"");
        assert!(body_of(answer).await.is_empty());
        assert_eq!(get("/", &[(header::IF_NONE_MATCH, "\"1\"")]).unwrap().status(), StatusCode::OK);
    }

    #[test]
    fn encodings_are_taken_as_offered() {
        let encoding_for = |offer| {
            let answer = get("/", &[(header::ACCEPT_ENCODING, offer)]).unwrap();
            header_of(&answer, header::CONTENT_ENCODING).to_owned()
        };
        assert_eq!(encoding_for("gzip, deflate, br, zstd"), "br");
        assert_eq!(encoding_for("GZIP;q=0.5"), "gzip");
        assert_eq!(encoding_for("br;q=0, gzip"), "gzip");
        assert_eq!(encoding_for("brotli"), "");
    }
}
