//! Sizes in requests and answers: `sizeBytes`, `sizeGB` (10^9 bytes) or `size` (`5gb`, `2gib`), at most one of them.
//!
//! A number is read from its literal text, never through a binary float: 1.1 GB is exactly 1,100,000,000 bytes.

use holdfast_base::size::GB;
use holdfast_base::{ByteSize, SizeError};
use serde_json::value::RawValue;

use crate::error::{ApiError, ErrorCode};
use crate::limits::ApiLimits;

/// The three fields of a request that can hold a size.
pub(crate) struct SizeFields<'a> {
    pub size_bytes: Option<&'a RawValue>,
    pub size_gb: Option<&'a RawValue>,
    pub size: Option<&'a str>,
}

impl SizeFields<'_> {
    /// The size asked for, within the limits; `None` where none of the fields is there.
    pub fn read(&self, limits: &ApiLimits) -> Result<Option<ByteSize>, ApiError> {
        let (field, size) = match (self.size_bytes, self.size_gb, self.size) {
            (None, None, None) => return Ok(None),
            (Some(number), None, None) => ("sizeBytes", number_of("sizeBytes", number.get(), "b")?),
            (None, Some(number), None) => ("sizeGB", number_of("sizeGB", number.get(), "gb")?),
            (None, None, Some(text)) => ("size", text.parse().map_err(|error| malformed("size", &error))?),
            _ => {
                let message = "`sizeBytes`, `sizeGB` and `size` exclude each other; give one of them";
                return Err(ApiError::new(ErrorCode::InvalidField, message));
            }
        };
        within(field, size, limits).map(Some)
    }
}

fn number_of(field: &str, literal: &str, unit: &str) -> Result<ByteSize, ApiError> {
    if !literal.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        let message = format!(
            "`{field}` must be a positive number without an exponent, such as {}",
            if unit == "gb" { "5 or 1.5" } else { "5000000000" }
        );
        return Err(ApiError::new(ErrorCode::InvalidField, message));
    }
    format!("{literal}{unit}").parse().map_err(|error| malformed(field, &error))
}

fn malformed(field: &str, error: &SizeError) -> ApiError {
    ApiError::new(ErrorCode::InvalidField, format!("`{field}`: {error}"))
}

fn within(field: &str, size: ByteSize, limits: &ApiLimits) -> Result<ByteSize, ApiError> {
    if (limits.filesystem_min..=limits.filesystem_max).contains(&size) {
        return Ok(size);
    }
    let (min, max) = (limits.filesystem_min, limits.filesystem_max);
    let message = format!(
        "`{field}` must be from {min} ({} bytes) to {max} ({} bytes); {} bytes were asked for",
        min.0, max.0, size.0
    );
    Err(ApiError::new(ErrorCode::InvalidField, message))
}

/// The exact decimal number of 10^9 bytes, as JSON: `5`, `1.5`, `0.000000001`.
pub(crate) fn gb_literal(size: ByteSize) -> String {
    let (whole, rest) = (size.0 / GB, size.0 % GB);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:09}").trim_end_matches('0').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Option<u64>, String> {
        let fields: std::collections::HashMap<String, Box<RawValue>> = serde_json::from_str(json).unwrap();
        let text: Option<String> = fields.get("size").map(|raw| serde_json::from_str(raw.get()).unwrap());
        SizeFields {
            size_bytes: fields.get("sizeBytes").map(AsRef::as_ref),
            size_gb: fields.get("sizeGB").map(AsRef::as_ref),
            size: text.as_deref(),
        }
        .read(&ApiLimits::default())
        .map(|size| size.map(|size| size.0))
        .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn each_field_reads_exactly() {
        for (json, bytes) in [
            ("{}", None),
            (r#"{"sizeGB": 5}"#, Some(5 * GB)),
            (r#"{"sizeGB": 1.5}"#, Some(1_500_000_000)),
            (r#"{"sizeGB": 1.1}"#, Some(1_100_000_000)),
            (r#"{"sizeGB": 2.000000001}"#, Some(2_000_000_001)),
            (r#"{"sizeGB": 5.0}"#, Some(5 * GB)),
            (r#"{"sizeGB": 100}"#, Some(100 * GB)),
            (r#"{"sizeGB": 1}"#, Some(GB)),
            (r#"{"sizeBytes": 1073741824}"#, Some(1 << 30)),
            (r#"{"sizeBytes": 99999999999}"#, Some(99_999_999_999)),
            (r#"{"size": "5gb"}"#, Some(5 * GB)),
            (r#"{"size": "2 GiB"}"#, Some(2 << 30)),
            (r#"{"size": "1000000000"}"#, Some(GB)),
        ] {
            assert_eq!(read(json).unwrap(), bytes, "{json}");
        }
    }

    #[test]
    fn what_is_refused_names_its_field_and_the_way_out() {
        for (json, field, says) in [
            (r#"{"sizeGB": 1, "size": "1gb"}"#, "sizeGB", "give one of them"),
            (r#"{"sizeGB": 1, "sizeBytes": 1000000000}"#, "sizeBytes", "give one of them"),
            (r#"{"sizeGB": 0}"#, "sizeGB", "must be from 1 GB"),
            (r#"{"sizeGB": 0.999999999}"#, "sizeGB", "must be from"),
            (r#"{"sizeGB": 100.000000001}"#, "sizeGB", "to 100 GB"),
            (r#"{"sizeGB": 1.0000000001}"#, "sizeGB", "whole number of bytes"),
            (r#"{"sizeGB": -1}"#, "sizeGB", "positive number"),
            (r#"{"sizeGB": 1e1}"#, "sizeGB", "without an exponent"),
            (r#"{"sizeGB": "5"}"#, "sizeGB", "number"),
            (r#"{"sizeGB": true}"#, "sizeGB", "number"),
            (r#"{"sizeBytes": 1000000000.5}"#, "sizeBytes", "whole number of bytes"),
            (r#"{"sizeBytes": 99999999999999999999}"#, "sizeBytes", "too large"),
            (r#"{"size": "5 parsecs"}"#, "size", "write a number and a unit"),
            (r#"{"size": ""}"#, "size", "write a number and a unit"),
        ] {
            let message = read(json).unwrap_err();
            assert!(message.contains(field) && message.contains(says), "{json}: {message}");
        }
    }

    #[test]
    fn the_literal_of_a_size_is_exact() {
        for (bytes, literal) in
            [(5 * GB, "5"), (1_500_000_000, "1.5"), (1, "0.000000001"), (1 << 30, "1.073741824"), (0, "0")]
        {
            assert_eq!(gb_literal(ByteSize(bytes)), literal);
        }
    }
}
