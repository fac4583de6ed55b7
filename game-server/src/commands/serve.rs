//! `serve` and `replay`: run a server until a signal ends it.

use super::signals::{Request, Signals};
use crate::cli::{ReplayOptions, ServeOptions};
use crate::config;
use crate::net::guard::limits::Limits;
use crate::net::http::recordings;
use crate::serve::Server;
#[cfg(unix)]
use crate::serve::handover::{self, Binary, Handover, Predecessor};
use crate::telemetry::{LogForm, log_to_stderr};
use anyhow::Context;
#[cfg(unix)]
use sim::Sim;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Threads for blocking work: disks, and rooms that open.
const BLOCKING_THREADS: usize = 16;
/// Longest wait for blocking work at the end.
const SHUTDOWN_LIMIT: Duration = Duration::from_millis(200);

pub fn serve(options: &ServeOptions) -> anyhow::Result<ExitCode> {
    log_to_stderr(options.log, &options.log_level).context("--log-level")?;
    #[cfg(unix)]
    if let Some(predecessor) = handover::predecessor() {
        return check_succession(options, &predecessor).map(|()| ExitCode::SUCCESS);
    }
    for (name, nearest) in config::unknown_variables(std::env::vars_os().map(|(name, _)| name)) {
        tracing::warn!("{name} is not an option{}", config::suggest(nearest.as_deref()));
    }
    let runtime = runtime()?;
    #[cfg(unix)]
    run_and_hand_over(options, &runtime)?;
    #[cfg(not(unix))]
    runtime.block_on(async {
        let mut signals = Signals::new().context("signals")?;
        let server = Server::start(options, Limits::default()).await?;
        announce(&server);
        signals.next().await;
        stop(server, &mut signals).await;
        anyhow::Ok(())
    })?;
    runtime.shutdown_timeout(SHUTDOWN_LIMIT);
    Ok(ExitCode::SUCCESS)
}

fn announce(server: &Server) {
    let url = server.local_url();
    eprintln!("Driftbelt is open: {url}");
    if let Some(lan) = server.lan_url() {
        eprintln!("In your network:   {lan}");
    }
    eprintln!("Recordings:        {url}replay");
}

/// Runs a server until it is told to stop. Told to upgrade, it executes the new binary, or opens again if it cannot.
#[cfg(unix)]
fn run_and_hand_over(options: &ServeOptions, runtime: &Runtime) -> anyhow::Result<()> {
    let binary = Binary::of_this_process().context("this binary")?;
    let mut signals = runtime.block_on(async { Signals::new().context("signals") })?;
    let limits = Limits::default;
    let mut server = runtime.block_on(Server::start(options, limits()))?;
    announce(&server);
    while let Some(handover) = runtime.block_on(run_until_handover(server, &binary, &mut signals)) {
        eprintln!("The new binary takes over …");
        let error = binary.execute(&handover);
        tracing::error!(%error, "the new binary cannot be executed: this server opens again");
        server = runtime.block_on(Server::resume(options, limits(), handover))?;
    }
    Ok(())
}

/// What is left to a new binary that can take over; `None` once the server is stopped.
#[cfg(unix)]
async fn run_until_handover(server: Server, binary: &Binary, signals: &mut Signals) -> Option<Handover> {
    while signals.next().await == Request::Upgrade {
        match binary.ask(&server.origin()).await {
            Ok(()) => return Some(server.leave_to_successor().await),
            Err(error) => tracing::error!(%error, "no upgrade: this server stays"),
        }
    }
    stop(server, signals).await;
    None
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

pub fn replay(options: &ReplayOptions) -> anyhow::Result<ExitCode> {
    log_to_stderr(LogForm::Human, "warn").context("the log")?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut signals = Signals::new().context("signals")?;
        let server = Server::start_replay(options).await?;
        let name = recordings::encoded(&recordings::file_name(&options.file));
        eprintln!("Watch it here: {}replay/{name}", server.local_url());
        signals.next().await;
        stop(server, &mut signals).await;
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
async fn stop(server: Server, signals: &mut Signals) {
    eprintln!("Stopping …");
    tokio::select! {
        () = server.stop() => {}
        _ = signals.next() => {}
    }
}
