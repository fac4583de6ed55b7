//! The browser core: client-core compiled for wasm, with its JavaScript glue and its schema, optimised, in
//! `client-web/src/wasm`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use wasm_bindgen_cli_support::Bindgen;

use crate::npm;
use crate::process;
use crate::stamp::Inputs;
use crate::wasm_toolchain::{self, TARGET, WasmToolchain};
use crate::workspace::Workspace;

const NAME: &str = "client_core";
/// The custom section in which the core carries its numbers as TypeScript.
const SCHEMA_SECTION: &str = "driftbelt.schema";
const SCHEMA: &str = "schema.ts";

/// Only what rustc itself emits for the target: with more, wasm-opt may use what browsers do not have. Level 1, since the
/// higher ones shuffle locals: the file gets smaller by 4 %, but what is downloaded, compressed, larger by 9 %.
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

/// Compiles the core and writes the glue, unless all is up to date. Needs the client's npm dependencies (`wasm-opt`).
pub fn build(workspace: &Workspace) -> anyhow::Result<()> {
    let toolchain = WasmToolchain::find(workspace)?;
    let mut cargo = toolchain.cargo(workspace);
    // The kind of library is named here and not in its Cargo.toml: as a dependency, the native programs of this workspace
    // would have everything below it compiled once more than without it.
    let cdylib = ["--crate-type", "cdylib", "--target", TARGET];
    process::run(
        cargo.args(["rustc", "--profile", "web", "--package", "client-core", "--lib"]).args(cdylib),
    )?;

    let compiled =
        wasm_toolchain::target_dir(workspace).join(TARGET).join("web").join(NAME).with_extension("wasm");
    let glue = workspace.client().join("src/wasm");
    let lock = workspace.client().join("package-lock.json");
    let inputs = Inputs::default().file(&compiled)?.file(&lock)?.text(&OPTIMIZE.join(" "));
    inputs.run_if_changed(
        workspace,
        "wasm",
        &[wasm_in(&glue), glue.join(NAME).with_extension("js"), glue.join(SCHEMA)],
        || {
            let generated = workspace.scratch().join("wasm-glue");
            generate(&compiled, &generated)?;
            optimize(workspace, &wasm_in(&generated))?;
            replace_files(&generated, &glue)
        },
    )
}

fn wasm_in(folder: &Path) -> PathBuf {
    folder.join(format!("{NAME}_bg.wasm"))
}

fn generate(compiled: &Path, folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).out_name(NAME).web(true)?.typescript(true);
    let mut output = bindgen.generate_output().context("wasm-bindgen could not make the glue")?;
    let schema =
        output.wasm_mut().customs.remove_raw(SCHEMA_SECTION).context("the core carries no schema")?;
    output.emit(folder).context("wasm-bindgen could not write the glue")?;
    let schema = String::from_utf8(schema.data).context("the core's schema is not text")?;
    for file in schema.split("// @filename: ").skip(1) {
        let (name, text) = file.split_once('\n').context("a file of the core's schema has no name")?;
        fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
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
