//! Matches that go on, for those who watch: the list, and their recordings in pieces that are older than the watch delay.

use super::audience::{Admission, ShownSeats, set_caching};
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
    IF_UNMODIFIED_SINCE, RANGE, VARY,
};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};
use shared::recording::{Audience, Source};
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
/// Runs of pieces, and their bytes, that are kept in memory for the next who asks.
const KEPT_RUNS: usize = 64;
const KEPT_RUN_LIMIT_BYTES: usize = 1024 * 1024;

const FOR_EVERYBODY: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const FOR_PLAYERS: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");
const BY_SEAT: HeaderValue = HeaderValue::from_static("authorization");

struct Stand {
    admission: Admission,
    context: Arc<ConnectionContext>,
    highlights: Arc<Highlights>,
    downloads: Downloads,
    kept: std::sync::Mutex<VecDeque<KeptRun>>,
    /// Held while a single piece is read: thousands ask for the newest one at once, and one of them reads it.
    reading: tokio::sync::Mutex<()>,
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

/// The routes of the lists, and those of the pieces.
pub(super) fn routes(
    admission: Admission,
    context: Arc<ConnectionContext>,
    highlights: Arc<Highlights>,
    downloads: Downloads,
) -> (Router, Router) {
    let (kept, reading) = Default::default();
    let stand = Arc::new(Stand { admission, context, highlights, downloads, kept, reading });
    let lists = Router::new().route("/api/watch", get(show_list)).route("/api/watch/{room}", get(show_room));
    let pieces = Router::new().route("/watch/{room}/{recording}/{run}", get(show_run));
    (lists.with_state(stand.clone()), pieces.with_state(stand))
}

fn missing() -> Refusal {
    (StatusCode::NOT_FOUND, "there is nothing to watch here".into())
}

async fn show_list(State(stand): State<Arc<Stand>>, shown: ShownSeats) -> Response {
    let mut rooms: Vec<LiveStatus> = Vec::new();
    for live in stand.admission.directory().iter().flat_map(|directory| directory.live_recordings()) {
        if !live.ended && rooms.iter().all(|known| known.room != live.room) {
            rooms.extend(stand.live(&live.room, &shown).map(|(live, _)| live));
        }
    }
    let best = stand.highlights.best_of_the_day().await;
    let delay = stand.admission.directory().map_or(Duration::ZERO, Directory::delay);
    let list = json!({ "delaySeconds": delay.as_secs(), "rooms": rooms, "best": *best });
    short(list, if shown.is_empty() { Audience::Everybody } else { Audience::Players })
}

async fn show_room(
    State(stand): State<Arc<Stand>>,
    Path(room): Path<String>,
    shown: ShownSeats,
) -> Result<Response, Refusal> {
    let (live, audience) = stand.live(&room, &shown).ok_or_else(missing)?;
    Ok(short(json!({ "delaySeconds": live.delay_seconds, "room": live }), audience))
}

fn short(value: Value, audience: Audience) -> Response {
    let mut response = Json(value).into_response();
    set_caching(&mut response, audience, "max-age=1");
    response
}

/// Shows pieces; the next one, once it is old enough.
async fn show_run(
    State(stand): State<Arc<Stand>>,
    Path((room, recording, run)): Path<(String, String, String)>,
    Extension(socket): Extension<Arc<SocketPermit>>,
    request: Request,
) -> Result<Response, Response> {
    let missing = || missing().into_response();
    let directory = stand.admission.directory().ok_or_else(missing)?;
    let chosen = directory.audience(&room, &recording).ok_or_else(missing)?;
    let shown = ShownSeats::of(request.headers());
    let audience = stand.admission.admit(&recording, &room, chosen, &shown).ok_or_else(missing)?;
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
    let one_of_many = if end - first == 1 { Some(stand.reading.lock().await) } else { None };
    let (kept, permit) = match stand.find(&recording, from, to) {
        Some(kept) => (kept, None),
        None => {
            let permit = stand.downloads.begin(&socket, request.headers());
            let permit = permit.map_err(IntoResponse::into_response)?;
            let read = stand.read(directory, recording, from, to).await.map_err(|error| {
                if has_no_files_left(&error) {
                    return busy().into_response();
                }
                tracing::warn!(%error, "a piece of a recording cannot be read");
                missing()
            })?;
            (read, Some(permit))
        }
    };
    drop(one_of_many);
    let is_plain = request.method() == Method::GET
        && [RANGE, IF_RANGE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE]
            .iter()
            .all(|name| !request.headers().contains_key(name));
    // Thousands ask for the next piece at once: no more is done for each than needed.
    let mut response = match &kept.tag {
        Some(tag) if is_plain => ([(ETAG, tag.clone())], kept.content).into_response(),
        _ => serve(kept.content, request).await,
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, if audience == Audience::Everybody { FOR_EVERYBODY } else { FOR_PLAYERS });
    headers.insert(VARY, BY_SEAT);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    // What is in memory takes no file.
    Ok(if let Some(permit) = permit { counted(response, permit) } else { response })
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
    /// The match of a room that the request may see, and for whom it is.
    fn live(&self, room: &str, shown: &ShownSeats) -> Option<(LiveStatus, Audience)> {
        let admit =
            |live: &LiveStatus| self.admission.admit(&live.recording, &live.room, live.audience, shown);
        let live = self.admission.directory()?.live(room, |live| admit(live).is_some())?;
        admit(&live).map(|audience| (live, audience))
    }

    /// Pieces that are in memory.
    fn find(&self, name: &str, from: u64, to: u64) -> Option<KeptRun> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // The newest are asked for most.
        kept.iter().rev().find(|run| (run.from, run.to) == (from, to) && *run.name == *name).cloned()
    }

    async fn read(&self, directory: &Directory, name: String, from: u64, to: u64) -> io::Result<KeptRun> {
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
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
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
