//! `/filesystems/{id}/snapshots`: a filesystem as it was at some moment, under a name.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde::Deserialize;

use crate::auth::Team;
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody};
use crate::files::SnapshotInfo;
use crate::openapi::Refusals;
use crate::query::Query;
use crate::resources::{Wanted, json};
use crate::state::ApiState;
use crate::times::rfc3339;

/// A snapshot.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Snapshot)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SnapshotBody {
    /// `snap-` and a UUID.
    #[schema(example = "snap-2f6b7a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f")]
    id: String,
    /// Unique in the filesystem.
    #[schema(example = "before-upgrade")]
    name: String,
    /// When it was made (RFC 3339).
    #[schema(format = DateTime)]
    created_at: String,
    /// Bytes of file data in it. Those that the filesystem or another snapshot has as well are stored once.
    used_bytes: u64,
    /// Files, directories and other inodes in it.
    used_inodes: u64,
}

impl From<SnapshotInfo> for SnapshotBody {
    fn from(snapshot: SnapshotInfo) -> Self {
        Self {
            id: snapshot.id.to_string(),
            name: snapshot.name,
            created_at: rfc3339(snapshot.created_at),
            used_bytes: snapshot.bytes.0,
            used_inodes: snapshot.inodes,
        }
    }
}

/// What a new snapshot is to be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = NewSnapshot)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateBody {
    /// 1 to 250 letters, digits, `.`, `_` or `-`; does not begin with a dot; unique in the filesystem.
    #[schema(example = "before-upgrade", pattern = "^[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,249}$")]
    name: String,
}

/// Keeps a filesystem as it is now. The time it takes does not depend on what the filesystem holds.
#[utoipa::path(
    post,
    path = "/filesystems/{id}/snapshots",
    operation_id = "createSnapshot",
    tag = "snapshots",
    security(("apiKey" = [])),
    params(("id" = String, Path, description = "Id or name")),
    request_body = CreateBody,
    responses(
        (status = 201, body = SnapshotBody, description = "It holds everything that was acknowledged before the call"),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team"),
        (status = 409, body = ErrorBody, description = "The name is taken, or there are as many as there may be"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        Refusals,
    )
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let id = state.catalogue.get_filesystem(team, &wanted).await?.id;
    Query::read(&uri, &[])?;
    let CreateBody { name } = json(&body)?;
    let filesystems = state.filesystems.clone();
    let made = detached(async move { filesystems.create_snapshot(id, &name).await }).await?;
    let location = format!("/filesystems/{id}/snapshots/{}", made.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(SnapshotBody::from(made))))
}

/// Lists the snapshots of a filesystem, oldest first: all of them, for there are at most 1,000.
#[utoipa::path(
    get,
    path = "/filesystems/{id}/snapshots",
    operation_id = "listSnapshots",
    tag = "snapshots",
    security(("apiKey" = [])),
    params(("id" = String, Path, description = "Id or name")),
    responses(
        (status = 200, body = Vec<SnapshotBody>),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team"),
        Refusals,
    )
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    uri: Uri,
) -> Result<Json<Vec<SnapshotBody>>, ApiError> {
    let id = state.catalogue.get_filesystem(team, &wanted).await?.id;
    Query::read(&uri, &[])?;
    let snapshots = state.files.list_snapshots(id.into()).await?;
    Ok(Json(snapshots.into_iter().map(SnapshotBody::from).collect()))
}

/// Deletes a snapshot. Space that only it needed is reclaimed in the background.
#[utoipa::path(
    delete,
    path = "/filesystems/{id}/snapshots/{snapshot}",
    operation_id = "deleteSnapshot",
    tag = "snapshots",
    security(("apiKey" = [])),
    params(
        ("id" = String, Path, description = "Id or name"),
        ("snapshot" = String, Path, description = "Id or name of the snapshot"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team, or no such snapshot of it"),
        Refusals,
    )
)]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    Path(names): Path<(String, String)>,
    uri: Uri,
) -> Result<StatusCode, ApiError> {
    let id = state.catalogue.get_filesystem(team, &wanted).await?.id;
    Query::read(&uri, &[])?;
    let (_, snapshot) = names;
    let filesystems = state.filesystems.clone();
    detached(async move { filesystems.delete_snapshot(id, &snapshot).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}
