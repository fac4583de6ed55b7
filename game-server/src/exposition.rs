//! What `/metrics` shows: every metric with its help. Units stand in the names: seconds, bytes, and what is counted.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use room::news::LeaveReason;
use shared::PROTOCOL_VERSION;
use shared::message::LoadLevel;
use std::sync::OnceLock;

/// Upper bounds of the buckets of every duration, in seconds: a tick has 33 ms at the usual rate.
const DURATION_BUCKETS_SECONDS: [f64; 10] =
    [0.0001, 0.0003, 0.001, 0.002, 0.005, 0.010, 0.020, 0.033, 0.1, 1.0];
/// Upper bounds of the buckets of round trips, in seconds: they are measured in ticks.
const ROUND_TRIP_BUCKETS_SECONDS: [f64; 10] = [0.035, 0.07, 0.1, 0.135, 0.17, 0.2, 0.3, 0.5, 1.0, 2.0];
pub const ROUND_TRIPS: &str = "driftbelt_round_trip_seconds";
/// Upper bounds of the buckets of views' ages, in seconds: whole ticks at the usual rate, up to the longest rewind.
const VIEW_AGE_BUCKETS_SECONDS: [f64; 8] = [0.001, 0.034, 0.067, 0.1, 0.134, 0.167, 0.2, 0.25];
pub const VIEW_AGES: &str = "driftbelt_hit_view_age_seconds";
/// Upper bounds of the buckets of the distances that ships are taken back, in units: a ship's radius is 1.2.
const REWIND_BUCKETS_UNITS: [f64; 8] = [0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0];
pub const REWIND_DISTANCES: &str = "driftbelt_hit_rewind_units";
/// Upper bounds of the buckets of input leads, in ticks; below 0, inputs come late.
const INPUT_LEAD_BUCKETS_TICKS: [f64; 9] = [-3.0, -1.0, 0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 16.0];
pub const INPUT_LEADS: &str = "driftbelt_input_lead_ticks";

/// Why clients are refused, as the log and the metrics name it.
pub const REFUSALS: [&str; 14] = [
    "ban",
    "draining",
    "error",
    "full",
    "kick",
    "limit",
    "name",
    "origin",
    "proxy",
    "seat_gone",
    "stopping",
    "taken_over",
    "token",
    "version",
];

/// Counters without labels, which are shown from the start.
const COUNTERS: &[(&str, Unit, &str)] = &[
    (
        "driftbelt_accept_failures_total",
        Unit::Count,
        "Times that no socket could be accepted, such as for lack of files.",
    ),
    ("driftbelt_fleet_fences_total", Unit::Count, "Rooms that another node of the fleet had taken over."),
    (
        "driftbelt_fleet_pauses_total",
        Unit::Count,
        "Times that a room stood still because the fleet did not answer.",
    ),
    ("driftbelt_fleet_takeovers_total", Unit::Count, "Rooms continued here that ran on another node before."),
    ("driftbelt_handshakes_failed_total", Unit::Count, "TLS handshakes that failed or took too long."),
    ("driftbelt_joins_total", Unit::Count, "Players who got a seat."),
    ("driftbelt_journal_bytes_total", Unit::Bytes, "Bytes appended to recordings."),
    (
        "driftbelt_journal_marks_dropped_total",
        Unit::Count,
        "Marks that recordings lack because the disk was slow.",
    ),
    ("driftbelt_kills_total", Unit::Count, "Ships destroyed, drones included."),
    ("driftbelt_log_lines_dropped_total", Unit::Count, "Lines of the log that nobody read in time."),
    (
        "driftbelt_messages_dropped_total",
        Unit::Count,
        "Messages of clients that a room's full inbox did not take.",
    ),
    ("driftbelt_received_bytes_total", Unit::Bytes, "Bytes received by all sockets, TLS included."),
    ("driftbelt_sent_bytes_total", Unit::Bytes, "Bytes sent by all sockets, TLS included."),
    ("driftbelt_snapshots_sent_total", Unit::Count, "Snapshots handed to connections."),
    ("driftbelt_ticks_lost_total", Unit::Count, "Ticks skipped because the machine was too slow."),
];

/// Counters with a label.
const LABELLED_COUNTERS: &[(&str, &str)] = &[
    (
        "driftbelt_connections_closed_total",
        "Players' connections closed by the server, by WebSocket close code.",
    ),
    ("driftbelt_hits_total", "Hits on ships by people's bolts, by whether the ship was taken back for it."),
    ("driftbelt_journal_failures_total", "Times that a recording ended or fell behind, by reason."),
    ("driftbelt_leaves_total", "Seats given up, by reason."),
    (
        "driftbelt_load_steps_total",
        "Times that a room began to leave something out because of load, by level.",
    ),
    ("driftbelt_refusals_total", "Clients that were refused, by reason."),
];

