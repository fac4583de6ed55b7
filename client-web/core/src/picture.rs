//! The picture of a live world at one moment: own ship, own bolts and all that drifts on the predicted time line,
//! the ships and bolts of others on the delayed one.

use crate::frame::{Drawn, Effect, FrameBuffer, Header, Relation, Shown};
use crate::own_bolts::FlyingBolt;
use crate::prediction::PREDICTION_LIMIT_TICKS;
use crate::shown;
use crate::world::World;
use glam::Vec2;
use shared::entity::{Kind, ShipFlags};
use shared::input::{Buttons, Controls};
use shared::quantize::{energy_from, health_from};

/// Buffers of a picture that are kept from frame to frame.
#[derive(Clone, Debug, Default)]
pub struct Canvas {
    shown: Vec<Shown>,
    effects: Vec<Effect>,
    bolts: Vec<FlyingBolt>,
    buffer: FrameBuffer,
}

impl Canvas {
    /// The newest frame's words.
    pub fn words(&self) -> &[u32] {
        self.buffer.words()
    }

    /// An empty frame: nothing is known yet.
    pub fn clear(&mut self, now_ms: f64) {
        let header = Header { seconds: shown::seconds(now_ms), ..Header::default() };
        self.buffer.write(&header, None, &mut [], &[]);
    }

    /// Draws a world at a time. `controls` are those held now; the ship points where they aim.
    pub fn draw(&mut self, world: &mut World, controls: Controls, aim: f32, now_ms: f64) {
        world.is_watched = true;
        self.shown.clear();
        self.effects.clear();
        let ahead = predicted_tick(world, now_ms);
        let behind = world.timeline.advance(now_ms);
        let bridge = world.bridge_ticks(now_ms);
        world.samples.drop_before(behind);

        self.shown.extend(shown::stations(&world.setup.arena, world.half_size));
        self.drifting(world, ahead);
        self.others(world, behind, bridge);
        self.own_bolts(world, ahead);
        let own = own_ship(world, controls, aim, ahead, now_ms);
        if let Some(own) = &own {
            world.camera = own.position;
            self.shown.push(*own);
        }
        let shown = &self.shown;
        let place_of = |id: u32| {
            let found = shown.iter().find(|entity| entity.id == id && entity.kind != Drawn::Station);
            found.map(|entity| entity.position)
        };
        world.effects.take(behind + bridge, now_ms, &place_of, &mut self.effects);
        let header = header(world, own.as_ref(), now_ms);
        let followed = own.map(|own| own.id);
        self.buffer.write(&header, followed, &mut self.shown, &self.effects);
    }

    /// Asteroids and ore: they drift, so where they are now is known.
    fn drifting(&mut self, world: &World, ahead: f64) {
        let limit = f64::from(PREDICTION_LIMIT_TICKS);
        let ticks = (ahead - f64::from(world.view.tick().0)).clamp(-limit, limit) as f32;
        for state in world.view.entities() {
            if matches!(state.kind, Kind::Asteroid | Kind::Ore) {
                let mut entity = shown::entity(state, &world.setup.rules, world.watcher);
                let inside = Vec2::splat((world.half_size - entity.radius).max(0.0));
                let drifted = entity.position + entity.velocity * (ticks * world.tick_seconds);
                entity.position = drifted.clamp(-inside, inside);
                self.shown.push(entity);
            }
        }
    }

    fn own_bolts(&mut self, world: &mut World, ahead: f64) {
        let rules = &world.setup.rules;
        let shown = &self.shown;
        let blocked = |place: Vec2| {
            shown.iter().any(|entity| {
                let reach = entity.radius + rules.bolt.radius;
                stops_bolts(entity) && entity.position.distance_squared(place) < reach * reach
            })
        };
        let lifetime = world.setup.ticks(rules.bolt.lifetime_seconds);
        self.bolts.clear();
        world.bolts.show(ahead, lifetime, &blocked, &mut self.bolts);
        self.shown.extend(self.bolts.iter().map(|bolt| Shown {
            id: bolt.id,
            kind: Drawn::Bolt,
            position: bolt.position,
            velocity: bolt.velocity,
            heading: shown::direction(bolt.velocity),
            radius: rules.bolt.radius,
            relation: Relation::Own,
            player: world.player.0,
            ..Shown::default()
        }));
    }

