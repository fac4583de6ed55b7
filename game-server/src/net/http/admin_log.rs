//! The log of the administrator's orders: one line of JSON for each that was carried out, only ever appended to.
//!
//! Orders stand in the journals of the rooms too. Which address one is about stands here alone: recordings are shown to
//! everybody, and an address is its owner's.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::SystemTime;

/// Where orders are logged; nowhere unless there is a file.
#[derive(Debug, Default)]
pub struct AdminLog(Option<PathBuf>);

impl AdminLog {
    /// A log in this file, which is made with the first order.
    #[must_use]
    pub fn new(file: PathBuf) -> AdminLog {
        AdminLog(Some(file))
    }

    /// Appends an order: its path below the API, and its body. Takes as long as the disk takes.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn append(&self, order: &str, body: &serde_json::Value, at: SystemTime) -> io::Result<()> {
        let Some(file) = &self.0 else { return Ok(()) };
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory)?;
        }
        let at = humantime::format_rfc3339_seconds(at).to_string();
        let line = serde_json::json!({ "at": at, "order": order, "body": body });
        // Opened anew for each, so that a host can move it away.
        let mut log: File = OpenOptions::new().append(true).create(true).open(file)?;
        // In one piece, so that orders at the same time do not mix.
        log.write_all(format!("{line}\n").as_bytes())?;
        log.sync_data()
    }
}
