//! The web client's files, embedded with their compressed variants.

use super::memory_file::MemoryFile;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use std::borrow::Cow;
use std::future::{Ready, ready};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tower::ServiceExt;
use tower_http::services::ServeDir;
use tower_http::services::fs::{Backend, DefaultServeDirFallback};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../client-web/dist"]
#[allow_missing = true]
struct Client;

pub(super) const PAGE: &str = "index.html";

/// Names of files in this folder contain a hash of the content: they never change.
const HASHED_FOLDER: &str = "/assets/";

type Files<B> = ServeDir<DefaultServeDirFallback, B>;

pub(super) fn routes() -> Router {
    routes_of(ServeDir::with_backend("", Embedded { started: SystemTime::now() }))
}

fn routes_of<B: Backend>(files: Files<B>) -> Router {
    let files = files.append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    Router::new().fallback(file::<B>).with_state(files)
}

/// Serves the files of a client that is kept in a folder.
pub(super) async fn serve_from(folder: &Path, request: Request) -> Response {
    let files = ServeDir::new(folder).append_index_html_on_directories(false);
    file(State(files.precompressed_br().precompressed_gzip()), request).await
}

/// Every file, by its path.
pub(super) fn all() -> impl Iterator<Item = (Cow<'static, str>, Cow<'static, [u8]>)> {
    Client::iter().filter_map(|name| Client::get(&name).map(|file| (name, file.data)))
}

/// The page that all addresses of the client share; `None` if the client is not built in.
pub(super) fn page() -> Option<Cow<'static, [u8]>> {
    Some(Client::get(PAGE)?.data)
}

async fn file<B: Backend>(State(files): State<Files<B>>, request: Request) -> Response {
    let path = request.uri().path();
    // Pages are complete only as the other routes serve them.
    let is_hidden = [".br", ".gz", ".html"].iter().any(|ending| path.ends_with(ending));
    let response = if is_hidden { None } else { serve(files, request).await };
    response.unwrap_or_else(|| (StatusCode::NOT_FOUND, "there is nothing here").into_response())
}

/// The response to a request for a file; `None` if there is no such file.
async fn serve<B: Backend>(files: Files<B>, request: Request) -> Option<Response> {
    let is_hashed = request.uri().path().starts_with(HASHED_FOLDER);
    let Ok(response) = files.oneshot(request).await;
    let mut response = response.map(Body::new);
    if response.status() == StatusCode::NOT_FOUND {
        return None;
    }
    let headers = response.headers_mut();
    let caching = if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    Some(response)
}

/// The files that are built in. They count as modified at the start of the process, which may be of another build than the one
/// before; the times of files may be fixed by the builder.
#[derive(Clone, Copy)]
struct Embedded {
    started: SystemTime,
}

impl Backend for Embedded {
    type File = MemoryFile<Cow<'static, [u8]>>;
    type Metadata = MemoryFile<Cow<'static, [u8]>>;
    type OpenFuture = Ready<io::Result<MemoryFile<Cow<'static, [u8]>>>>;
    type MetadataFuture = Ready<io::Result<MemoryFile<Cow<'static, [u8]>>>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        let path = path.strip_prefix(".").unwrap_or(&path).to_str();
        let file = path.and_then(Client::get).ok_or(ErrorKind::NotFound.into());
        ready(file.map(|file| MemoryFile::new(file.data, self.started)))
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        self.open(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use axum::http::header::{
        ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, VARY,
    };
    use tempfile::TempDir;

    /// Each file contains its own name.
    fn client() -> (TempDir, Router) {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("assets")).unwrap();
        let names = ["index.html", "index.html.br", "note.txt", "note.txt.br", "note.txt.gz"];
        for name in names.iter().chain(&["assets/core-1a2b.wasm", "assets/core-1a2b.wasm.gz"]) {
            std::fs::write(directory.path().join(name), name).unwrap();
        }
        let routes = routes_of(ServeDir::new(directory.path()));
        (directory, routes)
    }

    async fn get(routes: &Router, path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        request
            .headers_mut()
            .extend(headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())));
        routes.clone().oneshot(request).await.unwrap()
    }

    fn header_of(response: &Response, name: HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    async fn body_of(response: Response) -> String {
        String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn other_files_are_revalidated_and_pages_and_variants_are_not_among_them() {
        let (_directory, routes) = client();
        let response = get(&routes, "/note.txt", &[]).await;
        assert_eq!(header_of(&response, CACHE_CONTROL), "no-cache");
        for path in
            ["/play", "/assets", "/assets/", "/assets/x.js", "/index.html", "/index.html.br", "/note.txt.gz"]
        {
            assert_eq!(get(&routes, path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(get(&routes, "/assets/../../note.txt", &[]).await.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn hashed_files_are_immutable_and_have_their_type() {
        let (_directory, routes) = client();
        let response = get(&routes, "/assets/core-1a2b.wasm", &[(ACCEPT_ENCODING, "br, gzip")]).await;
        assert_eq!(header_of(&response, CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(header_of(&response, CONTENT_TYPE), "application/wasm");
        assert_eq!(header_of(&response, CONTENT_ENCODING), "gzip");
        assert_eq!(header_of(&response, VARY), "accept-encoding");
        assert_eq!(body_of(response).await, "assets/core-1a2b.wasm.gz");
    }

    #[tokio::test]
    async fn a_file_that_the_browser_has_is_not_sent_again() {
        let (_directory, routes) = client();
        let tag = header_of(&get(&routes, "/note.txt", &[]).await, ETAG).to_owned();
        let response = get(&routes, "/note.txt", &[(IF_NONE_MATCH, &format!("\"1\", W/{tag}"))]).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(header_of(&response, ETAG), tag);
        assert_eq!(body_of(response).await, "");
        assert_eq!(get(&routes, "/note.txt", &[(IF_NONE_MATCH, "\"1\"")]).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn the_encoding_is_one_that_the_browser_accepts() {
        let (_directory, routes) = client();
        for (offer, encoding) in [
            ("gzip, deflate, br, zstd", "br"),
            ("GZIP;q=0.5", "gzip"),
            ("br;q=0, gzip", "gzip"),
            ("brotli", ""),
            ("", ""),
        ] {
            let response = get(&routes, "/note.txt", &[(ACCEPT_ENCODING, offer)]).await;
            assert_eq!(header_of(&response, CONTENT_ENCODING), encoding, "{offer}");
        }
    }
}
