//! Conditions of requests: by generation, by entity tag, by date.
//!
//! A failed condition is 412, but for `If-None-Match` and `If-Modified-Since` of a read, which is 304.

use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Utc};

use crate::bucket::Object;
use crate::reply::Refusal;

const NOT_MODIFIED: Refusal = Refusal(StatusCode::NOT_MODIFIED, "NotModified", "Not modified.");

/// Checks the headers of a request against the object as it is.
pub(crate) fn check(headers: &HeaderMap, object: Option<&Object>, reads: bool) -> Result<(), Refusal> {
    let text =
        |name: &str| headers.get(name).map(|value| value.to_str().map_err(|_| Refusal::ARGUMENT)).transpose();
    let number =
        |name: &str| text(name)?.map(|text| text.parse::<u64>().map_err(|_| Refusal::ARGUMENT)).transpose();
    // Zero stands for "there is none".
    let generation = object.map_or(0, |object| object.generation);
    if number("x-goog-if-generation-match")?.is_some_and(|wanted| wanted != generation) {
        return Err(Refusal::CONDITION);
    }
    let unchanged = if reads { NOT_MODIFIED } else { Refusal::CONDITION };
    if number("x-goog-if-generation-not-match")?.is_some_and(|unwanted| unwanted == generation) {
        return Err(unchanged);
    }
    let metageneration = object.map(|_| 1);
    if number("x-goog-if-metageneration-match")?.is_some_and(|wanted| Some(wanted) != metageneration) {
        return Err(Refusal::CONDITION);
    }
    if let Some(tags) = text("if-match")?
        && !object.is_some_and(|object| names(tags, object))
    {
        return Err(Refusal::CONDITION);
    }
    if let Some(tags) = text("if-none-match")? {
        if object.is_some_and(|object| names(tags, object)) {
            return Err(unchanged);
        }
    } else if let Some(since) = date(text("if-modified-since")?)?
        && object.is_some_and(|object| object.modified <= since)
    {
        return Err(unchanged);
    }
    if let Some(since) = date(text("if-unmodified-since")?)?
        && object.is_some_and(|object| object.modified > since)
    {
        return Err(Refusal::CONDITION);
    }
    Ok(())
}

/// Whether a list of entity tags names the object's.
fn names(tags: &str, object: &Object) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_matches('"') == object.etag)
}

fn date(text: Option<&str>) -> Result<Option<DateTime<Utc>>, Refusal> {
    text.map(|text| {
        DateTime::parse_from_rfc2822(text).map(|date| date.to_utc()).map_err(|_| Refusal::ARGUMENT)
    })
    .transpose()
}
