//! The world of one welcome: what the server said of it, what is predicted, and when each part of it is shown.

use crate::clock::TickClock;
use crate::effects::{Due, Effects};
use crate::felt::{FELT_UNITS_PER_SECOND, Felt};
use crate::frame::{Effect, EffectKind};
use crate::happenings::{self, Surroundings};
use crate::interpolation::Samples;
use crate::notice::Notice;
use crate::own_bolts::OwnBolts;
use crate::prediction::{Base, Prediction};
use crate::shown::{Watcher, direction};
use crate::timeline::Timeline;
use glam::Vec2;
use shared::codec::encoded_length;
use shared::delta::{Changes, DeltaError, View};
use shared::entity::{EntityState, Kind, ShipFlags};
use shared::event::Event;
use shared::id::{NetId, PlayerId, Tick};
use shared::input::{Buttons, Controls, InputFrame, ViewLag};
use shared::message::{INPUT_FRAMES_LIMIT, Input, InputFrames, Own, Snapshot, Welcome};
use shared::movement::ShipMotion;
use shared::rules::RuleError;
use shared::setup::Setup;
use shared::spent::Spent;
use shared::text::Name;
use std::collections::{BTreeMap, VecDeque};

/// After a gap of this long the ticks in it are skipped, in milliseconds.
pub const SKIP_GAP_MS: f64 = 250.0;
/// A change of the view's lag by less than this is not told, in parts of a tick.
const LAG_NEWS_PARTS: u16 = 2;
/// Frames older than this many ticks are not sent again: what they were meant for is over.
const RESEND_LIMIT_TICKS: u32 = 30;
/// Names remembered at most; with one more, all others are forgotten, and told again when they are met again.
pub const NAMES_LIMIT: usize = 1024;

/// Everything that one welcome began.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) setup: Setup,
    /// Whose client this is.
    pub player: PlayerId,
    pub(crate) tick_seconds: f32,
    pub(crate) half_size: f32,
    /// What the server has told of the world, as of its newest snapshot.
    pub view: View,
    /// The own seat, as of the newest snapshot.
    pub own: Own,
    pub(crate) watcher: Watcher,
    pub(crate) clock: TickClock,
    pub(crate) timeline: Timeline,
    pub(crate) samples: Samples,
    pub(crate) prediction: Prediction,
    pub(crate) bolts: OwnBolts,
    pub(crate) effects: Effects,
    pub(crate) camera: Vec2,
    /// Pictures are drawn of it. Of a world that nobody looks at, nothing is kept for pictures.
    pub(crate) is_watched: bool,
    /// The newest own tick.
    pub(crate) issued: Tick,
    felt: Felt,
    /// As last told to the server.
    lag: ViewLag,
    input_ack: Tick,
    /// Frames of the connection before that are to be sent again, oldest first.
    unacknowledged: InputFrames,
    advanced_ms: f64,
    names: BTreeMap<PlayerId, (Name, u8, bool)>,
}

impl World {
    /// The world that a welcome describes; the Hello was sent `round_trip_ms` ago.
    ///
    /// # Errors
    /// [`RuleError`] if a number of the rules is out of its range.
    pub fn new(welcome: Welcome, round_trip_ms: f64, now_ms: f64) -> Result<World, RuleError> {
        let setup = Setup {
            drones: welcome.mode.drones,
            rules: welcome.rules,
            mode: welcome.mode,
            arena: welcome.arena,
            tick_rate_hz: welcome.tick_rate_hz,
            seed: 0,
        };
        setup.check()?;
        let tick_seconds = setup.tick_seconds();
        let tick_ms = 1000.0 / f64::from(setup.tick_rate_hz);
        let clock = TickClock::start(tick_ms, welcome.tick, round_trip_ms, now_ms);
        Ok(World {
            half_size: setup.half_size(),
            player: welcome.player,
            tick_seconds,
            view: View::new(tick_seconds),
            own: Own::default(),
            watcher: Watcher { player: welcome.player, team: 0 },
            issued: clock.tick(now_ms),
            clock,
            timeline: Timeline::new(tick_ms),
            samples: Samples::new(tick_seconds),
            prediction: Prediction::new(&setup),
            bolts: OwnBolts::new(tick_seconds),
            effects: Effects::default(),
            camera: Vec2::ZERO,
            is_watched: false,
            felt: Felt::default(),
            lag: ViewLag::default(),
            input_ack: Tick(0),
            unacknowledged: InputFrames::new(),
            advanced_ms: now_ms,
            names: BTreeMap::new(),
            setup,
        })
    }

