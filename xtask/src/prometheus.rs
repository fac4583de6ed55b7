//! Prometheus' own tool, and the test that hands it the metrics, the alert rules and the configuration.

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::debian;
use crate::process;
use crate::workspace::Workspace;

/// Of Debian's package `prometheus`.
const TOOL: &str = "promtool";

/// Checks the metrics of a running server and what `deploy` has for Prometheus.
///
/// # Errors
/// If the tool is missing, or finds something.
pub fn test(workspace: &Workspace) -> anyhow::Result<()> {
    let tool = find(workspace)?;
    let mut tests = workspace.cargo_test();
    tests.env("PROMTOOL", tool);
    tests.args(["--test", "net", "promtool"]);
    process::run(tests.args(["--", "--ignored", "--nocapture"]))
}

fn find(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    if let Some(found) = process::find_program(TOOL) {
        return Ok(found);
    }
    if !debian::may_install() {
        bail!("the check of the metrics needs {TOOL}: install Prometheus");
    }
    debian::install(workspace, &["prometheus"])?;
    process::find_program(TOOL)
        .with_context(|| format!("prometheus was installed, but {TOOL} is not on PATH"))
}
