//! Builds the frame of a live world: own ship, own bolts and everything that drifts on the predicted timeline, the ships and
//! bolts of others on the delayed one.

use crate::death_replay::InPast;
use crate::draw_item;
use crate::event_effects;
use crate::evidence;
use crate::frame::FrameBuffer;
use crate::layout::{DrawItem, DrawKind, Effect, FrameHeader, Relation};
use crate::own_bolts::FlyingBolt;
use crate::prediction::PREDICTION_LIMIT_TICKS;
use crate::snapshot_buffer::interpolate;
use crate::world::World;
use glam::Vec2;
use shared::aspect::Aspect;
use shared::entity::{Kind, ShipFlags};
use shared::id::Tick;
use shared::input::{Buttons, Controls};
use shared::quantize::{energy_from, health_from};
use shared::round::Round;

/// The newest frame, and buffers that are reused from frame to frame.
#[derive(Clone, Debug, Default)]
pub struct FrameBuilder {
    /// The shape of the player's picture.
    pub aspect: Aspect,
    items: Vec<DrawItem>,
    effects: Vec<Effect>,
    bolts: Vec<FlyingBolt>,
    buffer: FrameBuffer,
}

impl FrameBuilder {
    pub fn words(&self) -> &[u32] {
        self.buffer.words()
    }

    /// Writes an empty frame.
    pub fn clear(&mut self, now_ms: f64) {
        let header = FrameHeader { seconds: draw_item::seconds(now_ms), ..FrameHeader::default() };
        self.buffer.write(header, None, &mut [], &[]);
    }

    /// Draws the last seconds of the own ship, if they are to be shown; `calm` shows still pictures. Returns whether they are.
    pub fn replay(&mut self, world: &mut World, calm: bool, now_ms: f64) -> bool {
        let (rules, viewer) = (&world.setup.rules, world.viewer);
        let Some(replay) = &mut world.death_replay else { return false };
        let Some(shown) = replay.at(now_ms, calm) else { return false };
        self.items.clear();
        self.effects.clear();
        let tick = shown.before.tick;
        let entities = interpolate(&shown.before.entities, shown.after, shown.elapsed, world.tick_seconds);
        self.items.extend(entities.map(|entity| DrawItem {
            position: entity.position,
            velocity: entity.velocity,
            heading: if entity.state.kind == Kind::Ship { entity.heading } else { 0.0 },
            ..draw_item::entity(entity.state, rules, viewer)
        }));
        let last_ship = replay.last_ship().copied();
        let own = self.items.iter().find(|item| last_ship.is_some_and(|ship| ship.id.0 == item.id));
        let own_id = own.map(|own| own.id);
        world.camera = own
            .map(|own| own.position)
            .or(last_ship.map(|ship| ship.motion.position()))
            .unwrap_or(world.camera);
        if let Some(evidence) = replay.evidence.filter(|_| shown.with_evidence) {
            let heading = last_ship.map_or(0.0, |ship| ship.heading.radians());
            self.items.extend(evidence::items(&evidence.hit, heading, &world.setup));
        }
        let own_ship = last_ship.map(|ship| ship.id);
        for (before, now) in replay.play_to(tick).filter(|_| !calm) {
            let entities = InPast(&now.entities, &before.entities);
            let effects =
                now.events.iter().map(|event| event_effects::effect(event, rules, own_ship, &entities));
            self.effects.extend(effects);
        }
        self.items.extend(draw_item::stations(world.setup.arena(&world.round), world.half_size));
        let header = FrameHeader { tick: tick.0, replaying: true, ..self.header(world, None, now_ms) };
        self.buffer.write(header, own_id, &mut self.items, &self.effects);
        true
    }

    /// Draws a world at a time. `controls` are those held now; the own ship points along `aim`.
    pub fn draw(&mut self, world: &mut World, controls: Controls, aim: f32, now_ms: f64) {
        self.items.clear();
        self.effects.clear();
        let predicted = predicted_tick(world, now_ms);
        let interpolated = world.interpolation_clock.advance(now_ms);
        let extrapolation = world.extrapolation_ticks(now_ms);
        world.others.drop_before(interpolated);

        self.items.extend(draw_item::stations(world.setup.arena(&world.round), world.half_size));
        self.drifting(world, predicted);
        self.others(world, interpolated, extrapolation);
        self.own_bolts(world, predicted);
        let own = own_ship(world, controls, aim, predicted, now_ms);
        if let Some(own) = &own {
            world.camera = own.position;
            self.items.push(*own);
        }
        let items = &self.items;
        let place_of = |id: u32| {
            let found = items.iter().find(|item| item.id == id && item.kind != DrawKind::Station);
            found.map(|item| item.position)
        };
        world.effects.take(interpolated + extrapolation, now_ms, &place_of, &mut self.effects);
        let header = self.header(world, own.as_ref(), now_ms);
        self.buffer.write(header, own.map(|own| own.id), &mut self.items, &self.effects);
    }

    /// Asteroids and ore drift, and mines lie still, so that their present positions are known.
    fn drifting(&mut self, world: &World, predicted: f64) {
        let limit = f64::from(PREDICTION_LIMIT_TICKS);
        let ticks = (predicted - f64::from(world.view.tick().0)).clamp(-limit, limit) as f32;
        for state in world.view.entities() {
            if matches!(state.kind, Kind::Asteroid | Kind::Ore) || state.is_mine() {
                let mut item = draw_item::entity(state, &world.setup.rules, world.viewer);
                let inside = Vec2::splat((world.half_size - item.radius).max(0.0));
                let drifted = item.position + item.velocity * (ticks * world.tick_seconds);
                item.position = drifted.clamp(-inside, inside);
                self.items.push(item);
            }
        }
    }

