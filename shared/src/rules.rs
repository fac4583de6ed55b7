//! The numbers of the game, as data that a designer edits. Parsed from `assets/`, checked against ranges, sent to the
//! client and stored in every recording.

use crate::levels::{HullKind, Levels, Upgrade};
use serde::{Deserialize, Serialize};

/// Highest level of an upgrade.
pub const UPGRADE_LEVELS: usize = 3;

/// A number outside its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{file}: {key} is {value}, but must lie between {low} and {high}")]
pub struct RuleError {
    /// Which asset: "rules", "mode", "arena" or "setup".
    pub file: &'static str,
    /// The key, with its section.
    pub key: String,
    /// What stands there.
    pub value: f64,
    /// The lowest allowed value.
    pub low: f64,
    /// The highest allowed value.
    pub high: f64,
}

/// Checks one number.
///
/// # Errors
/// [`RuleError`] if the value is outside of `low..=high` or not a number.
pub fn check_range(file: &'static str, key: &str, value: f64, low: f64, high: f64) -> Result<(), RuleError> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(RuleError { file, key: key.into(), value, low, high })
    }
}

/// The numbers of the game. Units: world units, seconds, points of health, energy and score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Flight and life of a ship.
    pub ship: ShipRules,
    /// The gun.
    pub bolt: BoltRules,
    /// Rocks.
    pub asteroid: AsteroidRules,
    /// What rocks leave.
    pub ore: OreRules,
    /// Banking, repair and prices.
    pub station: StationRules,
    /// What a kill is worth.
    pub bounty: BountyRules,
    /// What the purse buys.
    pub upgrades: UpgradeRules,
    /// What ships are built for.
    pub hulls: HullsRules,
    /// What their abilities do.
    pub ability: AbilityRules,
    /// How the server's own pilots behave.
    pub drone: DroneRules,
}

/// Flight and life of a ship.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShipRules {
    /// Radius, units.
    pub radius: f32,
    /// Health without upgrades.
    pub health: f32,
    /// Energy.
    pub energy: f32,
    /// Energy won back per second.
    pub energy_regen: f32,
    /// Acceleration, units/s².
    pub thrust: f32,
    /// Acceleration under boost, units/s².
    pub boost_thrust: f32,
    /// Energy per second of boost.
    pub boost_drain: f32,
    /// Decay of speed, per second.
    pub drag: f32,
    /// Further decay under the brake, per second.
    pub brake: f32,
    /// Share of acceleration that a full hold takes away.
    pub load_slowdown: f32,
    /// Share of speed kept in a bounce.
    pub restitution: f32,
    /// Impact speed that does no harm, units/s.
    pub crash_speed: f32,
    /// Damage per unit/s above that.
    pub crash_damage: f32,
    /// Seconds from death to respawn.
    pub respawn_seconds: f32,
    /// Seconds without damage after a spawn; ends with the first shot.
    pub protection_seconds: f32,
}

/// The gun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoltRules {
    /// Muzzle velocity, units/s.
    pub speed: f32,
    /// Seconds of flight.
    pub lifetime_seconds: f32,
    /// Damage without upgrades.
    pub damage: f32,
    /// Seconds between two bolts.
    pub cooldown_seconds: f32,
    /// Energy of a bolt.
    pub energy: f32,
    /// Radius, units.
    pub radius: f32,
    /// How far back in time a shot is tested at most, where its shooter saw the others late; seconds, 0 turns it off.
    pub rewind_seconds: f32,
}

/// Rocks, by size: small, medium, large.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsteroidRules {
    /// Radius, units.
    pub radius: [f32; 3],
    /// Radius of the boulders that walls are made of, units.
    pub boulder_radius: f32,
    /// Health.
    pub health: [f32; 3],
    /// Fastest drift, units/s.
    pub drift_speed: f32,
    /// Pieces of the next smaller size that a rock breaks into.
    pub pieces: u8,
    /// Loads of ore that a small rock leaves.
    pub ore: u8,
    /// Seconds until a new large rock takes the place of a mined one.
    pub respawn_seconds: f32,
}

/// What rocks leave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OreRules {
    /// Radius, units.
    pub radius: f32,
    /// Seconds until it is gone.
    pub lifetime_seconds: f32,
    /// Loads that a hold without upgrades takes.
    pub hold: u16,
}

/// Banking, repair and prices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationRules {
    /// Loads banked per second.
    pub bank_per_second: f32,
    /// Health repaired per second.
    pub repair_per_second: f32,
    /// Score for a load at rest.
    pub price: f32,
    /// The lowest price.
    pub price_floor: f32,
    /// Share of the price that each load sold takes away.
    pub price_drop: f32,
    /// Share of the gap to the price at rest that is closed each second.
    pub price_recovery: f32,
}

