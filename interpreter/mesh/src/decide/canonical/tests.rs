use super::{Canonical, Malformed};
use http::{Request, Version};

fn read(target: &str, headers: &[(&str, &str)]) -> Result<Canonical, Malformed> {
    let mut request = Request::get(target).version(Version::HTTP_11);
    let names_host = headers.iter().any(|(name, _)| *name == "host");
    if !names_host && !target.starts_with("http") {
        request = request.header("host", "shop.example.com");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let Ok(request) = request.body(()) else {
        return Err(Malformed::Target);
    };
    Canonical::new(&mut request.into_parts().0)
}

fn path(target: &str) -> Result<String, Malformed> {
    read(target, &[]).map(|canonical| canonical.path().to_owned())
}

/// Ways in which a path has been read differently by a gateway and by what stands behind it.
const REFUSED: [&str; 27] = [
    "/public/../admin",
    "/public/..",
    "/./admin",
    "/public/%2e%2e/admin",
    "/public/.%2E/admin",
    "/public/%2e/admin",
    "/public/..;/admin",
    "/public/..%3B/admin",
    "/public/.;x=1/admin",
    "/admin;x=1",
    "/;/admin",
    "//admin",
    "/public//admin",
    "/public%2fadmin",
    "/public%2F..%2Fadmin",
    "/public%5cadmin",
    "/public\\admin",
    "/admin%00",
    "/admin%00.html",
    "/admin%0d%0ax:y",
    "/admin%7f",
    "/%2561dmin",
    "/public/%252e%252e/admin",
    "/admin%",
    "/admin%4",
    "/admin%zz",
    "/public/%c0%ae%c0%ae/admin",
];

#[test]
fn a_path_that_could_be_read_in_two_ways_is_refused() {
    for target in REFUSED {
        assert!(path(target).is_err(), "{target} became {:?}", path(target));
    }
}

#[test]
fn a_path_has_one_encoding() {
    for (target, canonical) in [
        ("/", "/"),
        ("/orders/7", "/orders/7"),
        ("/orders/", "/orders/"),
        ("/%61dmin", "/admin"),
        ("/%7euser", "/~user"),
        ("/a%20b", "/a%20b"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/a:b@c,d", "/a:b@c,d"),
        ("/100%25", "/100%25"),
        ("/a%3bb", "/a%3Bb"),
        ("/...", "/..."),
        ("/.well-known/x", "/.well-known/x"),
        ("http://shop.example.com/a?b", "/a"),
    ] {
        assert_eq!(path(target).as_deref(), Ok(canonical), "{target}");
    }
    let read = read("/a%20b/caf%C3%A9/", &[]).unwrap();
    assert_eq!(read.segments, ["a b", "café", ""]);
}

#[test]
fn reading_a_canonical_path_again_changes_nothing() {
    for target in ["/%61/b%20c/%7e", "/x/%C3%A9/", "/a%3bb/100%25"] {
        let once = path(target).unwrap();
        assert_eq!(path(&once), Ok(once.clone()), "{target}");
    }
}

#[test]
fn a_query_goes_on_as_it_came_unless_it_cannot() {
    let query = |target: &str| read(target, &[]).map(|canonical| canonical.query().to_owned());
    assert_eq!(query("/a?x=1&y=%2e%2E").as_deref(), Ok("x=1&y=%2e%2E"));
    assert_eq!(query("/a?").as_deref(), Ok(""));
    for target in ["/a?x=%", "/a?x=%g1", "/a?x=%00"] {
        assert!(query(target).is_err(), "{target}");
    }
    let read = read("/a?role=user&role=admin&x=a+b%21&flag", &[]).unwrap();
    let of = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        read.parameters(),
        [of("role", "user,admin"), of("x", "a b!"), of("flag", "")]
    );
}

#[test]
fn a_host_is_one_and_has_one_spelling() {
    let host = |target: &str, host: &str| read(target, &[("host", host)]).map(|canonical| canonical.host);
    for (given, canonical) in [
        ("shop.example.com", "shop.example.com"),
        ("Shop.EXAMPLE.com", "shop.example.com"),
        ("shop.example.com.", "shop.example.com"),
        ("shop.example.com:8080", "shop.example.com"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[2001:DB8::0:1]:443", "[2001:db8::1]"),
    ] {
        assert_eq!(host("/", given).as_deref(), Ok(canonical), "{given}");
    }
    for wrong in [
        "",
        "a b",
        "user@shop.example.com",
        "shop.example.com/admin",
        "shop..example.com",
        ".",
        "shop.example.com:",
        "shop.example.com:80a",
        "shop.example.com:99999",
        "shop.example.com,evil.example.com",
        "[::1",
        "[::1]x",
        "[zz]",
    ] {
        assert!(host("/", wrong).is_err(), "{wrong}");
    }
    assert!(host("http://shop.example.com/", "shop.example.com").is_ok());
    assert!(host("http://shop.example.com/", "evil.example.com").is_err());
    assert!(host("http://shop.example.com:81/", "shop.example.com:82").is_err());
    assert!(read("/", &[("host", "a"), ("host", "b")]).is_err());
    assert!(read("/", &[("host", "a"), ("host", "a")]).is_err());
    assert_eq!(
        read("http://shop.example.com/", &[]).unwrap().host,
        "shop.example.com"
    );
}

#[test]
fn what_belongs_to_the_connection_or_is_ours_to_say_does_not_go_on() {
    let read = read(
        "/",
        &[
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers, deflate"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x_forwarded_for", "10.0.0.1"),
            ("forwarded", "for=10.0.0.1"),
            ("x-original-url", "/admin"),
            ("x-rewrite-url", "/admin"),
            ("x-http-method-override", "DELETE"),
            ("x-flowmesh-deadline-ms", "1"),
            ("x-kept", "a"),
            ("x-kept", "b"),
            ("content-length", "0"),
        ],
    )
    .unwrap();
    let names: Vec<&str> = read.headers.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["x-kept", "te"]);
    assert_eq!(read.header("x-kept").as_deref(), Some("a, b"));
    assert_eq!(read.header("te").as_deref(), Some("trailers"));
}

#[test]
fn a_header_that_could_be_read_in_two_ways_is_refused() {
    let wrong: [&[(&str, &str)]; 9] = [
        &[("authorization", "Bearer a"), ("authorization", "Bearer b")],
        &[("content-length", "1"), ("content-length", "1")],
        &[("content-length", "1"), ("transfer-encoding", "chunked")],
        &[("transfer-encoding", "gzip, chunked")],
        &[
            ("transfer-encoding", "chunked"),
            ("transfer-encoding", "identity"),
        ],
        &[("connection", "authorization"), ("authorization", "Bearer a")],
        &[("connection", "x-forwarded-for")],
        &[("connection", "cookie"), ("cookie", "a=b")],
        &[("content-type", "a/b"), ("content-type", "c/d")],
    ];
    for headers in wrong {
        assert!(read("/", headers).is_err(), "{headers:?}");
    }
}

#[test]
fn an_upgrade_is_to_one_protocol_that_carries_no_requests() {
    let to = |protocol: &str| {
        read("/", &[("connection", "Upgrade"), ("upgrade", protocol)]).map(|canonical| canonical.upgrade)
    };
    assert_eq!(to("WebSocket"), Ok(Some("websocket".to_owned())));
    assert_eq!(to("h2c"), Ok(None));
    assert_eq!(read("/", &[("upgrade", "websocket")]).unwrap().upgrade, None);
}
