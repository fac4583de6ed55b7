//! What the core reports about itself, for tinkerers, tests and the net graph.

use serde::Serialize;
use shared::spent::Spent;

/// The state of a live client.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// "offline", "joining", "playing", "dead" or "left".
    pub phase: &'static str,
    /// The room of the newest welcome, or the one that was asked for.
    pub room: Option<String>,
    /// The newest snapshot's tick.
    pub tick: u32,
    /// Round trip, in milliseconds.
    pub rtt_ms: f64,
    /// Mean deviation of the round trip, in milliseconds.
    pub jitter_ms: f64,
    /// Milliseconds since anything was heard from the server.
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
    /// How far the newest checked prediction was off, in units.
    pub prediction_error_units: f32,
    /// How far behind the server others are shown, in milliseconds. It follows the jitter.
    pub interpolation_delay_ms: f64,
    /// How many ticks early inputs come to the server.
    pub input_lead_ticks: f64,
    /// By which share the own clock runs faster than the server's, to keep inputs as early as the jitter asks for.
    pub rate_bend: f64,
    /// Players in the room, drones included.
    pub players: u32,
    /// The version of this core.
    pub version: &'static str,
}

/// The own ship.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OwnState {
    /// The ship's name on the wire.
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
    /// Banked score.
    pub score: u32,
}

/// The newest values behind the net graph.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NetGraph {
    /// Round trip, in milliseconds.
    pub rtt_ms: f64,
    /// The newest one of those that it is the average of.
    pub newest_rtt_ms: f64,
    /// How many those are.
    pub round_trips: u32,
    /// Mean deviation of the round trip, in milliseconds.
    pub jitter_ms: f64,
    /// Size of the newest snapshot.
    pub snapshot_bytes: usize,
    /// Bytes received per second.
    pub bytes_per_second: f64,
    /// How far behind the server others are shown, in milliseconds.
    pub interpolation_delay_ms: f64,
    /// How far the newest checked prediction was off, in units.
    pub prediction_error_units: f32,
    /// Predictions that were off.
    pub corrections: u32,
    /// Inputs that the server has not applied yet.
    pub pending_inputs: usize,
    /// How many ticks early inputs come to the server.
    pub input_lead_ticks: f64,
    /// By which share the own clock runs faster than the server's.
    pub rate_bend: f64,
    /// How long the server's newest tick took, in milliseconds.
    pub server_tick_ms: f64,
    /// What the room goes without, as a number of [`shared::message::LoadLevel`]; 0 is nothing.
    pub load_level: u8,
    /// What the bytes of the snapshots of the last second were spent on.
    pub spent_bytes_per_second: Spent,
}
