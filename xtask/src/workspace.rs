//! The paths of the repository and of cargo's target directory, and the cargo that runs us.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

/// The crates whose tests run together. Not the tools: their dependencies would get the server's features, and so be
/// compiled once more than for building the client.
pub const TESTED_CRATES: [&str; 5] = ["--workspace", "--exclude", "xtask", "--exclude", "wasm-glue"];

/// How a program is compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// In half the time of a release build, and the same build that tests use. Reads the client from `client-web/dist`.
    Dev,
    /// As it is handed out, with client and assets inside.
    Release,
}

/// The paths every task works with.
pub struct Workspace {
    /// The root of the repository.
    pub root: PathBuf,
    /// Cargo's target directory.
    pub target: PathBuf,
}

impl Workspace {
    /// Finds the repository we were compiled in, and the target directory we run from.
    pub fn find() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in no workspace")?;
        let executable = env::current_exe().context("cannot tell where xtask itself lies")?;
        let target = executable.ancestors().nth(2).context("xtask was not started by cargo")?;
        Ok(Self { root: root.to_owned(), target: target.to_owned() })
    }

    /// The browser client's folder.
    pub fn client(&self) -> PathBuf {
        self.root.join("client-web")
    }

    /// Where xtask keeps stamps, logs and intermediate files.
    pub fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// The cargo that started us, run at the root of the repository.
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root);
        cargo
    }

    /// Where a program of the workspace is when it is built.
    pub fn program(&self, profile: Profile, name: &str) -> PathBuf {
        let folder = if profile == Profile::Release { "release" } else { "debug" };
        self.target.join(folder).join(name).with_extension(env::consts::EXE_EXTENSION)
    }
}
