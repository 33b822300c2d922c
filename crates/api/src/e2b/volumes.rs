//! `/volumes`: filesystems as E2B's SDKs make, list, find and remove them.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use holdfast_base::VolumeSettings;
use holdfast_catalogue::{Filesystem, FilesystemRef, Labels, ListFilesystems, Principal};
use serde::Deserialize;

use crate::auth::Team;
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::openapi::Refusals;
use crate::query::Query;
use crate::resources::json;
use crate::service::NewFilesystem;
use crate::state::ApiState;
use crate::tokens::Opens;

/// Tells the SDKs that repeating a request would not be safe.
const SHOULD_RETRY: HeaderName = HeaderName::from_static("should-retry");

/// A volume, and a token for its content.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(super) struct VolumeAndToken {
    /// A UUID; `fs-` and this is the id of the same filesystem.
    #[serde(rename = "volumeID")]
    #[schema(example = "7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f")]
    id: String,
    /// Unique in the team.
    #[schema(example = "my-volume")]
    name: String,
    /// For `/volumecontent`, as `Authorization: Bearer`. A new one with every answer.
    token: String,
}

/// A volume in a list.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(super) struct Volume {
    /// A UUID.
    #[serde(rename = "volumeID")]
    id: String,
    /// Unique in the team.
    name: String,
}

/// What a new volume is to be. Further fields are ignored, as the SDKs may send more one day.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct NewVolume {
    /// 1 to 250 letters, digits, `_` or `-`; unique in the team; not of the form of an id.
    #[schema(example = "my-volume", pattern = "^[a-zA-Z0-9_-]{1,250}$")]
    name: String,
}

/// The id in a path. A name is none: that is what the SDKs expect.
#[derive(Clone, Debug)]
pub(super) struct VolumeRef(FilesystemRef);

impl<S: Sync> FromRequestParts<S> for VolumeRef {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match FilesystemRef::parse(parts.uri.path().split('/').nth(2).unwrap_or("")) {
            id @ FilesystemRef::Id(_) => Ok(Self(id)),
            FilesystemRef::Name(_) => Err(ApiError::new(ErrorCode::InvalidPath, "Invalid volume ID")),
        }
    }
}

/// The key of the request, which its tokens end with.
pub(super) struct Key(Principal);

impl<S: Sync> FromRequestParts<S> for Key {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let missing = || ApiError::new(ErrorCode::Unauthorized, "the header `X-API-Key` is missing");
        parts.extensions.get::<Principal>().copied().map(Self).ok_or_else(missing)
    }
}

fn with_token(state: &ApiState, key: &Principal, filesystem: Filesystem) -> VolumeAndToken {
    let opens = Opens { team: filesystem.team, filesystem: filesystem.id, key: key.key_id };
    VolumeAndToken {
        id: filesystem.id.0.to_string(),
        name: filesystem.name,
        token: state.tokens.sign(opens, state.clock.now(), &*state.random),
    }
}

/// Makes a volume: a filesystem of the default size.
#[utoipa::path(
    post,
    path = "/volumes",
    operation_id = "createVolume",
    tag = "volumes",
    security(("apiKey" = [])),
    request_body = NewVolume,
    responses(
        (status = 201, body = VolumeAndToken),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        Refusals,
    )
)]
pub(super) async fn create(
    State(state): State<ApiState>,
    Team(team): Team,
    Key(key): Key,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let made = async {
        Query::read(&uri, &[])?;
        let NewVolume { name } = json(&body)?;
        let settings = VolumeSettings::default();
        let new = NewFilesystem { name: name.clone(), size: None, labels: Labels::default(), settings };
        let filesystems = state.filesystems.clone();
        let made = detached(async move { filesystems.create(team, new).await }).await;
        made.map_err(|error| match error.code() {
            // These SDKs' tests ask for 400 here.
            ErrorCode::NameTaken => {
                ApiError::new(ErrorCode::InvalidField, format!("Volume with name '{name}' already exists"))
            }
            _ => error,
        })
    };
    match made.await {
        Ok(made) => (StatusCode::CREATED, Json(with_token(&state, &key, made))).into_response(),
        Err(error) => {
            let mut response = error.into_response();
            if response.status().is_server_error() {
                // The volume may be there.
                response.headers_mut().insert(SHOULD_RETRY, HeaderValue::from_static("false"));
            }
            response
        }
    }
}

/// Lists the team's volumes by name: all of its filesystems.
#[utoipa::path(
    get,
    path = "/volumes",
    operation_id = "listVolumes",
    tag = "volumes",
    security(("apiKey" = [])),
    responses((status = 200, body = Vec<Volume>), Refusals)
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    Team(team): Team,
    uri: Uri,
) -> Result<Json<Vec<Volume>>, ApiError> {
    Query::read(&uri, &[])?;
    let mut volumes = Vec::new();
    let limit = state.limits.filesystems_page_max;
    let mut wanted = ListFilesystems { limit, ..ListFilesystems::default() };
    loop {
        let page = state.catalogue.list_filesystems(team, &wanted).await?;
        volumes.extend(
            page.filesystems.into_iter().map(|found| Volume { id: found.id.0.to_string(), name: found.name }),
        );
        wanted.cursor = page.next;
        if wanted.cursor.is_none() {
            return Ok(Json(volumes));
        }
    }
}

/// Shows a volume, with a new token for its content.
#[utoipa::path(
    get,
    path = "/volumes/{volume}",
    operation_id = "getVolume",
    tag = "volumes",
    security(("apiKey" = [])),
    params(("volume" = String, Path, description = "Id, a UUID")),
    responses(
        (status = 200, body = VolumeAndToken),
        (status = 404, body = ErrorBody, description = "No such volume in the team"),
        Refusals,
    )
)]
pub(super) async fn show(
    State(state): State<ApiState>,
    Team(team): Team,
    Key(key): Key,
    VolumeRef(volume): VolumeRef,
    uri: Uri,
) -> Result<Json<VolumeAndToken>, ApiError> {
    Query::read(&uri, &[])?;
    let found = state.catalogue.get_filesystem(team, &volume).await?;
    Ok(Json(with_token(&state, &key, found)))
}

/// Deletes a volume with everything in it.
#[utoipa::path(
    delete,
    path = "/volumes/{volume}",
    operation_id = "deleteVolume",
    tag = "volumes",
    security(("apiKey" = [])),
    params(("volume" = String, Path, description = "Id, a UUID")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, body = ErrorBody, description = "No such volume in the team"),
        (status = 409, body = ErrorBody, description = "It is attached; the message says by whom"),
        Refusals,
    )
)]
pub(super) async fn delete(
    State(state): State<ApiState>,
    Team(team): Team,
    VolumeRef(volume): VolumeRef,
    uri: Uri,
) -> Result<StatusCode, ApiError> {
    Query::read(&uri, &[])?;
    let filesystems = state.filesystems.clone();
    detached(async move { filesystems.delete(team, &volume, false).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}
