//! Around every request: an id, a log span, and a bound on the time to the answer's head.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;
use tracing::field::Empty;

use crate::error::{ApiError, ErrorCode};
use crate::state::ApiState;
use crate::tar::IMPORT_ROUTE;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, which its log lines and its answer carry. Paths of files are not logged.
pub(crate) async fn trace(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let id = format!("{:016x}", state.random.next_u64());
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let span =
        tracing::info_span!("http", request_id = %id, %method, route, team_id = Empty, filesystem_id = Empty);
    let started = state.clock.monotonic();
    let mut response = next.run(request).instrument(span.clone()).await;
    let elapsed_us = state.clock.monotonic().saturating_sub(started).as_micros();
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), elapsed_us, "answered"));
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Whether the request brings the content of files: it may take as long as bytes come.
pub(crate) fn is_upload(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    request.method() == Method::PUT || (request.method() == Method::POST && route == IMPORT_ROUTE)
}

/// Bounds the time to the answer's head. Uploads are bounded by their silence instead.
pub(crate) async fn time_out(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    if is_upload(&request) {
        return next.run(request).await;
    }
    let limit = state.limits.request_timeout;
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let message = format!(
                "no answer within {} s; the operation may still be carried out, so look before trying again",
                limit.as_secs()
            );
            ApiError::new(ErrorCode::TimedOut, message).into_response()
        }
    }
}
