//! The thread of one room: waits for the next tick's time, drains the inbox, lets the room tick, keeps the measurements.
//!
//! The only clock that a room has. Ticks stand on a fixed grid of time, so the rate neither drifts nor, after a stall,
//! spirals: what is more than [`CATCH_UP_LIMIT_TICKS`] behind is given up and counted.

use crate::host::commit_gate::CommitGate;
use crate::host::inbox::Inbox;
use crate::host::journal::Journal;
use crate::host::room_metrics::{Meter, RoomStats};
use metrics::{Counter, counter};
use room::{Room, SessionEvent, Stop};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// A room that is this many ticks behind gives up the lost time instead of hurrying after it.
pub const CATCH_UP_LIMIT_TICKS: u32 = 3;
/// Why the loop of a room ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nobody was there for a while.
    Abandoned,
    /// The server stops.
    Stopped,
}

/// Runs a room until it is told to stop, or is abandoned and `retire` agrees that nobody is on the way in.
pub fn run(
    mut room: Room,
    mut journal: Journal,
    commits: &CommitGate,
    inbox: &Inbox,
    stats: &RoomStats,
    retire: impl Fn() -> bool,
) -> Ended {
    let mut pace = Pace::new(room.setup().tick_rate_hz);
    let mut meter = Meter::new();
    let mut events = Vec::new();
    loop {
        pace.wait(room.name());
        let start = Instant::now();
        meter.stages.since = start;
        let mut stopping = None;
        events = inbox.take(events);
        for event in events.drain(..) {
            match &event {
                SessionEvent::Connected(_) => drop(stats.entering.fetch_sub(1, Relaxed)),
                SessionEvent::Stop(stop) => stopping = Some(*stop),
                SessionEvent::Said { .. }
                | SessionEvent::Disconnected { .. }
                | SessionEvent::Admin(_)
                | SessionEvent::Roster(_) => {}
            }
            room.handle(event);
        }
        if stopping.is_none() {
            room.tick(&mut meter.stages);
        }
        publish(&mut room, &mut journal, commits);
        stats.seats.store(room.seats() + room.waiting(), Relaxed);
        match stopping {
            Some(Stop::ForSuccessor) => {
                journal.leave(&room.keyframe(), &room.seats_to_record());
                return Ended::Stopped;
            }
            Some(Stop::ForGood) => {
                journal.finish(&room.keyframe());
                return Ended::Stopped;
            }
            None => {}
        }
        let took = start.elapsed();
        room.ticked(took.as_micros().min(u128::from(u32::MAX)) as u32);
        meter.record(took, pace.lost, &room, &journal, stats);
        if room.abandoned() && retire() {
            journal.finish(&room.keyframe());
            return Ended::Abandoned;
        }
    }
}

/// What a tick has brought leaves the room here: records go to the journal, and what players are told goes to their sockets
/// once the journal has it.
pub fn publish(room: &mut Room, journal: &mut Journal, commits: &CommitGate) {
    while let Some(record) = room.poll_record() {
        journal.take(record);
    }
    if commits.flush_requested(room.world().tick) {
        journal.is_late();
    }
}

/// The grid of time that ticks stand on.
struct Pace {
    rate_hz: u32,
    origin: Instant,
    ticks: u32,
    lost: u64,
    overrunning: bool,
    overruns: Counter,
}

impl Pace {
    fn new(rate_hz: u16) -> Pace {
        Pace {
            rate_hz: u32::from(rate_hz),
            origin: Instant::now(),
            ticks: 0,
            lost: 0,
            overrunning: false,
            overruns: counter!("driftbelt_ticks_lost_total"),
        }
    }

    /// Sleeps until the next tick's time; after a stall, gives up what cannot be made good.
    fn wait(&mut self, room: &str) {
        self.ticks += 1;
        if self.ticks == self.rate_hz {
            // Whole seconds move the origin, so that the grid is exact for any rate and any length of time.
            self.origin += Duration::from_secs(1);
            self.ticks = 0;
        }
        let tick = Duration::from_secs(1) / self.rate_hz;
        let due = self.origin + Duration::from_secs(1) * self.ticks / self.rate_hz;
        let now = Instant::now();
        if let Some(early) = due.checked_duration_since(now) {
            self.overrunning = false;
            std::thread::sleep(early);
            return;
        }
        let late = now - due;
        if late > tick * CATCH_UP_LIMIT_TICKS {
            let lost = (late.as_nanos() / tick.as_nanos()) as u64;
            self.lost += lost;
            self.overruns.increment(lost);
            if !std::mem::replace(&mut self.overrunning, true) {
                tracing::warn!(room, late_ms = late.as_millis(), "the room cannot keep its tick rate");
            }
            self.origin += late;
        }
    }
}
