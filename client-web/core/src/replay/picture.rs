//! The picture of a replay: everything around the camera, between the tick shown and the next.

use super::reel::Reel;
use crate::frame::{Drawn, Effect, FrameBuffer, Header, Shown};
use crate::interpolation::{Passed, blend};
use crate::shown::{self, Watcher};
use glam::Vec2;
use shared::id::PlayerId;
use shared::quantize::{energy_from, health_from};
use shared::rules::Mode;

/// Smallest and largest width of the view, in units.
const WIDTH_RANGE_UNITS: (f32, f32) = (10.0, 40_000.0);
/// More than the view is drawn, so that nothing pops up at its edges; in units.
const MARGIN_UNITS: f32 = 12.0;

/// Where the viewer looks.
#[derive(Clone, Copy, Debug)]
pub struct Camera {
    following: PlayerId,
    /// The view stays where it was put, whatever the followed ship does.
    free: bool,
    at: Vec2,
    view: Vec2,
    usual_view: Vec2,
}

impl Camera {
    /// At the middle of the world, following nobody, with the view of the mode.
    pub fn new(mode: &Mode) -> Camera {
        let view = Vec2::new(mode.view_width, mode.view_height);
        Camera { following: PlayerId::NOBODY, free: false, at: Vec2::ZERO, view, usual_view: view }
    }

    /// Follows a player's ship with the view that players have; nobody: stays where it is.
    pub fn follow(&mut self, player: PlayerId) {
        self.following = player;
        self.free = false;
        self.view = self.usual_view;
    }

    /// Looks at a place until a player is followed again. The values in the frame stay those of the one followed.
    pub fn look(&mut self, x: f32, y: f32, width: f32) {
        if [x, y, width].iter().all(|value| value.is_finite()) {
            self.at = Vec2::new(x, y);
            let width = width.clamp(WIDTH_RANGE_UNITS.0, WIDTH_RANGE_UNITS.1);
            self.view = Vec2::new(width, width * self.usual_view.y / self.usual_view.x);
            self.free = true;
        }
    }

    /// The player followed.
    pub fn following(&self) -> PlayerId {
        self.following
    }

    fn sees(&self, entity: &Shown) -> bool {
        // Screens that are taller than wide show more above and below.
        let half = Vec2::splat(self.view.x.max(self.view.y) / 2.0 + MARGIN_UNITS + entity.radius);
        (entity.position - self.at).abs().cmple(half).all()
    }
}

/// Buffers of a picture that are kept from frame to frame.
#[derive(Debug, Default)]
pub struct Canvas {
    shown: Vec<Shown>,
    effects: Vec<Effect>,
    buffer: FrameBuffer,
}

impl Canvas {
    /// The newest frame's words.
    pub fn words(&self) -> &[u32] {
        self.buffer.words()
    }

    /// Draws the scene shown, `past_tick` of a tick later.
    pub fn draw(
        &mut self,
        reel: &Reel,
        camera: &mut Camera,
        past_tick: f32,
        effects: &[Effect],
        now_ms: f64,
    ) {
        let (setup, world) = (reel.setup(), &reel.now().world);
        let pilot = world.pilot(camera.following);
        let watcher =
            pilot.map_or(Watcher::default(), |pilot| Watcher { player: pilot.player, team: pilot.team });
        let own_ship = pilot.and_then(|pilot| pilot.ship).map(|ship| ship.0);
        let after = reel.next().map_or(&[][..], |next| &next.world.entities);
        let ticks = if after.is_empty() { 0.0 } else { past_tick.clamp(0.0, 1.0) };
        let passed = Passed { span: 1.0, ticks, drift_ticks: ticks };

        self.shown.clear();
        self.shown.extend(blend(&world.entities, after, passed, setup.tick_seconds()).map(|between| {
            let mut entity = shown::entity(between.state, &setup.rules, watcher);
            entity.position = between.position;
            entity.velocity = between.velocity;
            if entity.kind == Drawn::Ship {
                entity.heading = between.heading;
            }
            entity
        }));
        let mut own = None;
        if let Some(ship) = self.shown.iter_mut().find(|entity| Some(entity.id) == own_ship) {
            let energy = pilot.map_or(0, |pilot| pilot.energy);
            ship.energy = energy_from(energy) / setup.rules.ship.energy;
            if !camera.free {
                camera.at = ship.position;
            }
            own = Some(*ship);
        }
        self.shown.extend(shown::stations(&setup.arena, setup.half_size()));
        let view = *camera;
        self.shown.retain(|entity| entity.kind == Drawn::Station || view.sees(entity));
        self.effects.clear();
        self.effects.extend(
            effects
                .iter()
                .filter(|effect| view.sees(&Shown { position: effect.position, ..Shown::default() })),
        );
        let header = header(reel, camera, own.as_ref(), now_ms);
        self.buffer.write(&header, own_ship, &mut self.shown, &self.effects);
    }
}

fn header(reel: &Reel, camera: &Camera, own: Option<&Shown>, now_ms: f64) -> Header {
    let (setup, world) = (reel.setup(), &reel.now().world);
    let rules = &setup.rules;
    let common = Header {
        tick: world.tick.0,
        camera: camera.at,
        half_size: setup.half_size(),
        view: camera.view,
        seconds: shown::seconds(now_ms),
        ..Header::default()
    };
    let Some(pilot) = world.pilot(camera.following) else { return common };
    let ship = pilot.ship.and_then(|ship| world.entity(ship));
    Header {
        health: ship.map_or(0.0, |ship| health_from(ship.health)),
        energy: energy_from(pilot.energy),
        hold: ship.map_or(0.0, |ship| f32::from(ship.hold)),
        score: pilot.score,
        streak: pilot.streak.into(),
        docked: pilot.docked.map(u32::from),
        respawn_seconds: f32::from(pilot.respawn_ticks) * setup.tick_seconds(),
        alive: own.is_some(),
        speed: own.map_or(0.0, |own| own.velocity.length() / shown::top_speed(rules)),
        ..common
    }
    .with_levels(rules, pilot.levels)
}
