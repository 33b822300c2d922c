//! A request taken apart: bucket, object, query.

use std::collections::HashMap;

use axum::http::Uri;

use crate::reply::Refusal;

/// What a request is about.
pub(crate) struct Target {
    pub bucket: String,
    /// The object's name; empty for the bucket itself.
    pub name: String,
    pub query: HashMap<String, String>,
}

impl Target {
    pub(crate) fn of(uri: &Uri) -> Result<Self, Refusal> {
        let path = uri.path().trim_start_matches('/');
        let (bucket, name) = path.split_once('/').unwrap_or((path, ""));
        let mut query = HashMap::new();
        for pair in uri.query().unwrap_or("").split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            query.insert(decode(&key.replace('+', " "))?, decode(&value.replace('+', " "))?);
        }
        Ok(Self { bucket: decode(bucket)?, name: decode(name)?, query })
    }

    /// `bucket/name` as `x-goog-copy-source` gives it.
    pub(crate) fn of_source(source: &str) -> Result<(String, String), Refusal> {
        let (bucket, name) = source.trim_start_matches('/').split_once('/').ok_or(Refusal::ARGUMENT)?;
        Ok((decode(bucket)?, decode(name)?))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.query.get(key).map(String::as_str)
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, key: &str) -> Result<Option<T>, Refusal> {
        self.get(key).map(|text| text.parse().map_err(|_| Refusal::ARGUMENT)).transpose()
    }
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Result<String, Refusal> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let hex = behind.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).ok_or(Refusal::ARGUMENT)?;
        bytes.push(u8::from_str_radix(hex, 16).map_err(|_| Refusal::ARGUMENT)?);
        rest = &behind[2..];
    }
    String::from_utf8(bytes).map_err(|_| Refusal::ARGUMENT)
}
