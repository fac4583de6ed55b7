//! Matches that go on, for those who watch: the list, and their recordings in pieces that are older than the watch delay.

use super::audience::Watch;
use super::downloads::{Downloads, counted};
use super::highlights::Highlights;
use super::memory_file::MemoryFile;
use super::recordings::busy;
use super::refusal::Refusal;
use crate::files::has_no_files_left;
use crate::host::journal::{Directory, LiveStatus, Run};
use crate::net::guard::socket_permit::SocketPermit;
use crate::net::play::context::ConnectionContext;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, RANGE,
};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};
use shared::recording::Source;
use std::collections::VecDeque;
use std::future::{Ready, ready};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tower::ServiceExt;
use tower_http::services::ServeDir;
use tower_http::services::fs::Backend;

/// Pieces that one request may ask for, if their number is a multiple of it: caches see the same requests of everybody.
const RUN_LENGTHS_PIECES: [usize; 3] = [1, 16, 256];
/// A request for the next piece waits for it this long.
const NEXT_PIECE_LIMIT: Duration = Duration::from_secs(20);
/// How often a piece is looked for that is not written to its end.
const UNWRITTEN_INTERVAL: Duration = Duration::from_millis(250);
/// Pieces and their bytes that are kept in memory for the next who asks.
const KEPT_RUNS: usize = 64;
const KEPT_RUN_LIMIT_BYTES: usize = 256 * 1024;

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const SHORT: HeaderValue = HeaderValue::from_static("public, max-age=1");

struct Stand {
    directory: Option<Directory>,
    watch: Watch,
    context: Arc<ConnectionContext>,
    highlights: Arc<Highlights>,
    downloads: Downloads,
    kept: std::sync::Mutex<VecDeque<KeptRun>>,
}

/// Pieces that are kept in memory.
#[derive(Clone)]
struct KeptRun {
    /// The recording's.
    name: Arc<str>,
    /// Where they stand in it, in bytes.
    from: u64,
    to: u64,
    content: Bytes,
    tag: Option<HeaderValue>,
}

pub(super) fn routes(
    directory: Option<Directory>,
    watch: Watch,
    context: Arc<ConnectionContext>,
    highlights: Arc<Highlights>,
    downloads: Downloads,
) -> Router {
    let stand = Stand { directory, watch, context, highlights, downloads, kept: Default::default() };
    Router::new()
        .route("/api/watch", get(show_list))
        .route("/api/watch/{room}", get(show_room))
        .route("/watch/{room}/{recording}/{run}", get(show_run))
        .with_state(Arc::new(stand))
}

fn missing() -> Refusal {
    (StatusCode::NOT_FOUND, "there is nothing to watch here".into())
}

async fn show_list(State(stand): State<Arc<Stand>>) -> Response {
    let mut rooms: Vec<LiveStatus> = Vec::new();
    for live in stand.directory.iter().flat_map(Directory::live_recordings) {
        if stand.watch.opens(&live.room) && !live.ended && rooms.iter().all(|known| known.room != live.room) {
            rooms.extend(stand.directory.as_ref().and_then(|directory| directory.live(&live.room)));
        }
    }
    let best = stand.highlights.best_of_the_day().await;
    short(json!({ "delaySeconds": stand.delay().as_secs(), "rooms": rooms, "best": *best }))
}

async fn show_room(State(stand): State<Arc<Stand>>, Path(room): Path<String>) -> Result<Response, Refusal> {
    let live = stand.open(&room).and_then(|directory| directory.live(&room)).ok_or_else(missing)?;
    Ok(short(json!({ "delaySeconds": stand.delay().as_secs(), "room": live })))
}

fn short(value: Value) -> Response {
    ([(CACHE_CONTROL, SHORT)], Json(value)).into_response()
}

