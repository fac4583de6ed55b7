//! Everything that must hold, one step after the other, cheapest first; the first that fails ends the run.

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::Context;

use crate::autobahn;
use crate::browser;
use crate::build;
use crate::deploy;
use crate::instructions;
use crate::nats;
use crate::npm;
use crate::process;
use crate::prometheus;
use crate::workspace::{Profile, Workspace};

type Step = (&'static str, fn(&Workspace) -> anyhow::Result<()>);

/// The client comes before every release build of the server, which embeds it.
const STEPS: &[Step] = &[
    ("rustfmt", |workspace| process::run(workspace.cargo().args(["fmt", "--all", "--check"]))),
    ("tests compiled by clippy, and the client beside them", |workspace| {
        build::build_client_beside(workspace, || process::run(workspace.cargo_test().arg("--no-run")))
    }),
    ("biome and tsc", |workspace| npm::run_script(workspace, "check", &[])),
    ("tests", |workspace| process::run(&mut workspace.cargo_test())),
    ("tests of the tools", |workspace| process::run(&mut workspace.cargo_test_tools())),
    ("autobahn cases, ws and wss", autobahn::test),
    ("fleets on NATS", nats::test),
    ("metrics and alert rules, by promtool", prometheus::test),
    ("client tests and frozen hash, wasm", |workspace| npm::run_script(workspace, "test", &[])),
    ("release binary", |workspace| build::build(workspace).map(drop)),
    ("proxies, systemd unit and container", deploy::test),
    ("a recording of the dev build, verified by the release", verify_across_builds),
    ("instructions of a tick", |workspace| instructions::instructions(workspace, false)),
    ("browser tests", test_in_browser),
];

/// Runs all steps, each with the time it took.
///
/// # Errors
/// The first step that fails, by name.
pub fn test(workspace: &Workspace) -> anyhow::Result<()> {
    npm::require_node()?;
    let started = Instant::now();
    for (number, (name, step)) in (1..).zip(STEPS) {
        eprintln!("\n[{number}/{}] {name}", STEPS.len());
        let step_started = Instant::now();
        step(workspace).with_context(|| format!("FAILED at step {number}, {name}"))?;
        eprintln!("[{number}/{}] {name}: ok, {:.1} s", STEPS.len(), step_started.elapsed().as_secs_f32());
    }
    eprintln!("\nall {} steps ok, {:.0} s", STEPS.len(), started.elapsed().as_secs_f32());
    Ok(())
}

/// The release build simulates as the dev build does, whose frozen hash the tests have checked.
fn verify_across_builds(workspace: &Workspace) -> anyhow::Result<()> {
    let recording = workspace.scratch().join("match.belt");
    fs::create_dir_all(workspace.scratch())?;
    // Built with the tests.
    let writer = workspace.program(Profile::Dev, "examples/long_match");
    let (players, minutes) = ("20", "3");
    process::run(Command::new(writer).arg(&recording).args([players, minutes]))?;
    let server = workspace.program(Profile::Release, "game-server");
    process::run(Command::new(server).arg("verify").arg(recording))
}

fn test_in_browser(workspace: &Workspace) -> anyhow::Result<()> {
    let chromium = browser::find(workspace)?;
    let server = workspace.program(Profile::Release, "game-server");
    npm::run_script(workspace, "e2e", &[("DRIFTBELT_SERVER", server), ("CHROMIUM", chromium)])
}
