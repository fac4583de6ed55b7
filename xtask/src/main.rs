//! `cargo xtask`: sets up what Driftbelt needs, builds it and tests it. Knows tools and paths, nothing of the game.
//!
//! Depends on next to nothing, since it is compiled before anything else happens.

mod autobahn;
mod bench;
mod browser;
mod build;
mod debian;
mod deploy;
mod instructions;
mod nats;
mod npm;
mod play;
mod process;
mod prometheus;
mod pypi;
mod soak;
mod stamp;
mod test;
mod wasm;
mod wasm_toolchain;
mod workspace;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::workspace::Workspace;

const HELP: &str = "\
Sets up, builds and tests Driftbelt.

Usage: cargo xtask COMMAND

  play [-- OPTIONS]        Build client and server, then start the server with drones. OPTIONS are those of
                           `game-server serve`, for example --port 9443 --drones 40
  build                    Build the release binary, with client and assets inside, and print its path
  test                     Format, lint, type-check and run every test, those in a browser included
  soak                     Run the long tests (over an hour): join storms, kills
  bench [-- OPTIONS]       Measure arena-N beside the floor (about ten minutes) and write BENCHMARKS.md. OPTIONS are
                           those of `swarm bench`, for example --seconds 10
  instructions [--accept]  Count the instructions of each stage of a tick and compare them with those in the
                           repository; --accept writes the counts down as the ones to compare with
";

/// The exit code of a command line that makes no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match run(env::args_os().skip(1).collect()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut options: Vec<OsString>) -> anyhow::Result<ExitCode> {
    let command = if options.is_empty() { OsString::from("help") } else { options.remove(0) };
    if options.first().is_some_and(|first| first == "--") {
        options.remove(0);
    }
    let workspace = Workspace::find()?;
    let words: Vec<&str> = options.iter().map(|option| option.to_str().unwrap_or_default()).collect();
    match (command.to_str().unwrap_or_default(), &words[..]) {
        ("help" | "--help" | "-h", _) | (_, ["--help" | "-h"]) => io::stdout().write_all(HELP.as_bytes())?,
        ("play", _) => return play::play(&workspace, options),
        ("build", []) => writeln!(io::stdout(), "{}", build::build(&workspace)?.display())?,
        ("test", []) => test::test(&workspace)?,
        ("soak", []) => soak::soak(&workspace)?,
        ("bench", _) => bench::bench(&workspace, options)?,
        ("instructions", []) => instructions::instructions(&workspace, false)?,
        ("instructions", ["--accept"]) => instructions::instructions(&workspace, true)?,
        (unknown, _) => {
            eprintln!("cargo xtask: `{unknown} {}` is not understood\n\n{HELP}", words.join(" "));
            return Ok(ExitCode::from(USAGE));
        }
    }
    Ok(ExitCode::SUCCESS)
}
