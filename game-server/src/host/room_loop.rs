//! The thread of one room: waits for the next tick's time, drains the inbox, lets the room tick, publishes what came of it.
//!
//! The only clock of a room. While nobody is present, the room rests: no ticks, and the thread sleeps. Ticks lie on a fixed grid of time, so the rate does not drift; after a stall the room skips ticks
//! beyond [`CATCH_UP_LIMIT_TICKS`] instead of hurrying after them.

use crate::host::commit_gate::CommitGate;
use crate::host::inbox::{FleetEvent, Inbox, RoomEvent};
use crate::host::journal::Journal;
use crate::host::room_metrics::{RoomMeter, RoomStats};
use metrics::{Counter, counter};
use room::{Room, Stop};
use shared::message::CloseCode;
use std::time::{Duration, Instant};

/// A room that is this many ticks behind skips them.
pub const CATCH_UP_LIMIT_TICKS: u32 = 3;
/// A room that rests looks at its kept seats this often.
const REST_INTERVAL: Duration = Duration::from_secs(1);

/// Why the loop of a room ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The room was empty for a while, or was closed.
    Abandoned,
    Stopped(Stop),
    /// It is to go on at another node.
    HandedOver {
        to: String,
        url: String,
    },
    /// It has gone on at another node.
    Fenced {
        url: Option<String>,
    },
}

/// Runs a room until it is told to stop, or is abandoned and `retire` agrees that no client is about to enter it.
pub fn run(
    room: &mut Room,
    journal: &mut Journal,
    commits: &CommitGate,
    inbox: &Inbox,
    stats: &RoomStats,
    retire: impl Fn() -> bool,
) -> Ended {
    let mut timer = TickTimer::new(room.setup().tick_rate_hz);
    let mut meter = RoomMeter::new();
    let mut events = Vec::new();
    loop {
        match room.is_resting() {
            // What a pause keeps is kept until it is over.
            _ if commits.is_paused() => drop(timer.rest(inbox)),
            true => room.rest(timer.rest(inbox)),
            false => timer.wait(room.name()),
        }
        let start = Instant::now();
        events = inbox.take(events);
        let ended = handle(room, commits, events.drain(..));
        stats.set_occupied(room);
        if let Some(ended) = ended {
            match &ended {
                Ended::Stopped(stop) => room.stop(*stop),
                Ended::Fenced { url } => {
                    discard_all(room, commits, url.as_deref().unwrap_or_default());
                    return ended;
                }
                Ended::HandedOver { .. } | Ended::Abandoned => {}
            }
            publish(room, journal, commits);
            meter.report(room, stats);
            return ended;
        }
        if commits.is_paused() {
            meter.report(room, stats);
            continue;
        }
        if room.is_resting() {
            publish(room, journal, commits);
            meter.report(room, stats);
            meter.rest(timer.lost, room, journal, stats);
        } else {
            room.tick(meter.stages(start));
            publish(room, journal, commits);
            let took = start.elapsed();
            room.ticked(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
            stats.set_occupied(room);
            meter.report(room, stats);
            meter.record(took, timer.lost, room, journal, stats);
        }
        if room.is_abandoned() && retire() {
            return Ended::Abandoned;
        }
    }
}

/// Handles what was posted; says whether the room is to stop.
fn handle(room: &mut Room, commits: &CommitGate, events: impl Iterator<Item = RoomEvent>) -> Option<Ended> {
    let mut ended = None;
    for event in events {
        match event {
            RoomEvent::Session(event) => room.handle(event),
            // The administrator may have given up waiting.
            RoomEvent::Roster(reply) => drop(reply.try_send(room.roster())),
            RoomEvent::MessageOfTheDay(text) => room.set_message_of_the_day(text),
            RoomEvent::Capacity(players) => room.set_capacity(players),
            RoomEvent::AwaitFirst => room.await_first(),
            RoomEvent::Fleet(event) => match event {
                // The event itself has woken the room.
                FleetEvent::Resumed | FleetEvent::Left => {}
                FleetEvent::CutOff => discard_all(room, commits, ""),
                FleetEvent::RecordKeyframe => room.record_keyframe(),
                FleetEvent::HandOver { to, url } => ended = Some(Ended::HandedOver { to, url }),
                FleetEvent::Fenced { url } => return Some(Ended::Fenced { url }),
            },
            RoomEvent::Stop(how) => ended = Some(Ended::Stopped(how)),
        }
    }
    ended
}

/// Sends everybody to where the room is, without what they were not told yet.
fn discard_all(room: &mut Room, commits: &CommitGate, url: &str) {
    room.discard_all(CloseCode::Moved, url);
    commits.flush();
}

/// The results of a tick leave the room here: records go to the journal, and the sockets are woken to drain the outboxes once
/// the tick is durable.
pub fn publish(room: &mut Room, journal: &mut Journal, commits: &CommitGate) {
    while let Some(record) = room.poll_record() {
        journal.take(record);
    }
    if commits.flush_requested(room.world().tick) {
        journal.note_late();
    }
}

/// The grid of time that ticks lie on.
struct TickTimer {
    rate_hz: u32,
    origin: Instant,
    /// Since the origin.
    ticks: u32,
    lost: u64,
    is_overrunning: bool,
    overruns: Counter,
}

impl TickTimer {
    fn new(rate_hz: u16) -> TickTimer {
        TickTimer {
            rate_hz: u32::from(rate_hz),
            origin: Instant::now(),
            ticks: 0,
            lost: 0,
            is_overrunning: false,
            overruns: counter!("driftbelt_ticks_lost_total"),
        }
    }

    /// Sleeps until the next tick's time; after a long stall, skips the ticks that were missed.
    fn wait(&mut self, room: &str) {
        self.ticks += 1;
        if self.ticks == self.rate_hz {
            // Whole seconds move the origin, so that the grid is exact for any rate and any length of time.
            self.origin += Duration::from_secs(1);
            self.ticks = 0;
        }
        let tick = Duration::from_secs(1) / self.rate_hz;
        let due = self.due();
        let now = Instant::now();
        if let Some(early) = due.checked_duration_since(now) {
            self.is_overrunning = false;
            std::thread::sleep(early);
            return;
        }
        let late = now - due;
        if late > tick * CATCH_UP_LIMIT_TICKS {
            let lost = (late.as_nanos() / tick.as_nanos()) as u64;
            self.lost += lost;
            self.overruns.increment(lost);
            if !std::mem::replace(&mut self.is_overrunning, true) {
                tracing::warn!(room, late_ms = late.as_millis(), "the room cannot keep its tick rate");
            }
            self.origin += late;
        }
    }

    /// Sleeps until something is posted, but no longer than [`REST_INTERVAL`]. Returns how many ticks' time has passed: they
    /// are not lost, since nobody waits for them.
    fn rest(&mut self, inbox: &Inbox) -> u32 {
        inbox.wait(REST_INTERVAL);
        let tick = Duration::from_secs(1) / self.rate_hz;
        let passed = Instant::now().saturating_duration_since(self.due());
        let ticks = u32::try_from(passed.as_nanos() / tick.as_nanos()).unwrap_or(u32::MAX);
        self.origin += tick * ticks;
        ticks
    }

    /// The time of the newest tick on the grid.
    fn due(&self) -> Instant {
        self.origin + Duration::from_secs(1) * self.ticks / self.rate_hz
    }
}
