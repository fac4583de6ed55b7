//! The replay player: a recording, re-simulated and shown at any speed from any place.

mod info;
mod news;
mod picture;
mod reel;

pub use info::{Info, MarkInfo, PlayerInfo};

use crate::frame::Effect;
use crate::happenings::{self, Surroundings};
use crate::notice::Notice;
use news::News;
use picture::{Camera, Canvas};
use reel::{Reel, Scene};
use serde::Serialize;
use shared::entity::{EntityState, Levels};
use shared::id::{NetId, PlayerId, Tick};
use shared::movement::Handling;
use shared::setup::Setup;
pub use sim::replay::ReplayError;
use std::collections::VecDeque;

/// Slowest and fastest speed.
const SPEED_RANGE: (f64, f64) = (0.25, 16.0);
/// A gap between two frames counts for at most this much, in milliseconds: a hidden tab pauses.
const GAP_LIMIT_MS: f64 = 250.0;
/// Effects kept for the next frame at most; of more, the newest are dropped.
const EFFECTS_LIMIT: usize = 512;
/// Notices that wait to be read at most; of more, the oldest are dropped.
const NOTICES_LIMIT: usize = 1024;

/// What the player is up to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayState {
    /// The tick shown.
    pub tick: u32,
    /// The last tick that can be shown.
    pub ticks: u32,
    /// Whether time passes.
    pub playing: bool,
    /// Seconds of the match per second.
    pub speed: f64,
    /// The player followed, 0 for nobody.
    pub following: u32,
    /// Entities in the world.
    pub entities: usize,
    /// The hash of the world at the tick shown, as 16 hex digits.
    pub state_hash: String,
    /// The first tick whose world was not the recorded one, of those shown so far.
    pub diverged_at: Option<u32>,
    /// What playing has brought to light about the recording.
    pub warning: Option<String>,
}

/// A recording that plays.
pub struct Replay {
    reel: Reel,
    /// Share of the way to the next tick.
    past_tick: f64,
    playing: bool,
    speed: f64,
    camera: Camera,
    news: News,
    notices: VecDeque<Notice>,
    effects: Vec<Effect>,
    canvas: Canvas,
    advanced_ms: Option<f64>,
}

impl Replay {
    /// Opens a recording, paused at its first tick.
    ///
    /// # Errors
    /// [`ReplayError`] says what keeps it from being played.
    pub fn open(file: Vec<u8>) -> Result<Replay, ReplayError> {
        let reel = Reel::open(file)?;
        let mut replay = Replay {
            camera: Camera::new(&reel.setup().mode),
            past_tick: 0.0,
            playing: false,
            speed: 1.0,
            news: News::default(),
            notices: VecDeque::new(),
            effects: Vec::new(),
            canvas: Canvas::default(),
            advanced_ms: None,
            reel,
        };
        replay.arrived();
        Ok(replay)
    }

    /// What the recording says of itself, and what playing it has brought to light.
    #[must_use]
    pub fn info(&self) -> Info {
        Info::new(self.reel.recording(), &self.faults())
    }

    fn faults(&self) -> Vec<String> {
        let diverged = self.reel.diverged();
        let diverged =
            diverged.map(|tick| format!("from tick {} on, what is shown is not what was recorded", tick.0));
        self.reel.damage().into_iter().chain(diverged).collect()
    }

    /// Shows a tick. If the file turns out to be damaged there, what is shown stays, and the state says why.
    pub fn seek(&mut self, tick: u32) {
        self.reel.seek(Tick(tick));
        self.past_tick = 0.0;
        self.effects.clear();
        self.arrived();
    }

    /// Lets time pass, or stops it.
    pub fn set_playing(&mut self, playing: bool) {
        self.playing = playing;
    }

    /// Seconds of the match per second, from 0.25 to 16.
    pub fn set_speed(&mut self, speed: f64) {
        if speed.is_finite() {
            self.speed = speed.clamp(SPEED_RANGE.0, SPEED_RANGE.1);
        }
    }

    /// Follows a player's ship; 0 stops following.
    pub fn follow(&mut self, player: u32) {
        self.camera.follow(PlayerId(player));
        self.news.watch(PlayerId(player));
        self.tell_tables();
    }