    /// The same world on a new connection, of which the server says that it stands at `tick`. What the client holds stays;
    /// the clocks begin anew. Frames that the server had not applied are sent again if they are recent.
    #[must_use]
    pub fn resumed(self, tick: Tick, round_trip_ms: f64, now_ms: f64) -> World {
        let tick_ms = f64::from(self.tick_seconds) * 1000.0;
        let clock = TickClock::start(tick_ms, tick, round_trip_ms, now_ms);
        // Where the server stood still, frames were issued for ticks that it has yet to come to: they are issued again.
        let issued = self.input_ack.max(clock.tick(now_ms));
        let recent = |frame: &&InputFrame| {
            let unapplied = frame.tick > self.input_ack && frame.tick <= issued;
            unapplied && issued.since(frame.tick) < RESEND_LIMIT_TICKS
        };
        let unacknowledged = self.prediction.frames().filter(recent).copied().collect();
        World {
            issued,
            clock,
            unacknowledged,
            timeline: Timeline::new(tick_ms),
            samples: Samples::new(self.tick_seconds),
            prediction: Prediction::new(&self.setup),
            bolts: OwnBolts::new(self.tick_seconds),
            effects: Effects::default(),
            felt: Felt::default(),
            lag: ViewLag::default(),
            advanced_ms: now_ms,
            ..self
        }
    }

    /// Takes in a snapshot; names that are new go to `notices`. Returns what the bytes of its events and its payload were
    /// spent on.
    ///
    /// # Errors
    /// [`DeltaError`] if its records make no sense: the connection is of no use any more.
    pub fn snapshot(
        &mut self,
        snapshot: &Snapshot<'_>,
        round_trip_ms: f64,
        now_ms: f64,
        notices: &mut VecDeque<Notice>,
    ) -> Result<Spent, DeltaError> {
        let changes = self.view.apply(snapshot.tick, snapshot.fresh, &snapshot.delta)?;
        self.own = snapshot.own;
        self.input_ack = snapshot.input_ack;
        self.timeline.arrived(snapshot.tick, now_ms);
        self.steer(snapshot, round_trip_ms, now_ms);
        self.learn_names(&changes, notices);
        self.reconcile(!changes.drifting_disturbed);
        if self.is_watched {
            self.see(snapshot.tick, now_ms);
            self.hear(&snapshot.events, &changes, now_ms);
        }
        Ok(Spent { events: encoded_length(&snapshot.events) as u32, ..changes.spent })
    }

    /// Sets the clock by how early the newest input came. If that sets it back, the frames from there on are issued again.
    fn steer(&mut self, snapshot: &Snapshot<'_>, round_trip_ms: f64, now_ms: f64) {
        self.clock.steer(snapshot.tick, snapshot.input_lead, round_trip_ms, now_ms);
        let due = self.input_ack.max(self.clock.tick(now_ms));
        if self.issued > due {
            self.issued = due;
            self.prediction.take_back(due);
        }
    }

    fn learn_names(&mut self, changes: &Changes, notices: &mut VecDeque<Notice>) {
        for (player, name) in &changes.names {
            let Some(ship) = self.ship_of(*player) else { continue };
            let known = (name.clone(), ship.team, ship.flags.any(ShipFlags::DRONE));
            if self.names.get(player) == Some(&known) {
                continue;
            }
            if self.names.len() >= NAMES_LIMIT {
                self.names.clear();
            }
            let (name, team, drone) = (name.as_str().into(), known.1, known.2);
            notices.push_back(Notice::Name { player: player.0, name, team, drone });
            self.names.insert(*player, known);
        }
    }

