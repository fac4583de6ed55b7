//! A server for one run: started with a world for exactly this many players, stopped in order.

use crate::target::Target;
use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long the server may take to answer for the first time, and to stop.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(50);
const MODE: &str = "arena";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Plain,
    Tls,
}

impl Transport {
    pub(super) fn scheme(self) -> &'static str {
        match self {
            Transport::Plain => "ws",
            Transport::Tls => "wss",
        }
    }
}

pub(super) struct Rig {
    process: Child,
    url: String,
    /// Assets, recordings and certificate; goes with the rig.
    _files: TempDir,
}

impl Rig {
    /// Starts a server on the calling thread's core and waits until it answers.
    pub(super) fn start(
        server: &Path,
        assets: &Path,
        players: u32,
        transport: Transport,
    ) -> anyhow::Result<Rig> {
        let files = tempfile::tempdir().context("no place for temporary files")?;
        let own_assets = files.path().join("assets");
        copy(assets, &own_assets).with_context(|| format!("cannot copy {}", assets.display()))?;
        fit_mode(&own_assets.join(format!("modes/{MODE}.toml")), players)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new(server);
        command.args([
            "--mode",
            MODE,
            "--drones",
            "0",
            "--seed",
            "1",
            "--host",
            "127.0.0.1",
            "--log-level",
            "error",
        ]);
        command.arg("--port").arg(port.to_string()).arg("--assets").arg(&own_assets);
        command.arg("--recordings").arg(files.path().join("recordings"));
        match transport {
            Transport::Plain => command.arg("--no-tls"),
            Transport::Tls => command.arg("--data").arg(files.path().join("data")),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().with_context(|| format!("cannot start {}", server.display()))?;
        let url = format!("{}://127.0.0.1:{port}", transport.scheme());
        let mut rig = Rig { process, url, _files: files };
        rig.wait_until_it_answers()?;
        Ok(rig)
    }

    fn wait_until_it_answers(&mut self) -> anyhow::Result<()> {
        let target = Target::new(&self.url, None)?;
        let limit = Instant::now() + PATIENCE;
        loop {
            let Err(error) = target.page("/api/status") else { return Ok(()) };
            if let Some(status) = self.process.try_wait()? {
                anyhow::bail!("the server ended at once ({status})");
            }
            if Instant::now() > limit {
                return Err(error.context("the server does not answer"));
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    pub(super) fn url(&self) -> String {
        self.url.clone()
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Lets the server close its recording and end.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        let pid =
            i32::try_from(self.process.id()).ok().and_then(Pid::from_raw).context("a process without id")?;
        kill_process(pid, Signal::INT)?;
        let limit = Instant::now() + PATIENCE;
        while self.process.try_wait()?.is_none() {
            anyhow::ensure!(Instant::now() < limit, "the server does not stop");
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

impl Drop for Rig {
    /// Leaves no server behind, whatever went wrong.
    fn drop(&mut self) {
        if let Ok(None) = self.process.try_wait() {
            // An error means that it has already ended.
            let _: Result<_, _> = self.process.kill();
            let _: Result<_, _> = self.process.wait();
        }
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Makes the mode's world as large as these players need: its size follows its capacity.
fn fit_mode(file: &Path, players: u32) -> anyhow::Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let fitted =
        with_capacity(&text, players).with_context(|| format!("{} names no capacity", file.display()))?;
    Ok(fs::write(file, fitted)?)
}

fn with_capacity(mode: &str, players: u32) -> Option<String> {
    let is_capacity = |line: &str| line.split_once('=').is_some_and(|(key, _)| key.trim() == "capacity");
    mode.lines().any(is_capacity).then(|| {
        let fitted = mode
            .lines()
            .map(|line| if is_capacity(line) { format!("capacity = {players}") } else { line.into() });
        fitted.collect::<Vec<_>>().join("\n") + "\n"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_made_for_the_players() {
        let mode = "# capacity of all\ntitle = \"Arena\"\ncapacity = 2000\ndrones = 0\n";
        let fitted = with_capacity(mode, 500).unwrap();
        assert_eq!(fitted, "# capacity of all\ntitle = \"Arena\"\ncapacity = 500\ndrones = 0\n");
        assert_eq!(with_capacity("drones = 0\n", 500), None);
    }
}
