//! The server's command.

use anyhow::Context;
use game_server::cli::{Cli, Command, ReplayOptions, ServeOptions};
use game_server::config::{self, ConfigError, suggest};
use game_server::net::limits::Limits;
use game_server::net::recordings;
use game_server::serve::Server;
use game_server::telemetry::log_to_stderr;
use game_server::{bench_replay, cli::LogForm, info, verify};
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Threads that wait for disks and for rooms to open.
const BLOCKING_THREADS: usize = 16;
/// What the end waits for work that hangs.
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
        Some(Command::Verify { files }) => verify::run(&files),
        Some(Command::BenchReplay { file, viewers }) => {
            bench_replay::run(&file, viewers.into()).map(|()| ExitCode::SUCCESS)
        }
        Some(Command::Info { file }) => info::run(&file).map(|()| ExitCode::SUCCESS),
    }
}

fn serve(options: &ServeOptions) -> anyhow::Result<ExitCode> {
    log_to_stderr(options.log, &options.log_level).context("--log-level")?;
    for (name, nearest) in config::unknown_variables(std::env::vars_os().map(|(name, _)| name)) {
        tracing::warn!("{name} is not an option{}", suggest(nearest.as_deref()));
    }
    let runtime = runtime()?;
    runtime.block_on(async {
        let signals = Signals::new()?;
        let server = Server::start(options, Limits::default()).await?;
        let url = server.local_url();
        eprintln!("Driftbelt is open: {url}");
        if let Some(lan) = server.lan_url() {
            eprintln!("In your network:   {lan}");
        }
        eprintln!("Recordings:        {url}replay");
        until_told_to_stop(server, signals).await;
        anyhow::Ok(())
    })?;
    runtime.shutdown_timeout(SHUTDOWN_LIMIT);
    Ok(ExitCode::SUCCESS)
}

fn replay(options: &ReplayOptions) -> anyhow::Result<ExitCode> {
    log_to_stderr(LogForm::Human, "warn").context("the log")?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let signals = Signals::new()?;
        let server = Server::start_replay(options).await?;
        let name = recordings::encoded(&recordings::file_name(&options.file));
        eprintln!("Watch it here: {}replay/{name}", server.local_url());
        until_told_to_stop(server, signals).await;
        anyhow::Ok(())
    })?;
    runtime.shutdown_timeout(SHUTDOWN_LIMIT);
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> anyhow::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().max_blocking_threads(BLOCKING_THREADS).build().context("the runtime")
}

/// Stops at the first signal; a second one ends the wait.
async fn until_told_to_stop(server: Server, mut signals: Signals) {
    signals.next().await;
    eprintln!("Stopping …");
    tokio::select! {
        () = server.stop() => {}
        () = signals.next() => {}
    }
}

/// Ctrl-C and, where there is one, SIGTERM. Made before the server says that it is open: from then on a signal stops it
/// in order.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> anyhow::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
        let terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
        Ok(Signals { interrupt, terminate })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> anyhow::Result<Signals> {
        Ok(Signals(tokio::signal::windows::ctrl_c().context("Ctrl-C")?))
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
