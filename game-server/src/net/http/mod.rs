//! The routes: page and files, API, probes, recordings, administration, the WebSocket handshake and polling. Each module has
//! its own routes and their state.

pub mod admin;
pub mod admin_log;
mod client_files;
mod entrance;
pub mod polling;
pub mod recordings;
mod refusal;
mod status;
mod websocket;

use crate::net::guard::permits::SocketPermit;
use crate::net::play::context::{ConnectionContext, Purpose};
use crate::net::play::workers::SocketWorkers;
use admin::Admin;
use axum::extract::{Request, State};
use axum::http::header::{self, HOST, HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::{Authority, Uri};
use axum::http::{StatusCode, Version};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Router};
pub use entrance::Entrance;
use polling::Polling;
use recordings::Recordings;
use refusal::{Refusal, method_not_allowed};
use std::sync::Arc;

/// The Content-Security-Policy of pages: they load files from their origin only.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers of every response to a page.
const PAGE_HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Paths that orchestrators ask for from any machine.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// What the routes are built from.
pub struct Services {
    pub context: Arc<ConnectionContext>,
    pub entrance: Arc<Entrance>,
    pub workers: Arc<SocketWorkers>,
    pub polling: Arc<Polling>,
    pub recordings: Recordings,
    /// `None` turns administration off.
    pub admin: Option<Admin>,
    pub sim_build: &'static str,
}

/// All routes of a server.
pub fn router(services: Services) -> Router {
    let Services { context, entrance, workers, polling, recordings, admin, sim_build } = services;
    let mut routes = Router::new()
        .merge(status::routes(context.clone(), sim_build))
        .merge(recordings::routes(recordings))
        .nest("/api/admin", admin::routes(admin))
        .merge(websocket::routes(entrance.clone(), workers))
        .merge(client_files::routes())
        .method_not_allowed_fallback(method_not_allowed)
        .layer(map_response(add_page_headers));
    if context.purpose == Purpose::Game {
        // Scripts poll dozens of times per second: the headers for pages would be most of the bytes.
        routes = routes.merge(polling::routes(entrance.clone(), polling));
    }
    if entrance.only_proxies {
        routes = routes.layer(from_fn_with_state(entrance, check_peer));
    }
    routes.layer(map_response(add_common_headers)).layer(from_fn(require_host))
}

async fn check_peer(
    State(entrance): State<Arc<Entrance>>,
    Extension(socket): Extension<Arc<SocketPermit>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    if !PROBES.contains(&request.uri().path()) {
        entrance.check_peer(socket.peer)?;
    }
    Ok(next.run(request).await)
}

/// The only route of plain HTTP on a port that serves TLS.
pub fn redirect_to_tls() -> Router {
    Router::new()
        .fallback(async |headers: HeaderMap, uri: Uri| {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            let is_authority = host.parse::<Authority>().is_ok_and(|host| !host.as_str().contains('@'));
            if is_authority && path.starts_with('/') {
                Redirect::permanent(&format!("https://{host}{path}")).into_response()
            } else {
                (StatusCode::BAD_REQUEST, "this port serves https").into_response()
            }
        })
        .layer(map_response(add_page_headers))
        .layer(map_response(add_common_headers))
}

async fn add_page_headers(mut response: Response) -> Response {
    response.headers_mut().extend(PAGE_HEADERS);
    response
}

async fn add_common_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// RFC 9112 §3.2; hyper does not check it.
async fn require_host(request: Request, next: Next) -> Response {
    if request.version() == Version::HTTP_11 && !request.headers().contains_key(HOST) {
        return (StatusCode::BAD_REQUEST, "an HTTP/1.1 request needs a Host header").into_response();
    }
    next.run(request).await
}
