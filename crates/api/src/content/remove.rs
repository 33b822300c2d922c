//! `DELETE` of a file or tree.

use axum::extract::State;
use axum::http::{StatusCode, Uri};

use crate::content::target::Target;
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::metrics::Operation;
use crate::openapi::Refusals;
use crate::query::Query;
use crate::state::ApiState;

/// Removes a file, a symbolic link (never its target), or a directory with everything in it.
#[utoipa::path(
    delete,
    path = "/filesystems/{id}/files/{*path}",
    operation_id = "removeFile",
    tag = "files",
    security(("apiKey" = [])),
    params(
        ("id" = String, Path, description = "Id or name"),
        ("path" = String, Path, description = "Path from the root, percent-encoded; may hold `/`"),
        ("recursive" = Option<bool>, Query, description = "False refuses a directory that is not empty; true if absent"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, body = ErrorBody, description = "No such filesystem, or no such path in it"),
        (status = 409, body = ErrorBody, description = "The directory is not empty"),
        Refusals,
    )
)]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    target: Target,
    uri: Uri,
) -> Result<StatusCode, ApiError> {
    let query = Query::read(&uri, &["recursive"])?;
    let recursive = query.flag("recursive", true)?;
    if target.path.is_root() {
        let message = "the root directory cannot be removed; DELETE /filesystems/{id} removes the filesystem";
        return Err(ApiError::new(ErrorCode::InvalidPath, message));
    }
    detached(async move {
        let operation = Operation::start("remove", &state.clock);
        let removed = state.files.remove(target.volume, &target.path, recursive).await;
        operation.end(removed.map_err(ApiError::from))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
