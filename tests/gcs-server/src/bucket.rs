//! A bucket: objects by name, and uploads in parts that have not ended.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use chrono::{DateTime, SubsecRound, Utc};
use md5::{Digest, Md5};

/// The headers that an upload sets and a download brings back, beside `x-goog-meta-*`.
const KEPT: [&str; 6] = [
    "content-type",
    "content-encoding",
    "content-disposition",
    "content-language",
    "cache-control",
    "x-goog-storage-class",
];
const METADATA_PREFIX: &str = "x-goog-meta-";

/// One generation of an object.
#[derive(Clone)]
pub(crate) struct Object {
    pub content: Bytes,
    pub generation: u64,
    /// Without quotes.
    pub etag: String,
    pub modified: DateTime<Utc>,
    /// Metadata and content headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// An upload in parts.
pub(crate) struct Upload {
    pub name: String,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub parts: BTreeMap<u32, (String, Bytes)>,
}

#[derive(Default)]
pub(crate) struct Bucket {
    pub objects: BTreeMap<String, Object>,
    pub uploads: BTreeMap<String, Upload>,
    last_generation: u64,
    last_upload: u64,
}

impl Bucket {
    /// Makes `content` the object's newest generation.
    pub(crate) fn put(
        &mut self,
        name: &str,
        content: Bytes,
        etag: String,
        headers: Vec<(HeaderName, HeaderValue)>,
    ) -> &Object {
        let now = Utc::now();
        // Generations are times in microseconds that only grow.
        self.last_generation = (now.timestamp_micros() as u64).max(self.last_generation + 1);
        // HTTP dates have whole seconds.
        let object = Object {
            content,
            generation: self.last_generation,
            etag,
            modified: now.trunc_subsecs(0),
            headers,
        };
        self.objects.insert(name.to_owned(), object);
        &self.objects[name]
    }

    /// Begins an upload; its id.
    pub(crate) fn begin(&mut self, name: &str, headers: Vec<(HeaderName, HeaderValue)>) -> String {
        self.last_upload += 1;
        let id = format!("upload-{}", self.last_upload);
        let upload = Upload { name: name.to_owned(), headers, parts: BTreeMap::new() };
        self.uploads.insert(id.clone(), upload);
        id
    }
}

/// The headers of an upload that belong to the object.
pub(crate) fn kept_headers(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let kept =
        |name: &HeaderName| KEPT.contains(&name.as_str()) || name.as_str().starts_with(METADATA_PREFIX);
    headers.iter().filter(|(name, _)| kept(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The entity tag of content that was put in one piece: its MD5 in hex.
pub(crate) fn etag_of(content: &[u8]) -> String {
    Md5::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value of `x-goog-hash`.
pub(crate) fn hashes_of(content: &[u8]) -> String {
    let crc = BASE64_STANDARD.encode(crc32c::crc32c(content).to_be_bytes());
    format!("crc32c={crc},md5={}", BASE64_STANDARD.encode(Md5::digest(content)))
}
