//! The world since one welcome: what the server sent of it, what is predicted, and when each part of it is shown.

use crate::clock::TickClock;
use crate::death_replay::{DeathReplay, LastSeconds, REPLAY_SECONDS};
use crate::draw_item::{Viewer, direction};
use crate::effects::{Due, EffectQueue};
use crate::event_effects::{self, EntityLookup};
use crate::hit_counts::HitCounts;
use crate::interpolation_clock::InterpolationClock;
use crate::layout::{Effect, EffectKind};
use crate::notice::{Notice, NoticeQueue};
use crate::own_bolts::OwnBolts;
use crate::predicted_impacts::PredictedImpacts;
use crate::prediction::{Prediction, ServerShip};
use crate::snapshot_buffer::SnapshotBuffer;
use glam::Vec2;
use shared::codec::encoded_length;
use shared::delta::{Changes, DeltaError, View};
use shared::entity::{EntityState, Kind};
use shared::event::{Event, Happening};
use shared::evidence::DeathEvidence;
use shared::id::{NetId, PlayerId, Tick};
use shared::input::{Buttons, Controls, InputFrame, ViewLag};
use shared::message::{INPUT_FRAMES_LIMIT, Input, InputFrames, Own, Snapshot, Welcome};
use shared::movement::{IMPACT_EVENT_UNITS_PER_SECOND, ShipMotion};
use shared::round::Round;
use shared::rules::RuleError;
use shared::setup::Setup;
use shared::spent::Spent;
use shared::text::Name;
use std::collections::BTreeMap;

/// The ticks of a gap longer than this are skipped, in milliseconds.
pub const SKIP_GAP_MS: f64 = 250.0;
/// A smaller change of the view's lag is not sent, in parts of a tick.
const LAG_STEP_PARTS: u16 = 2;
/// Input frames older than this many ticks are not sent again.
const RESEND_LIMIT_TICKS: u32 = 30;
/// Names remembered at most. Beyond it all are forgotten, and announced again when their ships are seen again.
pub const NAMES_LIMIT: usize = 1024;

/// Everything since one welcome.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) setup: Setup,
    /// The own player.
    pub player: PlayerId,
    pub(crate) tick_seconds: f32,
    pub(crate) half_size: f32,
    /// The entities in view, as of the newest snapshot.
    pub view: View,
    /// The own seat, as of the newest snapshot.
    pub own: Own,
    /// As the server last told it.
    pub(crate) round: Round,
    pub(crate) viewer: Viewer,
    pub(crate) clock: TickClock,
    pub(crate) interpolation_clock: InterpolationClock,
    pub(crate) others: SnapshotBuffer,
    pub(crate) prediction: Prediction,
    pub(crate) bolts: OwnBolts,
    pub(crate) effects: EffectQueue,
    pub(crate) camera: Vec2,
    pub(crate) hits: HitCounts,
    last_seconds: LastSeconds,
    /// Of the snapshot that comes next.
    pub(crate) evidence: Option<DeathEvidence>,
    /// The last seconds of the own ship, while it is destroyed and nobody has skipped them.
    pub(crate) death_replay: Option<DeathReplay>,
    /// Whether frames are drawn: without, nothing is kept for them.
    draws: bool,
    /// The newest own tick.
    pub(crate) issued: Tick,
    impacts: PredictedImpacts,
    /// As last sent to the server.
    lag: ViewLag,
    input_ack: Tick,
    /// Input frames of the previous connection that are to be sent again, oldest first.
    unacknowledged: InputFrames,
    advanced_ms: f64,
    names: BTreeMap<PlayerId, (Name, u8, bool)>,
}

