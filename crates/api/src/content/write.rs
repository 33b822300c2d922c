//! `PUT` of a file: its whole content, in one step.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::content::entry::Entry;
use crate::content::etag::{self, Condition};
use crate::content::owner;
use crate::content::target::Target;
use crate::content::upload::upload;
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::files::{FilesError, Parents, Precondition, PutRequest, UploadError};
use crate::metrics::{self, Operation};
use crate::openapi::{FileContent, Refusals};
use crate::query::Query;
use crate::state::ApiState;

/// Writes a file: makes it, with its missing parents, or replaces its whole content in one step.
///
/// Nobody sees half of the new content, and an upload that breaks off changes nothing. Mounted clients keep their open
/// files and see the new content.
#[utoipa::path(
    put,
    path = "/filesystems/{id}/files/{*path}",
    operation_id = "writeFile",
    tag = "files",
    security(("apiKey" = [])),
    params(
        ("id" = String, Path, description = "Id or name"),
        ("path" = String, Path, description = "Path from the root, percent-encoded; may hold `/`"),
        ("uid" = Option<u32>, Query, description = "Owner; 0 for new files if absent"),
        ("gid" = Option<u32>, Query, description = "Group; 0 for new files if absent"),
        ("mode" = Option<String>, Query, description = "Permission bits in octal; 0644 for new files if absent"),
        ("X-E2B-User" = Option<String>, Header, description = "`root` (0:0) or `user` (1000:1000) instead of `uid` and `gid`"),
        ("If-Match" = Option<String>, Header, description = "412 unless the file has this `ETag`; `*`: unless it exists"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: 412 where the file exists"),
    ),
    request_body(content = FileContent, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = Entry, description = "Replaced", headers(("ETag" = String))),
        (status = 201, body = Entry, description = "Made", headers(("ETag" = String))),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team"),
        (status = 408, body = ErrorBody, description = "No byte came for too long"),
        (status = 412, body = ErrorBody, description = "`If-Match` or `If-None-Match` does not hold"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        (status = 415, body = ErrorBody, description = "The body is encoded"),
        (status = 507, body = ErrorBody, description = "The filesystem's limit would be passed"),
        Refusals,
    )
)]
pub(crate) async fn put(
    State(state): State<ApiState>,
    target: Target,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let query = Query::read(&uri, &owner::PARAMETERS)?;
    let operation = Operation::start("write", &state.clock);
    operation.end(write(&state, &target, &query, &headers, body).await)
}

async fn write(
    state: &ApiState,
    target: &Target,
    query: &Query,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    if target.path.is_root() {
        return Err(FilesError::IsADirectory.into());
    }
    let limits = &state.limits;
    let request = PutRequest {
        ownership: owner::read(headers, query)?,
        precondition: precondition(headers)?,
        parents: Parents::default(),
        expected_bytes: expected_bytes(headers)?,
    };
    if request.expected_bytes.is_some_and(|bytes| bytes > limits.upload_max_bytes) {
        return Err(UploadError::TooLarge { limit_bytes: limits.upload_max_bytes }.into());
    }
    let body = upload(body, limits.upload_max_bytes, limits.upload_idle_timeout);
    let made = state.files.put(target.volume, &target.path, request, body).await?;
    metrics::bytes_written(made.metadata.size);
    let status = if made.created { StatusCode::CREATED } else { StatusCode::OK };
    let tag = etag::format(made.metadata.version);
    Ok((status, [(ETAG, tag)], Json(Entry::new(&target.path, &made.metadata))).into_response())
}

fn precondition(headers: &HeaderMap) -> Result<Precondition, ApiError> {
    let matches = Condition::read(headers, &IF_MATCH)?;
    match (matches, Condition::read(headers, &IF_NONE_MATCH)?) {
        (None, None) => Ok(Precondition::None),
        (None, Some(Condition::Any)) => Ok(Precondition::Absent),
        (Some(Condition::Any), None) => Ok(Precondition::Present),
        (Some(Condition::Tags(tags)), None) => {
            let strong = tags.iter().filter(|tag| !tag.weak).map(|tag| tag.version);
            Ok(Precondition::Version(strong.collect()))
        }
        (Some(_), Some(_)) => {
            let message = "the headers `If-Match` and `If-None-Match` exclude each other";
            Err(ApiError::new(ErrorCode::InvalidHeader, message))
        }
        (None, Some(Condition::Tags(_))) => {
            let message = "the header `If-None-Match` of a PUT must be `*`";
            Err(ApiError::new(ErrorCode::InvalidHeader, message))
        }
    }
}

/// The announced length. Headers that would make the body mean something else than the file's bytes are refused.
pub(crate) fn expected_bytes(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    if headers.contains_key(CONTENT_RANGE) {
        let message = "the header `Content-Range` is not taken here: a PUT holds the whole content";
        return Err(ApiError::new(ErrorCode::InvalidHeader, message));
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        let message = "the header `Content-Encoding` must be absent: the body is stored byte for byte";
        return Err(ApiError::new(ErrorCode::UnsupportedEncoding, message));
    }
    Ok(headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok()))
}
