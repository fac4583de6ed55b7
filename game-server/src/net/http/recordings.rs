//! Recordings for the browser: the list, and the files.

use crate::host::journal::{FILE_EXTENSION, ListedRecording, list};
use crate::net::http::body::{Answer, Body, set, text};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, Take};
use tokio::sync::Mutex;

/// Bytes of a file that are read in one go.
const CHUNK_BYTES: usize = 64 * 1024;
/// Longest name of a recording, in bytes: what file systems take.
const NAME_LIMIT_BYTES: usize = 255;
/// How old a list may be that is given to browsers: however many ask, the disk is asked once in this time.
const LIST_AGE_LIMIT: Duration = Duration::from_secs(1);
/// What stands for itself in a path (RFC 3986 §2.3) and in a header's encoded file name (RFC 8187 §3.2.1).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Which recordings browsers may see.
#[derive(Clone, Debug)]
pub enum Recordings {
    /// None.
    None,
    /// Those of a directory.
    Directory(PathBuf),
    /// This file.
    File(PathBuf),
}

/// The list of recordings, for all who ask.
#[derive(Default)]
pub struct Listing {
    newest: Mutex<Option<(Instant, Arc<[ListedRecording]>)>>,
}

impl Listing {
    /// The recordings, the newest first, as they were a moment ago.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub async fn of(&self, recordings: &Recordings, now: Instant) -> io::Result<Arc<[ListedRecording]>> {
        // Who waits here is given what the one before has read.
        let mut newest = self.newest.lock().await;
        if let Some((at, listed)) = &*newest
            && now.saturating_duration_since(*at) < LIST_AGE_LIMIT
        {
            return Ok(listed.clone());
        }
        let recordings = recordings.clone();
        let listed: Arc<[_]> =
            tokio::task::spawn_blocking(move || recordings.list()).await.map_err(io::Error::other)??.into();
        *newest = Some((now, listed.clone()));
        Ok(listed)
    }
}

impl Recordings {
    /// Takes as long as the disk takes.
    fn list(&self) -> io::Result<Vec<ListedRecording>> {
        match self {
            Recordings::None => Ok(Vec::new()),
            Recordings::Directory(directory) => list(directory),
            Recordings::File(file) => Ok(ListedRecording::of(file).into_iter().collect()),
        }
    }

    /// The answer to a GET of one recording, by the name in the path. A file that is being written is given up to where it
    /// is now.
    pub async fn answer(&self, encoded_name: &str) -> Answer {
        let missing = || text(StatusCode::NOT_FOUND, "there is no such recording");
        let Ok(name) = percent_decode_str(encoded_name).decode_utf8() else { return missing() };
        let Some(path) = self.path(&name) else { return missing() };
        let Ok(file) = File::open(&path).await else { return missing() };
        let length = match file.metadata().await {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            _ => return missing(),
        };
        let mut answer = Response::new(file_body(file.take(length)));
        set(&mut answer, header::CONTENT_TYPE, "application/octet-stream");
        set(&mut answer, header::CACHE_CONTROL, "no-cache");
        answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{}", encoded(&name)))
        {
            answer.headers_mut().insert(header::CONTENT_DISPOSITION, value);
        }
        answer
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        match self {
            Recordings::None => None,
            Recordings::Directory(directory) => is_safe(name).then(|| directory.join(name)),
            Recordings::File(file) => (name == file_name(file)).then(|| file.clone()),
        }
    }
}

/// The name by which a browser asks for a file.
#[must_use]
pub fn file_name(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()
}

/// A name as it stands in a path.
#[must_use]
pub fn encoded(name: &str) -> String {
    utf8_percent_encode(name, ENCODED).to_string()
}

/// Names of recordings cannot lead anywhere else.
fn is_safe(name: &str) -> bool {
    let mut components = Path::new(name).components();
    let is_file_name = matches!(components.next(), Some(Component::Normal(first)) if first == name);
    is_file_name
        && components.next().is_none()
        && name.len() <= NAME_LIMIT_BYTES
        && !name.starts_with('.')
        && !name.contains(['\\', '\0'])
        && name.strip_suffix(FILE_EXTENSION).is_some_and(|stem| stem.ends_with('.'))
}

fn file_body(file: Take<File>) -> Body {
    let chunks = stream::try_unfold(file, |mut file| async move {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        let read = (&mut file).take(CHUNK_BYTES as u64).read_to_end(&mut chunk).await?;
        Ok((read > 0).then(|| (Frame::data(Bytes::from(chunk)), file)))
    });
    StreamBody::new(chunks).boxed_unsync()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn however_many_ask_the_disk_is_asked_once_in_a_while() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing");
        let (recordings, listing) = (Recordings::Directory(missing.clone()), Listing::default());
        let start = Instant::now();
        assert_eq!(listing.of(&recordings, start).await.unwrap().len(), 0);
        std::fs::write(missing, "no directory, which an error tells").unwrap();
        let late = start + LIST_AGE_LIMIT;
        assert!(listing.of(&recordings, late - Duration::from_nanos(1)).await.is_ok());
        assert!(listing.of(&recordings, late).await.is_err());
    }

    #[test]
    fn names_stay_in_the_directory() {
        for name in ["belt-1-20261121T070000Z.belt", "best fight #3.belt", "é 100%.belt", "a%2fb.belt"] {
            assert!(is_safe(name), "{name}");
        }
        for name in [
            "../x.belt",
            "a/b.belt",
            ".hidden.belt",
            "x.toml",
            "xbelt",
            "a\\b.belt",
            "",
            "/a.belt",
            "a\0.belt",
        ] {
            assert!(!is_safe(name), "{name}");
        }
    }
}
