//! What the binary does: runs the command that its options name.

mod admin_link;
pub(crate) mod bench_replay;
mod clip;
mod health;
pub mod info;
mod serve;
mod signals;
pub mod verify;

use crate::cli::{Cli, Command};
use crate::config::{self, ConfigError};
#[cfg(unix)]
use crate::process::{DRAIN, STOP_FOR_GOOD, UPGRADE};
#[cfg(unix)]
use crate::serve::handover;
use crate::telemetry;
#[cfg(unix)]
use nix::sys::signal::Signal;
use std::process::ExitCode;

/// Runs the process's command line.
pub fn main() -> ExitCode {
    let cli = match config::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(ConfigError::CommandLine(error)) => error.exit(),
        Err(error) => return fail(&error.into()),
    };
    let code = run(cli).unwrap_or_else(|error| fail(&error));
    telemetry::flush();
    code
}

fn fail(error: &anyhow::Error) -> ExitCode {
    telemetry::say(&format!("error: {error:#}"));
    ExitCode::FAILURE
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        None => serve::serve(&cli.serve),
        Some(Command::Serve(options)) => serve::serve(&options),
        Some(Command::Replay(options)) => serve::replay(&options),
        #[cfg(unix)]
        Some(Command::Upgrade { recordings }) => {
            handover::send(&recordings, UPGRADE).map(|_| ExitCode::SUCCESS)
        }
        #[cfg(unix)]
        Some(Command::Stop { recordings, for_good }) => {
            let signal = if for_good { STOP_FOR_GOOD } else { Signal::SIGTERM };
            handover::stop(&recordings, signal).map(|()| ExitCode::SUCCESS)
        }
        #[cfg(unix)]
        Some(Command::Drain { recordings }) => handover::send(&recordings, DRAIN).map(|_| ExitCode::SUCCESS),
        Some(Command::AdminLink { recordings }) => admin_link::run(&recordings).map(|()| ExitCode::SUCCESS),
        Some(Command::Verify { files }) => verify::run(&files),
        Some(Command::BenchReplay { file, viewers }) => {
            bench_replay::run(&file, viewers.into()).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Health(options)) => health::run(&options).map(|words| {
            telemetry::say(&words);
            ExitCode::SUCCESS
        }),
        Some(Command::Clip(options)) => clip::run(&options).map(|()| ExitCode::SUCCESS),
        Some(Command::Info { file }) => info::run(&file).map(|()| ExitCode::SUCCESS),
    }
}
