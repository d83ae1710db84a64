use super::*;
use crate::{
    decide::guesses::BURST,
    identity::fetch::{Fetched, Sent},
};
use http::Response;
use serde_json::json;

/// Answers about tokens by their names, and counts the questions.
#[derive(Default)]
struct Provider {
    asked: Mutex<Vec<String>>,
    down: Mutex<bool>,
}

impl Provider {
    fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn answer(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, String> {
        assert_eq!(request.method(), http::Method::POST);
        assert_eq!(request.uri(), "https://id.test/introspect");
        // `front:s%26cret`, as RFC 6749 wants it encoded.
        assert_eq!(request.headers()[AUTHORIZATION], "Basic ZnJvbnQ6cyUyNmNyZXQ=");
        let form = String::from_utf8(request.body().to_vec()).unwrap();
        let token = form
            .strip_prefix("token_type_hint=access_token&token=")
            .unwrap()
            .to_owned();
        self.asked.lock().unwrap().push(token.clone());
        if *self.down.lock().unwrap() {
            return Err("it is down".to_owned());
        }
        let (status, said) = match token.as_str() {
            "ann" => (
                200,
                json!({"active": true, "sub": "ann", "scope": "read write", "aud": ["shop"], "exp": 1_900_000_000}),
            ),
            "brief" => (
                200,
                json!({"active": true, "sub": "ann", "aud": "shop", "exp": 1_800_000_005}),
            ),
            "ended" => (
                200,
                json!({"active": true, "sub": "ann", "aud": "shop", "exp": 1_800_000_000}),
            ),
            "early" => (
                200,
                json!({"active": true, "sub": "ann", "aud": "shop", "nbf": 1_800_000_001}),
            ),
            "odd" => (
                200,
                json!({"active": true, "sub": "ann", "aud": "shop", "exp": "soon"}),
            ),
            "other" => (200, json!({"active": true, "sub": "ann", "aud": "bank"})),
            "unsaid" => (200, json!({"sub": "ann"})),
            "text" => (200, json!({"active": "true", "sub": "ann"})),
            "failing" => (500, json!({"active": true})),
            _ => (200, json!({"active": false, "sub": "ann"})),
        };
        let answer = Response::builder()
            .status(status)
            .body(Bytes::from(said.to_string()));
        Ok(answer.unwrap())
    }
}

impl Fetch for Provider {
    fn get<'a>(&'a self, _: &'a str) -> Fetched<'a> {
        Box::pin(async { Err("nothing is to be had here".to_owned()) })
    }

    fn send(&self, request: Request<Bytes>, _: Said) -> Sent<'_> {
        let answer = self.answer(&request);
        Box::pin(async move { answer })
    }
}

fn options() -> IntrospectOptions {
    IntrospectOptions {
        at: "https://id.test/introspect".to_owned(),
        client: "front".to_owned(),
        secret: "s&cret".to_owned(),
        audiences: vec!["shop".to_owned()],
    }
}

