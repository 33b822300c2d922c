//! What runs now and then beside the requests.

use std::time::Duration;

use holdfast_api::Filesystems;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::catalogue_copy::CatalogueCopy;
use super::metrics::Recorder;

/// How often recorded durations move into their histograms, and a copy that is behind is tried again.
const UPKEEP: Duration = Duration::from_secs(5);
/// How often deletions whose volume could not be removed are tried again.
const DELETIONS: Duration = Duration::from_secs(60);

/// Starts it. Abort the task to end it: each step may stop anywhere.
pub(super) fn start(filesystems: Filesystems, copy: CatalogueCopy, recorder: Recorder) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut upkeep = tokio::time::interval(UPKEEP);
        let mut deletions = tokio::time::interval(DELETIONS);
        deletions.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The start has just done it.
        deletions.reset();
        loop {
            tokio::select! {
                _ = upkeep.tick() => {
                    recorder.upkeep();
                    copy.catch_up().await;
                }
                _ = deletions.tick() => {
                    if finish_deletions(&filesystems).await {
                        copy.settle().await;
                    }
                }
            }
        }
    })
}

/// Says whether there was anything to do.
async fn finish_deletions(filesystems: &Filesystems) -> bool {
    match filesystems.finish_deletions().await {
        Ok(done) if done.deleted + done.left > 0 => {
            tracing::info!(deleted = done.deleted, left = done.left, "tried unfinished deletions again");
            true
        }
        Ok(_) => false,
        Err(error) => {
            tracing::warn!(%error, "unfinished deletions cannot be looked up");
            false
        }
    }
}
