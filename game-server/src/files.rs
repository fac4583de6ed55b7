//! Text files: read as people have edited them anywhere, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What editors on Windows put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The last second that `humantime` writes, 9999-12-31T23:59:59Z.
pub const LATEST_TIME: Duration = Duration::from_secs(253_402_300_799);

/// Reads a file of UTF-8, with or without a byte order mark.
///
/// # Errors
/// If the file cannot be read or has another encoding.
pub fn read_text(file: &Path) -> io::Result<String> {
    text_of(&fs::read(file)?).map(str::to_owned)
}

/// As [`read_text`], of a file's bytes.
pub fn text_of(bytes: &[u8]) -> io::Result<&str> {
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let is_utf16 = text.starts_with(b"\xFF\xFE") || text.starts_with(b"\xFE\xFF");
    match std::str::from_utf8(text) {
        Ok(text) if !text.contains('\0') => Ok(text),
        // Zero bytes stand beside each ASCII character of UTF-16, also without a mark.
        Ok(_) => Err(invalid("the file is UTF-16: save it as UTF-8")),
        Err(_) if is_utf16 => Err(invalid("the file is UTF-16: save it as UTF-8")),
        Err(error) => Err(invalid(&format!("the file is not UTF-8 from byte {} on", error.valid_up_to()))),
    }
}

/// Writes a file so that it is there whole or not at all.
pub fn write_whole(path: &Path, content: &(impl AsRef<[u8]> + ?Sized)) -> io::Result<()> {
    let new = path.with_extension("new");
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(content.as_ref())?;
        sync(file.sync_all())
    });
    let written = written.and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

/// Writes a file that only its owner may read.
pub fn write_secret(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(bytes)
}

/// Makes the entries of new files last through a power cut.
///
/// # Errors
/// The disk's, or of a file system that cannot do it.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// A time in UTC, in whole seconds. Clocks may stand anywhere.
pub fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(LATEST_TIME);
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since).to_string()
}

/// Whether the process, or the machine, has no file descriptor left.
pub fn has_no_files_left(error: &io::Error) -> bool {
    #[cfg(unix)]
    let codes = [nix::errno::Errno::EMFILE, nix::errno::Errno::ENFILE].map(|code| code as i32);
    // WSAEMFILE, and ERROR_TOO_MANY_OPEN_FILES.
    #[cfg(not(unix))]
    let codes = [10024, 4];
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

/// The result of a synchronization, of which a file system that cannot do it needs none.
pub fn sync(synced: io::Result<()>) -> io::Result<()> {
    match synced {
        // What a file system says of every file if it lacks the function.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_text_and_utf_16_has_a_remedy() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("words.txt");
        let read_back = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            read_text(&file).map_err(|error| error.to_string())
        };
        assert_eq!(read_back(b"\xEF\xBB\xBFport = 1\r\n"), Ok("port = 1\r\n".into()));
        assert_eq!(read_back(b"\xFF\xFEp\0"), Err("the file is UTF-16: save it as UTF-8".into()));
        assert_eq!(read_back(b"p\0o\0"), Err("the file is UTF-16: save it as UTF-8".into()));
        assert_eq!(read_back(b"ab\xFF"), Err("the file is not UTF-8 from byte 2 on".into()));
    }
}
