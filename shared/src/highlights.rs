//! The best moments of a recording, ranked from its marks: nobody has to look for them.

use crate::command::FIRST_DRONE;
use crate::id::{PlayerId, Tick};
use crate::recording::{Mark, Marked};
use std::collections::BTreeMap;

/// Most highlights of a recording.
pub const HIGHLIGHTS_LIMIT: usize = 20;
/// Kills that follow each other within this time are one streak, in seconds.
const STREAK_GAP_SECONDS: u32 = 10;
/// Before a moment and behind it, in seconds: how it came, and what came of it.
const LEAD_SECONDS: u32 = 4;
const TAIL_SECONDS: u32 = 2;
/// Deaths by one hand, without a kill in return, from which on a kill in return is a comeback.
const COMEBACK_DEATHS: u32 = 3;
/// What a moment needs to be a highlight: two kills at once have it.
const RANK_LIMIT: u32 = 200;
/// What drones do counts this part of what people do.
const DRONE_SHARE: u32 = 4;

/// What a moment is worth seeing for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MomentKind {
    /// Kills in a row.
    Streak,
    /// A haul was banked.
    Haul,
    /// A ship that had just been hit reached a station.
    Escape,
    /// A bolt destroyed a ship from far away.
    LongShot,
    /// A player destroyed the ship of somebody who had destroyed the player's again and again.
    Comeback,
}

impl MomentKind {
    /// As the page and the API name it.
    pub fn name(self) -> &'static str {
        match self {
            MomentKind::Streak => "streak",
            MomentKind::Haul => "haul",
            MomentKind::Escape => "escape",
            MomentKind::LongShot => "shot",
            MomentKind::Comeback => "comeback",
        }
    }
}

/// A moment of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What it is.
    pub kind: MomentKind,
    /// Who did it.
    pub player: PlayerId,
    /// The first and the last mark of it.
    pub begins: Tick,
    /// As `begins`.
    pub ends: Tick,
    /// Kills, score, points of health left, units or deaths before, by kind.
    pub value: u32,
    /// How good it is: comparable between kinds.
    pub rank: u32,
}

impl Moment {
    fn new(kind: MomentKind, player: PlayerId, (begins, ends): (Tick, Tick), value: u32) -> Moment {
        let rank = match kind {
            MomentKind::Streak => value.saturating_mul(value).saturating_mul(50),
            MomentKind::Haul => value,
            MomentKind::Escape => 400u32.saturating_sub(value.saturating_mul(12)),
            MomentKind::LongShot => value.saturating_mul(6),
            MomentKind::Comeback => value.saturating_mul(value).saturating_mul(30),
        };
        let rank = if player.0 < FIRST_DRONE { rank } else { rank / DRONE_SHARE };
        Moment { kind, player, begins, ends, value, rank }
    }

    /// The ticks that show it, within a recording that ends at `last`.
    pub fn span(&self, last: Tick, tick_rate_hz: u16) -> (Tick, Tick) {
        let rate = u32::from(tick_rate_hz);
        let from = self.begins.0.saturating_sub(LEAD_SECONDS * rate);
        (Tick(from), self.ends.plus(TAIL_SECONDS * rate).min(last))
    }

    /// Seconds from its first to its last mark, rounded up.
    pub fn seconds(&self, tick_rate_hz: u16) -> u32 {
        self.ends.since(self.begins).div_ceil(u32::from(tick_rate_hz).max(1))
    }
}

/// The best moments, the best first; of equal ones the earlier.
pub fn highlights(marks: &[Mark], tick_rate_hz: u16) -> Vec<Moment> {
    let mut best = moments(marks, tick_rate_hz);
    best.retain(|moment| moment.rank >= RANK_LIMIT);
    best.truncate(HIGHLIGHTS_LIMIT);
    best
}

