//! What a room leaves out when its ticks take too long. Knows no clock: durations are passed in.
//!
//! The steps have a fixed order, the lightest first: far entities are sent less often, snapshots are sent half as often, drones
//! think in turns, no client is admitted. Ticks well within their budget for a while take the steps back, one by one.

use crate::snapshot::SnapshotScope;
use shared::id::{PlayerId, Tick};
use shared::message::{LoadLevel, ServerMessage};

/// New players that a room admits per tick. Each costs a welcome and a first snapshot of everything in sight.
pub const JOINS_PER_TICK: usize = 16;
/// What a tick may take of the time from one tick to the next.
pub const TICK_BUDGET_PERCENT: u32 = 75;
/// What a calm tick takes of the time from one tick to the next at most.
pub const CALM_TICK_PERCENT: u32 = 40;
/// This many of the newest 32 ticks over budget bring the next step.
pub const OVERRUN_LIMIT_TICKS: u32 = 8;
/// Seconds of calm ticks after which a step is taken back.
pub const CALM_SECONDS: u32 = 5;
/// This part of the ticks in that time may be longer: other programs on the machine delay a tick now and then.
pub const CALM_EXCEPTIONS_PERCENT: u32 = 10;
/// One of this many snapshots includes far entities while those are sent less often.
pub const FAR_INTERVAL_SNAPSHOTS: u32 = 3;

/// How a room copes, as answers to pings tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadReport {
    /// How long the newest tick took, in microseconds.
    pub tick_micros: u32,
    /// What the room leaves out.
    pub level: LoadLevel,
}

impl LoadReport {
    /// The answer to a ping.
    pub fn pong(self, stamp: u32) -> ServerMessage<'static> {
        ServerMessage::Pong { stamp, tick_micros: self.tick_micros, load: self.level }
    }
}

/// Decides what a room leaves out.
#[derive(Debug)]
pub struct LoadGovernor {
    level: LoadLevel,
    budget_micros: u32,
    calm_micros: u32,
    calm_limit_ticks: u32,
    /// Whether each of the newest ticks was over budget, the last in the lowest bit.
    overruns: u32,
    /// Ticks since the level was last judged, and how many of them were too long to be calm.
    judged_ticks: u32,
    long_ticks: u32,
}

impl LoadGovernor {
    /// For a room with this many ticks per second.
    pub fn new(tick_rate_hz: u16) -> LoadGovernor {
        let rate = u32::from(tick_rate_hz.max(1));
        let percent = |share: u32| 1_000_000 / rate * share / 100;
        LoadGovernor {
            level: LoadLevel::Normal,
            budget_micros: percent(TICK_BUDGET_PERCENT),
            calm_micros: percent(CALM_TICK_PERCENT),
            calm_limit_ticks: rate * CALM_SECONDS,
            overruns: 0,
            judged_ticks: 0,
            long_ticks: 0,
        }
    }

    /// Counts a tick that took this long.
    pub fn ticked(&mut self, micros: u32) {
        self.overruns = self.overruns << 1 | u32::from(micros > self.budget_micros);
        self.judged_ticks += 1;
        self.long_ticks += u32::from(micros > self.calm_micros);
        if self.overruns.count_ones() >= OVERRUN_LIMIT_TICKS {
            self.step_to(self.level.heavier());
        } else if self.judged_ticks >= self.calm_limit_ticks {
            if self.long_ticks * 100 <= self.judged_ticks * CALM_EXCEPTIONS_PERCENT {
                self.step_to(self.level.lighter());
            }
            (self.judged_ticks, self.long_ticks) = (0, 0);
        }
    }

    /// Counts start again: what was counted at one level says nothing about the next.
    fn step_to(&mut self, level: LoadLevel) {
        self.level = level;
        self.overruns = 0;
        (self.judged_ticks, self.long_ticks) = (0, 0);
    }

    /// What the room leaves out.
    pub fn level(&self) -> LoadLevel {
        self.level
    }

    /// Ticks from one snapshot of a viewer to the next, and to the next of its whole view.
    pub fn intervals_ticks(&self) -> (u32, u32) {
        let snapshots = if self.level >= LoadLevel::HalfSnapshots { 2 } else { 1 };
        let far = if self.level >= LoadLevel::FarLessOften { FAR_INTERVAL_SNAPSHOTS } else { 1 };
        (snapshots, snapshots * far)
    }

