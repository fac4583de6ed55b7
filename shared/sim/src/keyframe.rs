//! The whole world as a keyframe, and back. Keyframes come from files, so everything in them is checked.

use bevy_ecs::prelude::World;
use shared::command::FIRST_DRONE;
use shared::entity::{BOULDER, EntityState, Kind, MINE, ShipFlags};
use shared::id::{NetId, PlayerId, Tick};
use shared::keyframe::{BoltKey, Keyframe, OreKey, PlayerKey, ShipKey, TrailKey};
use shared::levels::{HullKind, Levels, Upgrade};
use shared::movement::ShipMotion;
use shared::quantize;
use shared::round::{CANDIDATES_LIMIT, Round, RoundPhase};
use shared::rules::{RuleError, UPGRADE_LEVELS};
use std::iter::Peekable;

use crate::asteroids::RocksDue;
use crate::commands::DRONES_LIMIT;
use crate::components::{Bolt, Cargo, Crew, Drift, Flight, Hull, Ore, PastHit, Rock, Trail};
use crate::entity_index::{EntityIndex, Entry, ORE_LIMIT, unharmed};
use crate::players::{Player, Players, is_drone_id};
use crate::rounds::CurrentRound;
use crate::rules::WorldRules;
use crate::stations::Prices;
use crate::view::{Hidden, WorldView};

/// Why a world cannot be restored from a keyframe.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum KeyframeError {
    /// The setup itself is out of range.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// More of something than a world can hold.
    #[error("the keyframe has {count} {what}, at most {limit}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Ids that do not ascend, or were never given out.
    #[error("{what} {id} is out of order")]
    Order {
        /// Of what.
        what: &'static str,
        /// The id.
        id: u32,
    },
    /// Something refers to what is not there, or is missing.
    #[error("{what} {id} does not match the rest of the keyframe")]
    Mismatch {
        /// What refers.
        what: &'static str,
        /// Its id.
        id: u32,
    },
    /// A value that the rules do not allow.
    #[error("{what} of {id} is {value}, at most {limit}")]
    Value {
        /// Of what.
        what: &'static str,
        /// Whose.
        id: u32,
        /// The value.
        value: i64,
        /// The largest allowed value.
        limit: i64,
    },
}

/// Makes a keyframe of the world.
pub fn take(tick: Tick, view: &WorldView<'_>, round: Round, prices: &Prices, due: &RocksDue) -> Keyframe {
    let mut key = Keyframe {
        tick,
        next_net_id: view.next_net_id(),
        next_drone: view.players.next_drone,
        drones_wanted: view.players.wanted,
        entities: Vec::with_capacity(view.entities.len()),
        players: view.players.all().iter().map(|player| player.state.clone()).collect(),
        prices: prices.0.clone(),
        round,
        asteroids_due: due.0.iter().copied().collect(),
        ..Keyframe::default()
    };
    for (entity, hidden) in view.entities {
        key.entities.push(*entity);
        match *hidden {
            Hidden::Ship(ship) => {
                key.ships.push(ship);
                key.trails.extend(view.trail(ship.id).map(|trail| trail.key(ship.id)));
            }
            Hidden::Asteroid => {}
            Hidden::Ore(ore) => key.ores.push(ore),
            Hidden::Bolt(bolt) => key.bolts.push(bolt),
        }
    }
    key
}