/// Gauges; those without labels are shown from the start.
const GAUGES: &[(&str, Unit, &str)] = &[
    ("driftbelt_connections", Unit::Count, "Connections of players: open WebSockets, and clients that poll."),
    (
        "driftbelt_downloads",
        Unit::Count,
        "Recordings, pieces of matches and clips that are being downloaded.",
    ),
    ("driftbelt_waiting_watchers", Unit::Count, "Requests that wait for the next piece of a match."),
    ("driftbelt_drones", Unit::Count, "Drones in all rooms."),
    (
        "driftbelt_fleet_nodes",
        Unit::Count,
        "Nodes of the fleet that are heard, this one included; 0 without a fleet.",
    ),
    ("driftbelt_fleet_rooms", Unit::Count, "Rooms that this node runs for the fleet."),
    ("driftbelt_journals_failed", Unit::Count, "Rooms whose recording has failed or fallen behind."),
    ("driftbelt_journals_recording", Unit::Count, "Rooms that are recorded."),
    ("driftbelt_players", Unit::Count, "Seats taken by people in all rooms, present or away."),
    ("driftbelt_recordings_bytes", Unit::Bytes, "Size of all recordings."),
    ("driftbelt_recordings_files", Unit::Count, "Number of recordings."),
    ("driftbelt_recordings_free_bytes", Unit::Bytes, "Free space where recordings are written."),
    ("driftbelt_rooms", Unit::Count, "Rooms that run."),
    ("driftbelt_sockets", Unit::Count, "Open sockets."),
    ("driftbelt_waiting_clients", Unit::Count, "Clients that wait for a seat in all rooms."),
];

const LABELLED_GAUGES: &[(&str, Unit, &str)] = &[
    (
        "driftbelt_build_info",
        Unit::Count,
        "1, with the server's version, protocol and build of the simulation.",
    ),
    (
        "driftbelt_certificate_remaining_seconds",
        Unit::Seconds,
        "Time until the certificate ends, by its source; negative after it.",
    ),
    ("driftbelt_rooms_at_load_level", Unit::Count, "Rooms by what they leave out because of load."),
];

const HISTOGRAMS: &[(&str, Unit, &str)] = &[
    (
        REWIND_DISTANCES,
        Unit::Count,
        "From where a ship was to where its shooter saw it, of hits for which it was taken back.",
    ),
    (VIEW_AGES, Unit::Seconds, "How old the others were on the screen of a shooter who hit a ship."),
    (INPUT_LEADS, Unit::Count, "Ticks by which inputs come early: one value per player and second."),
    (
        "driftbelt_fleet_append_seconds",
        Unit::Seconds,
        "How long the fleet takes to acknowledge a record of a room.",
    ),
    ("driftbelt_journal_sync_seconds", Unit::Seconds, "How long the disk takes to store what was written."),
    (
        ROUND_TRIPS,
        Unit::Seconds,
        "From a snapshot to its acknowledgement, in whole ticks: one value per player and second.",
    ),
    ("driftbelt_stage_seconds", Unit::Seconds, "How long the stages of ticks take."),
    ("driftbelt_tick_seconds", Unit::Seconds, "How long ticks take."),
];

/// The histograms whose buckets are not those of durations.
const BUCKETS: [(&str, &[f64]); 4] = [
    (ROUND_TRIPS, &ROUND_TRIP_BUCKETS_SECONDS),
    (VIEW_AGES, &VIEW_AGE_BUCKETS_SECONDS),
    (REWIND_DISTANCES, &REWIND_BUCKETS_UNITS),
    (INPUT_LEADS, &INPUT_LEAD_BUCKETS_TICKS),
];

/// A level as metrics and the log name it.
pub fn load_name(level: LoadLevel) -> &'static str {
    match level {
        LoadLevel::Normal => "normal",
        LoadLevel::FarLessOften => "far_less_often",
        LoadLevel::HalfSnapshots => "half_snapshots",
        LoadLevel::DronesInTurns => "drones_in_turns",
        LoadLevel::NobodyAdmitted => "nobody_admitted",
    }
}

/// The metrics of this process; recorded from the first call.
pub fn metrics() -> &'static PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(|| {
        let durations = (Matcher::Suffix("_seconds".into()), &DURATION_BUCKETS_SECONDS[..]);
        let others = BUCKETS.map(|(name, buckets)| (Matcher::Full(name.into()), buckets));
        let recorder = std::iter::once(durations)
            .chain(others)
            .try_fold(PrometheusBuilder::new(), |builder, (metric, buckets)| {
                builder.set_buckets_for_metric(metric, buckets)
            })
            .expect("the lists of buckets are not empty")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("the process already records metrics; /metrics stays empty");
        }
        describe();
        handle
    })
}

/// The text of `/metrics`.
pub fn render() -> String {
    Collector::default().collect();
    metrics().render()
}

fn describe() {
    for (name, unit, help) in COUNTERS {
        describe_counter!(*name, *unit, *help);
        counter!(*name).increment(0);
    }
    for (name, help) in LABELLED_COUNTERS {
        describe_counter!(*name, Unit::Count, *help);
    }
    for (name, unit, help) in GAUGES {
        describe_gauge!(*name, *unit, *help);
        gauge!(*name).increment(0.0);
    }
    for (name, unit, help) in LABELLED_GAUGES {
        describe_gauge!(*name, *unit, *help);
    }
    for (name, unit, help) in HISTOGRAMS {
        describe_histogram!(*name, *unit, *help);
    }
    for rewound in ["no", "yes"] {
        counter!("driftbelt_hits_total", "rewound" => rewound).increment(0);
    }
    for reason in REFUSALS {
        counter!("driftbelt_refusals_total", "reason" => reason).increment(0);
    }
    for level in LoadLevel::ALL.into_iter().skip(1) {
        counter!("driftbelt_load_steps_total", "level" => load_name(level)).increment(0);
    }
    for reason in LeaveReason::ALL {
        counter!("driftbelt_leaves_total", "reason" => reason.name()).increment(0);
    }
    let (version, protocol, simulation) =
        (env!("CARGO_PKG_VERSION"), PROTOCOL_VERSION.to_string(), sim::Sim::BUILD);
    gauge!("driftbelt_build_info", "version" => version, "protocol" => protocol, "simulation" => simulation)
        .set(1.0);
    Collector::default().describe();
}
