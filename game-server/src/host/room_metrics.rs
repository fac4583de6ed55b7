//! What is measured of a running room, for the metrics, the log and the status page. Measuring never steers.

use crate::exposition::{INPUT_LEADS, REWIND_DISTANCES, ROUND_TRIPS, VIEW_AGES, load_name};
use crate::files::rfc3339;
use crate::host::journal::{Journal, JournalStatus};
use crate::host::reports::{Party, Report, Reports};
use crate::telemetry;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use room::Room;
use room::news::{Happened, News};
use room::stage::{Stage, StageWatch};
use serde::Serialize;
use shared::command::FIRST_DRONE;
use shared::id::PlayerId;
use shared::message::LoadLevel;
use shared::quantize::POSITION_SCALE;
use shared::round::{Award, Round, RoundPhase};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Tick durations behind the percentiles of the status: ten seconds at the usual rate.
const STATUS_WINDOW_TICKS: usize = 300;

/// What the lobby may know about a running room.
#[derive(Debug, Default)]
pub struct RoomStats {
    occupied: AtomicUsize,
    capacity: AtomicUsize,
    is_ending: AtomicBool,
    /// The mode of those who are sent here without asking for the room; `None` if nobody is.
    matched_mode: Mutex<Option<String>>,
    journal_has_ended: AtomicBool,
    status: Mutex<RoomStatus>,
    reports: Arc<Reports>,
}

/// A room as `/api/status` shows it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomStatus {
    pub name: String,
    pub mode: String,
    /// People with a seat.
    pub players: usize,
    /// Clients that wait for a seat.
    pub waiting: usize,
    /// Drones in the belt.
    pub drones: usize,
    pub capacity: usize,
    pub tick: u32,
    pub tick_rate_hz: u16,
    /// Median tick duration of the last seconds, in microseconds.
    pub tick_micros_p50: u32,
    pub tick_micros_p99: u32,
    /// Ticks skipped because the machine was too slow.
    pub ticks_lost: u64,
    /// Bytes of messages for players in the last second, without what frames and TLS add.
    pub bytes_per_second: u64,
    /// What the room leaves out because ticks take too long, from 0 (nothing) to 4 (admission).
    pub load_level: u8,
    pub recording: JournalStatus,
    pub round: RoundStatus,
}

/// The round of a room, and what came of the one before.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoundStatus {
    pub number: u32,
    pub is_podium: bool,
    /// Until the phase ends; absent in a mode without rounds.
    pub seconds_left: Option<f32>,
    pub last_awards: Vec<Award>,
}

impl RoundStatus {
    fn of(room: &Room) -> RoundStatus {
        let world = room.world();
        let Round { number, phase, ends, .. } = world.round;
        RoundStatus {
            number,
            is_podium: phase == RoundPhase::Podium,
            seconds_left: ends.map(|ends| ends.since(world.tick) as f32 * room.setup().tick_seconds()),
            last_awards: room.last_awards().to_vec(),
        }
    }
}

impl RoomStats {
    /// Of a room whose players' reports are kept there.
    pub fn new(reports: Arc<Reports>) -> RoomStats {
        RoomStats { reports, ..RoomStats::default() }
    }

    /// The room as of about a second ago.
    pub fn status(&self) -> RoomStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Seats and waiting clients, as of the newest tick.
    pub fn occupied(&self) -> usize {
        self.occupied.load(Relaxed)
    }

    /// Players that the room takes in.
    pub fn capacity(&self) -> usize {
        self.capacity.load(Relaxed)
    }

    /// Of a room that is yet to open.
    pub fn expected(capacity: usize, reports: Arc<Reports>) -> RoomStats {
        RoomStats { capacity: capacity.into(), ..RoomStats::new(reports) }
    }