fn with(options: IntrospectOptions) -> (Arc<Provider>, Introspect) {
    let provider = Arc::new(Provider::default());
    let introspect = Introspect::new(options, provider.clone()).unwrap();
    (provider, introspect)
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

async fn verify(introspect: &Introspect, token: &str) -> Introspected {
    introspect
        .verify(token, now(), IpAddr::from([192, 0, 2, 1]))
        .await
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_active_says_who_it_is_and_is_asked_about_once_a_minute() {
    let (provider, introspect) = with(options());
    let Introspected::Good(claims) = verify(&introspect, "ann").await else {
        panic!("it is good");
    };
    assert_eq!(claims.subject(), Some("ann"));
    assert_eq!(claims.words("scope"), ["read", "write"]);
    assert_eq!(claims.get("active"), None);
    tokio::time::advance(GOOD - Duration::from_millis(1)).await;
    assert!(matches!(verify(&introspect, "ann").await, Introspected::Good(_)));
    assert_eq!(provider.count(), 1);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(matches!(verify(&introspect, "ann").await, Introspected::Good(_)));
    assert_eq!(provider.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_relied_on_beyond_its_end() {
    let (provider, introspect) = with(options());
    assert!(matches!(
        verify(&introspect, "brief").await,
        Introspected::Good(_)
    ));
    // The clock of the wall goes on: what is known is looked at again.
    let ended = introspect.verify(
        "brief",
        Timestamp::from_second(1_800_000_005).unwrap(),
        IpAddr::from([192, 0, 2, 1]),
    );
    assert_eq!(ended.await, Introspected::Bad(TokenError::Expired));
    assert_eq!(provider.count(), 1);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert!(matches!(
        verify(&introspect, "brief").await,
        Introspected::Good(_)
    ));
    assert_eq!(provider.count(), 2, "it was forgotten at its end");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_good_is_refused() {
    let (provider, introspect) = with(options());
    for (token, why) in [
        ("none", TokenError::Inactive),
        ("ended", TokenError::Expired),
        ("early", TokenError::Early),
        ("odd", TokenError::Expired),
        ("other", TokenError::Audience),
    ] {
        assert_eq!(
            verify(&introspect, token).await,
            Introspected::Bad(why),
            "{token}"
        );
    }
    let asked = provider.count();
    assert_eq!(
        verify(&introspect, "none").await,
        Introspected::Bad(TokenError::Inactive)
    );
    assert_eq!(provider.count(), asked, "that it is good for nothing is known");
    tokio::time::advance(BAD).await;
    assert_eq!(
        verify(&introspect, "none").await,
        Introspected::Bad(TokenError::Inactive)
    );
    assert_eq!(provider.count(), asked + 1);
    let any = IntrospectOptions {
        audiences: Vec::new(),
        ..options()
    };
    assert!(matches!(
        verify(&with(any).1, "other").await,
        Introspected::Good(_)
    ));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_token_is_not_asked_about() {
    let (provider, introspect) = with(options());
    let longest = "a".repeat(BYTES_MAX);
    assert_eq!(
        verify(&introspect, &longest).await,
        Introspected::Bad(TokenError::Inactive)
    );
    assert_eq!(provider.count(), 1);
    for wrong in ["", "a b", "a&token=ann", "a\u{e9}", &(longest + "a")] {
        assert_eq!(
            verify(&introspect, wrong).await,
            Introspected::Bad(TokenError::Malformed),
            "{wrong}"
        );
    }
    assert_eq!(provider.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_be_asked_nobody_is_let_in() {
    let (provider, introspect) = with(options());
    for token in ["unsaid", "text", "failing"] {
        let said = verify(&introspect, token).await;
        assert!(
            matches!(said, Introspected::Bad(TokenError::Unreachable(_))),
            "{token}: {said:?}"
        );
        tokio::time::advance(AGAIN).await;
    }
    *provider.down.lock().unwrap() = true;
    let asked = provider.count();
    for _ in 0..5 {
        let said = verify(&introspect, "ann").await;
        assert!(
            matches!(said, Introspected::Bad(TokenError::Unreachable(_))),
            "{said:?}"
        );
    }
    assert_eq!(provider.count(), asked + 1, "it is not asked all the time");
    *provider.down.lock().unwrap() = false;
    tokio::time::advance(AGAIN).await;
    assert!(matches!(verify(&introspect, "ann").await, Introspected::Good(_)));
}

#[tokio::test(start_paused = true)]
async fn who_makes_tokens_up_is_held_back_and_nobody_else() {
    let (provider, introspect) = with(options());
    for number in 0..BURST {
        let said = verify(&introspect, &format!("made{number}")).await;
        assert_eq!(said, Introspected::Bad(TokenError::Inactive));
    }
    let asked = provider.count();
    assert!(matches!(
        verify(&introspect, "made").await,
        Introspected::TooMany(_)
    ));
    assert_eq!(provider.count(), asked);
    let other = introspect
        .verify("ann", now(), IpAddr::from([192, 0, 2, 2]))
        .await;
    assert!(matches!(other, Introspected::Good(_)));
    // What is known needs no question.
    assert!(matches!(verify(&introspect, "ann").await, Introspected::Good(_)));
}

#[tokio::test(start_paused = true)]
async fn tokens_without_end_cost_no_memory_without_end() {
    let (_, introspect) = with(options());
    for number in 0..TOKENS_MAX + 10 {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        introspect.place(digest);
    }
    assert_eq!(introspect.known.lock().unwrap().len(), TOKENS_MAX);
}

#[test]
fn tokens_go_by_https_alone() {
    let at = |url: &str| {
        let options = IntrospectOptions {
            at: url.to_owned(),
            ..options()
        };
        Introspect::new(options, Arc::new(Provider::default())).is_ok()
    };
    assert!(at("https://id.test/introspect") && at("http://127.0.0.1:7000/introspect"));
    assert!(!at("http://id.test/introspect") && !at("id.test/introspect"));
}
