//! Which answers are kept, for how long and for whom: RFC 9111 for a cache that many share.
//!
//! [`Asked`] is what a request says about it, [`Head`] what is known of an answer that is kept. What is not clearly for
//! everybody is kept for nobody: an answer to somebody who says who they are (`Authorization`, and `Cookie` too, which
//! the RFC leaves open) only where it says itself that many may share it.

mod directives;

use directives::Directives;
use flowmesh_ir::{service::Method, traffic::Cache};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        AGE, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, COOKIE, DATE,
        ETAG, EXPIRES, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
        LAST_MODIFIED, PRAGMA, RANGE, SET_COOKIE, VARY,
    },
};
use jiff::{Timestamp, fmt::rfc2822};
use std::time::Duration;

/// By so many headers answers may differ that are kept.
const VARY_MAX: usize = 16;

/// What a request says about answers that are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Whether its answer must not be kept.
    pub keep_nothing: bool,
    /// Whether the service must be asked whatever is kept.
    pub ask: bool,
    /// How old an answer may be.
    pub age_max: Option<Duration>,
    /// How much longer it must be good.
    pub fresh_min: Duration,
    /// Whether the service must not be asked.
    pub kept_only: bool,
    /// Whether whoever asks says who they are.
    pub is_personal: bool,
}

/// What is known of an answer that is kept, beside its body.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// The headers for the other end, without a length.
    pub headers: HeaderMap,
    /// What the request said under the names by which answers differ.
    vary: Vec<(HeaderName, Option<String>)>,
    /// How long it is good, from when it was made.
    lifetime: Duration,
    /// How old it was when it came.
    age: Duration,
    /// When it came.
    came: Duration,
    /// Whether those may have it who say who they are.
    is_open: bool,
}

/// When a request was sent and answered, by the clock of the mesh and by that on the wall.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// When it was sent.
    pub sent: Duration,
    /// When the head of its answer came.
    pub came: Duration,
    /// The time then.
    pub wall: Timestamp,
}

impl Asked {
    /// What a request says; `None` where nothing that is kept can answer it, and its answer is not kept.
    #[must_use]
    pub fn of(method: Method, headers: &HeaderMap) -> Option<Self> {
        let parts = [RANGE, IF_RANGE, IF_MATCH, IF_UNMODIFIED_SINCE];
        let reads = matches!(method, Method::Get | Method::Head);
        if !reads || parts.iter().any(|name| headers.contains_key(name)) {
            return None;
        }
        let said = Directives::of(headers);
        // What went before `Cache-Control` (RFC 9111, 5.4).
        let pragma = headers
            .get(PRAGMA)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"no-cache"));
        Some(Self {
            keep_nothing: said.no_store,
            ask: said.no_cache || (pragma && !said.is_there),
            age_max: said.max_age,
            fresh_min: said.min_fresh.unwrap_or_default(),
            kept_only: said.only_if_cached,
            is_personal: headers.contains_key(AUTHORIZATION) || headers.contains_key(COOKIE),
        })
    }
}

impl Head {
    /// What is kept of an answer; `None` where it is not.
    #[must_use]
    pub fn new(
        rule: &Cache,
        asked: &Asked,
        request: &HeaderMap,
        (status, headers): (u16, HeaderMap),
        when: When,
    ) -> Option<Self> {
        let said = Directives::of(&headers);
        let is_open = said.public || said.must_revalidate || said.s_maxage.is_some();
        let private = said.private || headers.contains_key(SET_COOKIE) || (asked.is_personal && !is_open);
        if asked.keep_nothing || said.no_store || private {
            return None;
        }
        let lifetime = lifetime(rule, status, &said, &headers)?;
        let vary = vary(rule, request, &headers)?;
        let mut kept = Self {
            status,
            age: age(&headers, when),
            headers,
            vary,
            lifetime: if said.no_cache { Duration::ZERO } else { lifetime },
            came: when.came,
            is_open,
        };
        kept.headers.remove(CONTENT_LENGTH);
        // What is never good without asking is kept only where asking is cheaper than sending it again.
        (kept.age < kept.lifetime || kept.validators().next().is_some()).then_some(kept)
    }

    /// Whether it answers a request with these headers.
    #[must_use]
    pub fn is_for(&self, asked: &Asked, request: &HeaderMap) -> bool {
        let same = |(name, value): &(HeaderName, Option<String>)| said(request, name) == *value;
        (self.is_open || !asked.is_personal) && self.vary.iter().all(same)
    }

    /// Whether it is of the same kind of request: a newer one takes its place.
    #[must_use]
    pub fn is_of_kind(&self, other: &Self) -> bool {
        self.vary == other.vary
    }

    /// How old it is, if it is good enough without asking the service.
    #[must_use]
    pub fn fresh(&self, asked: &Asked, now: Duration) -> Option<Duration> {
        let age = self.age.saturating_add(now.saturating_sub(self.came));
        let left = self.lifetime.saturating_sub(age);
        let young = asked.age_max.is_none_or(|most| age <= most);
        (!asked.ask && young && !left.is_zero() && left >= asked.fresh_min).then_some(age)
    }

