//! The tests that are too long for every change: join storms for an hour, two hundred kills.

use crate::process;
use crate::workspace::Workspace;

/// Runs the tests that `cargo xtask test` leaves out because they take minutes; it has shorter variants of each.
///
/// # Errors
/// The first test program with a failure.
pub fn soak(workspace: &Workspace) -> anyhow::Result<()> {
    let mut tests = workspace.cargo_test();
    tests.args([
        "--",
        "--ignored",
        "--skip",
        "autobahn",
        "--skip",
        "deploy",
        "--skip",
        "promtool",
        "--nocapture",
    ]);
    process::run(&mut tests)
}
