//! The benchmark: release builds of server and load generator, and a run of the latter that writes BENCHMARKS.md.

use std::ffi::OsString;
use std::process::Command;

use crate::build;
use crate::process;
use crate::workspace::{Profile, Workspace};

/// Builds and measures; `options` go to `swarm bench`.
///
/// # Errors
/// When a build or the benchmark fails.
pub fn bench(workspace: &Workspace, options: Vec<OsString>) -> anyhow::Result<()> {
    let server = build::build(workspace)?;
    process::run(workspace.cargo().args(["build", "--release", "--package", "swarm"]))?;
    let mut command = Command::new(workspace.program(Profile::Release, "swarm"));
    command.arg("bench").arg("--server").arg(server);
    command.arg("--assets").arg(workspace.root.join("assets"));
    command.arg("--out").arg(workspace.root.join("BENCHMARKS.md"));
    process::run(command.args(options))
}
