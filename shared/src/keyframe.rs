//! The whole world as plain data: everything that decides its future ticks, in wire precision.

use crate::angle::Angle;
use crate::codec::bounded;
use crate::entity::EntityState;
use crate::id::{NetId, PlayerId, Tick};
use crate::input::Controls;
use crate::levels::Levels;
use crate::round::Round;
use crate::text::Name;
use serde::{Deserialize, Serialize};

/// Most entities of a keyframe.
pub const ENTITIES_LIMIT: usize = 131_072;
/// Most players of a keyframe, and most that act between two keyframes of a recording.
pub const PLAYERS_LIMIT: usize = 65_536;

/// The whole world at one tick. A simulation restored from it has the same hashes from then on as the original.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyframe {
    /// The tick that has just been stepped.
    pub tick: Tick,
    /// The next entity id to give out.
    pub next_net_id: u32,
    /// The next drone's player id to give out.
    pub next_drone: u32,
    /// Drones and humans together are kept at this number.
    pub drones_wanted: u16,
    /// Every entity, ascending by id.
    #[serde(deserialize_with = "bounded::<_, _, ENTITIES_LIMIT>")]
    pub entities: Vec<EntityState>,
    /// State of ships that the wire does not carry, ascending by id.
    #[serde(deserialize_with = "bounded::<_, _, ENTITIES_LIMIT>")]
    pub ships: Vec<ShipKey>,
    /// The recent past of every ship, ascending by id.
    #[serde(deserialize_with = "bounded::<_, _, ENTITIES_LIMIT>")]
    pub trails: Vec<TrailKey>,
    /// State of bolts that the wire does not carry, ascending by id.
    #[serde(deserialize_with = "bounded::<_, _, ENTITIES_LIMIT>")]
    pub bolts: Vec<BoltKey>,
    /// Ticks that each ore still lasts, ascending by id.
    #[serde(deserialize_with = "bounded::<_, _, ENTITIES_LIMIT>")]
    pub ores: Vec<OreKey>,
    /// Every player, ascending by id.
    #[serde(deserialize_with = "bounded::<_, _, PLAYERS_LIMIT>")]
    pub players: Vec<PlayerKey>,
    /// The price of a load at each station, in hundredths of a point of score.
    #[serde(deserialize_with = "bounded::<_, _, ENTITIES_LIMIT>")]
    pub prices: Vec<u32>,
    /// The round.
    pub round: Round,
    /// Ticks at which new large asteroids appear, ascending.
    #[serde(deserialize_with = "bounded::<_, _, ENTITIES_LIMIT>")]
    pub asteroids_due: Vec<Tick>,
}

/// State of a ship that the wire does not carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipKey {
    /// The ship.
    pub id: NetId,
    /// Energy in quanta.
    pub energy: u16,
    /// Ticks until the gun may fire again.
    pub cooldown: u8,
    /// Ticks until the ability may be used again.
    pub ability: u16,
    /// Ticks without damage left.
    pub protection_ticks: u16,
    /// Progress toward the next load banked, in thousandths of a load.
    pub bank_progress: u16,
    /// Score won so far by the haul that is being banked.
    pub haul: u32,
    /// Who hit it last; [`PlayerId::NOBODY`] if nobody did.
    pub hit_by: PlayerId,
    /// The last tick in which that hit counts as an assist.
    pub hit_until: Tick,
    /// Who hit it before that.
    pub hit_before_by: PlayerId,
    /// The last tick in which that hit counts as an assist.
    pub hit_before_until: Tick,
}

/// Where a ship came from, as far back as shots are rewound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailKey {
    /// The ship.
    pub id: NetId,
    /// How far it moved in each recent tick, in position quanta, the newest first.
    pub displacements: Vec<(i32, i32)>,
}

/// State of a bolt that the wire does not carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoltKey {
    /// The bolt.
    pub id: NetId,
    /// Ticks of flight left.
    pub ticks_left: u16,
    /// Damage in health quanta.
    pub damage: u16,
}

/// How long an ore lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OreKey {
    /// The ore.
    pub id: NetId,
    /// Ticks left.
    pub ticks_left: u32,
}

/// A player's lasting state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayerKey {
    /// Who.
    pub player: PlayerId,
    /// What others call the player.
    pub name: Name,
    /// 0 in a free-for-all, else the team from 1.
    pub team: u8,
    /// A newcomer's last tick without attacks by drones.
    pub calm_until: Tick,
    /// The player is away.
    pub away: bool,
    /// The ship, while alive.
    pub ship: Option<NetId>,
    /// Ticks until the respawn; 0 while alive.
    pub respawn_ticks: u16,
    /// Controls held.
    pub controls: Controls,
    /// What was earned: banked ore, bounties and assists. It ranks.
    pub score: u32,
    /// What is left of it to spend.
    pub purse: u32,
    /// Kills since the last death.
    pub streak: u16,
    /// Kills in all.
    pub kills: u16,
    /// Deaths in all.
    pub deaths: u16,
    /// The hull of its ship or of the next one, and the upgrades bought.
    pub levels: Levels,
    /// Score of the best haul of the round.
    pub best_haul: u32,
    /// The least health with which a ship reached a station just after a hit in this round, in quanta; 0 if none did.
    pub escape: u16,
    /// The player's vote on the next arena: its place on the list from 1, 0 for none.
    pub vote: u8,
    /// What a drone is up to; `None` for humans.
    pub drone: Option<DroneKey>,
}

/// What a drone is up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroneKey {
    /// Ticks until the next decision.
    pub think_ticks: u16,
    /// What it is doing.
    pub goal: Goal,
    /// The entity that it is after, if the goal has one; it may be gone.
    pub target: Option<NetId>,
    /// Where it goes while it looks for something to do.
    pub course: Angle,
    /// Its present error of aim, in steps.
    pub aim_error: i16,
}

/// What a drone is doing. The order is the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// Looking for something to do.
    #[default]
    Roam,
    /// Shooting at a rock.
    Mine,
    /// Fetching ore.
    Collect,
    /// Bringing its hold to a station.
    Haul,
    /// Getting itself to safety.
    Flee,
    /// Hunting a ship.
    Fight,
}
