//! The Autobahn cases: a private Python environment with the suite in it, and the test that runs it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::debian;
use crate::process;
use crate::workspace::Workspace;

/// The suite, as a package of PyPI.
const PACKAGE: &str = "kosoku";
const VERSION: &str = "0.1.0";

/// Runs the suite against the server's connection code, over ws and wss.
///
/// # Errors
/// What is missing to run it, or the cases that fail.
pub fn test(workspace: &Workspace) -> anyhow::Result<()> {
    let suite = install(workspace)?;
    let mut tests = workspace.cargo_test();
    tests.env("KOSOKU", suite);
    tests.args(["--test", "net", "autobahn"]);
    process::run(tests.args(["--", "--ignored", "--nocapture", "--test-threads", "1"]))
}

/// The suite's program, installed if it is missing.
fn install(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let environment = workspace.scratch().join(format!("{PACKAGE}-{VERSION}"));
    let programs = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let suite = programs.join(PACKAGE).with_extension(std::env::consts::EXE_EXTENSION);
    if suite.is_file() {
        return Ok(suite);
    }
    let make = || Command::new("python3");
    let made = |what| {
        process::run_quietly(workspace, what, make().args(["-m", "venv", "--clear"]).arg(&environment))
            .context("the Autobahn cases need Python 3.10 or newer as `python3`")
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
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", &format!("{PACKAGE}=={VERSION}")]);
    process::run_quietly(workspace, "autobahn cases", &mut pip)?
        .map_err(|failure| failure.into_error(&format!("installing {PACKAGE} {VERSION} from PyPI")))?;
    Ok(suite)
}
