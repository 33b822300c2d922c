//! `/teams` and `/keys`: what an administrator's key opens, and nothing else does.

pub(crate) mod keys;
pub(crate) mod teams;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use holdfast_base::KeyId;
use holdfast_catalogue::Principal;

use crate::error::{ApiError, ErrorCode};
use crate::paths::percent_decode;

/// An administrator, by the key that was shown. A team's key is refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admin(pub KeyId);

impl<S: Sync> FromRequestParts<S> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match parts.extensions.get::<Principal>() {
            Some(principal) if principal.admin() => Ok(Self(principal.key_id)),
            Some(_) => {
                let message = "teams and keys are for an administrator's key; the server wrote its first one to \
                               `admin-key` in its data directory";
                Err(ApiError::new(ErrorCode::Forbidden, message))
            }
            None => Err(ApiError::new(ErrorCode::Unauthorized, "the header `X-API-Key` is missing")),
        }
    }
}

/// The segment after `/teams` or `/keys`, decoded once. One that is not text names nothing, as does an empty one.
#[derive(Clone, Debug)]
pub(crate) struct Named(pub String);

impl<S: Sync> FromRequestParts<S> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let segment = parts.uri.path().split('/').nth(2).unwrap_or("");
        let text = percent_decode(segment.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(Self(text.unwrap_or_default()))
    }
}