    /// What asks the service whether it is still good.
    pub fn validators(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let pairs = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)];
        pairs
            .into_iter()
            .filter_map(|(of, asks)| Some((asks, self.headers.get(of)?.clone())))
    }

    /// The same after the service said by a 304 that it is still good; `None` where it is kept no longer.
    #[must_use]
    pub fn renewed(
        &self,
        rule: &Cache,
        asked: &Asked,
        (request, news): (&HeaderMap, &HeaderMap),
        when: When,
    ) -> Option<Self> {
        Self::new(rule, asked, request, (self.status, self.updated(news)), when)
    }

    /// Its headers with what a 304 says of them (RFC 9111, 3.2).
    #[must_use]
    pub fn updated(&self, news: &HeaderMap) -> HeaderMap {
        let body = [CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_TYPE, CONTENT_RANGE];
        let mut headers = self.headers.clone();
        // The age is that of the answer, and a 304 that says none has none.
        headers.remove(AGE);
        for name in news.keys().filter(|name| !body.contains(name)) {
            headers.remove(name);
            for value in news.get_all(name) {
                headers.append(name, value.clone());
            }
        }
        headers
    }
}

/// Whether whoever asks has the answer already, as its `ETag` or else its date says (RFC 9110, 13.2.2).
#[must_use]
pub fn is_known(request: &HeaderMap, status: u16, answer: &HeaderMap) -> bool {
    if status != 200 {
        return false;
    }
    if request.contains_key(IF_NONE_MATCH) {
        let Some(tag) = answer.get(ETAG).and_then(|tag| tag.to_str().ok()) else {
            return false;
        };
        let known = request.get_all(IF_NONE_MATCH).iter();
        let mut known = known.filter_map(|known| known.to_str().ok());
        return known.any(|known| known.trim() == "*" || tags(known).any(|known| known == opaque(tag)));
    }
    let date = |headers: &HeaderMap, name| http_date(headers.get(name)?);
    date(request, IF_MODIFIED_SINCE)
        .zip(date(answer, LAST_MODIFIED))
        .is_some_and(|(since, modified)| modified <= since)
}

/// The opaque parts of a list of tags, which may hold commas themselves.
fn tags(list: &str) -> impl Iterator<Item = &str> {
    list.split('"').skip(1).step_by(2)
}

/// Weakly compared, one tag is the other where these are the same.
fn opaque(tag: &str) -> &str {
    tags(tag).next().unwrap_or(tag)
}

/// How long an answer is good; `None` where one of its status is not kept. What it says itself holds, up to what the
/// policy says; where it says nothing, what the policy says, for statuses that say how things are.
fn lifetime(rule: &Cache, status: u16, said: &Directives, headers: &HeaderMap) -> Option<Duration> {
    let most = Duration::from_millis(rule.age_ms);
    let expires = || {
        let expires = headers.get(EXPIRES)?;
        let from = headers.get(DATE).and_then(http_date);
        // What is no date is in the past (RFC 9111, 5.3).
        let until = http_date(expires).zip(from);
        Some(until.map_or(Duration::ZERO, |(until, from)| {
            Duration::try_from(until.duration_since(from)).unwrap_or_default()
        }))
    };
    let explicit = said.s_maxage.or(said.max_age).or_else(expires);
    match (status, explicit) {
        (200 | 203 | 300 | 301 | 308 | 410, explicit) => Some(explicit.unwrap_or(most).min(most)),
        (204 | 302 | 307 | 404 | 405 | 414, Some(explicit)) => Some(explicit.min(most)),
        _ => None,
    }
}

/// How old an answer was when it came (RFC 9111, 4.2.3).
fn age(headers: &HeaderMap, when: When) -> Duration {
    let said = headers.get(AGE).and_then(|age| age.to_str().ok());
    let said = said
        .and_then(|age| age.trim().parse().ok())
        .map(Duration::from_secs);
    let way = when.came.saturating_sub(when.sent);
    let by_age = said.unwrap_or_default().saturating_add(way);
    let made = headers.get(DATE).and_then(http_date);
    let by_date = made.and_then(|made| Duration::try_from(when.wall.duration_since(made)).ok());
    // A date has no fractions of a second, and is late by them.
    let by_date = by_date.unwrap_or_default().saturating_sub(Duration::from_secs(1));
    by_age.max(by_date)
}

/// What the request said under the names by which the policy or the answer says that answers differ; `None` where that
/// cannot be said.
fn vary(rule: &Cache, request: &HeaderMap, answer: &HeaderMap) -> Option<Vec<(HeaderName, Option<String>)>> {
    let mut names: Vec<HeaderName> = Vec::new();
    let of_rule = rule.vary.iter().map(String::as_str);
    let mut of_answer = Vec::new();
    for value in answer.get_all(VARY) {
        of_answer.extend(value.to_str().ok()?.split(','));
    }
    for name in of_rule
        .chain(of_answer)
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        // `*` is no name of a header.
        let name: HeaderName = if name == "*" {
            return None;
        } else {
            name.parse().ok()?
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    (names.len() <= VARY_MAX).then(|| {
        let pair = |name: HeaderName| (name.clone(), said(request, &name));
        names.into_iter().map(pair).collect()
    })
}

/// What a request says under a name, as one text; of what is no text, the bytes one by one.
#[must_use]
pub fn said(request: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = request.get_all(name).iter();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
    let first = text(values.next()?);
    Some(values.fold(first, |all, value| format!("{all}, {}", text(value))))
}

fn http_date(value: &HeaderValue) -> Option<Timestamp> {
    let text = value.to_str().ok()?;
    rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests;
