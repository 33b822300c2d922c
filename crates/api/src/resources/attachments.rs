//! `/filesystems/{id}/attachments`: who may mount a filesystem, and what of it.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use bytes::Bytes;
use holdfast_base::AttachmentId;
use holdfast_catalogue::CatalogueError;

use crate::auth::Team;
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::Refusals;
use crate::query::Query;
use crate::resources::attachment::{AttachmentBody, CreateBody, CreatedBody, place_for};
use crate::resources::{Wanted, json};
use crate::state::ApiState;

/// Lets somebody mount a filesystem, or a directory of it. What mounts it is in this answer and never shown again.
#[utoipa::path(
    post,
    path = "/filesystems/{id}/attachments",
    operation_id = "createAttachment",
    tag = "attachments",
    security(("apiKey" = [])),
    params(("id" = String, Path, description = "Id or name")),
    request_body = CreateBody,
    responses(
        (status = 201, body = CreatedBody, description = "It can be mounted"),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team, or no such directory in it"),
        (status = 409, body = ErrorBody, description = "There are as many as there may be"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        Refusals,
    )
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    headers: HeaderMap,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let filesystem = state.catalogue.get_filesystem(team, &wanted).await?;
    Query::read(&uri, &[])?;
    let body = match &body {
        Ok(empty) if empty.is_empty() => CreateBody::default(),
        body => json(body)?,
    };
    let (subpath, new) = body.read()?;
    let (id, filesystems) = (filesystem.id, state.filesystems.clone());
    let (made, secret) = detached(async move { filesystems.attach(team, id, &subpath, new).await }).await?;
    let location = format!("/filesystems/{id}/attachments/{}", made.id);
    let place = place_for(&state, &headers);
    let body = CreatedBody::new(made, &secret, &filesystem.name, &place);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(body)))
}

/// Lists the attachments of a filesystem, oldest first: all that are live, for there are at most 1,000.
#[utoipa::path(
    get,
    path = "/filesystems/{id}/attachments",
    operation_id = "listAttachments",
    tag = "attachments",
    security(("apiKey" = [])),
    params(("id" = String, Path, description = "Id or name")),
    responses(
        (status = 200, body = Vec<AttachmentBody>),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team"),
        Refusals,
    )
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Vec<AttachmentBody>>, ApiError> {
    Query::read(&uri, &[])?;
    let place = place_for(&state, &headers);
    let attachments = state.filesystems.attachments(team, &wanted).await?;
    Ok(Json(attachments.into_iter().map(|attachment| AttachmentBody::new(attachment, &place)).collect()))
}

/// Shows an attachment.
#[utoipa::path(
    get,
    path = "/filesystems/{id}/attachments/{attachment}",
    operation_id = "getAttachment",
    tag = "attachments",
    security(("apiKey" = [])),
    params(
        ("id" = String, Path, description = "Id or name"),
        ("attachment" = String, Path, description = "Id of the attachment"),
    ),
    responses(
        (status = 200, body = AttachmentBody),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team, or no such attachment of it"),
        Refusals,
    )
)]
pub(crate) async fn show(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    Path(names): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<AttachmentBody>, ApiError> {
    let id = state.catalogue.get_filesystem(team, &wanted).await?.id;
    Query::read(&uri, &[])?;
    let place = place_for(&state, &headers);
    let attachment = state.filesystems.attachment(team, &id.into(), named(&names.1)?).await?;
    Ok(Json(AttachmentBody::new(attachment, &place)))
}

/// Ends an attachment. The next call of a client that mounted it fails, and what it locked is free.
#[utoipa::path(
    delete,
    path = "/filesystems/{id}/attachments/{attachment}",
    operation_id = "deleteAttachment",
    tag = "attachments",
    security(("apiKey" = [])),
    params(
        ("id" = String, Path, description = "Id or name"),
        ("attachment" = String, Path, description = "Id of the attachment"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team, or no such attachment of it"),
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
    let attachment = named(&names.1)?;
    let filesystems = state.filesystems.clone();
    detached(async move { filesystems.detach(team, id, attachment).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The attachment that a path names. What is no id names none.
fn named(text: &str) -> Result<AttachmentId, ApiError> {
    text.parse().map_err(|_| CatalogueError::NotFound { noun: "attachment" }.into())
}
