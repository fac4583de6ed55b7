//! A bad link in front of a good one: delay, jitter, a limited rate, and bursts of loss.
//!
//! The transport is TCP, so nothing is lost and nothing overtakes: what the network loses is sent again, and everything
//! behind it waits. Losses come in bursts, by the two-state chain of Gilbert (1960) and Elliott (1963).

use clap::ValueEnum;
use rand::RngExt;
use rand_pcg::Pcg32;
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Link {
    /// What the machine gives.
    #[default]
    Clean,
    /// A home network with a neighbour's microwave.
    Wifi,
    /// A phone in a train.
    #[value(name = "3g")]
    Mobile,
    /// A line that loses a packet in fifty, in bursts.
    Lossy,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkProfile {
    /// Delay of every message.
    pub delay_ms: f64,
    /// Largest additional delay, uniformly distributed.
    pub jitter_ms: f64,
    pub rate_bytes: f64,
    /// Chance per message that a burst begins.
    pub burst_begins: f64,
    /// Chance per message that a burst ends.
    pub burst_ends: f64,
    /// Chance that a message is lost within a burst.
    pub loss_in_burst: f64,
    /// Delay of the first retransmission; it doubles with every further one.
    pub repeat_ms: f64,
}

impl Link {
    /// The profile of each direction; `None` for a clean link.
    pub fn profile(self) -> Option<LinkProfile> {
        match self {
            Link::Clean => None,
            Link::Wifi => Some(LinkProfile {
                delay_ms: 6.0,
                jitter_ms: 8.0,
                rate_bytes: 2_500_000.0,
                burst_begins: 0.002,
                burst_ends: 0.25,
                loss_in_burst: 0.4,
                repeat_ms: 60.0,
            }),
            Link::Mobile => Some(LinkProfile {
                delay_ms: 75.0,
                jitter_ms: 40.0,
                rate_bytes: 100_000.0,
                burst_begins: 0.004,
                burst_ends: 0.2,
                loss_in_burst: 0.5,
                repeat_ms: 250.0,
            }),
            Link::Lossy => Some(LinkProfile {
                delay_ms: 40.0,
                jitter_ms: 10.0,
                rate_bytes: 1_250_000.0,
                burst_begins: 0.015,
                burst_ends: 0.25,
                loss_in_burst: 0.4,
                repeat_ms: 120.0,
            }),
        }
    }
}

/// Most retransmissions that are lost too.
const REPEATS_LIMIT: u32 = 5;

/// One direction of one player's link.
#[derive(Clone, Debug)]
pub struct Lane {
    profile: LinkProfile,
    chance: Pcg32,
    in_burst: bool,
    /// The line is busy with earlier messages until then.
    line_free_ms: f64,
    /// The newest message arrives then: none overtakes it.
    newest_due_ms: f64,
    waiting: VecDeque<(f64, Vec<u8>)>,
}

impl Lane {
    /// An empty lane. Equal seeds give equal delays.
    pub fn new(profile: LinkProfile, seed: u64) -> Lane {
        Lane {
            profile,
            chance: Pcg32::new(seed, 0x6c61_6e65),
            in_burst: false,
            line_free_ms: 0.0,
            newest_due_ms: 0.0,
            waiting: VecDeque::new(),
        }
    }

    pub fn push(&mut self, message: &[u8], now_ms: f64) {
        let due = self.due(message.len(), now_ms);
        self.waiting.push_back((due, message.to_vec()));
    }

    pub fn pop(&mut self, now_ms: f64) -> Option<Vec<u8>> {
        self.waiting.pop_front_if(|(due, _)| *due <= now_ms).map(|(_, message)| message)
    }

    /// When a message of this length arrives that is sent now.
    fn due(&mut self, bytes: usize, now_ms: f64) -> f64 {
        let profile = self.profile;
        self.line_free_ms = self.line_free_ms.max(now_ms) + bytes as f64 / profile.rate_bytes * 1000.0;
        let turn = if self.in_burst { profile.burst_ends } else { profile.burst_begins };
        self.in_burst ^= self.chance.random_bool(turn);
        let mut due = self.line_free_ms + profile.delay_ms + profile.jitter_ms * self.chance.random::<f64>();
        if self.in_burst {
            for repeat in 0..REPEATS_LIMIT {
                if !self.chance.random_bool(profile.loss_in_burst) {
                    break;
                }
                due += profile.repeat_ms * f64::from(1 << repeat);
            }
        }
        self.newest_due_ms = self.newest_due_ms.max(due);
        self.newest_due_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK_MS: f64 = 1000.0 / 30.0;
    const LINKS: [Link; 3] = [Link::Wifi, Link::Mobile, Link::Lossy];

    fn arrivals(link: Link, seed: u64, messages: u32) -> Vec<f64> {
        let mut lane = Lane::new(link.profile().unwrap(), seed);
        (0..messages).map(|tick| lane.due(250, f64::from(tick) * TICK_MS)).collect()
    }

    #[test]
    fn equal_seeds_make_equal_weather() {
        for link in LINKS {
            assert_eq!(arrivals(link, 7, 1000), arrivals(link, 7, 1000));
            assert_ne!(arrivals(link, 7, 1000), arrivals(link, 8, 1000));
        }
        assert!(Link::Clean.profile().is_none());
    }

    #[test]
    fn nothing_is_lost_and_nothing_overtakes() {
        let mut lane = Lane::new(Link::Lossy.profile().unwrap(), 3);
        let mut out = Vec::new();
        for tick in 0..2000u32 {
            let now = f64::from(tick) * TICK_MS;
            lane.push(&tick.to_le_bytes(), now);
            out.extend(std::iter::from_fn(|| lane.pop(now)));
        }
        out.extend(std::iter::from_fn(|| lane.pop(f64::INFINITY)));
        let expected: Vec<Vec<u8>> = (0..2000u32).map(|tick| tick.to_le_bytes().to_vec()).collect();
        assert_eq!(out, expected);
    }

    #[test]
    fn no_message_is_faster_than_the_delay() {
        for link in LINKS {
            let delay = link.profile().unwrap().delay_ms;
            for (tick, due) in arrivals(link, 1, 5000).iter().enumerate() {
                assert!(*due >= tick as f64 * TICK_MS + delay);
            }
        }
    }

    #[test]
    fn stalls_are_as_frequent_as_the_chain_says() {
        let profile = Link::Lossy.profile().unwrap();
        // The chain's share of time in a burst, times the loss in it.
        let in_burst = profile.burst_begins / (profile.burst_begins + profile.burst_ends);
        let expected = in_burst * profile.loss_in_burst;
        let messages = 200_000;
        let mut lane = Lane::new(profile, 11);
        let mut stalled = 0;
        for tick in 0..messages {
            // Far apart, so that no message waits for the one before.
            let now = f64::from(tick) * 60_000.0;
            stalled += u32::from(lane.due(250, now) - now >= profile.delay_ms + profile.repeat_ms);
        }
        let share = f64::from(stalled) / f64::from(messages);
        assert!((share / expected - 1.0).abs() < 0.1, "{share} instead of {expected}");
    }

    #[test]
    fn stalls_come_in_bursts() {
        let late = |due: &f64, tick: usize| due - tick as f64 * TICK_MS > 140.0;
        let due = arrivals(Link::Lossy, 5, 100_000);
        let stalled: Vec<bool> = due.iter().enumerate().map(|(tick, due)| late(due, tick)).collect();
        let share = stalled.iter().filter(|stalled| **stalled).count() as f64 / stalled.len() as f64;
        let after_a_stall = stalled.windows(2).filter(|pair| pair[0]);
        let (mut again, mut all) = (0.0, 0.0);
        for pair in after_a_stall {
            all += 1.0;
            again += f64::from(u8::from(pair[1]));
        }
        assert!(again / all > 5.0 * share, "{} after a stall, {share} in all", again / all);
    }

    #[test]
    fn a_slow_line_takes_its_time() {
        let profile = LinkProfile { jitter_ms: 0.0, burst_begins: 0.0, ..Link::Mobile.profile().unwrap() };
        let mut lane = Lane::new(profile, 1);
        let seconds = |bytes: usize| bytes as f64 / profile.rate_bytes;
        assert!((lane.due(50_000, 0.0) - (seconds(50_000) * 1000.0 + profile.delay_ms)).abs() < 1e-6);
        assert!((lane.due(50_000, 0.0) - (seconds(100_000) * 1000.0 + profile.delay_ms)).abs() < 1e-6);
    }
}
