//! `/filesystems`: the resource, its representation, and how a request names one.

pub(crate) mod attachment;
pub(crate) mod attachments;
pub(crate) mod branch;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod settings;
pub(crate) mod snapshots;
pub(crate) mod undelete;

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use bytes::Bytes;
use holdfast_catalogue::{Filesystem, FilesystemRef};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{ApiError, ErrorCode};
use crate::paths::percent_decode;
use crate::resources::settings::{CompressionName, DurabilityName};
use crate::sizes::gb_literal;
use crate::times::rfc3339;

/// A filesystem.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Filesystem)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FilesystemBody {
    /// `fs-` and a UUID; for ever.
    #[schema(example = "fs-7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f")]
    id: String,
    /// Unique in the team.
    #[schema(example = "my-volume")]
    name: String,
    /// Limit of the bytes in it.
    #[schema(example = 5_000_000_000_u64)]
    size_bytes: u64,
    /// The same in units of 10^9 bytes, exactly.
    #[serde(rename = "sizeGB")]
    #[schema(value_type = f64, example = 5)]
    size_gb: Box<RawValue>,
    /// Its labels.
    labels: BTreeMap<String, String>,
    /// What an answered change survives.
    durability: DurabilityName,
    /// How its data is compressed.
    compression: CompressionName,
    /// When it was made (RFC 3339).
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed (RFC 3339).
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Filesystem> for FilesystemBody {
    fn from(filesystem: Filesystem) -> Self {
        Self {
            id: filesystem.id.to_string(),
            name: filesystem.name,
            size_bytes: filesystem.size.0,
            size_gb: RawValue::from_string(gb_literal(filesystem.size))
                .expect("digits with at most one dot among them are a JSON number"),
            labels: filesystem.labels.as_map().clone(),
            durability: filesystem.settings.durability.into(),
            compression: filesystem.settings.compression.into(),
            created_at: rfc3339(filesystem.created_at),
            updated_at: rfc3339(filesystem.updated_at),
        }
    }
}

/// The filesystem that a path names: the segment after `/filesystems`.
#[derive(Clone, Debug)]
pub(crate) struct Wanted(pub FilesystemRef);

impl<S: Sync> FromRequestParts<S> for Wanted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let segment = parts.uri.path().split('/').nth(2).unwrap_or("");
        // A segment that is not text names nothing, as does an empty one.
        let text = percent_decode(segment.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.unwrap_or_default();
        tracing::Span::current().record("filesystem_id", text.chars().take(250).collect::<String>());
        Ok(Self(FilesystemRef::parse(&text)))
    }
}

/// A JSON body.
pub(crate) fn json<'a, T: Deserialize<'a>>(
    body: &'a Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<T, ApiError> {
    let bytes = match body {
        Ok(bytes) => bytes,
        Err(rejection) if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
            return Err(ApiError::new(ErrorCode::BodyTooLarge, "the JSON body is too large"));
        }
        Err(rejection) => {
            let message = "the body ended before its end";
            return Err(ApiError::new(ErrorCode::InvalidBody, message).because(rejection.body_text()));
        }
    };
    // The derived readers would take an array as well, field by field.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_none_or(|byte| *byte != b'{') {
        return Err(ApiError::new(ErrorCode::InvalidBody, "the body must be a JSON object"));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        ApiError::new(ErrorCode::InvalidBody, format!("the body is not what this takes: {error}"))
    })
}
