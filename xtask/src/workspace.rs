//! The paths of the repository and of cargo's target directory, and the cargo that runs us.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

/// The tools are tested apart: together with the rest, their dependencies would get the server's features, and so be
/// compiled once more than for building the client.
const TOOLS: [&str; 2] = ["xtask", "wasm-glue"];
/// Tests that run at the same time.
const TEST_THREADS: &str = "4";
/// `-D warnings`, as cargo-clippy hands it to the compiler.
const DENY_WARNINGS: &str = "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__";

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

    /// `cargo test` for everything but the tools.
    pub fn cargo_test(&self) -> Command {
        let mut tests = self.linting_cargo();
        // Most tests wait for sockets and clocks, not for a core.
        tests.env("RUST_TEST_THREADS", TEST_THREADS);
        tests.args(["test", "--workspace"]).args(TOOLS.iter().flat_map(|tool| ["--exclude", tool]));
        tests
    }

    /// `cargo test` for the tools.
    pub fn cargo_test_tools(&self) -> Command {
        let mut tests = self.linting_cargo();
        tests.arg("test").args(TOOLS.iter().flat_map(|tool| ["--package", tool]));
        tests
    }

    /// Cargo with clippy in place of the compiler: it lints what it compiles, and the tests need it compiled anyway.
    /// `cargo clippy` would check all dependencies once more.
    fn linting_cargo(&self) -> Command {
        let mut cargo = self.cargo();
        cargo.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver").env("CLIPPY_ARGS", DENY_WARNINGS);
        cargo
    }

    /// Where a program of the workspace is when it is built.
    pub fn program(&self, profile: Profile, name: &str) -> PathBuf {
        let folder = if profile == Profile::Release { "release" } else { "debug" };
        self.target.join(folder).join(name).with_extension(env::consts::EXE_EXTENSION)
    }
}
