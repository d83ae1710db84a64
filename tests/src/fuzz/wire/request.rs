//! The canonical request. Route, rule, log and upstream read one value; here others read what they are given of it, each
//! in a way of its own, and must come to the same.

use super::{bytes, headers};
use flowmesh_ir::{
    PolicyId, SlotId,
    expr::Expr,
    gateway::Segment,
    service::{Binding, EffectKind, Method, Operation, Piece},
    ty::Type,
};
use flowmesh_mesh::decide::{
    canonical::{Canonical, TARGET_BYTES_MAX},
    operation::fits,
    tree::{Entry, Tree},
};
use http::{HeaderValue, Request, Version, header::HOST, request::Parts};

pub(super) const SEEDS: &[&str] = &[
    "GET / HTTP/1.1\nhost: shop.example.com\n",
    "GET /orders/7?full=yes&page=2 HTTP/1.1\nhost: Shop.Example.com:8080\naccept: */*\n",
    "POST /a/b%20c/d HTTP/1.1\nhost: shop\ncontent-length: 3\ncontent-type: text/plain\nauthorization: Bearer x\n",
    "PUT http://shop.example.com/x;y/z HTTP/1.1\nhost: shop.example.com\nconnection: close, x-a\nx-a: 1\n",
    "GET /chat HTTP/1.1\nhost: shop\nconnection: Upgrade\nupgrade: websocket\nsec-websocket-version: 13\n",
    "POST /shop.v1.Shop/Order HTTP/2\nhost: shop\nte: trailers\ncontent-type: application/grpc\n",
    "DELETE /%C3%A9/%7E/ HTTP/1.1\nhost: [2001:db8::1]:80\nx-forwarded-for: 1.1.1.1\nx_forwarded_proto: https\n",
    "OPTIONS /a/ HTTP/1.1\nhost: a.b.\ntransfer-encoding: chunked\ncookie: a=1\ncookie: b=2\n",
];

pub(super) const WORDS: &[&str] = &[
    "/",
    "//",
    "/../",
    "/./",
    "%2e%2e/",
    "%2F",
    "%5c",
    "%00",
    "%",
    "%25",
    "%252e",
    ";",
    ";a=b",
    "?",
    "&",
    "=",
    "+",
    "#",
    "\\",
    ".",
    "..",
    "\n",
    ": ",
    "host: b\n",
    "connection: ",
    "x-a",
    "te",
    "upgrade",
    "content-length: 1\n",
    "transfer-encoding: chunked\n",
    "x-forwarded-host: a\n",
    "x-http-method-override: DELETE\n",
    "é",
    "\u{e9}",
    "@",
    ":80",
    ".:443",
    "http://",
    " HTTP/1.1",
    "HEAD ",
];

/// Headers that nobody behind a gateway may hear of strangers, whatever they are spelt like.
const NEVER: [&str; 4] = ["x-forwarded-", "x-flowmesh-", "x-envoy-", "x-original-"];

pub(super) fn feed(text: &str) {
    let Some(mut parts) = parts(text) else { return };
    let Ok(request) = Canonical::new(&mut parts) else {
        return;
    };
    let mut again = again(&request, parts.version);
    let second = Canonical::new(&mut again).expect("what is canonical can be read again");
    let plain = Canonical {
        upgrade: None,
        ..request.clone()
    };
    assert_eq!(second, plain, "read again, it is another");
    bounds(&request, &parts);
    readers(&request);
}

fn parts(text: &str) -> Option<Parts> {
    let mut lines = text.split('\n');
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?, first.next()?);
    let version = match first.next() {
        Some("HTTP/2") => Version::HTTP_2,
        Some("HTTP/1.0") => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    let request = Request::builder()
        .method(bytes(method).as_slice())
        .uri(bytes(target).as_slice())
        .version(version);
    let (mut parts, ()) = request.body(()).ok()?.into_parts();
    parts.headers = headers(lines);
    Some(parts)
}

/// What goes on, as somebody behind us hears it.
fn again(request: &Canonical, version: Version) -> Parts {
    let again = Request::builder()
        .method(request.method.as_str())
        .uri(request.target.as_str())
        .version(version);
    let (mut parts, ()) = again.body(()).expect("it can be sent on").into_parts();
    parts.headers = request.headers.clone();
    let host = HeaderValue::from_str(&request.host).expect("a host is text");
    parts.headers.insert(HOST, host);
    parts
}

