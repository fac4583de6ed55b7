//! Recordings for the browser: the list, and the files.

use super::audience::{Admission, ShownSeats, set_caching};
use super::recording_source::encoded;
use super::refusal::Refusal;
use crate::files::has_no_files_left;
use crate::host::journal::ListedRecording;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, HeaderValue, IF_MATCH, IF_RANGE, RANGE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use mime_guess::mime::APPLICATION_OCTET_STREAM;
use serde_json::json;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use tower_http::services::ServeFile;

/// The list is read from the disk at most once in this time, for any number of browsers.
const LIST_AGE_LIMIT: Duration = Duration::from_secs(1);
/// Among this many of the newest recordings that are not for everybody, those are looked for in which a player has had a seat.
const PLAYED_LIMIT_RECORDINGS: usize = 64;

struct Archive {
    admission: Admission,
    newest_list: Mutex<Option<(Instant, Arc<[ListedRecording]>)>>,
}

pub(super) fn routes(admission: Admission) -> Router {
    let archive = Archive { admission, newest_list: Mutex::default() };
    Router::new()
        .route("/api/recordings", get(show_list))
        .route("/recordings/{name}", get(show_file))
        .with_state(Arc::new(archive))
}

async fn show_list(State(archive): State<Arc<Archive>>, shown: ShownSeats) -> Result<Response, Refusal> {
    match archive.list(Instant::now()).await {
        Ok(listed) => {
            let listed = archive.clone().admitted(listed, shown).await;
            Ok(Json(json!({ "recordings": listed })).into_response())
        }
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
    shown: ShownSeats,
    request: Request,
) -> Result<Response, Refusal> {
    let path = archive.admission.recordings.path(&name);
    let missing = || (StatusCode::NOT_FOUND, "there is no such recording".into());
    let path = path.ok_or_else(missing)?;
    match tokio::fs::metadata(&path).await {
        Ok(metadata) if metadata.is_file() => {}
        Err(error) if has_no_files_left(&error) => return Err(busy()),
        _ => return Err(missing()),
    }
    let (asked, file) = (archive.clone(), path.clone());
    let admitted = tokio::task::spawn_blocking(move || asked.admission.to_file(&file, &shown)).await;
    let audience = admitted.ok().flatten().ok_or_else(missing)?;
    let mut response =
        serve(ServeFile::new_with_mime(path, &APPLICATION_OCTET_STREAM), request.map(drop)).await;
    set_caching(&mut response, audience, "no-cache");
    let headers = response.headers_mut();
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
        let recordings = self.admission.recordings.clone();
        let list = move || recordings.list();
        let listed: Arc<[_]> = tokio::task::spawn_blocking(list).await.map_err(io::Error::other)??.into();
        *newest = Some((now, listed.clone()));
        Ok(listed)
    }

    /// Those that a request may see.
    async fn admitted(
        self: Arc<Archive>,
        listed: Arc<[ListedRecording]>,
        shown: ShownSeats,
    ) -> Vec<ListedRecording> {
        let admit = move || {
            let nobodys = ShownSeats::default();
            let mut looked_at = 0;
            let is_admitted = |one: &&ListedRecording| {
                let is_closed = self.admission.to_recording(one, &nobodys).is_none();
                looked_at += usize::from(is_closed);
                !is_closed
                    || looked_at <= PLAYED_LIMIT_RECORDINGS
                        && self.admission.to_recording(one, &shown).is_some()
            };
            listed.iter().filter(is_admitted).cloned().collect()
        };
        tokio::task::spawn_blocking(admit).await.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::belt;
    use crate::host::journal::Directory;
    use crate::net::http::audience::Watch;
    use crate::net::http::recording_source::Recordings;
    use shared::recording::{Audience, Encoder, Header, Watching};

    #[tokio::test]
    async fn the_disk_is_read_at_most_once_per_second() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing");
        let recordings = Recordings::Directory(Directory::new(missing.clone()));
        let admission = Admission { recordings, watch: Watch::Public };
        let archive = Archive { admission, newest_list: Mutex::default() };
        let start = Instant::now();
        assert_eq!(archive.list(start).await.unwrap().len(), 0);
        // Listing a file fails.
        std::fs::write(missing, "").unwrap();
        let late = start + LIST_AGE_LIMIT;
        assert!(archive.list(late - Duration::from_nanos(1)).await.is_ok());
        assert!(archive.list(late).await.is_err());
    }

    #[tokio::test]
    async fn recordings_that_a_room_or_the_host_keeps_from_everybody_are_neither_listed_nor_served() {
        let home = tempfile::tempdir().unwrap();
        let recorded = [
            ("belt-1", None),
            ("belt-2", Some(Audience::Nobody)),
            ("ours", None),
            ("theirs", Some(Audience::Everybody)),
        ];
        for (room, audience) in recorded {
            let watching = Watching { audience, delay_seconds: None };
            let header = Header::new(&belt(), "any build", room, 0).with_watching(watching);
            let bytes = Encoder::new(&header).finish().unwrap();
            std::fs::write(home.path().join(format!("{room}.belt")), bytes).unwrap();
        }
        std::fs::write(home.path().join("torn-20260921t141320z-3.belt"), "BELT").unwrap();
        let recordings = Recordings::Directory(Directory::new(home.path().into()));
        let nobodys = ShownSeats::default();
        for (watch, shown) in [
            (Watch::Nobody, &["theirs"][..]),
            (Watch::Players, &["theirs"]),
            (Watch::Public, &["belt-1", "theirs"]),
            (Watch::Everybody, &["belt-1", "ours", "theirs", "torn-20260921t141320z-3"]),
        ] {
            let admission = Admission { recordings: recordings.clone(), watch };
            for room in ["belt-1", "belt-2", "ours", "theirs", "torn-20260921t141320z-3"] {
                let path = home.path().join(format!("{room}.belt"));
                let audience = admission.to_file(&path, &nobodys);
                assert_eq!(audience, shown.contains(&room).then_some(Audience::Everybody), "{room}");
            }
            let archive = Arc::new(Archive { admission, newest_list: Mutex::default() });
            let listed = archive.list(Instant::now()).await.unwrap();
            let admitted = archive.admitted(listed, nobodys.clone()).await;
            let mut rooms: Vec<_> = admitted.iter().map(|recording| recording.room.as_str()).collect();
            rooms.sort_unstable();
            let expected: Vec<_> = shown.iter().copied().filter(|room| !room.starts_with("torn")).collect();
            assert_eq!(rooms, expected);
        }
        let file = home.path().join("ours.belt");
        let named = Admission { recordings: Recordings::File(file.clone()), watch: Watch::Nobody };
        assert!(named.to_file(&file, &nobodys).is_some(), "it was named to be shown");
    }
}
