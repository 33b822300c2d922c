//! Who asks. A request without a good key ends here, before any route sees it.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use holdfast_base::{KeyId, TeamId};
use holdfast_catalogue::Principal;

use crate::audit::Audit;
use crate::error::{ApiError, ErrorCode};
use crate::state::ApiState;

/// The header with the key.
pub(crate) const KEY_HEADER: &str = "x-api-key";

/// The middleware in front of every route that needs a key.
pub(crate) async fn require_key(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    match principal(&state, request.headers()).await {
        Ok(principal) => {
            if let Some(team) = principal.team() {
                tracing::Span::current().record("team_id", tracing::field::display(team));
            }
            if let Err(error) = within_rate(&state, principal.key_id) {
                return error.into_response();
            }
            request.extensions_mut().insert(principal);
            let audit = Audit::of(&request, principal);
            let response = next.run(request).await;
            if let Some(audit) = audit {
                audit.tell(response.status());
            }
            response
        }
        Err(error) => error.into_response(),
    }
}

/// Counts a request of a key, or refuses it.
pub(crate) fn within_rate(state: &ApiState, key: KeyId) -> Result<(), ApiError> {
    state.rates.take(key, state.clock.monotonic()).map_err(ApiError::too_often)
}

async fn principal(state: &ApiState, headers: &HeaderMap) -> Result<Principal, ApiError> {
    let mut keys = headers.get_all(KEY_HEADER).iter();
    let refused = || {
        let message = "the header `X-API-Key` must hold an API key that is not revoked";
        ApiError::new(ErrorCode::Unauthorized, message)
    };
    let (Some(key), None) = (keys.next(), keys.next()) else { return Err(refused()) };
    let key = key.to_str().map_err(|_| refused())?;
    state.catalogue.find_key(key).await?.ok_or_else(refused)
}

/// The team whose key was shown. An administrator's key has none and is refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Team(pub TeamId);

impl<S: Sync> FromRequestParts<S> for Team {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match parts.extensions.get::<Principal>() {
            Some(principal) => principal.team().map(Self).ok_or_else(|| {
                let message = "an administrator's key opens no filesystems; use a key of their team";
                ApiError::new(ErrorCode::Forbidden, message)
            }),
            None => Err(ApiError::new(ErrorCode::Unauthorized, "the header `X-API-Key` is missing")),
        }
    }
}
