//! Logs to standard error, and the metrics that `/metrics` shows.

use clap::ValueEnum;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::sync::OnceLock;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Upper bounds of the buckets of every duration, in seconds: a tick has 33 ms at the usual rate.
const DURATION_BUCKETS_SECONDS: [f64; 10] =
    [0.0001, 0.0003, 0.001, 0.002, 0.005, 0.010, 0.020, 0.033, 0.1, 1.0];

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    /// Lines for people.
    Human,
    /// One JSON object per line.
    Json,
}

/// Sends the log to standard error from now on. Does nothing if the process already has a log.
pub fn log_to_stderr(form: LogForm, filter: &str) -> Result<(), ParseError> {
    let filter: EnvFilter = filter.parse()?;
    let coloured = std::io::stderr().is_terminal();
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(coloured);
    // An error means that there is a log already, as in tests.
    let _: Result<_, _> = match form {
        LogForm::Human => log.with_target(false).try_init(),
        LogForm::Json => log.json().try_init(),
    };
    Ok(())
}

/// The metrics of this process; recorded from the first call.
pub fn metrics() -> &'static PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS.get_or_init(|| {
        let durations = Matcher::Suffix("_seconds".into());
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(durations, &DURATION_BUCKETS_SECONDS)
            .expect("the list of buckets is not empty")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("the process already records metrics; /metrics stays empty");
        }
        handle
    })
}