/// What a kill is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BountyRules {
    /// Score of any kill.
    pub base: u32,
    /// More for each kill of the victim's streak.
    pub per_streak: u32,
    /// Score of whoever else hit the ship a short time before.
    pub assist: u32,
    /// For how long a hit counts as an assist, in seconds.
    pub assist_seconds: f32,
}

/// What the purse buys. Each level costs more and adds the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpgradeRules {
    /// Score for level 1, 2 and 3.
    pub cost: [u32; UPGRADE_LEVELS],
    /// Share of health added by a level.
    pub hull_per_level: f32,
    /// Share of thrust added by a level.
    pub engine_per_level: f32,
    /// Share of damage added by a level.
    pub gun_per_level: f32,
    /// Share of hold added by a level.
    pub hold_per_level: f32,
}

/// The hulls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HullsRules {
    /// Loads ore from afar.
    pub miner: HullRules,
    /// Has a shield.
    pub raider: HullRules,
    /// Lays mines.
    pub scout: HullRules,
}

/// A hull: factors of what [`ShipRules`], [`BoltRules`] and [`OreRules`] say, and the times of its ability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HullRules {
    /// Of health.
    pub health: f32,
    /// Of thrust and boost.
    pub thrust: f32,
    /// Of a bolt's damage.
    pub damage: f32,
    /// Of the hold.
    pub hold: f32,
    /// For how long the ability is in effect; 0 for one that acts at once.
    pub ability_seconds: f32,
    /// From one use to the next.
    pub ability_cooldown_seconds: f32,
}

/// What abilities do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbilityRules {
    /// How far from the ship's edge a tractor loads ore, units.
    pub tractor_range: f32,
    /// Share of a bolt's damage that a shield takes away.
    pub shield_share: f32,
    /// Damage of a mine.
    pub mine_damage: f32,
    /// How near a ship comes until it explodes, units.
    pub mine_radius: f32,
    /// Seconds until it is armed.
    pub mine_arm_seconds: f32,
    /// Seconds until it is gone.
    pub mine_lifetime_seconds: f32,
}

/// How the server's own pilots behave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DroneRules {
    /// How far they see, units.
    pub sight: f32,
    /// Seconds between two decisions.
    pub think_seconds: f32,
    /// They flee below this share of health.
    pub flee_health: f32,
    /// Largest error of their aim, in steps of 1/1024 turn.
    pub aim_error_steps: u16,
}

impl Rules {
    /// A hull.
    pub fn hull(&self, kind: HullKind) -> &HullRules {
        match kind {
            HullKind::Miner => &self.hulls.miner,
            HullKind::Raider => &self.hulls.raider,
            HullKind::Scout => &self.hulls.scout,
        }
    }

    /// Health of a ship with these upgrades, in points.
    pub fn ship_health(&self, levels: Levels) -> f32 {
        self.ship.health
            * self.hull(levels.hull()).health
            * (1.0 + self.upgrades.hull_per_level * f32::from(levels.of(Upgrade::Hull)))
    }

    /// Radius of an asteroid, in units.
    pub fn rock_radius(&self, size: u8) -> f32 {
        self.asteroid.radius.get(usize::from(size)).copied().unwrap_or(self.asteroid.boulder_radius)
    }

    /// Loads that a hold with these upgrades takes.
    pub fn hold_capacity(&self, levels: Levels) -> u16 {
        let share = 1.0 + self.upgrades.hold_per_level * f32::from(levels.of(Upgrade::Hold));
        libm::roundf(f32::from(self.ore.hold) * self.hull(levels.hull()).hold * share).max(1.0) as u16
    }

    /// Damage of a bolt with these upgrades, in points.
    pub fn bolt_damage(&self, levels: Levels) -> f32 {
        self.bolt.damage
            * self.hull(levels.hull()).damage
            * (1.0 + self.upgrades.gun_per_level * f32::from(levels.of(Upgrade::Gun)))
    }

    /// Score that the next level of an upgrade costs; `None` at the highest.
    pub fn upgrade_cost(&self, levels: Levels, upgrade: Upgrade) -> Option<u32> {
        self.upgrades.cost.get(usize::from(levels.of(upgrade))).copied()
    }

