//! How long an operation waits for room. A store that is down makes none, and no client waits for ever: past the
//! bound the operation fails as unavailable, which front ends translate to "come again later".

use std::time::Duration;

use holdfast_base::limits;

use super::Volume;
use crate::error::{Error, Result};

impl Volume {
    /// Waits for an admission, but not for ever.
    ///
    /// # Errors
    /// Those of the admission; [`Error::Unavailable`] if there was no room in time.
    pub(super) async fn patiently(&self, admission: impl Future<Output = Result<()>>) -> Result<()> {
        let bound = Duration::from_millis(limits::ADMISSION_TIMEOUT_MS);
        match tokio::time::timeout(bound, admission).await {
            Ok(admitted) => admitted,
            Err(_) => Err(Error::Unavailable(
                "what is not in the object store yet has reached its bound, and the store makes no room"
                    .into(),
            )),
        }
    }
}
