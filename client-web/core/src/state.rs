//! What the core reports about itself: for scripts and tests, and for the net graph.

use crate::client::{Client, Connection};
use crate::hit_counts::{HitCount, VIEW_AGE_BOUNDS_MS};
use crate::world::World;
use serde::Serialize;
use shared::quantize::health_from;
use shared::spent::Spent;

/// Where a client is between the join screen and the match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum ClientPhase {
    /// No connection.
    Offline,
    /// No seat yet.
    Joining,
    /// The ship lives.
    Playing,
    /// The ship is destroyed.
    Dead,
    /// The seat was given up.
    Left,
}

/// The state of a live client.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), tsify(missing_as_null))]
#[serde(rename_all = "camelCase")]
pub struct ClientState {
    /// Where the client is.
    pub phase: ClientPhase,
    /// The room of the newest welcome, or the one that was asked for.
    pub room: Option<String>,
    /// The newest snapshot's tick.
    pub tick: u32,
    /// Average round trip, in milliseconds.
    pub rtt_ms: f64,
    /// Mean deviation of the round trip, in milliseconds.
    pub jitter_ms: f64,
    /// Milliseconds since the last message of the server.
    pub silent_ms: f64,
    /// Size of the newest snapshot.
    pub snapshot_bytes: usize,
    /// Bytes received per second.
    pub bytes_per_second: f64,
    /// Entities in view.
    pub entities: usize,
    /// The own ship as predicted, while alive.
    #[serde(rename = "self")]
    pub own: Option<OwnState>,
    /// Inputs that the server has not applied yet.
    pub pending_inputs: usize,
    /// Error of the newest prediction that was compared, in units.
    pub prediction_error_units: f32,
    /// How far behind the server other ships are shown, in milliseconds. It follows the jitter.
    pub interpolation_delay_ms: f64,
    /// Ticks by which inputs arrive early at the server.
    pub input_lead_ticks: f64,
    /// The share by which the tick clock runs faster than the server's, to keep that lead.
    pub rate_bend: f64,
    /// Players in the room, drones included.
    pub players: u32,
    /// The version of this core.
    pub version: &'static str,
}

/// The own ship.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct OwnState {
    /// The ship's id.
    pub id: u32,
    /// Position in units.
    pub x: f32,
    /// As `x`.
    pub y: f32,
    /// Radians.
    pub heading: f32,
    /// Points.
    pub health: f32,
    /// Loads of ore.
    pub hold: u16,
    /// What was earned; it ranks.
    pub score: u32,
    /// What is left of it to spend.
    pub purse: u32,
}

/// The newest values of the net graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct NetGraph {
    /// Average round trip, in milliseconds.
    pub rtt_ms: f64,
    /// The newest round trip, in milliseconds.
    pub newest_rtt_ms: f64,
    /// How many round trips were measured.
    pub round_trips: u32,
    /// Mean deviation of the round trip, in milliseconds.
    pub jitter_ms: f64,
    /// Size of the newest snapshot.
    pub snapshot_bytes: usize,
    /// Bytes received per second.
    pub bytes_per_second: f64,
    /// How far behind the server other ships are shown, in milliseconds.
    pub interpolation_delay_ms: f64,
    /// Error of the newest prediction that was compared, in units.
    pub prediction_error_units: f32,
    /// Predictions that were wrong.
    pub corrections: u32,
    /// Inputs that the server has not applied yet.
    pub pending_inputs: usize,
    /// Ticks by which inputs arrive early at the server.
    pub input_lead_ticks: f64,
    /// The share by which the tick clock runs faster than the server's.
    pub rate_bend: f64,
    /// Hits on other ships.
    pub hits_dealt: HitCount,
    /// Hits on the own ship.
    pub hits_taken: HitCount,
    /// The hits on other ships by how old those were on the screen: below 50, 100, 150, 200 ms, and above.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "number[]"))]
    pub hits_by_view_age: [u32; VIEW_AGE_BOUNDS_MS.len() + 1],
    /// Duration of the server's newest tick, in milliseconds.
    pub server_tick_ms: f64,
    /// The room's [`shared::message::LoadLevel`] as a number; 0 is normal.
    pub load_level: u8,
    /// Bytes of the last second's snapshots, by what they were spent on.
    #[cfg_attr(target_arch = "wasm32", tsify(type = "import('./schema.ts').Spent"))]
    pub spent_bytes_per_second: Spent,
}

