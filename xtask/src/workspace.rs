//! Where things are: the repository, cargo's target directory, and the cargo that runs us.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

/// The paths every task works with.
pub struct Workspace {
    /// The root of the repository.
    pub root: PathBuf,
    /// Cargo's target directory, wherever the user put it.
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

    /// Where xtask keeps its own stamps, logs and downloads' products.
    pub fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// The cargo that started us, run at the root of the repository.
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root);
        cargo
    }
}
