//! A compiler for wasm32: the active one, if it has the target or rustup can add it; else Debian's, with a standard
//! library built here.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::debian;
use crate::process;
use crate::workspace::Workspace;

/// The target the browser core is compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];
/// The oldest compiler that this project supports.
const MSRV: &str = env!("CARGO_PKG_RUST_VERSION");
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_STD_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld-19";

/// What compiles the browser core.
pub enum WasmToolchain {
    /// The compiler that also builds the server.
    Active,
    /// Debian's compiler, which comes without a standard library for wasm.
    Debian {
        /// Holds the standard library built for it.
        sysroot: PathBuf,
    },
}

impl WasmToolchain {
    /// Finds a toolchain that has the target, or gets one.
    ///
    /// # Errors
    /// When none is here and none may be installed: says what to install.
    pub fn find(workspace: &Workspace) -> anyhow::Result<Self> {
        if active_has_target(workspace) || rustup_adds_target(workspace)? {
            return Ok(Self::Active);
        }
        if !debian_has_toolchain() {
            if !debian::may_install() {
                bail!(
                    "this Rust cannot compile for the browser: run `rustup target add {TARGET}` (on Debian, `apt-get \
                     install {}` does as well)",
                    DEBIAN_PACKAGES.join(" ")
                );
            }
            debian::install(workspace, &DEBIAN_PACKAGES)?;
            if !debian_has_toolchain() {
                bail!(
                    "Debian's rustc-web is older than {MSRV}, which this project needs: take a Rust from rustup.rs with \
                     `rustup target add {TARGET}`"
                );
            }
        }
        Ok(Self::Debian { sysroot: debian_sysroot(workspace)? })
    }

    /// A cargo that compiles for the target, in a separate target directory, so that neither compiler makes the other's
    /// artifacts stale.
    pub fn cargo(&self, workspace: &Workspace) -> Command {
        let mut cargo = match self {
            Self::Active => workspace.cargo(),
            Self::Debian { sysroot } => {
                let mut cargo = debian_cargo();
                cargo.current_dir(&workspace.root);
                cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
                // The only flags: a user's RUSTFLAGS would displace them.
                let mut flags = OsString::from("--sysroot\u{1f}");
                flags.push(sysroot);
                cargo.env("CARGO_ENCODED_RUSTFLAGS", flags);
                cargo
            }
        };
        cargo.env("CARGO_TARGET_DIR", target_dir(workspace));
        cargo
    }
}

/// Where the wasm builds go.
pub fn target_dir(workspace: &Workspace) -> PathBuf {
    workspace.target.join("wasm")
}

fn active_has_target(workspace: &Workspace) -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command.current_dir(&workspace.root).args(["--print", "target-libdir", "--target", TARGET]);
    process::answer(&mut command).is_some_and(|folder| holds_libraries(Path::new(&folder)))
}

fn holds_libraries(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| is_library(&entry.path()))
}

fn is_library(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rlib")
}

/// Asks rustup for the target, unless its user has forbidden automatic installations.
fn rustup_adds_target(workspace: &Workspace) -> anyhow::Result<bool> {
    let is_forbidden = env::var_os("RUSTUP_AUTO_INSTALL").is_some_and(|value| value == "0");
    if is_forbidden || process::find_program("rustup").is_none() {
        return Ok(false);
    }
    let what = format!("rustup target add {TARGET}");
    let mut command = Command::new("rustup");
    command.current_dir(&workspace.root).args(["target", "add", TARGET]);
    if let Err(failure) = process::run_quietly(workspace, &what, &mut command)? {
        eprintln!("  … {}", failure.into_error(&what));
        return Ok(false);
    }
    Ok(active_has_target(workspace))
}

/// Whether all of Debian's packages are installed, and new enough.
fn debian_has_toolchain() -> bool {
    let is_new = process::answer(Command::new(DEBIAN_RUSTC).env_remove("LD_LIBRARY_PATH").arg("--version"))
        .and_then(|answer| version_of(&answer))
        .is_some_and(|version| Some(version) >= version_of(&format!("rustc {MSRV}")));
    is_new && [DEBIAN_CARGO, DEBIAN_STD_SOURCES, DEBIAN_LINKER].iter().all(|path| Path::new(path).exists())
}

/// Major and minor of `rustc 1.96.0 (…)`.
fn version_of(answer: &str) -> Option<(u32, u32)> {
    let mut numbers = answer.split_whitespace().nth(1)?.split('.').map_while(|number| number.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// Debian's cargo with Debian's rustc, without the variables set by the cargo that started us.
fn debian_cargo() -> Command {
    let mut cargo = Command::new(DEBIAN_CARGO);
    cargo.env("RUSTC", DEBIAN_RUSTC).env_remove("RUSTFLAGS").env_remove("LD_LIBRARY_PATH");
    cargo
}

/// The folder with the standard library for Debian's compiler, built once per version of the compiler: no other can
/// use it.
fn debian_sysroot(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let version = process::answer(Command::new(DEBIAN_RUSTC).env_remove("LD_LIBRARY_PATH").arg("-vV"))
        .with_context(|| format!("{DEBIAN_RUSTC} does not run"))?;
    let mut hasher = DefaultHasher::new();
    version.hash(&mut hasher);
    let sysroot = workspace.scratch().join("wasm-sysroot").join(format!("{:016x}", hasher.finish()));
    let libraries = Path::new("lib/rustlib").join(TARGET).join("lib");
    if holds_libraries(&sysroot.join(&libraries)) {
        return Ok(sysroot);
    }

    let project = workspace.scratch().join("wasm-std");
    let built = build_std(workspace, &project)?;
    // Filled under another name: an interrupted copy must not be taken for a standard library.
    let unfinished = sysroot.with_extension("unfinished");
    fs::create_dir_all(unfinished.join(&libraries))?;
    for entry in fs::read_dir(&built)? {
        let path = entry?.path();
        if is_library(&path) {
            fs::copy(&path, unfinished.join(&libraries).join(path.file_name().unwrap_or_default()))?;
        }
    }
    fs::rename(&unfinished, &sysroot).with_context(|| format!("cannot make {}", sysroot.display()))?;
    fs::remove_dir_all(&project)?;
    Ok(sysroot)
}

/// Compiles std from Debian's sources by compiling an empty crate; returns the folder the libraries are in.
fn build_std(workspace: &Workspace, project: &Path) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(project.join("src"))?;
    fs::write(project.join("src/lib.rs"), "#![no_std]\n")?;
    fs::write(
        project.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nedition = \"2024\"\n\n[workspace]\n\n[profile.release]\npanic = \"abort\"\n",
    )?;
    let target = project.join("target");
    let mut cargo = debian_cargo();
    cargo.current_dir(project).env("CARGO_TARGET_DIR", &target);
    // Bitcode lets the web profile optimise across std; the second flag is how std itself is compiled.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "-Cembed-bitcode=yes\u{1f}-Zforce-unstable-if-unmarked");
    cargo.env("RUSTC_BOOTSTRAP", "1");
    cargo.args(["build", "--release", "-Zbuild-std=std,panic_abort", "--target", TARGET]);
    process::run_quietly(workspace, "Rust standard library for wasm, once", &mut cargo)?
        .map_err(|failure| failure.into_error("compiling Rust's standard library for wasm"))?;
    Ok(target.join(TARGET).join("release/deps"))
}
