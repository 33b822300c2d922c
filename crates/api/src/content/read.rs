//! `GET` (and so `HEAD`) of a path: its content, its metadata, or what is in it.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, IF_RANGE,
    LAST_MODIFIED, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;

use crate::content::entry::Entry;
use crate::content::etag::{self, Condition};
use crate::content::listing::{self, Entries};
use crate::content::range::{Requested, resolve};
use crate::content::target::Target;
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::files::{Download, Metadata, Opened};
use crate::metrics::{self, Operation};
use crate::openapi::{FileContent, Refusals};
use crate::query::Query;
use crate::state::ApiState;
use crate::times::http_date;

/// Reads a file, lists a directory (`?list=true`), or shows metadata (`?stat=true`).
///
/// `Range` takes one range of bytes; `If-Range`, `If-Match` and `If-None-Match` take the `ETag` of an earlier answer.
/// `HEAD` answers the same without the body. Symbolic links are followed, but never out of the filesystem.
#[utoipa::path(
    get,
    path = "/filesystems/{id}/files/{*path}",
    operation_id = "readFile",
    tag = "files",
    security(("apiKey" = [])),
    params(
        ("id" = String, Path, description = "Id or name"),
        ("path" = String, Path, description = "Path from the root, percent-encoded; may hold `/`; empty is the root"),
        ("list" = Option<bool>, Query, description = "List the directory"),
        ("depth" = Option<u32>, Query, description = "Levels to list, 1 to 10; 1 if absent"),
        ("limit" = Option<u32>, Query, description = "Most entries of a list, 1 to 4096; 100 if absent"),
        ("cursor" = Option<String>, Query, description = "`cursor` of the page before"),
        ("stat" = Option<bool>, Query, description = "Show the metadata"),
        ("follow" = Option<bool>, Query, description = "With `stat`: false shows a symbolic link itself"),
        ("snapshot" = Option<String>, Query, description = "Id or name of the snapshot to read from"),
        ("Range" = Option<String>, Header, description = "`bytes=first-last`, `bytes=first-` or `bytes=-count`"),
        ("If-None-Match" = Option<String>, Header, description = "304 where the file still has this `ETag`"),
        ("If-Match" = Option<String>, Header, description = "412 where the file has another `ETag`"),
        ("If-Range" = Option<String>, Header, description = "`Range` counts only where the file has this `ETag`"),
    ),
    responses(
        (
            status = 200,
            description = "The content; with `list` or `stat` JSON",
            content(
                (FileContent = "application/octet-stream"),
                (Shown = "application/json"),
            ),
            headers(("ETag" = String), ("Last-Modified" = String), ("Accept-Ranges" = String))
        ),
        (status = 206, body = FileContent, content_type = "application/octet-stream", description = "The range"),
        (status = 304, description = "The file still has the tag"),
        (status = 404, body = ErrorBody, description = "No such filesystem, or no such path in it"),
        (status = 412, body = ErrorBody, description = "`If-Match` does not hold"),
        (status = 416, body = ErrorBody, description = "No byte of the range exists"),
        Refusals,
    )
)]
pub(crate) async fn get(
    State(state): State<ApiState>,
    target: Target,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let query = Query::read(&uri, &["list", "depth", "limit", "cursor", "stat", "follow", "snapshot"])?;
    match (query.flag("list", false)?, query.flag("stat", false)?) {
        (true, true) => Err(ApiError::parameter("stat", "cannot be combined with `list`")),
        (true, false) => {
            absent(&query, &["follow"], "stat")?;
            listing::answer(&state, &target, &query).await
        }
        (false, true) => {
            absent(&query, &["depth", "limit", "cursor"], "list")?;
            stat(&state, &target, query.flag("follow", true)?).await
        }
        (false, false) => {
            absent(&query, &["depth", "limit", "cursor"], "list")?;
            absent(&query, &["follow"], "stat")?;
            send(&state, &target, &method, &headers).await
        }
    }
}

/// What `list` and `stat` answer.
#[derive(utoipa::ToSchema)]
#[schema(as = Listed)]
#[allow(dead_code, reason = "only described, never made")]
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Shown {
    /// With `list`.
    List(Entries),
    /// With `stat`.
    Stat(Entry),
}

fn absent(query: &Query, names: &[&str], needed: &str) -> Result<(), ApiError> {
    match names.iter().find(|name| query.all(name).next().is_some()) {
        Some(name) => Err(ApiError::parameter(name, &format!("is only for requests with `{needed}=true`"))),
        None => Ok(()),
    }
}

