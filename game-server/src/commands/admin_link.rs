//! `admin-link`: prints a link that opens the console of the running server.

use crate::files::read_text;
use crate::host::journal::process_at;
use crate::net::http::admin::{ADDRESS_FILE, login};
use anyhow::Context;
use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

pub fn run(recordings: &Path) -> anyhow::Result<()> {
    let place = recordings.display();
    process_at(recordings)?.with_context(|| format!("no server records into {place}"))?;
    let address = read_text(&recordings.join(ADDRESS_FILE)).with_context(|| {
        format!("the server of {place} has no administrators: start it with --admin-token-file")
    })?;
    let token = login::make_link(recordings, SystemTime::now())
        .with_context(|| format!("{place} cannot be written"))?;
    Ok(writeln!(std::io::stdout(), "{}admin#{token}", address.trim())?)
}