    /// Looks at a place, in units, with a view of this width, until a player is followed again.
    pub fn set_camera(&mut self, x: f32, y: f32, view_width: f32) {
        self.camera.look(x, y, view_width);
    }

    /// Lets time pass if the recording plays.
    pub fn advance(&mut self, now_ms: f64) {
        let before = self.advanced_ms.replace(now_ms).unwrap_or(now_ms);
        if !self.playing {
            return;
        }
        let passed_ms = (now_ms - before).clamp(0.0, GAP_LIMIT_MS);
        let rate = f64::from(self.reel.setup().tick_rate_hz);
        self.past_tick += passed_ms / 1000.0 * rate * self.speed;
        while self.past_tick >= 1.0 {
            if !self.reel.step() {
                self.past_tick = 0.0;
                self.playing = false;
                break;
            }
            self.past_tick -= 1.0;
            self.witness();
        }
        if self.reel.next().is_none() {
            self.past_tick = 0.0;
        }
    }

    /// A tick was reached by playing: its events are seen and told.
    fn witness(&mut self) {
        let scene = self.reel.now();
        let around = InScene(scene);
        let own = scene.world.pilot(self.camera.following()).and_then(|pilot| pilot.ship);
        let rules = &self.reel.setup().rules;
        let room = EFFECTS_LIMIT.saturating_sub(self.effects.len());
        let effects = scene.world.events.iter().map(|event| happenings::effect(event, rules, own, &around));
        self.effects.extend(effects.take(room));
        self.effects.extend(shots(scene, self.reel.setup(), own).take(room));
        self.news.tick(&self.reel, &mut self.notices);
        let excess = self.notices.len().saturating_sub(NOTICES_LIMIT);
        self.notices.drain(..excess);
    }

    /// A tick was reached by a jump: nothing of the way there is told.
    fn arrived(&mut self) {
        self.news.names(&self.reel.now().world, &mut self.notices);
        self.tell_tables();
    }

    fn tell_tables(&mut self) {
        self.news.tables(&self.reel, &mut self.notices);
    }

    /// The next thing to tell the viewer.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Draws the picture of a moment and returns the frame's words. `now_ms` is for animations only.
    pub fn frame(&mut self, now_ms: f64) -> &[u32] {
        self.canvas.draw(&self.reel, &mut self.camera, self.past_tick as f32, &self.effects, now_ms);
        self.effects.clear();
        self.canvas.words()
    }

    /// The words of the newest frame.
    #[must_use]
    pub fn words(&self) -> &[u32] {
        self.canvas.words()
    }

    /// What the player is up to.
    #[must_use]
    pub fn state(&self) -> ReplayState {
        let scene = self.reel.now();
        ReplayState {
            tick: scene.world.tick.0,
            ticks: self.reel.last_tick().0,
            playing: self.playing,
            speed: self.speed,
            following: self.camera.following().0,
            entities: scene.world.entities.len(),
            state_hash: format!("{:016x}", scene.state_hash),
            diverged_at: self.reel.diverged().map(|tick| tick.0),
            warning: (!self.faults().is_empty()).then(|| self.faults().join("; ")),
        }
    }
}

/// The muzzle flashes of the guns that were fired in the tick of a scene: those whose cooldown has just begun.
fn shots<'a>(scene: &'a Scene, setup: &Setup, own: Option<NetId>) -> impl Iterator<Item = Effect> + 'a {
    let world = &scene.world;
    let tick_seconds = setup.tick_seconds();
    let handling = Handling::of(&setup.rules, setup.half_size(), tick_seconds, Levels::default(), 0);
    world.pilots.iter().filter(move |pilot| pilot.cooldown == handling.cooldown_ticks).filter_map(
        move |pilot| {
            let ship = world.entity(pilot.ship?)?;
            let muzzle = ship.motion.position() + ship.heading.vector() * handling.radius;
            Some(happenings::shot(ship.id, muzzle, ship.heading.radians(), Some(ship.id) == own))
        },
    )
}

/// The world of a scene, for effects.
struct InScene<'a>(&'a Scene);

impl Surroundings for InScene<'_> {
    fn entity(&self, id: NetId) -> Option<&EntityState> {
        self.0.world.entity(id)
    }

    fn ship_of(&self, player: PlayerId) -> Option<&EntityState> {
        self.0.world.entity(self.0.world.pilot(player)?.ship?)
    }
}
