//! Listings of a bucket, `list-type=2`: in the order of names, in pages, with names behind a delimiter rolled up.

use axum::http::StatusCode;

use crate::bucket::{Bucket, Object};
use crate::reply::{Refusal, Reply, element, xml};
use crate::request::Target;

/// Entries in a page, at most and by default.
const PAGE_MAX: usize = 1000;

/// One entry of a page.
enum Entry<'a> {
    Object(&'a str, &'a Object),
    Prefix(&'a str),
}

impl Entry<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Object(name, _) | Self::Prefix(name) => name,
        }
    }
}

pub(crate) fn list(bucket: &Bucket, target: &Target) -> Result<Reply, Refusal> {
    if target.get("list-type") != Some("2") {
        return Err(Refusal::ARGUMENT);
    }
    let prefix = target.get("prefix").unwrap_or("");
    let most = target.number::<usize>("max-keys")?.unwrap_or(PAGE_MAX).min(PAGE_MAX);
    // A continuation token of ours is the last name of the page before.
    let after = target.get("continuation-token").or(target.get("start-after")).unwrap_or("");
    let (page, more) = entries(bucket, prefix, target.get("delimiter"), after, most);
    let mut body = String::from("<ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>");
    body += &element("Name", &target.bucket);
    body += &element("Prefix", prefix);
    body += &element("MaxKeys", &most.to_string());
    body += &element("KeyCount", &page.len().to_string());
    body += &element("IsTruncated", if more { "true" } else { "false" });
    if let Some(last) = page.last().filter(|_| more) {
        body += &element("NextContinuationToken", last.name());
    }
    for entry in &page {
        match entry {
            Entry::Object(name, object) => body += &contents(name, object),
            Entry::Prefix(prefix) => {
                body += &format!("<CommonPrefixes>{}</CommonPrefixes>", element("Prefix", prefix));
            }
        }
    }
    body += "</ListBucketResult>";
    Ok(xml(StatusCode::OK, &body))
}

/// Entries behind `after`, and whether there are more.
fn entries<'a>(
    bucket: &'a Bucket,
    prefix: &str,
    delimiter: Option<&str>,
    after: &str,
    most: usize,
) -> (Vec<Entry<'a>>, bool) {
    let mut page: Vec<Entry<'a>> = Vec::new();
    for (name, object) in bucket.objects.range(prefix.to_owned()..) {
        if !name.starts_with(prefix) {
            break;
        }
        let rolled = delimiter.and_then(|delimiter| {
            let rest = name[prefix.len()..].find(delimiter)?;
            Some(&name[..prefix.len() + rest + delimiter.len()])
        });
        let entry = match rolled {
            Some(common) => Entry::Prefix(common),
            None => Entry::Object(name, object),
        };
        if entry.name() <= after || page.last().is_some_and(|last| last.name() == entry.name()) {
            continue;
        }
        if page.len() == most {
            return (page, true);
        }
        page.push(entry);
    }
    (page, false)
}

fn contents(name: &str, object: &Object) -> String {
    let fields = [
        element("Key", name),
        element("Generation", &object.generation.to_string()),
        element("MetaGeneration", "1"),
        element("LastModified", &object.modified.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()),
        element("ETag", &format!("\"{}\"", object.etag)),
        element("Size", &object.content.len().to_string()),
    ];
    format!("<Contents>{}</Contents>", fields.concat())
}
