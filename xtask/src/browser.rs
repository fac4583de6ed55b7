//! The Chromium that the browser tests drive.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::debian;
use crate::process;
use crate::workspace::Workspace;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The browser named by `CHROMIUM`, else one on `PATH`, else Debian's, installed now.
pub fn find(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM").map(PathBuf::from) {
        if !named.is_file() {
            bail!("CHROMIUM names {}, which is not a file", named.display());
        }
        return Ok(named);
    }
    if let Some(found) = on_path() {
        return Ok(found);
    }
    if !debian::may_install() {
        bail!("the browser tests need Chromium: install it, or name a Chrome or Chromium binary in CHROMIUM");
    }
    debian::install(workspace, &["chromium"])?;
    on_path().context("chromium was installed, but is not on PATH")
}

fn on_path() -> Option<PathBuf> {
    NAMES.iter().find_map(|name| process::find_program(name))
}