    /// The mode of those who are sent here without asking for the room; `None` if nobody is.
    pub fn matched_mode(&self) -> Option<String> {
        self.matched_mode.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether those who play this mode and ask for no room are sent here.
    pub fn is_matched(&self, mode: &str) -> bool {
        self.matched_mode.lock().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(mode)
    }

    pub fn set_matched_mode(&self, mode: Option<String>) {
        *self.matched_mode.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }

    /// Whether the room admits no newcomers.
    pub fn is_ending(&self) -> bool {
        self.is_ending.load(Relaxed)
    }

    /// Whether the thread that records the room has ended before the room.
    pub fn journal_has_ended(&self) -> bool {
        self.journal_has_ended.load(Relaxed)
    }

    /// For the room's loop. Logs once that a room has begun to end.
    pub fn set_occupied(&self, room: &Room) {
        self.occupied.store(room.seats() + room.waiting(), Relaxed);
        self.capacity.store(room.capacity(), Relaxed);
        if room.is_ending() && !self.is_ending.swap(true, Relaxed) {
            let (room, seats) = (room.name(), room.seats());
            tracing::warn!(room, seats, "the room ends: it was closed, or its ids or ticks run out");
        }
    }
}

/// Measures the stages of a tick.
pub struct StageTimer {
    since: Instant,
    /// By the stage's name. Looked up once: six stages end in every tick.
    histograms: BTreeMap<&'static str, Histogram>,
}

impl StageWatch for StageTimer {
    fn done(&mut self, stage: Stage) {
        let now = Instant::now();
        let name = stage.name();
        let looked_up = || histogram!("driftbelt_stage_seconds", "stage" => name);
        self.histograms.entry(name).or_insert_with(looked_up).record(now - self.since);
        self.since = now;
    }
}

/// What is measured of a room.
pub struct RoomMeter {
    stages: StageTimer,
    durations: Vec<u32>,
    next: usize,
    histogram: Histogram,
    round_trips: Histogram,
    input_leads: Histogram,
    fairness: Fairness,
    joins: Counter,
    kills: RunningTotal,
    snapshots_sent: RunningTotal,
    gauges: RoomGauges,
    /// What the room had sent when its status was last published.
    sent_bytes: u64,
}

/// A number of the room that only rises, as a counter of all rooms.
struct RunningTotal {
    counter: Counter,
    counted: u64,
}

impl RunningTotal {
    fn new(counter: Counter) -> RunningTotal {
        RunningTotal { counter, counted: 0 }
    }

    fn set(&mut self, total: u64) {
        self.counter.increment(total - std::mem::replace(&mut self.counted, total));
    }
}

/// What a room adds to a gauge that all rooms share.
struct Share {
    gauge: Gauge,
    amount: usize,
}

impl Share {
    fn of(gauge: Gauge, amount: usize) -> Share {
        let mut share = Share { gauge, amount: 0 };
        share.set(amount);
        share
    }

