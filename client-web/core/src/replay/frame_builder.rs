//! Builds the frames of a replay: everything around the camera, between the tick shown and the next.

use super::playback::Playback;
use crate::draw_item::{self, Viewer};
use crate::evidence;
use crate::frame::FrameBuffer;
use crate::frame_builder::round_seconds;
use crate::layout::{DrawItem, DrawKind, Effect, FrameHeader};
use crate::snapshot_buffer::{Elapsed, interpolate};
use glam::Vec2;
use shared::evidence::HitEvidence;
use shared::id::PlayerId;
use shared::quantize::{energy_from, health_from};
use shared::rules::Mode;

/// Smallest and largest width of the view, in units.
const WIDTH_RANGE_UNITS: (f32, f32) = (10.0, 40_000.0);
/// Entities this far outside the view are drawn too, so that nothing pops up at its edges; in units.
const MARGIN_UNITS: f32 = 12.0;

/// The place that the viewer looks at.
#[derive(Clone, Copy, Debug)]
pub struct Camera {
    following: PlayerId,
    /// The view stays where it was put, and does not follow the ship.
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

    /// Follows a player's ship with the view of the mode; [`PlayerId::NOBODY`] stays where it is.
    pub fn follow(&mut self, player: PlayerId) {
        self.following = player;
        self.free = false;
        self.view = self.usual_view;
    }

    /// Looks at a place until a player is followed again. The header still describes the player followed.
    pub fn look(&mut self, x: f32, y: f32, width: f32) {
        if [x, y, width].iter().all(|value| value.is_finite()) {
            self.at = Vec2::new(x, y);
            let width = width.clamp(WIDTH_RANGE_UNITS.0, WIDTH_RANGE_UNITS.1);
            self.view = Vec2::new(width, width * self.usual_view.y / self.usual_view.x);
            self.free = true;
        }
    }

    pub fn following(&self) -> PlayerId {
        self.following
    }

    fn sees(&self, position: Vec2, radius: f32) -> bool {
        // Square, because an upright screen shows more above and below.
        let half = Vec2::splat(self.view.x.max(self.view.y) / 2.0 + MARGIN_UNITS + radius);
        (position - self.at).abs().cmple(half).all()
    }
}

/// What a frame shows besides the world.
pub struct Picture<'a> {
    /// Share of a tick that has passed since the tick shown.
    pub past_tick: f32,
    pub effects: &'a [Effect],
    /// Of a death, with the heading of the ship.
    pub evidence: Option<(HitEvidence, f32)>,
}

/// The newest frame, and buffers that are reused from frame to frame.
#[derive(Debug, Default)]
pub struct ReplayFrameBuilder {
    items: Vec<DrawItem>,
    effects: Vec<Effect>,
    buffer: FrameBuffer,
}

impl ReplayFrameBuilder {
    pub fn words(&self) -> &[u32] {
        self.buffer.words()
    }

    /// Draws the tick shown, `past_tick` of a tick later.
    pub fn draw(&mut self, playback: &Playback, camera: &mut Camera, picture: Picture<'_>, now_ms: f64) {
        let Picture { past_tick, effects, evidence } = picture;
        let (setup, world) = (playback.setup(), &playback.now().world);
        let pilot = world.pilot(camera.following);
        let viewer =
            pilot.map_or(Viewer::default(), |pilot| Viewer { player: pilot.player, team: pilot.team });
        let own_ship = pilot.and_then(|pilot| pilot.ship).map(|ship| ship.0);
        let after = playback.next().map_or(&[][..], |next| &next.world.entities);
        let ticks = if after.is_empty() { 0.0 } else { past_tick.clamp(0.0, 1.0) };
        let elapsed = Elapsed { span: 1.0, ticks, extrapolated: ticks };

        self.items.clear();
        self.items.extend(interpolate(&world.entities, after, elapsed, setup.tick_seconds()).map(|entity| {
            let mut item = draw_item::entity(entity.state, &setup.rules, viewer);
            item.position = entity.position;
            item.velocity = entity.velocity;
            if item.kind == DrawKind::Ship {
                item.heading = entity.heading;
            }
            item
        }));
        let mut own = None;
        if let Some(ship) = self.items.iter_mut().find(|item| Some(item.id) == own_ship) {
            let energy = pilot.map_or(0, |pilot| pilot.energy);
            ship.energy = energy_from(energy) / setup.rules.ship.energy;
            if !camera.free {
                camera.at = ship.position;
            }
            own = Some(*ship);
        }
        self.items.extend(draw_item::stations(setup.arena(&world.round), setup.half_size(&world.round)));
        if let Some((hit, heading)) = &evidence {
            self.items.extend(evidence::items(hit, *heading, setup));
        }
        let camera = &*camera;
        self.items.retain(|item| item.kind == DrawKind::Station || camera.sees(item.position, item.radius));
        self.effects.clear();
        self.effects.extend(effects.iter().filter(|effect| camera.sees(effect.position, 0.0)));
        let header = header(playback, camera, own.as_ref(), now_ms);
        self.buffer.write(header, own_ship, &mut self.items, &self.effects);
    }
}

fn header(playback: &Playback, camera: &Camera, own: Option<&DrawItem>, now_ms: f64) -> FrameHeader {
    let (setup, world) = (playback.setup(), &playback.now().world);
    let rules = &setup.rules;
    let common = FrameHeader {
        tick: world.tick.0,
        camera: camera.at,
        half_size: setup.half_size(&world.round),
        view: camera.view,
        seconds: draw_item::seconds(now_ms),
        round_seconds: round_seconds(&world.round, world.tick, setup.tick_seconds()),
        ..FrameHeader::default()
    };
    let Some(pilot) = world.pilot(camera.following) else { return common };
    let ship = pilot.ship.and_then(|ship| world.entity(ship));
    FrameHeader {
        health: ship.map_or(0.0, |ship| health_from(ship.health)),
        energy: energy_from(pilot.energy),
        hold: ship.map_or(0.0, |ship| f32::from(ship.hold)),
        score: pilot.score,
        purse: pilot.purse,
        streak: pilot.streak.into(),
        docked: pilot.docked.map(u32::from),
        respawn_seconds: f32::from(pilot.respawn_ticks) * setup.tick_seconds(),
        alive: own.is_some(),
        speed: own.map_or(0.0, |own| own.velocity.length() / draw_item::top_speed(rules)),
        ..common
    }
    .with_levels(rules, pilot.levels)
}