    fn others(&mut self, world: &World, behind: f64, bridge_ticks: f64) {
        let bridge_seconds = bridge_ticks as f32 * world.tick_seconds;
        for between in world.samples.at(behind) {
            let mut entity = shown::entity(between.state, &world.setup.rules, world.watcher);
            entity.position = between.position + between.velocity * bridge_seconds;
            entity.velocity = between.velocity;
            if entity.kind == Drawn::Ship {
                entity.heading = between.heading;
            }
            self.shown.push(entity);
        }
    }
}

/// Whether an own bolt ends at a thing in the picture, as far as the picture knows.
fn stops_bolts(entity: &Shown) -> bool {
    let protected = entity.flags & u32::from(ShipFlags::PROTECTED) != 0;
    match entity.kind {
        Drawn::Asteroid => true,
        Drawn::Ship => entity.relation == Relation::Foe && !protected,
        Drawn::Station | Drawn::Ore | Drawn::Bolt => false,
    }
}

/// The own time in ticks: never before the newest own tick, at most one tick after it.
fn predicted_tick(world: &World, now_ms: f64) -> f64 {
    let issued = f64::from(world.issued.0);
    world.clock.position(now_ms).clamp(issued, issued + 1.0)
}

/// The own ship: between its newest predicted tick and the next one, which the controls held now would make.
fn own_ship(world: &mut World, controls: Controls, aim: f32, ahead: f64, now_ms: f64) -> Option<Shown> {
    let state = *world.own_ship()?;
    let newest = *world.prediction.newest()?;
    let next = world.prediction.ahead(controls)?;
    let past = (ahead - f64::from(newest.tick.0)).clamp(0.0, 1.0) as f32;
    let mut entity = shown::entity(&state, &world.setup.rules, world.watcher);
    let (from, to) = (newest.ship.motion, next.ship.motion);
    entity.position = from.position().lerp(to.position(), past) + world.prediction.fade(now_ms);
    entity.velocity = from.velocity().lerp(to.velocity(), past);
    entity.heading = aim;
    entity.energy = energy_from(next.ship.energy) / world.setup.rules.ship.energy;
    let told = ShipFlags::THRUST | ShipFlags::BOOST | ShipFlags::FIRING;
    let mut flags = state.flags.0 & !told;
    for (flag, set) in [
        (ShipFlags::THRUST, next.moved.thrusting),
        (ShipFlags::BOOST, next.moved.boosting),
        (ShipFlags::FIRING, controls.buttons.any(Buttons::FIRE)),
    ] {
        flags |= if set { flag } else { 0 };
    }
    entity.flags = flags.into();
    Some(entity)
}

fn header(world: &World, own: Option<&Shown>, now_ms: f64) -> Header {
    let rules = &world.setup.rules;
    let state = world.own_ship();
    let levels = state.map_or(world.own.levels, |ship| ship.levels);
    let energy = world.prediction.newest().map_or(world.own.energy, |step| step.ship.energy);
    Header {
        tick: world.view.tick().0,
        camera: world.camera,
        half_size: world.half_size,
        view: Vec2::new(world.setup.mode.view_width, world.setup.mode.view_height),
        health: state.map_or(0.0, |ship| health_from(ship.health)),
        energy: energy_from(energy),
        hold: state.map_or(0.0, |ship| f32::from(ship.hold)),
        score: world.own.score,
        streak: world.own.streak.into(),
        docked: world.own.docked.map(u32::from),
        respawn_seconds: f32::from(world.own.respawn_ticks) * world.tick_seconds,
        seconds: shown::seconds(now_ms),
        alive: own.is_some(),
        speed: own.map_or(0.0, |own| own.velocity.length() / shown::top_speed(rules)),
        ..Header::default()
    }
    .with_levels(rules, levels)
}
