//! A uniform grid over the entities of one tick. Its cells group viewers: each lists what a viewer in it may see.

use glam::IVec2;
use shared::entity::EntityState;
use shared::quantize::POSITION_SCALE;

/// Smallest side of a cell in position quanta: 48 units. In smaller cells a viewer would look through fewer entities that it
/// does not see, and each entity would be listed more often; measured, this is where the sum is least.
const CELL_QUANTA: i32 = 48 * POSITION_SCALE as i32;
/// Most cells along one axis.
const CELLS_LIMIT: i32 = 256;

/// What viewers may see, by the cell that the middle of their view is in.
///
/// The lists ascend by id because they are filled in that order: nothing is sorted, neither once per tick nor per viewer.
pub struct Grid {
    side: i32,
    cell_quanta: i32,
    origin: i32,
    /// The outer half extents of every view.
    leave: IVec2,
    /// Into the world's entities.
    cells: Vec<Vec<u32>>,
    /// Where the entities are.
    places: Vec<IVec2>,
}

impl Grid {
    /// A grid over a square world of this half size in units, for views of which nothing beyond `leave` is seen.
    pub fn new(half_size: f32, leave: IVec2) -> Grid {
        let half = (half_size * POSITION_SCALE) as i32;
        let cell_quanta = CELL_QUANTA.max(2 * half / CELLS_LIMIT);
        let side = (2 * half / cell_quanta + 1).max(1);
        let cells = (0..side * side).map(|_| Vec::new()).collect();
        Grid { side, cell_quanta, origin: -half, leave, cells, places: Vec::new() }
    }

    /// Lists the entities of a tick.
    pub fn rebuild(&mut self, entities: &[EntityState]) {
        self.cells.iter_mut().for_each(Vec::clear);
        self.places.clear();
        self.places.extend(entities.iter().map(|entity| entity.motion.at));
        for (index, at) in self.places.iter().enumerate() {
            let (low, high) = (at.saturating_sub(self.leave), at.saturating_add(self.leave));
            let (left, right) = (self.row(low.x), self.row(high.x));
            for row in self.row(low.y)..=self.row(high.y) {
                let from = row * self.side;
                let seen_from = &mut self.cells[(from + left) as usize..=(from + right) as usize];
                seen_from.iter_mut().for_each(|cell| cell.push(index as u32));
            }
        }
    }

    /// Puts the indices of the entities within these half extents around a place in place of what is in `visible`, ascending.
    pub fn visible(&self, centre: IVec2, half: IVec2, visible: &mut Vec<u32>) {
        debug_assert!(half.cmple(self.leave).all(), "no view is larger");
        let (low, span) = (centre - half, half * 2);
        let cell = &self.cells[(self.row(centre.y) * self.side + self.row(centre.x)) as usize];
        visible.resize(cell.len(), 0);
        let mut count = 0;
        for index in cell {
            // Written in any case, and counted if it is inside: which it will be a branch could not foresee.
            visible[count] = *index;
            let offset = self.places[*index as usize].wrapping_sub(low);
            let inside = (offset.x as u32 <= span.x as u32) & (offset.y as u32 <= span.y as u32);
            count += usize::from(inside);
        }
        visible.truncate(count);
    }

    /// The row or column of a coordinate; what lies beyond the border counts to the border's cells.
    fn row(&self, quanta: i32) -> i32 {
        (quanta.saturating_sub(self.origin) / self.cell_quanta).clamp(0, self.side - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replication::Interest;
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
            let mut grid = Grid::new(100.0, interest.leave);
            let mut visible = Vec::new();
            for _ in 0..2 {
                grid.rebuild(&entities);
                grid.visible(interest.centre, interest.leave, &mut visible);
                let expected = (0..entities.len()).filter(|index| interest.keeps(entities[*index].motion.at));
                prop_assert_eq!(&visible, &expected.map(|index| index as u32).collect::<Vec<u32>>());
            }
        }
    }
}
