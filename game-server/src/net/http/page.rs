//! The page: one document at every address of the client, which finds its files by the `<base>` that is written into it. With a
//! public URL it also has what chat programs show of a link.

use super::builds::{self, Builds};
use super::client_files;
use super::highlights::Highlights;
use crate::net::guard::origin::PublicUrl;
use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Paths that the client itself resolves.
const PATHS: [&str; 12] = [
    "/",
    "/index.html",
    "/replay",
    "/replay/",
    "/replay/{name}",
    "/play/",
    "/play/{room}",
    "/transport",
    "/admin",
    "/watch",
    "/watch/",
    "/watch/{room}",
];
/// Before the name of a recording.
const RECORDING: &str = "/replay/";
/// Before the name of a room whose match is watched.
const MATCH: &str = "/watch/";
/// What a page with another title has instead.
const PLAIN_TITLE: &str = "<title>Driftbelt</title>";
/// Where the additions go: before all addresses.
const HEAD: &str = "<head>";
const DESCRIPTION: &str = "Mine, haul and raid in an asteroid belt, in your browser.";
/// The file of the client that shows the game in a preview.
const PREVIEW_IMAGE: &str = "preview.jpg";

struct Pages {
    public_url: Option<PublicUrl>,
    builds: Arc<Builds>,
    highlights: Arc<Highlights>,
}

pub(super) fn routes(
    public_url: Option<PublicUrl>,
    builds: Arc<Builds>,
    highlights: Arc<Highlights>,
) -> Router {
    let routes = PATHS.into_iter().fold(Router::new(), |routes, path| routes.route(path, get(page)));
    routes.with_state(Arc::new(Pages { public_url, builds, highlights }))
}

async fn page(State(pages): State<Arc<Pages>>, uri: Uri, headers: HeaderMap) -> Response {
    let named = |prefix| {
        let name = percent_decode_str(uri.path().strip_prefix(prefix)?).decode_utf8().ok()?;
        (!name.is_empty()).then_some(name)
    };
    let mut title = None;
    if let Some(name) = named(RECORDING) {
        if let Some(build) = pages.builds.other_build_of(&name).await {
            let target = uri.path_and_query().map_or("", |target| target.as_str());
            return Redirect::temporary(&format!("../{}/{build}{target}", builds::FOLDER)).into_response();
        }
        title = pages.highlights.title_of(&name).await;
    } else if let Some(room) = named(MATCH) {
        title = pages.highlights.title_of_match(&room).await;
    }
    show(pages.public_url.as_ref(), uri.path(), &headers, title.as_deref())
}

/// The page at a path, with a title of what it shows if that is known.
pub(super) fn show(
    public_url: Option<&PublicUrl>,
    path: &str,
    headers: &HeaderMap,
    title: Option<&str>,
) -> Response {
    let Some(page) = client_files::page() else {
        let line = "The web client is not built in. Build it with: cargo xtask build\n";
        return (StatusCode::SERVICE_UNAVAILABLE, line).into_response();
    };
    complete(&String::from_utf8_lossy(&page), public_url, path, headers, title)
}

/// A client's page, with what only the server knows.
pub(super) fn complete(
    page: &str,
    public_url: Option<&PublicUrl>,
    path: &str,
    headers: &HeaderMap,
    title: Option<&str>,
) -> Response {
    let mut page = page.replacen(HEAD, &format!("{HEAD}{}", additions(public_url, path, title)), 1);
    if let Some(title) = title {
        page = page.replacen(PLAIN_TITLE, &format!("<title>{} · Driftbelt</title>", escaped(title)), 1);
    }
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
fn additions(public_url: Option<&PublicUrl>, path: &str, title: Option<&str>) -> String {
    let Some(url) = public_url else {
        // Relative, so that a proxy may serve the page below a path that it does not tell.
        let base = if path.bytes().filter(|byte| *byte == b'/').count() > 1 { "../" } else { "./" };
        let title = title.map(|title| format!("<meta property=\"og:title\" content=\"{}\">", escaped(title)));
        return format!("<base href=\"{base}\">{}", title.unwrap_or_default());
    };
    let room = path.strip_prefix("/play/").filter(|room| !room.is_empty());
    let room = room.map(|room| percent_decode_str(room).decode_utf8_lossy());
    let of_room = room.map(|room| Cow::from(format!("Driftbelt: join {room}")));
    let title = title.map(Cow::from).or(of_room).unwrap_or("Driftbelt".into());
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
            assert_eq!(additions(None, path, None), format!("<base href=\"{base}\">"), "{path}");
        }
        let url = "https://example.org/game".parse().unwrap();
        assert!(additions(Some(&url), "/play/belt-1", None).starts_with("<base href=\"/game/\">"));
    }

    #[test]
    fn a_link_preview_names_what_is_shown() {
        let url = "https://example.org".parse().unwrap();
        for public_url in [None, Some(&url)] {
            let head = additions(public_url, "/c/abc", Some("\"A\", 3 in 2 seconds"));
            let part = "<meta property=\"og:title\" content=\"&quot;A&quot;, 3 in 2 seconds\">";
            assert!(head.contains(part), "{head}");
        }
    }

    #[test]
    fn a_link_preview_names_the_room_and_the_public_address() {
        let url = "https://example.org/game".parse().unwrap();
        let head = additions(Some(&url), "/play/%22%3E%3Cscript%3E", None);
        for part in [
            "<meta property=\"og:title\" content=\"Driftbelt: join &quot;&gt;&lt;script&gt;\">",
            "<meta property=\"og:url\" content=\"https://example.org/game/play/%22%3E%3Cscript%3E\">",
            "<meta property=\"og:image\" content=\"https://example.org/game/preview.jpg\">",
        ] {
            assert!(head.contains(part), "{part}: {head}");
        }
    }
}
