//! The server as seen from outside while it is under load: `/proc` for time and memory, its status page for ticks.

use crate::target::Target;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::fs;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The status page covers the last ten seconds, so that two windows overlap by half.
const STATUS_INTERVAL: Duration = Duration::from_secs(5);
const KIBIBYTE: f64 = 1024.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Time on cores, in user and kernel mode, in seconds.
    pub core_seconds: f64,
    pub kernel_seconds: f64,
    pub resident_bytes: f64,
}

impl Usage {
    pub fn of(pid: u32) -> anyhow::Result<Usage> {
        let read = |file: &str| {
            fs::read_to_string(format!("/proc/{pid}/{file}"))
                .with_context(|| format!("there is no process {pid}"))
        };
        let ticks_per_second = rustix::param::clock_ticks_per_second() as f64;
        let (user, kernel) = core_ticks(&read("stat")?).context("/proc/PID/stat has changed")?;
        Ok(Usage {
            core_seconds: (user + kernel) as f64 / ticks_per_second,
            kernel_seconds: kernel as f64 / ticks_per_second,
            resident_bytes: resident_kib(&read("status")?).context("/proc/PID/status has changed")?
                * KIBIBYTE,
        })
    }
}

/// Time in user and in kernel mode: fields 14 and 15 of proc_pid_stat(5); the name before them may hold anything but
/// ends with the last parenthesis.
fn core_ticks(stat: &str) -> Option<(u64, u64)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn resident_kib(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Busy time of all cores since the machine started, in seconds: the first line of proc_stat(5) without its fourth and fifth
/// number, which are idle time.
fn machine_core_seconds() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/stat").context("no /proc/stat")?;
    let busy = busy_ticks(&stat).context("/proc/stat has changed")?;
    Ok(busy as f64 / rustix::param::clock_ticks_per_second() as f64)
}

fn busy_ticks(stat: &str) -> Option<u64> {
    const IDLE: [usize; 2] = [3, 4];
    /// Guests' time, which follows, is contained in the first two numbers.
    const NUMBERS: usize = 8;
    let numbers = stat.lines().next()?.strip_prefix("cpu ")?.split_ascii_whitespace().take(NUMBERS);
    let busy = numbers.enumerate().filter(|(index, _)| !IDLE.contains(index));
    busy.map(|(_, number)| number.parse::<u64>().ok()).sum()
}

/// What `/api/status` says of a room.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Room {
    players: usize,
    tick_micros_p50: u32,
    tick_micros_p99: u32,
    ticks_lost: u64,
}

#[derive(Debug, Deserialize)]
struct Status {
    rooms: Vec<Room>,
}

/// The server while it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerReport {
    /// Time on cores per player and second, in microseconds.
    pub cpu_micros_per_player_second: Option<f64>,
    /// What the kernel took of it.
    #[serde(default)]
    pub kernel_micros_per_player_second: Option<f64>,
    /// Memory gained since before the first player came, per player, in KiB.
    pub resident_kib_per_player: Option<f64>,
    /// Memory in use in the end, in MiB.
    pub resident_mib: Option<f64>,
    /// Duration of a tick, in milliseconds: the median over windows of ten seconds of the fullest room.
    pub tick_ms_p50: Option<f64>,
    pub tick_ms_p99: Option<f64>,
    /// The 99th percentile in the worst window.
    pub tick_ms_p99_worst: Option<f64>,
    /// Cores busy with other programs, which disturb the measurement.
    pub foreign_cores: Option<f64>,
    /// Ticks that the server skipped because it was too slow.
    pub ticks_lost: Option<u64>,
}

pub struct Observer {
    target: Target,
    pid: Option<u32>,
    empty: Usage,
}

pub struct Observation {
    observer: Observer,
    begun: Instant,
    usage: Usage,
    foreign_seconds: f64,
    ticks_lost: u64,
    stop: Sender<()>,
    rooms: JoinHandle<Vec<Room>>,
}

impl Observer {
    /// To be made before the first player joins. Without the process id, time and memory are unknown.
    pub fn new(target: Target, pid: Option<u32>) -> anyhow::Result<Observer> {
        let empty = pid.map(Usage::of).transpose()?.unwrap_or_default();
        Ok(Observer { target, pid, empty })
    }

