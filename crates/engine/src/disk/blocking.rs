//! Steps that wait for the disk, kept off the runtime's threads.

use super::Disk;
use crate::error::{Error, Result};

/// Runs a step that may block: on a thread for such steps, or in place on a disk that never blocks.
///
/// # Errors
/// Those of the step; [`Error::Io`] if it panicked.
pub(crate) async fn blocking<T: Send + 'static>(
    disk: &dyn Disk,
    step: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    if disk.never_blocks() {
        // Others get their turn before and after, as they would while a thread is busy.
        tokio::task::yield_now().await;
        let done = step();
        tokio::task::yield_now().await;
        return done;
    }
    match tokio::task::spawn_blocking(step).await {
        Ok(done) => done,
        Err(error) => Err(Error::Io(format!("a blocking step did not finish: {error}").into())),
    }
}
