//! What the players of one network may make everybody in a room, or the host, read, however often they leave and come back.

use crate::by_network::ByNetwork;
use crate::rate::Rate;
use crate::session::ChatLimit;
use shared::id::Tick;
use shared::setup::Setup;
use std::net::IpAddr;

/// Chat lines of one network that may follow each other at once.
pub const NETWORK_CHAT_BURST_LINES: u32 = 16;
/// Notices of joins and leaves of one network that may follow each other at once.
pub const NETWORK_NOTICES_BURST: u32 = 8;
/// Reports of one network that may follow each other at once.
pub const NETWORK_REPORTS_BURST: u32 = 4;
/// Seconds after which one more report is allowed.
pub const NETWORK_REPORT_INTERVAL_SECONDS: f32 = 60.0;
/// With more networks than this, those that may do everything are forgotten.
const SWEEP_FLOOR_NETWORKS: usize = 256;

/// What one network may make the players of a room read.
#[derive(Clone, Copy, Debug)]
pub struct SpeechLimits {
    /// Chat lines per minute.
    pub chat_lines_per_minute: u32,
    /// Notices of joins and leaves per minute.
    pub notices_per_minute: u32,
}

impl Default for SpeechLimits {
    fn default() -> SpeechLimits {
        SpeechLimits { chat_lines_per_minute: 120, notices_per_minute: 30 }
    }
}

/// The networks of a room.
pub struct Conduct {
    known: ByNetwork<OfNetwork>,
    line_interval_ticks: u32,
    notice_interval_ticks: u32,
    report_interval_ticks: u32,
    kick_ticks: u32,
}

struct OfNetwork {
    lines: Rate,
    notices: Rate,
    reports: Rate,
    /// Until then, a newcomer may be a player who has left to write more.
    chat_spent_until: Tick,
    kicked_until: Tick,
}

impl Conduct {
    /// No network yet.
    pub fn new(setup: &Setup, limits: &SpeechLimits, kick_cooldown_seconds: u32) -> Conduct {
        let interval_ticks = |per_minute: u32| setup.ticks(60.0 / per_minute.max(1) as f32).max(1);
        Conduct {
            known: ByNetwork::new(SWEEP_FLOOR_NETWORKS),
            line_interval_ticks: interval_ticks(limits.chat_lines_per_minute),
            notice_interval_ticks: interval_ticks(limits.notices_per_minute),
            report_interval_ticks: setup.ticks(NETWORK_REPORT_INTERVAL_SECONDS),
            kick_ticks: setup.ticks(kick_cooldown_seconds as f32),
        }
    }

    /// Whether a player of the network may write one more line.
    pub fn allows_line(&mut self, network: IpAddr, now: Tick) -> bool {
        let interval_ticks = self.line_interval_ticks;
        self.of(network, now).lines.take(NETWORK_CHAT_BURST_LINES, interval_ticks, now)
    }

    /// Whether everybody reads of one more join or leave.
    pub fn allows_notice(&mut self, network: IpAddr, now: Tick) -> bool {
        let interval_ticks = self.notice_interval_ticks;
        self.of(network, now).notices.take(NETWORK_NOTICES_BURST, interval_ticks, now)
    }

    /// Whether the host reads one more report.
    pub fn allows_report(&mut self, network: IpAddr, now: Tick) -> bool {
        let interval_ticks = self.report_interval_ticks;
        self.of(network, now).reports.take(NETWORK_REPORTS_BURST, interval_ticks, now)
    }

    /// What a new player of the network may write.
    pub fn chat_of_newcomer(&self, network: IpAddr, now: Tick) -> ChatLimit {
        match self.known.get(network) {
            Some(known) if now < known.chat_spent_until => ChatLimit::spent(now),
            _ => ChatLimit::new(now),
        }
    }

    /// A player of the network leaves, whose chat limit is full at `chat_full_at`.
    pub fn leave(&mut self, network: IpAddr, chat_full_at: Tick, now: Tick) {
        let known = self.of(network, now);
        known.chat_spent_until = known.chat_spent_until.max(chat_full_at);
    }

    /// A player of the network is kicked.
    pub fn kick(&mut self, network: IpAddr, now: Tick) {
        self.of(network, now).kicked_until = now.plus(self.kick_ticks);
    }

    /// Ticks in which the network gets no new seat.
    pub fn kicked_ticks(&self, network: IpAddr, now: Tick) -> u32 {
        self.known.get(network).map_or(0, |known| known.kicked_until.since(now))
    }

    fn of(&mut self, network: IpAddr, now: Tick) -> &mut OfNetwork {
        let (lines, notices) = (self.line_interval_ticks, self.notice_interval_ticks);
        let reports = self.report_interval_ticks;
        let may_do_everything = |known: &OfNetwork| {
            let full_at = known
                .lines
                .full_at(NETWORK_CHAT_BURST_LINES, lines)
                .max(known.notices.full_at(NETWORK_NOTICES_BURST, notices))
                .max(known.reports.full_at(NETWORK_REPORTS_BURST, reports));
            now >= full_at.max(known.chat_spent_until).max(known.kicked_until)
        };
        self.known.get_or_insert_with(network, may_do_everything, || OfNetwork {
            lines: Rate::full(NETWORK_CHAT_BURST_LINES, now),
            notices: Rate::full(NETWORK_NOTICES_BURST, now),
            reports: Rate::full(NETWORK_REPORTS_BURST, now),
            chat_spent_until: now,
            kicked_until: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn conduct() -> Conduct {
        Conduct::new(&sim::scripted::setup(), &SpeechLimits::default(), 60)
    }

    fn ip(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn a_network_has_a_burst_of_lines_and_notices_and_then_its_rate() {
        let mut conduct = conduct();
        let lines = (0..100).filter(|_| conduct.allows_line(ip(1), Tick(0))).count();
        let notices = (0..100).filter(|_| conduct.allows_notice(ip(1), Tick(0))).count();
        assert_eq!((lines, notices), (NETWORK_CHAT_BURST_LINES as usize, NETWORK_NOTICES_BURST as usize));
        assert!(conduct.allows_line(ip(2), Tick(0)) && conduct.allows_notice(ip(2), Tick(0)));
        let next = Tick(conduct.line_interval_ticks);
        assert!(conduct.allows_line(ip(1), next) && !conduct.allows_line(ip(1), next));
    }

    #[test]
    fn networks_that_may_do_everything_are_forgotten() {
        let mut conduct = conduct();
        conduct.kick(ip(0), Tick(1_000_000));
        for number in 1..10_000 {
            conduct.allows_line(ip(number), Tick(number * 100));
        }
        assert!(conduct.known.len() <= SWEEP_FLOOR_NETWORKS, "{} networks", conduct.known.len());
        assert!(conduct.kicked_ticks(ip(0), Tick(1_000_000)) > 0);
    }
}
