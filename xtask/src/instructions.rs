//! Instructions of each stage of a tick, counted by valgrind and compared with the counts in the repository. Unlike times,
//! they do not depend on what else the machine does.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::debian;
use crate::process;
use crate::workspace::{Profile, Workspace};

/// The counts to compare with, one line per stage.
const COUNTS: &str = "game-server/benches/instructions.txt";
/// A stage may take this many percent more: another compiler or C library changes the counts a little.
const TOLERANCE_PERCENT: f64 = 5.0;
/// The program whose stages are counted. A binary, not an example: an example would compile the test dependencies too.
const PROGRAM: &str = "instructions";
/// Only this function of the program is counted.
const COUNTED: &str = "--toggle-collect=*count_these_instructions*";

/// Counts and compares; with `accept`, writes the counts into the repository.
///
/// # Errors
/// A stage that takes more instructions than it may, by name; or what is missing to count.
pub fn instructions(workspace: &Workspace, accept: bool) -> anyhow::Result<()> {
    if !(cfg!(target_os = "linux") && cfg!(target_arch = "x86_64")) {
        eprintln!("  skipped: the counts are for x86-64 Linux");
        return Ok(());
    }
    require_valgrind(workspace)?;
    let arguments = ["build", "--release", "--package", "game-server", "--bin", PROGRAM];
    process::run(workspace.cargo().args(arguments))?;
    let program = workspace.program(Profile::Release, PROGRAM);
    let file = workspace.root.join(COUNTS);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut written = String::new();
    let mut slower = Vec::new();
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            writeln!(written, "{line}")?;
            continue;
        }
        let (stage, known) =
            parse(line).with_context(|| format!("{COUNTS}: `{line}` is not a stage and a count"))?;
        let count = count(&program, stage)?;
        writeln!(written, "{stage:<12}{count:>14}")?;
        let change = (count as f64 / known as f64 - 1.0) * 100.0;
        eprintln!("  {stage:<12}{count:>14} instructions, {change:+.1} %");
        if change > TOLERANCE_PERCENT {
            slower.push(format!("{stage} {change:+.1} %"));
        }
    }
    if accept {
        return fs::write(&file, written).with_context(|| format!("cannot write {}", file.display()));
    }
    if !slower.is_empty() {
        bail!(
            "more than {TOLERANCE_PERCENT} % above {COUNTS}: {}. \
             If the change is meant: cargo xtask instructions --accept",
            slower.join(", ")
        );
    }
    Ok(())
}

fn parse(line: &str) -> Option<(&str, u64)> {
    let (stage, count) = line.split_once(' ')?;
    Some((stage, count.trim().parse().ok().filter(|count| *count > 0)?))
}

/// The instructions of one stage.
fn count(program: &Path, stage: &str) -> anyhow::Result<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", COUNTED]).arg(program).arg(stage);
    let output = valgrind.stdin(Stdio::null()).output().context("cannot start valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    let count = collected.and_then(|(_, count)| count.trim().parse().ok()).filter(|count| *count > 0);
    match count {
        Some(count) if output.status.success() => Ok(count),
        _ => bail!("valgrind counted nothing in {stage} ({}):\n{said}", output.status),
    }
}

/// Installs valgrind if it is missing and may be installed.
fn require_valgrind(workspace: &Workspace) -> anyhow::Result<()> {
    if process::find_program("valgrind").is_some() {
        return Ok(());
    }
    if !debian::may_install() {
        bail!("counting instructions needs valgrind: install it");
    }
    debian::install(workspace, &["valgrind"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_stage_and_its_count() {
        assert_eq!(parse("step               8913091"), Some(("step", 8_913_091)));
        for nonsense in ["step", "step many", "step 0", "step -5"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }
}
