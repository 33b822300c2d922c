//! What a file route is about: a filesystem of the caller's team and a path in it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use holdfast_base::VolumeId;

use crate::auth::Team;
use crate::error::{ApiError, ErrorCode};
use crate::files::View;
use crate::paths::FilePath;
use crate::query::Query;
use crate::resources::Wanted;
use crate::state::ApiState;

/// Where an operation on files happens.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub volume: VolumeId,
    /// The snapshot that is read, by id or name.
    pub snapshot: Option<String>,
    pub path: FilePath,
}

impl Target {
    /// What is read: the volume, or its snapshot.
    pub fn view(&self) -> View {
        View { volume: self.volume, snapshot: self.snapshot.clone() }
    }
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
        let snapshot = snapshot(&parts.uri)?;
        if snapshot.is_some() && parts.method != Method::GET && parts.method != Method::HEAD {
            return Err(ApiError::new(
                ErrorCode::AccessDenied,
                "a snapshot cannot be changed; fork it, or restore it",
            ));
        }
        Ok(Self { volume: filesystem.id.into(), snapshot, path })
    }
}

/// The parameter `snapshot`, whatever else the query holds: the handler reads the rest.
fn snapshot(uri: &Uri) -> Result<Option<String>, ApiError> {
    Ok(Query::read_any(uri)?.text("snapshot")?.map(str::to_owned))
}
