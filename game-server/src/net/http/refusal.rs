//! Requests that get no answer but a reason.

use axum::http::StatusCode;
use std::borrow::Cow;

/// A status and a line of text for a person.
pub type Refusal = (StatusCode, Cow<'static, str>);

/// To be set before layers, which do not apply to it otherwise.
pub async fn method_not_allowed() -> Refusal {
    (StatusCode::METHOD_NOT_ALLOWED, "this method is not allowed here; see the Allow header".into())
}