async fn stat(state: &ApiState, target: &Target, follow: bool) -> Result<Response, ApiError> {
    let operation = Operation::start("stat", &state.clock);
    let metadata = state.files.stat(&target.view(), &target.path, follow).await;
    let metadata = operation.end(metadata.map_err(ApiError::from))?;
    Ok(Json(Entry::new(&target.path, &metadata)).into_response())
}

/// Answers with the content of a file.
pub(crate) async fn send(
    state: &ApiState,
    target: &Target,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let operation = Operation::start("read", &state.clock);
    match open(state, target, headers).await {
        Ok((opened, requested)) => Ok(answer(opened, requested, method, operation)),
        Err(error) => operation.end(Err(error)),
    }
}

/// What a conditional request comes to.
enum Outcome {
    NotModified,
    Send(Requested),
}

async fn open(state: &ApiState, target: &Target, headers: &HeaderMap) -> Result<(Opened, Outcome), ApiError> {
    let if_match = Condition::read(headers, &IF_MATCH)?;
    let if_none_match = Condition::read(headers, &IF_NONE_MATCH)?;
    let opened = state.files.open(&target.view(), &target.path).await?;
    let Metadata { version, size, .. } = opened.metadata;
    if if_match.is_some_and(|condition| !condition.matches_strongly(version)) {
        let message = "the file has another `ETag` than `If-Match` asks for; read it again";
        return Err(ApiError::new(ErrorCode::PreconditionFailed, message));
    }
    if if_none_match.is_some_and(|condition| condition.matches_weakly(version)) {
        return Ok((opened, Outcome::NotModified));
    }
    let tag = etag::format(version);
    let current = headers.get(IF_RANGE).is_none_or(|value| value.as_bytes() == tag.as_bytes());
    let range = headers.get(RANGE).filter(|_| current).and_then(|value| value.to_str().ok());
    match range.map_or(Requested::Whole, |range| resolve(range, size)) {
        Requested::Unsatisfiable => Err(ApiError::unsatisfiable(size)),
        requested => Ok((opened, Outcome::Send(requested))),
    }
}

fn answer(opened: Opened, outcome: Outcome, method: &Method, mut operation: Operation) -> Response {
    let Opened { metadata, content } = opened;
    let mut headers = HeaderMap::new();
    set(&mut headers, ETAG, &etag::format(metadata.version));
    if let Some(date) = http_date(metadata.modified_at) {
        set(&mut headers, LAST_MODIFIED, &date);
    }
    set(&mut headers, ACCEPT_RANGES, "bytes");
    let (status, range) = match outcome {
        Outcome::NotModified => {
            operation.succeeded();
            // What a 200 would say (RFC 9110 section 15.4.5); left out it would be filled in as 0.
            set(&mut headers, CONTENT_LENGTH, &metadata.size.to_string());
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        Outcome::Send(Requested::Part(range)) => {
            let value = format!("bytes {}-{}/{}", range.start, range.end - 1, metadata.size);
            set(&mut headers, CONTENT_RANGE, &value);
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Outcome::Send(Requested::Whole | Requested::Unsatisfiable) => (StatusCode::OK, 0..metadata.size),
    };
    set(&mut headers, CONTENT_TYPE, "application/octet-stream");
    // A file's bytes are its owner's; a browser must not guess at running them.
    set(&mut headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    let length = range.end - range.start;
    set(&mut headers, CONTENT_LENGTH, &length.to_string());
    if *method == Method::HEAD || length == 0 {
        operation.succeeded();
        return (status, headers).into_response();
    }
    (status, headers, Body::from_stream(metered(content.read(range), length, operation))).into_response()
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Counts the bytes of a download and notes how it ended.
fn metered(
    download: Download,
    length: u64,
    operation: Operation,
) -> impl futures::Stream<Item = Result<bytes::Bytes, ApiError>> {
    futures::stream::unfold((download, length, operation), |(mut download, left, mut operation)| async move {
        match download.next().await? {
            Ok(bytes) => {
                metrics::bytes_read(bytes.len() as u64);
                let left = left.saturating_sub(bytes.len() as u64);
                if left == 0 {
                    operation.succeeded();
                }
                Some((Ok(bytes), (download, left, operation)))
            }
            Err(error) => {
                let error = ApiError::from(error);
                tracing::error!(error = error.code().as_str(), cause = ?error, "a download was broken off");
                operation.failed(&error);
                Some((Err(error), (futures::stream::empty().boxed(), left, operation)))
            }
        }
    })
}
