//! A uniform grid over the entities of one tick. Its cells group viewers: each lists what a viewer in it may see.

use glam::IVec2;
use shared::entity::EntityState;
use shared::id::NetId;
use shared::quantize::POSITION_SCALE;
use std::num::NonZeroU64;
use wide::i32x8;

/// Smallest side of a cell in position quanta, as a power of two: 64 units. Smaller cells list fewer entities that a viewer
/// does not see, but each entity in more cells; measured, the sum is least here.
const CELL_BITS: u32 = (64 * POSITION_SCALE as u32).ilog2();
/// Most cells along one axis.
const CELLS_LIMIT: i32 = 256;
/// Entities in one block: as many as a word has bits.
const BLOCK_ENTITIES: usize = 64;
/// Coordinates per SIMD comparison.
const LANES: usize = 8;

/// What viewers may see, by the cell that the middle of their view is in.
///
/// The lists ascend by id because they are filled in that order: nothing is sorted, neither once per tick nor per viewer.
pub struct Grid {
    side: i32,
    cell_bits: u32,
    origin: i32,
    /// The outer half extents of every view, from the next rebuild on.
    pub leave: IVec2,
    cells: Vec<Cell>,
}

/// The list of one cell. Blocks that are not in use keep their memory.
#[derive(Default)]
struct Cell {
    blocks: Vec<Block>,
    count: usize,
}

/// A part of a cell's list, by columns for SIMD.
pub struct Block {
    xs: [i32; BLOCK_ENTITIES],
    ys: [i32; BLOCK_ENTITIES],
    ids: [NetId; BLOCK_ENTITIES],
    /// Into the world's entities.
    indices: [u32; BLOCK_ENTITIES],
    /// A bit for each: whether it has changed since the baseline, and since the far baseline.
    changed: u64,
    far_changed: u64,
}

/// The entities in one view, a bit for each place in the blocks of a cell's list.
#[derive(Default)]
pub struct VisibleSet {
    cell: usize,
    pub bits: Vec<u64>,
}

/// An interval of one axis, compared with several coordinates at once.
struct Interval {
    low: i32x8,
    length: i32x8,
}

impl Interval {
    /// From `low` to `high`, both included.
    fn new(low: i32, high: i32) -> Interval {
        Interval {
            low: i32x8::splat(low.wrapping_add(i32::MIN)),
            length: i32x8::splat(high.wrapping_sub(low).wrapping_add(i32::MIN)),
        }
    }

    /// All bits of each coordinate that lies outside. `(x - low) as u32 > length` tests both bounds at once. SIMD compares are
    /// signed, so both sides are biased by `i32::MIN`.
    fn is_beyond(&self, coordinates: &[i32; LANES]) -> i32x8 {
        (i32x8::new(*coordinates) - self.low).simd_gt(self.length)
    }
}

impl Grid {
    /// A grid over a square world of this half size in units, for views of which nothing beyond `leave` is seen.
    pub fn new(half_size: f32, leave: IVec2) -> Grid {
        let half = (half_size * POSITION_SCALE) as i32;
        let side = |bits: u32| ((2 * half) >> bits) + 1;
        let cell_bits =
            (CELL_BITS..i32::BITS).find(|bits| side(*bits) <= CELLS_LIMIT).unwrap_or(i32::BITS - 1);
        let side = side(cell_bits);
        let cells = (0..side * side).map(|_| Cell::default()).collect();
        Grid { side, cell_bits, origin: -half, leave, cells }
    }

    /// Lists the entities of a tick; `changed` says of an index whether that entity has changed since the baseline, and since
    /// the far baseline.
    pub fn rebuild(&mut self, entities: &[EntityState], changed: impl Fn(usize) -> (bool, bool)) {
        self.cells.iter_mut().for_each(Cell::clear);
        for (index, entity) in entities.iter().enumerate() {
            let (at, changed) = (entity.motion.position_q, changed(index));
            let (low, high) = (at.saturating_sub(self.leave), at.saturating_add(self.leave));
            let (left, right) = (self.row(low.x), self.row(high.x));
            for row in self.row(low.y)..=self.row(high.y) {
                let from = row * self.side;
                let seen_from = &mut self.cells[(from + left) as usize..=(from + right) as usize];
                seen_from.iter_mut().for_each(|cell| cell.push(index as u32, entity, changed));
            }
        }
    }

    /// Finds the entities within these half extents around a place.
    pub fn see(&self, centre: IVec2, half: IVec2, visible: &mut VisibleSet) {
        debug_assert!(half.cmple(self.leave).all(), "no view is larger");
        let (low, high) = (centre.saturating_sub(half), centre.saturating_add(half));
        visible.cell = (self.row(centre.y) * self.side + self.row(centre.x)) as usize;
        visible.bits.clear();
        let cell = &self.cells[visible.cell];
        visible.bits.extend(cell.blocks().iter().enumerate().map(|(number, block)| {
            let left = cell.count - number * BLOCK_ENTITIES;
            block.within(low, high, left.min(BLOCK_ENTITIES))
        }));
    }

