//! The recorder behind `/metrics`. It has no listener of its own: the HTTP front end renders it.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::exit::{Exit, Failure};

/// Upper bounds, seconds, from a cached attribute to a large upload.
const SECONDS: [f64; 18] = [
    0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
    0.5, 1.0, 2.5, 10.0, 60.0,
];

/// The process's recorder.
#[derive(Clone)]
pub(super) struct Recorder(PrometheusHandle);

/// Installs the recorder and describes what the layers count.
pub(super) fn install() -> Result<Recorder, Failure> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::because(Exit::CannotStart, "metrics cannot be recorded", error)
    };
    let recorder = builder().map_err(|error| failed(&error))?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| failed(&error))?;
    holdfast_api::describe_metrics();
    holdfast_engine::describe_metrics();
    metrics::gauge!("holdfast_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(Recorder(handle))
}

/// Durations are histograms with fixed buckets, which can be added up over servers.
fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
}

impl Recorder {
    /// The text of `/metrics`.
    pub fn renderer(&self) -> Box<dyn Fn() -> String + Send + Sync> {
        let handle = self.0.clone();
        Box::new(move || handle.render())
    }

    /// Moves what was recorded into the histograms; to be called every few seconds, or it grows.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_histograms_in_seconds() {
        assert!(SECONDS.is_sorted());
        let recorder = builder().unwrap().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            metrics::histogram!("filesystem_operation_duration_seconds", "operation" => "read").record(0.003);
        });
        let text = handle.render();
        assert!(
            text.contains("filesystem_operation_duration_seconds_bucket{operation=\"read\",le=\"0.005\"} 1"),
            "{text}"
        );
        assert!(text.contains("le=\"0.0025\"} 0"), "{text}");
    }
}
