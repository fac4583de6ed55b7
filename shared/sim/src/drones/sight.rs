//! What a drone knows: of the world, of itself, and of a ship it may shoot at.

use bevy_ecs::prelude::Query;
use glam::Vec2;
use shared::id::{NetId, PlayerId, Tick};
use shared::keyframe::{DroneKey, Goal};
use shared::levels::Levels;

use super::temperament::Temperament;
use crate::components::{Cargo, Crew, Flight, Hull};
use crate::rules::WorldRules;
use crate::spatial_grid::{Body, SpatialGrid};

/// The components of a ship that drones read.
pub type ShipParts = (&'static Flight, &'static Hull, &'static Cargo, &'static Crew);

/// What a drone knows of the world.
pub struct Sight<'a> {
    pub rules: &'a WorldRules,
    pub tick: Tick,
    pub rocks: &'a SpatialGrid,
    pub ores: &'a SpatialGrid,
    pub ships: &'a SpatialGrid,
    pub prices: &'a [u32],
    pub crews: &'a Query<'a, 'a, ShipParts>,
    /// The ships of drones that hunted a ship a tick ago, ascending.
    pub hunters: &'a [NetId],
}

/// What a drone knows of itself.
pub struct OwnShip {
    pub player: PlayerId,
    pub temperament: &'static Temperament,
    pub ship: NetId,
    pub team: u8,
    pub at: Vec2,
    pub velocity: Vec2,
    /// Shares of what its ship can have, 0 to 1.
    pub health: f32,
    pub energy: f32,
    pub hold: f32,
    pub docked: bool,
    pub purse: u32,
    pub levels: Levels,
}

impl Sight<'_> {
    /// The goal's target, if it has one that still exists.
    pub fn target(&self, key: &DroneKey) -> Option<&Body> {
        let grid = match key.goal {
            Goal::Mine => self.rocks,
            Goal::Collect => self.ores,
            Goal::Fight => self.ships,
            Goal::Roam | Goal::Haul | Goal::Flee => return None,
        };
        grid.find(key.target?)
    }

    /// Whether no wall is in between.
    pub fn can_reach(&self, own: &OwnShip, at: Vec2) -> bool {
        self.rules.walls.are_clear_between(own.at, at)
    }

    /// Whether it is no boulder.
    pub fn is_minable(&self, rock: &Body) -> bool {
        rock.radius <= self.rules.rock_radius(2)
    }

    /// Whether the goal has a target, and it is gone.
    pub fn lost_target(&self, key: &DroneKey) -> bool {
        matches!(key.goal, Goal::Mine | Goal::Collect | Goal::Fight) && self.target(key).is_none()
    }

    /// The nearest ship, mates excepted, for which `fits` holds.
    pub fn nearest_foe(
        &self,
        own: &OwnShip,
        within: f32,
        near: &mut Vec<u32>,
        fits: impl Fn(&Foe) -> bool,
    ) -> Option<Foe> {
        let foe = |body: &Body| self.foe(own, body);
        let body =
            self.ships.nearest(own.at, within, near, |body| foe(body).is_some_and(|foe| fits(&foe)))?;
        foe(body)
    }

    fn foe(&self, own: &OwnShip, body: &Body) -> Option<Foe> {
        let (_, hull, cargo, crew) = self.crews.get(body.entity).ok()?;
        let mate = crew.team != 0 && crew.team == own.team;
        if mate || crew.player == own.player {
            return None;
        }
        let hold = f32::from(cargo.hold) / f32::from(self.rules.ore.hold);
        let hunter = self.hunters.binary_search(&body.id).is_ok();
        let protected = hull.protection_ticks > 0;
        Some(Foe {
            ship: body.id,
            at: body.at,
            hold,
            hunter,
            protected,
            newcomer: crew.calm_until > self.tick,
        })
    }
}

/// A ship that may be shot at, as others see it.
pub struct Foe {
    pub ship: NetId,
    pub at: Vec2,
    /// Loads as a share of a hold without upgrades.
    pub hold: f32,
    /// It hunts another ship.
    pub hunter: bool,
    pub protected: bool,
    /// Came in a short time ago: left in peace.
    pub newcomer: bool,
}
