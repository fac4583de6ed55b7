//! A recording's header, players and marks, for the replay page.

use serde::Serialize;
use shared::highlights::{Moment, highlights};
use shared::id::{PlayerId, Tick};
use shared::recording::{Damage, Ending, Mark, Marked, Recording, Seated};
use shared::round::AwardKind;
use sim::Sim;

/// Damaged parts that are described; their places are all told.
const HOLES_TOLD: usize = 3;

/// A recording's header, players and marks.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct ReplayInfo {
    /// The room's name.
    pub name: String,
    /// The title of the mode.
    pub mode: String,
    /// The title of the arena.
    pub arena: String,
    /// The seed of the world.
    pub seed: f64,
    /// Ticks per second.
    pub tick_rate: u16,
    /// The first tick that can be shown.
    pub first_tick: u32,
    /// The last tick that can be shown.
    pub ticks: u32,
    /// When it began, in milliseconds of Unix time.
    pub started_at: f64,
    /// The file has its index: it was closed, not cut off.
    pub complete: bool,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Everybody who played.
    pub players: Vec<ReplayPlayer>,
    /// The damaged parts of the timeline.
    pub holes: Vec<ReplayHole>,
    /// The marks of the timeline.
    pub marks: Vec<ReplayMark>,
    /// The best moments, the best first.
    pub highlights: Vec<ReplayHighlight>,
    /// The build of the simulation that made it.
    pub sim_build: String,
}

/// A moment that is worth seeing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ReplayHighlight {
    /// "streak", "haul", "escape", "shot" or "comeback".
    pub kind: &'static str,
    /// Who.
    pub player: u32,
    /// The first and the last tick that show it.
    pub from: u32,
    /// As `from`.
    pub to: u32,
    /// Kills, score, points of health, units or losses, by kind.
    pub value: u32,
    /// From its first to its last mark.
    pub seconds: u32,
}

/// Ticks that were recorded and cannot be shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ReplayHole {
    /// The last tick before them.
    pub from: u32,
    /// The first tick behind them that can be shown.
    pub to: u32,
}

/// A player of a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ReplayPlayer {
    /// The player.
    pub id: u32,
    /// The name.
    pub name: String,
    /// 0 in a free-for-all, else the team from 1.
    pub team: u8,
    /// Flown by the server.
    pub drone: bool,
    /// The first tick of the player.
    pub joined: u32,
    /// The first tick without the player.
    pub left: u32,
}

/// A mark on the timeline.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ReplayMark {
    /// When.
    pub tick: u32,
    /// What happened.
    pub kind: MarkKind,
    /// The player who joined, left, killed, banked or spoke.
    pub player: u32,
    /// The player who was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<u32>,
    /// Score won.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<u32>,
    /// The line of chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What a mark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum MarkKind {
    Join,
    Leave,
    Kill,
    Bank,
    Chat,
    /// A round ended; the player won it.
    Round,
    /// A ship that had just been hit reached a station.
    Escape,
    /// A bolt destroyed a ship from far away.
    Shot,
}

impl ReplayInfo {
    /// Of a recording; `faults` are what playing it has shown to be wrong.
    pub fn new(recording: &Recording, faults: &[String]) -> ReplayInfo {
        let header = recording.header();
        let ending = recording.ending();
        let mut warnings = Vec::new();
        if header.build != Sim::BUILD {
            warnings.push(format!(
                "recorded by another version of the game ({}; this is {}): the replay may differ from the match",
                header.build,
                Sim::BUILD
            ));
        }
        if *ending != Ending::Complete {
            warnings.push(ending.to_string());
        }
        warnings.extend(recording.holes().iter().take(HOLES_TOLD).map(ToString::to_string));
        match recording.holes().len().saturating_sub(HOLES_TOLD) {
            0 => {}
            more => warnings.push(format!("{more} more parts are damaged")),
        }
        warnings.extend_from_slice(faults);
        let after_end = recording.last_tick().next().0;
        ReplayInfo {
            name: header.room.clone(),
            mode: header.mode.clone(),
            arena: header.arena.clone(),
            seed: header.seed as f64,
            tick_rate: header.tick_rate_hz,
            first_tick: recording.first_tick().0,
            ticks: recording.last_tick().0,
            started_at: header.started_at_unix_ms as f64,
            complete: *ending == Ending::Complete && recording.holes().is_empty(),
            holes: recording.holes().iter().filter_map(ReplayHole::new).collect(),
            warning: (!warnings.is_empty()).then(|| warnings.join("; ")),
            players: recording.roster().iter().map(|seated| ReplayPlayer::new(seated, after_end)).collect(),
            marks: recording.marks().iter().map(ReplayMark::new).collect(),
            highlights: highlights(recording.marks(), header.tick_rate_hz)
                .iter()
                .map(|moment| ReplayHighlight::new(moment, recording.last_tick(), header.tick_rate_hz))
                .collect(),
            sim_build: header.build.clone(),
        }
    }
}

impl ReplayHighlight {
    fn new(moment: &Moment, last: Tick, tick_rate_hz: u16) -> ReplayHighlight {
        let (from, to) = moment.span(last, tick_rate_hz);
        let (player, value, seconds) = (moment.player.0, moment.value, moment.seconds(tick_rate_hz));
        ReplayHighlight { kind: moment.kind.name(), player, from: from.0, to: to.0, value, seconds }
    }
}

impl ReplayHole {
    fn new(damage: &Damage) -> Option<ReplayHole> {
        let to = damage.next_tick.filter(|_| damage.lost_ticks > 0)?.0;
        Some(ReplayHole { from: damage.last_tick.0, to })
    }
}

impl ReplayPlayer {
    fn new(seated: &Seated, after_end: u32) -> ReplayPlayer {
        ReplayPlayer {
            id: seated.player.0,
            name: seated.name.as_str().into(),
            team: seated.team,
            drone: seated.drone,
            joined: seated.joined.0,
            left: seated.left.map_or(after_end, |left| left.0),
        }
    }
}

impl ReplayMark {
    fn new(mark: &Mark) -> ReplayMark {
        let of = |kind, player: PlayerId| {
            let tick = mark.tick.0;
            ReplayMark { tick, kind, player: player.0, other: None, amount: None, text: None }
        };
        match &mark.what {
            Marked::Joined { player, .. } => of(MarkKind::Join, *player),
            Marked::Left { player } => of(MarkKind::Leave, *player),
            Marked::Killed { killer, victim, bounty } => {
                ReplayMark { other: Some(victim.0), amount: Some(*bounty), ..of(MarkKind::Kill, *killer) }
            }
            Marked::Banked { player, gained } => {
                ReplayMark { amount: Some(*gained), ..of(MarkKind::Bank, *player) }
            }
            Marked::RoundEnded { awards, .. } => {
                let winner = awards.iter().find(|award| award.kind == AwardKind::Winner);
                let player = winner.map_or(PlayerId::NOBODY, |award| award.player);
                ReplayMark { amount: winner.map(|award| award.value), ..of(MarkKind::Round, player) }
            }
            Marked::Escaped { player, health } => {
                ReplayMark { amount: Some((*health).into()), ..of(MarkKind::Escape, *player) }
            }
            Marked::FarShot { killer, victim, distance } => ReplayMark {
                other: Some(victim.0),
                amount: Some((*distance).into()),
                ..of(MarkKind::Shot, *killer)
            },
            Marked::Said { player, text } => {
                ReplayMark { text: Some(text.clone()), ..of(MarkKind::Chat, *player) }
            }
        }
    }
}
