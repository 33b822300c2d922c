//! What a file route is about: a filesystem of the caller's team and a path in it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use holdfast_base::VolumeId;

use crate::auth::Team;
use crate::error::ApiError;
use crate::paths::FilePath;
use crate::resources::Wanted;
use crate::state::ApiState;

/// Where an operation on files happens.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub volume: VolumeId,
    pub path: FilePath,
}

impl FromRequestParts<ApiState> for Target {
    type Rejection = ApiError;

    /// The path is read from the request's own bytes: the router would decode it as text, and names are bytes.
    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let Team(team) = Team::from_request_parts(parts, state).await?;
        let Wanted(wanted) = Wanted::from_request_parts(parts, state).await?;
        let filesystem = state.catalogue.get_filesystem(team, &wanted).await?;
        // ["", "filesystems", id, "files", path]
        let path = FilePath::from_url(parts.uri.path().splitn(5, '/').nth(4).unwrap_or(""))?;
        Ok(Self { volume: filesystem.id.into(), path })
    }
}
