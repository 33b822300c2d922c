//! Refused uploads are read to their end.
//!
//! Many clients read no answer before they have sent everything, and a connection that is closed under them loses it.
//! So what is left of the body of a refused upload is read and thrown away, for a bounded time, before the answer goes out.
//! A client that waits for `100 Continue` has sent nothing and gets its answer at once.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;
use tokio::sync::Mutex;

use crate::state::ApiState;
use crate::trace::is_upload;

/// The middleware around every route.
pub(crate) async fn drain(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    if !is_upload(&request) || request.headers().contains_key(EXPECT) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let rest = Arc::new(Mutex::new(body.into_data_stream()));
    let body = Body::from_stream(shared(rest.clone()));
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        read_on(&rest, state.limits.upload_drain_timeout).await;
    }
    response
}

/// The body for the route, which may stop reading it anywhere.
fn shared(
    body: Arc<Mutex<BodyDataStream>>,
) -> impl futures::Stream<Item = Result<bytes::Bytes, axum::Error>> {
    futures::stream::unfold(body, |body| async move {
        let piece = body.lock().await.next().await?;
        Some((piece, body))
    })
}

async fn read_on(body: &Mutex<BodyDataStream>, at_most: Duration) {
    let rest = async {
        let mut body = body.lock().await;
        while let Some(Ok(_)) = body.next().await {}
    };
    if tokio::time::timeout(at_most, rest).await.is_err() {
        tracing::debug!("the client went on sending a refused upload and may miss the answer");
    }
}