    fn set(&mut self, amount: usize) {
        let before = std::mem::replace(&mut self.amount, amount);
        self.gauge.increment(amount as f64 - before as f64);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// What a room adds to the gauges that all rooms share.
struct RoomGauges {
    _rooms: Share,
    players: Share,
    drones: Share,
    waiting: Share,
    load: Option<LoadLevel>,
}

impl RoomGauges {
    /// Returns the level before, if it was another one.
    fn set_load(&mut self, level: Option<LoadLevel>) -> Option<LoadLevel> {
        let before = std::mem::replace(&mut self.load, level);
        if before == level {
            return None;
        }
        let rooms = |level| gauge!("driftbelt_rooms_at_load_level", "level" => load_name(level));
        before.inspect(|level| rooms(*level).decrement(1.0));
        level.inspect(|level| rooms(*level).increment(1.0));
        before
    }
}

impl Drop for RoomGauges {
    fn drop(&mut self) {
        self.set_load(None);
    }
}

/// What lag compensation does to the hits on ships by people's bolts.
struct Fairness {
    view_ages: Histogram,
    distances: Histogram,
    /// Hits in the present, and in the past.
    hits: [Counter; 2],
}

impl Fairness {
    fn new() -> Fairness {
        let hits = |rewound| counter!("driftbelt_hits_total", "rewound" => rewound);
        Fairness {
            view_ages: histogram!(VIEW_AGES),
            distances: histogram!(REWIND_DISTANCES),
            hits: [hits("no"), hits("yes")],
        }
    }

    /// Counts the hits of the newest tick.
    fn record(&self, room: &Room) {
        for hit in room.world().hits.iter().filter(|hit| hit.shooter.0 < FIRST_DRONE) {
            let rewound = hit.needed_rewind();
            self.hits[usize::from(rewound)].increment(1);
            let tick_seconds = f64::from(room.setup().tick_seconds());
            self.view_ages.record(f64::from(hit.view_age.ticks()) * tick_seconds);
            if rewound {
                let (x, y) = hit.moved();
                self.distances.record(f64::from(x).hypot(y.into()) / f64::from(POSITION_SCALE));
            }
        }
    }
}

impl RoomMeter {
    pub fn new() -> RoomMeter {
        RoomMeter {
            stages: StageTimer { since: Instant::now(), histograms: BTreeMap::new() },
            durations: Vec::new(),
            next: 0,
            histogram: histogram!("driftbelt_tick_seconds"),
            round_trips: histogram!(ROUND_TRIPS),
            input_leads: histogram!(INPUT_LEADS),
            fairness: Fairness::new(),
            joins: counter!("driftbelt_joins_total"),
            kills: RunningTotal::new(counter!("driftbelt_kills_total")),
            snapshots_sent: RunningTotal::new(counter!("driftbelt_snapshots_sent_total")),
            gauges: RoomGauges {
                _rooms: Share::of(gauge!("driftbelt_rooms"), 1),
                players: Share::of(gauge!("driftbelt_players"), 0),
                drones: Share::of(gauge!("driftbelt_drones"), 0),
                waiting: Share::of(gauge!("driftbelt_waiting_clients"), 0),
                load: None,
            },
            sent_bytes: 0,
        }
    }

    /// Measures the stages of a tick that starts now.
    pub fn stages(&mut self, start: Instant) -> &mut StageTimer {
        self.stages.since = start;
        &mut self.stages
    }

    /// Logs and counts who came and went, and why; keeps what players report.
    pub fn report(&self, room: &mut Room, stats: &RoomStats) {
        while let Some(News { network, what }) = room.poll_news() {
            let (room, address) = (room.name(), telemetry::shown(network));
            match what {
                Happened::Joined { player, name } => {
                    self.joins.increment(1);
                    if telemetry::allows("join") {
                        tracing::info!(room, player = player.0, name, address, "joined");
                    }
                }
                Happened::Left { player, name, reason } => {
                    let reason = reason.name();
                    counter!("driftbelt_leaves_total", "reason" => reason).increment(1);
                    if telemetry::allows("leave") {
                        tracing::info!(room, player = player.0, name, reason, address, "left");
                    }
                }
                Happened::Reported { tick, reporter, reporter_name, reported, name, reason } => {
                    let tick = tick.0;
                    if telemetry::allows("report") {
                        let (player, reporter) = (reported.0, reporter.0);
                        tracing::info!(room, tick, player, name, reporter, reason, address, "reported");
                    }
                    let party = |player: PlayerId, name| Party { player: player.0, name };
                    stats.reports.add(Report {
                        at: rfc3339(SystemTime::now()),
                        room: room.into(),
                        file: stats.status().recording.file,
                        tick,
                        reporter: party(reporter, reporter_name),
                        reported: party(reported, name),
                        reason,
                    });
                }
                Happened::Refused { reason, told } => telemetry::refused(reason, network, &told),
            }
        }
    }

    pub fn record(
        &mut self,
        took: Duration,
        ticks_lost: u64,
        room: &Room,
        journal: &Journal,
        stats: &RoomStats,
    ) {
        let micros = took.as_micros().min(u128::from(u32::MAX)) as u32;
        self.histogram.record(took);
        self.fairness.record(room);
        if self.durations.len() < STATUS_WINDOW_TICKS {
            self.durations.push(micros);
        } else {
            self.durations[self.next % STATUS_WINDOW_TICKS] = micros;
        }
        self.next += 1;
        self.log_load(room);
        self.gauges.waiting.set(room.waiting());
        self.gauges.players.set(room.seats());
        let rate = usize::from(room.setup().tick_rate_hz);
        if self.next % rate == 1 % rate {
            self.publish(room, ticks_lost, journal, stats);
        }
    }

    /// The room rests: there are no durations to measure.
    pub fn rest(&mut self, ticks_lost: u64, room: &Room, journal: &Journal, stats: &RoomStats) {
        self.durations.clear();
        self.next = 0;
        self.gauges.waiting.set(room.waiting());
        self.gauges.players.set(room.seats());
        self.publish(room, ticks_lost, journal, stats);
    }

    /// Every step of the load is in the log and in the metrics.
    fn log_load(&mut self, room: &Room) {
        let level = room.load_level();
        let Some(before) = self.gauges.set_load(Some(level)) else { return };
        let (room, name) = (room.name(), load_name(level));
        if level > before {
            counter!("driftbelt_load_steps_total", "level" => name).increment(1);
            tracing::warn!(room, level = name, "ticks take too long: the room leaves something out");
        } else {
            tracing::info!(room, level = name, "ticks are calm: the room takes a step back");
        }
    }

    fn publish(&mut self, room: &Room, ticks_lost: u64, journal: &Journal, stats: &RoomStats) {
        let mut sorted = self.durations.clone();
        sorted.sort_unstable();
        let quantile = |percent: usize| sorted.get(sorted.len() * percent / 100).copied().unwrap_or_default();
        let world = room.world();
        let status = RoomStatus {
            name: room.name().into(),
            mode: room.setup().mode.title.clone(),
            players: room.seats(),
            waiting: room.waiting(),
            drones: world.pilots.iter().filter(|pilot| pilot.drone).count(),
            capacity: room.capacity(),
            tick: world.tick.0,
            tick_rate_hz: room.setup().tick_rate_hz,
            tick_micros_p50: quantile(50),
            tick_micros_p99: quantile(99),
            ticks_lost,
            bytes_per_second: room.sent_bytes() - self.sent_bytes,
            load_level: room.load_level() as u8,
            recording: journal.status(),
            round: RoundStatus::of(room),
        };
        self.sent_bytes = room.sent_bytes();
        self.gauges.drones.set(status.drones);
        self.kills.set(room.kills());
        self.snapshots_sent.set(room.snapshots_sent());
        let tick_seconds = 1.0 / f64::from(status.tick_rate_hz);
        room.ack_lags_ticks().for_each(|ticks| self.round_trips.record(f64::from(ticks) * tick_seconds));
        room.input_leads_ticks().for_each(|ticks| self.input_leads.record(f64::from(ticks)));
        stats.journal_has_ended.store(journal.has_ended(), Relaxed);
        *stats.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }
}
