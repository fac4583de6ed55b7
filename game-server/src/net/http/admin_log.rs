//! The log of the administrator's orders: a line of JSON for each that was carried out.
//!
//! The journals of the rooms contain the orders without their addresses, since recordings are public.

use crate::files::rfc3339;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::SystemTime;

/// The file of the log; without one, nothing is logged.
#[derive(Debug, Default)]
pub struct AdminLog(Option<PathBuf>);

impl AdminLog {
    /// The file is created by the first order.
    pub fn new(file: PathBuf) -> AdminLog {
        AdminLog(Some(file))
    }

    /// Appends an order: its path below the API, and its body. Waits for the disk.
    pub fn append(&self, order: &str, body: &serde_json::Value, at: SystemTime) -> io::Result<()> {
        let Some(file) = &self.0 else { return Ok(()) };
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory)?;
        }
        let at = rfc3339(at);
        let line = serde_json::json!({ "at": at, "order": order, "body": body });
        // Opened for each order, so that a host can rotate the file.
        let mut log: File = OpenOptions::new().append(true).create(true).open(file)?;
        // One write, so that concurrent orders do not interleave.
        log.write_all(format!("{line}\n").as_bytes())?;
        log.sync_data()
    }
}