    pub fn begin(self) -> anyhow::Result<Observation> {
        let ticks_lost = fullest_room(&self.target).map_or(0, |room| room.ticks_lost);
        let usage = self.pid.map(Usage::of).transpose()?.unwrap_or_default();
        let foreign_seconds = foreign_core_seconds(usage)?;
        let (stop, stopped) = channel();
        let target = self.target.clone();
        let rooms = std::thread::spawn(move || {
            let mut rooms = Vec::new();
            while stopped.recv_timeout(STATUS_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                rooms.extend(fullest_room(&target));
            }
            rooms
        });
        Ok(Observation {
            observer: self,
            begun: Instant::now(),
            usage,
            foreign_seconds,
            ticks_lost,
            stop,
            rooms,
        })
    }
}

impl Observation {
    pub fn finish(self, players: usize) -> anyhow::Result<ServerReport> {
        let seconds = self.begun.elapsed().as_secs_f64();
        let usage = self.observer.pid.map(Usage::of).transpose()?;
        let foreign = usage.map(foreign_core_seconds).transpose()?;
        drop(self.stop);
        let mut rooms = self.rooms.join().unwrap_or_default();
        rooms.extend(fullest_room(&self.observer.target));
        let players = players.max(1) as f64;
        let millis = |of: fn(&Room) -> u32| {
            let mut values: Vec<u32> = rooms.iter().map(of).collect();
            values.sort_unstable();
            let at = |index: usize| values.get(index).map(|micros| f64::from(*micros) / 1000.0);
            (at(values.len() / 2), values.len().checked_sub(1).and_then(at))
        };
        let p99 = millis(|room| room.tick_micros_p99);
        let per_player_second = |of: fn(&Usage) -> f64| {
            usage.map(|usage| (of(&usage) - of(&self.usage)) * 1e6 / seconds / players)
        };
        Ok(ServerReport {
            cpu_micros_per_player_second: per_player_second(|usage| usage.core_seconds),
            kernel_micros_per_player_second: per_player_second(|usage| usage.kernel_seconds),
            resident_kib_per_player: usage.map(|usage| {
                (usage.resident_bytes - self.observer.empty.resident_bytes) / KIBIBYTE / players
            }),
            resident_mib: usage.map(|usage| usage.resident_bytes / KIBIBYTE / KIBIBYTE),
            tick_ms_p50: millis(|room| room.tick_micros_p50).0,
            tick_ms_p99: p99.0,
            tick_ms_p99_worst: p99.1,
            foreign_cores: foreign.map(|now| (now - self.foreign_seconds).max(0.0) / seconds),
            ticks_lost: rooms.last().map(|room| room.ticks_lost.saturating_sub(self.ticks_lost)),
        })
    }
}

/// Time of cores that neither the server, with this usage, nor this process took, in seconds.
fn foreign_core_seconds(server: Usage) -> anyhow::Result<f64> {
    Ok(machine_core_seconds()? - server.core_seconds - Usage::of(std::process::id())?.core_seconds)
}

/// The room with the most players. Other servers may have no status page.
fn fullest_room(target: &Target) -> Option<Room> {
    let status: Status = serde_json::from_str(&target.page("/api/status").ok()?).ok()?;
    status.rooms.into_iter().max_by_key(|room| room.players)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_a_strange_name_has_its_times_read() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 9 9 20 0 1 0 5 6 7";
        assert_eq!(core_ticks(stat), Some((250, 50)));
        assert_eq!(core_ticks("nonsense"), None);
        assert_eq!(resident_kib("Name:\tx\nVmRSS:\t    1234 kB\n"), Some(1234.0));
    }

    #[test]
    fn idleness_is_not_work() {
        assert_eq!(busy_ticks("cpu  10 20 30 9000 900 1 2 3 99 99\ncpu0 1 2 3\n"), Some(66));
        assert_eq!(busy_ticks("intr 1 2 3"), None);
        assert!(machine_core_seconds().unwrap() > 0.0);
    }

    #[test]
    fn this_process_uses_memory() {
        assert!(Usage::of(std::process::id()).unwrap().resident_bytes > KIBIBYTE);
        assert!(Usage::of(u32::MAX).is_err());
    }
}
