//! Build, then become the server.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::build;
use crate::npm;
use crate::workspace::{Profile, Workspace};

/// Drones, unless an option or the environment names a number.
const DRONES: &str = "24";

/// Builds what is needed and runs `game-server serve`. On Unix this process becomes the server, so that signals, the
/// terminal and the exit code are the server's own.
pub fn play(workspace: &Workspace, options: Vec<OsString>) -> anyhow::Result<ExitCode> {
    npm::require_node()?;
    eprintln!("  building client and server; the first time this takes minutes");
    let server = build::build_client_beside(workspace, || build::build_server(workspace, Profile::Dev))?;
    start(Command::new(&server).arg("serve").args(with_drones(options)), &server)
}

fn with_drones(mut options: Vec<OsString>) -> Vec<OsString> {
    // A configuration file may name the number of drones too, and a flag would win over it.
    let decides = |option: &OsStr| {
        let name = option.to_string_lossy();
        ["--drones", "--config"].iter().any(|known| name.split('=').next() == Some(known))
    };
    if env::var_os("DRIFTBELT_DRONES").is_none() && !options.iter().any(|option| decides(option)) {
        options.extend([OsString::from("--drones"), OsString::from(DRONES)]);
    }
    options
}

#[cfg(unix)]
fn start(command: &mut Command, server: &Path) -> anyhow::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(anyhow::Error::new(error).context(format!("cannot start {}", server.display())))
}

#[cfg(not(unix))]
fn start(command: &mut Command, server: &Path) -> anyhow::Result<ExitCode> {
    use anyhow::Context;
    let status = command.status().with_context(|| format!("cannot start {}", server.display()))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

#[cfg(test)]
mod tests {
    use super::with_drones;

    fn options(words: &[&str]) -> Vec<String> {
        let words = words.iter().map(Into::into).collect();
        with_drones(words).into_iter().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn drones_are_added_unless_decided() {
        assert_eq!(options(&["--port", "9443"]), ["--port", "9443", "--drones", "24"]);
        assert_eq!(options(&["--drones", "0"]), ["--drones", "0"]);
        assert_eq!(options(&["--drones=40"]), ["--drones=40"]);
        assert_eq!(options(&["--config", "belt.toml"]), ["--config", "belt.toml"]);
    }
}