    /// Checks every number against its allowed range.
    ///
    /// # Errors
    /// The first value that is out of range.
    pub fn check(&self) -> Result<(), RuleError> {
        let Rules { ship, bolt, asteroid, ore, station, bounty, upgrades, hulls: _, ability, drone } = self;
        let ranges: [(&str, f64, f64, f64); 58] = [
            ("ship.radius", ship.radius.into(), 0.2, 10.0),
            ("ship.health", ship.health.into(), 1.0, 2000.0),
            ("ship.energy", ship.energy.into(), 1.0, 1000.0),
            ("ship.energy_regen", ship.energy_regen.into(), 0.0, 1000.0),
            ("ship.thrust", ship.thrust.into(), 0.0, 500.0),
            ("ship.boost_thrust", ship.boost_thrust.into(), 0.0, 500.0),
            ("ship.boost_drain", ship.boost_drain.into(), 0.0, 1000.0),
            ("ship.drag", ship.drag.into(), 0.0, 5.0),
            ("ship.brake", ship.brake.into(), 0.0, 20.0),
            ("ship.load_slowdown", ship.load_slowdown.into(), 0.0, 0.95),
            ("ship.restitution", ship.restitution.into(), 0.0, 1.0),
            ("ship.crash_speed", ship.crash_speed.into(), 0.0, 1000.0),
            ("ship.crash_damage", ship.crash_damage.into(), 0.0, 100.0),
            ("ship.respawn_seconds", ship.respawn_seconds.into(), 0.1, 60.0),
            ("ship.protection_seconds", ship.protection_seconds.into(), 0.0, 30.0),
            ("bolt.speed", bolt.speed.into(), 1.0, 500.0),
            ("bolt.lifetime_seconds", bolt.lifetime_seconds.into(), 0.05, 10.0),
            ("bolt.damage", bolt.damage.into(), 0.0, 1000.0),
            ("bolt.cooldown_seconds", bolt.cooldown_seconds.into(), 0.01, 10.0),
            ("bolt.energy", bolt.energy.into(), 0.0, 100.0),
            ("bolt.radius", bolt.radius.into(), 0.01, 5.0),
            ("bolt.rewind_seconds", bolt.rewind_seconds.into(), 0.0, 0.5),
            ("asteroid.radius[0]", asteroid.radius[0].into(), 0.2, 20.0),
            ("asteroid.radius[1]", asteroid.radius[1].into(), 0.2, 20.0),
            ("asteroid.radius[2]", asteroid.radius[2].into(), 0.2, 20.0),
            ("asteroid.boulder_radius", asteroid.boulder_radius.into(), 0.2, 20.0),
            ("asteroid.health[0]", asteroid.health[0].into(), 0.1, 2000.0),
            ("asteroid.health[1]", asteroid.health[1].into(), 0.1, 2000.0),
            ("asteroid.health[2]", asteroid.health[2].into(), 0.1, 2000.0),
            ("asteroid.drift_speed", asteroid.drift_speed.into(), 0.0, 50.0),
            ("asteroid.pieces", asteroid.pieces.into(), 0.0, 5.0),
            ("asteroid.ore", asteroid.ore.into(), 0.0, 10.0),
            ("asteroid.respawn_seconds", asteroid.respawn_seconds.into(), 0.1, 600.0),
            ("ore.radius", ore.radius.into(), 0.1, 5.0),
            ("ore.lifetime_seconds", ore.lifetime_seconds.into(), 1.0, 600.0),
            ("ore.hold", ore.hold.into(), 1.0, 500.0),
            ("station.bank_per_second", station.bank_per_second.into(), 0.1, 1000.0),
            ("station.repair_per_second", station.repair_per_second.into(), 0.0, 1000.0),
            ("station.price", station.price.into(), 0.0, 10_000.0),
            ("station.price_floor", station.price_floor.into(), 0.0, station.price.into()),
            ("station.price_drop", station.price_drop.into(), 0.0, 1.0),
            ("station.price_recovery", station.price_recovery.into(), 0.0, 1.0),
            ("bounty.base", bounty.base.into(), 0.0, 100_000.0),
            ("bounty.per_streak", bounty.per_streak.into(), 0.0, 100_000.0),
            ("bounty.assist", bounty.assist.into(), 0.0, 100_000.0),
            ("bounty.assist_seconds", bounty.assist_seconds.into(), 0.0, 60.0),
            ("upgrades.hull_per_level", upgrades.hull_per_level.into(), 0.0, 2.0),
            ("upgrades.engine_per_level", upgrades.engine_per_level.into(), 0.0, 2.0),
            ("upgrades.gun_per_level", upgrades.gun_per_level.into(), 0.0, 2.0),
            ("upgrades.hold_per_level", upgrades.hold_per_level.into(), 0.0, 2.0),
            ("ability.tractor_range", ability.tractor_range.into(), 0.0, 60.0),
            ("ability.shield_share", ability.shield_share.into(), 0.0, 1.0),
            ("ability.mine_damage", ability.mine_damage.into(), 0.0, 1000.0),
            ("ability.mine_radius", ability.mine_radius.into(), 0.1, 20.0),
            ("ability.mine_arm_seconds", ability.mine_arm_seconds.into(), 0.0, 10.0),
            ("ability.mine_lifetime_seconds", ability.mine_lifetime_seconds.into(), 0.1, 120.0),
            ("drone.sight", drone.sight.into(), 1.0, 500.0),
            ("drone.think_seconds", drone.think_seconds.into(), 0.02, 10.0),
        ];
        for (key, value, low, high) in ranges {
            check_range("rules", key, value, low, high)?;
        }
        check_range("rules", "drone.flee_health", drone.flee_health.into(), 0.0, 1.0)?;
        check_range("rules", "drone.aim_error_steps", drone.aim_error_steps.into(), 0.0, 512.0)?;
        for kind in HullKind::ALL {
            let HullRules { health, thrust, damage, hold, ability_seconds, ability_cooldown_seconds } =
                self.hull(kind);
            let name = format!("{kind:?}").to_lowercase();
            for (key, factor) in [("health", health), ("thrust", thrust), ("damage", damage), ("hold", hold)]
            {
                check_range("rules", &format!("hulls.{name}.{key}"), (*factor).into(), 0.1, 10.0)?;
            }
            let cooldown = f64::from(*ability_cooldown_seconds);
            check_range("rules", &format!("hulls.{name}.ability_cooldown_seconds"), cooldown, 0.5, 120.0)?;
            let seconds = f64::from(*ability_seconds);
            check_range("rules", &format!("hulls.{name}.ability_seconds"), seconds, 0.0, cooldown)?;
        }
        for (level, cost) in upgrades.cost.iter().enumerate() {
            check_range("rules", &format!("upgrades.cost[{level}]"), (*cost).into(), 0.0, 1_000_000.0)?;
        }
        Ok(())
    }
}

