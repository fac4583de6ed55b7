//! The replay player: a recording, re-simulated and shown at any speed from any place.

mod frame_builder;
mod info;
mod inspect;
mod notices;
mod playback;

pub use info::{MarkKind, ReplayInfo, ReplayMark, ReplayPlayer};
pub use inspect::{
    ComponentChange, ComponentHistory, HISTORY_LIMIT_TICKS, InspectedComponent, InspectedComponents,
    InspectedSubject, InspectedWorld,
};
pub use sim::clip::ClipError;
pub use sim::replay::ReplayError;

use crate::death_replay::{REPLAY_SECONDS, SLOW_SECONDS, SLOW_SPEED};
use crate::event_effects::{self, EntityLookup};
use crate::evidence::EvidenceFacts;
use crate::layout::Effect;
use crate::notice::{Notice, NoticeQueue};
use frame_builder::{Camera, Picture, ReplayFrameBuilder};
use inspect::Inspector;
use notices::ReplayNotices;
use playback::{Playback, ReplayFrame};
use serde::Serialize;
use shared::entity::EntityState;
use shared::event::Happening;
use shared::evidence::{HitEvidence, fatal};
use shared::id::{NetId, PlayerId, Tick};
use shared::levels::Levels;
use shared::movement::Handling;
use shared::recording::{Ending, Growing};
use shared::setup::Setup;
use sim::clip::cut;
use std::ops::RangeInclusive;

/// The build of the simulation in this client: recordings of another one may diverge.
pub const SIM_BUILD: &str = sim::Sim::BUILD;

/// Slowest and fastest speed.
const SPEED_RANGE: (f64, f64) = (0.25, 16.0);
/// A gap between two frames counts for at most this much, in milliseconds: a hidden tab pauses.
const GAP_LIMIT_MS: f64 = 250.0;
/// Effects kept for the next frame at most; beyond it, the newest are dropped.
const EFFECTS_LIMIT: usize = 512;

/// The state of the player.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
#[serde(rename_all = "camelCase")]
pub struct ReplayState {
    /// The tick shown.
    pub tick: u32,
    /// The last tick that can be shown.
    pub ticks: u32,
    /// Whether time passes.
    pub playing: bool,
    /// The recording still grows: at its end, playing waits.
    pub live: bool,
    /// Seconds of the match per second.
    pub speed: f64,
    /// The player followed; 0 for nobody.
    pub following: u32,
    /// The death that is shown, with the evidence.
    pub death: Option<DeathState>,
    /// Entities in the world.
    pub entities: usize,
    /// The hash of the world at the tick shown, as 16 hex digits.
    pub state_hash: String,
    /// The earliest tick, of those stepped so far, whose world differs from the recorded one.
    pub diverged_at: Option<u32>,
    /// What is wrong with the recording, as far as it has been played.
    pub warning: Option<String>,
}

/// A death that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
pub struct DeathState {
    /// When.
    pub tick: u32,
    /// Whose ship.
    pub victim: u32,
    /// What the simulation compared; `None` if no bolt destroyed the ship.
    pub evidence: Option<EvidenceFacts>,
}

/// A death that is shown.
#[derive(Clone, Copy, Debug)]
struct ShownDeath {
    tick: Tick,
    victim: PlayerId,
    hit: Option<HitEvidence>,
    /// Of the ship, in radians.
    heading: f32,
}

/// A recording that plays.
pub struct Replay {
    file: Growing,
    playback: Playback,
    live: bool,
    /// Share of a tick that has passed since the tick shown.
    past_tick: f64,
    playing: bool,
    speed: f64,
    death: Option<ShownDeath>,
    camera: Camera,
    announced: ReplayNotices,
    notices: NoticeQueue,
    effects: Vec<Effect>,
    frame_builder: ReplayFrameBuilder,
    advanced_ms: Option<f64>,
    inspector: Inspector,
}

impl Replay {
    /// Opens a recording, paused at its first tick.
    ///
    /// # Errors
    /// [`ReplayError`] if it cannot be played.
    pub fn open(file: Vec<u8>) -> Result<Replay, ReplayError> {
        let file = Growing::new(file);
        let playback = Playback::open(file.clone())?;
        let mut replay = Replay {
            file,
            live: false,
            camera: Camera::new(&playback.setup().mode),
            past_tick: 0.0,
            playing: false,
            speed: 1.0,
            death: None,
            announced: ReplayNotices::default(),
            notices: NoticeQueue::default(),
            effects: Vec::new(),
            frame_builder: ReplayFrameBuilder::default(),
            advanced_ms: None,
            inspector: Inspector::default(),
            playback,
        };
        replay.sought();
        Ok(replay)
    }

    /// The recording's header, players and marks, and what is wrong with it as far as it has been played.
    pub fn info(&self) -> ReplayInfo {
        ReplayInfo::new(self.playback.recording(), &self.faults())
    }

    fn faults(&self) -> Vec<String> {
        let diverged = self.playback.diverged();
        let diverged =
            diverged.map(|tick| format!("the replay differs from the recording from tick {} on", tick.0));
        self.playback.damage().into_iter().chain(diverged).collect()
    }

