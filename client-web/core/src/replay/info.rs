//! What a recording says of itself, for the replay page.

use serde::Serialize;
use shared::recording::{Ending, Mark, Marked, Recording, Seated};
use sim::Sim;

/// A recording's header, players and marks.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// The room's name.
    pub name: String,
    /// What was played.
    pub mode: String,
    /// Where it was played.
    pub arena: String,
    /// Where chance began.
    pub seed: f64,
    /// Ticks per second.
    pub tick_rate: u16,
    /// The first tick that can be shown.
    pub first_tick: u32,
    /// The last tick that can be shown.
    pub ticks: u32,
    /// When it began, in milliseconds since 1970.
    pub started_at: f64,
    /// It ends as it should.
    pub complete: bool,
    /// What a person should know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Everybody who played.
    pub players: Vec<PlayerInfo>,
    /// What to look for on the timeline.
    pub marks: Vec<MarkInfo>,
    /// The build of the simulation that made it.
    pub sim_build: String,
}

/// A player of a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlayerInfo {
    /// Who.
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
pub struct MarkInfo {
    /// When.
    pub tick: u32,
    /// "join", "leave", "kill", "bank" or "chat".
    pub kind: &'static str,
    /// Who joined, left, killed, banked or spoke.
    pub player: u32,
    /// Who was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<u32>,
    /// Score won.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<u32>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Info {
    /// Of a recording; `faults` are what playing it has brought to light so far.
    pub fn new(recording: &Recording, faults: &[String]) -> Info {
        let header = recording.header();
        let ending = recording.ending();
        let mut warnings = Vec::new();
        if header.build != Sim::BUILD {
            warnings.push(format!(
                "recorded by another version of the game ({}; this is {}): what is shown may differ from what happened",
                header.build,
                Sim::BUILD
            ));
        }
        if *ending != Ending::Complete {
            warnings.push(ending.to_string());
        }
        warnings.extend_from_slice(faults);
        let after_end = recording.last_tick().next().0;
        Info {
            name: header.room.clone(),
            mode: header.mode.clone(),
            arena: header.arena.clone(),
            seed: header.seed as f64,
            tick_rate: header.tick_rate_hz,
            first_tick: recording.first_tick().0,
            ticks: recording.last_tick().0,
            started_at: header.started_at_unix_ms as f64,
            complete: *ending == Ending::Complete,
            warning: (!warnings.is_empty()).then(|| warnings.join("; ")),
            players: recording.roster().iter().map(|seated| PlayerInfo::new(seated, after_end)).collect(),
            marks: recording.marks().iter().map(MarkInfo::new).collect(),
            sim_build: header.build.clone(),
        }
    }
}

impl PlayerInfo {
    fn new(seated: &Seated, after_end: u32) -> PlayerInfo {
        PlayerInfo {
            id: seated.player.0,
            name: seated.name.as_str().into(),
            team: seated.team,
            drone: seated.drone,
            joined: seated.joined.0,
            left: seated.left.map_or(after_end, |left| left.0),
        }
    }
}

impl MarkInfo {
    fn new(mark: &Mark) -> MarkInfo {
        let of = |kind, player: shared::id::PlayerId| {
            let tick = mark.tick.0;
            MarkInfo { tick, kind, player: player.0, other: None, amount: None, text: None }
        };
        match &mark.what {
            Marked::Joined { player, .. } => of("join", *player),
            Marked::Left { player } => of("leave", *player),
            Marked::Killed { killer, victim, bounty } => {
                MarkInfo { other: Some(victim.0), amount: Some(*bounty), ..of("kill", *killer) }
            }
            Marked::Banked { player, gained } => MarkInfo { amount: Some(*gained), ..of("bank", *player) },
            Marked::Said { player, text } => MarkInfo { text: Some(text.clone()), ..of("chat", *player) },
        }
    }
}
