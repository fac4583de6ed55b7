//! Debian's packages: whether they may be installed, and their installation.

use std::path::Path;
use std::process::Command;

use anyhow::bail;

use crate::process;
use crate::workspace::Workspace;

/// Whether this is Debian or a derivative of it, and we are root.
pub fn may_install() -> bool {
    Path::new("/etc/debian_version").exists()
        && process::find_program("apt-get").is_some()
        && process::answer(Command::new("id").arg("-u")).as_deref() == Some("0")
}

/// Installs or updates packages; removes none. Refreshes the package lists first, since old lists name versions that are
/// gone; without a network, tries with the old lists.
pub fn install(workspace: &Workspace, packages: &[&str]) -> anyhow::Result<()> {
    let refreshed = process::run_quietly(workspace, "apt-get update", &mut apt_get(&["update"]))?;
    let what = format!("apt-get install {}", packages.join(" "));
    match (process::run_quietly(workspace, &what, apt_get(&["install"]).args(packages))?, refreshed) {
        (Ok(()), _) => Ok(()),
        (Err(_), Err(unreachable)) => bail!(unreachable.into_error("apt-get update")),
        (Err(failure), Ok(())) => bail!(failure.into_error(&what)),
    }
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command.args(["--yes", "--no-install-recommends", "--no-remove", "-o", "DPkg::Lock::Timeout=300"]);
    command.args(arguments);
    command
}