    /// Appends whole chunks to a recording that goes on. Once it has its index, it is at its end.
    pub fn append(&mut self, piece: &[u8]) {
        self.file.push(piece);
        self.playback.catch_up();
        self.live = *self.playback.recording().ending() == Ending::Unfinished;
    }

    /// Cuts a clip: a recording of the ticks behind `from` up to `to`.
    ///
    /// # Errors
    /// [`ClipError`] if it cannot be cut.
    pub fn cut(&self, from: u32, to: u32) -> Result<Vec<u8>, ClipError> {
        cut(self.playback.recording(), Tick(from), Tick(to))
    }

    /// Cuts the repro of the tick shown: from the keyframe before it to the end.
    ///
    /// # Errors
    /// [`ClipError`] if it cannot be cut.
    pub fn repro(&self) -> Result<Vec<u8>, ClipError> {
        let (recording, tick) = (self.playback.recording(), self.playback.now().world.tick);
        let keyframe = recording.keyframe_before(tick).unwrap_or(recording.first_tick());
        cut(recording, keyframe, recording.last_tick())
    }

    /// Shows a tick. If the file is damaged there, the tick shown stays, and the state says why.
    pub fn seek(&mut self, tick: u32) {
        self.death = None;
        self.show(Tick(tick));
    }

    fn show(&mut self, tick: Tick) {
        self.playback.seek(tick);
        self.past_tick = 0.0;
        self.effects.clear();
        self.sought();
    }

    /// Shows how a player's ship was destroyed at a tick: the seconds before it, slow at the end, with the evidence. `calm` shows
    /// the end as a still picture. Without such a death, the tick is shown.
    pub fn show_death(&mut self, tick: u32, victim: u32, calm: bool) {
        let (tick, victim) = (Tick(tick), PlayerId(victim));
        self.seek(tick.0.saturating_sub(1));
        let ship = self.playback.now().world.pilot(victim).and_then(|pilot| pilot.ship);
        let state = ship.and_then(|ship| self.playback.now().world.entity(ship));
        let heading = state.map_or(0.0, |ship| ship.heading.radians());
        self.show(tick);
        self.follow(victim.0);
        let world = &self.playback.now().world;
        let killer = world.events.iter().find_map(|event| match event.what {
            Happening::Death { victim: lost, killer, .. } if lost == victim => Some(killer),
            _ => None,
        });
        let Some(killer) = killer else { return };
        let hit = fatal(&world.hits, victim, killer).copied();
        self.death = Some(ShownDeath { tick, victim, hit, heading });
        self.playing = !calm;
        if !calm {
            let lead = self.playback.setup().ticks(REPLAY_SECONDS);
            self.show(Tick(tick.0.saturating_sub(lead)));
        }
    }

    /// Plays or pauses.
    pub fn set_playing(&mut self, playing: bool) {
        self.playing = playing;
    }

    /// Sets the speed, in seconds of the match per second, from 0.25 to 16.
    pub fn set_speed(&mut self, speed: f64) {
        if speed.is_finite() {
            self.speed = speed.clamp(SPEED_RANGE.0, SPEED_RANGE.1);
        }
    }

    /// Follows a player's ship; 0 stops following.
    pub fn follow(&mut self, player: u32) {
        self.camera.follow(PlayerId(player));
        self.announced.set_viewer(PlayerId(player));
        self.announced.tables(&self.playback, &mut self.notices);
    }

    /// Looks at a place, in units, with a view of this width, until a player is followed again.
    pub fn set_camera(&mut self, x: f32, y: f32, view_width: f32) {
        self.camera.look(x, y, view_width);
    }

    /// Advances to a time if the recording plays.
    pub fn advance(&mut self, now_ms: f64) {
        let before = self.advanced_ms.replace(now_ms).unwrap_or(now_ms);
        if !self.playing {
            return;
        }
        let passed_ms = (now_ms - before).clamp(0.0, GAP_LIMIT_MS);
        let rate = f64::from(self.playback.setup().tick_rate_hz);
        self.past_tick += passed_ms / 1000.0 * rate * self.speed * self.slowness();
        while self.past_tick >= 1.0 {
            if !self.playback.step() {
                self.past_tick = 0.0;
                self.playing = self.live;
                break;
            }
            self.past_tick -= 1.0;
            self.stepped();
        }
        if self.playback.next().is_none() {
            self.past_tick = 0.0;
        }
    }

    /// The share of the speed at which the end of a ship is shown.
    fn slowness(&self) -> f64 {
        let tick = self.playback.now().world.tick;
        let is_near = self.death.is_some_and(|death| self.evidence_span(&death).contains(&tick.0));
        if is_near { SLOW_SPEED } else { 1.0 }
    }

    /// The ticks in which the evidence of a death is shown.
    fn evidence_span(&self, death: &ShownDeath) -> RangeInclusive<u32> {
        let around = self.playback.setup().ticks(SLOW_SECONDS);
        death.tick.0.saturating_sub(around)..=death.tick.0.saturating_add(around)
    }

