//! `cargo xtask play | build | bench | instructions | test`: sets up what Driftbelt needs and builds it. Knows tools and
//! paths, nothing of the game.

mod autobahn;
mod bench;
mod browser;
mod build;
mod debian;
mod instructions;
mod npm;
mod play;
mod process;
mod stamp;
mod test;
mod wasm;
mod wasm_toolchain;
mod workspace;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Set-up and build of Driftbelt.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build client and server, then start the server with drones
    Play {
        /// Options for `game-server serve`, for example: --port 9443 --drones 40
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        server_options: Vec<OsString>,
    },
    /// Build the release binary, with the client and the assets inside, and print its path
    Build,
    /// Measure arena-N beside the floor (about ten minutes) and write BENCHMARKS.md
    Bench {
        /// Options for `swarm bench`, for example: --seconds 10
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<OsString>,
    },
    /// Count the instructions of each stage of a tick and compare them with those in the repository
    Instructions {
        /// Write the counts down as the ones to compare with
        #[arg(long)]
        accept: bool,
    },
    /// Format, lint, type-check and run every test, the browser ones included
    Test,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::find()?;
    match task {
        Task::Play { server_options } => return play::play(&workspace, server_options),
        Task::Build => {
            let server = build::build(&workspace)?;
            writeln!(std::io::stdout(), "{}", server.display())?;
        }
        Task::Bench { options } => bench::bench(&workspace, options)?,
        Task::Instructions { accept } => instructions::instructions(&workspace, accept)?,
        Task::Test => test::test(&workspace)?,
    }
    Ok(ExitCode::SUCCESS)
}
