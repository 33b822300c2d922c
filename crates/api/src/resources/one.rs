//! `GET`, `PATCH` and `DELETE /filesystems/{id}` and `GET /filesystems/{id}/usage`. The id may be a name.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, Uri};
use bytes::Bytes;
use holdfast_catalogue::Labels;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::auth::Team;
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::Refusals;
use crate::query::Query;
use crate::resources::settings::{CompressionName, DurabilityName, setting};
use crate::resources::{FilesystemBody, Wanted, json};
use crate::service::FilesystemChange;
use crate::sizes::SizeFields;
use crate::state::ApiState;

/// What changes; absent fields stay as they are. At most one of the sizes.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = FilesystemPatch)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PatchBody {
    /// A new name.
    #[schema(pattern = "^[a-zA-Z0-9_-]{1,250}$")]
    name: Option<String>,
    /// A new size in bytes; never below what is in use.
    #[schema(value_type = Option<u64>)]
    size_bytes: Option<Box<RawValue>>,
    /// The same in units of 10^9 bytes.
    #[serde(rename = "sizeGB")]
    #[schema(value_type = Option<f64>)]
    size_gb: Option<Box<RawValue>>,
    /// The same as text, such as `20gb`.
    size: Option<String>,
    /// Labels that replace all labels.
    labels: Option<BTreeMap<String, String>>,
    /// What a change that is answered from now on survives.
    #[schema(value_type = Option<DurabilityName>)]
    durability: Option<String>,
    /// How data that is stored from now on is compressed.
    #[schema(value_type = Option<CompressionName>)]
    compression: Option<String>,
}

/// What a filesystem holds.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    /// Bytes of file data in use.
    used_bytes: u64,
    /// Limit of bytes.
    size_bytes: u64,
    /// Bytes that can still be written.
    available_bytes: u64,
    /// Files, directories and other inodes in use.
    used_inodes: u64,
    /// Limit of inodes.
    limit_inodes: u64,
}

/// Shows a filesystem.
#[utoipa::path(
    get,
    path = "/filesystems/{id}",
    operation_id = "getFilesystem",
    tag = "filesystems",
    security(("apiKey" = [])),
    params(("id" = String, Path, description = "Id or name")),
    responses(
        (status = 200, body = FilesystemBody),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team"),
        Refusals,
    )
)]
pub(crate) async fn show(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    uri: Uri,
) -> Result<Json<FilesystemBody>, ApiError> {
    Query::read(&uri, &[])?;
    Ok(Json(state.catalogue.get_filesystem(team, &wanted).await?.into()))
}

/// Renames, resizes, labels or sets a filesystem: all that the body says, or nothing.
#[utoipa::path(
    patch,
    path = "/filesystems/{id}",
    operation_id = "updateFilesystem",
    tag = "filesystems",
    security(("apiKey" = [])),
    params(("id" = String, Path, description = "Id or name")),
    request_body = PatchBody,
    responses(
        (status = 200, body = FilesystemBody),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team"),
        (status = 409, body = ErrorBody, description = "The name is taken, or more is in use than the new size"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        Refusals,
    )
)]
pub(crate) async fn patch(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<FilesystemBody>, ApiError> {
    Query::read(&uri, &[])?;
    let body: PatchBody = json(&body)?;
    let size = SizeFields {
        size_bytes: body.size_bytes.as_deref(),
        size_gb: body.size_gb.as_deref(),
        size: body.size.as_deref(),
    }
    .read(&state.limits)?;
    let change = FilesystemChange {
        name: body.name,
        size,
        labels: body.labels.map(Labels::new).transpose()?,
        durability: setting("durability", body.durability.as_deref())?,
        compression: setting("compression", body.compression.as_deref())?,
    };
    let filesystems = state.filesystems.clone();
    let changed = detached(async move { filesystems.patch(team, &wanted, change).await }).await?;
    Ok(Json(changed.into()))
}

/// Deletes a filesystem with everything in it. Its name is free at once. It can be undeleted for a time, after which
/// its space is reclaimed in the background.
#[utoipa::path(
    delete,
    path = "/filesystems/{id}",
    operation_id = "deleteFilesystem",
    tag = "filesystems",
    security(("apiKey" = [])),
    params(
        ("id" = String, Path, description = "Id or name"),
        ("force" = Option<bool>, Query, description = "Revoke its attachments first"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team"),
        (status = 409, body = ErrorBody, description = "It is attached; the message says by whom"),
        Refusals,
    )
)]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    uri: Uri,
) -> Result<StatusCode, ApiError> {
    let force = Query::read(&uri, &["force"])?.flag("force", false)?;
    let filesystems = state.filesystems.clone();
    detached(async move { filesystems.delete(team, &wanted, force).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows how much a filesystem holds.
#[utoipa::path(
    get,
    path = "/filesystems/{id}/usage",
    operation_id = "getFilesystemUsage",
    tag = "filesystems",
    security(("apiKey" = [])),
    params(("id" = String, Path, description = "Id or name")),
    responses(
        (status = 200, body = Usage),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team"),
        Refusals,
    )
)]
pub(crate) async fn usage(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    uri: Uri,
) -> Result<Json<Usage>, ApiError> {
    Query::read(&uri, &[])?;
    let filesystem = state.catalogue.get_filesystem(team, &wanted).await?;
    let usage = state.files.usage(filesystem.id.into()).await?;
    Ok(Json(Usage {
        used_bytes: usage.bytes.0,
        size_bytes: usage.limits.bytes.0,
        available_bytes: usage.limits.bytes.0.saturating_sub(usage.bytes.0),
        used_inodes: usage.inodes,
        limit_inodes: usage.limits.inodes,
    }))
}
