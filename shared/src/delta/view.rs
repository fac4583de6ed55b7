//! The viewer's end: what was sent, put together.

use super::{BOLT_SIZE_BIT, CARGO, FLAGS, FULL, HEADING, HEALTH, OFFSET, SCORE, VELOCITY, turned};
use crate::angle::Angle;
use crate::entity::{BOULDER, EntityState, Kind, MINE, ShipFlags};
use crate::id::{NetId, PlayerId, Tick};
use crate::levels::Levels;
use crate::spent::{ByteCounter, Spent};
use crate::text::Name;
use crate::varint::{self, Malformed, take, take_byte, take_signed, take_slice};
use glam::IVec2;

/// Most entities that a viewer holds; a payload that goes beyond is malformed.
pub const VIEW_LIMIT_ENTITIES: usize = 16_384;

/// Why a payload cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeltaError {
    /// The bytes do not follow the format.
    #[error("malformed entity records: {0}")]
    Malformed(#[from] Malformed),
    /// A delta for an entity that the viewer does not hold.
    #[error("a delta for entity {0}, which is not in view")]
    Unknown(u32),
    /// More entities than a viewer holds.
    #[error("more than {VIEW_LIMIT_ENTITIES} entities in view")]
    TooMany,
    /// A snapshot older than the one held.
    #[error("snapshot of tick {got} after tick {held}")]
    Backwards {
        /// The tick held.
        held: u32,
        /// The tick given.
        got: u32,
    },
}

/// What one payload changed in a view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Entities that came into view.
    pub appeared: Vec<NetId>,
    /// The last state of entities that left the view.
    pub removed: Vec<EntityState>,
    /// Names of players whose ships came into view.
    pub names: Vec<(PlayerId, Name)>,
    /// Whether a rock or ore came, left, or is not what it was and where drifting takes it.
    pub obstacles_changed: bool,
    /// What the payload's bytes were spent on.
    pub spent: Spent,
}

/// Everything that one viewer holds: the other end of the deltas.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    tick: Tick,
    tick_seconds: f32,
    entities: Vec<EntityState>,
}

impl View {
    /// An empty view of a world with ticks of this length.
    pub fn new(tick_seconds: f32) -> View {
        View { tick: Tick(0), tick_seconds, entities: Vec::new() }
    }

    /// The tick of the newest snapshot applied.
    pub fn tick(&self) -> Tick {
        self.tick
    }

    /// Every entity held, ascending by id, as of [`View::tick`].
    pub fn entities(&self) -> &[EntityState] {
        &self.entities
    }

    /// The entity of an id, if held.
    pub fn entity(&self, id: NetId) -> Option<&EntityState> {
        self.entities.binary_search_by_key(&id, |entity| entity.id).ok().map(|index| &self.entities[index])
    }

    /// Takes the view to `tick`: everything drifts on by the motion rule, then the payload's differences are applied.
    /// With `fresh`, everything held is forgotten first.
    ///
    /// # Errors
    /// [`DeltaError`] if the payload makes no sense; the view is then unusable and the connection should be closed.
    pub fn apply(&mut self, tick: Tick, fresh: bool, payload: &[u8]) -> Result<Changes, DeltaError> {
        let mut changes = Changes::default();
        if fresh {
            changes.removed = std::mem::take(&mut self.entities);
            changes.obstacles_changed = true;
        } else if tick < self.tick {
            return Err(DeltaError::Backwards { held: self.tick.0, got: tick.0 });
        }
        let ticks = tick.since(self.tick);
        self.tick = tick;
        for entity in &mut self.entities {
            entity.motion = entity.motion.drifted(ticks, self.tick_seconds);
        }
        let mut bytes = payload;
        self.take_removed(&mut bytes, &mut changes)?;
        changes.spent.gone = (payload.len() - bytes.len()) as u32;
        self.take_records(&mut bytes, &mut changes)?;
        Ok(changes)
    }

    fn take_removed(&mut self, bytes: &mut &[u8], changes: &mut Changes) -> Result<(), DeltaError> {
        let count = take(bytes)?;
        if count == 0 {
            return Ok(());
        }
        let mut ids = Vec::new();
        let mut id = 0u32;
        for _ in 0..count {
            id = take_id_after(id, bytes)?;
            ids.push(NetId(id));
        }
        let removed = &mut changes.removed;
        self.entities.retain(|entity| {
            let gone = ids.binary_search(&entity.id).is_ok();
            if gone {
                removed.push(*entity);
            }
            !gone
        });
        changes.obstacles_changed |= removed.iter().any(|entity| entity.kind.is_drifting());
        Ok(())
    }

