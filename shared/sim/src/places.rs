//! Finds free places for what is new in the world.

use glam::Vec2;

use crate::spatial_grid::SpatialGrid;

/// Places tried before the best of them is taken.
const TRIES: u32 = 16;

/// What to keep away from, and how far in units.
pub struct Clearance<'a> {
    pub ships: &'a SpatialGrid,
    pub rocks: &'a SpatialGrid,
    pub from_ships: f32,
    pub from_rocks: f32,
}

/// The first place tried that keeps all distances, else the best one.
pub fn free_place(clearance: &Clearance<'_>, near: &mut Vec<u32>, mut place: impl FnMut() -> Vec2) -> Vec2 {
    let mut best = place();
    let mut best_share = clearance.share(best, near);
    for _ in 1..TRIES {
        if best_share >= 1.0 {
            break;
        }
        let at = place();
        let share = clearance.share(at, near);
        if share > best_share {
            best = at;
            best_share = share;
        }
    }
    best
}

impl Clearance<'_> {
    /// The smaller of the two distances kept, as a share of what is asked for; 1 if both are kept.
    fn share(&self, at: Vec2, near: &mut Vec<u32>) -> f32 {
        share_kept(self.ships, at, self.from_ships, near).min(share_kept(
            self.rocks,
            at,
            self.from_rocks,
            near,
        ))
    }
}

fn share_kept(grid: &SpatialGrid, at: Vec2, distance: f32, near: &mut Vec<u32>) -> f32 {
    grid.near(at - distance, at + distance, near);
    let gaps = near.iter().map(|index| &grid.bodies()[*index as usize]);
    let gaps = gaps.map(|body| (body.at.distance(at) - body.radius).max(0.0) / distance);
    gaps.fold(1.0, f32::min)
}
