//! From the sources to a server's binary and the client that it serves.

use std::path::PathBuf;
use std::thread;

use crate::npm;
use crate::process;
use crate::wasm;
use crate::workspace::{Profile, Workspace};

/// Builds the client and the release binary of the server, skipping what is up to date; returns the binary's path.
pub fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    build_client_beside(workspace, || Ok(()))?;
    build_server(workspace, Profile::Release)
}

/// Builds what the browser loads, `client-web/dist`. While the client's core is compiled, which seldom needs two cores,
/// `work` runs on this thread.
pub fn build_client_beside<T>(
    workspace: &Workspace,
    work: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let done = thread::scope(|scope| {
        let core = scope.spawn(|| npm::install(workspace).and_then(|()| wasm::compile(workspace)));
        let done = wasm::build_glue_writer(workspace).and_then(|()| work())?;
        core.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        anyhow::Ok(done)
    })?;
    wasm::write_glue(workspace)?;
    npm::build_client(workspace)?;
    Ok(done)
}

/// Builds the server; a release takes in the client that is in `client-web/dist`.
pub fn build_server(workspace: &Workspace, profile: Profile) -> anyhow::Result<PathBuf> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--package", "game-server", "--bin", "game-server"]);
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    process::run(&mut cargo)?;
    Ok(workspace.program(profile, "game-server"))
}
