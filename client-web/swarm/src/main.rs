//! `swarm`: thousands of headless players for a Driftbelt server.

use clap::{CommandFactory, Parser};
use std::io::Write;
use std::process::ExitCode;
use swarm::cli::{Cli, Command};
use swarm::{bench, compare, floor, idle, run, transports, watch};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("swarm: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match (cli.command, cli.run) {
        (Some(Command::Floor(options)), _) => {
            let report = floor::measure(&options)?;
            print(&report, options.json, || report.text())
        }
        (Some(Command::Compare(options)), _) => {
            let comparison = compare::compare(&options, |line| eprintln!("{line}"))?;
            print(&comparison, options.run.json, || comparison.text())
        }
        (Some(Command::Bench(options)), _) => bench::bench(&options, |line| eprintln!("{line}")),
        (Some(Command::Transports(options)), _) => {
            let measured = transports::measure(&options, |line| eprintln!("{line}"))?;
            print(&measured, options.json, || measured.text())
        }
        (Some(Command::Idle(options)), _) => {
            let report = idle::measure(&options, |line| eprintln!("{line}"))?;
            print(&report, options.json, || report.text())
        }
        (Some(Command::Watch(options)), _) => {
            let report = watch::measure(&options, |line| eprintln!("{line}"))?;
            print(&report, options.json, || report.text())
        }
        (Some(Command::FloorReader(options)), _) => floor::read(&options),
        (None, Some(options)) => {
            let report = run::run(&options, |line| eprintln!("{line}"))?;
            print(&report, options.json, || report.text())
        }
        (None, None) => Ok(Cli::command().print_help()?),
    }
}

fn print(report: &impl serde::Serialize, json: bool, text: impl Fn() -> String) -> anyhow::Result<()> {
    let text = if json { serde_json::to_string_pretty(report)? + "\n" } else { text() };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
