//! Holds the share of a download until its last byte is sent.

use super::entrance::Entrance;
use crate::net::guard::network_limit::{NetworkLimit, NetworkPermit, Reached};
use crate::net::guard::socket_permit::SocketPermit;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
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

pub(super) async fn count(
    State((downloads, entrance)): State<(Arc<NetworkLimit>, Arc<Entrance>)>,
    Extension(socket): Extension<Arc<SocketPermit>>,
    request: Request,
    next: Next,
) -> Response {
    let address = entrance.proxies.client(socket.peer, request.headers());
    match downloads.acquire(address) {
        Ok(permit) => next.run(request).await.map(|body| Body::new(Counted { body, _permit: permit })),
        Err(reached) => {
            let (status, line) = match reached {
                Reached::OfNetwork => (
                    StatusCode::TOO_MANY_REQUESTS,
                    "too many downloads at a time from this address: try again when one has ended",
                ),
                Reached::OfAll => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "too many downloads at a time: try again in a few seconds",
                ),
            };
            (status, [(RETRY_AFTER, RETRY_AFTER_SECONDS)], line).into_response()
        }
    }
}