/// What is played, and how densely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mode {
    /// What players call it.
    pub title: String,
    /// What is won by what.
    pub kind: ModeKind,
    /// Whether the join screen offers it, and players may open rooms of it.
    pub is_listed: bool,
    /// Number of teams; 0 without teams.
    pub teams: u8,
    /// Seats in a room.
    pub capacity: u16,
    /// World area per seat, in square units.
    pub area_per_player: f32,
    /// Large asteroids per seat.
    pub asteroids_per_player: f32,
    /// Drones and humans together are kept at this number unless the host says otherwise.
    pub drones: u16,
    /// Width of what a player is told about, in units.
    pub view_width: f32,
    /// Height of what a player is told about, in units.
    pub view_height: f32,
    /// The arenas' names, in the order in which rounds are played: files of `assets/arenas`.
    pub arenas: Vec<String>,
    /// Length of a round, in seconds; 0 for a match without rounds.
    pub round_seconds: u32,
    /// For how long the best are shown after a round, in seconds.
    pub podium_seconds: u32,
    /// Kills with which a player ends the round; 0 if none do.
    pub kills_to_win: u16,
}

/// What is won by what in a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModeKind {
    /// Everybody for himself: the highest score.
    FreeForAll,
    /// Mates cannot hurt each other; the team with the highest sum.
    Teams,
    /// Bouts: whenever a ship is destroyed, all begin again.
    Duel,
}

impl Mode {
    /// Checks every number against its allowed range.
    ///
    /// # Errors
    /// The first value that is out of range.
    pub fn check(&self) -> Result<(), RuleError> {
        let fewest = if self.kind == ModeKind::Teams { 2.0 } else { 0.0 };
        check_range("mode", "teams", self.teams.into(), fewest, 4.0)?;
        check_range("mode", "arenas (their number)", self.arenas.len() as f64, 1.0, ARENAS_LIMIT as f64)?;
        check_range("mode", "capacity", self.capacity.into(), 1.0, 10_000.0)?;
        check_range("mode", "area_per_player", self.area_per_player.into(), 100.0, 40_000.0)?;
        check_range("mode", "asteroids_per_player", self.asteroids_per_player.into(), 0.0, 20.0)?;
        check_range("mode", "drones", self.drones.into(), 0.0, 10_000.0)?;
        check_range("mode", "view_width", self.view_width.into(), 20.0, 400.0)?;
        check_range("mode", "view_height", self.view_height.into(), 20.0, 400.0)?;
        check_range("mode", "round_seconds", self.round_seconds.into(), 0.0, 7200.0)?;
        check_range("mode", "podium_seconds", self.podium_seconds.into(), 1.0, 120.0)
    }
}