/// What is nowhere in it.
fn bounds(request: &Canonical, parts: &Parts) {
    assert!(request.target.as_str().len() <= 3 * TARGET_BYTES_MAX);
    assert!(request.path().starts_with('/') && request.path().is_ascii());
    assert!(!request.path().contains("//") && !request.path().contains([';', '?', '#', '\\']));
    for segment in &request.segments {
        let bare = segment.split(';').next().unwrap_or_default();
        assert!(bare != "." && bare != "..", "{segment:?}");
        assert!(
            !segment.contains(['/', '\\']) && !segment.contains(|sign: char| sign.is_ascii_control()),
            "{segment:?}"
        );
    }
    assert_eq!(request.host, request.host.to_ascii_lowercase());
    assert!(!request.host.ends_with('.'));
    for name in request.headers.keys() {
        let spelt = name.as_str().replace('_', "-");
        assert!(!NEVER.iter().any(|never| spelt.starts_with(never)), "{name}");
    }
    if let Some(upgrade) = &request.upgrade {
        assert!(
            parts.version == Version::HTTP_11 && !upgrade.starts_with("h2"),
            "{upgrade}"
        );
    }
}

/// Those who read the path and the query: by segments (routes), as text (rules and logs), and as it is sent.
fn readers(request: &Canonical) {
    // Whoever is behind us splits first and decodes then, or the other way round.
    let sent = request.target.as_str();
    let path = sent.split('?').next().unwrap_or_default();
    assert_eq!(path, request.path(), "what is sent and what rules and logs see");
    let split: Vec<String> = path.split('/').skip(1).map(decoded).collect();
    let whole = decoded(path);
    let whole: Vec<&str> = whole.split('/').skip(1).collect();
    assert_eq!(split, whole, "split and decoded, decoded and split");
    let segments = match request.segments.as_slice() {
        [] => vec![String::new()],
        segments => segments.to_vec(),
    };
    assert_eq!(split, segments, "what is sent, and what routes see");

    // A route and an operation of the same form take the same paths.
    let route: Vec<Segment> = request
        .segments
        .iter()
        .map(|it| Segment::Literal(it.clone()))
        .collect();
    let (param, any) = (params(&route), [Segment::Rest]);
    let tree = Tree::new(
        [route.as_slice(), param.as_slice(), any.as_slice()].map(|path| Entry {
            host: None,
            path,
            condition: None,
        }),
    );
    let found = tree.find(&request.host, &request.segments, None);
    assert!(found.contains(&0) && found.contains(&2), "{found:?}");
    let mut pieces: Vec<Piece> = vec![Piece::Literal(request.path().to_owned())];
    assert!(fits(
        &operation(request.method, pieces.clone()),
        request.method,
        request.path()
    ));
    if let Some((before, last)) = request.path().rsplit_once('/') {
        pieces = vec![
            Piece::Literal(format!("{before}/")),
            Piece::Value(Expr::Slot(SlotId(0))),
        ];
        let takes = fits(&operation(request.method, pieces), request.method, request.path());
        let bounded = last.len() <= 1024;
        assert_eq!(
            found.contains(&1) && bounded,
            takes,
            "a value at the end of {}",
            request.path()
        );
    }

    // Of several parameters of one name nobody sees one alone.
    let parameters = request.parameters();
    let mut names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), parameters.len());
    let pairs = request.query().split('&').filter(|pair| !pair.is_empty());
    for pair in pairs {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (form(name), form(value));
        let seen = parameters.iter().find(|(known, _)| *known == name);
        let seen = seen.map(|(_, values)| values.as_str()).unwrap_or_default();
        assert!(seen.contains(value.as_str()), "{name:?} {value:?} in {seen:?}");
    }
}

/// The same path with a parameter at its end.
fn params(route: &[Segment]) -> Vec<Segment> {
    let mut route = route.to_vec();
    route.pop();
    route.push(Segment::Param("p".into()));
    route
}

/// Percent-decoded once, as a server does that knows nothing of ours.
fn decoded(text: &str) -> String {
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find('%') {
        out.extend(rest[..at].bytes());
        let code = u8::from_str_radix(&rest[at + 1..at + 3], 16).expect("two digits");
        out.push(code);
        rest = &rest[at + 3..];
    }
    out.extend(rest.bytes());
    String::from_utf8(out).expect("it was UTF-8")
}

fn form(text: &str) -> String {
    let text = text.replace('+', " ");
    let (mut out, mut rest) = (Vec::new(), text.as_str());
    while let Some(at) = rest.find('%') {
        out.extend(rest[..at].bytes());
        out.push(u8::from_str_radix(&rest[at + 1..at + 3], 16).expect("two digits"));
        rest = &rest[at + 3..];
    }
    out.extend(rest.bytes());
    String::from_utf8_lossy(&out).into_owned()
}

fn operation(method: Method, path: Vec<Piece>) -> Operation {
    Operation {
        name: "o".into(),
        doc: None,
        params: Vec::new(),
        result: Type::Json,
        fails: Vec::new(),
        stream: None,
        binding: Binding::Http,
        method,
        path,
        address: Vec::new(),
        query: Vec::new(),
        body: None,
        headers: Vec::new(),
        secret_headers: Vec::new(),
        key: None,
        on: Vec::new(),
        policy: PolicyId(0),
        effect: EffectKind::Keyed,
    }
}
