//! The `Range` header: one range of bytes.

use std::ops::Range;

use crate::reply::Refusal;

/// The bytes that `header` asks for of `size`; `None` if the header is not understood, which asks for all.
pub(crate) fn parse(header: &str, size: usize) -> Result<Option<Range<usize>>, Refusal> {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Ok(None);
    };
    let range = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..size.min(last + 1),
        (Ok(first), _) if last.is_empty() => first..size,
        (_, Ok(count)) if first.is_empty() => size.saturating_sub(count)..size,
        _ => return Ok(None),
    };
    if range.start >= size { Err(Refusal::RANGE) } else { Ok(Some(range)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_at_the_end_and_refused_behind_it() {
        assert_eq!(parse("bytes=0-4", 10), Ok(Some(0..5)));
        assert_eq!(parse("bytes=8-99", 10), Ok(Some(8..10)));
        assert_eq!(parse("bytes=3-", 10), Ok(Some(3..10)));
        assert_eq!(parse("bytes=-4", 10), Ok(Some(6..10)));
        assert_eq!(parse("bytes=-40", 10), Ok(Some(0..10)));
        assert_eq!(parse("bytes=5-4", 10), Ok(None));
        assert_eq!(parse("lines=1-2", 10), Ok(None));
        assert_eq!(parse("bytes=10-", 10), Err(Refusal::RANGE));
        assert_eq!(parse("bytes=0-0", 0), Err(Refusal::RANGE));
    }
}
