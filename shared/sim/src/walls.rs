//! The walls of an arena: where their boulders stand, what can be seen past them, and the ways around them to the stations.

use glam::Vec2;
use shared::rules::{Arena, Rules};
use std::collections::VecDeque;

/// Distance of a wall's boulders, as a share of their radius: no ship fits between them.
const BOULDER_SPACING: f32 = 1.7;
/// Side of a cell of the map of ways, in units.
const CELL_UNITS: f32 = 4.0;
/// Most cells along one axis.
const CELLS_LIMIT: usize = 256;
/// Ships keep this far from boulders where they can, in units.
const GAP_UNITS: f32 = 1.0;
/// Cells that a ship looks ahead on its way.
const LOOKAHEAD_CELLS: usize = 10;
/// The neighbours of a cell, the straight ones first.
const NEIGHBOURS: [(isize, isize); 8] =
    [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1)];

/// The ring of a station, in units.
#[derive(Clone, Copy, Debug)]
pub struct StationRing {
    /// In the arena's order.
    pub index: u8,
    pub at: Vec2,
    pub radius: f32,
}

/// The walls of the present arena.
#[derive(Clone, Debug, Default)]
pub struct Walls {
    /// From where to where, in units.
    rows: Vec<(Vec2, Vec2)>,
    boulder_radius: f32,
    /// How near to a wall's middle a ship may come, in units.
    ship_distance: f32,
    half_size: f32,
    cell_units: f32,
    width: usize,
    /// For each station, from each cell the next one on the way there: its place in [`NEIGHBOURS`], or [`NO_WAY`].
    ways: Vec<Vec<u8>>,
}

const NO_WAY: u8 = u8::MAX;

impl Walls {
    pub fn new(arena: &Arena, rules: &Rules, half_size: f32, stations: &[StationRing]) -> Walls {
        let boulder_radius = rules.asteroid.boulder_radius;
        let cell_units = CELL_UNITS.max(half_size * 2.0 / CELLS_LIMIT as f32);
        let mut walls = Walls {
            rows: arena
                .walls
                .iter()
                .map(|wall| (Vec2::from(wall.from) * half_size, Vec2::from(wall.to) * half_size))
                .collect(),
            boulder_radius,
            ship_distance: boulder_radius + rules.ship.radius + GAP_UNITS,
            half_size,
            cell_units,
            width: ((half_size * 2.0 / cell_units).ceil() as usize).clamp(1, CELLS_LIMIT),
            ways: Vec::new(),
        };
        if !walls.rows.is_empty() {
            let blocked: Vec<bool> = (0..walls.width * walls.width)
                .map(|cell| !walls.are_clear(walls.middle(cell), walls.ship_distance - boulder_radius))
                .collect();
            walls.ways = stations.iter().map(|ring| walls.ways_to(ring.at, &blocked)).collect();
        }
        walls
    }

    /// Where the boulders stand.
    pub fn boulders(&self) -> impl Iterator<Item = Vec2> + '_ {
        self.rows.iter().flat_map(|(from, to)| {
            let gaps = (from.distance(*to) / (self.boulder_radius * BOULDER_SPACING)).ceil().max(1.0);
            (0..=gaps as u32).map(move |index| from.lerp(*to, index as f32 / gaps))
        })
    }

    /// Whether a circle touches no wall.
    pub fn are_clear(&self, at: Vec2, radius: f32) -> bool {
        self.rows.iter().all(|(from, to)| distance_to(at, *from, *to) >= self.boulder_radius + radius)
    }

    /// Whether a ship can fly straight from one place to another.
    pub fn are_clear_between(&self, a: Vec2, b: Vec2) -> bool {
        let reach = self.boulder_radius + GAP_UNITS;
        self.rows.iter().all(|(from, to)| {
            let crosses = side(a, b, *from) != side(a, b, *to) && side(*from, *to, a) != side(*from, *to, b);
            let distance = distance_to(a, *from, *to)
                .min(distance_to(b, *from, *to))
                .min(distance_to(*from, a, b))
                .min(distance_to(*to, a, b));
            !crosses && distance >= reach
        })
    }

    /// Where to fly next on the way to a station; `None` if the way is clear.
    pub fn waypoint(&self, at: Vec2, station: &StationRing) -> Option<Vec2> {
        let ways = self.ways.get(usize::from(station.index))?;
        if self.are_clear_between(at, station.at) {
            return None;
        }
        let mut cell = self.cell(at);
        let mut farthest = None;
        for _ in 0..LOOKAHEAD_CELLS {
            let Some((dx, dy)) = NEIGHBOURS.get(usize::from(ways[cell])) else { break };
            cell = cell.wrapping_add_signed(dy * self.width as isize + dx);
            let middle = self.middle(cell);
            if farthest.is_some() && !self.are_clear_between(at, middle) {
                break;
            }
            farthest = Some(middle);
        }
        farthest
    }

    /// Breadth first from the station's cell. Blocked cells lead out to free ones, but not through others.
    fn ways_to(&self, station: Vec2, blocked: &[bool]) -> Vec<u8> {
        let mut ways = vec![NO_WAY; blocked.len()];
        let start = self.cell(station);
        let mut reached = vec![false; blocked.len()];
        reached[start] = true;
        let mut waiting = VecDeque::from([start]);
        while let Some(cell) = waiting.pop_front() {
            let (column, row) = ((cell % self.width) as isize, (cell / self.width) as isize);
            for (index, (dx, dy)) in NEIGHBOURS.iter().enumerate() {
                let (x, y) = (column - dx, row - dy);
                let inside = 0..self.width as isize;
                if !inside.contains(&x) || !inside.contains(&y) {
                    continue;
                }
                let from = y as usize * self.width + x as usize;
                if !reached[from] {
                    reached[from] = true;
                    ways[from] = index as u8;
                    if !blocked[from] {
                        waiting.push_back(from);
                    }
                }
            }
        }
        ways
    }

    fn cell(&self, at: Vec2) -> usize {
        // A float cast saturates, so a point beyond the border counts to the cell at the border.
        let cell = (at + self.half_size) / self.cell_units;
        let inside = |value: f32| (value as usize).min(self.width - 1);
        inside(cell.y) * self.width + inside(cell.x)
    }

    fn middle(&self, cell: usize) -> Vec2 {
        let (column, row) = (cell % self.width, cell / self.width);
        (Vec2::new(column as f32, row as f32) + 0.5) * self.cell_units - self.half_size
    }
}

/// Distance of a point from the straight line between two others.
fn distance_to(point: Vec2, from: Vec2, to: Vec2) -> f32 {
    let along = to - from;
    let share = (point - from).dot(along) / along.length_squared().max(f32::MIN_POSITIVE);
    point.distance(from + along * share.clamp(0.0, 1.0))
}

/// Whether a point is on the left of a line.
fn side(from: Vec2, to: Vec2, point: Vec2) -> bool {
    (to - from).perp_dot(point - from) > 0.0
}
