use super::*;
use crate::decide::guard::Said;
use crate::identity::{
    fetch::{Fetched, Sent},
    testing::Signer,
};
use bytes::Bytes;
use http::{Request, Response, header::AUTHORIZATION};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock},
};

const ISSUER: &str = "https://id.test";

/// An OpenID provider: who logs in there is always ann.
#[derive(Default)]
struct Double {
    /// What was asked for with each code that was given.
    codes: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
    /// Claims that are put in the place of the right ones.
    changed: Mutex<Map<String, Value>>,
    down: Mutex<bool>,
    exchanged: Mutex<usize>,
}

impl Double {
    /// Logs ann in, as a browser is sent there; what the browser brings back.
    fn authorize(&self, url: &str) -> String {
        let (place, query) = url.split_once('?').unwrap();
        assert_eq!(place, "https://id.test/authorize");
        let asked = form(query);
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], "shop");
        assert_eq!(asked["redirect_uri"], "https://shop.test/login/callback");
        assert_eq!(asked["scope"], "openid email");
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut codes = self.codes.lock().unwrap();
        let code = format!("code/{}", codes.len());
        let state = asked["state"].clone();
        codes.insert(code.clone(), asked);
        format!(
            "code={}&state={state}&iss=https%3A%2F%2Fid.test",
            code.replace('/', "%2F")
        )
    }

    fn token(&self, request: &Request<Bytes>) -> Response<Bytes> {
        *self.exchanged.lock().unwrap() += 1;
        // `shop:secret`
        assert_eq!(request.headers()[AUTHORIZATION], "Basic c2hvcDpzZWNyZXQ=");
        let given = form(std::str::from_utf8(request.body()).unwrap());
        assert_eq!(given["grant_type"], "authorization_code");
        assert_eq!(given["redirect_uri"], "https://shop.test/login/callback");
        let answer = |status: u16, body: String| {
            Response::builder()
                .status(status)
                .body(Bytes::from(body))
                .unwrap()
        };
        // A code is good once, and for whoever has asked for it.
        let Some(asked) = self.codes.lock().unwrap().remove(&given["code"]) else {
            return answer(400, json!({"error": "invalid_grant"}).to_string());
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&given["code_verifier"]));
        assert_eq!(challenge, asked["code_challenge"]);
        let mut claims = json!({
            "iss": ISSUER, "aud": "shop", "sub": "ann", "email": "ann@shop.test", "exp": 1_800_000_900,
            "nonce": asked["nonce"],
        });
        claims
            .as_object_mut()
            .unwrap()
            .extend(self.changed.lock().unwrap().clone());
        let token = Signer::one().sign(&claims);
        answer(
            200,
            json!({"token_type": "Bearer", "access_token": "x", "id_token": token}).to_string(),
        )
    }
}

impl Fetch for Double {
    fn get<'a>(&'a self, url: &'a str) -> Fetched<'a> {
        let document = match url {
            _ if *self.down.lock().unwrap() => Err("it is down".to_owned()),
            "https://id.test/.well-known/openid-configuration" => Ok(json!({
                "issuer": ISSUER, "jwks_uri": "https://id.test/keys",
                "authorization_endpoint": "https://id.test/authorize", "token_endpoint": "https://id.test/token",
            })),
            "https://id.test/keys" => Ok(json!({"keys": [Signer::one().published()]})),
            _ => Err("it answered with 404".to_owned()),
        };
        Box::pin(async move { document.map(|document| document.to_string().into_bytes()) })
    }

    fn send(&self, request: Request<Bytes>, _: Said) -> Sent<'_> {
        assert_eq!(request.uri(), "https://id.test/token");
        let answer = match *self.down.lock().unwrap() {
            true => Err("it is down".to_owned()),
            false => Ok(self.token(&request)),
        };
        Box::pin(async move { answer })
    }
}

fn form(text: &str) -> BTreeMap<String, String> {
    let part = |part: &str| {
        let (name, value) = part.split_once('=').unwrap();
        let value = value.replace("%3A", ":").replace("%2F", "/").replace('+', " ");
        (name.to_owned(), value)
    };
    text.split('&').map(part).collect()
}

fn options() -> LoginOptions {
    LoginOptions {
        gateway: "front".to_owned(),
        issuer: ISSUER.to_owned(),
        client: "shop".to_owned(),
        secret: "secret".to_owned(),
        scopes: vec!["email".to_owned()],
        at: "https://shop.test".to_owned(),
        path: "/login".to_owned(),
        session: Duration::from_secs(3600),
        key: Some("k".repeat(KEY_MIN)),
    }
}

