//! What the browser runs of ours: client-core with its schema, the replay player, and practice, compiled for wasm, with their JavaScript glue,
//! optimised, in `client-web/src/wasm`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::npm;
use crate::process;
use crate::stamp::Inputs;
use crate::wasm_toolchain::{self, TARGET, WasmToolchain};
use crate::workspace::{Profile, Workspace};

/// A module of the browser: the crate, its library, and what the glue writer makes of it besides the glue.
struct Module {
    package: &'static str,
    library: &'static str,
    products: &'static [&'static str],
}

/// The core, with its numbers as TypeScript; the replay player and the room for practice are loaded later.
const MODULES: [Module; 3] = [
    Module { package: "client-core", library: "client_core", products: &["schema.ts"] },
    Module { package: "replayer", library: "replayer", products: &[] },
    Module { package: "practice", library: "practice", products: &[] },
];

/// Only the features that rustc emits for the target: with more, wasm-opt may use what browsers do not have. Level 1: the higher
/// ones shuffle locals, which makes the file 4 % smaller but its compressed form, which is downloaded, 9 % larger.
const OPTIMIZE: [&str; 12] = [
    "-O1",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

/// The program that writes the glue, a crate of this workspace.
const GLUE_WRITER: &str = "wasm-glue";

/// Compiles the modules.
pub fn compile(workspace: &Workspace) -> anyhow::Result<()> {
    let toolchain = WasmToolchain::find(workspace)?;
    for Module { package, .. } in &MODULES {
        let mut cargo = toolchain.cargo(workspace);
        // The kind of library is named here and not in its Cargo.toml: there it would apply to native builds too, and compile
        // everything below it a second time.
        let cdylib = ["--crate-type", "cdylib", "--target", TARGET];
        cargo.args(["rustc", "--profile", "web", "--package", package, "--lib"]).args(cdylib);
        let what = format!("{package} for wasm");
        process::run_quietly(workspace, &what, &mut cargo)?.map_err(|failure| failure.into_error(&what))?;
    }
    Ok(())
}

/// Builds the program that writes the glue.
pub fn build_glue_writer(workspace: &Workspace) -> anyhow::Result<()> {
    process::run(workspace.cargo().args(["build", "--package", GLUE_WRITER]))
}

/// Writes the glue of the compiled modules and optimises them, unless they are up to date. Needs the client's npm dependencies
/// (`wasm-opt`).
pub fn write_glue(workspace: &Workspace) -> anyhow::Result<()> {
    MODULES.iter().try_for_each(|module| write_glue_of(workspace, module))
}

fn write_glue_of(workspace: &Workspace, module: &Module) -> anyhow::Result<()> {
    let library = module.library;
    let compiled =
        wasm_toolchain::target_dir(workspace).join(TARGET).join("web").join(library).with_extension("wasm");
    let glue = workspace.client().join("src/wasm");
    let lock = workspace.client().join("package-lock.json");
    let writer = workspace.root.join("xtask/glue/src/main.rs");
    let inputs = Inputs::default().file(&compiled)?.file(&writer)?.file(&lock)?.text(&OPTIMIZE.join(" "));
    let file = |name: &&str| glue.join(name);
    let mut products: Vec<PathBuf> = module.products.iter().map(file).collect();
    products.extend([wasm_in(&glue, library), glue.join(library).with_extension("js")]);
    inputs.run_if_changed(workspace, &format!("wasm-{library}"), &products, || {
        let generated = workspace.scratch().join("wasm-glue");
        if generated.exists() {
            fs::remove_dir_all(&generated)?;
        }
        let writer = workspace.program(Profile::Dev, GLUE_WRITER);
        process::run(Command::new(writer).arg(&compiled).arg(&generated).arg(library))?;
        optimize(workspace, &wasm_in(&generated, library))?;
        replace_files(&generated, &glue)
    })
}

fn wasm_in(folder: &Path, library: &str) -> PathBuf {
    folder.join(format!("{library}_bg.wasm"))
}

fn optimize(workspace: &Workspace, wasm: &Path) -> anyhow::Result<()> {
    let mut wasm_opt = npm::dependency_program(workspace, "binaryen/bin/wasm-opt")?;
    wasm_opt.args(OPTIMIZE).arg(wasm).arg("-o").arg(wasm);
    process::run_quietly(workspace, "wasm-opt", &mut wasm_opt)?
        .map_err(|failure| failure.into_error("wasm-opt"))
}

fn replace_files(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))
            .with_context(|| format!("cannot write into {}", to.display()))?;
    }
    Ok(())
}