impl World {
    /// The world that a welcome describes; the Hello was sent `round_trip_ms` ago.
    ///
    /// # Errors
    /// [`RuleError`] if a number of the rules is out of its range.
    pub fn new(welcome: Welcome, draws: bool, round_trip_ms: f64, now_ms: f64) -> Result<World, RuleError> {
        let setup = Setup {
            drones: welcome.mode.drones,
            rules: welcome.rules,
            mode: welcome.mode,
            arenas: welcome.arenas,
            tick_rate_hz: welcome.tick_rate_hz,
            seed: 0,
        };
        setup.check()?;
        let tick_seconds = setup.tick_seconds();
        let tick_ms = 1000.0 / f64::from(setup.tick_rate_hz);
        let clock = TickClock::start(tick_ms, welcome.tick, round_trip_ms, now_ms);
        Ok(World {
            half_size: setup.half_size(&welcome.round),
            player: welcome.player,
            tick_seconds,
            view: View::new(tick_seconds),
            own: Own::default(),
            round: welcome.round,
            viewer: Viewer { player: welcome.player, team: 0 },
            issued: clock.tick(now_ms),
            clock,
            interpolation_clock: InterpolationClock::new(tick_ms),
            others: SnapshotBuffer::new(tick_seconds),
            prediction: Prediction::new(&setup, &welcome.round),
            bolts: OwnBolts::new(tick_seconds),
            effects: EffectQueue::default(),
            camera: Vec2::ZERO,
            hits: HitCounts::default(),
            last_seconds: LastSeconds::default(),
            evidence: None,
            death_replay: None,
            draws,
            impacts: PredictedImpacts::default(),
            lag: ViewLag::default(),
            input_ack: Tick(0),
            unacknowledged: InputFrames::new(),
            advanced_ms: now_ms,
            names: BTreeMap::new(),
            setup,
        })
    }

    /// The server told of the round. Returns whether it is played in another arena.
    pub(crate) fn enter(&mut self, round: Round) -> bool {
        let is_elsewhere = round.arena != self.round.arena;
        self.round = round;
        if is_elsewhere {
            self.half_size = self.setup.half_size(&round);
            self.prediction.enter(self.half_size);
        }
        is_elsewhere
    }

    /// The present round.
    pub fn round(&self) -> &Round {
        &self.round
    }