/// Fills an empty world from a keyframe.
pub fn restore(world: &mut World, rules: &WorldRules, key: &Keyframe) -> Result<(), KeyframeError> {
    let check = Check { rules, key };
    check.arena()?;
    check.counts()?;
    check.prices()?;
    check.belt()?;
    check.round()?;
    let players = check.players()?;
    let mut entities = EntityIndex::new(key.next_net_id);
    let mut ships = key.ships.iter().peekable();
    let mut trails = key.trails.iter().peekable();
    let mut bolts = key.bolts.iter().peekable();
    let mut ores = key.ores.iter().peekable();
    let mut last = NetId(0);
    for state in &key.entities {
        if state.id <= last || state.id.0 >= key.next_net_id {
            return Err(KeyframeError::Order { what: "entity", id: state.id.0 });
        }
        last = state.id;
        check.motion(state)?;
        let entity = match state.kind {
            Kind::Ship => {
                let hidden = matching(&mut ships, state.id, |ship: &ShipKey| ship.id, "ship")?;
                let player = players.get(state.owner).filter(|player| player.state.ship == Some(state.id));
                let player = player.ok_or(KeyframeError::Mismatch { what: "ship", id: state.id.0 })?;
                check.ship(state, hidden, &player.state)?;
                let trail = matching(&mut trails, state.id, |trail: &TrailKey| trail.id, "trail")?;
                check.trail(trail)?;
                world.spawn(ship_parts(state, hidden, trail, &player.state)).id()
            }
            Kind::Asteroid => {
                within("health", state.id.0, state.health, rules.rock_health_q(state.size))?;
                let rock = Rock { size: state.size, health: state.health.max(1) };
                world.spawn((Drift(state.motion), rock)).id()
            }
            Kind::Ore => {
                let hidden = matching(&mut ores, state.id, |ore: &OreKey| ore.id, "ore")?;
                let limit = rules.setup.ticks(rules.ore.lifetime_seconds);
                within("time left", state.id.0, hidden.ticks_left, limit)?;
                world.spawn((Drift(state.motion), Ore { ticks_left: hidden.ticks_left })).id()
            }
            Kind::Bolt => {
                let BoltKey { ticks_left, damage, .. } =
                    *matching(&mut bolts, state.id, |bolt: &BoltKey| bolt.id, "bolt")?;
                within("team", state.id.0, state.team, rules.setup.mode.teams)?;
                within("size", state.id.0, state.size, MINE)?;
                let (owner, team, size) = (state.owner, state.team, state.size);
                let bolt = Bolt { owner, team, ticks_left, damage, size };
                world.spawn((Drift(state.motion), bolt)).id()
            }
        };
        entities.enter(Entry { id: state.id, kind: state.kind, entity });
    }
    let surplus = [
        ("ship", ships.next().map(|ship| ship.id)),
        ("trail", trails.next().map(|trail| trail.id)),
        ("bolt", bolts.next().map(|bolt| bolt.id)),
        ("ore", ores.next().map(|ore| ore.id)),
    ];
    for (what, id) in surplus {
        if let Some(id) = id {
            return Err(KeyframeError::Mismatch { what, id: id.0 });
        }
    }
    check.berths(&players, &entities)?;
    world.insert_resource(entities);
    world.insert_resource(players);
    world.insert_resource(Prices(key.prices.clone()));
    world.insert_resource(CurrentRound(key.round));
    world.insert_resource(RocksDue(key.asteroids_due.iter().copied().collect()));
    Ok(())
}

fn ship_parts(
    state: &EntityState,
    hidden: &ShipKey,
    trail: &TrailKey,
    player: &PlayerKey,
) -> (Flight, Hull, Cargo, Crew, Trail) {
    let motion = ShipMotion {
        motion: state.motion,
        heading: state.heading,
        energy: hidden.energy,
        cooldown: hidden.cooldown,
        ability: hidden.ability,
    };
    let kept = ShipFlags::THRUST | ShipFlags::BOOST | ShipFlags::FIRING | ShipFlags::ABILITY;
    let shown = state.flags.0 & kept;
    (
        Flight { state: motion, shown, from: state.motion.position() },
        Hull {
            last_hit: PastHit { by: hidden.hit_by, until: hidden.hit_until },
            hit_before: PastHit { by: hidden.hit_before_by, until: hidden.hit_before_until },
            ..unharmed(state.health, hidden.protection_ticks)
        },
        Cargo { hold: state.hold, bank_progress: hidden.bank_progress, haul: hidden.haul },
        Crew { player: player.player, team: player.team, calm_until: player.calm_until },
        Trail::restored(trail, state.motion.position_q),
    )
}

/// The next of the hidden parts, which must belong to this entity.
fn matching<'a, T>(
    hidden: &mut Peekable<impl Iterator<Item = &'a T>>,
    id: NetId,
    id_of: impl Fn(&T) -> NetId,
    what: &'static str,
) -> Result<&'a T, KeyframeError> {
    hidden.next_if(|part| id_of(part) == id).ok_or(KeyframeError::Mismatch { what, id: id.0 })
}

fn within<T: Into<i64> + Copy>(what: &'static str, id: u32, value: T, limit: T) -> Result<(), KeyframeError> {
    let (value, limit) = (value.into(), limit.into());
    if value <= limit { Ok(()) } else { Err(KeyframeError::Value { what, id, value, limit }) }
}

