//! A uniform grid over the entities of one tick, rebuilt by counting sort.

use super::Interest;
use glam::IVec2;
use shared::entity::EntityState;
use shared::quantize::POSITION_SCALE;

/// Side of a cell in position quanta: 16 units.
const CELL_QUANTA: i32 = 16 * POSITION_SCALE as i32;

/// Entities by cell, row by row, so that a view is one run of entities per row of cells.
pub struct Grid {
    side: i32,
    origin: i32,
    /// Where each cell's run begins in `order`; one more than there are cells.
    starts: Vec<u32>,
    /// Entities in cell order: index into the world's entities, and position.
    order: Vec<(u32, IVec2)>,
    cells: Vec<u32>,
}

/// A set of entity indices that is read in ascending order: one bit each, which for the few dozen entities of a view is
/// much cheaper than sorting them.
#[derive(Default)]
pub struct Visible {
    words: Vec<u64>,
}

impl Visible {
    fn reset(&mut self, entities: usize) {
        debug_assert!(self.words.iter().all(|word| *word == 0), "drained before it is filled again");
        self.words.resize(entities.div_ceil(64), 0);
    }

    /// Puts an index in, or leaves the set as it is: what a branch would decide is hard to foresee.
    #[inline]
    fn insert_if(&mut self, inside: bool, index: u32) {
        self.words[index as usize / 64] |= u64::from(inside) << (index % 64);
    }

    /// Empties the set, in ascending order.
    #[inline]
    pub fn drain(&mut self, mut each: impl FnMut(usize)) {
        for (place, word) in self.words.iter_mut().enumerate() {
            let mut left = std::mem::take(word);
            while left != 0 {
                each(place * 64 + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }
}

impl Grid {
    /// A grid over a square world of this half size in units.
    pub fn new(half_size: f32) -> Grid {
        let half = (half_size * POSITION_SCALE) as i32;
        let side = (2 * half / CELL_QUANTA + 1).max(1);
        Grid { side, origin: -half, starts: Vec::new(), order: Vec::new(), cells: Vec::new() }
    }

    /// Sorts the entities of a tick into cells.
    pub fn rebuild(&mut self, entities: &[EntityState]) {
        self.cells.clear();
        self.starts.clear();
        self.starts.resize((self.side * self.side) as usize + 1, 0);
        for entity in entities {
            let cell = (self.row(entity.motion.at.y) * self.side + self.row(entity.motion.at.x)) as u32;
            self.cells.push(cell);
            self.starts[cell as usize + 1] += 1;
        }
        for cell in 1..self.starts.len() {
            self.starts[cell] += self.starts[cell - 1];
        }
        self.order.clear();
        self.order.resize(entities.len(), (0, IVec2::ZERO));
        // Filling back to front turns each cell's end into its start and keeps ids ascending within it.
        for (index, entity) in entities.iter().enumerate().rev() {
            let end = &mut self.starts[self.cells[index] as usize + 1];
            *end -= 1;
            self.order[*end as usize] = (index as u32, entity.motion.at);
        }
        self.starts.rotate_left(1);
        let last = self.starts.len() - 1;
        self.starts[last] = entities.len() as u32;
    }

    /// The entities within the interest's outer bounds.
    pub fn visible(&self, interest: &Interest, out: &mut Visible) {
        out.reset(self.order.len());
        let (low, high) = (interest.centre - interest.leave, interest.centre + interest.leave);
        let span = interest.leave * 2;
        let (left, right) = (self.row(low.x), self.row(high.x));
        for row in self.row(low.y)..=self.row(high.y) {
            let from = self.starts[(row * self.side + left) as usize] as usize;
            let to = self.starts[(row * self.side + right) as usize + 1] as usize;
            for (index, at) in &self.order[from..to] {
                // As `interest.keeps`, with one comparison for each axis.
                let offset = at.wrapping_sub(low);
                out.insert_if(
                    (offset.x as u32 <= span.x as u32) & (offset.y as u32 <= span.y as u32),
                    *index,
                );
            }
        }
    }

    /// The row or column of a coordinate; what lies beyond the border counts to the border's cells.
    fn row(&self, quanta: i32) -> i32 {
        (quanta.saturating_sub(self.origin) / CELL_QUANTA).clamp(0, self.side - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shared::id::NetId;

    proptest! {
        #[test]
        fn a_view_is_what_a_search_through_everything_finds(
            places in prop::collection::vec((-30_000i32..30_000, -30_000i32..30_000), 0..300),
            centre in (-30_000i32..30_000, -30_000i32..30_000),
        ) {
            let entities: Vec<EntityState> = places.iter().enumerate().map(|(index, at)| {
                let mut entity = EntityState { id: NetId(index as u32), ..EntityState::default() };
                entity.motion.at = IVec2::from(*at);
                entity
            }).collect();
            let interest = Interest { centre: centre.into(), enter: IVec2::new(9000, 7000), leave: IVec2::new(10_000, 8000) };
            let mut grid = Grid::new(100.0);
            let mut visible = Visible::default();
            for _ in 0..2 {
                grid.rebuild(&entities);
                grid.visible(&interest, &mut visible);
                let mut seen = Vec::new();
                visible.drain(|index| seen.push(index));
                let expected = (0..entities.len()).filter(|index| interest.keeps(entities[*index].motion.at));
                prop_assert_eq!(&seen, &expected.collect::<Vec<usize>>());
            }
        }
    }
}