    /// What is played.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The same world on a new connection to a server that is at `tick`. The view stays, the clocks restart. Recent frames
    /// that the server had not applied are sent again.
    pub fn resumed(self, tick: Tick, round_trip_ms: f64, now_ms: f64) -> World {
        let tick_ms = f64::from(self.tick_seconds) * 1000.0;
        let clock = TickClock::start(tick_ms, tick, round_trip_ms, now_ms);
        // Ticks for which frames were issued while the server paused are still ahead of it: they are issued again.
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
            interpolation_clock: InterpolationClock::new(tick_ms),
            others: SnapshotBuffer::new(self.tick_seconds),
            prediction: Prediction::new(&self.setup, &self.round),
            bolts: OwnBolts::new(self.tick_seconds),
            effects: EffectQueue::default(),
            last_seconds: LastSeconds::default(),
            evidence: None,
            death_replay: None,
            impacts: PredictedImpacts::default(),
            lag: ViewLag::default(),
            advanced_ms: now_ms,
            ..self
        }
    }

    /// Applies a snapshot; new names go to `notices`. Returns what the bytes of its events and payload were spent on.
    ///
    /// # Errors
    /// [`DeltaError`] if its records contradict the view: close the connection.
    pub(crate) fn snapshot(
        &mut self,
        snapshot: &Snapshot<'_>,
        round_trip_ms: f64,
        now_ms: f64,
        notices: &mut NoticeQueue,
    ) -> Result<Spent, DeltaError> {
        let changes = self.view.apply(snapshot.tick, snapshot.fresh, &snapshot.delta)?;
        self.own = snapshot.own;
        self.input_ack = snapshot.input_ack;
        self.interpolation_clock.arrived(snapshot.tick, now_ms);
        self.steer(snapshot, round_trip_ms, now_ms);
        self.announce_names(&changes, notices);
        self.reconcile(changes.obstacles_changed);
        if self.draws {
            self.keep_others(snapshot.tick, now_ms);
            self.queue_effects(&snapshot.events, &changes, now_ms);
            self.keep_last_seconds(&snapshot.events, now_ms);
        }
        Ok(Spent { events: encoded_length(&snapshot.events) as u32, ..changes.spent })
    }

    /// Steers the clock by how early the newest input arrived. If that sets it back, the frames from there on are issued
    /// again.
    fn steer(&mut self, snapshot: &Snapshot<'_>, round_trip_ms: f64, now_ms: f64) {
        self.clock.steer(snapshot.tick, snapshot.input_lead, round_trip_ms, now_ms);
        let due = self.input_ack.max(self.clock.tick(now_ms));
        if self.issued > due {
            self.issued = due;
            self.prediction.take_back(due);
        }
    }

    fn announce_names(&mut self, changes: &Changes, notices: &mut NoticeQueue) {
        for (player, name) in &changes.names {
            let Some(ship) = self.ship_of(*player) else { continue };
            let known = (name.clone(), ship.team, ship.is_drone());
            if self.names.get(player) == Some(&known) {
                continue;
            }
            if self.names.len() >= NAMES_LIMIT {
                self.names.clear();
            }
            let (name, team, drone) = (name.as_str().into(), known.1, known.2);
            notices.push(Notice::Name { player: player.0, name, team, drone });
            self.names.insert(*player, known);
        }
    }

    fn reconcile(&mut self, obstacles_changed: bool) {
        let tick = self.view.tick();
        let own = self.own_ship().copied();
        let server = own.map(|ship| {
            let state = ShipMotion {
                motion: ship.motion,
                heading: ship.heading,
                energy: self.own.energy,
                cooldown: self.own.cooldown,
                ability: self.own.ability,
            };
            ServerShip { id: ship.id, tick, ship: state, hold: ship.hold, levels: ship.levels }
        });
        if let Some(ship) = own {
            self.viewer.team = ship.team;
        }
        self.prediction.reconcile(server, tick, self.view.entities(), obstacles_changed);
        let fired = self.prediction.ticks().filter_map(|tick| tick.fired.map(|shot| (tick.tick, shot)));
        let player = self.player;
        let bolts = self.view.entities().iter().filter(|entity| is_own_bolt(entity, player));
        self.bolts.reconcile(tick, bolts, fired);
    }

    /// Keeps the others' ships and bolts for interpolation.
    fn keep_others(&mut self, tick: Tick, now_ms: f64) {
        let player = self.player;
        let theirs = self
            .view
            .entities()
            .iter()
            .filter(|entity| matches!(entity.kind, Kind::Ship | Kind::Bolt) && entity.owner != player)
            .filter(|entity| !entity.is_mine());
        self.others.push(tick, theirs);
        let shown = self.interpolation_clock.advance(now_ms);
        self.others.drop_before(shown);
    }

    /// Keeps the last seconds, which are shown again once the own ship is destroyed, until it is back.
    fn keep_last_seconds(&mut self, events: &[Event], now_ms: f64) {
        let span_ticks = self.setup.ticks(REPLAY_SECONDS);
        self.last_seconds.push(self.view.tick(), self.view.entities(), events, span_ticks);
        let is_end =
            |event: &Event| matches!(event.what, Happening::Death { victim, .. } if victim == self.player);
        if self.own.ship.is_some() {
            (self.death_replay, self.evidence) = (None, None);
        } else if events.iter().any(is_end) {
            let evidence = self.evidence.take();
            let (last, player) = (&mut self.last_seconds, self.player);
            self.death_replay = Some(DeathReplay::new(last, player, evidence, self.tick_seconds, now_ms));
        }
    }

    fn queue_effects(&mut self, events: &[Event], changes: &Changes, now_ms: f64) {
        let tick = self.view.tick();
        for id in &changes.appeared {
            if let Some(effect) = self.shot_of_another(*id) {
                self.effects.push(effect, Due::AtTick(tick.0), now_ms);
            }
        }
        let entities = LastSeen { view: &self.view, removed: &changes.removed };
        for event in events {
            let own = self.own.ship.or_else(|| entities.own_lost(self.player));
            if let Happening::Hit { target, by, seen, .. } = event.what {
                if own == Some(target) {
                    self.hits.taken.add(seen);
                } else if by == self.player && entities.entity(target).is_some_and(|it| it.kind == Kind::Ship)
                {
                    self.hits.add_dealt(seen, self.lag, self.tick_seconds);
                }
            }
            let effect = event_effects::effect(event, &self.setup.rules, own, &entities);
            if effect.own && effect.kind == EffectKind::Bounced && self.impacts.take(tick) {
                continue;
            }
            if let Some(seen) = event_effects::seen(event, own, &effect) {
                self.effects.push(seen, Due::Now { subject_at: None }, now_ms);
            }
            let subject = entities.entity(NetId(effect.subject));
            // Effects on what is drawn on the predicted timeline are due now, all others when their tick is shown.
            let predicted = own.is_some_and(|own| own.0 == effect.subject)
                || event_effects::is_rewound(event)
                || effect.kind == EffectKind::Broken
                || subject.is_some_and(|subject| subject.kind == Kind::Asteroid);
            let due = if predicted {
                Due::Now { subject_at: subject.map(|subject| subject.motion.position()) }
            } else {
                Due::AtTick(tick.0)
            };
            self.effects.push(effect, due, now_ms);
        }
    }

    /// The muzzle flash of a bolt that another player has just fired.
    fn shot_of_another(&self, id: NetId) -> Option<Effect> {
        let bolt = self.view.entity(id).filter(|entity| entity.kind == Kind::Bolt && !entity.is_mine())?;
        let ship = self.ship_of(bolt.owner).filter(|ship| ship.owner != self.player)?;
        event_effects::is_fired_now(bolt, ship, &self.setup).then(|| {
            let muzzle = ship.motion.position() + ship.heading.vector() * self.setup.rules.ship.radius;
            // The shooter's lag has moved it ahead: the flash reaches to where it is.
            let flown = bolt.motion.position() - muzzle;
            let flash = event_effects::shot(ship.id, muzzle, direction(flown), false);
            Effect { value: flown.length(), ..flash }
        })
    }

    /// Runs the tick clock: issues the frames that are due, each with the controls that `sample` returns.
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

    /// When [`World::advance`] is due again, in milliseconds: for the next frame, or before the gap counts as one.
    pub fn due_ms(&self) -> f64 {
        let frame_ms = self.clock.time_of(f64::from(self.issued.next().0));
        frame_ms.min(self.advanced_ms + SKIP_GAP_MS / 2.0)
    }

    /// Adds the lag of the picture that the controls were aimed by. Only shots need it; a small change is left out, because
    /// unchanged controls cost fewer bytes.
    fn aimed_by(&mut self, controls: Controls, now_ms: f64) -> Controls {
        if controls.buttons.any(Buttons::FIRE) {
            let lag = ViewLag::of_ticks(self.view_lag_ticks(now_ms)).min(self.setup.rewind_limit());
            if lag.0.abs_diff(self.lag.0) >= LAG_STEP_PARTS {
                self.lag = lag;
            }
        }
        Controls { lag: self.lag, ..controls }
    }

    /// How far the others are shown behind the own ship, in ticks.
    pub fn view_lag_ticks(&mut self, now_ms: f64) -> f64 {
        self.clock.position(now_ms) - self.interpolation_clock.advance(now_ms)
    }

    /// Ticks by which others are extrapolated: the part of the lag for which the server does not rewind, up to as much
    /// again.
    pub fn extrapolation_ticks(&mut self, now_ms: f64) -> f64 {
        let limit = f64::from(self.setup.rewind_limit().ticks());
        (self.view_lag_ticks(now_ms) - limit).clamp(0.0, limit)
    }

    fn predict(&mut self, frame: InputFrame, now_ms: f64) {
        let Some(step) = self.prediction.issue(frame) else { return };
        let Some(ship) = self.own.ship.filter(|_| self.draws) else { return };
        let position = step.ship.motion.position();
        let due = Due::Now { subject_at: Some(position) };
        if let Some(shot) = step.fired
            && self.bolts.fired(step.tick, shot)
        {
            let muzzle = shot.muzzle.position();
            let flash = event_effects::shot(ship, muzzle, step.ship.heading.radians(), true);
            self.effects.push(flash, due, now_ms);
        }
        if step.impact >= IMPACT_EVENT_UNITS_PER_SECOND {
            self.effects.push(event_effects::bounce(ship, position, step.impact), due, now_ms);
            self.impacts.push(step.tick);
        }
    }

    /// The own ship in the newest snapshot.
    pub fn own_ship(&self) -> Option<&EntityState> {
        self.view.entity(self.own.ship?).filter(|entity| entity.kind == Kind::Ship)
    }

    /// Input frames that the server had not applied by the newest snapshot.
    pub fn pending_inputs(&self) -> usize {
        self.prediction.frames_after(self.input_ack)
    }

    fn ship_of(&self, player: PlayerId) -> Option<&EntityState> {
        ship_of(self.view.entities(), player)
    }
}

/// Whether a bolt is shown on the predicted timeline.
fn is_own_bolt(entity: &EntityState, player: PlayerId) -> bool {
    entity.kind == Kind::Bolt && entity.owner == player && !entity.is_mine()
}

fn ship_of(entities: &[EntityState], player: PlayerId) -> Option<&EntityState> {
    entities.iter().find(|entity| entity.kind == Kind::Ship && entity.owner == player)
}

/// The newest view and what has just left it.
struct LastSeen<'a> {
    view: &'a View,
    removed: &'a [EntityState],
}

impl LastSeen<'_> {
    /// The own ship, if it has just been destroyed.
    fn own_lost(&self, player: PlayerId) -> Option<NetId> {
        ship_of(self.removed, player).map(|ship| ship.id)
    }
}

impl EntityLookup for LastSeen<'_> {
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
