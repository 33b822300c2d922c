//! Work that a client's departure must not stop half-way.

use std::future::Future;

use tracing::Instrument;

use crate::error::{ApiError, ErrorCode};

/// Runs `work` to its end on its own task, whether or not anyone waits for the result.
pub(crate) async fn detached<T, F>(work: F) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, ApiError>> + Send + 'static,
{
    match tokio::spawn(work.in_current_span()).await {
        Ok(result) => result,
        Err(error) => Err(ApiError::new(ErrorCode::Internal, "internal error").because(error)),
    }
}
