//! The routes: page and files, API, probes, recordings, administration, the WebSocket handshake and polling. Each module has
//! its own routes and their state.

pub mod admin;
pub mod admin_log;
pub mod audience;
mod build_pages;
pub mod builds;
mod client_files;
pub mod clips;
mod downloads;
mod entrance;
mod highlights;
mod memory_file;
mod page;
pub mod polling;
pub mod recording_source;
mod recordings;
mod refusal;
mod rooms;
pub mod status;
mod watch;
mod websocket;

use crate::net::guard::network_limit::NetworkLimit;
use crate::net::guard::origin::PublicUrl;
use crate::net::guard::socket_permit::SocketPermit;
use crate::net::play::context::{ConnectionContext, Purpose};
use crate::net::play::workers::SocketWorkers;
use admin::Admin;
use audience::{Admission, Watch};
use axum::extract::{Request, State};
use axum::http::header::{self, HOST, HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::{Authority, Uri};
use axum::http::{Method, StatusCode, Version};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response, map_response_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Router};
use builds::Builds;
use clips::KeptClips;
use downloads::Downloads;
pub use entrance::Entrance;
use highlights::Highlights;
use polling::Polling;
use recording_source::Recordings;
use refusal::{Refusal, method_not_allowed};
use status::Observed;
use std::sync::Arc;
use tower::Layer;

/// The Content-Security-Policy of pages: they load files from their origin only.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' blob: data:; font-src 'self'; worker-src 'self' blob:; manifest-src 'self'; \
    base-uri 'self'; form-action 'none'; connect-src 'self'";
/// What `OPTIONS *` answers: the methods that some path allows.
const METHODS: &str = "GET, HEAD, POST, DELETE, OPTIONS";

/// The policy for pages that pages of these sources may show in a frame, and that connect to these sources besides their own;
/// `None` if a source has letters that no header may have.
pub fn security_policy(frame_ancestors: &[String], connected: &[String]) -> Option<HeaderValue> {
    let none = ["'none'".to_owned()];
    let sources = if frame_ancestors.is_empty() { &none } else { frame_ancestors };
    let connected: String = connected.iter().map(|source| format!(" {source}")).collect();
    format!("{CONTENT_SECURITY_POLICY}{connected}; frame-ancestors {}", sources.join(" ")).parse().ok()
}

/// Paths that orchestrators ask for from any machine.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// What the routes are built from.
pub struct Services {
    pub context: Arc<ConnectionContext>,
    pub entrance: Arc<Entrance>,
    pub workers: Arc<SocketWorkers>,
    pub polling: Arc<Polling>,
    pub recordings: Recordings,
    pub watch: Watch,
    /// `None` keeps no clips.
    pub clips: Option<KeptClips>,
    /// `None` turns administration off.
    pub admin: Option<Admin>,
    pub sim_build: &'static str,
    pub security_policy: HeaderValue,
}

