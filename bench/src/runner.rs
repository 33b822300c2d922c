//! Takes turns: run by run, target by target, so that what the machine does meanwhile falls on both.

use crate::disk::Disk;
use crate::error::Result;
use crate::notice;
use crate::report::{Row, Series};
use crate::session::Session;
use crate::workload::Workload;

/// Runs one workload on every target.
pub async fn run_row<W: Workload>(
    workload: &W,
    sessions: &mut [Session],
    disk: Option<&Disk>,
    runs: u32,
) -> Result<Row> {
    let mut targets: Vec<Series> = sessions.iter().map(|session| Series::new(&session.name)).collect();
    let mut bare: Option<Series> = None;
    let mut states: Vec<Option<W::State>> = Vec::new();
    for (session, series) in sessions.iter_mut().zip(&mut targets) {
        let ready = match session.begin_row().await {
            Ok(()) => workload.prepare(session).await,
            Err(error) => Err(error),
        };
        states.push(kept(series, ready));
    }
    for run in 0..runs {
        if let Some(disk) = disk {
            disk.settle()?;
            if let Some(measurement) = workload.bare(disk)? {
                bare.get_or_insert_with(|| Series::new("bare disk")).runs.push(measurement);
            }
        }
        for at in turns(sessions.len(), run) {
            let Some(state) = &mut states[at] else { continue };
            if let Some(disk) = disk {
                disk.settle()?;
            }
            let measured = workload.measure(&sessions[at], state, run).await;
            match kept(&mut targets[at], measured) {
                Some(measurement) => {
                    targets[at].runs.push(measurement);
                    let reference = states[at].as_mut().and_then(|state| workload.reference(state));
                    if let Some(measurement) = reference.filter(|_| at == 0) {
                        bare.get_or_insert_with(|| Series::new("alone")).runs.push(measurement);
                    }
                }
                None => states[at] = None,
            }
        }
    }
    for ((session, series), state) in sessions.iter().zip(&mut targets).zip(states) {
        if let Some(state) = state {
            let finished = workload.finish(session, state).await;
            if kept(series, finished).is_some() {
                kept(series, session.end_row().await);
            }
        }
    }
    Ok(Row {
        name: workload.name(),
        figure: workload.figure(),
        budget: workload.budget(),
        targets,
        disk: bare,
    })
}

/// The order of the targets in a run: the other way round every other time, because the first of two meets another
/// machine than the second.
fn turns(targets: usize, run: u32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..targets).collect();
    if run % 2 == 1 {
        order.reverse();
    }
    order
}

/// What succeeded; a failure is kept in the series, and ends it.
fn kept<T>(series: &mut Series, result: Result<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            notice(&format!("  {} failed: {error}", series.name));
            series.failure = Some(error.to_string());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_alternate() {
        assert_eq!([0, 1, 2].map(|run| turns(2, run)), [[0, 1], [1, 0], [0, 1]]);
        assert_eq!(turns(1, 1), [0]);
    }
}
