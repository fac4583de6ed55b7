//! Recordings for the browser: the list, and the files.

use super::audience::Watch;
use super::refusal::Refusal;
use crate::files::has_no_files_left;
use crate::host::journal::{Directory, FILE_EXTENSION, ListedRecording};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, HeaderValue, IF_MATCH, IF_RANGE, RANGE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use mime_guess::mime::APPLICATION_OCTET_STREAM;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::io;
use std::path::{self, Component, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tower_http::services::ServeFile;

/// Longest name of a recording, in bytes: the limit of common file systems.
const NAME_LIMIT_BYTES: usize = 255;
/// The list is read from the disk at most once in this time, for any number of browsers.
const LIST_AGE_LIMIT: Duration = Duration::from_secs(1);
/// Characters that need no encoding in a path (RFC 3986 §2.3) or a header's file name (RFC 8187 §3.2.1).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The recordings that browsers may see.
#[derive(Clone, Debug)]
pub enum Recordings {
    None,
    Directory(Directory),
    File(PathBuf),
}

struct Archive {
    recordings: Recordings,
    watch: Watch,
    newest_list: Mutex<Option<(Instant, Arc<[ListedRecording]>)>>,
}

pub(super) fn routes(recordings: Recordings, watch: Watch) -> Router {
    let archive = Archive { recordings, watch, newest_list: Mutex::default() };
    Router::new()
        .route("/api/recordings", get(show_list))
        .route("/recordings/{name}", get(show_file))
        .with_state(Arc::new(archive))
}

async fn show_list(State(archive): State<Arc<Archive>>) -> Result<Json<Value>, Refusal> {
    match archive.list(Instant::now()).await {
        Ok(listed) => Ok(Json(json!({ "recordings": *listed }))),
        Err(error) if has_no_files_left(&error) => Err(busy()),
        Err(error) => {
            tracing::warn!(%error, "the recordings cannot be listed");
            Err((StatusCode::INTERNAL_SERVER_ERROR, "the recordings cannot be listed".into()))
        }
    }
}

/// What was written within the watch delay is nobody's to see: it would show everybody's position. Pieces that are older are
/// shown by [`super::watch`].
async fn show_file(
    State(archive): State<Arc<Archive>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let path = archive.recordings.path(&name);
    let missing = || (StatusCode::NOT_FOUND, "there is no such recording".into());
    let path = path.ok_or_else(missing)?;
    match tokio::fs::metadata(&path).await {
        Ok(metadata) if metadata.is_file() => {}
        Err(error) if has_no_files_left(&error) => return Err(busy()),
        _ => return Err(missing()),
    }
    let (asked, file) = (archive.clone(), path.clone());
    let is_open = tokio::task::spawn_blocking(move || asked.recordings.opens(asked.watch, &file)).await;
    if !is_open.unwrap_or_default() {
        return Err(missing());
    }
    let mut response =
        serve(ServeFile::new_with_mime(path, &APPLICATION_OCTET_STREAM), request.map(drop)).await;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let disposition = format!("attachment; filename*=UTF-8''{}", encoded(&name));
    headers.extend(HeaderValue::try_from(disposition).map(|value| (CONTENT_DISPOSITION, value)));
    Ok(response)
}

/// Adds If-Range, which tower-http lacks: If-Match, with the whole file as the answer to a mismatch (RFC 9110 §13.1.5).
pub(super) async fn serve(file: ServeFile, mut request: axum::http::Request<()>) -> Response {
    let Some(validator) = request.headers_mut().remove(IF_RANGE) else { return call(file, request).await };
    let mut part = request.clone();
    part.headers_mut().insert(IF_MATCH, validator);
    request.headers_mut().remove(RANGE);
    let response = call(file.clone(), part).await;
    if response.status() == StatusCode::PRECONDITION_FAILED { call(file, request).await } else { response }
}

async fn call(file: ServeFile, request: axum::http::Request<()>) -> Response {
    let mut file = file;
    match file.try_call(request).await {
        Ok(response) => response.map(axum::body::Body::new),
        Err(error) if has_no_files_left(&error) => busy().into_response(),
        Err(error) => {
            tracing::warn!(%error, "a recording cannot be read");
            (StatusCode::INTERNAL_SERVER_ERROR, "the recording cannot be read").into_response()
        }
    }
}

pub(super) fn busy() -> Refusal {
    (StatusCode::SERVICE_UNAVAILABLE, "the server has too many files open: try again in a few seconds".into())
}

impl Archive {
    /// The recordings, the newest first. Concurrent callers wait on the lock and share one scan of the directory.
    async fn list(&self, now: Instant) -> io::Result<Arc<[ListedRecording]>> {
        let mut newest = self.newest_list.lock().await;
        if let Some((read, listed)) = &*newest
            && now.saturating_duration_since(*read) < LIST_AGE_LIMIT
        {
            return Ok(listed.clone());
        }
        let (recordings, watch) = (self.recordings.clone(), self.watch);
        let list = move || recordings.list(watch);
        let listed: Arc<[_]> = tokio::task::spawn_blocking(list).await.map_err(io::Error::other)??.into();
        *newest = Some((now, listed.clone()));
        Ok(listed)
    }
}

impl Recordings {
    pub fn directory(&self) -> Option<&Directory> {
        match self {
            Recordings::Directory(directory) => Some(directory),
            Recordings::None | Recordings::File(_) => None,
        }
    }

    /// The directory that they are in.
    pub fn home(&self) -> Option<&path::Path> {
        match self {
            Recordings::None => None,
            Recordings::Directory(directory) => Some(directory.path()),
            Recordings::File(file) => file.parent(),
        }
    }

    /// Whether the host lets everybody fetch a file: its match could be watched, or it was named to be shown. Waits for the disk.
    pub fn opens(&self, watch: Watch, path: &path::Path) -> bool {
        match self {
            Recordings::None => false,
            Recordings::Directory(_) => {
                ListedRecording::of(path).is_none_or(|recording| watch.opens(&recording.room))
            }
            Recordings::File(_) => true,
        }
    }

    fn list(&self, watch: Watch) -> io::Result<Vec<ListedRecording>> {
        match self {
            Recordings::None => Ok(Vec::new()),
            Recordings::Directory(directory) => {
                let mut listed = directory.list()?;
                listed.retain(|recording| watch.opens(&recording.room));
                Ok(listed)
            }
            Recordings::File(file) => Ok(ListedRecording::of(file).into_iter().collect()),
        }
    }

    /// The file of a recording that may be shown.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        match self {
            Recordings::None => None,
            Recordings::Directory(directory) => {
                (is_safe(name) && !directory.is_hidden(name)).then(|| directory.path().join(name))
            }
            Recordings::File(file) => (name == file_name(file)).then(|| file.clone()),
        }
    }
}

