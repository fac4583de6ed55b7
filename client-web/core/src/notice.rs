//! What the core tells the page besides frames: names, chat, kills, tables.

use crate::draw_item::station_position;
use crate::evidence::EvidenceFacts;
use serde::Serialize;
use shared::id::PlayerId;
use shared::levels::{HullKind, Levels, Upgrade};
use shared::message;
use shared::round::{Award, AwardKind, Round, RoundPhase, Votes};
use shared::rules::{Rules, UPGRADE_LEVELS};
use shared::setup::Setup;
use shared::text::Name;
use std::collections::{BTreeMap, VecDeque};

/// Something to read rather than to see.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null, hashmap_as_object))]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Notice {
    /// The client has a new seat; everything known before is void.
    Welcome {
        /// The own player.
        player: u32,
        /// The own name, as others see it.
        name: String,
        /// The room, as in an invite link.
        room: String,
        /// The title of the mode.
        mode: String,
        /// Whether the mode has teams.
        teams: bool,
        /// Ticks per second.
        tick_rate: u16,
        /// By the number of the hull: of hull, engine, gun and hold, what each level from 0 on gives: points of health, percent of thrust, points of
        /// damage, loads.
        upgrades: Vec<Vec<Vec<f32>>>,
    },
    /// The client has its seat back; what it knew of the world still holds.
    Resumed,
    /// The client waits in the room's queue.
    Queued {
        /// Its place, from 1.
        position: u32,
        /// How many wait.
        waiting: u32,
    },
    /// A player's name. Comes before the first frame that shows the player, and after a change.
    Name {
        /// The player.
        player: u32,
        /// The name.
        name: String,
        /// 0 in a free-for-all, else the team from 1.
        team: u8,
        /// Flown by the server.
        drone: bool,
    },
    /// A ship was destroyed.
    Kill {
        /// The killer; 0 for an asteroid.
        killer: u32,
        /// The killer's name; empty for an asteroid.
        killer_name: String,
        /// The player whose ship it was.
        victim: u32,
        /// The victim's name.
        victim_name: String,
        /// Score that the killer won.
        bounty: u32,
        /// The killer's team; 0 without teams.
        killer_team: u8,
        /// The victim's team.
        victim_team: u8,
        /// The viewer's part in it.
        own: Option<KillRole>,
    },
    /// Why the own ship was destroyed by a bolt. Comes before the notice of the kill.
    Evidence(EvidenceFacts),
    /// A line of chat.
    Chat {
        /// The sender; 0 is the server.
        player: u32,
        /// The sender's name.
        name: String,
        /// The line.
        text: String,
        /// Whether only the team receives it.
        to_team: bool,
    },
    /// A word of the quick chat.
    Signal {
        /// The sender.
        player: u32,
        /// The name of who gave it.
        name: String,
        /// Its place in the list.
        signal: u8,
        /// Where its ship is, in units.
        x: f32,
        /// As `x`.
        y: f32,
    },
    /// A text of the page, by its key.
    System {
        /// The key.
        key: &'static str,
        /// Values for its placeholders.
        values: BTreeMap<&'static str, String>,
    },
    /// The best players.
    Scoreboard {
        /// Players in the room, drones included.
        players: u32,
        /// People among them.
        humans: u32,
        /// By rank; the own row last if it is not among the best.
        rows: Vec<ScoreRow>,
        /// The score of each team, from team 1 on; empty without teams.
        teams: Vec<u32>,
    },
    /// What every station pays.
    Quotes {
        /// In the arena's order.
        stations: Vec<Quote>,
    },
    /// The round: every second, and when its phase changes.
    Round {
        /// From 1.
        number: u32,
        /// Whether the best are shown, and no ship flies.
        podium: bool,
        /// The awards, while the podium is shown.
        awards: Vec<RoundAward>,
        /// What is voted on, while the podium is shown.
        candidates: Vec<Candidate>,
    },
    /// Where the round is played. Comes before its first quotes.
    Arena {
        /// The arena's title.
        title: String,
        /// Its walls, in units: the ends of each, x and y.
        walls: Vec<[f32; 4]>,
    },
    /// The server ends the connection.
    Goodbye {
        /// The close code.
        code: u16,
        /// What the player can do about it.
        reason: String,
    },
}

/// The viewer's part in a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum KillRole {
    /// The viewer destroyed the ship.
    Killer,
    /// It was the viewer's ship.
    Victim,
}

/// Something that a player did best in a round.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct RoundAward {
    /// "winner", "haul", "hunter", "escape" or "survivor".
    pub kind: &'static str,
    /// Who.
    pub name: String,
    /// Score, kills, deaths or points of health, by kind.
    pub value: u32,
    /// The viewer's award.
    pub own: bool,
}

/// An arena to vote for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Candidate {
    /// Its title.
    pub title: String,
    /// How many want it.
    pub votes: u16,
}

/// One player's standing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct ScoreRow {
    /// Rank from 1.
    pub rank: u32,
    /// The player.
    pub player: u32,
    /// The name.
    pub name: String,
    /// What was earned.
    pub score: u32,
    /// Kills in total.
    pub kills: u16,
    /// Deaths in total.
    pub deaths: u16,
    /// 0 in a free-for-all, else the team from 1.
    pub team: u8,
    /// Flown by the server.
    pub drone: bool,
    /// The viewer's row.
    pub own: bool,
}

/// A station, and what it pays for a load of ore.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Quote {
    /// The station's index in the arena.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Position in units.
    pub x: f32,
    /// As `x`.
    pub y: f32,
    /// Radius of its ring, in units.
    pub radius: f32,
    /// Score for a load now.
    pub price: f64,
    /// Score for a load at rest.
    pub base: f64,
}

