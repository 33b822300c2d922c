//! What the first target is held to, and whether it does.

use crate::report::Row;

/// A bound on a row's figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// At least this many times the peer's figure.
    Peer(f64),
    /// At least this many times the disk's own figure.
    Disk(f64),
    /// A median latency of at most so many times the disk's own, and a 99th percentile below so many microseconds.
    Latency {
        /// Most times the disk's own median.
        p50_ratio: f64,
        /// Bound of the 99th percentile, microseconds.
        p99_us: f64,
    },
    /// At most this many times the figure that the target has undisturbed.
    Beside(f64),
}

/// A budget judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within.
    Met,
    /// Not within.
    Missed,
    /// A figure is missing: no peer, no disk, or the workload failed.
    Unjudged,
}

impl Budget {
    /// For people: what is asked.
    pub fn text(self) -> String {
        match self {
            Self::Peer(ratio) => format!(">= {ratio} x peer"),
            Self::Disk(ratio) => format!(">= {ratio} x disk"),
            Self::Beside(ratio) => format!("<= {ratio} x alone"),
            Self::Latency { p50_ratio, p99_us } => {
                format!("p50 <= {p50_ratio} x disk, p99 < {} ms", p99_us / 1e3)
            }
        }
    }

    /// Whether a row's first target is within.
    pub fn judge(self, row: &Row) -> Verdict {
        let within = match self {
            Self::Peer(least) => row.peer_ratio().map(|ratio| ratio >= least),
            Self::Disk(least) => row.disk_ratio().map(|ratio| ratio >= least),
            Self::Beside(most) => row.disk_ratio().map(|ratio| ratio <= most),
            Self::Latency { p50_ratio, p99_us } => row
                .disk_ratio()
                .zip(row.targets.first().and_then(|series| series.p99_us()))
                .map(|(ratio, p99)| ratio <= p50_ratio && p99.median < p99_us),
        };
        match within {
            Some(true) => Verdict::Met,
            Some(false) => Verdict::Missed,
            None => Verdict::Unjudged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{measurement, row};

    #[test]
    fn a_peer_ratio_is_met_at_the_bound() {
        let mut row = row(Budget::Peer(2.0), &[200.0, 100.0], None);
        assert_eq!(Budget::Peer(2.0).judge(&row), Verdict::Met);
        assert_eq!(Budget::Peer(2.1).judge(&row), Verdict::Missed);
        row.targets.truncate(1);
        assert_eq!(Budget::Peer(1.0).judge(&row), Verdict::Unjudged);
    }

    #[test]
    fn a_disk_ratio_needs_the_disk() {
        let beside = row(Budget::Disk(0.8), &[85.0], Some(100.0));
        assert_eq!(Budget::Disk(0.8).judge(&beside), Verdict::Met);
        assert_eq!(Budget::Disk(0.9).judge(&beside), Verdict::Missed);
        assert_eq!(Budget::Disk(0.1).judge(&row(Budget::Disk(0.1), &[85.0], None)), Verdict::Unjudged);
    }

    #[test]
    fn a_flood_may_move_the_figure_so_far() {
        let beside = row(Budget::Beside(1.1), &[110.0], Some(100.0));
        assert_eq!(Budget::Beside(1.1).judge(&beside), Verdict::Met);
        assert_eq!(Budget::Beside(1.05).judge(&beside), Verdict::Missed);
        assert_eq!(Budget::Beside(9.0).judge(&row(Budget::Beside(9.0), &[1.0], None)), Verdict::Unjudged);
    }

    #[test]
    fn latency_has_two_bounds() {
        let budget = Budget::Latency { p50_ratio: 2.0, p99_us: 5_000.0 };
        let judged = |p50_us, p99_us| {
            let mut row = row(budget, &[0.0], Some(0.0));
            row.figure = crate::report::Figure::MedianLatency;
            row.targets[0].runs = vec![crate::meter::Measurement { p50_us, p99_us, ..measurement(1.0) }];
            let disk = row.disk.as_mut().expect("asked for");
            disk.runs = vec![crate::meter::Measurement { p50_us: 100.0, ..measurement(1.0) }];
            budget.judge(&row)
        };
        assert_eq!(judged(200.0, 4_999.0), Verdict::Met);
        assert_eq!(judged(201.0, 4_999.0), Verdict::Missed);
        assert_eq!(judged(200.0, 5_000.0), Verdict::Missed);
    }
}
