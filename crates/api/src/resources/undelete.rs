//! `/filesystems/{id}/undelete`: a deletion taken back.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::Uri;
use bytes::Bytes;
use serde::Deserialize;

use crate::auth::Team;
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::Refusals;
use crate::query::Query;
use crate::resources::{FilesystemBody, Wanted, json};
use crate::state::ApiState;

/// How a filesystem is to come back.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = Undeletion)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct UndeleteBody {
    /// A new name; the old one if absent.
    #[schema(pattern = "^[a-zA-Z0-9_-]{1,250}$")]
    name: Option<String>,
}

/// Brings a deleted filesystem back, with everything in it. Its attachments stay revoked.
#[utoipa::path(
    post,
    path = "/filesystems/{id}/undelete",
    operation_id = "undeleteFilesystem",
    tag = "filesystems",
    security(("apiKey" = [])),
    params(("id" = String, Path, description = "Id; its name is free since the deletion")),
    request_body = UndeleteBody,
    responses(
        (status = 200, body = FilesystemBody),
        (status = 404, body = ErrorBody, description = "No such deleted filesystem in the team, or too late"),
        (status = 409, body = ErrorBody, description = "The name is taken by now; give a new one"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        Refusals,
    )
)]
pub(crate) async fn undelete(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<FilesystemBody>, ApiError> {
    Query::read(&uri, &[])?;
    let UndeleteBody { name } = match &body {
        Ok(empty) if empty.is_empty() => UndeleteBody::default(),
        body => json(body)?,
    };
    let filesystems = state.filesystems.clone();
    let back = detached(async move { filesystems.undelete(team, &wanted, name.as_deref()).await }).await?;
    Ok(Json(back.into()))
}
