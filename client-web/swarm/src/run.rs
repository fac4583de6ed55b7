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

/// Rounds of the loop per second: the resolution of all times.
const ROUNDS_HZ: f64 = 960.0;
/// Groups of players, one per round: each player has 60 turns per second, as by a browser's frames.
const GROUPS: usize = 16;
/// Between the last join and the measurement.
const WARM_UP: Duration = Duration::from_secs(3);
/// Time for joining beyond that over which the joins are spread.
const JOIN_LIMIT: Duration = Duration::from_secs(30);
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

enum Phase {
    Joining,
    WarmUp { until: Instant },
    Measuring { until: Instant },
}

/// Runs it; `progress` gets lines of progress.
pub fn run(options: &RunOptions, progress: impl Fn(&str)) -> anyhow::Result<Report> {
    let target = Target::new(&options.url, options.room.as_deref())?;
    let observer = Observer::new(target.clone(), options.server_pid)?;
    if let Some(core) = options.core {
        pin(core)?;
    }
    let mut swarm = Swarm::new(options, target)?;
    swarm.join(options, &progress)?;
    anyhow::ensure!(swarm.joined() > 0, "nobody could join: {}", swarm.first_failure());
    swarm.until(Phase::WarmUp { until: Instant::now() + WARM_UP }, options, &progress)?;
    let observation = observer.begin()?;
    swarm.begin_measuring();
    let begun = Instant::now();
    let until = begun + Duration::from_secs(options.seconds.into());
    swarm.until(Phase::Measuring { until }, options, &progress)?;
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
    /// When each player has something to do, in microseconds since the start. Most of a turn's cost is loading the player from
    /// memory, so turns without work are skipped.
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
    reported: Instant,
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
            reported: now,
        })
    }

    fn join(&mut self, options: &RunOptions, progress: &impl Fn(&str)) -> anyhow::Result<()> {
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
            self.report_progress(&Phase::Joining, options, progress);
        }
        for number in 0..self.players.len() {
            if !self.players[number].has_joined() {
                self.players[number].end();
            }
        }
        Ok(())
    }

    /// Plays on until a phase ends.
    fn until(&mut self, phase: Phase, options: &RunOptions, progress: &impl Fn(&str)) -> anyhow::Result<()> {
        while match &phase {
            Phase::Joining => false,
            Phase::WarmUp { until } | Phase::Measuring { until } => Instant::now() < *until,
        } {
            self.round()?;
            self.report_progress(&phase, options, progress);
        }
        Ok(())
    }

    /// Receives until the next round is due, then gives one group of players its turn.
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

    fn report_progress(&mut self, phase: &Phase, options: &RunOptions, progress: &impl Fn(&str)) {
        if self.reported.elapsed() < PROGRESS_INTERVAL {
            return;
        }
        self.reported = Instant::now();
        match phase {
            Phase::Joining => {
                progress(&format!("joining: {} of {} players are in", self.joined(), options.players))
            }
            Phase::WarmUp { .. } => progress("warming up"),
            Phase::Measuring { until } => progress(&format!(
                "measuring: {:.0} s left, {} snapshots, {} out",
                until.saturating_duration_since(Instant::now()).as_secs_f64(),
                self.commons.tally.snapshot_bytes.count(),
                self.failed()
            )),
        }
    }
}