/// The name by which a browser asks for a file.
pub fn file_name(path: &path::Path) -> Cow<'_, str> {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()
}

/// A name as it stands in a path.
pub fn encoded(name: &str) -> String {
    utf8_percent_encode(name, ENCODED).to_string()
}

/// Whether a name is that of a recording in the directory itself.
fn is_safe(name: &str) -> bool {
    let mut components = path::Path::new(name).components();
    let is_file_name = matches!(components.next(), Some(Component::Normal(first)) if first == name);
    is_file_name
        && components.next().is_none()
        && name.len() <= NAME_LIMIT_BYTES
        && !name.starts_with('.')
        && !name.contains(['\\', '\0'])
        && name.strip_suffix(FILE_EXTENSION).is_some_and(|stem| stem.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::belt;
    use shared::recording::{Encoder, Header};

    #[tokio::test]
    async fn the_disk_is_read_at_most_once_per_second() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing");
        let recordings = Recordings::Directory(Directory::new(missing.clone()));
        let archive = Archive { recordings, watch: Watch::Public, newest_list: Mutex::default() };
        let start = Instant::now();
        assert_eq!(archive.list(start).await.unwrap().len(), 0);
        // Listing a file fails.
        std::fs::write(missing, "").unwrap();
        let late = start + LIST_AGE_LIMIT;
        assert!(archive.list(late - Duration::from_nanos(1)).await.is_ok());
        assert!(archive.list(late).await.is_err());
    }

    #[test]
    fn recordings_of_rooms_that_are_closed_to_watchers_are_neither_listed_nor_served() {
        let home = tempfile::tempdir().unwrap();
        for room in ["belt-1", "ours"] {
            let header = Header::new(&belt(), "any build", room, 0);
            let bytes = Encoder::new(&header).finish().unwrap();
            std::fs::write(home.path().join(format!("{room}.belt")), bytes).unwrap();
        }
        let recordings = Recordings::Directory(Directory::new(home.path().into()));
        for (watch, shown) in
            [(Watch::Nobody, &[][..]), (Watch::Public, &["belt-1"]), (Watch::Everybody, &["belt-1", "ours"])]
        {
            let listed = recordings.list(watch).unwrap();
            let mut rooms: Vec<_> = listed.iter().map(|recording| recording.room.as_str()).collect();
            rooms.sort_unstable();
            assert_eq!(rooms, shown);
            for room in ["belt-1", "ours"] {
                let path = home.path().join(format!("{room}.belt"));
                assert_eq!(recordings.opens(watch, &path), shown.contains(&room), "{room}");
            }
        }
        let file = home.path().join("ours.belt");
        assert!(Recordings::File(file.clone()).opens(Watch::Nobody, &file), "it was named to be shown");
    }

    #[test]
    fn names_stay_in_the_directory() {
        for name in ["belt-1-20261121T070000Z.belt", "best fight #3.belt", "é 100%.belt", "a%2fb.belt"] {
            assert!(is_safe(name), "{name}");
        }
        for name in [
            "../x.belt",
            "a/b.belt",
            ".hidden.belt",
            "x.toml",
            "xbelt",
            "a\\b.belt",
            "",
            "/a.belt",
            "a\0.belt",
        ] {
            assert!(!is_safe(name), "{name}");
        }
    }
}
