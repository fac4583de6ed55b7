//! The page: one document at every address of the client, which finds its files by the `<base>` that is written into it. With a
//! public URL it also has what chat programs show of a link.

use super::client_files;
use crate::net::guard::origin::PublicUrl;
use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Paths that the client itself resolves.
const PATHS: [&str; 9] = [
    "/",
    "/index.html",
    "/replay",
    "/replay/",
    "/replay/{name}",
    "/play/",
    "/play/{room}",
    "/transport",
    "/admin",
];
/// Where the additions go: before all addresses.
const HEAD: &str = "<head>";
const DESCRIPTION: &str = "Mine, haul and raid in an asteroid belt, in your browser.";
/// The file of the client that shows the game in a preview.
const PREVIEW_IMAGE: &str = "preview.jpg";

pub(super) fn routes(public_url: Option<PublicUrl>) -> Router {
    let routes = PATHS.into_iter().fold(Router::new(), |routes, path| routes.route(path, get(page)));
    routes.with_state(Arc::new(public_url))
}

async fn page(State(public_url): State<Arc<Option<PublicUrl>>>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(page) = client_files::page() else {
        let line = "The web client is not built in. Build it with: cargo xtask build\n";
        return (StatusCode::SERVICE_UNAVAILABLE, line).into_response();
    };
    let page = String::from_utf8_lossy(&page);
    let page =
        page.replacen(HEAD, &format!("{HEAD}{}", additions(public_url.as_ref().as_ref(), uri.path())), 1);
    let mut hash = DefaultHasher::new();
    page.hash(&mut hash);
    let tag = format!("\"{:016x}\"", hash.finish());
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut known = known.flat_map(|line| line.split(',')).map(|known| known.trim().trim_start_matches("W/"));
    let is_known = known.any(|known| known == tag || known == "*");
    let status = if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = (status, if is_known { String::new() } else { page }).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.extend(tag.parse().ok().map(|tag: HeaderValue| (ETAG, tag)));
    response
}

/// The elements that only the server knows, for the page at this path.
fn additions(public_url: Option<&PublicUrl>, path: &str) -> String {
    let Some(url) = public_url else {
        // Relative, so that a proxy may serve the page below a path that it does not tell.
        let base = if path.bytes().filter(|byte| *byte == b'/').count() > 1 { "../" } else { "./" };
        return format!("<base href=\"{base}\">");
    };
    let room = path.strip_prefix("/play/").filter(|room| !room.is_empty());
    let room = room.map(|room| percent_decode_str(room).decode_utf8_lossy());
    let title = room.map_or("Driftbelt".into(), |room| Cow::from(format!("Driftbelt: join {room}")));
    let page = format!("{url}{}", path.trim_start_matches('/'));
    let image = format!("{url}{PREVIEW_IMAGE}");
    let mut head = format!("<base href=\"{}\"><meta name=\"public-url\" content=\"{url}\">", url.path);
    for (property, content) in [
        ("og:site_name", "Driftbelt"),
        ("og:type", "website"),
        ("og:title", &title),
        ("og:description", DESCRIPTION),
        ("og:url", &page),
        ("og:image", &image),
        ("twitter:card", "summary_large_image"),
    ] {
        // Writing to a string does not fail.
        let _ = write!(head, "<meta property=\"{property}\" content=\"{}\">", escaped(content));
    }
    head
}

/// As the value of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_the_public_path_or_leads_to_the_root() {
        for (path, base) in [("/", "./"), ("/replay", "./"), ("/replay/", "../"), ("/play/belt-1", "../")] {
            assert_eq!(additions(None, path), format!("<base href=\"{base}\">"), "{path}");
        }
        let url = "https://example.org/game".parse().unwrap();
        assert!(additions(Some(&url), "/play/belt-1").starts_with("<base href=\"/game/\">"));
    }

    #[test]
    fn a_link_preview_names_the_room_and_the_public_address() {
        let url = "https://example.org/game".parse().unwrap();
        let head = additions(Some(&url), "/play/%22%3E%3Cscript%3E");
        for part in [
            "<meta property=\"og:title\" content=\"Driftbelt: join &quot;&gt;&lt;script&gt;\">",
            "<meta property=\"og:url\" content=\"https://example.org/game/play/%22%3E%3Cscript%3E\">",
            "<meta property=\"og:image\" content=\"https://example.org/game/preview.jpg\">",
        ] {
            assert!(head.contains(part), "{part}: {head}");
        }
    }
}
