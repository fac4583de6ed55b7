//! From the sources to one release binary that carries the client and the assets.

use std::env;
use std::path::PathBuf;

use crate::npm;
use crate::process;
use crate::wasm;
use crate::workspace::Workspace;

/// Builds the client and the server, skipping what is up to date; returns the path of the server's binary.
pub fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    build_client(workspace)?;
    build_server(workspace)
}

/// Builds what the browser loads: `client-web/dist`.
pub fn build_client(workspace: &Workspace) -> anyhow::Result<()> {
    npm::install(workspace)?;
    wasm::build(workspace)?;
    npm::build_client(workspace)
}

/// Builds the server around the client that is in `client-web/dist`.
pub fn build_server(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    process::run(workspace.cargo().args(["build", "--release", "--package", "game-server"]))?;
    let release = workspace.target.join("release");
    Ok(release.join("game-server").with_extension(env::consts::EXE_EXTENSION))
}
