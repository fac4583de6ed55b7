//! Kept clips: taking them in, and showing them under a link.

use super::audience::Admission;
use super::entrance::Entrance;
use super::page;
use super::recordings;
use super::refusal::{Refusal, method_not_allowed};
use crate::host::clips::{CLIP_LIMIT_BYTES, Clips, KeepError, Kept};
use crate::host::titles::title_of_file;
use crate::net::guard::addresses::network_of;
use crate::net::guard::socket_permit::SocketPermit;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, HeaderMap, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use mime_guess::mime::APPLICATION_OCTET_STREAM;
use room::by_network::ByNetwork;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::services::ServeFile;
use tower_http::timeout::RequestBodyDeadlineLayer;

/// Clips that one network may have kept are counted for this long.
const WINDOW: Duration = Duration::from_secs(60 * 60);
/// With more networks than this, those that have had none kept of late are forgotten.
const SWEEP_FLOOR_NETWORKS: usize = 1024;
/// Titles that are kept in memory; beyond it, all files are read again.
const KEPT_TITLES: usize = 1024;
/// A clip is sent by then.
const UPLOAD_LIMIT: Duration = Duration::from_secs(60);

/// What keeps clips, if the host wants any kept.
#[derive(Clone)]
pub struct KeptClips {
    pub clips: Clips,
    /// Most clips of one network per hour.
    pub per_address: u32,
}

struct Shelf {
    kept: Option<KeptClips>,
    admission: Admission,
    entrance: Arc<Entrance>,
    counted: Mutex<ByNetwork<(Instant, u32)>>,
    /// By the clip's id. Held while a file is read, which one request at a time does.
    titles: tokio::sync::Mutex<HashMap<String, Option<String>>>,
}

pub(super) fn routes(kept: Option<KeptClips>, admission: Admission, entrance: Arc<Entrance>) -> Router {
    let counted = Mutex::new(ByNetwork::new(SWEEP_FLOOR_NETWORKS));
    let shelf = Shelf { kept, admission, entrance, counted, titles: tokio::sync::Mutex::default() };
    Router::new()
        .route("/api/clips", get(show_limits).post(keep))
        .route("/api/clips/{id}", get(show_state))
        .route("/api/watch/{room}/moments", post(keep_moment))
        .route("/clips/{id}", get(show_file))
        .route("/c/{id}", get(show_page))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(CLIP_LIMIT_BYTES))
        .layer(RequestBodyDeadlineLayer::new(UPLOAD_LIMIT))
        .with_state(Arc::new(shelf))
}

fn off() -> Refusal {
    (StatusCode::NOT_FOUND, "this server keeps no clips".into())
}

fn missing() -> Refusal {
    (StatusCode::NOT_FOUND, "there is no such clip".into())
}

/// Says whether clips are kept.
async fn show_limits(State(shelf): State<Arc<Shelf>>) -> Json<Value> {
    Json(json!({ "kept": shelf.kept.is_some(), "limitBytes": CLIP_LIMIT_BYTES }))
}

async fn keep(
    State(shelf): State<Arc<Shelf>>,
    Extension(socket): Extension<Arc<SocketPermit>>,
    headers: HeaderMap,
    clip: Bytes,
) -> Result<Response, Refusal> {
    let clips = shelf.admit(&socket, &headers)?;
    answer(move || clips.keep(&clip, |room, chosen| shelf.admission.is_for_everybody(room, chosen))).await
}

async fn keep_moment(
    State(shelf): State<Arc<Shelf>>,
    Extension(socket): Extension<Arc<SocketPermit>>,
    Path(room): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let matches = shelf.admission.recordings.directory().cloned();
    let matches = matches.ok_or((StatusCode::CONFLICT, KeepError::NotRecorded.to_string().into()))?;
    let clips = shelf.admit(&socket, &headers)?;
    answer(move || {
        clips.keep_moment(&matches, &room, |room, chosen| shelf.admission.is_for_everybody(room, chosen))
    })
    .await
}