    fn others(&mut self, world: &World, interpolated: f64, extrapolation_ticks: f64) {
        let seconds = extrapolation_ticks as f32 * world.tick_seconds;
        for entity in world.others.at(interpolated) {
            let mut item = draw_item::entity(entity.state, &world.setup.rules, world.viewer);
            item.position = entity.position + entity.velocity * seconds;
            item.velocity = entity.velocity;
            if item.kind == DrawKind::Ship {
                item.heading = entity.heading;
            }
            self.items.push(item);
        }
    }

    fn own_bolts(&mut self, world: &mut World, predicted: f64) {
        let rules = &world.setup.rules;
        let items = &self.items;
        let blocked = |position: Vec2| {
            items.iter().any(|item| {
                let reach = item.radius + rules.bolt.radius;
                stops_bolts(item) && item.position.distance_squared(position) < reach * reach
            })
        };
        let lifetime = world.setup.ticks(rules.bolt.lifetime_seconds);
        self.bolts.clear();
        world.bolts.collect(predicted, lifetime, &blocked, &mut self.bolts);
        self.items.extend(self.bolts.iter().map(|bolt| DrawItem {
            id: bolt.id,
            position: bolt.position,
            velocity: bolt.velocity,
            heading: draw_item::direction(bolt.velocity),
            radius: rules.bolt.radius,
            relation: Relation::Own,
            player: world.player.0,
            ..DrawItem::new(DrawKind::Bolt)
        }));
    }

    fn header(&self, world: &World, own: Option<&DrawItem>, now_ms: f64) -> FrameHeader {
        let rules = &world.setup.rules;
        let state = world.own_ship();
        let levels = state.map_or(world.own.levels, |ship| ship.levels);
        let newest = world.prediction.newest();
        let energy = newest.map_or(world.own.energy, |tick| tick.ship.energy);
        FrameHeader {
            tick: world.view.tick().0,
            camera: world.camera,
            half_size: world.half_size,
            view: world.setup.mode.view(self.aspect),
            health: state.map_or(0.0, |ship| health_from(ship.health)),
            energy: energy_from(energy),
            hold: state.map_or(0.0, |ship| f32::from(ship.hold)),
            score: world.own.score,
            purse: world.own.purse,
            round_seconds: round_seconds(&world.round, world.view.tick(), world.tick_seconds),
            streak: world.own.streak.into(),
            docked: world.own.docked.map(u32::from),
            respawn_seconds: f32::from(world.own.respawn_ticks) * world.tick_seconds,
            ability_seconds: f32::from(newest.map_or(world.own.ability, |tick| tick.ship.ability))
                * world.tick_seconds,
            seconds: draw_item::seconds(now_ms),
            alive: own.is_some(),
            speed: own.map_or(0.0, |own| own.velocity.length() / draw_item::top_speed(rules)),
            ..FrameHeader::default()
        }
        .with_levels(rules, levels)
    }
}

/// Whether an own bolt stops at an item, as far as the picture knows.
fn stops_bolts(item: &DrawItem) -> bool {
    let protected = item.flags & u32::from(ShipFlags::PROTECTED) != 0;
    match item.kind {
        DrawKind::Asteroid => true,
        DrawKind::Ship => item.relation == Relation::Foe && !protected,
        DrawKind::Station
        | DrawKind::Ore
        | DrawKind::Bolt
        | DrawKind::Mine
        | DrawKind::LineOfFire
        | DrawKind::Ghost
        | DrawKind::HitPoint => false,
    }
}

/// The predicted time in ticks: at most one tick after the newest own tick, and never before it.
fn predicted_tick(world: &World, now_ms: f64) -> f64 {
    let issued = f64::from(world.issued.0);
    world.clock.position(now_ms).clamp(issued, issued + 1.0)
}

/// The own ship, between its newest predicted tick and the next one that the controls held now would make.
fn own_ship(
    world: &mut World,
    controls: Controls,
    aim: f32,
    predicted: f64,
    now_ms: f64,
) -> Option<DrawItem> {
    let state = *world.own_ship()?;
    let newest = *world.prediction.newest()?;
    let next = world.prediction.ahead(controls)?;
    let share = (predicted - f64::from(newest.tick.0)).clamp(0.0, 1.0) as f32;
    let (from, to) = (newest.ship.motion, next.ship.motion);
    const PREDICTED: u8 = ShipFlags::THRUST | ShipFlags::BOOST | ShipFlags::FIRING | ShipFlags::ABILITY;
    let mut flags = state.flags.0 & !PREDICTED;
    for (flag, set) in [
        (ShipFlags::THRUST, next.moved.thrusting),
        (ShipFlags::BOOST, next.moved.boosting),
        (ShipFlags::FIRING, controls.buttons.any(Buttons::FIRE)),
        (ShipFlags::ABILITY, next.using),
    ] {
        flags |= if set { flag } else { 0 };
    }
    Some(DrawItem {
        position: from.position().lerp(to.position(), share) + world.prediction.smoothing(now_ms),
        velocity: from.velocity().lerp(to.velocity(), share),
        heading: aim,
        energy: energy_from(next.ship.energy) / world.setup.rules.ship.energy,
        flags: draw_item::flags(&state, flags),
        ..draw_item::entity(&state, &world.setup.rules, world.viewer)
    })
}

/// Seconds until the phase ends; −1 without rounds.
pub(crate) fn round_seconds(round: &Round, now: Tick, tick_seconds: f32) -> f32 {
    round.ends.map_or(-1.0, |ends| ends.since(now) as f32 * tick_seconds)
}
