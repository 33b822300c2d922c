//! Times in answers: RFC 3339 in bodies, HTTP dates in headers. UTC, to the microsecond and the second.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use holdfast_base::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// `2026-11-23T21:48:45.123456Z`. A file may carry any time; one that RFC 3339 cannot write shows as the epoch.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    let micros = i128::from(at.seconds) * 1_000_000 + i128::from(at.nanos / 1_000);
    OffsetDateTime::from_unix_timestamp_nanos(micros * 1_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}

/// `Mon, 23 Nov 2026 21:48:45 GMT`; `None` for times that HTTP cannot write.
pub(crate) fn http_date(at: Timestamp) -> Option<String> {
    // 9999-12-31: the last year of four digits.
    const LAST_SECOND: u64 = 253_402_300_799;
    let seconds = u64::try_from(at.seconds).ok().filter(|seconds| *seconds <= LAST_SECOND)?;
    let time: SystemTime = UNIX_EPOCH + Duration::from_secs(seconds);
    Some(httpdate::fmt_http_date(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        let at = |seconds, nanos| Timestamp { seconds, nanos };
        assert_eq!(rfc3339(at(1_700_000_000, 123_456_789)), "2023-11-14T22:13:20.123456Z");
        assert_eq!(rfc3339(at(0, 0)), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(at(-1, 0)), "1969-12-31T23:59:59Z");
        assert_eq!(rfc3339(at(i64::MAX, 0)), "1970-01-01T00:00:00Z");
        assert_eq!(http_date(at(1_700_000_000, 0)).unwrap(), "Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(http_date(at(-1, 0)), None);
        assert_eq!(http_date(at(i64::MAX, 0)), None);
    }
}