/// Where stations, rocks and walls are. Places are shares of the world's half size: −1 is the left or top border, 1 the right
/// or bottom one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arena {
    /// What players call it.
    pub title: String,
    /// Side of the world, as a factor of what the mode's density gives.
    #[serde(default = "usual")]
    pub size: f32,
    /// Number of asteroids, as a factor of the mode's.
    #[serde(default = "usual")]
    pub rocks: f32,
    /// Speed of new asteroids, as a factor.
    #[serde(default = "usual")]
    pub drift: f32,
    /// The stations.
    #[serde(default)]
    pub stations: Vec<Station>,
    /// Where asteroids are; without any, everywhere.
    #[serde(default)]
    pub fields: Vec<Region>,
    /// Where ships appear; without any, everywhere. With teams, every team has those of its turn.
    #[serde(default)]
    pub spawns: Vec<Region>,
    /// Rows of boulders, which never move or break.
    #[serde(default)]
    pub walls: Vec<Wall>,
}

fn usual() -> f32 {
    1.0
}

/// A circle.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Where its middle is.
    pub x: f32,
    /// As `x`.
    pub y: f32,
    /// A share of the world's half size.
    pub radius: f32,
}

/// A straight row of boulders.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wall {
    /// Where it begins: x and y.
    pub from: [f32; 2],
    /// Where it ends.
    pub to: [f32; 2],
}

/// A place that banks and repairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// What players call it.
    pub name: String,
    /// Where it stands, as a share of the world's half size: −1 is the left border, 1 the right.
    pub x: f32,
    /// As `x`: −1 is the top border, 1 the bottom.
    pub y: f32,
    /// Radius of its ring, units.
    pub radius: f32,
}

/// Most arenas of a mode.
pub const ARENAS_LIMIT: usize = 16;
/// Most stations of an arena.
pub const STATIONS_LIMIT: usize = 32;
/// Most fields, most spawn regions and most walls of an arena.
pub const REGIONS_LIMIT: usize = 64;

impl Arena {
    /// Checks every number against its allowed range.
    ///
    /// # Errors
    /// The first value that is out of range.
    pub fn check(&self) -> Result<(), RuleError> {
        let Arena { title: _, size, rocks, drift, stations, fields, spawns, walls } = self;
        for (key, count, limit) in [
            ("stations (their number)", stations.len(), STATIONS_LIMIT),
            ("fields (their number)", fields.len(), REGIONS_LIMIT),
            ("spawns (their number)", spawns.len(), REGIONS_LIMIT),
            ("walls (their number)", walls.len(), REGIONS_LIMIT),
        ] {
            check_range("arena", key, count as f64, 0.0, limit as f64)?;
        }
        check_range("arena", "size", (*size).into(), 0.2, 3.0)?;
        check_range("arena", "rocks", (*rocks).into(), 0.0, 5.0)?;
        check_range("arena", "drift", (*drift).into(), 0.0, 5.0)?;
        for (list, regions) in [("fields", fields), ("spawns", spawns)] {
            for (index, region) in regions.iter().enumerate() {
                let key = |field: &str| format!("{list}[{index}].{field}");
                check_range("arena", &key("x"), region.x.into(), -1.0, 1.0)?;
                check_range("arena", &key("y"), region.y.into(), -1.0, 1.0)?;
                check_range("arena", &key("radius"), region.radius.into(), 0.01, 1.0)?;
            }
        }
        for (index, wall) in walls.iter().enumerate() {
            for (end, [x, y]) in [("from", wall.from), ("to", wall.to)] {
                check_range("arena", &format!("walls[{index}].{end}[0]"), x.into(), -1.0, 1.0)?;
                check_range("arena", &format!("walls[{index}].{end}[1]"), y.into(), -1.0, 1.0)?;
            }
        }
        for (index, station) in self.stations.iter().enumerate() {
            let key = |field: &str| format!("stations[{index}].{field}");
            check_range("arena", &key("x"), station.x.into(), -1.0, 1.0)?;
            check_range("arena", &key("y"), station.y.into(), -1.0, 1.0)?;
            check_range("arena", &key("radius"), station.radius.into(), 1.0, 50.0)?;
        }
        Ok(())
    }
}
