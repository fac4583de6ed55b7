//! Everything that must hold, one step after the other, cheapest first; the first that fails ends the run.

use std::time::Instant;

use anyhow::Context;

use crate::autobahn;
use crate::browser;
use crate::build;
use crate::instructions;
use crate::npm;
use crate::process;
use crate::wasm;
use crate::workspace::Workspace;

type Step = (&'static str, fn(&Workspace) -> anyhow::Result<()>);

/// The client comes before every compilation of the server, which embeds it.
const STEPS: &[Step] = &[
    ("rustfmt", |workspace| cargo(workspace, &["fmt", "--all", "--check"])),
    ("client packages", npm::install),
    ("client core for wasm", wasm::build),
    ("biome and tsc", |workspace| npm::run_script(workspace, "check", &[])),
    ("client", npm::build_client),
    ("clippy", |workspace| {
        cargo(workspace, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
    }),
    ("tests", |workspace| cargo(workspace, &["test", "--workspace"])),
    ("sockets without io_uring", |workspace| {
        let mut tests = workspace.cargo();
        tests.env("DRIFTBELT_SOCKETS", "readiness");
        // Of the whole workspace, like the step before: for one package alone, much would be compiled with other features.
        process::run(tests.args(["test", "--workspace", "--test", "net"]))
    }),
    ("autobahn cases, ws and wss", autobahn::test),
    ("client tests and frozen hash, wasm", |workspace| npm::run_script(workspace, "test", &[])),
    ("release binary", |workspace| build::build(workspace).map(drop)),
    ("instructions of a tick", |workspace| instructions::instructions(workspace, false)),
    ("frozen hash, release", |workspace| {
        // With the server's features, that its packages need not be compiled once more.
        let packages = ["--package", "sim", "--package", "game-server"];
        cargo(workspace, &[&["test", "--release", "--test", "determinism"][..], &packages].concat())
    }),
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

fn cargo(workspace: &Workspace, arguments: &[&str]) -> anyhow::Result<()> {
    process::run(workspace.cargo().args(arguments))
}

fn test_in_browser(workspace: &Workspace) -> anyhow::Result<()> {
    let chromium = browser::find(workspace)?;
    let server = build::build_server(workspace)?;
    npm::run_script(workspace, "e2e", &[("DRIFTBELT_SERVER", server), ("CHROMIUM", chromium)])
}
