//! Tables from the specifications: W3C Trace Context and its test suite, W3C Baggage, and B3.

use super::{Forms, Told, accompany, read, write};
use flowmesh_ir::{
    trace::{Lineage, TraceContext},
    traffic::Propagation,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const TRACE: u128 = 0x1234_5678_9012_3456_7890_1234_5678_9012;
const SPAN: u64 = 0x1234_5678_9012_3456;
const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";

fn headers(said: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, text) in said {
        let name = HeaderName::try_from(*name).unwrap();
        headers.append(name, HeaderValue::from_str(text).unwrap());
    }
    headers
}

fn told(said: &[(&str, &str)]) -> Told {
    let told = read(&headers(said));
    assert_eq!(told.any, !said.is_empty());
    Told { any: false, ..told }
}

fn state(values: &[&str]) -> Option<String> {
    let mut said = vec![("traceparent", PARENT)];
    said.extend(values.iter().map(|value| ("tracestate", *value)));
    told(&said).state.map(|state| state.to_string())
}

#[test]
fn a_traceparent_is_taken_or_another_trace_begins() {
    for (text, sampled) in [
        (PARENT, Some(true)),
        (
            "00-12345678901234567890123456789012-1234567890123456-00",
            Some(false),
        ),
        // Bits that mean nothing yet.
        (
            "00-12345678901234567890123456789012-1234567890123456-ff",
            Some(true),
        ),
        (
            "00-12345678901234567890123456789012-1234567890123456-fe",
            Some(false),
        ),
        (
            "cc-12345678901234567890123456789012-1234567890123456-01",
            Some(true),
        ),
        (
            "cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
            Some(true),
        ),
        (
            "cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like",
            None,
        ),
        ("ff-12345678901234567890123456789012-1234567890123456-01", None),
        ("00-12345678901234567890123456789012-1234567890123456-01.", None),
        (
            "00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like",
            None,
        ),
        (".0-12345678901234567890123456789012-1234567890123456-01", None),
        ("000-12345678901234567890123456789012-1234567890123456-01", None),
        ("00-00000000000000000000000000000000-1234567890123456-01", None),
        ("00-.2345678901234567890123456789012-1234567890123456-01", None),
        ("00-1234567890123456789012345678901-1234567890123456-01", None),
        ("00-123456789012345678901234567890123-1234567890123456-01", None),
        ("00-ABCDEF78901234567890123456789012-1234567890123456-01", None),
        ("00-12345678901234567890123456789012-0000000000000000-01", None),
        ("00-12345678901234567890123456789012-.234567890123456-01", None),
        ("00-12345678901234567890123456789012-123456789012345-01", None),
        ("00-12345678901234567890123456789012-1234567890123456-.0", None),
        ("00-12345678901234567890123456789012-1234567890123456-1", None),
        ("00-12345678901234567890123456789012-1234567890123456-001", None),
        ("", None),
    ] {
        let told = told(&[("traceparent", text), ("tracestate", "foo=1")]);
        assert_eq!(told.sampled, sampled, "{text}");
        assert_eq!(told.ids, sampled.map(|_| (TRACE, SPAN)), "{text}");
        assert_eq!(told.state.is_some(), sampled.is_some(), "{text}");
    }
    let twice = told(&[
        ("traceparent", PARENT),
        ("traceparent", PARENT),
        ("tracestate", "foo=1"),
    ]);
    assert_eq!(twice, Told::default());
    assert_eq!(told(&[("tracestate", "foo=1")]), Told::default());
}

#[test]
fn a_tracestate_is_passed_on_if_all_of_it_is_one() {
    let long_key = "z".repeat(256);
    let long_tenant = format!("{}@{}", "t".repeat(241), "v".repeat(14));
    for (key, good) in [
        ("foo", true),
        ("foo-_*/bar", true),
        ("0foo", false),
        ("foo@bar", true),
        ("0foo@bar", true),
        ("foo@0bar", false),
        ("foo@", false),
        ("@foo", false),
        ("foo@@bar", false),
        ("Foo", false),
        ("foo bar", false),
        ("", false),
        (long_key.as_str(), true),
        (&"z".repeat(257), false),
        (long_tenant.as_str(), true),
        (&format!("{}@v", "t".repeat(242)), false),
        (&format!("t@{}", "v".repeat(15)), false),
    ] {
        let text = format!("{key}=1");
        assert_eq!(state(&[&text]), good.then_some(text), "{key}");
    }
    for (value, good) in [
        ("1", true),
        ("a b", true),
        ("!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~", true),
        ("", false),
        ("a=b", false),
        (&"v".repeat(256), true),
        (&"v".repeat(257), false),
    ] {
        let text = format!("foo={value}");
        assert_eq!(state(&[&text]), good.then_some(text), "{value}");
    }
    assert_eq!(state(&["foo=1", "bar=2"]).as_deref(), Some("foo=1,bar=2"));
    assert_eq!(
        state(&["foo=1 \t , \t bar=2, ,", ""]).as_deref(),
        Some("foo=1,bar=2")
    );
    assert_eq!(state(&["foo=1,foo=2"]), None);
    assert_eq!(state(&["foo=1,bar"]), None);
    assert_eq!(state(&[""]), None);
}

