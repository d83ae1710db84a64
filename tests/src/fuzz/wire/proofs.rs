//! What visitors show: cookies, tokens, names and passwords; and what others say of it: key sets, answers of issuers, lines
//! of files.

use super::headers;
use crate::mutate::Random;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use flowmesh_mesh::{
    decide::{
        guard::Said,
        sticky::{self, Key, set_cookie},
    },
    identity::{Expected, Fetch, Fetched, Introspect, IntrospectOptions, Introspected, Keys, Sent, verify},
    readers::{basic, sealed, unsealed, visitor_line},
};
use http::{Request, Response};
use jiff::Timestamp;
use serde_json::Value;
use std::{net::IpAddr, sync::Arc, time::Duration};

pub(super) const COOKIES: &[&str] = &[
    "cookie: a=1; session=x; b = 2\n",
    "cookie: session=1\ncookie: session=2; session=3\n",
    "cookie: =; ;a; session\n",
];

/// A key set and a token that was signed with its only key, which nobody has any more.
pub(super) const TOKENS: &[&str] = &[concat!(
    r#"{"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "one", "x": "C7q-EXxkzaN3qYXmTnc_2GhpgMWkQKGUjftC7_3EEpc", "y": "no6o0_a4okR5yzAu6xaD_PP9ZqYnQCU79aqbql3v25g"}]}"#,
    "\n",
    "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogIkpXVCIsICJraWQiOiAib25lIn0.eyJpc3MiOiAiaHR0cHM6Ly9pZC50ZXN0IiwgImF1ZCI6IFsic2hvcCJdLCAic3ViIjogImFubiIsICJleHAiOiA0MTAyNDQ0ODAwLCAic2NvcGUiOiAicmVhZCB3cml0ZSJ9.OyLMFm6QYEIIK2zChtlp3UApz8uv32ywKhLxG8YM2JK4L0XpoD53NB6p0sfoDf7Vflfmo5KaODe3BOk5Dx0NGg"
)];

pub(super) const ANSWERS: &[&str] = &[
    r#"{"active": true, "sub": "ann", "aud": ["shop"], "exp": 4102444800, "scope": "read"}"#,
    r#"{"active": false}"#,
    r#"{"active": "true", "aud": "shop"}"#,
    r#"{"active": true, "aud": "other", "exp": 1e3, "nbf": -1}"#,
];

pub(super) const LINES: &[&str] = &[
    "ci:$sha256$0000000000000000000000000000000000000000000000000000000000000000:order:write stock",
    "ann b:$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:",
    "YW5uOm9wZW4gc2VzYW1l",
    "Yjo6Yw==",
];

pub(super) const WORDS: &[&str] = &[
    ":",
    ";",
    "=",
    "==",
    ".",
    "..",
    "$",
    " ",
    "\n",
    "eyJ",
    "e30",
    "A",
    "none",
    "HS256",
    "ES256",
    "\"",
    "true",
    "null",
    "[]",
    "{}",
    ",",
    "\"active\": true",
    "\"exp\": 0",
    "session=",
    "\\u0000",
    "1e999",
    "-",
    "#",
    "\u{e9}",
];

pub(super) fn cookies(text: &str, random: &mut Random) {
    let headers = headers(text.split('\n'));
    let found = sticky::cookie(&headers, "session");
    assert!(
        found.is_none_or(|value| !value.contains(';') && value.trim() == value),
        "{found:?}"
    );
    // What we set is what comes back, whatever stands beside it.
    let token = Key::of(text).token("10.0.0.1:80");
    let set = set_cookie("flowmesh-at", &token, None, true).expect("it is a header");
    let set = set
        .to_str()
        .expect("it is text")
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned();
    let mut back = headers.clone();
    back.append("cookie", set.parse().expect("it is a header"));
    assert!(sticky::cookie(&back, "flowmesh-at").is_some());

    let cookie = sealed(b"secret", "session", text).expect("it can be sealed");
    assert_eq!(
        unsealed(b"secret", "session", &cookie).as_deref(),
        Some(text).filter(|_| cookie.len() <= 8 << 10)
    );
    for (secret, name) in [(&b"other"[..], "session"), (b"secret", "other")] {
        assert_eq!(unsealed(secret, name, &cookie), None, "it opens for others");
    }
    let mut changed = cookie.into_bytes();
    let at = random.below(changed.len());
    if let Some(byte) = changed.get_mut(at) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    let changed = String::from_utf8(changed).expect("it is text");
    assert_eq!(
        unsealed(b"secret", "session", &changed),
        None,
        "it opens although it was changed"
    );
    assert_eq!(unsealed(b"secret", "session", text), None, "somebody made one up");
}