    /// The blocks that the bits stand for.
    pub fn blocks(&self, visible: &VisibleSet) -> &[Block] {
        self.cells[visible.cell].blocks()
    }

    /// The row or column of a coordinate; what lies beyond the border counts to the border's cells.
    fn row(&self, quanta: i32) -> i32 {
        (quanta.saturating_sub(self.origin) >> self.cell_bits).clamp(0, self.side - 1)
    }
}

impl Cell {
    fn clear(&mut self) {
        self.count = 0;
    }

    fn blocks(&self) -> &[Block] {
        &self.blocks[..self.count.div_ceil(BLOCK_ENTITIES)]
    }

    fn push(&mut self, index: u32, entity: &EntityState, changed: (bool, bool)) {
        let (block, place) = (self.count / BLOCK_ENTITIES, self.count % BLOCK_ENTITIES);
        self.count += 1;
        if place == 0 {
            self.open_block(block);
        }
        let block = &mut self.blocks[block];
        block.xs[place] = entity.motion.position_q.x;
        block.ys[place] = entity.motion.position_q.y;
        block.ids[place] = entity.id;
        block.indices[place] = index;
        block.changed |= u64::from(changed.0) << place;
        block.far_changed |= u64::from(changed.1) << place;
    }

    #[cold]
    fn open_block(&mut self, block: usize) {
        match self.blocks.get_mut(block) {
            Some(block) => (block.changed, block.far_changed) = (0, 0),
            None => self.blocks.push(Block {
                xs: [0; BLOCK_ENTITIES],
                ys: [0; BLOCK_ENTITIES],
                ids: [NetId(0); BLOCK_ENTITIES],
                indices: [0; BLOCK_ENTITIES],
                changed: 0,
                far_changed: 0,
            }),
        }
    }
}

impl Block {
    /// Which of the first `count` entities lie within these corners, a bit for each.
    fn within(&self, low: IVec2, high: IVec2, count: usize) -> u64 {
        let (x, y) = (Interval::new(low.x, high.x), Interval::new(low.y, high.y));
        let columns = self.xs.as_chunks().0.iter().zip(self.ys.as_chunks().0);
        let outside = columns.enumerate().fold(0, |outside, (part, (xs, ys))| {
            let beyond = x.is_beyond(xs) | y.is_beyond(ys);
            outside | u64::from(beyond.to_bitmask()) << (LANES * part)
        });
        // Places behind the last entity hold values of an earlier tick.
        !outside & (u64::MAX >> (BLOCK_ENTITIES - count))
    }

    /// A bit for each entity that has changed since the baseline.
    pub fn changed(&self) -> u64 {
        self.changed
    }

    /// A bit for each entity that has changed since the far baseline.
    pub fn far_changed(&self) -> u64 {
        self.far_changed
    }

    /// The id of the entity at a place.
    pub fn id(&self, place: usize) -> NetId {
        self.ids[place % BLOCK_ENTITIES]
    }

    /// The index of the entity at a place, into the world's entities.
    pub fn index(&self, place: usize) -> usize {
        self.indices[place % BLOCK_ENTITIES] as usize
    }
}

/// The places of the bits that are set, ascending.
pub struct Bits(pub u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bits = NonZeroU64::new(self.0)?;
        self.0 &= self.0 - 1;
        Some(bits.trailing_zeros() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Interest;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_view_is_what_a_search_through_everything_finds(
            places in prop::collection::vec((-30_000i32..30_000, -30_000i32..30_000), 0..300),
            centre in (-30_000i32..30_000, -30_000i32..30_000),
        ) {
            let entities: Vec<EntityState> = places.iter().enumerate().map(|(index, at)| {
                let mut entity = EntityState { id: NetId(index as u32), ..EntityState::default() };
                entity.motion.position_q = IVec2::from(*at);
                entity
            }).collect();
            let interest = Interest { centre: centre.into(), enter: IVec2::new(9000, 7000), leave: IVec2::new(10_000, 8000) };
            let mut grid = Grid::new(100.0, interest.leave);
            let mut visible = VisibleSet::default();
            for _ in 0..2 {
                grid.rebuild(&entities, |_| (false, false));
                grid.see(interest.centre, interest.leave, &mut visible);
                let blocks = grid.blocks(&visible).iter().zip(&visible.bits);
                let found: Vec<usize> =
                    blocks.flat_map(|(block, bits)| Bits(*bits).map(|place| block.index(place))).collect();
                let expected = (0..entities.len()).filter(|index| interest.keeps(entities[*index].motion.position_q));
                prop_assert_eq!(found, expected.collect::<Vec<usize>>());
            }
        }
    }
}
