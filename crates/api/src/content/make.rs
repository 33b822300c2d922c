//! `POST` to a path: makes what has no content. The parameter `op` says what.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::content::entry::Entry;
use crate::content::owner;
use crate::content::target::Target;
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody};
use crate::metrics::Operation;
use crate::openapi::Refusals;
use crate::query::Query;
use crate::state::ApiState;

/// Makes a directory and its missing parents. One that exists is left as it is.
#[utoipa::path(
    post,
    path = "/filesystems/{id}/files/{*path}",
    operation_id = "makeFile",
    tag = "files",
    security(("apiKey" = [])),
    params(
        ("id" = String, Path, description = "Id or name"),
        ("path" = String, Path, description = "Path from the root, percent-encoded; may hold `/`"),
        ("op" = String, Query, description = "`mkdir`"),
        ("uid" = Option<u32>, Query, description = "Owner; 0 if absent"),
        ("gid" = Option<u32>, Query, description = "Group; 0 if absent"),
        ("mode" = Option<String>, Query, description = "Permission bits in octal; 0755 if absent"),
        ("X-E2B-User" = Option<String>, Header, description = "`root` (0:0) or `user` (1000:1000) instead of `uid` and `gid`"),
    ),
    responses(
        (status = 200, body = Entry, description = "It existed"),
        (status = 201, body = Entry, description = "Made"),
        (status = 404, body = ErrorBody, description = "No such filesystem in the team"),
        (status = 409, body = ErrorBody, description = "Something else has the name"),
        (status = 507, body = ErrorBody, description = "The filesystem's limit would be passed"),
        Refusals,
    )
)]
pub(crate) async fn post(
    State(state): State<ApiState>,
    target: Target,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let query = Query::read(&uri, &["op", "uid", "gid", "mode"])?;
    if query.text("op")? != Some("mkdir") {
        return Err(ApiError::parameter("op", "must be `mkdir`"));
    }
    let ownership = owner::read(&headers, &query)?;
    let (made, path) = detached(async move {
        let operation = Operation::start("mkdir", &state.clock);
        let made = state.files.make_directory(target.volume, &target.path, ownership).await;
        Ok((operation.end(made.map_err(ApiError::from))?, target.path))
    })
    .await?;
    let status = if made.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Entry::new(&path, &made.metadata))).into_response())
}
