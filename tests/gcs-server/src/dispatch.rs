//! From a request to what it asks for, past the faults.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use futures::{StreamExt, stream};

use crate::bucket::Bucket;
use crate::faults::{Fault, Kind, Operation};
use crate::reply::{Refusal, Reply, empty};
use crate::request::Target;
use crate::{Shared, list, multipart, objects};

/// The largest body that is taken.
const BODY_MAX_BYTES: usize = 512 << 20;
/// How long a connection outlives half a body.
const HALF_LEAVES: Duration = Duration::from_millis(20);

pub(crate) async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Reply {
    let (parts, body) = request.into_parts();
    match serve(&shared, &parts, body).await {
        Ok(reply) => reply,
        Err(refusal) => refusal.reply(),
    }
}

async fn serve(shared: &Shared, parts: &Parts, body: Body) -> Result<Reply, Refusal> {
    let target = Target::of(&parts.uri)?;
    let operation = operation(&parts.method, &target)?;
    let body = to_bytes(body, BODY_MAX_BYTES).await.map_err(|_| Refusal::ARGUMENT)?;
    let fault = shared.faults.take(operation, &target.name);
    match &fault {
        Some(Fault { kind: Kind::Error, status, .. }) => return Ok(wrong(*status)),
        Some(Fault { kind: Kind::Hang, .. }) => return std::future::pending().await,
        Some(fault) if fault.kind == Kind::Slow => tokio::time::sleep(fault.delay()).await,
        _ => {}
    }
    let reply = {
        let mut buckets = shared.buckets.lock();
        let bucket = buckets.get_mut(&target.bucket).ok_or(Refusal::NO_BUCKET)?;
        act(bucket, operation, parts, &target, body)
    };
    match fault {
        Some(Fault { kind: Kind::LostReply, status, .. }) => Ok(wrong(status)),
        Some(Fault { kind: Kind::Silence, .. }) => std::future::pending().await,
        Some(Fault { kind: Kind::Truncate, .. }) => Ok(truncated(reply?).await),
        _ => reply,
    }
}

fn operation(method: &Method, target: &Target) -> Result<Operation, Refusal> {
    Ok(match *method {
        Method::GET if target.name.is_empty() => Operation::List,
        _ if target.name.is_empty() => return Err(Refusal::METHOD),
        Method::GET => Operation::Get,
        Method::HEAD => Operation::Head,
        Method::PUT => Operation::Put,
        Method::DELETE => Operation::Delete,
        Method::POST => Operation::Multipart,
        _ => return Err(Refusal::METHOD),
    })
}

fn act(
    bucket: &mut Bucket,
    operation: Operation,
    parts: &Parts,
    target: &Target,
    body: Bytes,
) -> Result<Reply, Refusal> {
    match (operation, target.get("uploadId")) {
        (Operation::List, _) => list::list(bucket, target),
        (Operation::Get, _) => objects::get(bucket, target, &parts.headers, true),
        (Operation::Head, _) => objects::get(bucket, target, &parts.headers, false),
        (Operation::Put, Some(upload)) => multipart::put_part(bucket, target, upload, body),
        (Operation::Put, None) if parts.headers.contains_key("x-goog-copy-source") => {
            objects::copy(bucket, target, &parts.headers)
        }
        (Operation::Put, None) => objects::put(bucket, target, &parts.headers, body),
        (Operation::Delete, Some(upload)) => multipart::abort(bucket, upload),
        (Operation::Delete, None) => objects::delete(bucket, target, &parts.headers),
        (Operation::Multipart, Some(upload)) => multipart::complete(bucket, target, upload, &body),
        (Operation::Multipart, None) if target.get("uploads").is_some() => {
            Ok(multipart::begin(bucket, target, &parts.headers))
        }
        (Operation::Multipart, None) => Err(Refusal::ARGUMENT),
    }
}

/// The answer of a server in trouble.
fn wrong(status: u16) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    Refusal(status, "ServiceUnavailable", "As the test asked for.").reply()
}

/// The same answer, cut off in the middle of its body: the connection ends before what the headers announce.
async fn truncated(reply: Reply) -> Reply {
    let (parts, body) = reply.into_parts();
    let Ok(whole) = to_bytes(body, BODY_MAX_BYTES).await else { return empty(StatusCode::BAD_GATEWAY) };
    let half = whole.slice(..whole.len() / 2);
    // The end comes later than the half, or the connection may be gone before the half has left.
    let end = stream::once(async {
        tokio::time::sleep(HALF_LEAVES).await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    Reply::from_parts(parts, Body::from_stream(stream::iter([Ok(half)]).chain(end)))
}
