//! Routes about the server itself. They need no key and tell nothing about any team.

use std::sync::LazyLock;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::openapi::document_text;
use crate::state::ApiState;

/// Whether the server is up.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Health = Health { status: "ok" };

/// Tells whether the process answers. Restart it where this fails.
#[utoipa::path(get, path = "/healthz", tag = "server", responses((status = 200, body = Health)))]
pub(crate) async fn healthz() -> Json<Health> {
    Json(OK)
}

/// Tells whether requests can be served. Send none where this fails.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "server",
    responses((status = 200, body = Health), (status = 503, body = ErrorBody, description = "What is not ready"))
)]
pub(crate) async fn readyz(State(state): State<ApiState>) -> Result<Json<Health>, ApiError> {
    state.catalogue.ping().await?;
    (state.ready)().map_err(|what| ApiError::new(ErrorCode::Unavailable, what))?;
    Ok(Json(OK))
}

/// Metrics in the Prometheus text format.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "server",
    responses((status = 200, body = String, content_type = "text/plain"))
)]
pub(crate) async fn metrics(State(state): State<ApiState>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (state.render_metrics)()).into_response()
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "server",
    responses((status = 200, body = Object, content_type = "application/json"))
)]
pub(crate) async fn openapi() -> Result<Response, ApiError> {
    static TEXT: LazyLock<Result<String, String>> =
        LazyLock::new(|| document_text().map_err(|error| error.to_string()));
    match &*TEXT {
        Ok(text) => Ok(([(CONTENT_TYPE, "application/json")], text.as_str()).into_response()),
        Err(error) => Err(ApiError::new(ErrorCode::Internal, "internal error").because(error.as_str())),
    }
}
