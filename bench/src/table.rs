//! The report for people: aligned columns, one table of figures and one of latency and processor time.

use std::fmt::Write;

use crate::budget::{Budget, Verdict};
use crate::meter::Measurement;
use crate::report::{Report, Row, Series};
use crate::stats::Spread;

/// Part of the wall time past which a figure is as much ours as the server's.
const CLIENT_BUSY_NOTE: f64 = 0.9;

/// The whole report.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let size = if report.quick { "quick sizes, for smoke only" } else { "full sizes" };
    let _ = writeln!(out, "{} run(s) each, interleaved, {size}; median (min-max)\n", report.runs);
    out += &align(&figures(report));
    out.push('\n');
    out += &align(&details(report));
    for (row, series) in all_series(report) {
        if let Some(failure) = &series.failure {
            let _ = writeln!(out, "\nFAILED {} on {}: {failure}", row.name, series.name);
        }
    }
    out
}

fn all_series(report: &Report) -> impl Iterator<Item = (&Row, &Series)> {
    report.rows.iter().flat_map(|row| row.targets.iter().chain(&row.disk).map(move |series| (row, series)))
}

fn figures(report: &Report) -> Vec<Vec<String>> {
    let mut head: Vec<String> = vec!["workload".into(), "unit".into()];
    head.extend(report.targets.iter().cloned());
    head.extend(["ratio", "yardstick", "ratio", "budget", ""].map(String::from));
    let rows = report.rows.iter().map(|row| {
        let mut cells = vec![row.name.clone(), row.figure.unit().into()];
        cells.extend(row.targets.iter().map(|series| spread_text(row.spread(series))));
        cells.push(ratio_text(row.peer_ratio()));
        cells.push(spread_text(row.disk.as_ref().and_then(|disk| row.spread(disk))));
        cells.push(ratio_text(row.disk_ratio()));
        cells.push(row.budget.map(Budget::text).unwrap_or_default());
        cells.push(row.verdict().map(verdict_text).unwrap_or_default().into());
        cells
    });
    std::iter::once(head).chain(rows).collect()
}

fn details(report: &Report) -> Vec<Vec<String>> {
    let head = ["workload", "target", "p50 us", "p99 us", "server us/op", "client us/op", "client busy", ""];
    let rows = all_series(report).map(|(row, series)| {
        let median =
            |figure: fn(&Measurement) -> Option<f64>| series.spread(figure).map(|spread| spread.median);
        let busy = median(|run| Some(run.client_busy()));
        let note = busy.is_some_and(|busy| busy >= CLIENT_BUSY_NOTE && row.is_on_target(series));
        vec![
            row.name.clone(),
            series.name.clone(),
            number_text(median(|run| Some(run.p50_us))),
            number_text(median(|run| Some(run.p99_us))),
            number_text(median(Measurement::server_us_per_op)),
            number_text(median(|run| Some(run.client_us_per_op()))),
            busy.map(|busy| format!("{:.0} %", busy * 100.0)).unwrap_or_default(),
            if note { "client-bound" } else { "" }.into(),
        ]
    });
    std::iter::once(head.map(String::from).to_vec()).chain(rows).collect()
}

impl Row {
    fn is_on_target(&self, series: &Series) -> bool {
        self.targets.iter().any(|target| target.name == series.name)
    }
}

fn verdict_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Missed => "MISSED",
        Verdict::Unjudged => "not judged",
    }
}

fn spread_text(spread: Option<Spread>) -> String {
    spread.map_or_else(
        || "-".into(),
        |Spread { median, min, max }| {
            if min == max {
                number(median)
            } else {
                format!("{} ({}-{})", number(median), number(min), number(max))
            }
        },
    )
}

fn ratio_text(ratio: Option<f64>) -> String {
    ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default()
}

fn number_text(value: Option<f64>) -> String {
    value.map_or_else(|| "-".into(), number)
}

/// Three or more digits that mean something, thousands apart.
fn number(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Lines of columns: the first to the left, numbers to the right, the last two columns to the left.
fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths.get(column).copied().unwrap_or(0);
            let left = column < 2 || column + 2 >= columns;
            let _ = if left { write!(line, "{cell:<width$}  ") } else { write!(line, "{cell:>width$}  ") };
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::row;
    use crate::sizes::Sizes;

    fn report(rows: Vec<Row>) -> Report {
        #[derive(clap::Parser)]
        struct Only {
            #[command(flatten)]
            sizes: Sizes,
        }
        let sizes = <Only as clap::Parser>::parse_from(["bench"]).sizes;
        Report { targets: vec!["a".into(), "b".into()], runs: 1, quick: false, sizes, rows }
    }

    #[test]
    fn numbers_are_readable() {
        let texts = [1.25, 99.94, 100.2, 1234.0, 1_234_567.8].map(number);
        assert_eq!(texts, ["1.2", "99.9", "100", "1,234", "1,234,568"]);
    }

    #[test]
    fn columns_line_up_and_the_verdict_is_there() {
        let text = render(&report(vec![
            row(Budget::Peer(2.0), &[123_456.0, 50_000.0], None),
            row(Budget::Peer(2.0), &[10.0, 50_000.0], None),
        ]));
        let lines: Vec<&str> = text.lines().skip(2).take(3).collect();
        let ends = |line: &str, cell: &str| line.find(cell).map(|at| at + cell.len());
        assert_eq!(ends(lines[1], "123,456"), ends(lines[2], "10.0"), "{text}");
        assert!(lines[1].ends_with("met") && lines[2].ends_with("MISSED"), "{text}");
    }

    #[test]
    fn a_failure_is_told_and_leaves_the_budget_open() {
        let mut failed = row(Budget::Peer(2.0), &[100.0, 10.0], None);
        failed.targets[0].failure = Some("wrong answer".into());
        let report = report(vec![failed]);
        let text = render(&report);
        assert!(text.contains("FAILED sample on a: wrong answer") && text.contains("not judged"), "{text}");
        assert!(!report.is_sound() && !report.is_within_budgets());
    }
}