#[test]
fn a_tracestate_has_no_more_than_32_members_and_512_characters() {
    let members = |count: usize| {
        (0..count)
            .map(|at| format!("m{at}=1"))
            .collect::<Vec<_>>()
            .join(",")
    };
    assert_eq!(state(&[&members(32)]), Some(members(32)));
    assert_eq!(state(&[&members(33)]), None);
    let member = |name: &str, length: usize| format!("{name}={}", "v".repeat(length - name.len() - 1));
    let fits = [member("a", 256), member("b", 255)].join(",");
    assert_eq!(fits.len(), 512);
    assert_eq!(state(&[&fits]), Some(fits));
    // Those over 128 go first, wherever they stand, and of these the one that was not changed for longest.
    let (long, longer) = (member("long", 129), member("longer", 200));
    let (one, two, three) = (member("a", 120), member("b", 100), member("c", 100));
    let all = [long.as_str(), &one, &longer, &two, &three].join(",");
    let rest = [long.as_str(), &one, &two, &three].join(",");
    assert_eq!(state(&[&all]), Some(rest));
    // Then those at the end.
    let short: Vec<String> = (0..5).map(|at| member(&format!("m{at}"), 120)).collect();
    assert_eq!(state(&[&short.join(",")]), Some(short[..4].join(",")));
}

#[test]
fn baggage_is_passed_on_in_whole_members_within_its_limits() {
    let baggage = |text: &str| told(&[("baggage", text)]).baggage.map(|it| it.to_string());
    let good = "userId=Am%C3%A9lie,serverNode=DF%2028,isProduction=false;a=b; c";
    assert_eq!(baggage(good).as_deref(), Some(good));
    assert_eq!(
        baggage("key1 = value1;property1").as_deref(),
        Some("key1 = value1;property1")
    );
    assert_eq!(baggage("a=1,nothing,=2,b=\"x\",c=3").as_deref(), Some("a=1,c=3"));
    let members = |count: usize| {
        (0..count)
            .map(|at| format!("m{at}=1"))
            .collect::<Vec<_>>()
            .join(",")
    };
    assert_eq!(baggage(&members(64)), Some(members(64)));
    assert_eq!(baggage(&members(65)), Some(members(64)));
    let value = |length: usize| format!("k={}", "v".repeat(length - 2));
    assert_eq!(baggage(&value(8192)).map(|it| it.len()), Some(8192));
    assert_eq!(baggage(&value(8193)), None);
    assert_eq!(baggage(&format!("a=1,{}", value(8192))).as_deref(), Some("a=1"));
}

#[test]
fn b3_in_one_header_is_read() {
    let both = Some((TRACE, SPAN));
    for (text, ids, sampled) in [
        (
            "12345678901234567890123456789012-1234567890123456-1",
            both,
            Some(true),
        ),
        (
            "12345678901234567890123456789012-1234567890123456-0",
            both,
            Some(false),
        ),
        (
            "12345678901234567890123456789012-1234567890123456-d",
            both,
            Some(true),
        ),
        ("12345678901234567890123456789012-1234567890123456", both, None),
        (
            "12345678901234567890123456789012-1234567890123456-1-05e3ac9a4f6e3b90",
            both,
            Some(true),
        ),
        (
            "1234567890123456-1234567890123456-1",
            Some((u128::from(SPAN), SPAN)),
            Some(true),
        ),
        ("0", None, Some(false)),
        ("1", None, Some(true)),
        ("d", None, Some(true)),
        ("12345678901234567890123456789012-1234567890123456-2", None, None),
        (
            "12345678901234567890123456789012-1234567890123456-1-x",
            None,
            None,
        ),
        ("12345678901234567890123456789012-0000000000000000-1", None, None),
        ("00000000000000000000000000000000-1234567890123456-1", None, None),
        ("ABCDEF78901234567890123456789012-1234567890123456-1", None, None),
        ("123456789012345678901234567890-1234567890123456-1", None, None),
        ("12345678901234567890123456789012", None, None),
        ("", None, None),
    ] {
        let told = told(&[("b3", text), ("tracestate", "foo=1")]);
        assert_eq!(
            (told.ids, told.sampled, told.state),
            (ids, sampled, None),
            "{text}"
        );
    }
}

