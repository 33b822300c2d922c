//! `/volumecontent/{volume}/file`: the bytes of a file.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use holdfast_base::VolumeId;

use crate::content::read::send;
use crate::content::target::Target;
use crate::content::upload::upload;
use crate::content::write::expected_bytes;
use crate::e2b::entry::VolumeEntryStat;
use crate::e2b::target::{Content, path};
use crate::e2b::{DIRECTORY_MODE, FILE_MODE, exists, ownership};
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::files::{FilesError, Parents, Precondition, PutRequest};
use crate::metrics::{self, Operation};
use crate::openapi::{FileContent, Refusals};
use crate::query::Query;
use crate::state::ApiState;

/// Reads a file. `Range`, `If-Match` and `If-None-Match` work as they do on `/filesystems`.
#[utoipa::path(
    get,
    path = "/volumecontent/{volume}/file",
    operation_id = "readVolumeFile",
    tag = "volumes",
    security(("volumeToken" = [])),
    params(
        ("volume" = String, Path, description = "Id of the volume"),
        ("path" = String, Query, description = "Path from the root of the volume"),
    ),
    responses(
        (status = 200, body = FileContent, content_type = "application/octet-stream"),
        (status = 206, body = FileContent, content_type = "application/octet-stream", description = "The range"),
        (status = 304, description = "The file still has the tag"),
        (status = 404, body = ErrorBody, description = "No such volume or path"),
        (status = 412, body = ErrorBody, description = "`If-Match` does not hold"),
        (status = 416, body = ErrorBody, description = "No byte of the range exists"),
        Refusals,
    )
)]
pub(super) async fn read(
    State(state): State<ApiState>,
    Content(volume): Content,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let path = path(&Query::read(&uri, &["path"])?)?;
    send(&state, &Target { volume, path, snapshot: None }, &method, &headers).await
}

/// Writes a file, in one step: nobody sees half of it, and an upload that breaks off changes nothing.
///
/// Without `force` its parent must be there and its name free. With `force` missing parents are made, and a file that exists
/// gets the new content, owner and mode.
#[utoipa::path(
    put,
    path = "/volumecontent/{volume}/file",
    operation_id = "writeVolumeFile",
    tag = "volumes",
    security(("volumeToken" = [])),
    params(
        ("volume" = String, Path, description = "Id of the volume"),
        ("path" = String, Query, description = "Path from the root of the volume"),
        ("uid" = Option<u32>, Query, description = "Owner; 9090 if absent"),
        ("gid" = Option<u32>, Query, description = "Group; 9090 if absent"),
        ("mode" = Option<u32>, Query, description = "Permission bits as a decimal number; 438 (0666) if absent"),
        ("force" = Option<bool>, Query, description = "Make missing parents, and replace a file that exists"),
    ),
    request_body(content = FileContent, content_type = "application/octet-stream"),
    responses(
        (status = 201, body = VolumeEntryStat),
        (status = 404, body = ErrorBody, description = "No such volume, or no parent"),
        (status = 408, body = ErrorBody, description = "No byte came for too long"),
        (status = 409, body = ErrorBody, description = "The path exists"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        (status = 415, body = ErrorBody, description = "The body is encoded"),
        (status = 507, body = ErrorBody, description = "The volume's limit would be passed"),
        Refusals,
    )
)]
pub(super) async fn write(
    State(state): State<ApiState>,
    Content(volume): Content,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<VolumeEntryStat>), ApiError> {
    let query = Query::read(&uri, &["path", "uid", "gid", "mode", "force"])?;
    let operation = Operation::start("write", &state.clock);
    let written = operation.end(store(&state, volume, &query, &headers, body).await)?;
    Ok((StatusCode::CREATED, Json(written)))
}

async fn store(
    state: &ApiState,
    volume: VolumeId,
    query: &Query,
    headers: &HeaderMap,
    body: Body,
) -> Result<VolumeEntryStat, ApiError> {
    let path = path(query)?;
    if path.is_root() {
        return Err(FilesError::IsADirectory.into());
    }
    let force = query.flag("force", false)?;
    let limits = &state.limits;
    let request = PutRequest {
        ownership: ownership(query, FILE_MODE)?,
        precondition: if force { Precondition::None } else { Precondition::Absent },
        parents: if force { Parents::Make { mode: DIRECTORY_MODE } } else { Parents::Require },
        expected_bytes: expected_bytes(headers)?,
    };
    let body = upload(body, limits.upload_max_bytes, limits.upload_idle_timeout);
    let made = state.files.put(volume, &path, request, body).await.map_err(|error| {
        let error = ApiError::from(error);
        if error.code() == ErrorCode::PreconditionFailed { exists() } else { error }
    })?;
    metrics::bytes_written(made.metadata.size);
    Ok(VolumeEntryStat::new(&path, &made.metadata))
}