    fn reconcile(&mut self, undisturbed: bool) {
        let tick = self.view.tick();
        let own = self.own_ship().copied();
        let base = own.map(|ship| {
            let state = ShipMotion {
                motion: ship.motion,
                heading: ship.heading,
                energy: self.own.energy,
                cooldown: self.own.cooldown,
            };
            Base { id: ship.id, tick, ship: state, hold: ship.hold, levels: ship.levels }
        });
        if let Some(ship) = own {
            self.watcher.team = ship.team;
        }
        self.prediction.reconcile(base, tick, self.view.entities(), undisturbed);
        let fired = self.prediction.steps().filter_map(|step| step.fired.map(|shot| (step.tick, shot)));
        let player = self.player;
        let bolts =
            self.view.entities().iter().filter(|entity| entity.kind == Kind::Bolt && entity.owner == player);
        self.bolts.reconcile(tick, bolts, fired);
    }

    /// Keeps what is shown on the others' time line: their ships and bolts.
    fn see(&mut self, tick: Tick, now_ms: f64) {
        let player = self.player;
        let theirs = self
            .view
            .entities()
            .iter()
            .filter(|entity| matches!(entity.kind, Kind::Ship | Kind::Bolt) && entity.owner != player);
        self.samples.push(tick, theirs);
        let shown = self.timeline.advance(now_ms);
        self.samples.drop_before(shown);
    }

    fn hear(&mut self, events: &[Event], changes: &Changes, now_ms: f64) {
        let tick = self.view.tick();
        for id in &changes.appeared {
            if let Some(effect) = self.foreign_shot(*id) {
                self.effects.add(effect, Due::AtTick(tick.0), now_ms);
            }
        }
        let around = Around { view: &self.view, removed: &changes.removed };
        for event in events {
            let own = self.own.ship.or_else(|| around.own_lost(self.player));
            let effect = happenings::effect(event, &self.setup.rules, own, &around);
            if effect.own && effect.kind == EffectKind::Bounced && !self.felt.is_news(tick) {
                continue;
            }
            if let Some(seen) = happenings::seen(event, own, &effect) {
                self.effects.add(seen, Due::Now { subject_at: None }, now_ms);
            }
            let subject = around.entity(NetId(effect.subject));
            // What stands on the predicted time line is shown there at once; all else when its tick is shown.
            let predicted = own.is_some_and(|own| own.0 == effect.subject)
                || happenings::is_rewound(event)
                || effect.kind == EffectKind::Broken
                || subject.is_some_and(|subject| subject.kind == Kind::Asteroid);
            let due = if predicted {
                Due::Now { subject_at: subject.map(|subject| subject.motion.position()) }
            } else {
                Due::AtTick(tick.0)
            };
            self.effects.add(effect, due, now_ms);
        }
    }

    /// The muzzle flash of a bolt that came into view because its owner fired it.
    fn foreign_shot(&self, id: NetId) -> Option<Effect> {
        let bolt = self.view.entity(id).filter(|entity| entity.kind == Kind::Bolt)?;
        let ship = self.ship_of(bolt.owner).filter(|ship| ship.owner != self.player)?;
        happenings::is_fired_now(bolt, ship, &self.setup).then(|| {
            let muzzle = ship.motion.position() + ship.heading.vector() * self.setup.rules.ship.radius;
            // Its shooter's lag has brought it on its way at once: the flash leads to where it is.
            let flown = bolt.motion.position() - muzzle;
            let flash = happenings::shot(ship.id, muzzle, direction(flown), false);
            Effect { value: flown.length(), ..flash }
        })
    }

    /// Runs the tick clock: issues the frames that are due, with the controls that `sample` gives for each.
    pub fn advance(&mut self, now_ms: f64, mut sample: impl FnMut() -> Controls) -> Option<Input> {
        let due = self.clock.tick(now_ms);
        let hidden = now_ms - self.advanced_ms > SKIP_GAP_MS;
        self.advanced_ms = now_ms;
        if hidden || due.since(self.issued) as usize > INPUT_FRAMES_LIMIT {
            self.issued = self.issued.max(Tick(due.0.saturating_sub(1)));
            self.prediction.snap();
        }
        let mut frames = std::mem::take(&mut self.unacknowledged);
        while self.issued < due {
            self.issued = self.issued.next();
            let frame = InputFrame { tick: self.issued, controls: self.aimed_by(sample(), now_ms) };
            frames.push(frame);
            self.predict(frame, now_ms);
        }
        (!frames.is_empty()).then(|| Input { ack: self.view.tick(), frames })
    }

