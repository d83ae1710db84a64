//! Reads `Retry-After`: seconds, or a date.

use jiff::{Timestamp, fmt::rfc2822};
use std::time::Duration;

/// How long the service asks to be left alone. A date is measured against the service's own `Date` where it sent one,
/// so that clocks that differ do no harm; otherwise against `wall`, our own. A date in the past is no wait at all, and
/// what cannot be read is as if it were not there.
#[must_use]
pub fn retry_after(header: &str, date: Option<&str>, wall: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        return header.parse().ok().map(Duration::from_secs);
    }
    let until = http_date(header)?;
    let from = date.and_then(http_date).unwrap_or(wall);
    Some(Duration::try_from(until.duration_since(from)).unwrap_or_default())
}

fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:51:37 GMT";

    fn read(header: &str, date: Option<&str>) -> Option<u64> {
        let wall = http_date(DATE).unwrap();
        retry_after(header, date, wall).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_are_seconds() {
        assert_eq!(read("120", None), Some(120));
        assert_eq!(read(" 0 ", None), Some(0));
    }

    #[test]
    fn a_date_is_measured_against_the_clock_of_the_service() {
        assert_eq!(read(LATER, Some("Sun, 06 Nov 1994 08:51:07 GMT")), Some(30));
    }

    #[test]
    fn a_date_alone_is_measured_against_our_clock() {
        assert_eq!(read(LATER, None), Some(120));
        assert_eq!(read(LATER, Some("yesterday")), Some(120));
    }

    #[test]
    fn a_date_in_the_past_is_no_wait() {
        assert_eq!(read(DATE, Some(LATER)), Some(0));
    }

    #[test]
    fn what_cannot_be_read_is_not_there() {
        for header in ["", "soon", "-1", "1.5", "99999999999999999999999"] {
            assert_eq!(read(header, None), None, "{header}");
        }
    }
}
