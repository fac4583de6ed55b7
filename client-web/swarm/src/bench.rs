//! The benchmark: arena-N against a server pinned to one core, beside the floor of the same run.

mod machine;
mod rig;
mod table;

use crate::core_time::pin;
use crate::floor::{self, FloorOptions};
use crate::link::Link;
use crate::observer::ServerReport;
use crate::options::RunOptions;
use crate::run;
use anyhow::Context;
use clap::Args;
use rig::{Rig, Transport};
use std::path::PathBuf;
use table::{Measurement, TLS_PLAYERS};

/// Players of the runs over plain sockets.
const PLAYERS: [u32; 3] = [500, 1000, 2000];
/// Runs that are tried until the generator is not the bottleneck; after that, the column is left out.
const ATTEMPTS: u32 = 3;
/// The heading of what is not measured by the benchmark.
const DECISIONS: &str = "\n## Decisions\n";
/// Frames per second of the floor: the tick rate.
const FLOOR_HZ: u16 = 30;

#[derive(Clone, Debug, Args)]
pub struct BenchOptions {
    /// The server's binary
    #[arg(long, value_name = "FILE")]
    pub server: PathBuf,
    /// The directory with rules, modes and arenas
    #[arg(long, value_name = "DIR")]
    pub assets: PathBuf,
    /// Where to write the table, as Markdown
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Seconds to measure in every run
    #[arg(long, value_name = "S", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
    /// Seconds to measure the floor
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub floor_seconds: u32,
    /// Core of the server
    #[arg(long, value_name = "CORE", default_value_t = 0)]
    pub server_core: usize,
    /// Core of the generator
    #[arg(long, value_name = "CORE", default_value_t = 1)]
    pub generator_core: usize,
}

impl Measurement {
    fn server(&self) -> &ServerReport {
        &self.report.server
    }

    /// The server's time as a multiple of the floor's.
    fn ratio(&self) -> Option<f64> {
        Some(self.server().cpu_micros_per_player_second? / self.floor.cpu_micros_per_client_second)
    }

    /// The server's time as a multiple of that of the floor with inputs.
    fn two_way_ratio(&self) -> Option<f64> {
        Some(self.server().cpu_micros_per_player_second? / self.two_way_floor.cpu_micros_per_client_second)
    }
}

pub fn bench(options: &BenchOptions, progress: impl Fn(&str)) -> anyhow::Result<()> {
    let plain = PLAYERS.map(|players| (players, Transport::Plain));
    let mut measurements = Vec::new();
    for (players, transport) in plain.into_iter().chain([(TLS_PLAYERS, Transport::Tls)]) {
        progress(&format!("arena-{players} over {}", transport.scheme()));
        for attempt in 1..=ATTEMPTS {
            let measurement = measure(options, players, transport, &progress)?;
            progress(&measurement.report.text());
            progress(&measurement.floor.text());
            progress(&measurement.two_way_floor.text());
            if !measurement.report.generator.bottleneck {
                measurements.push(measurement);
                break;
            }
            progress(&format!(
                "attempt {attempt} of {ATTEMPTS} measured the generator: it counts for nothing"
            ));
        }
    }
    let mut text = table::markdown(&machine::describe(), &measurements);
    // What people have written below stays.
    let before = std::fs::read_to_string(&options.out).unwrap_or_default();
    text += before.find(DECISIONS).map_or("", |from| &before[from..]);
    std::fs::write(&options.out, text).with_context(|| format!("cannot write {}", options.out.display()))?;
    progress(&format!("written: {}", options.out.display()));
    Ok(())
}

fn measure(
    options: &BenchOptions,
    players: u32,
    transport: Transport,
    progress: &impl Fn(&str),
) -> anyhow::Result<Measurement> {
    // What is started from here stays on this core.
    pin(options.server_core)?;
    let rig = Rig::start(&options.server, &options.assets, players, transport)?;
    let run = RunOptions {
        url: rig.url(),
        players,
        seconds: options.seconds,
        behaviour: crate::behaviour::Behaviour::Fly,
        room: None,
        link: Link::Clean,
        storm: false,
        joins_per_second: 250,
        seed: 1,
        server_pid: Some(rig.pid()),
        core: Some(options.generator_core),
        json: false,
    };
    let report = run::run(&run, progress)?;
    rig.stop()?;
    // Everything that went down, as if it had been one frame per tick.
    let payload = report.bytes_down_per_player_second / f64::from(FLOOR_HZ);
    let input = report.bytes_up_per_player_second / f64::from(FLOOR_HZ);
    let floor = FloorOptions {
        clients: players,
        bytes: payload.clamp(1.0, f64::from(u16::MAX)) as u16,
        answer_bytes: 0,
        hz: FLOOR_HZ,
        seconds: options.floor_seconds,
        server_core: Some(options.server_core),
        client_core: Some(options.generator_core),
        json: false,
    };
    let two_way = FloorOptions { answer_bytes: input.clamp(1.0, 1024.0) as u16, ..floor.clone() };
    let (floor, two_way_floor) = (floor::measure(&floor)?, floor::measure(&two_way)?);
    Ok(Measurement { players, transport, report, floor, two_way_floor })
}
