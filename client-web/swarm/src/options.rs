//! The options of a run.

use crate::behaviour::Behaviour;
use crate::link::Link;
use clap::Args;

/// Options of a run.
#[derive(Clone, Debug, Args)]
pub struct RunOptions {
    /// The server, as ws://HOST:PORT or (on this machine) wss://HOST:PORT
    #[arg(long, value_name = "URL")]
    pub url: String,
    /// Players
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=18_000))]
    pub players: u32,
    /// Seconds to measure
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
    /// What the players do
    #[arg(long, value_enum, value_name = "HOW", default_value_t)]
    pub behaviour: Behaviour,
    /// Room to join, as in an invite link [default: the server chooses]
    #[arg(long, value_name = "NAME")]
    pub room: Option<String>,
    /// Link of every player, simulated
    #[arg(long, value_enum, value_name = "KIND", default_value_t)]
    pub link: Link,
    /// Everybody joins at once
    #[arg(long)]
    pub storm: bool,
    /// Joins per second without --storm
    #[arg(long, value_name = "N", default_value_t = 250, value_parser = clap::value_parser!(u32).range(1..))]
    pub joins_per_second: u32,
    /// Where chance begins: equal seeds fly equally and have equal links
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Process of the server, for its time and memory
    #[arg(long, value_name = "PID")]
    pub server_pid: Option<u32>,
    /// Core of the generator [default: any]
    #[arg(long, value_name = "CORE")]
    pub core: Option<usize>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
