//! `/keys`. A key is in the answer that makes it and nowhere else.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::CACHE_CONTROL;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use bytes::Bytes;
use holdfast_base::KeyId;
use holdfast_catalogue::{CatalogueError, KeyRecord, NewKey, Scope, TeamRef};
use serde::Deserialize;

use crate::admin::{Admin, Named};
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::openapi::Refusals;
use crate::query::Query;
use crate::resources::json;
use crate::state::ApiState;
use crate::times::rfc3339;

/// What is kept of a key: all but the key itself.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Key)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyBody {
    /// `key-` and a UUID.
    #[schema(example = "key-7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f")]
    id: String,
    /// A name for people; need not be unique.
    #[schema(example = "ci")]
    name: String,
    /// The team that it opens; absent for an administrator's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    team_id: Option<String>,
    /// Whether it is an administrator's key, which opens `/teams` and `/keys` and no team's filesystems.
    admin: bool,
    /// When it was made (RFC 3339).
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last used, to about a minute; absent if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// When it was revoked; absent while it is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

impl From<KeyRecord> for KeyBody {
    fn from(record: KeyRecord) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name,
            team_id: team_of(record.scope),
            admin: record.scope == Scope::Admin,
            created_at: rfc3339(record.created_at),
            last_used_at: record.last_used_at.map(rfc3339),
            revoked_at: record.revoked_at.map(rfc3339),
        }
    }
}

/// A key that was just made. Nobody can see the field `key` again.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(as = MadeKey)]
pub(crate) struct MadeBody {
    /// The key, for `X-API-Key`.
    #[schema(example = "e2b_0123456789abcdef0123456789abcdef01234567")]
    key: String,
    #[serde(flatten)]
    record: KeyBody,
}

impl MadeBody {
    fn new(made: &NewKey, scope: Scope, name: String) -> Self {
        let record = KeyBody {
            id: made.id.to_string(),
            name,
            team_id: team_of(scope),
            admin: scope == Scope::Admin,
            created_at: rfc3339(made.created_at),
            last_used_at: None,
            revoked_at: None,
        };
        Self { key: made.key.reveal().to_owned(), record }
    }
}

fn team_of(scope: Scope) -> Option<String> {
    match scope {
        Scope::Team(team) => Some(team.to_string()),
        Scope::Admin => None,
    }
}

/// What a new key is to open: exactly one of `team` and `admin`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = NewKey)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateKey {
    /// A name for people, 1 to 250 characters.
    #[schema(example = "ci")]
    name: String,
    /// Id or name of the team that it opens.
    #[schema(example = "research")]
    team: Option<String>,
    /// True for an administrator's key.
    admin: Option<bool>,
}

/// Makes a key. The answer is the only place where it can be seen.
#[utoipa::path(
    post,
    path = "/keys",
    operation_id = "createKey",
    tag = "administration",
    security(("apiKey" = [])),
    request_body = CreateKey,
    responses(
        (status = 201, body = MadeBody),
        (status = 404, body = ErrorBody, description = "No such team"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        Refusals,
    )
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Admin(admin): Admin,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    Query::read(&uri, &[])?;
    let body: CreateKey = json(&body)?;
    let scope = match (&body.team, body.admin.unwrap_or(false)) {
        (Some(team), false) => Scope::Team(state.catalogue.get_team(&TeamRef::parse(team)).await?.id),
        (None, true) => Scope::Admin,
        (None, false) | (Some(_), true) => {
            let message = "give either `team`, the id or name of a team, or `admin`: true";
            return Err(ApiError::new(ErrorCode::InvalidField, message));
        }
    };
    let (catalogue, name) = (state.catalogue.clone(), body.name.clone());
    let made = detached(async move { Ok(catalogue.create_key(scope, &name).await?) }).await?;
    tracing::info!(by_key_id = %admin, key_id = %made.id, ?scope, "a key was made");
    let body = MadeBody::new(&made, scope, body.name);
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(body)))
}

/// Lists the keys of a team, or those of administrators; oldest first, revoked ones among them.
#[utoipa::path(
    get,
    path = "/keys",
    operation_id = "listKeys",
    tag = "administration",
    security(("apiKey" = [])),
    params(("team" = Option<String>, Query, description = "Id or name of a team; absent for administrators' keys")),
    responses(
        (status = 200, body = Vec<KeyBody>),
        (status = 404, body = ErrorBody, description = "No such team"),
        Refusals,
    )
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Admin(_admin): Admin,
    uri: Uri,
) -> Result<Json<Vec<KeyBody>>, ApiError> {
    let query = Query::read(&uri, &["team"])?;
    let scope = match query.text("team")? {
        Some(team) => Scope::Team(state.catalogue.get_team(&TeamRef::parse(team)).await?.id),
        None => Scope::Admin,
    };
    let keys = state.catalogue.list_keys(scope).await?;
    Ok(Json(keys.into_iter().map(KeyBody::from).collect()))
}

/// Revokes a key: the next request with it is refused. Revoking one again is no error; the record stays.
#[utoipa::path(
    delete,
    path = "/keys/{key}",
    operation_id = "revokeKey",
    tag = "administration",
    security(("apiKey" = [])),
    params(("key" = String, Path, description = "Id of the key, `key-` and a UUID")),
    responses(
        (status = 204, description = "It opens nothing any more"),
        (status = 404, body = ErrorBody, description = "No such key"),
        (status = 409, body = ErrorBody, description = "It is the key of this request"),
        Refusals,
    )
)]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    Admin(admin): Admin,
    Named(key): Named,
    uri: Uri,
) -> Result<StatusCode, ApiError> {
    Query::read(&uri, &[])?;
    let key: KeyId = key.parse().map_err(|_| ApiError::from(CatalogueError::NotFound { noun: "key" }))?;
    if key == admin {
        let message = "a key cannot revoke itself; use another administrator's key, so that one stays good";
        return Err(ApiError::new(ErrorCode::Busy, message));
    }
    let catalogue = state.catalogue.clone();
    detached(async move { Ok(catalogue.revoke_key(key).await?) }).await?;
    tracing::info!(by_key_id = %admin, key_id = %key, "a key was revoked");
    Ok(StatusCode::NO_CONTENT)
}