fn at_most(what: &'static str, count: usize, limit: usize) -> Result<(), KeyframeError> {
    if count <= limit { Ok(()) } else { Err(KeyframeError::TooMany { what, count, limit }) }
}

/// A keyframe under examination.
struct Check<'a> {
    rules: &'a WorldRules,
    key: &'a Keyframe,
}

impl Check<'_> {
    /// The arena of the round is one of the setup's.
    fn arena(&self) -> Result<(), KeyframeError> {
        let last = (self.rules.setup.arenas.len() - 1) as u8;
        within("arena", self.key.round.number, self.key.round.arena, last)
    }

    /// Bounds the work of a step by what the setup allows.
    fn counts(&self) -> Result<(), KeyframeError> {
        let key = self.key;
        let seats = usize::from(self.rules.setup.mode.capacity) + usize::from(DRONES_LIMIT);
        let of = |kind| key.entities.iter().filter(|entity| entity.kind == kind).count();
        at_most("players", key.players.len(), seats)?;
        at_most("ores", of(Kind::Ore), ORE_LIMIT)?;
        within("wanted number of drones", 0, key.drones_wanted, DRONES_LIMIT)?;
        let cooldown = u32::from(self.rules.handling(Levels::default(), 0).cooldown_ticks);
        let flying = self.rules.setup.ticks(self.rules.bolt.lifetime_seconds) / cooldown + 2;
        let scout = self.rules.hull(HullKind::Scout);
        let flying = flying
            + self.rules.setup.ticks(self.rules.ability.mine_lifetime_seconds)
                / self.rules.setup.ticks(scout.ability_cooldown_seconds)
            + 2;
        at_most("bolts", of(Kind::Bolt), seats * flying as usize)
    }

    fn prices(&self) -> Result<(), KeyframeError> {
        let (prices, rest) = (&self.key.prices, self.rules.price_at_rest());
        at_most("prices", prices.len(), self.rules.stations.len())?;
        if prices.len() < self.rules.stations.len() {
            return Err(KeyframeError::Mismatch { what: "price", id: prices.len() as u32 });
        }
        for (station, price) in prices.iter().enumerate() {
            within("price", station as u32, *price, rest)?;
            within("lowest price", station as u32, self.rules.price_floor(), *price)?;
        }
        Ok(())
    }

    /// With what is due, the belt holds no more rock than at the start; nothing is due later than if scheduled now.
    fn belt(&self) -> Result<(), KeyframeError> {
        let (rules, key) = (self.rules, self.key);
        let rocks = key.entities.iter().filter(|entity| entity.kind == Kind::Asteroid);
        let mut boulders = 0;
        let mut weight = key.asteroids_due.len() * rules.weight(2) as usize;
        for rock in rocks {
            within("size", rock.id.0, rock.size, BOULDER)?;
            boulders += usize::from(rock.size == BOULDER);
            weight += rules.weight(rock.size) as usize;
        }
        at_most("rocks' worth of asteroids", weight, rules.belt_weight as usize)?;
        at_most("boulders", boulders, rules.walls.boulders().count())?;
        let due = &key.asteroids_due;
        if let Some(pair) = due.windows(2).find(|pair| pair[0] > pair[1]) {
            return Err(KeyframeError::Order { what: "asteroid due", id: pair[1].0 });
        }
        let latest = key.tick.plus(rules.setup.ticks(rules.asteroid.respawn_seconds));
        due.last().map_or(Ok(()), |last| within("tick of the last asteroid due", 0, last.0, latest.0))
    }

    /// A phase ends no later than if it began now.
    fn round(&self) -> Result<(), KeyframeError> {
        let (setup, key) = (&self.rules.setup, self.key);
        let seconds = match key.round.phase {
            RoundPhase::Running => setup.mode.round_seconds,
            RoundPhase::Podium => setup.mode.podium_seconds,
        };
        if key.round.ends.is_some() != (setup.mode.round_seconds > 0) {
            return Err(KeyframeError::Mismatch { what: "round", id: key.round.number });
        }
        let latest = key.tick.plus(setup.ticks(seconds as f32));
        within("end", key.round.number, key.round.ends.map_or(0, |ends| ends.0), latest.0)
    }

    fn players(&self) -> Result<Players, KeyframeError> {
        let key = self.key;
        if key.next_drone < FIRST_DRONE {
            return Err(KeyframeError::Order { what: "next drone", id: key.next_drone });
        }
        let mut last = PlayerId::NOBODY;
        for player in &key.players {
            let PlayerKey { player: id, team, calm_until, respawn_ticks, levels, drone, .. } = player;
            let unknown = is_drone_id(*id) && id.0 >= key.next_drone;
            if *id <= last || unknown {
                return Err(KeyframeError::Order { what: "player", id: id.0 });
            }
            last = *id;
            let teams = self.rules.setup.mode.teams;
            within("team", id.0, *team, teams)?;
            if is_drone_id(*id) != drone.is_some() || (*team == 0) != (teams == 0) {
                return Err(KeyframeError::Mismatch { what: "player", id: id.0 });
            }
            let rest = self.rules.setup.ticks(self.rules.ship.respawn_seconds);
            let calm = key.tick.plus(self.rules.calm_ticks());
            within("last calm tick", id.0, calm_until.0, calm.0)?;
            within("ticks to the respawn", id.0, u32::from(*respawn_ticks), rest)?;
            if !levels.is_known() {
                return Err(KeyframeError::Mismatch { what: "hull of player", id: id.0 });
            }
            let known = Upgrade::ALL.iter().map(|upgrade| u16::from(levels.of(*upgrade)));
            for level in known {
                within("upgrade level", id.0, level, UPGRADE_LEVELS as u16)?;
            }
            within("lag of the view", id.0, player.controls.lag.0, self.rules.rewind_limit.0)?;
            let error = drone.map_or(0, |drone| drone.aim_error);
            within("error of aim", id.0, i64::from(error).abs(), 512)?;
            within("vote", id.0, player.vote, CANDIDATES_LIMIT as u8)?;
        }
        let list = key.players.iter().cloned().map(Player::restored).collect();
        Ok(Players::new(list, key.next_drone, key.drones_wanted))
    }

    fn motion(&self, state: &EntityState) -> Result<(), KeyframeError> {
        let border = quantize::position(glam::Vec2::splat(self.rules.half_size)).x;
        let fastest = quantize::velocity(glam::Vec2::splat(quantize::SPEED_LIMIT)).x;
        let motion = &state.motion;
        for (what, value, limit) in [
            ("place", motion.position_q.x, border),
            ("place", motion.position_q.y, border),
            ("speed", motion.velocity_q.x, fastest),
            ("speed", motion.velocity_q.y, fastest),
        ] {
            within(what, state.id.0, i64::from(value).abs(), i64::from(limit))?;
        }
        Ok(())
    }

    fn ship(&self, state: &EntityState, hidden: &ShipKey, player: &PlayerKey) -> Result<(), KeyframeError> {
        let (rules, id) = (self.rules, state.id.0);
        if state.health == 0 {
            return Err(KeyframeError::Mismatch { what: "ship without health", id });
        }
        within("health", id, state.health, rules.ship_health_q(player.levels))?;
        within("hold", id, state.hold, rules.hold_capacity(player.levels))?;
        within("energy", id, hidden.energy, quantize::energy(rules.ship.energy))?;
        let ability = rules.handling(player.levels, 0).ability_cooldown_ticks;
        within("ticks to the ability", id, hidden.ability, ability)?;
        within("bank progress", id, hidden.bank_progress, 999)
    }

    fn trail(&self, trail: &TrailKey) -> Result<(), KeyframeError> {
        at_most(
            "ticks of a trail",
            trail.displacements.len(),
            usize::from(self.rules.rewind_limit.whole_ticks()),
        )?;
        let farthest = quantize::position(glam::Vec2::splat(self.rules.half_size * 2.0)).x;
        for moved in trail.displacements.iter().flat_map(|moved| [moved.0, moved.1]) {
            within("displacement of a tick", trail.id.0, i64::from(moved).abs(), i64::from(farthest))?;
        }
        Ok(())
    }

    /// Every ship that a player claims must exist. (The reverse has been checked.)
    fn berths(&self, players: &Players, entities: &EntityIndex) -> Result<(), KeyframeError> {
        for player in players.all() {
            let Some(ship) = player.state.ship else { continue };
            let entry = entities.find(ship).filter(|entry| entry.kind == Kind::Ship);
            let entity = entry.and_then(|_| self.key.entities.iter().find(|entity| entity.id == ship));
            if entity.is_none_or(|entity| entity.owner != player.state.player) {
                return Err(KeyframeError::Mismatch { what: "ship of player", id: player.state.player.0 });
            }
        }
        Ok(())
    }
}
