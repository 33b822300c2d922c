//! `POST /filesystems/{id}/fork` and `POST /filesystems/{id}/restore`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use bytes::Bytes;
use holdfast_catalogue::Labels;
use serde::Deserialize;

use crate::auth::Team;
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::Refusals;
use crate::query::Query;
use crate::resources::{FilesystemBody, Wanted, json};
use crate::service::Fork;
use crate::state::ApiState;

/// What a fork is to be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = NewFork)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ForkBody {
    /// The name of the new filesystem; the rules are those of every filesystem.
    #[schema(example = "experiment-7", pattern = "^[a-zA-Z0-9_-]{1,250}$")]
    name: String,
    /// Id or name of the snapshot to begin from; absent for the filesystem as it is now.
    snapshot: Option<String>,
    /// Labels of the fork; absent for those of the source.
    labels: Option<BTreeMap<String, String>>,
}

/// What a restore goes back to.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = Restore)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RestoreBody {
    /// Id or name of the snapshot.
    snapshot: String,
}

/// Makes a new filesystem that begins as this one is, or as its snapshot is. Nothing is copied: both share what
/// neither changes. Size and settings are those of the source.
#[utoipa::path(
    post,
    path = "/filesystems/{id}/fork",
    operation_id = "forkFilesystem",
    tag = "snapshots",
    security(("apiKey" = [])),
    params(("id" = String, Path, description = "Id or name")),
    request_body = ForkBody,
    responses(
        (status = 201, body = FilesystemBody, description = "The fork; it is ready to be mounted and written to"),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team, or no such snapshot of it"),
        (status = 409, body = ErrorBody, description = "The name is taken, or the snapshot holds more than the size"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        Refusals,
    )
)]
pub(crate) async fn fork(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let source = state.catalogue.get_filesystem(team, &wanted).await?;
    Query::read(&uri, &[])?;
    let body: ForkBody = json(&body)?;
    let labels = body.labels.map(Labels::new).transpose()?;
    let fork = Fork { name: body.name, snapshot: body.snapshot, labels };
    let filesystems = state.filesystems.clone();
    let made = detached(async move { filesystems.fork(team, source.id, fork).await }).await?;
    let location = format!("/filesystems/{}", made.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(FilesystemBody::from(made))))
}

/// Makes a filesystem what its snapshot is, under its mounts. Changes since then that are in no snapshot are gone.
#[utoipa::path(
    post,
    path = "/filesystems/{id}/restore",
    operation_id = "restoreFilesystem",
    tag = "snapshots",
    security(("apiKey" = [])),
    params(("id" = String, Path, description = "Id or name")),
    request_body = RestoreBody,
    responses(
        (status = 200, body = FilesystemBody, description = "It is restored; the snapshot is still there"),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team, or no such snapshot of it"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        Refusals,
    )
)]
pub(crate) async fn restore(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<FilesystemBody>, ApiError> {
    let filesystem = state.catalogue.get_filesystem(team, &wanted).await?;
    Query::read(&uri, &[])?;
    let RestoreBody { snapshot } = json(&body)?;
    let filesystems = state.filesystems.clone();
    let id = filesystem.id;
    detached(async move { filesystems.restore(id, &snapshot).await }).await?;
    Ok(Json(filesystem.into()))
}
