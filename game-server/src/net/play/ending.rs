//! Why connections end, and with which close code and reason.

use crate::net::guard::limits::CLOSE_REASON_LIMIT_BYTES;
use shared::PROTOCOL_VERSION;
use shared::message::CloseCode;
use std::borrow::Cow;
use std::io::ErrorKind;
use tungstenite::Error;
use tungstenite::error::{CapacityError, ProtocolError};

/// Why a connection ends.
#[derive(Debug)]
pub enum Ending {
    /// The peer is gone.
    Gone,
    /// Both sides have said that they close.
    Closed,
    /// We close it, with this code and reason.
    Close(CloseCode, Cow<'static, str>),
    /// As `Close`; what follows from the peer cannot be read as WebSocket.
    Broken(CloseCode, Cow<'static, str>),
}

/// We close the connection.
pub fn close(code: CloseCode, reason: impl Into<Cow<'static, str>>) -> Ending {
    Ending::Close(code, reason.into())
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

/// What an error of the WebSocket means for it. tungstenite itself sends no close frame then.
pub fn ending(error: Error) -> Ending {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing) => {
            Ending::Gone
        }
        Error::ConnectionClosed => Ending::Closed,
        Error::Protocol(error) => Ending::Broken(CloseCode::ProtocolError, error.to_string().into()),
        Error::Utf8(_) => Ending::Broken(CloseCode::NotText, "a text that is not UTF-8".into()),
        Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => {
            Ending::Broken(CloseCode::TooBig, format!("a message may have {max_size} bytes").into())
        }
        _ => Ending::Gone,
    }
}

/// Whether nothing can be read or written now.
pub fn is_blocked(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == ErrorKind::WouldBlock)
}

/// The text up to the last whole character that a close frame has room for.
pub fn within_limit(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(CLOSE_REASON_LIMIT_BYTES)]
}
