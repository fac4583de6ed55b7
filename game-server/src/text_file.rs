//! Text files that people have edited anywhere.

use std::io;
use std::path::Path;

/// What editors on Windows put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads a file of UTF-8, with or without a byte order mark.
///
/// # Errors
/// If the file cannot be read or has another encoding.
pub fn read(file: &Path) -> io::Result<String> {
    let bytes = std::fs::read(file)?;
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    let is_utf16 = text.starts_with(b"\xFF\xFE") || text.starts_with(b"\xFE\xFF");
    match std::str::from_utf8(text) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) if is_utf16 => Err(invalid("the file is UTF-16: save it as UTF-8")),
        Err(error) => Err(invalid(&format!("the file is not UTF-8 from byte {} on", error.valid_up_to()))),
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
            read(&file).map_err(|error| error.to_string())
        };
        assert_eq!(read_back(b"\xEF\xBB\xBFport = 1\r\n"), Ok("port = 1\r\n".into()));
        assert_eq!(read_back(b"\xFF\xFEp\0"), Err("the file is UTF-16: save it as UTF-8".into()));
        assert_eq!(read_back(b"ab\xFF"), Err("the file is not UTF-8 from byte 2 on".into()));
    }
}
