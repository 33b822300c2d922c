//! E2B's volume API, so that its official SDKs work here unmodified.
//!
//! A volume is a filesystem of the team with the server's default size; both APIs show the same ones. `/volumes` takes the
//! API key, `/volumecontent` a token that `/volumes` gave out. What differs from `/filesystems` is what those SDKs rely on:
//! statuses, the shape of entries, defaults of owner and mode, decimal modes, and no paging. Errors have this server's
//! body, which holds the `code` and `message` that the SDKs read.

mod directories;
mod entry;
mod files;
mod paths;
mod target;
mod volumes;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, ErrorCode};
use crate::files::Ownership;
use crate::query::Query;
use crate::state::ApiState;

/// Owner and group of what a request names none for.
const DEFAULT_OWNER: u32 = 9090;
/// Mode of directories for which none is given, and of parents that are made.
const DIRECTORY_MODE: u32 = 0o777;
/// Mode of files for which none is given.
const FILE_MODE: u32 = 0o666;

/// Routes that need an API key.
pub(crate) fn keyed_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(volumes::create, volumes::list))
        .routes(routes!(volumes::show, volumes::delete))
}

/// Routes that need a token of their volume.
pub(crate) fn token_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(paths::show, paths::change, paths::remove))
        .routes(routes!(directories::list, directories::make))
        .routes(routes!(files::read, files::write))
}

/// The keys that verify tokens for `/volumecontent`.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "getTokenKeys",
    tag = "volumes",
    responses((status = 200, body = Object, content_type = "application/json", description = "A set of RFC 7517"))
)]
pub(crate) async fn public_keys(State(state): State<ApiState>) -> Json<serde_json::Value> {
    Json(state.tokens.public_keys())
}

/// Owner and mode in a query: decimal numbers, with the defaults of these routes.
fn ownership(query: &Query, mode: u32) -> Result<Ownership, ApiError> {
    Ok(Ownership {
        uid: Some(query.number("uid", 0, u32::MAX)?.unwrap_or(DEFAULT_OWNER)),
        gid: Some(query.number("gid", 0, u32::MAX)?.unwrap_or(DEFAULT_OWNER)),
        mode: Some(query.number("mode", 0, 0o7777)?.unwrap_or(mode)),
    })
}

/// What exists although the request did not force anything.
fn exists() -> ApiError {
    ApiError::new(ErrorCode::PathExists, "the path exists; `force=true` takes it all the same")
}
