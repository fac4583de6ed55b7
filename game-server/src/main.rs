//! The binary: runs the command that the options name.

mod signals;

use anyhow::Context;
use game_server::cli::{Cli, Command, LogForm, ReplayOptions, ServeOptions};
use game_server::commands::{bench_replay, info, verify};
use game_server::config::{self, ConfigError, suggest};
use game_server::net::guard::limits::Limits;
use game_server::net::http::recordings;
use game_server::serve::Server;
#[cfg(unix)]
use game_server::serve::handover::{self, Predecessor};
use game_server::telemetry::log_to_stderr;
use signals::{Request, Signals};
#[cfg(unix)]
use sim::Sim;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Threads for blocking work: disks, and rooms that open.
const BLOCKING_THREADS: usize = 16;
/// Longest wait for blocking work at the end.
const SHUTDOWN_LIMIT: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let cli = match config::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(ConfigError::CommandLine(error)) => error.exit(),
        Err(error) => return fail(&error.into()),
    };
    run(cli).unwrap_or_else(|error| fail(&error))
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        None => serve(&cli.serve),
        Some(Command::Serve(options)) => serve(&options),
        Some(Command::Replay(options)) => replay(&options),
        #[cfg(unix)]
        Some(Command::Upgrade { recordings }) => handover::request(&recordings).map(|()| ExitCode::SUCCESS),
        Some(Command::Verify { files }) => verify::run(&files),
        Some(Command::BenchReplay { file, viewers }) => {
            bench_replay::run(&file, viewers.into()).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Info { file }) => info::run(&file).map(|()| ExitCode::SUCCESS),
    }
}

fn serve(options: &ServeOptions) -> anyhow::Result<ExitCode> {
    log_to_stderr(options.log, &options.log_level).context("--log-level")?;
    #[cfg(unix)]
    if let Some(predecessor) = handover::predecessor() {
        return check_succession(options, &predecessor).map(|()| ExitCode::SUCCESS);
    }
    for (name, nearest) in config::unknown_variables(std::env::vars_os().map(|(name, _)| name)) {
        tracing::warn!("{name} is not an option{}", suggest(nearest.as_deref()));
    }
    let runtime = runtime()?;
    #[cfg(unix)]
    let binary = handover::Binary::of_this_process().context("this binary")?;
    let listener = runtime.block_on(async {
        let mut signals = Signals::new().context("signals")?;
        let server = Server::start(options, Limits::default()).await?;
        let url = server.local_url();
        eprintln!("Driftbelt is open: {url}");
        if let Some(lan) = server.lan_url() {
            eprintln!("In your network:   {lan}");
        }
        eprintln!("Recordings:        {url}replay");
        #[cfg(unix)]
        while signals.next().await == Request::Upgrade {
            match binary.ask(&server.origin()).await {
                Ok(()) => {
                    eprintln!("The new binary takes over …");
                    return anyhow::Ok(Some(server.leave_to_successor().await));
                }
                Err(error) => tracing::error!(%error, "no upgrade: this server goes on"),
            }
        }
        #[cfg(not(unix))]
        signals.next().await;
        stop(server, signals).await;
        anyhow::Ok(None)
    })?;
    #[cfg(unix)]
    if let Some(listener) = listener {
        runtime.shutdown_background();
        return Err(binary.execute(listener)).context("the new binary cannot be executed");
    }
    #[cfg(not(unix))]
    let _: Option<()> = listener;
    runtime.shutdown_timeout(SHUTDOWN_LIMIT);
    Ok(ExitCode::SUCCESS)
}

/// Whether this binary could take over from a running server.
#[cfg(unix)]
fn check_succession(options: &ServeOptions, predecessor: &Predecessor) -> anyhow::Result<()> {
    let Predecessor { build, origin } = predecessor;
    let own = Sim::BUILD;
    anyhow::ensure!(
        build == own,
        "it simulates as {own}, the running rooms as {build}: let them end, and start it then"
    );
    if let Some(origin) = origin {
        Server::check_origin(options, origin)?;
    }
    Ok(Server::check(options)?)
}

fn replay(options: &ReplayOptions) -> anyhow::Result<ExitCode> {
    log_to_stderr(LogForm::Human, "warn").context("the log")?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut signals = Signals::new().context("signals")?;
        let server = Server::start_replay(options).await?;
        let name = recordings::encoded(&recordings::file_name(&options.file));
        eprintln!("Watch it here: {}replay/{name}", server.local_url());
        signals.next().await;
        stop(server, signals).await;
        anyhow::Ok(())
    })?;
    runtime.shutdown_timeout(SHUTDOWN_LIMIT);
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> anyhow::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().max_blocking_threads(BLOCKING_THREADS).build().context("the runtime")
}

/// Stops; a second signal ends the wait.
async fn stop(server: Server, mut signals: Signals) {
    eprintln!("Stopping …");
    tokio::select! {
        () = server.stop() => {}
        _ = signals.next() => {}
    }
}
