//! The benchmark: release builds of server and load generator, and a run of the latter that writes BENCHMARKS.md.

use std::env;
use std::ffi::OsString;

use crate::build;
use crate::process;
use crate::workspace::Workspace;

/// Builds and measures; `options` go to `swarm bench`.
///
/// # Errors
/// When a build or the benchmark fails.
pub fn bench(workspace: &Workspace, options: Vec<OsString>) -> anyhow::Result<()> {
    let server = build::build(workspace)?;
    process::run(workspace.cargo().args(["build", "--release", "--package", "swarm"]))?;
    let swarm = server.with_file_name("swarm").with_extension(env::consts::EXE_EXTENSION);
    let mut command = std::process::Command::new(swarm);
    command.arg("bench").arg("--server").arg(server);
    command.arg("--assets").arg(workspace.root.join("assets"));
    command.arg("--out").arg(workspace.root.join("BENCHMARKS.md"));
    process::run(command.args(options))
}
