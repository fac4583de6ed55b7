//! Downloads of recordings, pieces of running matches and clips count in one share, until their last byte is sent.

use super::entrance::Entrance;
use crate::net::guard::network_limit::{NetworkLimit, NetworkPermit, Reached};
use crate::net::guard::socket_permit::SocketPermit;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderMap, RETRY_AFTER};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// When a client may ask again, in seconds.
const RETRY_AFTER_SECONDS: &str = "5";

/// A body that counts as a download until it is sent or dropped.
struct Counted {
    body: Body,
    _permit: NetworkPermit,
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The shares of downloads and of requests that wait for the next piece of a match.
#[derive(Clone)]
pub(super) struct Downloads {
    pub running: Arc<NetworkLimit>,
    pub waiting: Arc<NetworkLimit>,
    pub entrance: Arc<Entrance>,
}

/// Counts the request as a download until its response is sent.
pub(super) async fn count(
    State(downloads): State<Downloads>,
    Extension(socket): Extension<Arc<SocketPermit>>,
    request: Request,
    next: Next,
) -> Response {
    match downloads.begin(&socket, request.headers()) {
        Ok(permit) => counted(next.run(request).await, permit),
        Err(reached) => reached.into_response(),
    }
}

/// The response counts as a download until it is sent.
pub(super) fn counted(response: Response, permit: NetworkPermit) -> Response {
    response.map(|body| Body::new(Counted { body, _permit: permit }))
}

impl Downloads {
    /// Counts as a download until dropped.
    pub fn begin(&self, socket: &SocketPermit, headers: &HeaderMap) -> Result<NetworkPermit, Reached> {
        self.running.acquire(self.entrance.proxies.client(socket.peer, headers))
    }

    /// Counts as a wait for what can be downloaded later, until dropped.
    pub fn wait(&self, socket: &SocketPermit, headers: &HeaderMap) -> Result<NetworkPermit, Reached> {
        self.waiting.acquire(self.entrance.proxies.client(socket.peer, headers))
    }
}

impl IntoResponse for Reached {
    fn into_response(self) -> Response {
        let (status, line) = match self {
            Reached::OfNetwork => (
                StatusCode::TOO_MANY_REQUESTS,
                "too many downloads at a time from this address: try again when one has ended",
            ),
            Reached::OfAll => {
                (StatusCode::SERVICE_UNAVAILABLE, "too many downloads at a time: try again in a few seconds")
            }
        };
        (status, [(RETRY_AFTER, RETRY_AFTER_SECONDS)], line).into_response()
    }
}
