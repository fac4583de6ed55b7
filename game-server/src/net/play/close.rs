//! Why connections end, and with which close code and reason.

use crate::net::guard::limits::CLOSE_REASON_LIMIT_BYTES;
use shared::PROTOCOL_VERSION;
use shared::message::CloseCode;
use std::borrow::Cow;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};

/// Why a connection ends.
#[derive(Debug)]
pub enum CloseCause {
    /// The peer is gone.
    Gone,
    /// The peer has closed it, or has answered our close.
    ClosedByPeer,
    /// We close it, with this code and reason.
    Close(CloseCode, Cow<'static, str>),
    /// As `Close`; what the peer sends can no longer be read as a WebSocket.
    Breach(CloseCode, Cow<'static, str>),
}

/// We close the connection.
pub fn close(code: CloseCode, reason: impl Into<Cow<'static, str>>) -> CloseCause {
    CloseCause::Close(code, reason.into())
}

/// What a person can do about another version; nothing if it is ours.
#[must_use]
pub fn version_mismatch(version: u16) -> Option<&'static str> {
    match version.cmp(&PROTOCOL_VERSION) {
        std::cmp::Ordering::Less => Some("this page is older than the server: reload"),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some("this page is newer than the server: the server needs an update"),
    }
}

/// What an error of the WebSocket means for it. tungstenite sends no close frame then.
pub fn close_cause(error: Error) -> CloseCause {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing) => {
            CloseCause::Gone
        }
        Error::ConnectionClosed => CloseCause::ClosedByPeer,
        Error::Protocol(error) => CloseCause::Breach(CloseCode::ProtocolError, error.to_string().into()),
        Error::Utf8(_) => CloseCause::Breach(CloseCode::NotText, "a text that is not UTF-8".into()),
        Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => {
            CloseCause::Breach(CloseCode::TooBig, format!("a message may have {max_size} bytes").into())
        }
        _ => CloseCause::Gone,
    }
}

/// The text up to the last whole character that a close frame has room for.
pub fn within_limit(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(CLOSE_REASON_LIMIT_BYTES)]
}