/// Shows pieces; the next one, once it is old enough.
async fn show_run(
    State(stand): State<Arc<Stand>>,
    Path((room, recording, run)): Path<(String, String, String)>,
    Extension(socket): Extension<Arc<SocketPermit>>,
    request: Request,
) -> Result<Response, Response> {
    let missing = || missing().into_response();
    let directory = stand.open(&room).ok_or_else(missing)?;
    let (first, end) = parse_run(&run).ok_or_else(missing)?;
    let give_up = Instant::now() + NEXT_PIECE_LIMIT;
    let mut wait = None;
    let (from, to) = loop {
        let due = match directory.run(&room, &recording, first, end) {
            Run::At { from, to } => break (from, to),
            Run::Due(due) => due,
            Run::Unwritten => Instant::now() + UNWRITTEN_INTERVAL,
            Run::Missing => return Err(missing()),
        };
        if wait.is_none() {
            let waiting = stand.downloads.wait(&socket, request.headers());
            wait = Some(waiting.map_err(IntoResponse::into_response)?);
        }
        tokio::select! {
            () = tokio::time::sleep_until(due.min(give_up).into()) => {}
            () = stand.context.stopped() => return Err(missing()),
        }
        if due >= give_up {
            return Err(missing());
        }
    };
    drop(wait);
    let permit = stand.downloads.begin(&socket, request.headers()).map_err(IntoResponse::into_response)?;
    let kept = stand.read(directory, recording, from, to).await.map_err(|error| {
        if has_no_files_left(&error) {
            return busy().into_response();
        }
        tracing::warn!(%error, "a piece of a recording cannot be read");
        missing()
    })?;
    let is_plain = request.method() == Method::GET
        && [RANGE, IF_RANGE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE]
            .iter()
            .all(|name| !request.headers().contains_key(name));
    // Thousands ask for the next piece at once: no more is done for each than needed.
    let mut response = match &kept.tag {
        Some(tag) if is_plain => ([(ETAG, tag.clone())], kept.content).into_response(),
        _ => serve(kept.content, request).await,
    };
    response.headers_mut().insert(CACHE_CONTROL, IMMUTABLE);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    Ok(counted(response, permit))
}

/// Serves bytes with ranges, validators and conditions. They never change: the path names them.
async fn serve(content: Bytes, request: Request) -> Response {
    let mut request = request.map(drop);
    *request.uri_mut() = Uri::from_static("/");
    let file = ServeDir::with_backend("", OneFile(MemoryFile::new(content, SystemTime::UNIX_EPOCH)));
    let Ok(response) = file.append_index_html_on_directories(false).oneshot(request).await;
    response.map(Body::new)
}

/// The pieces of a request such as `16-32`.
fn parse_run(text: &str) -> Option<(usize, usize)> {
    let (first, end) = text.split_once('-')?;
    let (first, end): (usize, usize) = (first.parse().ok()?, end.parse().ok()?);
    let length = end.checked_sub(first)?;
    let is_aligned = RUN_LENGTHS_PIECES.contains(&length) && first.is_multiple_of(length);
    (is_aligned && text == format!("{first}-{end}")).then_some((first, end))
}

impl Stand {
    fn delay(&self) -> Duration {
        self.directory.as_ref().map_or(Duration::ZERO, Directory::delay)
    }

    /// The recordings, if the room may be watched.
    fn open(&self, room: &str) -> Option<&Directory> {
        self.directory.as_ref().filter(|_| self.watch.opens(room))
    }

    async fn read(&self, directory: &Directory, name: String, from: u64, to: u64) -> io::Result<KeptRun> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |run: &&KeptRun| (run.from, run.to) == (from, to) && *run.name == *name;
        // The newest are asked for most.
        if let Some(run) = kept().iter().rev().find(is_it) {
            return Ok(run.clone());
        }
        let path = directory.path().join(&name);
        let read = move || -> io::Result<Bytes> {
            let mut content = vec![0; usize::try_from(to - from).map_err(io::Error::other)?];
            let file = crate::host::journal::FileSource::open(&path)?;
            file.read(from, &mut content).map_err(io::Error::other)?;
            Ok(content.into())
        };
        let content = tokio::task::spawn_blocking(read).await.map_err(io::Error::other)??;
        let tag = serve(content.clone(), Request::default()).await.headers_mut().remove(ETAG);
        let run = KeptRun { name: name.into(), from, to, content, tag };
        let mut kept = kept();
        if run.content.len() <= KEPT_RUN_LIMIT_BYTES {
            kept.push_back(run.clone());
        }
        if kept.len() > KEPT_RUNS {
            kept.pop_front();
        }
        Ok(run)
    }
}

/// One file, whatever path is asked for.
#[derive(Clone)]
struct OneFile(MemoryFile<Bytes>);

impl Backend for OneFile {
    type File = MemoryFile<Bytes>;
    type Metadata = MemoryFile<Bytes>;
    type OpenFuture = Ready<io::Result<MemoryFile<Bytes>>>;
    type MetadataFuture = Ready<io::Result<MemoryFile<Bytes>>>;

    fn open(&self, _: PathBuf) -> Self::OpenFuture {
        ready(Ok(self.0.clone()))
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        self.open(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_asked_for_in_one_way() {
        for (text, run) in
            [("0-1", (0, 1)), ("17-18", (17, 18)), ("16-32", (16, 32)), ("512-768", (512, 768))]
        {
            assert_eq!(parse_run(text), Some(run));
        }
        for text in ["", "1", "1-1", "2-1", "0-2", "1-17", "+1-2", "01-02", "0-1-2", "18446744073709551615-0"]
        {
            assert_eq!(parse_run(text), None, "{text}");
        }
    }
}
