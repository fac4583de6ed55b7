//! The command line.

use crate::bench::BenchOptions;
use crate::compare::CompareOptions;
use crate::floor::{FloorOptions, ReaderOptions};
use crate::idle::IdleOptions;
use crate::options::RunOptions;
use crate::transports::TransportsOptions;
use crate::watch::WatchOptions;
use clap::{Parser, Subcommand};

#[derive(Clone, Debug, Parser)]
#[command(
    name = "swarm",
    version,
    about = "Thousands of headless players for a Driftbelt server.",
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub struct Cli {
    /// What to do; without a command, play.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub run: Option<RunOptions>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Measure what only writing frames costs: the floor that servers are compared with
    Floor(FloorOptions),
    /// Put two servers under the same load, one after the other, and show their numbers side by side
    Compare(Box<CompareOptions>),
    /// Run the benchmark: a fresh server per run, beside the floor
    Bench(BenchOptions),
    /// Play over WebSocket, long polls and short polls, one after the other, and count every byte
    Transports(TransportsOptions),
    /// Keep connections that only wait for a seat, and tell what one costs the server in memory
    Idle(IdleOptions),
    /// Watch a match as it goes on, and tell what one watcher costs the server
    Watch(WatchOptions),
    /// The floor's other end
    #[command(hide = true)]
    FloorReader(ReaderOptions),
}
