//! Whose token it is, and where a request to `/volumecontent` leads.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use holdfast_base::VolumeId;
use holdfast_catalogue::FilesystemRef;

use crate::auth::within_rate;
use crate::error::{ApiError, ErrorCode};
use crate::paths::{FilePath, percent_decode};
use crate::query::Query;
use crate::state::ApiState;

/// The volume that the URL names, opened by the token in `Authorization`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content(pub VolumeId);

impl FromRequestParts<ApiState> for Content {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let refused = || {
            let message = "the header `Authorization` must be `Bearer` and a token that GET /volumes/{id} gave and that is \
                           not over; get a new one there";
            ApiError::new(ErrorCode::Unauthorized, message)
        };
        let value = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = value.and_then(|value| value.split_once(' ')).ok_or_else(refused)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(refused());
        }
        let opens = state.tokens.verify(token.trim(), state.clock.now()).ok_or_else(refused)?;
        if !state.catalogue.is_key_good(opens.key).await? {
            return Err(refused());
        }
        within_rate(state, opens.key)?;
        tracing::Span::current().record("team_id", tracing::field::display(opens.team));
        tracing::Span::current().record("filesystem_id", tracing::field::display(opens.filesystem));
        // ["", "volumecontent", id, what]
        let named = parts.uri.path().split('/').nth(2).unwrap_or("");
        let named = percent_decode(named.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
        match named.as_deref().map(FilesystemRef::parse) {
            Some(FilesystemRef::Id(id)) if id == opens.filesystem => {}
            _ => return Err(ApiError::new(ErrorCode::Forbidden, "the token is for another volume")),
        }
        let wanted = FilesystemRef::Id(opens.filesystem);
        let filesystem = state.catalogue.get_filesystem(opens.team, &wanted).await?;
        Ok(Self(filesystem.id.into()))
    }
}

/// The parameter `path`, which every route here needs.
pub(super) fn path(query: &Query) -> Result<FilePath, ApiError> {
    match query.text("path")? {
        Some(text) if !text.is_empty() => Ok(FilePath::from_bytes(text.as_bytes())?),
        _ => Err(ApiError::parameter("path", "must be given")),
    }
}