pub(super) fn tokens(text: &str) {
    let (keys, token) = text.split_once('\n').unwrap_or(("", text));
    let known = TOKENS.first().and_then(|known| known.split_once('\n'));
    let (own, good) = known.expect("a key set and a token");
    // Key sets are what anybody may publish; it ends, and in no key that is kept is anything believed but what it signed.
    let _ = Keys::read(keys.as_bytes());
    let own = Keys::read(own.as_bytes()).expect("a key set");
    let expected = Expected {
        issuer: "https://id.test".to_owned(),
        audiences: vec!["shop".to_owned()],
        skew: Duration::from_secs(30),
    };
    let now = Timestamp::from_second(1_800_000_000).unwrap_or_default();
    let token = token.trim();
    match verify(token, &own, &expected, now) {
        Ok(claims) => {
            let signed = |token: &str| token.rsplit_once('.').map(|(signed, _)| signed.to_owned());
            assert_eq!(signed(token), signed(good), "nobody signed this");
            assert_eq!(claims.subject(), Some("ann"));
        }
        Err(why) => assert_ne!(token, good, "{why}"),
    }
}

/// Answers about every token with the same.
struct Says(Bytes);

impl Fetch for Says {
    fn get<'a>(&'a self, _: &'a str) -> Fetched<'a> {
        Box::pin(async { Err("there are no keys".to_owned()) })
    }

    fn send(&self, _: Request<Bytes>, _: Said) -> Sent<'_> {
        let answer = Response::new(self.0.clone());
        Box::pin(async { Ok(answer) })
    }
}

pub(super) fn introspected(text: &str) {
    let options = IntrospectOptions {
        at: "https://id.test/introspect".to_owned(),
        client: "front".to_owned(),
        secret: "hush".to_owned(),
        audiences: vec!["shop".to_owned()],
    };
    let says = Says(Bytes::copy_from_slice(text.as_bytes()));
    let issuer = Introspect::new(options, Arc::new(says)).expect("it can be asked");
    let now = Timestamp::from_second(1_800_000_000).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let asked = issuer.verify("token", now, IpAddr::from([10, 0, 0, 9]));
    let told = runtime.expect("a runtime").block_on(asked);
    let Introspected::Good(claims) = told else { return };
    let said: Value = serde_json::from_str(text).expect("it is JSON");
    assert_eq!(said.get("active"), Some(&Value::Bool(true)));
    let meant = match said.get("aud") {
        Some(Value::String(one)) => one == "shop",
        Some(Value::Array(all)) => all.iter().any(|one| one == "shop"),
        _ => false,
    };
    assert!(meant, "it is meant for others");
    let ends = said
        .get("exp")
        .is_none_or(|until| until.as_f64().is_some_and(|until| until > 1_800_000_000.0));
    assert!(ends, "it has ended");
    assert_eq!(claims.0.get("sub"), said.get("sub"));
}

pub(super) fn visitors(text: &str) {
    if let Some(line) = visitor_line(text) {
        assert_eq!(
            visitor_line(&line).as_deref(),
            Some(&*line),
            "written again, it is another"
        );
        assert!(!line.contains('\n') && line.split(':').next() == text.split(':').next());
    }
    if let Some((name, password)) = basic(text) {
        assert!(!name.contains(':'));
        let both = STANDARD.encode(format!("{name}:{password}"));
        assert_eq!(basic(&both), Some((name, password)));
    }
    if let Some((name, password)) = text.split_once(':').filter(|_| text.len() < 200) {
        let shown = basic(&STANDARD.encode(text));
        assert_eq!(shown, Some((name.to_owned(), password.to_owned())));
    }
}
