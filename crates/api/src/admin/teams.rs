//! `/teams`.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, Uri};
use bytes::Bytes;
use holdfast_catalogue::{Team, TeamRef};
use serde::Deserialize;

use crate::admin::{Admin, Named};
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::Refusals;
use crate::query::Query;
use crate::resources::json;
use crate::state::ApiState;
use crate::times::rfc3339;

/// A team: the tenant that owns filesystems and keys.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Team)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TeamBody {
    /// `team-` and a UUID; for ever.
    #[schema(example = "team-7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f")]
    id: String,
    /// Unique on the server.
    #[schema(example = "research")]
    name: String,
    /// When it was made (RFC 3339).
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Team> for TeamBody {
    fn from(team: Team) -> Self {
        Self { id: team.id.to_string(), name: team.name, created_at: rfc3339(team.created_at) }
    }
}

/// What a new team is to be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = NewTeam)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateTeam {
    /// 1 to 250 letters, digits, `_` or `-`; not of the form of an id.
    #[schema(example = "research", pattern = "^[a-zA-Z0-9_-]{1,250}$")]
    name: String,
}

/// Makes a team, without keys. `POST /keys` makes one.
#[utoipa::path(
    post,
    path = "/teams",
    operation_id = "createTeam",
    tag = "administration",
    security(("apiKey" = [])),
    request_body = CreateTeam,
    responses(
        (status = 201, body = TeamBody),
        (status = 409, body = ErrorBody, description = "The name is taken"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        Refusals,
    )
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Admin(admin): Admin,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<TeamBody>), ApiError> {
    Query::read(&uri, &[])?;
    let body: CreateTeam = json(&body)?;
    let catalogue = state.catalogue.clone();
    let made = detached(async move { Ok(catalogue.create_team(&body.name).await?) }).await?;
    tracing::info!(by_key_id = %admin, team_id = %made.id, "a team was made");
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Lists every team by name.
#[utoipa::path(
    get,
    path = "/teams",
    operation_id = "listTeams",
    tag = "administration",
    security(("apiKey" = [])),
    responses((status = 200, body = Vec<TeamBody>), Refusals)
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Admin(_admin): Admin,
    uri: Uri,
) -> Result<Json<Vec<TeamBody>>, ApiError> {
    Query::read(&uri, &[])?;
    let teams = state.catalogue.list_teams().await?;
    Ok(Json(teams.into_iter().map(TeamBody::from).collect()))
}

/// Shows a team.
#[utoipa::path(
    get,
    path = "/teams/{team}",
    operation_id = "getTeam",
    tag = "administration",
    security(("apiKey" = [])),
    params(("team" = String, Path, description = "Id or name")),
    responses(
        (status = 200, body = TeamBody),
        (status = 404, body = ErrorBody, description = "No such team"),
        Refusals,
    )
)]
pub(crate) async fn show(
    State(state): State<ApiState>,
    Admin(_admin): Admin,
    Named(team): Named,
    uri: Uri,
) -> Result<Json<TeamBody>, ApiError> {
    Query::read(&uri, &[])?;
    Ok(Json(state.catalogue.get_team(&TeamRef::parse(&team)).await?.into()))
}

/// Removes a team with its keys. Refused while it has filesystems.
#[utoipa::path(
    delete,
    path = "/teams/{team}",
    operation_id = "deleteTeam",
    tag = "administration",
    security(("apiKey" = [])),
    params(("team" = String, Path, description = "Id or name")),
    responses(
        (status = 204, description = "It is gone, and its keys open nothing any more"),
        (status = 404, body = ErrorBody, description = "No such team"),
        (status = 409, body = ErrorBody, description = "It has filesystems, or some that are being removed"),
        Refusals,
    )
)]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Admin(admin): Admin,
    Named(team): Named,
    uri: Uri,
) -> Result<StatusCode, ApiError> {
    Query::read(&uri, &[])?;
    let catalogue = state.catalogue.clone();
    let gone = detached(async move {
        let team = catalogue.get_team(&TeamRef::parse(&team)).await?;
        catalogue.delete_team(team.id).await?;
        Ok(team.id)
    })
    .await?;
    tracing::info!(by_key_id = %admin, team_id = %gone, "a team was removed");
    Ok(StatusCode::NO_CONTENT)
}