#[test]
fn b3_in_several_headers_is_read() {
    let ids = [
        ("X-B3-TraceId", "12345678901234567890123456789012"),
        ("X-B3-SpanId", "1234567890123456"),
    ];
    for (further, sampled) in [
        (("x-b3-sampled", "1"), Some(true)),
        (("x-b3-sampled", "0"), Some(false)),
        (("x-b3-sampled", "true"), Some(true)),
        (("x-b3-sampled", "perhaps"), None),
        (("x-b3-flags", "1"), Some(true)),
        (("x-b3-parentspanid", "05e3ac9a4f6e3b90"), None),
    ] {
        let told = told(&[ids[0], ids[1], further]);
        assert_eq!(
            (told.ids, told.sampled),
            (Some((TRACE, SPAN)), sampled),
            "{further:?}"
        );
    }
    assert_eq!(told(&[ids[0]]), Told::default());
    assert_eq!(told(&[("x-b3-sampled", "0")]).sampled, Some(false));
    // One that is twice there is nobody's word.
    assert_eq!(told(&[ids[0], ids[1], ids[1]]).ids, None);
}

#[test]
fn w3c_goes_before_b3_and_one_header_before_several() {
    let b3 = ("b3", "0000000000000000000000000000000a-000000000000000b-0");
    let multi = [
        ("x-b3-traceid", "0000000000000000000000000000000c"),
        ("x-b3-spanid", "000000000000000d"),
    ];
    let all = told(&[("traceparent", PARENT), b3, multi[0], multi[1]]);
    assert_eq!((all.ids, all.sampled), (Some((TRACE, SPAN)), Some(true)));
    assert_eq!(told(&[b3, multi[0], multi[1]]).ids, Some((10, 11)));
    let wrong = ("b3", "nothing");
    assert_eq!(told(&[wrong, multi[0], multi[1]]).ids, Some((12, 13)));
}

#[test]
fn what_was_said_is_taken_away_and_what_is_wanted_is_written() {
    let context = TraceContext {
        trace: TRACE,
        span: SPAN,
        sampled: true,
    };
    let mut before = headers(&[
        ("traceparent", "old"),
        ("tracestate", "old=1"),
        ("baggage", "old=1"),
        ("b3", "0"),
        ("x-b3-flags", "1"),
        ("x-b3-parentspanid", "1"),
        ("accept", "*/*"),
    ]);
    let mut lineage = Lineage::below(context);
    accompany(&mut before, &lineage);
    assert_eq!(before, headers(&[("accept", "*/*")]));
    (lineage.state, lineage.baggage) = (Some("a=1".into()), Some("b=2".into()));
    let mut along = headers(&[("tracestate", "old=1")]);
    accompany(&mut along, &lineage);
    assert_eq!(along, headers(&[("tracestate", "a=1"), ("baggage", "b=2")]));
    let written = |forms: &[Propagation]| {
        let mut headers = HeaderMap::new();
        write(&mut headers, context, Forms::new(forms));
        let mut names: Vec<String> = headers.keys().map(ToString::to_string).collect();
        names.sort();
        let told = read(&headers);
        assert_eq!((told.ids, told.sampled), (Some((TRACE, SPAN)), Some(true)));
        names
    };
    assert_eq!(written(&[]), ["traceparent"]);
    assert_eq!(written(&[Propagation::W3c]), ["traceparent"]);
    // Never x-b3-* where one header is asked for.
    assert_eq!(written(&[Propagation::B3]), ["b3"]);
    assert_eq!(
        written(&[Propagation::B3Multi]),
        ["x-b3-sampled", "x-b3-spanid", "x-b3-traceid"]
    );
    assert_eq!(
        written(&[Propagation::W3c, Propagation::B3]),
        ["b3", "traceparent"]
    );
}
