//! `Range` (RFC 9110 section 14.2): one range of bytes. More than one, another unit and malformed ranges are ignored,
//! as the RFC allows, and the whole file is sent.

use std::ops::Range;

/// What a `Range` header comes to for one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Requested {
    /// The whole file: 200.
    Whole,
    /// These bytes, at least one: 206.
    Part(Range<u64>),
    /// No byte of it exists: 416.
    Unsatisfiable,
}

/// Applies a header's value to a file of `size` bytes.
pub(super) fn resolve(header: &str, size: u64) -> Requested {
    let Some((first, last)) = single(header) else { return Requested::Whole };
    let range = match (first, last) {
        (Some(first), Some(last)) if last < first => return Requested::Whole,
        (Some(first), Some(last)) => first..last.saturating_add(1).min(size),
        (Some(first), None) => first..size,
        (None, Some(suffix)) => size.saturating_sub(suffix)..size,
        (None, None) => return Requested::Whole,
    };
    if range.is_empty() { Requested::Unsatisfiable } else { Requested::Part(range) }
}

/// The two sides of the hyphen of a single well-formed range.
fn single(header: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, ranges) = header.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = ranges.trim().split_once('-')?;
    Some((side(first)?, side(last)?))
}

/// `Some(None)` for an absent number. Digits that do not fit 64 bits mean a place past every end.
fn side(text: &str) -> Option<Option<u64>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(None);
    }
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::Requested::{Part, Unsatisfiable, Whole};
    use super::*;

    #[test]
    fn ranges_of_a_ten_byte_file() {
        for (header, requested) in [
            ("bytes=0-3", Part(0..4)),
            ("bytes=0-0", Part(0..1)),
            ("bytes=9-9", Part(9..10)),
            ("bytes=4-", Part(4..10)),
            ("bytes=0-", Part(0..10)),
            ("bytes=8-100", Part(8..10)),
            ("bytes=0-99999999999999999999999", Part(0..10)),
            ("bytes=-3", Part(7..10)),
            ("bytes=-100", Part(0..10)),
            ("Bytes = 2-4", Part(2..5)),
            ("bytes=10-", Unsatisfiable),
            ("bytes=10-20", Unsatisfiable),
            ("bytes=99999999999999999999999-", Unsatisfiable),
            ("bytes=-0", Unsatisfiable),
            ("bytes=4-2", Whole),
            ("bytes=-", Whole),
            ("bytes=", Whole),
            ("bytes=0-1,4-5", Whole),
            ("bytes=a-b", Whole),
            ("bytes=0x0-1", Whole),
            ("bytes=+0-1", Whole),
            ("lines=0-1", Whole),
            ("0-1", Whole),
            ("", Whole),
        ] {
            assert_eq!(resolve(header, 10), requested, "{header}");
        }
    }

    #[test]
    fn an_empty_file_has_no_range() {
        for header in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            assert_eq!(resolve(header, 0), Unsatisfiable, "{header}");
        }
    }
}
