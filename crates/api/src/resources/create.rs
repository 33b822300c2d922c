//! `POST /filesystems`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use bytes::Bytes;
use holdfast_base::VolumeSettings;
use holdfast_catalogue::Labels;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::auth::Team;
use crate::detached::detached;
use crate::error::{ApiError, ErrorBody};
use crate::openapi::Refusals;
use crate::query::Query;
use crate::resources::settings::{CompressionName, DurabilityName, setting};
use crate::resources::{FilesystemBody, json};
use crate::service::NewFilesystem;
use crate::sizes::SizeFields;
use crate::state::ApiState;

/// What a new filesystem is to be. At most one of the sizes; none means the server's default.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = NewFilesystem)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateBody {
    /// 1 to 250 letters, digits, `_` or `-`; unique in the team; not of the form of an id.
    #[schema(example = "my-volume", pattern = "^[a-zA-Z0-9_-]{1,250}$")]
    name: String,
    /// Size in bytes.
    #[schema(value_type = Option<u64>, example = 5_000_000_000_u64)]
    size_bytes: Option<Box<RawValue>>,
    /// Size in units of 10^9 bytes; a fraction must come to a whole number of bytes.
    #[serde(rename = "sizeGB")]
    #[schema(value_type = Option<f64>, example = 1.5)]
    size_gb: Option<Box<RawValue>>,
    /// Size as text: `5gb` means 5 * 10^9 bytes, `5gib` 5 * 2^30.
    #[schema(example = "5gb")]
    size: Option<String>,
    /// At most 64; keys of 1 to 63 letters, digits or `._/-`, values of at most 255 bytes.
    labels: Option<BTreeMap<String, String>>,
    /// What an answered change survives; `local` if absent.
    #[schema(value_type = Option<DurabilityName>)]
    durability: Option<String>,
    /// How its data is compressed; `lz4` if absent.
    #[schema(value_type = Option<CompressionName>)]
    compression: Option<String>,
}

/// Makes a filesystem.
#[utoipa::path(
    post,
    path = "/filesystems",
    operation_id = "createFilesystem",
    tag = "filesystems",
    security(("apiKey" = [])),
    request_body = CreateBody,
    responses(
        (status = 201, body = FilesystemBody, description = "It is ready to be mounted and written to"),
        (status = 409, body = ErrorBody, description = "The name is taken"),
        (status = 413, body = ErrorBody, description = "The body is too large"),
        Refusals,
    )
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Team(team): Team,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    Query::read(&uri, &[])?;
    let body: CreateBody = json(&body)?;
    let size = SizeFields {
        size_bytes: body.size_bytes.as_deref(),
        size_gb: body.size_gb.as_deref(),
        size: body.size.as_deref(),
    }
    .read(&state.limits)?;
    let labels = Labels::new(body.labels.unwrap_or_default())?;
    let settings = VolumeSettings {
        durability: setting("durability", body.durability.as_deref())?.unwrap_or_default(),
        compression: setting("compression", body.compression.as_deref())?.unwrap_or_default(),
    };
    let new = NewFilesystem { name: body.name, size, labels, settings };
    let filesystems = state.filesystems.clone();
    let made = detached(async move { filesystems.create(team, new).await }).await?;
    let location = format!("/filesystems/{}", made.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(FilesystemBody::from(made))))
}
