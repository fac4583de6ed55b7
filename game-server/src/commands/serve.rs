//! `serve` and `replay`: run a server until a signal ends it.

use super::signals::{Request, Signals};
use crate::cli::{ReplayOptions, ServeOptions};
use crate::config;
use crate::net::guard::limits::Limits;
use crate::net::http::recordings;
use crate::serve::Server;
#[cfg(unix)]
use crate::serve::handover::{self, Predecessor};
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
                Err(error) => tracing::error!(%error, "no upgrade: this server stays"),
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

pub fn replay(options: &ReplayOptions) -> anyhow::Result<ExitCode> {
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
