//! `Retry-After`, dates, and what may be kept of answers.

use super::headers;
use crate::mutate::Random;
use flowmesh_ir::{service::Method, traffic::Cache};
use flowmesh_mesh::decide::{
    cache::{Asked, Head, When},
    retry_after::retry_after,
};
use jiff::{Timestamp, fmt::rfc2822};
use std::time::Duration;

pub(super) const SEEDS: &[&str] = &[
    "120",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    " 3 ",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "99999999999999999999",
];

pub(super) const ANSWERS: &[&str] = &[
    "accept: a\n\ncache-control: max-age=60, public\nage: 5\ndate: Sun, 06 Nov 1994 08:49:37 GMT\n",
    "cache-control: no-cache\ncookie: a=1\n\netag: \"x\"\nexpires: Sun, 06 Nov 1994 08:50:37 GMT\nvary: accept, x-a\n",
    "authorization: x\n\ncache-control: s-maxage=\"7\", private=\"set-cookie, x\"\nset-cookie: a=1\n",
    "cache-control: max-age=1, min-fresh=2, only-if-cached\n\nlast-modified: Sun, 06 Nov 1994 08:49:37 GMT\n",
];

pub(super) fn times(text: &str, random: &mut Random) {
    let wall = Timestamp::UNIX_EPOCH;
    let read = retry_after(text, None, wall);
    assert_eq!(
        read,
        retry_after(&format!(" {text}\t"), None, wall),
        "space around it says nothing"
    );
    let trimmed = text.trim();
    if !trimmed.is_empty() && trimmed.bytes().all(|byte| byte.is_ascii_digit()) {
        assert_eq!(read, trimmed.parse().ok().map(Duration::from_secs));
    } else if read.is_some() {
        // It is a date: by a clock that shows it, there is nothing to wait for.
        assert_eq!(retry_after(text, Some(text), wall), Some(Duration::ZERO));
    }
    // A date that we write is read as it is.
    let second = i64::try_from(random.below(1 << 32)).unwrap_or_default();
    let at = Timestamp::from_second(second).unwrap_or_default();
    let written = rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at)
        .unwrap_or_default();
    let waited = u64::try_from(second).unwrap_or_default();
    assert_eq!(
        retry_after(&written, None, wall),
        Some(Duration::from_secs(waited)),
        "{written}"
    );
}

pub(super) fn kept(text: &str, random: &mut Random) {
    let (request, answer) = text.split_once("\n\n").unwrap_or((text, ""));
    let (request, answer) = (headers(request.split('\n')), headers(answer.split('\n')));
    let rule = Cache {
        age_ms: 60_000,
        vary: Vec::new(),
    };
    let Some(asked) = Asked::of(Method::Get, &request) else {
        return;
    };
    let when = When {
        sent: Duration::from_secs(100),
        came: Duration::from_secs(101),
        wall: Timestamp::UNIX_EPOCH,
    };
    let status = [200, 204, 301, 404, 500][random.below(5)];
    let Some(head) = Head::new(&rule, &asked, &request, (status, answer.clone()), when) else {
        return;
    };
    let says = |headers: &http::HeaderMap, word: &str| {
        let all = headers.get_all("cache-control").iter();
        // What stands in quotation marks is no directive; these are looked at elsewhere.
        let all = all.filter(|value| !value.as_bytes().contains(&b'"'));
        let mut all = all.flat_map(|value| value.to_str().unwrap_or("no-store").split(','));
        all.any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    assert!(
        !says(&request, "no-store") && !says(&answer, "no-store"),
        "nobody wanted it kept"
    );
    assert!(
        !says(&answer, "private") && !answer.contains_key("set-cookie"),
        "it is somebody's"
    );
    assert!(
        answer
            .get_all("vary")
            .iter()
            .all(|value| value.as_bytes().trim_ascii() != b"*")
    );
    assert!(
        head.is_for(&asked, &request),
        "it does not answer its own request"
    );
    // Once it is too old, it stays so, and it is never younger than the time that it lies here.
    let mut gone = false;
    for second in 0..=61 {
        let now = when.came + Duration::from_secs(second);
        match head.fresh(&asked, now) {
            Some(age) => {
                assert!(
                    !gone && age >= Duration::from_secs(second) && age < Duration::from_millis(rule.age_ms)
                );
            }
            None => gone = true,
        }
    }
    assert!(gone, "it is kept for longer than the policy says");
    if let Some(renewed) = head.renewed(&rule, &asked, (&request, &answer), when) {
        assert_eq!(renewed.status, head.status);
    }
}