/// Notices that wait at most; beyond it, the oldest are dropped.
const NOTICES_LIMIT: usize = 1024;

/// Notices that wait for the page.
#[derive(Clone, Debug, Default)]
pub(crate) struct NoticeQueue(VecDeque<Notice>);

impl NoticeQueue {
    /// Adds a notice.
    pub fn push(&mut self, notice: Notice) {
        if self.0.len() >= NOTICES_LIMIT {
            self.0.pop_front();
        }
        self.0.push_back(notice);
    }

    /// Takes the oldest.
    pub fn pop(&mut self) -> Option<Notice> {
        self.0.pop_front()
    }
}

impl Notice {
    /// A kill, for a viewer.
    pub(crate) fn kill(
        (killer, killer_name, killer_team): (PlayerId, &Name, u8),
        (victim, victim_name, victim_team): (PlayerId, &Name, u8),
        bounty: u32,
        viewer: PlayerId,
    ) -> Notice {
        let by_player = killer != PlayerId::NOBODY;
        let own = match viewer {
            PlayerId::NOBODY => None,
            viewer if viewer == victim => Some(KillRole::Victim),
            viewer if viewer == killer => Some(KillRole::Killer),
            _ => None,
        };
        Notice::Kill {
            killer: killer.0,
            killer_name: if by_player { killer_name.as_str().into() } else { String::new() },
            victim: victim.0,
            victim_name: victim_name.as_str().into(),
            bounty,
            killer_team,
            victim_team,
            own,
        }
    }

    /// A round, for a viewer.
    pub(crate) fn round(
        setup: &Setup,
        round: &Round,
        (awards, votes): (&[Award], &Votes),
        viewer: PlayerId,
    ) -> Notice {
        let kind = |kind| match kind {
            AwardKind::Winner => "winner",
            AwardKind::Haul => "haul",
            AwardKind::Hunter => "hunter",
            AwardKind::Escape => "escape",
            AwardKind::Survivor => "survivor",
        };
        let awards = awards.iter().map(|award| RoundAward {
            kind: kind(award.kind),
            name: award.name.as_str().into(),
            value: award.value,
            own: award.player == viewer,
        });
        let podium = round.phase == RoundPhase::Podium;
        let candidates = round.candidates(setup.arenas.len()).zip(votes).map(|(arena, votes)| {
            let title = setup.arena(&Round { arena, ..*round }).title.clone();
            Candidate { title, votes: *votes }
        });
        let candidates = if podium { candidates.collect() } else { Vec::new() };
        Notice::Round { number: round.number, podium, awards: awards.collect(), candidates }
    }

    /// The arena of a round.
    pub(crate) fn arena(setup: &Setup, round: &Round) -> Notice {
        let (arena, half_size) = (setup.arena(round), setup.half_size(round));
        let walls = arena.walls.iter().map(|wall| {
            let ([x1, y1], [x2, y2]) = (wall.from, wall.to);
            [x1, y1, x2, y2].map(|share| share * half_size)
        });
        Notice::Arena { title: arena.title.clone(), walls: walls.collect() }
    }

    /// A text of the page about a player, or about nobody.
    pub(crate) fn system(key: &'static str, name: Option<&Name>) -> Notice {
        let values = name.map(|name| ("name", name.as_str().into()));
        Notice::System { key, values: BTreeMap::from_iter(values) }
    }
}

impl ScoreRow {
    /// A row, for a viewer.
    pub(crate) fn new(row: &message::ScoreRow, viewer: Option<PlayerId>) -> ScoreRow {
        ScoreRow {
            rank: row.rank,
            player: row.player.0,
            name: row.name.as_str().into(),
            score: row.score,
            kills: row.kills,
            deaths: row.deaths,
            team: row.team,
            drone: row.drone,
            own: viewer == Some(row.player),
        }
    }
}

/// By hull, what each level of each upgrade gives, as [`Notice::Welcome`] tells it.
pub(crate) fn upgrade_values(rules: &Rules) -> Vec<Vec<Vec<f32>>> {
    let values = |hull: HullKind, upgrade: Upgrade| {
        let levels = (0..=UPGRADE_LEVELS).scan(Levels::new(hull), move |next, _| {
            let levels = *next;
            *next = next.raised(upgrade);
            Some(levels)
        });
        levels.map(move |levels| match upgrade {
            Upgrade::Hull => rules.ship_health(levels),
            Upgrade::Engine => {
                100.0
                    * rules.hull(hull).thrust
                    * (1.0 + rules.upgrades.engine_per_level * f32::from(levels.of(upgrade)))
            }
            Upgrade::Gun => rules.bolt_damage(levels),
            Upgrade::Hold => f32::from(rules.hold_capacity(levels)),
        })
    };
    let of_hull = |hull| Upgrade::ALL.into_iter().map(|upgrade| values(hull, upgrade).collect()).collect();
    HullKind::ALL.into_iter().map(of_hull).collect()
}

impl Quote {
    /// The quotes of all stations; `prices` are in hundredths, in the arena's order.
    pub(crate) fn all(setup: &Setup, round: &Round, prices: &[u32]) -> Vec<Quote> {
        let half_size = setup.half_size(round);
        let stations = setup.arena(round).stations.iter().zip(prices).zip(0..);
        stations
            .map(|((station, price), index)| {
                let position = station_position(station, half_size);
                Quote {
                    index,
                    name: station.name.clone(),
                    x: position.x,
                    y: position.y,
                    radius: station.radius,
                    price: f64::from(*price) / 100.0,
                    base: f64::from(setup.rules.station.price),
                }
            })
            .collect()
    }
}
