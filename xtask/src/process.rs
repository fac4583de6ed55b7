//! Runs other programs: with their output on the terminal, with their output in a log, or for what they print.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::workspace::Workspace;

const POLL_INTERVAL: Duration = Duration::from_millis(50);
const SIGN_OF_LIFE_INTERVAL: Duration = Duration::from_secs(10);
const LOG_TAIL_LINES: usize = 30;

/// Runs a program whose output goes straight to the terminal.
///
/// # Errors
/// When it cannot be started or does not exit with 0.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = describe(command);
    let status = command.status().with_context(|| format!("cannot start `{name}`"))?;
    if !status.success() {
        bail!("`{name}` failed ({status})");
    }
    Ok(())
}

/// The failure of a program that ran quietly.
pub struct Failure {
    /// Everything the program wrote.
    pub output: String,
    /// The file with the same text.
    pub log: PathBuf,
}

impl Failure {
    /// Shows the end of the log and turns the failure into an error named after `what`.
    pub fn into_error(self, what: &str) -> anyhow::Error {
        let lines: Vec<&str> = self.output.lines().collect();
        for line in &lines[lines.len().saturating_sub(LOG_TAIL_LINES)..] {
            eprintln!("    | {line}");
        }
        anyhow::anyhow!("{what} failed; the whole log is {}", self.log.display())
    }
}

/// Runs a program with its output in `target/xtask/log/`, printing `what` at once and every ten seconds.
///
/// # Errors
/// The outer one when the program cannot be started, the inner one when it fails.
pub fn run_quietly(
    workspace: &Workspace,
    what: &str,
    command: &mut Command,
) -> anyhow::Result<Result<(), Failure>> {
    let log = workspace
        .scratch()
        .join("log")
        .join(format!("{}.log", what.replace(|letter: char| !letter.is_alphanumeric(), "-")));
    fs::create_dir_all(workspace.scratch().join("log"))?;
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    eprintln!("  … {what}");
    let started = Instant::now();
    let name = describe(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let mut next_sign = SIGN_OF_LIFE_INTERVAL;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() >= next_sign {
            eprintln!("  … {what}, {} s", next_sign.as_secs());
            next_sign += SIGN_OF_LIFE_INTERVAL;
        }
        thread::sleep(POLL_INTERVAL);
    };
    if status.success() {
        return Ok(Ok(()));
    }
    let output = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    Ok(Err(Failure { output, log }))
}

/// What a program prints on its standard output, trimmed; `None` when it is missing or fails.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The first program of this name on `PATH`.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let file_name = Path::new(name).with_extension(env::consts::EXE_EXTENSION);
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(&file_name))
        .find(|candidate| candidate.is_file())
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