    fn take_records(&mut self, bytes: &mut &[u8], changes: &mut Changes) -> Result<(), DeltaError> {
        let mut id = 0u32;
        // Records ascend, so the search for the next one starts where the last one was found.
        let mut from = 0;
        let mut counter = ByteCounter::new(bytes);
        while !bytes.is_empty() {
            id = take_id_after(id, bytes)?;
            let header = take_byte(bytes)?;
            counter.spend(bytes, &mut changes.spent.ids);
            let index = from + self.entities[from..].iter().take_while(|entity| entity.id.0 < id).count();
            let known = self.entities.get(index).is_some_and(|entity| entity.id.0 == id);
            if header & FULL != 0 {
                let (entity, name) = read_full(NetId(id), header, bytes)?;
                counter.spend(bytes, &mut changes.spent.appeared);
                if let Some(name) = name {
                    changes.names.push((entity.owner, name));
                }
                changes.obstacles_changed |= entity.kind.is_drifting();
                if known {
                    self.entities[index] = entity;
                } else {
                    if self.entities.len() >= VIEW_LIMIT_ENTITIES {
                        return Err(DeltaError::TooMany);
                    }
                    self.entities.insert(index, entity);
                    changes.appeared.push(NetId(id));
                }
            } else if known {
                let (entity, spent) = (&mut self.entities[index], &mut changes.spent);
                changes.obstacles_changed |= entity.kind.is_drifting();
                read_delta(entity, header, self.tick_seconds, bytes, &mut counter, spent)?;
            } else {
                return Err(DeltaError::Unknown(id));
            }
            from = index + 1;
        }
        Ok(())
    }
}

/// An id that does not ascend would leave the view without its order.
fn take_id_after(last: u32, bytes: &mut &[u8]) -> Result<u32, Malformed> {
    match take(bytes)? {
        0 => Err(Malformed),
        gap => last.checked_add(gap).ok_or(Malformed),
    }
}

fn read_full(id: NetId, header: u8, bytes: &mut &[u8]) -> Result<(EntityState, Option<Name>), DeltaError> {
    let kind = *Kind::ALL.get(usize::from(header & !FULL)).ok_or(Malformed)?;
    let mut entity = EntityState { id, kind, ..EntityState::default() };
    entity.motion.position_q = take_vector(bytes)?;
    entity.motion.velocity_q = take_vector(bytes)?;
    let mut name = None;
    match kind {
        Kind::Ship => {
            entity.heading = Angle::from_step(take_u16(bytes)?);
            entity.health = take_u16(bytes)?;
            entity.flags = ShipFlags(take_byte(bytes)?);
            entity.team = take_byte(bytes)?;
            entity.hold = take_u16(bytes)?;
            entity.levels = Levels(take_u16(bytes)?);
            entity.score = take(bytes)?;
            entity.owner = PlayerId(take(bytes)?);
            let length = usize::from(take_byte(bytes)?);
            let text = std::str::from_utf8(take_slice(bytes, length)?).map_err(|_| Malformed)?;
            name = Some(Name::from_input(text));
        }
        Kind::Asteroid => {
            entity.size = take_byte(bytes)?;
            if entity.size > BOULDER {
                return Err(Malformed.into());
            }
            entity.health = take_u16(bytes)?;
        }
        Kind::Ore => {}
        Kind::Bolt => {
            let byte = take_byte(bytes)?;
            entity.size = byte >> BOLT_SIZE_BIT;
            entity.team = byte & !(MINE << BOLT_SIZE_BIT);
            entity.owner = PlayerId(take(bytes)?);
        }
    }
    Ok((entity, name))
}

/// Changes an entity that already drifted to the snapshot's tick.
fn read_delta(
    entity: &mut EntityState,
    mask: u8,
    tick_seconds: f32,
    bytes: &mut &[u8],
    counter: &mut ByteCounter,
    spent: &mut Spent,
) -> Result<(), DeltaError> {
    if mask & VELOCITY != 0 {
        let velocity = entity.motion.velocity_q.wrapping_add(take_vector(bytes)?);
        entity.motion.position_q =
            turned(entity.motion.position_q, entity.motion.velocity_q, velocity, tick_seconds);
        entity.motion.velocity_q = velocity;
    }
    if mask & OFFSET != 0 {
        entity.motion.position_q = entity.motion.position_q.wrapping_add(take_vector(bytes)?);
    }
    counter.spend(bytes, &mut spent.motion);
    if mask & HEADING != 0 {
        let steps = i16::try_from(take_signed(bytes)?).map_err(|_| Malformed)?;
        entity.heading = entity.heading.turned(steps);
    }
    counter.spend(bytes, &mut spent.heading);
    if mask & HEALTH != 0 {
        entity.health = take_u16(bytes)?;
    }
    if mask & FLAGS != 0 {
        entity.flags = ShipFlags(take_byte(bytes)?);
    }
    if mask & CARGO != 0 {
        entity.hold = take_u16(bytes)?;
        entity.levels = Levels(take_u16(bytes)?);
    }
    if mask & SCORE != 0 {
        entity.score = take(bytes)?;
    }
    counter.spend(bytes, &mut spent.state);
    Ok(())
}

fn take_vector(bytes: &mut &[u8]) -> Result<IVec2, Malformed> {
    Ok(IVec2::new(take_signed(bytes)?, take_signed(bytes)?))
}

fn take_u16(bytes: &mut &[u8]) -> Result<u16, Malformed> {
    u16::try_from(varint::take(bytes)?).map_err(|_| Malformed)
}
