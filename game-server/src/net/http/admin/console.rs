//! What the console needs besides the rooms: sessions, the state of the server, its log, its message of the day, and its end.

use super::body::JsonBody;
use super::login::{SESSION_LIMIT, Sessions};
use super::token::shown;
use crate::files::{read_text, write_whole};
use crate::host::fleet::{Fleet, FleetOrder};
use crate::host::journal::{Directory, DiskUse};
use crate::net::http::refusal::Refusal;
use crate::net::play::context::ConnectionContext;
use crate::process;
use crate::telemetry;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::text::chat_line;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Beside the recordings: where the page of the running server is, for `admin-link`.
pub const ADDRESS_FILE: &str = "admin.url";
/// Beside the recordings: what players are told when they come in.
const MESSAGE_FILE: &str = "message-of-the-day.txt";
/// Delay of the response to a wrong token, against guessing.
pub const WRONG_TOKEN_DELAY: Duration = Duration::from_millis(500);

/// What the console is about.
pub struct Console {
    pub sessions: Sessions,
    pub context: Arc<ConnectionContext>,
    fleet: Option<Arc<dyn Fleet>>,
    directory: Directory,
    started: Instant,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogIn {
    link: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageOfTheDay {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drain {
    draining: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Stop {
    #[serde(default)]
    for_good: bool,
}

type On = State<Arc<Console>>;
type Done = Result<Json<Value>, Refusal>;

impl Console {
    /// Shows players the message of the day that is kept, and says where the page is.
    pub fn open(
        context: Arc<ConnectionContext>,
        fleet: Option<Arc<dyn Fleet>>,
        directory: Directory,
        page: &str,
    ) -> Console {
        let path = directory.path();
        // Without recordings there is no directory.
        if path.is_dir()
            && let Err(error) = write_whole(&path.join(ADDRESS_FILE), &format!("{page}\n"))
        {
            tracing::warn!(%error, "`game-server admin-link` will not find this server");
        }
        let text = read_text(&path.join(MESSAGE_FILE)).unwrap_or_default();
        context.lobby.set_message_of_the_day(chat_line(&text).unwrap_or_default());
        Console { sessions: Sessions::default(), context, fleet, directory, started: Instant::now() }
    }

    /// Does what waits for the disk.
    async fn on_disk<T: Send + 'static>(
        self: Arc<Self>,
        act: impl FnOnce(&Console) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Refusal> {
        let done = tokio::task::spawn_blocking(move || act(&self)).await.map_err(io::Error::other);
        done.flatten().map_err(|error| {
            tracing::error!(%error, "the directory of recordings cannot be used");
            let line = format!("the directory of recordings cannot be used: {error}");
            (StatusCode::INTERNAL_SERVER_ERROR, line.into())
        })
    }
}

/// Routes for those who have logged in.
pub fn routes(console: Arc<Console>) -> Router {
    Router::new()
        .route("/server", get(show_server))
        .route("/log", get(show_log))
        .route("/message-of-the-day", post(set_message_of_the_day))
        .route("/drain", post(drain))
        .route("/stop", post(stop))
        .route("/upgrade", post(upgrade))
        .route("/logout", post(log_out))
        .with_state(console)
}

/// Routes for those who want to log in.
pub fn entrance(console: Arc<Console>) -> Router {
    Router::new().route("/login", post(log_in)).with_state(console)
}

async fn log_in(State(console): On, JsonBody(LogIn { link }): JsonBody<LogIn>) -> Done {
    let open =
        move |console: &Console| console.sessions.open(console.directory.path(), &link, SystemTime::now());
    let Some(token) = console.on_disk(open).await? else {
        tokio::time::sleep(WRONG_TOKEN_DELAY).await;
        let line = "this link is void: each opens once and within ten minutes; ask `game-server admin-link` for another";
        return Err((StatusCode::UNAUTHORIZED, line.into()));
    };
    tracing::info!("an administrator has logged in by a link");
    Ok(Json(json!({ "token": token, "seconds": SESSION_LIMIT.as_secs() })))
}

async fn log_out(State(console): On, headers: HeaderMap) -> Json<Value> {
    if let Some(token) = shown(&headers) {
        console.sessions.close(token);
    }
    done()
}

async fn show_server(State(console): On) -> Done {
    let disk = console.clone().on_disk(|console| console.directory.disk_use()).await;
    let DiskUse { files, bytes, free_bytes } = disk.unwrap_or_default();
    let context = &console.context;
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptimeSeconds": console.started.elapsed().as_secs(),
        "connections": context.players.count(),
        "draining": context.lobby.is_draining(),
        "stopping": context.is_stopping(),
        "modes": context.lobby.modes().map(|(name, title)| json!({ "name": name, "title": title })).collect::<Vec<_>>(),
        "messageOfTheDay": &*context.lobby.message_of_the_day(),
        "recordings": {
            "directory": console.directory.path().display().to_string(),
            "files": files,
            "bytes": bytes,
            "freeBytes": free_bytes,
        },
    })))
}

async fn show_log() -> Json<Value> {
    Json(json!({ "lines": telemetry::tail() }))
}

async fn set_message_of_the_day(
    State(console): On,
    JsonBody(MessageOfTheDay { text }): JsonBody<MessageOfTheDay>,
) -> Done {
    let text = chat_line(&text).unwrap_or_default();
    if let Some(fleet) = &console.fleet {
        fleet.tell(FleetOrder::MessageOfTheDay { text: text.clone() });
    }
    let keep = move |console: &Console| keep_message(&console.context, &console.directory, &text);
    console.on_disk(keep).await.map(|()| done())
}

/// Shows players a message of the day from now on, and keeps it for the next start. Waits for the disk.
pub(super) fn keep_message(context: &ConnectionContext, directory: &Directory, text: &str) -> io::Result<()> {
    context.lobby.set_message_of_the_day(text.into());
    write_whole(&directory.path().join(MESSAGE_FILE), &format!("{text}\n"))
}

async fn drain(State(console): On, JsonBody(Drain { draining }): JsonBody<Drain>) -> Json<Value> {
    console.context.lobby.set_draining(draining);
    done()
}

async fn stop(JsonBody(Stop { for_good }): JsonBody<Stop>) -> Done {
    ask_process(if for_good { process::Request::StopForGood } else { process::Request::Stop })
}

async fn upgrade() -> Done {
    ask_process(process::Request::Upgrade)
}

fn ask_process(request: process::Request) -> Done {
    let refuse = |error| (StatusCode::NOT_IMPLEMENTED, format!("not possible here: {error}").into());
    process::ask(request).map(|()| done()).map_err(refuse)
}

fn done() -> Json<Value> {
    Json(json!({ "done": true }))
}
