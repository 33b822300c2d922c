//! `POST /filesystems/{id}/import` and `GET /filesystems/{id}/export`: many files at once, as a tar archive.
//!
//! Both stream: memory is bounded whatever the archive holds. An import is not one step: each file appears whole or not at
//! all, and what was imported before a failure stays. Times are not carried over.

mod archive;
mod export;
mod header;
mod import;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};

use crate::auth::Team;
use crate::content::upload::upload;
use crate::content::write::expected_bytes;
use crate::error::{ApiError, ErrorBody};
use crate::files::{FileKind, FilesError};
use crate::metrics::Operation;
use crate::openapi::{FileContent, Refusals};
use crate::paths::FilePath;
use crate::query::Query;
use crate::resources::Wanted;
use crate::state::ApiState;

use archive::Archive;
use import::Imported;

/// The route of imports, whose time is bounded by the silence of the client and not by the clock.
pub(crate) const IMPORT_ROUTE: &str = "/filesystems/{id}/import";

const TAR: &str = "application/x-tar";

/// Imports a tar archive: files, directories, symbolic and hard links, with their modes and numeric owners.
///
/// Missing parents are made and files that exist are replaced, each in one step. Devices, pipes and sockets are left out and
/// counted. What was imported before a failure stays; the message names the entry at fault. Times are not carried over.
/// The archive is not compressed.
#[utoipa::path(
    post,
    path = "/filesystems/{id}/import",
    operation_id = "importFiles",
    tag = "files",
    security(("apiKey" = [])),
    params(
        ("id" = String, Path, description = "Id or name"),
        ("path" = Option<String>, Query, description = "Directory that the entries go into; the root if absent"),
    ),
    request_body(content = FileContent, content_type = "application/x-tar"),
    responses(
        (status = 200, body = Imported),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team, or a link to a file that is not there"),
        (status = 408, body = ErrorBody, description = "No byte came for too long"),
        (status = 409, body = ErrorBody, description = "A directory and something else have the same path"),
        (status = 413, body = ErrorBody, description = "The archive or a file in it is too large"),
        (status = 415, body = ErrorBody, description = "The body is encoded"),
        (status = 507, body = ErrorBody, description = "The filesystem's limit would be passed"),
        Refusals,
    )
)]
pub(crate) async fn import(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Imported>, ApiError> {
    let into = place(&Query::read(&uri, &["path"])?)?;
    expected_bytes(&headers)?;
    let filesystem = state.catalogue.get_filesystem(team, &wanted).await?;
    let operation = Operation::start("import", &state.clock);
    let body = upload(body, state.limits.upload_max_bytes, state.limits.upload_idle_timeout);
    let imported = import::run(&*state.files, filesystem.id.into(), &into, Archive::new(body)).await;
    Ok(Json(operation.end(imported)?))
}

/// Exports a directory with everything in it as a tar archive; names are relative to it.
///
/// Files that others change meanwhile are read again, or, over 1 MiB, break the transfer off. Devices and sockets are left
/// out.
#[utoipa::path(
    get,
    path = "/filesystems/{id}/export",
    operation_id = "exportFiles",
    tag = "files",
    security(("apiKey" = [])),
    params(
        ("id" = String, Path, description = "Id or name"),
        ("path" = Option<String>, Query, description = "The directory; the root if absent"),
    ),
    responses(
        (status = 200, body = FileContent, content_type = "application/x-tar"),
        (status = 404, body = ErrorBody, description = "No such filesystem, or no such path in it"),
        Refusals,
    )
)]
pub(crate) async fn export(
    State(state): State<ApiState>,
    Team(team): Team,
    Wanted(wanted): Wanted,
    uri: Uri,
) -> Result<Response, ApiError> {
    let top = place(&Query::read(&uri, &["path"])?)?;
    let filesystem = state.catalogue.get_filesystem(team, &wanted).await?;
    let operation = Operation::start("export", &state.clock);
    let volume: holdfast_base::VolumeId = filesystem.id.into();
    match state.files.stat(&volume.into(), &top, true).await {
        Ok(metadata) if metadata.kind == FileKind::Directory => {}
        Ok(_) => return operation.end(Err(FilesError::NotADirectory.into())),
        Err(error) => return operation.end(Err(error.into())),
    }
    let bytes = export::stream(state.files.clone(), volume, top, operation);
    Ok(([(CONTENT_TYPE, TAR)], Body::from_stream(bytes)).into_response())
}

fn place(query: &Query) -> Result<FilePath, ApiError> {
    Ok(FilePath::from_bytes(query.text("path")?.unwrap_or("/").as_bytes())?)
}
