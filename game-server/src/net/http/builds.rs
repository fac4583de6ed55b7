//! The web clients of earlier builds, kept beside the recordings that they made: a recording plays with the simulation that
//! made it, whatever has changed since.

use super::client_files;
use super::page;
use super::recordings::Recordings;
use crate::host::journal::ListedRecording;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use std::fs;
use std::io;
use std::path::{self, PathBuf};
use std::sync::Arc;

/// Beside the recordings: one folder for each build of the simulation, named by it.
pub const FOLDER: &str = "builds";
/// Longest name of a build, in bytes.
const BUILD_LIMIT_BYTES: usize = 128;

/// Keeps the client that is built in for the recordings of its simulation, unless one is kept already. Waits for the disk.
///
/// # Errors
/// The disk's. What was written is removed by the next attempt.
pub fn keep(directory: &path::Path, build: &str) -> io::Result<()> {
    let builds = directory.join(FOLDER);
    let kept = builds.join(build);
    if kept.is_dir() || client_files::page().is_none() {
        return Ok(());
    }
    let partial = builds.join(format!("{build}.partial"));
    if partial.is_dir() {
        fs::remove_dir_all(&partial)?;
    }
    for (name, content) in client_files::all() {
        let file = partial.join(&*name);
        fs::create_dir_all(file.parent().unwrap_or(&partial))?;
        fs::write(file, content)?;
    }
    fs::rename(partial, kept)
}

/// The folder of a build beside the recordings of a directory, if its client is kept there.
pub fn folder(directory: &path::Path, build: &str) -> Option<PathBuf> {
    let is_name = build.len() <= BUILD_LIMIT_BYTES
        && !build.starts_with('.')
        && build.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let folder = is_name.then(|| directory.join(FOLDER).join(build))?;
    folder.join(client_files::PAGE).is_file().then_some(folder)
}

/// Finds the client that a recording needs.
pub struct Builds {
    pub recordings: Recordings,
    /// The build of the simulation in the client that is built in.
    pub own: &'static str,
}

impl Builds {
    fn folder(&self, build: &str) -> Option<PathBuf> {
        folder(self.recordings.home()?, build)
    }

    /// The build that made a recording, if its client is kept and is not the one built in.
    pub(super) async fn other_build_of(self: &Arc<Builds>, name: &str) -> Option<String> {
        let path = self.recordings.path(name)?;
        let builds = self.clone();
        let find = move || {
            let build = ListedRecording::of(&path)?.sim_build;
            (build != builds.own && builds.folder(&build).is_some()).then_some(build)
        };
        tokio::task::spawn_blocking(find).await.ok()?
    }
}

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
