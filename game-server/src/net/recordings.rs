//! Recordings for the browser: the list, and the files.

use crate::journal::{ListedRecording, list};
use crate::net::body::{Answer, Body, set, text};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, Take};

/// Bytes of a file that are read in one go.
const CHUNK_BYTES: usize = 64 * 1024;
/// Longest name of a recording, in bytes.
const NAME_LIMIT_BYTES: usize = 128;

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

impl Recordings {
    /// The recordings, the newest first. Takes as long as the disk takes.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn list(&self) -> io::Result<Vec<ListedRecording>> {
        match self {
            Recordings::None => Ok(Vec::new()),
            Recordings::Directory(directory) => list(directory),
            Recordings::File(file) => {
                let mut listed = list(file.parent().unwrap_or(Path::new(".")))?;
                listed
                    .retain(|recording| file.file_name().is_some_and(|name| name == recording.name.as_str()));
                Ok(listed)
            }
        }
    }

    /// The answer to a GET of one recording. A file that is being written is given up to where it is now.
    pub async fn answer(&self, name: &str) -> Answer {
        let missing = || text(StatusCode::NOT_FOUND, "there is no such recording");
        let Some(path) = self.path(name) else { return missing() };
        let Ok(file) = File::open(&path).await else { return missing() };
        let length = match file.metadata().await {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            _ => return missing(),
        };
        let mut answer = Response::new(file_body(file.take(length)));
        set(&mut answer, header::CONTENT_TYPE, "application/octet-stream");
        set(&mut answer, header::CACHE_CONTROL, "no-cache");
        answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        // The name has no characters that would need quoting.
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
            answer.headers_mut().insert(header::CONTENT_DISPOSITION, value);
        }
        answer
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        match self {
            Recordings::None => None,
            Recordings::Directory(directory) => is_safe(name).then(|| directory.join(name)),
            Recordings::File(file) => {
                (is_safe(name) && file.file_name().is_some_and(|own| own == name)).then(|| file.clone())
            }
        }
    }
}

/// Names of recordings cannot lead anywhere else.
fn is_safe(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.len() <= NAME_LIMIT_BYTES
        && !name.starts_with('.')
        && name.ends_with(".belt")
        && name.bytes().all(allowed)
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

    #[test]
    fn names_stay_in_the_directory() {
        assert!(is_safe("belt-1-20261121T070000Z.belt"));
        for name in
            ["../x.belt", "a/b.belt", ".hidden.belt", "x.toml", "a\\b.belt", "", "é.belt", "a%2fb.belt"]
        {
            assert!(!is_safe(name), "{name}");
        }
    }
}