impl Client {
    /// The state at a time.
    pub fn state(&self, now_ms: f64) -> ClientState {
        let graph = self.net_graph();
        let world = self.world();
        ClientState {
            phase: self.phase(),
            room: self.room.clone(),
            tick: world.map_or(0, |world| world.view.tick().0),
            rtt_ms: graph.rtt_ms,
            jitter_ms: graph.jitter_ms,
            silent_ms: self.connection.as_ref().map_or(0.0, |open| open.traffic.silent_ms(now_ms)),
            snapshot_bytes: graph.snapshot_bytes,
            bytes_per_second: graph.bytes_per_second,
            entities: world.map_or(0, |world| world.view.entities().len()),
            own: world.and_then(own_state),
            pending_inputs: graph.pending_inputs,
            prediction_error_units: graph.prediction_error_units,
            interpolation_delay_ms: graph.interpolation_delay_ms,
            input_lead_ticks: graph.input_lead_ticks,
            rate_bend: graph.rate_bend,
            players: self.players,
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    fn phase(&self) -> ClientPhase {
        match (&self.connection, self.world()) {
            _ if self.left => ClientPhase::Left,
            (None, _) => ClientPhase::Offline,
            (Some(_), None) => ClientPhase::Joining,
            (Some(_), Some(world)) if world.own.ship.is_none() => ClientPhase::Dead,
            (Some(_), Some(_)) => ClientPhase::Playing,
        }
    }

    /// The newest values of the net graph.
    pub fn net_graph(&self) -> NetGraph {
        let Some(Connection { traffic, world, .. }) = &self.connection else { return NetGraph::default() };
        let link = NetGraph {
            rtt_ms: traffic.round_trip_ms().unwrap_or(0.0),
            newest_rtt_ms: traffic.newest_round_trip_ms,
            round_trips: traffic.round_trips,
            jitter_ms: traffic.jitter_ms(),
            snapshot_bytes: traffic.snapshot_bytes,
            bytes_per_second: traffic.bytes_per_second,
            server_tick_ms: traffic.server_tick_ms(),
            load_level: traffic.load_level(),
            spent_bytes_per_second: traffic.spent_bytes_per_second,
            ..NetGraph::default()
        };
        let Some(world) = world else { return link };
        NetGraph {
            interpolation_delay_ms: world.interpolation_clock.delay_ms(),
            prediction_error_units: world.prediction.error_units(),
            corrections: world.prediction.corrections(),
            pending_inputs: world.pending_inputs(),
            input_lead_ticks: world.clock.lead_ticks(),
            rate_bend: world.clock.rate_bend(),
            hits_dealt: world.hits.dealt,
            hits_taken: world.hits.taken,
            hits_by_view_age: world.hits.by_view_age,
            ..link
        }
    }
}

fn own_state(world: &World) -> Option<OwnState> {
    let ship = world.own_ship()?;
    let predicted = world.prediction.newest();
    let position = predicted.map_or(ship.motion, |tick| tick.ship.motion).position();
    let heading = predicted.map_or(ship.heading, |tick| tick.ship.heading);
    Some(OwnState {
        id: ship.id.0,
        x: position.x,
        y: position.y,
        heading: heading.radians(),
        health: health_from(ship.health),
        hold: ship.hold,
        score: world.own.score,
        purse: world.own.purse,
    })
}
