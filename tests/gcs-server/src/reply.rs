//! Answers: XML bodies as Google writes them.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use quick_xml::escape::escape;

use crate::bucket::Object;

pub(crate) type Reply = Response<Body>;

/// A refusal: its status, Google's word for it, and a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub StatusCode, pub &'static str, pub &'static str);

impl Refusal {
    pub(crate) const NO_BUCKET: Self =
        Self(StatusCode::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist.");
    pub(crate) const NO_KEY: Self =
        Self(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.");
    pub(crate) const NO_UPLOAD: Self =
        Self(StatusCode::NOT_FOUND, "NoSuchUpload", "The requested upload was not found.");
    pub(crate) const CONDITION: Self = Self(
        StatusCode::PRECONDITION_FAILED,
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold.",
    );
    pub(crate) const RANGE: Self =
        Self(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", "The requested range cannot be satisfied.");
    pub(crate) const ARGUMENT: Self = Self(StatusCode::BAD_REQUEST, "InvalidArgument", "Invalid argument.");
    pub(crate) const PART: Self =
        Self(StatusCode::BAD_REQUEST, "InvalidPart", "One or more parts could not be found or do not match.");
    pub(crate) const SMALL_PART: Self =
        Self(StatusCode::BAD_REQUEST, "EntityTooSmall", "A part but the last is smaller than 5 MiB.");
    pub(crate) const METHOD: Self =
        Self(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "The method is not allowed here.");

    pub(crate) fn reply(self) -> Reply {
        let Self(status, code, message) = self;
        xml(status, &format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>"))
    }
}

/// A reply with an XML body.
pub(crate) fn xml(status: StatusCode, body: &str) -> Reply {
    let mut reply = Response::new(Body::from(format!("<?xml version='1.0' encoding='UTF-8'?>{body}")));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml; charset=UTF-8"));
    reply
}

/// A reply without a body.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = status;
    reply
}

/// An element with text.
pub(crate) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escape(text))
}

/// Tells which generation a request made or met.
pub(crate) fn describe(reply: &mut Reply, object: &Object) {
    let headers = reply.headers_mut();
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    set("etag", format!("\"{}\"", object.etag));
    set("x-goog-generation", object.generation.to_string());
    set("x-goog-metageneration", "1".to_owned());
    set("x-goog-stored-content-length", object.content.len().to_string());
}