/// Every moment that has something to say, the best first: what a title is made of.
pub fn moments(marks: &[Mark], tick_rate_hz: u16) -> Vec<Moment> {
    let mut found = Vec::new();
    let mut streaks = BTreeMap::<PlayerId, (Tick, Tick, u32)>::new();
    let mut unpaid = BTreeMap::<(PlayerId, PlayerId), u32>::new();
    let gap = STREAK_GAP_SECONDS * u32::from(tick_rate_hz);
    let streak_of =
        |player, (begins, ends, kills)| Moment::new(MomentKind::Streak, player, (begins, ends), kills);
    for mark in marks {
        let at = (mark.tick, mark.tick);
        match mark.what {
            Marked::Killed { killer, victim, .. } => {
                found.extend(streaks.remove(&victim).map(|streak| streak_of(victim, streak)));
                if killer == PlayerId::NOBODY || killer == victim {
                    continue;
                }
                let running = streaks.remove(&killer);
                let (begins, kills) = match running {
                    Some((begins, ends, kills)) if mark.tick.since(ends) <= gap => (begins, kills),
                    ended => {
                        found.extend(ended.map(|streak| streak_of(killer, streak)));
                        (mark.tick, 0)
                    }
                };
                streaks.insert(killer, (begins, mark.tick, kills + 1));
                let paid = unpaid.remove(&(victim, killer)).filter(|deaths| *deaths >= COMEBACK_DEATHS);
                found.extend(paid.map(|deaths| Moment::new(MomentKind::Comeback, killer, at, deaths)));
                *unpaid.entry((killer, victim)).or_default() += 1;
            }
            Marked::Banked { player, gained } => {
                found.push(Moment::new(MomentKind::Haul, player, at, gained))
            }
            Marked::Escaped { player, health } => {
                found.push(Moment::new(MomentKind::Escape, player, at, health.into()));
            }
            Marked::FarShot { killer, distance, .. } => {
                found.push(Moment::new(MomentKind::LongShot, killer, at, distance.into()));
            }
            Marked::Joined { .. } | Marked::Left { .. } | Marked::Said { .. } | Marked::RoundEnded { .. } => {
            }
        }
    }
    found.extend(streaks.into_iter().map(|(player, streak)| streak_of(player, streak)));
    found.sort_by_key(|moment| (std::cmp::Reverse(moment.rank), moment.begins));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: PlayerId = PlayerId(1);
    const B: PlayerId = PlayerId(2);

    fn told(marks: &[Mark]) -> Vec<(MomentKind, u32, u32)> {
        let best = highlights(marks, 30);
        best.iter().map(|moment| (moment.kind, moment.player.0, moment.value)).collect()
    }

    #[test]
    fn kills_in_a_row_are_one_streak_until_a_pause_or_a_death() {
        let kill = |second: u32, killer, victim| Mark::killed(Tick(second * 30), killer, victim, 25);
        let marks = [
            kill(10, A, B),
            kill(12, A, B),
            kill(18, A, B),
            kill(40, A, B),
            kill(41, B, A),
            kill(42, A, B),
            kill(43, A, PlayerId(FIRST_DRONE)),
        ];
        assert_eq!(
            told(&marks),
            [(MomentKind::Comeback, 2, 4), (MomentKind::Streak, 1, 3), (MomentKind::Streak, 1, 2)]
        );
        let streak = &highlights(&marks, 30)[1];
        assert_eq!(streak.seconds(30), 8);
        assert_eq!(streak.span(Tick(590), 30), (Tick(180), Tick(590)));
    }

    #[test]
    fn hauls_escapes_and_far_shots_are_ranked_beside_them_and_drones_below() {
        let drone = PlayerId(FIRST_DRONE);
        let marks = [
            Mark::banked(Tick(30), A, 640),
            Mark::banked(Tick(60), drone, 640),
            Mark::banked(Tick(90), B, 40),
            Mark::escaped(Tick(120), B, 3),
            Mark::far_shot(Tick(150), A, B, 48),
        ];
        let expected =
            [(MomentKind::Haul, 1, 640), (MomentKind::Escape, 2, 3), (MomentKind::LongShot, 1, 48)];
        assert_eq!(told(&marks), expected);
        assert_eq!(moments(&marks, 30).len(), 5, "a title is made of lesser ones too");
    }

    #[test]
    fn their_number_is_bounded() {
        let marks: Vec<_> = (0..100).map(|tick| Mark::banked(Tick(tick), A, 1000)).collect();
        assert_eq!(told(&marks).len(), HIGHLIGHTS_LIMIT);
    }
}
