//! `serve` and `replay`: run a server until a signal ends it.

use super::signals::Signals;
use crate::cli::{ReplayOptions, ServeOptions};
use crate::config;
use crate::net::guard::limits::Limits;
use crate::net::http::recording_source;
use crate::process::Request;
#[cfg(unix)]
use crate::serve::handover::{self, Binary, Handover, Predecessor};
use crate::serve::service_manager::{ServiceState, notify};
use crate::serve::{Server, StartError};
use crate::telemetry::{LogForm, flush, log_to_stderr, say};
use anyhow::Context;
#[cfg(unix)]
use sim::Sim;
use std::io;
use std::num::NonZero;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Threads for blocking work: disks, and rooms that open.
const BLOCKING_THREADS: usize = 16;
/// Threads of a room, of its recording and of the log.
const ROOM_THREADS: usize = 4;
/// Longest wait for blocking work at the end.
const SHUTDOWN_LIMIT: Duration = Duration::from_millis(200);

pub fn serve(options: &ServeOptions) -> anyhow::Result<ExitCode> {
    #[cfg(unix)]
    let signals = Signals::block().context("signals")?;
    log_to_stderr(options.log, &options.log_level, options.log_addresses).context("--log-level")?;
    #[cfg(unix)]
    if let Some(predecessor) = handover::predecessor() {
        return check_succession(options, &predecessor).map(|()| ExitCode::SUCCESS);
    }
    for (name, nearest) in config::unknown_variables(std::env::vars_os()) {
        tracing::warn!("{name} is not an option{}", config::suggest(nearest.as_deref()));
    }
    let runtime = runtime()?;
    #[cfg(not(unix))]
    let signals = runtime.block_on(async { Signals::block() }).context("signals")?;
    run(options, &runtime, signals)?;
    runtime.shutdown_timeout(SHUTDOWN_LIMIT);
    Ok(ExitCode::SUCCESS)
}

/// Runs a server until a signal stops it. An upgrade executes the new binary; if that fails, the server opens again.
fn run(options: &ServeOptions, runtime: &Runtime, mut signals: Signals) -> anyhow::Result<()> {
    #[cfg(unix)]
    let binary = Binary::of_this_process().context("this binary")?;
    let owned = options.clone();
    let start = async move { Server::start(&owned, Limits::default()).await };
    let Some(server) = runtime.block_on(start_unless_stopped(start, &mut signals))? else { return Ok(()) };
    announce(&server);
    #[cfg(not(unix))]
    runtime.block_on(async {
        let request = signals.next().await;
        stop(server, request, &mut signals).await;
    });
    #[cfg(unix)]
    {
        let mut server = server;
        while let Some(handover) = runtime.block_on(run_until_handover(server, &binary, &mut signals)) {
            say("The new binary takes over …");
            flush();
            if signals.end()? {
                // The rooms wait for the next start.
                return Ok(());
            }
            let error = binary.execute(&handover);
            signals.begin()?;
            tracing::error!(%error, "the new binary cannot be executed: this server opens again");
            let owned = options.clone();
            let resume = async move { Server::resume(&owned, Limits::default(), handover).await };
            server = match runtime.block_on(start_unless_stopped(resume, &mut signals))? {
                Some(server) => server,
                None => return Ok(()),
            };
            notify(ServiceState::Ready);
        }
    }
    Ok(())
}

/// Starts a server on a thread of the runtime, since restoring rooms takes a while. `None` if it is stopped before it is open;
/// rooms wait for the next start then.
async fn start_unless_stopped(
    start: impl Future<Output = Result<Server, StartError>> + Send + 'static,
    signals: &mut Signals,
) -> anyhow::Result<Option<Server>> {
    tokio::select! {
        started = tokio::spawn(start) => Ok(Some(started.context("the start")??)),
        _ = signals.next_stop() => Ok(None),
    }
}

fn announce(server: &Server) {
    let url = server.local_url();
    say(&format!("Driftbelt is open: {url}"));
    if let Some(public) = server.public_url() {
        say(&format!("For players:       {public}"));
    } else if let Some(lan) = server.lan_url() {
        say(&format!("In your network:   {lan}"));
    }
    say(&format!("Recordings:        {url}replay"));
    notify(ServiceState::Ready);
}

/// Runs the server until a new binary can replace it, and returns the handover; `None` after a stop.
#[cfg(unix)]
async fn run_until_handover(server: Server, binary: &Binary, signals: &mut Signals) -> Option<Handover> {
    loop {
        let stop_request = match signals.next().await {
            Request::Upgrade => {
                notify(ServiceState::Reloading);
                let origin = server.origin();
                tokio::select! {
                    answer = binary.ask(&origin) => {
                        match answer {
                            Ok(()) => return Some(server.leave_to_successor().await),
                            Err(error) => {
                                tracing::error!(%error, "no upgrade: this server stays");
                                notify(ServiceState::Ready);
                            }
                        }
                        continue;
                    }
                    stop_request = signals.next_stop() => stop_request,
                }
            }
            Request::Drain => {
                server.drain().await;
                continue;
            }
            stop_request => stop_request,
        };
        stop(server, stop_request, signals).await;
        return None;
    }
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
    #[cfg(unix)]
    let mut signals = Signals::block().context("signals")?;
    log_to_stderr(LogForm::Human, "warn", false).context("the log")?;
    let runtime = runtime()?;
    runtime.block_on(async {
        #[cfg(not(unix))]
        let mut signals = Signals::block().context("signals")?;
        let server = Server::start_replay(options).await?;
        let name = recording_source::encoded(&recording_source::file_name(&options.file));
        say(&format!("Watch it here: {}replay/{name}", server.local_url()));
        let request = signals.next_stop().await;
        stop(server, request, &mut signals).await;
        anyhow::Ok(())
    })?;
    runtime.shutdown_timeout(SHUTDOWN_LIMIT);
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> anyhow::Result<Runtime> {
    check_threads().context(
        "cannot start enough threads: raise the limit of processes (ulimit -u, TasksMax=, --pids-limit)",
    )?;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().max_blocking_threads(BLOCKING_THREADS).build().context("the runtime")
}

/// Starts as many threads as the server will have, and ends them: the runtime panics where it cannot start one.
fn check_threads() -> io::Result<()> {
    let count = thread::available_parallelism().map_or(1, NonZero::get) + BLOCKING_THREADS + ROOM_THREADS;
    let started = (0..count).map(|_| thread::Builder::new().spawn(thread::park));
    for started in started.collect::<io::Result<Vec<_>>>()? {
        started.thread().unpark();
        // It has no reason to panic.
        let _ = started.join();
    }
    Ok(())
}

/// Stops; a second signal ends the wait.
async fn stop(server: Server, request: Request, signals: &mut Signals) {
    say("Stopping …");
    notify(ServiceState::Stopping);
    let stop = async {
        match request {
            Request::StopForGood => server.stop_for_good().await,
            Request::Stop | Request::Upgrade | Request::Drain => server.stop().await,
        }
    };
    tokio::select! {
        () = stop => {}
        _ = signals.next_stop() => {}
    }
}
