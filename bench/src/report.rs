//! What a whole run found: rows, each with its series of measurements; and the file they are kept in.

use std::path::Path;

use crate::budget::{Budget, Verdict};
use crate::error::Result;
use crate::meter::Measurement;
use crate::sizes::Sizes;
use crate::stats::Spread;

/// Which of a measurement's figures a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Operations in a second.
    Rate,
    /// Directory entries in a second.
    Entries,
    /// Millions of bytes in a second.
    Throughput,
    /// Median latency, microseconds: less is better.
    MedianLatency,
    /// 99th percentile of the latency, microseconds: less is better.
    TailLatency,
}

impl Figure {
    /// The figure of a measurement.
    pub fn of(self, measurement: &Measurement) -> f64 {
        match self {
            Self::Rate | Self::Entries => measurement.rate(),
            Self::Throughput => measurement.megabytes_per_second(),
            Self::MedianLatency => measurement.p50_us,
            Self::TailLatency => measurement.p99_us,
        }
    }

    /// Its unit.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Rate => "ops/s",
            Self::Entries => "entries/s",
            Self::Throughput => "MB/s",
            Self::MedianLatency => "us p50",
            Self::TailLatency => "us p99",
        }
    }
}

/// The runs of one row on one target, or on the bare disk.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Series {
    /// The target's name.
    pub name: String,
    /// One measurement a run, in order.
    pub runs: Vec<Measurement>,
    /// Why there are no more.
    pub failure: Option<String>,
}

impl Series {
    /// A series that has not begun.
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), runs: Vec::new(), failure: None }
    }

    /// A figure over the runs; `None` if the workload failed.
    pub fn spread(&self, figure: impl Fn(&Measurement) -> Option<f64>) -> Option<Spread> {
        if self.failure.is_some() { None } else { Spread::of(self.runs.iter().filter_map(figure)) }
    }

    /// The 99th percentiles of the runs, microseconds.
    pub fn p99_us(&self) -> Option<Spread> {
        self.spread(|run| Some(run.p99_us))
    }
}

/// One workload on every target.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Row {
    /// What is done.
    pub name: String,
    /// What is counted.
    pub figure: Figure,
    /// What the first target is held to.
    #[serde(skip)]
    pub budget: Option<Budget>,
    /// The targets in the order given.
    pub targets: Vec<Series>,
    /// The yardstick in the same turns: the bare disk, or the first target undisturbed.
    pub disk: Option<Series>,
}

impl Row {
    /// The row's figure over the runs of a series.
    pub fn spread(&self, series: &Series) -> Option<Spread> {
        series.spread(|run| Some(self.figure.of(run)))
    }

    /// The first target's median over the second's.
    pub fn peer_ratio(&self) -> Option<f64> {
        self.ratio_to(self.targets.get(1)?)
    }

    /// The first target's median over the disk's.
    pub fn disk_ratio(&self) -> Option<f64> {
        self.ratio_to(self.disk.as_ref()?)
    }

    /// Whether the budget is met; `None` without one.
    pub fn verdict(&self) -> Option<Verdict> {
        self.budget.map(|budget| budget.judge(self))
    }

    fn ratio_to(&self, other: &Series) -> Option<f64> {
        Some(self.spread(self.targets.first()?)?.median / self.spread(other)?.median)
    }
}

/// A whole run.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// The targets' names in order.
    pub targets: Vec<String>,
    /// Runs of each row.
    pub runs: u32,
    /// Whether the sizes were those of a smoke run.
    pub quick: bool,
    /// How much each workload did.
    pub sizes: Sizes,
    /// The rows in order.
    pub rows: Vec<Row>,
}

impl Report {
    /// Whether every workload ended with the right answers.
    pub fn is_sound(&self) -> bool {
        let mut series = self.rows.iter().flat_map(|row| row.targets.iter().chain(&row.disk));
        series.all(|series| series.failure.is_none())
    }

    /// Whether every budget of the rows that ran is met.
    pub fn is_within_budgets(&self) -> bool {
        self.rows.iter().filter_map(Row::verdict).all(|verdict| verdict == Verdict::Met)
    }
}

/// The row as the file has it: measurements, and what follows from them.
#[derive(serde::Serialize)]
struct Judged<'a> {
    #[serde(flatten)]
    row: &'a Row,
    unit: &'static str,
    medians: Vec<Option<f64>>,
    peer_ratio: Option<f64>,
    disk_ratio: Option<f64>,
    budget: Option<String>,
    verdict: Option<Verdict>,
}

/// Writes every measurement, and what was made of it.
pub fn write_json(report: &Report, path: &Path) -> Result<()> {
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|row| Judged {
            row,
            unit: row.figure.unit(),
            medians: row.targets.iter().map(|series| Some(row.spread(series)?.median)).collect(),
            peer_ratio: row.peer_ratio(),
            disk_ratio: row.disk_ratio(),
            budget: row.budget.map(Budget::text),
            verdict: row.verdict(),
        })
        .collect();
    let Report { targets, runs, quick, sizes, .. } = report;
    let json = serde_json::json!({
        "targets": targets, "runs": runs, "quick": quick, "sizes": sizes, "rows": rows,
    });
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    Ok(std::fs::write(path, serde_json::to_vec_pretty(&json)?)?)
}

/// Rows made up for tests.
#[cfg(test)]
pub mod samples {
    use super::*;

    /// A measurement with this rate.
    pub fn measurement(rate: f64) -> Measurement {
        Measurement {
            operations: 1_000,
            bytes: 0,
            seconds: 1_000.0 / rate,
            p50_us: 10.0,
            p99_us: 20.0,
            client_cpu_seconds: 0.01,
            server_cpu_seconds: Some(0.02),
        }
    }

    /// A row of one run with these rates.
    pub fn row(budget: Budget, rates: &[f64], disk: Option<f64>) -> Row {
        let series = |name: &str, rate| Series { runs: vec![measurement(rate)], ..Series::new(name) };
        Row {
            name: "sample".into(),
            figure: Figure::Rate,
            budget: Some(budget),
            targets: rates.iter().enumerate().map(|(at, rate)| series(["a", "b"][at], *rate)).collect(),
            disk: disk.map(|rate| series("disk", rate)),
        }
    }
}
