//! `wasm-glue WASM FOLDER NAME`: writes a module for the browser, its JavaScript glue, and its schema for TypeScript if it carries one. A crate
//! apart from xtask: xtask is then compiled in seconds, and this one beside the server.

use std::env;
use std::fs;
use std::path::Path;

use anyhow::Context;
use wasm_bindgen_cli_support::Bindgen;

/// The custom section in which the core carries its numbers as TypeScript.
const SCHEMA_SECTION: &str = "driftbelt.schema";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [wasm, folder, name] = &arguments[..] else { anyhow::bail!("usage: wasm-glue WASM FOLDER NAME") };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name(name).web(true)?.typescript(true);
    let mut output = bindgen.generate_output().context("wasm-bindgen could not make the glue")?;
    let schema = output.wasm_mut().customs.remove_raw(SCHEMA_SECTION);
    output.emit(folder).context("wasm-bindgen could not write the glue")?;
    let Some(schema) = schema else { return Ok(()) };
    let schema = String::from_utf8(schema.data).context("the core's schema is not text")?;
    for file in schema.split("// @filename: ").skip(1) {
        let (name, text) = file.split_once('\n').context("a file of the core's schema has no name")?;
        fs::write(Path::new(folder).join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}
