//! Login links: `game-server admin-link` leaves the digest of a token beside the recordings, and whoever shows the token gets a
//! session for it, once.

use super::token::{Digest, digest_of};
use crate::files::{read_text, write_whole};
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use subtle::ConstantTimeEq;

/// Time in which a link must be opened.
pub const LINK_LIMIT: Duration = Duration::from_secs(600);
/// Time after which a session must log in again.
pub const SESSION_LIMIT: Duration = Duration::from_secs(12 * 3600);
/// Most sessions; beyond it, the oldest ends.
pub const SESSIONS_LIMIT: usize = 16;
/// Beside the recordings: the digest of the newest link's token, and when the link ends.
const LINK_FILE: &str = "admin.link";
const SECRET_BYTES: usize = 32;

/// Makes a link for the server that records into this directory, in place of the one before. Returns its token.
///
/// # Errors
/// If the directory cannot be written.
pub fn make_link(recordings: &Path, now: SystemTime) -> io::Result<String> {
    let secret = secret()?;
    let end = (now + LINK_LIMIT).duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
    write_whole(&recordings.join(LINK_FILE), &format!("{} {end}\n", hex(&digest_of(&secret))))?;
    Ok(secret)
}

/// Who has logged in by a link.
#[derive(Debug, Default)]
pub struct Sessions {
    open: Mutex<Vec<Session>>,
    /// Locked while a link is looked at, so that it opens one session only.
    link: Mutex<()>,
}

#[derive(Debug)]
struct Session {
    digest: Digest,
    end: Instant,
}

impl Sessions {
    /// Opens a session for the token of a link, which is void from then on. Returns the session's token; `None` if there is no
    /// such link. Waits for the disk.
    ///
    /// # Errors
    /// If the link cannot be made void.
    pub fn open(&self, recordings: &Path, shown: &str, now: SystemTime) -> io::Result<Option<String>> {
        let _link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let file = recordings.join(LINK_FILE);
        let Ok(link) = read_text(&file) else { return Ok(None) };
        if !is_link(&link, shown, now) {
            return Ok(None);
        }
        fs::remove_file(&file)?;
        let secret = secret()?;
        let mut open = self.unexpired();
        if open.len() >= SESSIONS_LIMIT {
            open.remove(0);
        }
        open.push(Session { digest: digest_of(&secret), end: Instant::now() + SESSION_LIMIT });
        Ok(Some(secret))
    }

    /// Whether a token is that of a session.
    pub fn knows(&self, token: &str) -> bool {
        let shown = digest_of(token);
        self.unexpired().iter().any(|session| session.digest.ct_eq(&shown).into())
    }

    /// Ends the session of a token.
    pub fn close(&self, token: &str) {
        let shown = digest_of(token);
        self.unexpired().retain(|session| session.digest.ct_ne(&shown).into());
    }

    fn unexpired(&self) -> MutexGuard<'_, Vec<Session>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        open.retain(|session| now < session.end);
        open
    }
}

/// Whether a file describes the link with this token. One that ends too late was made by another clock.
fn is_link(file: &str, shown: &str, now: SystemTime) -> bool {
    let Some((digest, end)) = file.trim().split_once(' ') else { return false };
    let Ok(end) = end.parse() else { return false };
    let left = UNIX_EPOCH.checked_add(Duration::from_secs(end)).and_then(|end| end.duration_since(now).ok());
    left.is_some_and(|left| left <= LINK_LIMIT)
        && digest.as_bytes().ct_eq(hex(&digest_of(shown)).as_bytes()).into()
}

fn secret() -> io::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_one_session_in_its_time_only() -> io::Result<()> {
        let home = tempfile::tempdir()?;
        let (sessions, now) = (Sessions::default(), SystemTime::now());
        assert_eq!(sessions.open(home.path(), "", now)?, None, "no link was made");
        let old = make_link(home.path(), now)?;
        let link = make_link(home.path(), now)?;
        let late = now + LINK_LIMIT + Duration::from_secs(1);
        for (shown, at) in
            [(&old, now), (&link, late), (&link, now - Duration::from_secs(2)), (&String::new(), now)]
        {
            assert_eq!(sessions.open(home.path(), shown, at)?, None);
        }
        let session = sessions.open(home.path(), &link, now)?.expect("a session");
        assert_eq!(sessions.open(home.path(), &link, now)?, None, "it is void");
        assert!(sessions.knows(&session) && !sessions.knows(&link));
        sessions.close(&session);
        assert!(!sessions.knows(&session));
        Ok(())
    }

    #[test]
    fn beyond_the_limit_the_oldest_session_ends() -> io::Result<()> {
        let home = tempfile::tempdir()?;
        let (sessions, now) = (Sessions::default(), SystemTime::now());
        let open = || sessions.open(home.path(), &make_link(home.path(), now)?, now);
        let first = open()?.expect("a session");
        for _ in 1..SESSIONS_LIMIT {
            open()?.expect("a session");
        }
        assert!(sessions.knows(&first));
        let last = open()?.expect("a session");
        assert!(!sessions.knows(&first) && sessions.knows(&last));
        Ok(())
    }
}