    /// When the clock is to be run again, in milliseconds: for the next frame, or so that its silence is no gap.
    pub fn due_ms(&self) -> f64 {
        let frame_ms = self.clock.time_of(f64::from(self.issued.next().0));
        frame_ms.min(self.advanced_ms + SKIP_GAP_MS / 2.0)
    }

    /// Controls with the lag of the picture that they were aimed by. It only counts for shots, and small changes of it do
    /// not: it is left as it was where it says nothing new.
    fn aimed_by(&mut self, controls: Controls, now_ms: f64) -> Controls {
        if controls.buttons.any(Buttons::FIRE) {
            let lag = ViewLag::of_ticks(self.view_lag_ticks(now_ms)).min(self.setup.rewind_limit());
            if lag.0.abs_diff(self.lag.0) >= LAG_NEWS_PARTS {
                self.lag = lag;
            }
        }
        Controls { lag: self.lag, ..controls }
    }

    /// How far the time line of others is behind the own one, in ticks.
    pub fn view_lag_ticks(&mut self, now_ms: f64) -> f64 {
        self.clock.position(now_ms) - self.timeline.advance(now_ms)
    }

    /// By how many ticks others are shown ahead of their time line: what lags more than shots are rewound for is bridged
    /// by how things move, no farther than it can be guessed.
    pub fn bridge_ticks(&mut self, now_ms: f64) -> f64 {
        let limit = f64::from(self.setup.rewind_limit().ticks());
        (self.view_lag_ticks(now_ms) - limit).clamp(0.0, limit)
    }

    fn predict(&mut self, frame: InputFrame, now_ms: f64) {
        let Some(step) = self.prediction.issue(frame) else { return };
        let Some(ship) = self.own.ship.filter(|_| self.is_watched) else { return };
        let place = step.ship.motion.position();
        let due = Due::Now { subject_at: Some(place) };
        if let Some(shot) = step.fired
            && self.bolts.fired(step.tick, shot)
        {
            let muzzle = shot.muzzle.position();
            let flash = happenings::shot(ship, muzzle, step.ship.heading.radians(), true);
            self.effects.add(flash, due, now_ms);
        }
        if step.impact >= FELT_UNITS_PER_SECOND {
            self.effects.add(happenings::bounce(ship, place, step.impact), due, now_ms);
            self.felt.shown(step.tick);
        }
    }

    /// The own ship as the server last told it.
    pub fn own_ship(&self) -> Option<&EntityState> {
        self.view.entity(self.own.ship?).filter(|entity| entity.kind == Kind::Ship)
    }

    /// Frames that the server had not applied by the newest snapshot.
    pub fn pending_inputs(&self) -> usize {
        self.prediction.frames_after(self.input_ack)
    }

    fn ship_of(&self, player: PlayerId) -> Option<&EntityState> {
        ship_of(self.view.entities(), player)
    }
}

fn ship_of(entities: &[EntityState], player: PlayerId) -> Option<&EntityState> {
    entities.iter().find(|entity| entity.kind == Kind::Ship && entity.owner == player)
}

/// The newest view, with what has just left it.
struct Around<'a> {
    view: &'a View,
    removed: &'a [EntityState],
}

impl Around<'_> {
    /// The own ship, if it has just been destroyed.
    fn own_lost(&self, player: PlayerId) -> Option<NetId> {
        ship_of(self.removed, player).map(|ship| ship.id)
    }
}

impl Surroundings for Around<'_> {
    fn entity(&self, id: NetId) -> Option<&EntityState> {
        self.view.entity(id).or_else(|| self.removed.iter().find(|entity| entity.id == id))
    }

    fn ship_of(&self, player: PlayerId) -> Option<&EntityState> {
        if player == PlayerId::NOBODY {
            return None;
        }
        ship_of(self.view.entities(), player).or_else(|| ship_of(self.removed, player))
    }
}
