//! Finds what is near a point: a uniform grid over the world, rebuilt by counting sort every tick.

use bevy_ecs::prelude::{Entity, Query, Res, ResMut, Resource};
use glam::Vec2;
use shared::entity::Kind;
use shared::id::NetId;
use shared::movement::Motion;

use crate::components::{Crew, Drift, Flight, Rock};
use crate::entity_index::EntityIndex;
use crate::rules::WorldRules;

/// Smallest side of a cell, in units.
const CELL_UNITS: f32 = 8.0;
/// Most cells along one axis.
const CELLS_LIMIT: u32 = 256;

/// One thing on a grid.
#[derive(Clone, Copy, Debug)]
pub struct Body {
    pub id: NetId,
    pub entity: Entity,
    pub motion: Motion,
    /// Where it was a tick ago, in units.
    pub from: Vec2,
    /// Where it is, in units.
    pub at: Vec2,
    /// In units.
    pub radius: f32,
}

/// Things of one kind, ascending by id, and the cells they are in.
#[derive(Debug)]
pub struct SpatialGrid {
    half_size: f32,
    cell_units: f32,
    width: u32,
    bodies: Vec<Body>,
    cell_of: Vec<u32>,
    /// Where the bodies of each cell begin in `order`; one more at the end.
    starts: Vec<u32>,
    order: Vec<u32>,
    /// The longest reach of a body from its position: its radius plus the distance it moved in the tick.
    reach: f32,
}

/// Where the asteroids are, once they have drifted.
#[derive(Resource)]
pub struct RockGrid(pub SpatialGrid);

/// Where the ore is, once it has drifted.
#[derive(Resource)]
pub struct OreGrid(pub SpatialGrid);

/// Where the ships are.
#[derive(Resource)]
pub struct ShipGrid(pub SpatialGrid);

impl SpatialGrid {
    pub fn new(half_size: f32) -> SpatialGrid {
        let cell_units = CELL_UNITS.max(half_size * 2.0 / CELLS_LIMIT as f32);
        let width = ((half_size * 2.0 / cell_units).ceil() as u32).clamp(1, CELLS_LIMIT);
        SpatialGrid {
            half_size,
            cell_units,
            width,
            bodies: Vec::new(),
            cell_of: Vec::new(),
            starts: Vec::new(),
            order: Vec::new(),
            reach: 0.0,
        }
    }

    /// Everything on the grid, ascending by id.
    pub fn bodies(&self) -> &[Body] {
        &self.bodies
    }

    /// The longest reach of a body from its position, in units: its radius plus the distance it moved in the tick.
    pub fn reach(&self) -> f32 {
        self.reach
    }

    pub fn find(&self, id: NetId) -> Option<&Body> {
        self.bodies.binary_search_by_key(&id, |body| body.id).ok().map(|index| &self.bodies[index])
    }

    /// Rebuilds the grid for a world of a half size; the bodies must come ascending by id.
    pub fn rebuild(&mut self, half_size: f32, bodies: impl Iterator<Item = Body>) {
        if self.half_size != half_size {
            *self = SpatialGrid::new(half_size);
        }
        self.bodies.clear();
        self.bodies.extend(bodies);
        self.starts.clear();
        self.starts.resize((self.width * self.width + 1) as usize, 0);
        self.cell_of.clear();
        let mut reach = 0.0f32;
        for index in 0..self.bodies.len() {
            let body = &self.bodies[index];
            let (column, row) = self.cell(body.at);
            reach = reach.max(body.radius + body.at.distance(body.from));
            let cell = row * self.width + column;
            self.cell_of.push(cell);
            self.starts[cell as usize] += 1;
        }
        self.reach = reach;
        let mut total = 0;
        for start in &mut self.starts {
            total += *start;
            *start = total;
        }
        self.order.clear();
        self.order.resize(self.bodies.len(), 0);
        // From the back, so that each cell's bodies stay in ascending order.
        for (index, cell) in self.cell_of.iter().enumerate().rev() {
            let start = &mut self.starts[*cell as usize];
            *start -= 1;
            self.order[*start as usize] = index as u32;
        }
    }

    /// Fills `found` with the indexes of the bodies whose cells are near the box, ascending: all that touch it, and some that do not.
    pub fn near(&self, low: Vec2, high: Vec2, found: &mut Vec<u32>) {
        found.clear();
        if self.bodies.is_empty() {
            return;
        }
        let (from, to) = (self.cell(low - self.reach), self.cell(high + self.reach));
        for row in from.1..=to.1 {
            let row = (row * self.width) as usize;
            let start = self.starts[row + from.0 as usize] as usize;
            let end = self.starts[row + to.0 as usize + 1] as usize;
            found.extend_from_slice(&self.order[start..end]);
        }
        if from != to {
            found.sort_unstable();
        }
    }

    /// The nearest body within a distance for which `fits` holds; the lowest id among equally near ones.
    pub fn nearest(
        &self,
        at: Vec2,
        within: f32,
        found: &mut Vec<u32>,
        fits: impl Fn(&Body) -> bool,
    ) -> Option<&Body> {
        self.near(at - within, at + within, found);
        let mut best = None;
        let mut best_distance = within * within;
        for body in found.iter().map(|index| &self.bodies[*index as usize]) {
            let distance = body.at.distance_squared(at);
            if distance < best_distance && fits(body) {
                best = Some(body);
                best_distance = distance;
            }
        }
        best
    }

    /// Column and row of the cell of a point.
    fn cell(&self, at: Vec2) -> (u32, u32) {
        // A float cast saturates, so a point beyond the border counts to the cell at the border.
        let cell = (at + self.half_size) / self.cell_units;
        ((cell.x as u32).min(self.width - 1), (cell.y as u32).min(self.width - 1))
    }
}

/// Rebuilds the grids of asteroids and ore.
pub fn place_drifting(
    rules: Res<WorldRules>,
    entities: Res<EntityIndex>,
    rocks: Query<(&Drift, &Rock)>,
    ores: Query<&Drift>,
    mut rock_grid: ResMut<RockGrid>,
    mut ore_grid: ResMut<OreGrid>,
) {
    let body = |id, entity, motion: Motion, radius| {
        let at = motion.position();
        Body { id, entity, motion, from: at - motion.velocity() * rules.tick_seconds, at, radius }
    };
    rock_grid.0.rebuild(
        rules.half_size,
        entities.of(Kind::Asteroid).filter_map(|entry| {
            let (drift, rock) = rocks.get(entry.entity).ok()?;
            Some(body(entry.id, entry.entity, drift.0, rules.rock_radius(rock.size)))
        }),
    );
    let radius = rules.ore.radius;
    ore_grid.0.rebuild(
        rules.half_size,
        entities.of(Kind::Ore).filter_map(|entry| {
            let drift = ores.get(entry.entity).ok()?;
            Some(body(entry.id, entry.entity, drift.0, radius))
        }),
    );
}

/// Rebuilds the grid of ships, with where each was before this tick.
pub fn place_ships(
    rules: Res<WorldRules>,
    entities: Res<EntityIndex>,
    ships: Query<&Flight, bevy_ecs::query::With<Crew>>,
    mut grid: ResMut<ShipGrid>,
) {
    let radius = rules.ship.radius;
    grid.0.rebuild(
        rules.half_size,
        entities.of(Kind::Ship).filter_map(|entry| {
            let flight = ships.get(entry.entity).ok()?;
            let motion = flight.state.motion;
            Some(Body {
                id: entry.id,
                entity: entry.entity,
                motion,
                from: flight.from,
                at: motion.position(),
                radius,
            })
        }),
    );
}
