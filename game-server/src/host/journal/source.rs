//! A file as the source of a recording: read where it is asked for, never held whole.

use shared::recording::Source;
use std::fs::File;
use std::io;
use std::path::Path;

/// A file, as long as it was when it was opened.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    bytes: u64,
}

impl FileSource {
    /// Opens a file.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(path: &Path) -> io::Result<FileSource> {
        FileSource::new(File::open(path)?)
    }

    /// Of a file that is open for reading.
    ///
    /// # Errors
    /// If its length is unknown.
    pub fn new(file: File) -> io::Result<FileSource> {
        let bytes = file.metadata()?.len();
        Ok(FileSource { file, bytes })
    }

    /// Only its first bytes.
    pub fn up_to(self, bytes: u64) -> FileSource {
        FileSource { bytes: self.bytes.min(bytes), ..self }
    }
}

impl Source for FileSource {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read(&self, at: u64, buffer: &mut [u8]) -> Result<(), String> {
        read_exact_at(&self.file, at, buffer).map_err(|error| error.to_string())
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, at: u64, buffer: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut at: u64, mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                at += read as u64;
                buffer = &mut buffer[read..];
            }
        }
    }
    Ok(())
}
