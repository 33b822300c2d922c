//! GET, HEAD, PUT, copy and DELETE of objects.

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, LAST_MODIFIED, RANGE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::Bytes;

use crate::bucket::{Bucket, Object, etag_of, hashes_of, kept_headers};
use crate::reply::{Refusal, Reply, describe, element, empty, xml};
use crate::request::Target;
use crate::{conditions, range};

/// GET, or HEAD without `body`.
pub(crate) fn get(
    bucket: &Bucket,
    target: &Target,
    headers: &HeaderMap,
    body: bool,
) -> Result<Reply, Refusal> {
    let object = find(bucket, target)?;
    conditions::check(headers, Some(object), true)?;
    let size = object.content.len();
    let asked = match headers.get(RANGE).and_then(|range| range.to_str().ok()) {
        Some(header) => range::parse(header, size)?,
        None => None,
    };
    let status = if asked.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut reply = empty(status);
    let shown = asked.clone().unwrap_or(0..size);
    describe(&mut reply, object);
    reply.headers_mut().extend(object.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    set(&mut reply, LAST_MODIFIED.as_str(), &http_date(object));
    set(&mut reply, CONTENT_LENGTH.as_str(), &shown.len().to_string());
    set(&mut reply, "x-goog-hash", &hashes_of(&object.content));
    if asked.is_some() {
        let shown = format!("bytes {}-{}/{size}", shown.start, shown.end - 1);
        set(&mut reply, CONTENT_RANGE.as_str(), &shown);
    }
    if body {
        *reply.body_mut() = Body::from(object.content.slice(shown));
    }
    Ok(reply)
}

pub(crate) fn put(
    bucket: &mut Bucket,
    target: &Target,
    headers: &HeaderMap,
    content: Bytes,
) -> Result<Reply, Refusal> {
    conditions::check(headers, bucket.objects.get(&target.name), false)?;
    let mut reply = empty(StatusCode::OK);
    set(&mut reply, "x-goog-hash", &hashes_of(&content));
    let etag = etag_of(&content);
    describe(&mut reply, bucket.put(&target.name, content, etag, kept_headers(headers)));
    Ok(reply)
}

/// PUT with `x-goog-copy-source`; within one bucket, which is all that is needed here.
pub(crate) fn copy(bucket: &mut Bucket, target: &Target, headers: &HeaderMap) -> Result<Reply, Refusal> {
    let source = headers.get("x-goog-copy-source").and_then(|source| source.to_str().ok());
    let (from, name) = Target::of_source(source.ok_or(Refusal::ARGUMENT)?)?;
    if from != target.bucket {
        return Err(Refusal::ARGUMENT);
    }
    let Object { content, etag, headers: kept, .. } =
        bucket.objects.get(&name).cloned().ok_or(Refusal::NO_KEY)?;
    conditions::check(headers, bucket.objects.get(&target.name), false)?;
    let made = bucket.put(&target.name, content, etag, kept);
    let modified = element("LastModified", &made.modified.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
    let etag = element("ETag", &format!("\"{}\"", made.etag));
    let mut reply = xml(StatusCode::OK, &format!("<CopyObjectResult>{modified}{etag}</CopyObjectResult>"));
    describe(&mut reply, made);
    Ok(reply)
}

pub(crate) fn delete(bucket: &mut Bucket, target: &Target, headers: &HeaderMap) -> Result<Reply, Refusal> {
    conditions::check(headers, Some(find(bucket, target)?), false)?;
    bucket.objects.remove(&target.name);
    Ok(empty(StatusCode::NO_CONTENT))
}

/// The object, in the generation asked for.
fn find<'a>(bucket: &'a Bucket, target: &Target) -> Result<&'a Object, Refusal> {
    let object = bucket.objects.get(&target.name).ok_or(Refusal::NO_KEY)?;
    match target.number::<u64>("generation")? {
        Some(generation) if generation != object.generation => Err(Refusal::NO_KEY),
        _ => Ok(object),
    }
}

fn http_date(object: &Object) -> String {
    object.modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn set(reply: &mut Reply, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}
