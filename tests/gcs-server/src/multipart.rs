//! Uploads in parts. All parts but the last have at least 5 MiB; the object comes into being when the upload ends.

use axum::http::{HeaderMap, StatusCode};
use bytes::{Bytes, BytesMut};
use serde::Deserialize;

use crate::bucket::{Bucket, etag_of, kept_headers};
use crate::reply::{Refusal, Reply, describe, element, empty, xml};
use crate::request::Target;

const PART_MIN_BYTES: usize = 5 << 20;
const PARTS_MAX: u32 = 10_000;

pub(crate) fn begin(bucket: &mut Bucket, target: &Target, headers: &HeaderMap) -> Reply {
    let id = bucket.begin(&target.name, kept_headers(headers));
    let fields = [element("Bucket", &target.bucket), element("Key", &target.name), element("UploadId", &id)];
    let body = fields.concat();
    xml(StatusCode::OK, &format!("<InitiateMultipartUploadResult>{body}</InitiateMultipartUploadResult>"))
}

pub(crate) fn put_part(
    bucket: &mut Bucket,
    target: &Target,
    id: &str,
    content: Bytes,
) -> Result<Reply, Refusal> {
    let number = target.number::<u32>("partNumber")?.filter(|number| (1..=PARTS_MAX).contains(number));
    let number = number.ok_or(Refusal::ARGUMENT)?;
    let upload = bucket.uploads.get_mut(id).filter(|upload| upload.name == target.name);
    let etag = etag_of(&content);
    let mut reply = empty(StatusCode::OK);
    let quoted = format!("\"{etag}\"").parse().map_err(|_| Refusal::ARGUMENT)?;
    reply.headers_mut().insert("etag", quoted);
    upload.ok_or(Refusal::NO_UPLOAD)?.parts.insert(number, (etag, content));
    Ok(reply)
}

#[derive(Deserialize)]
struct Complete {
    #[serde(rename = "Part", default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    part_number: u32,
    #[serde(rename = "ETag")]
    e_tag: String,
}

pub(crate) fn complete(
    bucket: &mut Bucket,
    target: &Target,
    id: &str,
    body: &[u8],
) -> Result<Reply, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::ARGUMENT)?;
    let asked: Complete = quick_xml::de::from_str(text).map_err(|_| Refusal::ARGUMENT)?;
    let upload = bucket.uploads.get(id).filter(|upload| upload.name == target.name);
    let upload = upload.ok_or(Refusal::NO_UPLOAD)?;
    let mut content = BytesMut::new();
    let mut last = 0;
    for (index, part) in asked.parts.iter().enumerate() {
        let (etag, bytes) = upload.parts.get(&part.part_number).ok_or(Refusal::PART)?;
        if part.part_number <= last || part.e_tag.trim_matches('"') != etag {
            return Err(Refusal::PART);
        }
        if index + 1 < asked.parts.len() && bytes.len() < PART_MIN_BYTES {
            return Err(Refusal::SMALL_PART);
        }
        last = part.part_number;
        content.extend_from_slice(bytes);
    }
    if asked.parts.is_empty() {
        return Err(Refusal::ARGUMENT);
    }
    // The tag of such an object is not its MD5.
    let etag = format!("{}-{}", etag_of(&content), asked.parts.len());
    let headers = bucket.uploads.remove(id).map(|upload| upload.headers).unwrap_or_default();
    let made = bucket.put(&target.name, content.freeze(), etag, headers);
    let etag = element("ETag", &format!("\"{}\"", made.etag));
    let fields = [element("Bucket", &target.bucket), element("Key", &target.name), etag].concat();
    let body = format!("<CompleteMultipartUploadResult>{fields}</CompleteMultipartUploadResult>");
    let mut reply = xml(StatusCode::OK, &body);
    describe(&mut reply, made);
    Ok(reply)
}

pub(crate) fn abort(bucket: &mut Bucket, id: &str) -> Result<Reply, Refusal> {
    bucket.uploads.remove(id).map(|_| empty(StatusCode::NO_CONTENT)).ok_or(Refusal::NO_UPLOAD)
}
