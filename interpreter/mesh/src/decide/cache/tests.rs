//! What is kept, and what is not.

use super::*;

const DATE_TEXT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn rule(vary: &[&str]) -> Cache {
    Cache {
        age_ms: 60_000,
        vary: vary.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn when(came: u64) -> When {
    let wall = rfc2822::DateTimeParser::new().parse_timestamp(DATE_TEXT).unwrap();
    When {
        sent: Duration::from_secs(came),
        came: Duration::from_secs(came),
        wall,
    }
}

fn kept(request: &[(&'static str, &str)], status: u16, answer: &[(&'static str, &str)]) -> Option<Head> {
    let request = headers(request);
    let asked = Asked::of(Method::Get, &request).unwrap();
    Head::new(&rule(&[]), &asked, &request, (status, headers(answer)), when(100))
}

/// How many seconds an answer is good for a request that says nothing.
fn lifetime_of(answer: &[(&'static str, &str)]) -> Option<u64> {
    let head = kept(&[], 200, answer)?;
    let good = |second: u64| {
        head.fresh(&Asked::default(), Duration::from_secs(100 + second))
            .is_some()
    };
    Some((0..100).take_while(|second| good(*second)).count() as u64)
}

#[test]
fn an_answer_is_good_for_as_long_as_it_says_and_no_longer_than_the_policy() {
    assert_eq!(lifetime_of(&[]), Some(60));
    assert_eq!(lifetime_of(&[("cache-control", "max-age=5")]), Some(5));
    assert_eq!(
        lifetime_of(&[("cache-control", "max-age=5, s-maxage=7")]),
        Some(7)
    );
    assert_eq!(lifetime_of(&[("cache-control", "max-age=3600")]), Some(60));
    let expires = ("expires", "Sun, 06 Nov 1994 08:49:47 GMT");
    assert_eq!(lifetime_of(&[("date", DATE_TEXT), expires]), Some(10));
    assert_eq!(
        lifetime_of(&[("date", DATE_TEXT), expires, ("cache-control", "max-age=5")]),
        Some(5)
    );
    assert_eq!(
        lifetime_of(&[("cache-control", "max-age=20"), ("age", "15")]),
        Some(5)
    );
    let old = ("date", "Sun, 06 Nov 1994 08:49:17 GMT");
    assert_eq!(lifetime_of(&[("cache-control", "max-age=30"), old]), Some(11));
}

#[test]
fn what_is_not_for_everybody_is_not_kept() {
    for answer in [
        ("cache-control", "no-store"),
        ("cache-control", "private"),
        ("cache-control", "private=\"x-name\", max-age=5"),
        ("cache-control", "max-age=0"),
        ("cache-control", "no-cache"),
        ("expires", "0"),
        ("set-cookie", "id=1"),
        ("vary", "*"),
        ("vary", "accept, *"),
    ] {
        assert_eq!(kept(&[], 200, &[answer]), None, "{answer:?}");
    }
    assert_eq!(kept(&[("cache-control", "no-store")], 200, &[]), None);
}

#[test]
fn who_says_who_they_are_is_given_only_what_many_may_share() {
    for who in [("authorization", "Bearer x"), ("cookie", "id=1")] {
        assert_eq!(kept(&[who], 200, &[]), None, "{who:?}");
        assert_eq!(kept(&[who], 200, &[("cache-control", "max-age=5")]), None);
        for open in ["public", "s-maxage=5", "must-revalidate, max-age=5"] {
            assert!(kept(&[who], 200, &[("cache-control", open)]).is_some(), "{open}");
        }
        let request = headers(&[who]);
        let asked = Asked::of(Method::Get, &request).unwrap();
        assert!(!kept(&[], 200, &[]).unwrap().is_for(&asked, &request));
        let open = kept(&[], 200, &[("cache-control", "public")]).unwrap();
        assert!(open.is_for(&asked, &request));
    }
}

#[test]
fn only_some_statuses_are_kept_and_fewer_where_nothing_is_said() {
    let all = 100..600;
    let silent: Vec<u16> = all
        .clone()
        .filter(|status| kept(&[], *status, &[]).is_some())
        .collect();
    assert_eq!(silent, [200, 203, 300, 301, 308, 410]);
    let said = [("cache-control", "max-age=5")];
    let loud: Vec<u16> = all.filter(|status| kept(&[], *status, &said).is_some()).collect();
    assert_eq!(loud, [200, 203, 204, 300, 301, 302, 307, 308, 404, 405, 410, 414]);
}

#[test]
fn a_part_or_a_change_goes_by_what_is_kept() {
    assert_eq!(Asked::of(Method::Post, &HeaderMap::new()), None);
    assert_eq!(Asked::of(Method::Options, &HeaderMap::new()), None);
    for name in ["range", "if-range", "if-match", "if-unmodified-since"] {
        assert_eq!(Asked::of(Method::Get, &headers(&[(name, "x")])), None, "{name}");
    }
    assert!(Asked::of(Method::Head, &HeaderMap::new()).is_some());
}

#[test]
fn a_request_says_how_fresh_it_must_be() {
    let head = kept(&[], 200, &[]).unwrap();
    let fresh = |said: &str, second: u64| {
        let asked = Asked::of(Method::Get, &headers(&[("cache-control", said)])).unwrap();
        head.fresh(&asked, Duration::from_secs(100 + second)).is_some()
    };
    assert!(fresh("", 59) && !fresh("", 60));
    assert!(!fresh("no-cache", 0) && !fresh("max-age=0", 1));
    assert!(fresh("max-age=10", 10) && !fresh("max-age=10", 11));
    assert!(fresh("min-fresh=20", 40) && !fresh("min-fresh=20", 41));
    let pragma = Asked::of(Method::Get, &headers(&[("pragma", "no-cache")])).unwrap();
    assert_eq!(head.fresh(&pragma, Duration::from_secs(100)), None);
}

#[test]
fn answers_differ_by_what_the_policy_and_they_say() {
    let request = headers(&[("accept-language", "de"), ("x-tenant", "a")]);
    let asked = Asked::of(Method::Get, &request).unwrap();
    let answer = headers(&[("vary", "Accept-Language, accept")]);
    let head = Head::new(&rule(&["x-tenant"]), &asked, &request, (200, answer), when(0)).unwrap();
    let is_for = |pairs: &[(&'static str, &str)]| head.is_for(&asked, &headers(pairs));
    assert!(is_for(&[
        ("accept-language", "de"),
        ("x-tenant", "a"),
        ("x-other", "b")
    ]));
    assert!(!is_for(&[("accept-language", "en"), ("x-tenant", "a")]));
    assert!(!is_for(&[("accept-language", "de"), ("x-tenant", "b")]));
    assert!(!is_for(&[
        ("accept-language", "de"),
        ("x-tenant", "a"),
        ("accept", "text/html")
    ]));
    assert!(!is_for(&[("accept-language", "de")]));
}

#[test]
fn what_must_be_asked_about_is_kept_where_asking_is_cheap() {
    let tagged = [("cache-control", "no-cache"), ("etag", "\"1\"")];
    let head = kept(&[], 200, &tagged).unwrap();
    assert_eq!(head.fresh(&Asked::default(), Duration::from_secs(100)), None);
    let validators: Vec<_> = head.validators().collect();
    assert_eq!(validators, [(IF_NONE_MATCH, HeaderValue::from_static("\"1\""))]);
    let request = HeaderMap::new();
    let news = headers(&[
        ("cache-control", "max-age=9"),
        ("content-length", "7"),
        ("x-new", "1"),
    ]);
    let renewed = head.renewed(&rule(&[]), &Asked::default(), (&request, &news), when(200));
    let renewed = renewed.unwrap();
    assert!(
        renewed
            .fresh(&Asked::default(), Duration::from_secs(208))
            .is_some()
    );
    assert_eq!(renewed.fresh(&Asked::default(), Duration::from_secs(209)), None);
    assert_eq!(
        renewed.headers,
        headers(&[("etag", "\"1\""), ("cache-control", "max-age=9"), ("x-new", "1")])
    );
    let news = headers(&[("cache-control", "no-store")]);
    assert_eq!(
        head.renewed(&rule(&[]), &Asked::default(), (&request, &news), when(200)),
        None
    );
}

#[test]
fn who_has_it_already_is_told_so() {
    let answer = headers(&[("etag", "\"a,b\""), ("last-modified", DATE_TEXT)]);
    let known = |pairs: &[(&'static str, &str)]| is_known(&headers(pairs), 200, &answer);
    assert!(known(&[("if-none-match", "\"x\", W/\"a,b\"")]));
    assert!(known(&[("if-none-match", "*")]));
    assert!(!known(&[("if-none-match", "\"a\"")]));
    assert!(!known(&[
        ("if-none-match", "\"x\""),
        ("if-modified-since", DATE_TEXT)
    ]));
    assert!(known(&[("if-modified-since", DATE_TEXT)]));
    assert!(!known(&[("if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT")]));
    assert!(!is_known(&headers(&[("if-none-match", "*")]), 404, &answer));
    assert!(!known(&[]));
}