    /// Collects the effects and notices of a tick that was reached by playing.
    fn stepped(&mut self) {
        let tick = self.playback.now().world.tick;
        self.death = self.death.filter(|death| tick.0 <= *self.evidence_span(death).end());
        let frame = self.playback.now();
        let entities = InFrame(frame);
        let own = frame.world.pilot(self.camera.following()).and_then(|pilot| pilot.ship);
        let rules = &self.playback.setup().rules;
        let room = EFFECTS_LIMIT.saturating_sub(self.effects.len());
        let effects =
            frame.world.events.iter().map(|event| event_effects::effect(event, rules, own, &entities));
        self.effects.extend(effects.take(room));
        self.effects.extend(shots(frame, self.playback.setup(), own).take(room));
        self.announced.tick(&self.playback, &mut self.notices);
    }

    /// Announces the state at a tick reached by seeking, without the events before it.
    fn sought(&mut self) {
        self.announced.names(&self.playback.now().world, &mut self.notices);
        self.announced.tables(&self.playback, &mut self.notices);
    }

    /// The next notice.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop()
    }

    /// Draws a frame and returns its words. `now_ms` is for animations only.
    pub fn frame(&mut self, now_ms: f64) -> &[u32] {
        let past_tick = self.past_tick as f32;
        let tick = self.playback.now().world.tick;
        let shown = self.death.filter(|death| self.evidence_span(death).contains(&tick.0));
        let evidence = shown.and_then(|death| Some((death.hit?, death.heading)));
        let picture = Picture { past_tick, effects: &self.effects, evidence };
        self.frame_builder.draw(&self.playback, &mut self.camera, picture, now_ms);
        self.effects.clear();
        self.frame_builder.words()
    }

    /// Everything in the world at the tick shown.
    ///
    /// # Errors
    /// [`ReplayError`] if the recording is damaged there.
    pub fn inspect(&mut self) -> Result<InspectedWorld, ReplayError> {
        self.inspector.world(self.playback.recording(), self.playback.now().world.tick)
    }

    /// The components of a subject at the tick shown, by the key that [`Replay::inspect`] gives.
    ///
    /// # Errors
    /// As [`Replay::inspect`].
    pub fn components_of(&mut self, subject: &str) -> Result<InspectedComponents, ReplayError> {
        let Ok(subject) = subject.parse() else { return Ok(InspectedComponents { components: Vec::new() }) };
        self.inspector.components(self.playback.recording(), self.playback.now().world.tick, subject)
    }

    /// How a component changed in the ticks before the one shown, at most [`HISTORY_LIMIT_TICKS`].
    ///
    /// # Errors
    /// As [`Replay::inspect`].
    pub fn history_of(
        &mut self,
        subject: &str,
        component: &str,
        ticks: u32,
    ) -> Result<ComponentHistory, ReplayError> {
        let Ok(subject) = subject.parse() else { return Ok(ComponentHistory { changes: Vec::new() }) };
        let tick = self.playback.now().world.tick;
        self.inspector.history(self.playback.recording(), tick, ticks, subject, component)
    }

    /// The state of the player.
    pub fn state(&self) -> ReplayState {
        let frame = self.playback.now();
        ReplayState {
            tick: frame.world.tick.0,
            ticks: self.playback.last_tick().0,
            playing: self.playing,
            live: self.live,
            speed: self.speed,
            following: self.camera.following().0,
            death: self.death.map(|death| DeathState {
                tick: death.tick.0,
                victim: death.victim.0,
                evidence: death.hit.map(|hit| EvidenceFacts::of_hit(&hit, self.playback.setup())),
            }),
            entities: frame.world.entities.len(),
            state_hash: format!("{:016x}", frame.state_hash),
            diverged_at: self.playback.diverged().map(|tick| tick.0),
            warning: (!self.faults().is_empty()).then(|| self.faults().join("; ")),
        }
    }
}

/// The muzzle flashes of the guns that fired in the tick of a frame: those whose cooldown has just begun.
fn shots<'a>(frame: &'a ReplayFrame, setup: &Setup, own: Option<NetId>) -> impl Iterator<Item = Effect> + 'a {
    let world = &frame.world;
    let tick_seconds = setup.tick_seconds();
    let handling =
        Handling::of(&setup.rules, setup.half_size(&world.round), tick_seconds, Levels::default(), 0);
    world.pilots.iter().filter(move |pilot| pilot.cooldown == handling.cooldown_ticks).filter_map(
        move |pilot| {
            let ship = world.entity(pilot.ship?)?;
            let muzzle = ship.motion.position() + ship.heading.vector() * handling.radius;
            Some(event_effects::shot(ship.id, muzzle, ship.heading.radians(), Some(ship.id) == own))
        },
    )
}

struct InFrame<'a>(&'a ReplayFrame);

impl EntityLookup for InFrame<'_> {
    fn entity(&self, id: NetId) -> Option<&EntityState> {
        self.0.world.entity(id)
    }

    fn ship_of(&self, player: PlayerId) -> Option<&EntityState> {
        self.0.world.entity(self.0.world.pilot(player)?.ship?)
    }
}