fn login() -> (Arc<Double>, Login) {
    let double = Arc::new(Double::default());
    let login = Login::new(options(), double.clone()).unwrap();
    (double, login)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// What a browser keeps of cookies that it is given.
#[derive(Default)]
struct Browser(BTreeMap<String, String>);

impl Browser {
    fn keep(&mut self, onward: &Onward) {
        for cookie in &onward.cookies {
            let (pair, how) = cookie.split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(name.starts_with("__Host-"), "{name}");
            assert!(
                how.starts_with("Path=/; Max-Age=") && how.ends_with("; Secure; HttpOnly; SameSite=Lax"),
                "{how}"
            );
            match how.contains("Max-Age=0;") {
                true => drop(self.0.remove(name)),
                false => drop(self.0.insert(name.to_owned(), value.to_owned())),
            }
        }
    }

    fn cookies(&self) -> Vec<(&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }
}

/// Begins a login, and goes to the provider; the browser, and what it brings back.
async fn begun(double: &Double, login: &Login, to: &str) -> (Browser, String) {
    let mut browser = Browser::default();
    let onward = login.begin(to, at(0)).await.unwrap();
    browser.keep(&onward);
    (browser, double.authorize(&onward.to))
}

async fn why(login: &Login, query: &str, browser: &Browser, now: Timestamp) -> String {
    match login.finish(query, &browser.cookies(), now).await {
        Err(LoginFailed::Unbelieved(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_browser_that_logged_in_has_a_session_for_its_time() {
    let (double, login) = login();
    let (mut browser, query) = begun(&double, &login, "/orders?open=yes").await;
    assert_eq!(login.session(&browser.cookies(), at(1)), None);
    let onward = login.finish(&query, &browser.cookies(), at(10)).await.unwrap();
    assert_eq!(onward.to, "/orders?open=yes");
    browser.keep(&onward);
    assert_eq!(browser.0.keys().collect::<Vec<_>>(), ["__Host-flowmesh-front"]);
    let claims = login.session(&browser.cookies(), at(3609)).unwrap();
    assert_eq!(
        (&claims["sub"], &claims["email"]),
        (&json!("ann"), &json!("ann@shop.test"))
    );
    assert!(!claims.contains_key("nonce"));
    assert_eq!(login.session(&browser.cookies(), at(3610)), None);
    browser.keep(&login.end());
    assert_eq!(login.session(&browser.cookies(), at(11)), None);
    // A code is good once, and what began the login is gone.
    assert!(
        why(&login, &query, &browser, at(12))
            .await
            .contains("has begun no login")
    );
}

#[tokio::test]
async fn an_answer_is_of_the_browser_that_began_and_in_time() {
    let (double, login) = login();
    let (browser, query) = begun(&double, &login, "/").await;
    let (other, _) = begun(&double, &login, "/").await;
    assert!(why(&login, &query, &other, at(1)).await.contains("another login"));
    assert!(
        why(&login, &query, &Browser::default(), at(1))
            .await
            .contains("has begun no login")
    );
    assert!(
        why(&login, &query, &browser, at(600))
            .await
            .contains("too long ago")
    );
    let elsewhere = query.replace("id.test", "other.test");
    assert!(
        why(&login, &elsewhere, &browser, at(1))
            .await
            .contains("another provider")
    );
    let state = query.split_once("state=").unwrap().1;
    let denied = format!("error=access_denied&state={state}");
    assert!(
        why(&login, &denied, &browser, at(1))
            .await
            .contains("access_denied")
    );
    let long = format!("{query}&more={}", "a".repeat(ANSWER_MAX));
    assert!(why(&login, &long, &browser, at(1)).await.contains("too long"));
    assert_eq!(
        *double.exchanged.lock().unwrap(),
        0,
        "no code was exchanged for any of these"
    );
    let made_up = format!("code=guessed&state={state}");
    assert!(
        why(&login, &made_up, &browser, at(1))
            .await
            .contains("does not take the code")
    );
    assert!(login.finish(&query, &browser.cookies(), at(599)).await.is_ok());
}

#[tokio::test]
async fn an_id_token_is_of_this_login_and_for_us() {
    for (name, value, words) in [
        ("nonce", json!("guessed"), "another login"),
        ("nonce", json!(7), "another login"),
        ("azp", json!("other"), "another party"),
        ("aud", json!("other"), "another audience"),
        ("iss", json!("https://other.test"), "not believed"),
        ("exp", json!(1_799_999_000), "expired"),
        ("sub", json!(""), "names nobody"),
        ("more", json!("a".repeat(4_000)), "do not fit"),
    ] {
        let (double, login) = login();
        let (browser, query) = begun(&double, &login, "/").await;
        double.changed.lock().unwrap().insert(name.to_owned(), value);
        let found = why(&login, &query, &browser, at(1)).await;
        assert!(found.contains(words), "{name}: {found}");
    }
}

#[tokio::test]
async fn nobody_is_sent_to_another_host() {
    let (double, login) = login();
    for odd in [
        "//evil.test",
        "/\\evil.test",
        "https://evil.test",
        "",
        "a",
        "/a b",
        "/a\\b",
        "/a\r\nb",
        "/é",
    ] {
        let (browser, query) = begun(&double, &login, odd).await;
        let onward = login.finish(&query, &browser.cookies(), at(1)).await.unwrap();
        assert_eq!(onward.to, "/", "{odd:?}");
    }
    let longest = "/".to_owned() + &"a".repeat(PLACE_MAX - 1);
    for (place, to) in [(longest.clone(), longest.as_str()), (longest.clone() + "a", "/")] {
        let (browser, query) = begun(&double, &login, &place).await;
        let onward = login.finish(&query, &browser.cookies(), at(1)).await.unwrap();
        assert_eq!(onward.to, to);
    }
}

#[tokio::test]
async fn a_session_is_of_one_gateway_client_and_key() {
    let (double, login) = login();
    let (mut browser, query) = begun(&double, &login, "/").await;
    browser.keep(&login.finish(&query, &browser.cookies(), at(1)).await.unwrap());
    let with = |change: &dyn Fn(&mut LoginOptions)| {
        let mut options = options();
        change(&mut options);
        let other = Login::new(options, double.clone()).unwrap();
        other.session(&browser.cookies(), at(2)).is_some()
    };
    assert!(with(&|_| {}), "another process with the same key knows it");
    assert!(!with(&|options| options.client = "other".to_owned()));
    assert!(!with(&|options| options.issuer = "https://other.test".to_owned()));
    assert!(!with(&|options| options.key = Some("x".repeat(KEY_MIN))));
    assert!(!with(&|options| options.key = None));
    let (name, value) = browser.0.first_key_value().unwrap();
    let twice = [(name.as_str(), value.as_str()), (name.as_str(), "x")];
    assert_eq!(
        login.session(&twice, at(2)),
        None,
        "of two cookies one is somebody else's"
    );
}

#[tokio::test]
async fn where_the_provider_cannot_be_asked_nobody_logs_in() {
    let (double, login) = login();
    let (browser, query) = begun(&double, &login, "/").await;
    *double.down.lock().unwrap() = true;
    let failed = login.finish(&query, &browser.cookies(), at(1)).await;
    assert!(matches!(failed, Err(LoginFailed::Unreachable(_))), "{failed:?}");
    let cold = Login::new(options(), double.clone()).unwrap();
    assert!(matches!(
        cold.begin("/", at(0)).await,
        Err(LoginFailed::Unreachable(_))
    ));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    static DOUBLE: OnceLock<Arc<Double>> = OnceLock::new();
    let double = DOUBLE.get_or_init(Arc::default);
    let wrong = |change: &dyn Fn(&mut LoginOptions)| {
        let mut options = options();
        change(&mut options);
        Login::new(options, double.clone()).err()
    };
    assert_eq!(wrong(&|_| {}), None);
    for at in [
        "http://shop.test",
        "shop.test",
        "https://shop.test/front",
        "https://a@shop.test",
        "https://shop.test?a",
    ] {
        let found = wrong(&|options| options.at = at.to_owned());
        assert_eq!(found, Some(LoginError::At(at.to_owned())), "{at}");
    }
    assert_eq!(
        wrong(&|options| options.at = "http://127.0.0.1:8080".to_owned()),
        None
    );
    assert_eq!(
        wrong(&|options| options.key = Some("k".repeat(KEY_MIN - 1))),
        Some(LoginError::Key)
    );
    let plain = wrong(&|options| options.issuer = "http://id.test".to_owned());
    assert!(matches!(plain, Some(LoginError::Issuer(_))));
}
