//! Bytes in memory as a file, so that they are served with ranges, validators and conditions.

use std::future::{Ready, ready};
use std::io::{self, Cursor, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::fs::{File, Metadata};

#[derive(Clone)]
pub struct MemoryFile<T> {
    content: Cursor<T>,
    modified: SystemTime,
}

impl<T: AsRef<[u8]>> MemoryFile<T> {
    pub fn new(content: T, modified: SystemTime) -> MemoryFile<T> {
        MemoryFile { content: Cursor::new(content), modified }
    }
}

impl<T: AsRef<[u8]> + Clone + Send + Sync + Unpin + 'static> File for MemoryFile<T> {
    type Metadata = MemoryFile<T>;
    type MetadataFuture<'a> = Ready<io::Result<MemoryFile<T>>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(self.clone()))
    }
}

impl<T: AsRef<[u8]> + Send + 'static> Metadata for MemoryFile<T> {
    fn is_dir(&self) -> bool {
        false
    }

    fn modified(&self) -> io::Result<SystemTime> {
        Ok(self.modified)
    }

    fn len(&self) -> u64 {
        self.content.get_ref().as_ref().len() as u64
    }
}

impl<T: AsRef<[u8]> + Unpin> AsyncRead for MemoryFile<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.content).poll_read(cx, buffer)
    }
}

impl<T: AsRef<[u8]> + Unpin> AsyncSeek for MemoryFile<T> {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.content).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.content).poll_complete(cx)
    }
}
