//! A run: everybody joins, the server warms up, everybody is measured.

use crate::core_time::{pin, thread_time};
use crate::observer::Observer;
use crate::options::RunOptions;
use crate::pace::Pace;
use crate::player::{Commons, Player, PlayerError};
use crate::report::{GeneratorReport, Report};
use crate::tally::Distribution;
use crate::target::Target;
use anyhow::Context;
use mio::{Events, Poll, Token};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

/// Rounds of the loop per second: the resolution of everything that is due.
const ROUNDS_HZ: f64 = 960.0;
/// Players take turns in this many groups, one per round: each 60 times a second, as by a browser's pictures.
const GROUPS: usize = 16;
/// Between the last join and the measurement.
const WARM_UP: Duration = Duration::from_secs(3);
/// How long everybody may take to join, beyond the time over which the joins are spread.
const JOIN_LIMIT: Duration = Duration::from_secs(30);
/// Between two lines of progress.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// The phases of a run.
enum Phase {
    Joining,
    WarmUp { until: Instant },
    Measuring { until: Instant },
}

/// Runs it; `say` gets a line of progress now and then.
///
/// # Errors
/// If the server cannot be reached, or nobody could join.
pub fn run(options: &RunOptions, say: impl Fn(&str)) -> anyhow::Result<Report> {
    let target = Target::new(&options.url, options.room.as_deref())?;
    let observer = Observer::new(target.clone(), options.server_pid)?;
    if let Some(core) = options.core {
        pin(core)?;
    }
    let mut swarm = Swarm::new(options, target)?;
    swarm.join(options, &say)?;
    anyhow::ensure!(swarm.joined() > 0, "nobody could join: {}", swarm.first_failure());
    swarm.until(Phase::WarmUp { until: Instant::now() + WARM_UP }, options, &say)?;
    let observation = observer.begin()?;
    swarm.begin_measuring();
    let begun = Instant::now();
    let until = begun + Duration::from_secs(options.seconds.into());
    swarm.until(Phase::Measuring { until }, options, &say)?;
    let seconds = begun.elapsed().as_secs_f64();
    let server = observation.finish(swarm.joined())?;
    let generator = swarm.end_measuring(seconds);
    Ok(Report::new(options, &swarm.commons.tally, swarm.joined(), seconds, server, generator, swarm.failures))
}

/// All players and the loop that drives them.
struct Swarm {
    poll: Poll,
    events: Events,
    players: Vec<Player>,
    /// When each player has something to do, in microseconds since the start: a turn that would come to nothing is not taken,
    /// since most of what it costs is to fetch the player from memory.
    due_micros: Vec<u64>,
    commons: Commons,
    begun: Instant,
    joins_begun: usize,
    /// Whether messages wait in simulated links.
    delayed: bool,
    pace: Pace,
    late_micros: Distribution,
    core_time: Duration,
    failures: BTreeMap<String, usize>,
    told: Instant,
}

impl Swarm {
    fn new(options: &RunOptions, target: Target) -> anyhow::Result<Swarm> {
        let player = |number| {
            Player::new(number, options.room.as_deref(), options.behaviour, options.link, options.seed)
        };
        let now = Instant::now();
        Ok(Swarm {
            poll: Poll::new().context("no epoll")?,
            events: Events::with_capacity(4096),
            players: (0..options.players as usize).map(player).collect(),
            due_micros: vec![u64::MAX; options.players as usize],
            commons: Commons::new(target),
            begun: now,
            joins_begun: 0,
            delayed: options.link.profile().is_some(),
            pace: Pace::new(now, ROUNDS_HZ),
            late_micros: Distribution::new(),
            core_time: Duration::ZERO,
            failures: BTreeMap::new(),
            told: now,
        })
    }

