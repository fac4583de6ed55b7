//! The hash of the whole state: everything that a keyframe holds, in its order, without making one. The trails of ships
//! are left out: each of their places was hashed in its own tick.

use shared::entity::EntityState;
use shared::hash::StateHasher;
use shared::id::{PlayerId, Tick};
use shared::input::Controls;
use shared::keyframe::{BoltKey, DroneKey, OreKey, PlayerKey, ShipKey};
use shared::movement::Motion;
use shared::round::Round;

use crate::asteroids::RocksDue;
use crate::players::{Player, Players};
use crate::stations::Prices;
use crate::view::{Hidden, WorldView};

/// Largest record, in bytes.
const RECORD_LIMIT_BYTES: usize = 96;
/// Bytes that are hashed in one piece: a call for every record would cost more than the hashing.
const BLOCK_BYTES: usize = 4096;

/// Records of fixed-width numbers, one behind the other.
struct Block {
    bytes: [u8; BLOCK_BYTES],
    length: usize,
    hasher: StateHasher,
}

/// One record.
struct Record {
    bytes: [u8; RECORD_LIMIT_BYTES],
    length: usize,
}

impl Block {
    fn new() -> Block {
        Block { bytes: [0; BLOCK_BYTES], length: 0, hasher: StateHasher::default() }
    }

    #[inline]
    fn record(&mut self, put: impl FnOnce(&mut Record)) {
        let mut record = Record { bytes: [0; RECORD_LIMIT_BYTES], length: 0 };
        put(&mut record);
        if self.length > BLOCK_BYTES - RECORD_LIMIT_BYTES {
            self.flush();
        }
        // The whole record: a copy of a fixed size is faster, and the next record overwrites the rest.
        self.bytes[self.length..self.length + RECORD_LIMIT_BYTES].copy_from_slice(&record.bytes);
        self.length += record.length;
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(BLOCK_BYTES) {
            if self.length + piece.len() > BLOCK_BYTES {
                self.flush();
            }
            self.bytes[self.length..self.length + piece.len()].copy_from_slice(piece);
            self.length += piece.len();
        }
    }

    fn flush(&mut self) {
        self.hasher.bytes(&self.bytes[..self.length]);
        self.length = 0;
    }
}

impl Record {
    #[inline]
    fn word(&mut self, value: u32) -> &mut Record {
        self.bytes[self.length..self.length + 4].copy_from_slice(&value.to_le_bytes());
        self.length += 4;
        self
    }

    #[inline]
    fn pair(&mut self, low: u16, high: u16) -> &mut Record {
        self.word(u32::from(low) | u32::from(high) << 16)
    }
}

pub fn state_hash(tick: Tick, view: &WorldView<'_>, round: Round, prices: &Prices, due: &RocksDue) -> u64 {
    let mut block = Block::new();
    let Players { list: players, humans: _, next_drone, wanted } = view.players;
    block.record(|record| {
        record.word(tick.0).word(view.next_net_id()).word(*next_drone).word(u32::from(*wanted));
        record.word(view.entities.len() as u32).word(players.len() as u32);
        record.word(prices.0.len() as u32).word(due.0.len() as u32);
        let Round { number, phase, ends, arena } = round;
        record
            .word(number)
            .pair(phase as u16, u16::from(ends.is_some()) | u16::from(arena) << 1)
            .word(ends.unwrap_or_default().0);
    });
    for (entity, hidden) in view.entities {
        block.record(|record| {
            put_entity(entity, record);
            put_hidden(hidden, record);
        });
    }
    // Nothing else of a player is part of the state.
    for Player { state, held: _ } in players {
        block.record(|record| put_player(state, record));
        block.bytes(state.name.as_str().as_bytes());
    }
    block.flush();
    let mut hasher = block.hasher;
    prices.0.iter().for_each(|price| hasher.word(*price));
    due.0.iter().for_each(|tick| hasher.word(tick.0));
    hasher.finish()
}

#[inline]
fn put_entity(entity: &EntityState, record: &mut Record) {
    let EntityState { id, kind, size, team, flags, motion, heading, health, hold, levels, score, owner } =
        *entity;
    record.word(id.0).word(u32::from_le_bytes([kind as u8, size, team, flags.0]));
    let Motion { position_q, velocity_q } = motion;
    record.word(position_q.x as u32).word(position_q.y as u32);
    record.word(velocity_q.x as u32).word(velocity_q.y as u32);
    record.pair(heading.step(), health).pair(hold, levels.0).word(score).word(owner.0);
}

#[inline]
fn put_hidden(hidden: &Hidden, record: &mut Record) {
    match *hidden {
        Hidden::Ship(ShipKey {
            id: _,
            energy,
            cooldown,
            ability,
            protection_ticks,
            bank_progress,
            haul,
            hit_by,
            hit_until,
            hit_before_by,
            hit_before_until,
        }) => {
            record.pair(energy, u16::from(cooldown)).pair(protection_ticks, bank_progress).word(haul);
            record.word(ability.into());
            if hit_by != PlayerId::NOBODY {
                record.word(hit_by.0).word(hit_until.0).word(hit_before_by.0).word(hit_before_until.0);
            }
        }
        Hidden::Asteroid => {}
        Hidden::Ore(OreKey { id: _, ticks_left }) => {
            record.word(ticks_left);
        }
        Hidden::Bolt(BoltKey { id: _, ticks_left, damage }) => {
            record.pair(ticks_left, damage);
        }
    }
}

fn put_player(state: &PlayerKey, record: &mut Record) {
    let PlayerKey {
        player,
        ref name,
        team,
        calm_until,
        away,
        ship,
        respawn_ticks,
        controls: Controls { buttons, aim, lag },
        score,
        purse,
        streak,
        kills,
        deaths,
        levels,
        best_haul,
        escape,
        vote,
        drone,
    } = *state;
    let flags = u16::from(away) | u16::from(drone.is_some()) << 1 | u16::from(vote) << 2;
    record.word(player.0).pair(u16::from(team), flags).word(calm_until.0);
    record.word(ship.map_or(0, |ship| ship.0)).pair(respawn_ticks, levels.0).pair(buttons.0, aim.step());
    record.word(score).word(purse).pair(streak, kills).pair(deaths, lag.0).word(name.as_str().len() as u32);
    if (best_haul, escape) != (0, 0) {
        record.word(best_haul).word(escape.into());
    }
    if let Some(DroneKey { think_ticks, goal, target, course, aim_error }) = drone {
        record.pair(think_ticks, goal as u16).word(target.map_or(0, |target| target.0));
        record.pair(course.step(), aim_error as u16);
    }
}
