//! What `Cache-Control` says, of requests and of answers.

use http::{HeaderMap, header::CACHE_CONTROL};
use std::time::Duration;

/// The longest time that is told from a longer one: that of RFC 9111, 1.2.2.
const LONGEST: u64 = 1 << 31;

/// What is said. Where something is said twice, the less holds; what cannot be read is said to be nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Directives {
    pub(super) is_there: bool,
    pub(super) no_store: bool,
    /// Also of some headers alone: what is left of it is not worth the difference.
    pub(super) no_cache: bool,
    pub(super) private: bool,
    pub(super) public: bool,
    pub(super) must_revalidate: bool,
    pub(super) only_if_cached: bool,
    pub(super) max_age: Option<Duration>,
    pub(super) s_maxage: Option<Duration>,
    pub(super) min_fresh: Option<Duration>,
}

impl Directives {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        for value in headers.get_all(CACHE_CONTROL) {
            said.is_there = true;
            match value.to_str() {
                Ok(text) => parts(text).for_each(|part| said.take(part)),
                // Whoever says what nobody can read may have meant this.
                Err(_) => said.no_store = true,
            }
        }
        said
    }

    fn take(&mut self, part: &str) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let least = |known: Option<Duration>| {
            let time = seconds(value);
            Some(known.map_or(time, |known| known.min(time)))
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" => self.no_store = true,
            "no-cache" => self.no_cache = true,
            "private" => self.private = true,
            "public" => self.public = true,
            "must-revalidate" | "proxy-revalidate" => self.must_revalidate = true,
            "only-if-cached" => self.only_if_cached = true,
            "max-age" => self.max_age = least(self.max_age),
            "s-maxage" => self.s_maxage = least(self.s_maxage),
            "min-fresh" => self.min_fresh = Some(seconds(value).max(self.min_fresh.unwrap_or_default())),
            _ => {}
        }
    }
}

/// The parts between commas that stand in no quotation marks.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |sign| {
        quoted ^= sign == '"';
        sign == ',' && !quoted
    })
}

/// A time in whole seconds, also in quotation marks; what is none is no time at all.
fn seconds(text: &str) -> Duration {
    let text = text.trim().trim_matches('"');
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits {
        text.parse().unwrap_or(LONGEST)
    } else {
        0
    };
    Duration::from_secs(number.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::Directives;
    use http::{HeaderMap, HeaderValue};
    use std::time::Duration;

    fn of(values: &[&str]) -> Directives {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("cache-control", HeaderValue::from_str(value).unwrap());
        }
        Directives::of(&headers)
    }

    #[test]
    fn names_have_no_case_and_lists_may_be_in_several_headers() {
        let said = of(&["Public, MAX-AGE=5", " no-store"]);
        assert!(said.public && said.no_store && said.is_there);
        assert_eq!(said.max_age, Some(Duration::from_secs(5)));
    }

    #[test]
    fn what_stands_in_quotation_marks_is_no_directive() {
        let said = of(&["no-cache=\"x, public\", s-maxage=\"7\""]);
        assert!(said.no_cache && !said.public);
        assert_eq!(said.s_maxage, Some(Duration::from_secs(7)));
    }

    #[test]
    fn of_two_times_the_less_holds_and_what_is_no_time_is_none() {
        assert_eq!(
            of(&["max-age=9, max-age=3"]).max_age,
            Some(Duration::from_secs(3))
        );
        for wrong in ["max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=x"] {
            assert_eq!(of(&[wrong]).max_age, Some(Duration::ZERO), "{wrong}");
        }
        let long = of(&["max-age=99999999999999999999999"]).max_age;
        assert_eq!(long, Some(Duration::from_secs(1 << 31)));
    }
}