    /// What a player is sent in a tick, if anything. Players take turns, so that ticks are equally long.
    pub fn scope(&self, tick: Tick, player: PlayerId) -> Option<SnapshotScope> {
        let turn = tick.0.wrapping_add(player.0);
        let (interval, far_interval) = self.intervals_ticks();
        if turn.is_multiple_of(far_interval) {
            return Some(SnapshotScope::Whole);
        }
        turn.is_multiple_of(interval).then_some(SnapshotScope::Near)
    }

    /// Whether drones think in turns.
    pub fn drones_in_turns(&self) -> bool {
        self.level >= LoadLevel::DronesInTurns
    }

    /// New players that a tick admits.
    pub fn joins_per_tick(&self) -> usize {
        if self.level >= LoadLevel::NobodyAdmitted { 0 } else { JOINS_PER_TICK }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u16 = 30;
    const LONG: u32 = 30_000;
    const CALM: u32 = 5_000;

    fn after(governor: &mut LoadGovernor, ticks: u32, micros: u32) -> LoadLevel {
        (0..ticks).for_each(|_| governor.ticked(micros));
        governor.level()
    }

    #[test]
    fn long_ticks_bring_one_step_after_the_other_and_calm_ones_take_them_back() {
        let mut governor = LoadGovernor::new(RATE_HZ);
        let calm_ticks = u32::from(RATE_HZ) * CALM_SECONDS;
        for level in &LoadLevel::ALL[1..] {
            assert!(after(&mut governor, OVERRUN_LIMIT_TICKS - 1, LONG) < *level);
            assert_eq!(after(&mut governor, 1, LONG), *level);
        }
        assert_eq!(after(&mut governor, 10 * OVERRUN_LIMIT_TICKS, LONG), LoadLevel::NobodyAdmitted);
        for level in LoadLevel::ALL[..4].iter().rev() {
            assert!(after(&mut governor, calm_ticks - 1, CALM) > *level);
            assert_eq!(after(&mut governor, 1, CALM), *level);
        }
        assert_eq!(after(&mut governor, 10 * calm_ticks, CALM), LoadLevel::Normal);
    }

    #[test]
    fn each_step_is_added_to_those_before() {
        let mut governor = LoadGovernor::new(RATE_HZ);
        const TICKS: u32 = 2 * FAR_INTERVAL_SNAPSHOTS;
        let mut steps = Vec::new();
        for _ in LoadLevel::ALL {
            let scopes = (0..TICKS).filter_map(|tick| governor.scope(Tick(tick), PlayerId(5)));
            let whole = scopes.clone().filter(|scope| *scope == SnapshotScope::Whole).count();
            let turns = governor.drones_in_turns();
            steps.push((scopes.count(), whole, turns, governor.joins_per_tick()));
            after(&mut governor, OVERRUN_LIMIT_TICKS, LONG);
        }
        let joins = JOINS_PER_TICK;
        let expected = [
            (6, 6, false, joins),
            (6, 2, false, joins),
            (3, 1, false, joins),
            (3, 1, true, joins),
            (3, 1, true, 0),
        ];
        assert_eq!(steps, expected, "snapshots, whole ones, drones in turns, joins");
    }

    #[test]
    fn rare_long_ticks_change_nothing_and_between_the_marks_the_level_stays() {
        let mut governor = LoadGovernor::new(RATE_HZ);
        for _ in 0..100 {
            after(&mut governor, 9, CALM);
            assert_eq!(after(&mut governor, 1, LONG), LoadLevel::Normal, "one in ten is no overload");
        }
        after(&mut governor, OVERRUN_LIMIT_TICKS, LONG);
        assert_eq!(after(&mut governor, 1000, 20_000), LoadLevel::FarLessOften, "neither long nor calm");
        let calm_ticks = u32::from(RATE_HZ) * CALM_SECONDS;
        for _ in 0..2 * calm_ticks / 5 {
            after(&mut governor, 4, CALM);
            after(&mut governor, 1, 20_000);
        }
        assert_eq!(governor.level(), LoadLevel::FarLessOften, "one in five is too long to be calm");
        for _ in 0..2 * calm_ticks / 12 {
            after(&mut governor, 11, CALM);
            after(&mut governor, 1, LONG);
        }
        assert_eq!(governor.level(), LoadLevel::Normal, "calm but for one in twelve");
    }
}
