//! The pages of kept clients, at `/builds/BUILD/`.

use super::builds::Builds;
use super::client_files;
use super::page;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use std::path;
use std::sync::Arc;

pub(super) fn routes(builds: Arc<Builds>) -> Router {
    Router::new().route("/builds/{build}/{*path}", get(show)).with_state(builds)
}

/// A kept client finds its files and pages below its folder, and everything else where it is.
async fn show(
    State(builds): State<Arc<Builds>>,
    Path((build, path)): Path<(String, String)>,
    mut request: Request,
) -> Response {
    let Some(folder) = builds.folder(&build) else {
        return (StatusCode::NOT_FOUND, "no client of this build is kept here").into_response();
    };
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    // Percent-encoded as it came.
    let target = target.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
    let (first, rest) = path.split_once('/').unwrap_or((&path, ""));
    let to_root = || Redirect::temporary(&format!("{}{target}", "../".repeat(path.matches('/').count() + 2)));
    match first {
        "recordings" | "api" => to_root().into_response(),
        "replay" if rest.is_empty() => page_of(&folder, &path, request.headers().clone()).await,
        "replay" => match builds.other_build_of(rest).await {
            Some(other) if other == build => page_of(&folder, &path, request.headers().clone()).await,
            _ => to_root().into_response(),
        },
        _ => match format!("/{target}").parse::<Uri>() {
            Ok(uri) => {
                *request.uri_mut() = uri;
                client_files::serve_from(&folder, request).await
            }
            Err(_) => StatusCode::BAD_REQUEST.into_response(),
        },
    }
}

async fn page_of(folder: &path::Path, path: &str, headers: HeaderMap) -> Response {
    match tokio::fs::read_to_string(folder.join(client_files::PAGE)).await {
        Ok(html) => page::complete(&html, None, &format!("/{path}"), &headers, None),
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "a kept client cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
