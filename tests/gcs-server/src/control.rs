//! `/_control`: POST and DELETE `/faults`, GET `/requests`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::Shared;
use crate::faults::Fault;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/faults", post(add).delete(clear)).route("/requests", get(requests))
}

async fn add(State(shared): State<Arc<Shared>>, Json(fault): Json<Fault>) -> StatusCode {
    shared.faults.add(fault);
    StatusCode::NO_CONTENT
}

async fn clear(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.faults.clear();
    StatusCode::NO_CONTENT
}

async fn requests(State(shared): State<Arc<Shared>>) -> Json<serde_json::Value> {
    Json(serde_json::json!(shared.faults.requests()))
}