/// All routes of a server.
pub fn router(services: Services) -> Router {
    let Services {
        context,
        entrance,
        workers,
        polling,
        recordings,
        watch,
        clips,
        admin,
        sim_build,
        security_policy,
    } = services;
    let observed = Observed { context: context.clone(), workers: workers.clone() };
    let limits = &context.limits;
    let downloads = Downloads {
        running: NetworkLimit::new("driftbelt_downloads", limits.downloads, limits.downloads_per_address),
        waiting: NetworkLimit::new(
            "driftbelt_waiting_watchers",
            limits.waiting_watchers,
            limits.waiting_watchers_per_address,
        ),
        entrance: entrance.clone(),
    };
    let counted = from_fn_with_state(downloads.clone(), downloads::count);
    let builds = Arc::new(Builds { recordings: recordings.clone(), own: sim_build });
    let admission = Admission { recordings, watch };
    let highlights = Arc::new(Highlights::new(admission.clone()));
    let (match_lists, pieces) =
        watch::routes(admission.clone(), context.clone(), highlights.clone(), downloads);
    let mut routes = Router::new()
        .merge(status::routes(observed, sim_build))
        .merge(match_lists)
        .merge(clips::routes(clips, admission.clone(), entrance.clone()).route_layer(counted.clone()))
        .merge(recordings::routes(admission).route_layer(counted))
        .nest("/api/admin", admin::routes(admin))
        .merge(rooms::routes(entrance.clone()))
        .merge(websocket::routes(entrance.clone(), workers))
        .merge(client_files::routes())
        .merge(build_pages::routes(builds.clone()))
        .merge(page::routes(entrance.public_url.clone(), builds, highlights))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(map_response_with_state(security_policy, add_page_headers))
        // Thousands ask for pieces at once, which need no headers for pages.
        .merge(pieces.method_not_allowed_fallback(method_not_allowed));
    if context.purpose == Purpose::Game {
        // Scripts poll dozens of times per second: the headers for pages would be most of the bytes.
        routes = routes.merge(polling::routes(entrance.clone(), polling));
    }
    if entrance.only_proxies {
        routes = routes.layer(from_fn_with_state(entrance.clone(), check_peer));
    }
    let routes = routes.layer(map_response(add_common_headers)).layer(from_fn(check_request));
    // Before the routes, which go by the path.
    entrance.public_url.iter().chain(&entrance.fleet_url).fold(routes, |routes, url| {
        let strip = from_fn_with_state(Arc::new(url.clone()), strip_public_path);
        Router::new().fallback_service(strip.layer(routes))
    })
}

/// Takes the path of the public URL off a request's, if the proxy has left it there.
async fn strip_public_path(State(url): State<Arc<PublicUrl>>, mut request: Request, next: Next) -> Response {
    let uri = request.uri();
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    if url.lacks_slash(uri.path()) {
        return Redirect::permanent(&format!("{}{query}", url.path)).into_response();
    }
    let stripped = url.strip(uri.path()).and_then(|path| format!("{path}{query}").parse().ok());
    if let Some(path) = stripped {
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(path);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    next.run(request).await
}

/// The routes of sockets beyond all limits: probes must have an answer when players have none.
pub fn routes_in_need(observed: Observed, sim_build: &'static str) -> Router {
    status::routes(observed, sim_build)
        .fallback(refuse_in_need)
        .layer(map_response(close_after))
        .layer(map_response(add_common_headers))
}

async fn refuse_in_need() -> impl IntoResponse {
    let line = "too many connections: try again in a few seconds";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], line)
}

async fn close_after(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
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
pub fn redirect_to_tls(security_policy: HeaderValue) -> Router {
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
        .layer(map_response_with_state(security_policy, add_page_headers))
        .layer(map_response(add_common_headers))
}

/// Headers of every response to a page.
async fn add_page_headers(State(security_policy): State<HeaderValue>, mut response: Response) -> Response {
    response.headers_mut().extend([
        (header::CONTENT_SECURITY_POLICY, security_policy),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ]);
    response
}

async fn add_common_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// What RFC 9112 §3.2 asks of servers and hyper leaves to them.
async fn check_request(mut request: Request, next: Next) -> Response {
    let hosts: Vec<_> = request.headers().get_all(HOST).iter().collect();
    let is_authority = |host: &HeaderValue| {
        let host = host.to_str().unwrap_or("@");
        host.is_empty() || host.parse::<Authority>().is_ok_and(|host| !host.as_str().contains('@'))
    };
    if hosts.len() > 1 || !hosts.iter().all(|host| is_authority(host)) {
        return (StatusCode::BAD_REQUEST, "the Host header must name one host").into_response();
    }
    if request.version() == Version::HTTP_11 && hosts.is_empty() {
        return (StatusCode::BAD_REQUEST, "an HTTP/1.1 request needs a Host header").into_response();
    }
    // The absolute form of a target wins over the header.
    if let Some(host) = request.uri().authority().and_then(|host| host.as_str().parse().ok()) {
        request.headers_mut().insert(HOST, host);
    }
    match *request.method() {
        Method::CONNECT => (StatusCode::METHOD_NOT_ALLOWED, "this is no proxy").into_response(),
        Method::OPTIONS if request.uri().path() == "*" => {
            (StatusCode::NO_CONTENT, [(header::ALLOW, METHODS)]).into_response()
        }
        _ => next.run(request).await,
    }
}
