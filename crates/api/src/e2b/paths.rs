//! `/volumecontent/{volume}/path`: what is there, its owner and mode, and its end.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, Uri};
use bytes::Bytes;
use serde::Deserialize;

use crate::detached::detached;
use crate::e2b::entry::{VolumeEntryStat, stat};
use crate::e2b::target::{Content, path};
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::files::Changes;
use crate::metrics::Operation;
use crate::openapi::Refusals;
use crate::query::Query;
use crate::resources::json;
use crate::state::ApiState;

/// Shows a file, directory or link.
#[utoipa::path(
    get,
    path = "/volumecontent/{volume}/path",
    operation_id = "statVolumePath",
    tag = "volumes",
    security(("volumeToken" = [])),
    params(
        ("volume" = String, Path, description = "Id of the volume"),
        ("path" = String, Query, description = "Path from the root of the volume"),
    ),
    responses(
        (status = 200, body = VolumeEntryStat),
        (status = 404, body = ErrorBody, description = "No such volume or path"),
        Refusals,
    )
)]
pub(super) async fn show(
    State(state): State<ApiState>,
    Content(volume): Content,
    uri: Uri,
) -> Result<Json<VolumeEntryStat>, ApiError> {
    let path = path(&Query::read(&uri, &["path"])?)?;
    let operation = Operation::start("stat", &state.clock);
    Ok(Json(operation.end(stat(&*state.files, volume, &path).await)?))
}

/// New owner and mode; what is absent stays as it is.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
pub(super) struct VolumePathPatch {
    /// Owner.
    uid: Option<u32>,
    /// Group.
    gid: Option<u32>,
    /// Permission bits, as a number.
    #[schema(example = 420)]
    mode: Option<u32>,
}

/// Changes owner and mode; a link is followed.
#[utoipa::path(
    patch,
    path = "/volumecontent/{volume}/path",
    operation_id = "changeVolumePath",
    tag = "volumes",
    security(("volumeToken" = [])),
    params(
        ("volume" = String, Path, description = "Id of the volume"),
        ("path" = String, Query, description = "Path from the root of the volume"),
    ),
    request_body = VolumePathPatch,
    responses(
        (status = 200, body = VolumeEntryStat),
        (status = 404, body = ErrorBody, description = "No such volume or path"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        Refusals,
    )
)]
pub(super) async fn change(
    State(state): State<ApiState>,
    Content(volume): Content,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<VolumeEntryStat>, ApiError> {
    let path = path(&Query::read(&uri, &["path"])?)?;
    let VolumePathPatch { uid, gid, mode } = json(&body)?;
    if mode.is_some_and(|mode| mode > 0o7777) {
        let message = "`mode` must be permission bits as a decimal number, at most 4095";
        return Err(ApiError::new(ErrorCode::InvalidField, message));
    }
    let changes = Changes { mode, uid, gid, size: None };
    let changed = detached(async move {
        let operation = Operation::start("change", &state.clock);
        let done = async {
            if changes != Changes::default() {
                state.files.change(volume, &path, true, changes).await?;
            }
            stat(&*state.files, volume, &path).await
        };
        operation.end(done.await)
    });
    Ok(Json(changed.await?))
}

/// Removes a file, a link (never its target), or a directory with everything in it.
#[utoipa::path(
    delete,
    path = "/volumecontent/{volume}/path",
    operation_id = "removeVolumePath",
    tag = "volumes",
    security(("volumeToken" = [])),
    params(
        ("volume" = String, Path, description = "Id of the volume"),
        ("path" = String, Query, description = "Path from the root of the volume"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, body = ErrorBody, description = "No such volume or path"),
        Refusals,
    )
)]
pub(super) async fn remove(
    State(state): State<ApiState>,
    Content(volume): Content,
    uri: Uri,
) -> Result<StatusCode, ApiError> {
    let path = path(&Query::read(&uri, &["path"])?)?;
    if path.is_root() {
        return Err(ApiError::new(ErrorCode::InvalidPath, "cannot delete root"));
    }
    detached(async move {
        let operation = Operation::start("remove", &state.clock);
        operation.end(state.files.remove(volume, &path, true).await.map_err(ApiError::from))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
