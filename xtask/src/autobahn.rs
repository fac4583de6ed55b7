//! The Autobahn cases: the suite from PyPI, and the test that runs it.

use crate::process;
use crate::pypi;
use crate::workspace::Workspace;

/// The suite, as a package of PyPI.
const PACKAGE: &str = "kosoku";
const VERSION: &str = "0.1.0";

/// Runs the suite against the server's connection code, over ws and wss.
///
/// # Errors
/// What is missing to run it, or the cases that fail.
pub fn test(workspace: &Workspace) -> anyhow::Result<()> {
    let suite = pypi::install(workspace, PACKAGE, VERSION, PACKAGE)?;
    let mut tests = workspace.cargo_test();
    tests.env("KOSOKU", suite);
    tests.args(["--test", "net", "autobahn"]);
    process::run(tests.args(["--", "--ignored", "--nocapture", "--test-threads", "1"]))
}