async fn answer(
    keep: impl FnOnce() -> Result<String, KeepError> + Send + 'static,
) -> Result<Response, Refusal> {
    match tokio::task::spawn_blocking(keep).await.map_err(std::io::Error::other).map_err(KeepError::Disk) {
        Ok(Ok(id)) => {
            Ok((StatusCode::CREATED, Json(json!({ "id": id, "path": format!("/c/{id}") }))).into_response())
        }
        Ok(Err(error)) | Err(error) => {
            let status = match error {
                KeepError::NoClip(_) => StatusCode::UNPROCESSABLE_ENTITY,
                KeepError::NotRecorded => StatusCode::CONFLICT,
                KeepError::Closed => StatusCode::FORBIDDEN,
                KeepError::Disk(_) => StatusCode::INSUFFICIENT_STORAGE,
            };
            Err((status, error.to_string().into()))
        }
    }
}

async fn show_state(State(shelf): State<Arc<Shelf>>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    match shelf.find(&id).await {
        Kept::At(path) => {
            let title = shelf.title_of(&id, path).await;
            Ok(Json(json!({ "ready": true, "title": title })))
        }
        Kept::Waiting => Ok(Json(json!({ "ready": false }))),
        Kept::Missing => Err(missing()),
    }
}

async fn show_file(
    State(shelf): State<Arc<Shelf>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let Kept::At(path) = shelf.find(&id).await else { return Err(missing()) };
    let file = ServeFile::new_with_mime(path, &APPLICATION_OCTET_STREAM);
    let mut response = recordings::serve(file, request.map(drop)).await;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    let disposition = format!("attachment; filename={id}.belt");
    headers.extend(HeaderValue::try_from(disposition).map(|value| (CONTENT_DISPOSITION, value)));
    Ok(response)
}

/// The page of a clip, with the title that link previews show.
async fn show_page(
    State(shelf): State<Arc<Shelf>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let untitled = || "Clip".to_owned();
    let title = match shelf.find(&id).await {
        Kept::At(path) => Some(shelf.title_of(&id, path).await.unwrap_or_else(untitled)),
        Kept::Waiting => Some(untitled()),
        Kept::Missing => None,
    };
    let mut response = page::show(shelf.entrance.public_url.as_ref(), uri.path(), &headers, title.as_deref());
    if title.is_none() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

impl Shelf {
    /// What keeps a client's clip, unless it has had too many kept.
    fn admit(&self, socket: &SocketPermit, headers: &HeaderMap) -> Result<Clips, Refusal> {
        let KeptClips { clips, per_address } = self.kept.as_ref().ok_or_else(off)?;
        let asked = self.entrance.forwarding(socket.peer, headers)?;
        self.entrance.check_origin(&asked, headers)?;
        let address = asked.client;
        if self.entrance.context.bans.is_banned(address, std::time::SystemTime::now()) {
            return Err((StatusCode::FORBIDDEN, "this address is banned".into()));
        }
        if !self.count(network_of(address), *per_address, Instant::now()) {
            let reason = "your network has had as many clips kept as it may in an hour: save them as files";
            return Err((StatusCode::TOO_MANY_REQUESTS, reason.into()));
        }
        Ok(clips.clone())
    }

    /// Reads a clip's file, unless its title is known.
    async fn title_of(&self, id: &str, path: PathBuf) -> Option<String> {
        let mut titles = self.titles.lock().await;
        if let Some(title) = titles.get(id) {
            return title.clone();
        }
        let title = tokio::task::spawn_blocking(move || title_of_file(&path)).await.ok()?;
        if titles.len() >= KEPT_TITLES {
            titles.clear();
        }
        titles.insert(id.to_owned(), title.clone());
        title
    }

    fn count(&self, network: IpAddr, limit: u32, now: Instant) -> bool {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |(since, _): &(Instant, u32)| now.saturating_duration_since(*since) >= WINDOW;
        let count = counted.get_or_insert_with(network, is_over, || (now, 0));
        if is_over(count) {
            *count = (now, 0);
        }
        count.1 = count.1.saturating_add(1);
        count.1 <= limit
    }

    /// The clip of an id, if the host still shows its room's matches to everybody.
    async fn find(self: &Arc<Shelf>, id: &str) -> Kept {
        let (shelf, id) = (self.clone(), id.to_owned());
        let find = move || {
            let may_be_shown = |room: &str, chosen| shelf.admission.is_for_everybody(room, chosen);
            shelf.kept.as_ref().map_or(Kept::Missing, |kept| kept.clips.find(&id, may_be_shown))
        };
        tokio::task::spawn_blocking(find).await.unwrap_or(Kept::Missing)
    }
}