    fn join(&mut self, options: &RunOptions, say: &impl Fn(&str)) -> anyhow::Result<()> {
        let spread = if options.storm {
            0.0
        } else {
            f64::from(options.players) / f64::from(options.joins_per_second)
        };
        let limit = Instant::now() + Duration::from_secs_f64(spread) + JOIN_LIMIT;
        while self.joined() + self.failed() < self.players.len() && Instant::now() < limit {
            let due = match options.storm {
                true => self.players.len(),
                false => (self.begun.elapsed().as_secs_f64() * f64::from(options.joins_per_second)) as usize,
            };
            while self.joins_begun < due.min(self.players.len()) {
                let number = self.joins_begun;
                self.joins_begun += 1;
                let result = self.players[number].begin(self.poll.registry(), Token(number), &self.commons);
                self.check(number, result);
            }
            self.round()?;
            self.tell(&Phase::Joining, options, say);
        }
        for number in 0..self.players.len() {
            if !self.players[number].has_joined() {
                self.players[number].end();
            }
        }
        Ok(())
    }

    /// Plays on until a phase ends.
    fn until(&mut self, phase: Phase, options: &RunOptions, say: &impl Fn(&str)) -> anyhow::Result<()> {
        while match &phase {
            Phase::Joining => false,
            Phase::WarmUp { until } | Phase::Measuring { until } => Instant::now() < *until,
        } {
            self.round()?;
            self.tell(&phase, options, say);
        }
        Ok(())
    }

    /// Waits for the next round while taking in what comes, then lets one group of players go on.
    fn round(&mut self) -> anyhow::Result<()> {
        let due = self.pace.due();
        loop {
            let left = due.saturating_duration_since(Instant::now());
            match self.poll.poll(&mut self.events, Some(left)) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
                _ => {}
            }
            let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
            for event in &events {
                let number = event.token().0;
                self.commons.now_micros = self.begun.elapsed().as_micros() as u64;
                let result = self.players[number].ready(event, &mut self.commons);
                self.check(number, result);
            }
            self.events = events;
            if Instant::now() >= due {
                break;
            }
        }
        let now = Instant::now();
        self.commons.now_micros = (now - self.begun).as_micros() as u64;
        if self.commons.measuring {
            self.late_micros.record((now - due).as_micros() as u64);
        }
        let group = (self.pace.round() % GROUPS as u64) as usize;
        for number in (group..self.joins_begun).step_by(GROUPS) {
            if self.commons.now_micros < self.due_micros[number] {
                continue;
            }
            let result = self.players[number].advance(&mut self.commons);
            self.check(number, result);
        }
        if self.delayed {
            for number in 0..self.joins_begun {
                let result = self.players[number].deliver(&mut self.commons);
                self.check(number, result);
            }
        }
        self.pace.advance();
        Ok(())
    }

    fn check(&mut self, number: usize, result: Result<(), PlayerError>) {
        if let Err(error) = result {
            self.players[number].end();
            *self.failures.entry(error.to_string()).or_default() += 1;
        }
        self.due_micros[number] = self.players[number].due_micros();
    }

    fn joined(&self) -> usize {
        self.players.iter().filter(|player| player.has_joined()).count()
    }

    fn failed(&self) -> usize {
        self.failures.values().sum()
    }

    fn first_failure(&self) -> &str {
        self.failures.keys().next().map_or("the server does not answer", String::as_str)
    }

    fn begin_measuring(&mut self) {
        self.players.iter_mut().for_each(Player::restart);
        self.commons.measuring = true;
        self.late_micros = Distribution::new();
        self.core_time = thread_time();
    }

    fn end_measuring(&mut self, seconds: f64) -> GeneratorReport {
        self.commons.measuring = false;
        let core_seconds = (thread_time() - self.core_time).as_secs_f64();
        for player in &mut self.players {
            player.finish(&mut self.commons);
        }
        GeneratorReport::new(core_seconds / seconds, &self.late_micros)
    }

    fn tell(&mut self, phase: &Phase, options: &RunOptions, say: &impl Fn(&str)) {
        if self.told.elapsed() < PROGRESS_INTERVAL {
            return;
        }
        self.told = Instant::now();
        match phase {
            Phase::Joining => {
                say(&format!("joining: {} of {} players are in", self.joined(), options.players))
            }
            Phase::WarmUp { .. } => say("warming up"),
            Phase::Measuring { until } => say(&format!(
                "measuring: {:.0} s left, {} snapshots, {} out",
                until.saturating_duration_since(Instant::now()).as_secs_f64(),
                self.commons.tally.snapshot_bytes.count(),
                self.failed()
            )),
        }
    }
}
