//! Node and npm: their versions, the client's dependencies, and the client's scripts.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::process;
use crate::stamp::Inputs;
use crate::workspace::Workspace;

/// The oldest Node that Vite runs on.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// What npm says when it cannot reach its registry.
const OFFLINE_SIGNS: [&str; 7] = [
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENETUNREACH",
    "ERR_SOCKET_TIMEOUT",
];

/// The version of Node.
///
/// # Errors
/// When Node is missing or too old.
pub fn require_node() -> anyhow::Result<String> {
    let (major, minor) = OLDEST_NODE;
    let Some(version) = process::answer(Command::new("node").arg("--version")) else {
        bail!("Node {major}.{minor} or newer is needed, and there is no `node` on PATH: https://nodejs.org");
    };
    let mut numbers =
        version.trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < OLDEST_NODE {
        bail!("Node {major}.{minor} or newer is needed, and `node` on PATH is {version}: https://nodejs.org");
    }
    Ok(version)
}

/// Installs the client's dependencies with `npm ci`, unless those of this lock file are installed.
pub fn install(workspace: &Workspace) -> anyhow::Result<()> {
    let node = require_node()?;
    let client = workspace.client();
    let inputs = Inputs::default()
        .text(&node)
        .file(&client.join("package.json"))?
        .file(&client.join("package-lock.json"))?;
    // npm writes this file last: without it, the installation is incomplete.
    let product = client.join("node_modules/.package-lock.json");
    inputs.run_if_changed(workspace, "npm-ci", &[product], || {
        // Some systems package it apart from Node.
        if process::answer(npm(workspace).arg("--version")).is_none() {
            bail!("npm is needed beside Node, and there is no `npm` on PATH that runs: https://nodejs.org");
        }
        let mut command = npm(workspace);
        command.args(["ci", "--include=dev", "--no-audit", "--no-fund", "--prefer-offline"]);
        command.args(["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]);
        let Err(failure) = process::run_quietly(workspace, "npm ci", &mut command)? else {
            return Ok(());
        };
        if OFFLINE_SIGNS.iter().any(|sign| failure.output.contains(sign)) {
            bail!(
                "npm cannot reach its registry, and the client's packages are not here yet: connect and try again ({})",
                failure.log.display()
            );
        }
        Err(failure.into_error("npm ci"))
    })
}

/// Runs a script of the client's package.json; its output goes to the terminal.
pub fn run_script(workspace: &Workspace, script: &str, variables: &[(&str, PathBuf)]) -> anyhow::Result<()> {
    let mut command = npm(workspace);
    command.args(["run", "--silent", script]);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    process::run(&mut command)
}

/// Builds `client-web/dist`, unless it is up to date. Needs the dependencies and the wasm.
pub fn build_client(workspace: &Workspace) -> anyhow::Result<()> {
    let client = workspace.client();
    let inputs = Inputs::default()
        .folder(&client, &["node_modules", "dist", "core", "e2e", "practice", "replayer"])?
        .folder(&workspace.root.join("assets"), &[])?;
    inputs.run_if_changed(workspace, "client", &[client.join("dist/index.html")], || {
        let mut command = npm(workspace);
        command.args(["run", "--silent", "build"]);
        process::run_quietly(workspace, "npm run build", &mut command)?
            .map_err(|failure| failure.into_error("npm run build"))
    })
}

/// A Node program from one of the client's dependencies.
pub fn dependency_program(workspace: &Workspace, program: &str) -> anyhow::Result<Command> {
    let script = workspace.client().join("node_modules").join(program);
    let script = script.canonicalize().with_context(|| format!("{} is missing", script.display()))?;
    let mut command = Command::new("node");
    command.arg(script);
    Ok(command)
}

fn npm(workspace: &Workspace) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(workspace.client());
    command
}
