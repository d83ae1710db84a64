use super::*;
use crate::identity::{Fetched, testing::Signer};
use serde_json::json;
use std::{collections::BTreeMap, sync::Mutex};

/// A provider whose documents can be changed; `None` is one that does not answer.
#[derive(Default)]
struct Provider {
    documents: Mutex<Option<BTreeMap<String, String>>>,
    asked: Mutex<Vec<String>>,
}

impl Provider {
    fn publishes(&self, signers: &[Signer]) {
        let keys: Vec<_> = signers.iter().map(Signer::published).collect();
        let configuration = json!({"issuer": ISSUER, "jwks_uri": "https://id.example/keys"});
        *self.documents.lock().unwrap() = Some(BTreeMap::from([
            (PLACE.to_owned(), configuration.to_string()),
            (
                "https://id.example/keys".to_owned(),
                json!({ "keys": keys }).to_string(),
            ),
        ]));
    }

    fn fails(&self) {
        *self.documents.lock().unwrap() = None;
    }

    fn asked(&self) -> usize {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .filter(|url| *url == PLACE)
            .count()
    }
}

impl Fetch for Provider {
    fn get<'a>(&'a self, url: &'a str) -> Fetched<'a> {
        self.asked.lock().unwrap().push(url.to_owned());
        let documents = self.documents.lock().unwrap().clone();
        Box::pin(async move {
            let documents = documents.ok_or("it does not answer")?;
            let found = documents.get(url).ok_or("it answered with 404")?;
            Ok(found.clone().into_bytes())
        })
    }
}

const ISSUER: &str = "https://id.example";
const PLACE: &str = "https://id.example/.well-known/openid-configuration";

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn token(signer: &Signer) -> String {
    signer.sign(&json!({"iss": ISSUER, "aud": "flowmesh", "exp": 1_900_000_000}))
}

fn issuer() -> (Arc<Provider>, Issuer) {
    let provider = Arc::new(Provider::default());
    let options = IssuerOptions {
        issuer: ISSUER.to_owned(),
        audiences: vec!["flowmesh".to_owned()],
        keys: None,
        skew: Duration::from_secs(30),
    };
    (provider.clone(), Issuer::new(options, provider).unwrap())
}

#[tokio::test(start_paused = true)]
async fn keys_are_asked_for_once_and_again_when_they_are_old() {
    let (provider, issuer) = issuer();
    provider.publishes(&[Signer::one()]);
    for _ in 0..3 {
        issuer.verify(&token(&Signer::one()), now()).await.unwrap();
    }
    assert_eq!(provider.asked(), 1);
    tokio::time::advance(FRESH).await;
    issuer.verify(&token(&Signer::one()), now()).await.unwrap();
    assert_eq!(provider.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_and_an_old_one_is_forgotten() {
    let (provider, issuer) = issuer();
    provider.publishes(&[Signer::one()]);
    issuer.verify(&token(&Signer::one()), now()).await.unwrap();
    tokio::time::advance(AGAIN).await;
    provider.publishes(&[Signer::two()]);
    issuer.verify(&token(&Signer::two()), now()).await.unwrap();
    let old = issuer.verify(&token(&Signer::one()), now()).await;
    assert_eq!(old, Err(TokenError::UnknownKey));
}

#[tokio::test(start_paused = true)]
async fn keys_that_do_not_exist_cost_one_question_in_a_while() {
    let (provider, issuer) = issuer();
    provider.publishes(&[Signer::one()]);
    for _ in 0..20 {
        let unknown = issuer.verify(&token(&Signer::two()), now()).await;
        assert_eq!(unknown, Err(TokenError::UnknownKey));
    }
    assert_eq!(provider.asked(), 1);
    issuer.verify(&token(&Signer::one()), now()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_asked_is_trusted_for_an_hour_and_not_longer() {
    let (provider, issuer) = issuer();
    let unknown = issuer.verify(&token(&Signer::one()), now()).await;
    assert!(matches!(unknown, Err(TokenError::Unreachable(_))), "{unknown:?}");
    provider.publishes(&[Signer::one()]);
    let soon = issuer.verify(&token(&Signer::one()), now()).await;
    assert!(
        matches!(soon, Err(TokenError::Unreachable(_))),
        "a failure is remembered"
    );
    tokio::time::advance(AGAIN).await;
    issuer.verify(&token(&Signer::one()), now()).await.unwrap();
    provider.fails();
    tokio::time::advance(STALE_MAX - Duration::from_secs(1)).await;
    issuer.verify(&token(&Signer::one()), now()).await.unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    let stale = issuer.verify(&token(&Signer::one()), now()).await;
    assert!(matches!(stale, Err(TokenError::Unreachable(_))), "{stale:?}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_names_another_or_keys_elsewhere_is_not_believed() {
    let (provider, issuer) = issuer();
    for configuration in [
        json!({"issuer": "https://evil.example", "jwks_uri": "https://id.example/keys"}),
        json!({"issuer": ISSUER, "jwks_uri": "http://id.example/keys"}),
        json!({"issuer": ISSUER}),
    ] {
        provider.publishes(&[Signer::one()]);
        let mut documents = provider.documents.lock().unwrap().clone().unwrap();
        documents.insert(PLACE.to_owned(), configuration.to_string());
        *provider.documents.lock().unwrap() = Some(documents);
        let found = issuer.verify(&token(&Signer::one()), now()).await;
        assert!(
            matches!(found, Err(TokenError::Unreachable(_))),
            "{configuration}"
        );
        tokio::time::advance(AGAIN).await;
    }
}

#[test]
fn keys_are_believed_over_https_and_from_this_machine() {
    for good in [
        "https://id.example",
        "https://id.example:8443/realms/a",
        "http://127.0.0.1:9/",
        "http://[::1]:9",
    ] {
        assert!(Https::may(good), "{good}");
    }
    for bad in [
        "http://id.example",
        "http://localhost.evil.example",
        "ftp://id.example",
        "id.example",
        "",
        "file:///etc/keys",
    ] {
        assert!(!Https::may(bad), "{bad}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_believed_is_held_to_the_time_and_to_the_keys_again() {
    let (provider, issuer) = issuer();
    provider.publishes(&[Signer::one()]);
    let good = token(&Signer::one());
    let first = issuer.verify(&good, now()).await.unwrap();
    assert_eq!(issuer.verify(&good, now()).await.unwrap(), first);
    let late = Timestamp::from_second(1_900_000_031).unwrap();
    assert_eq!(issuer.verify(&good, late).await, Err(TokenError::Expired));
    // Another signature under the same claims.
    let (claims, _) = good.rsplit_once('.').unwrap();
    let other = token(&Signer::two());
    let (_, signature) = other.rsplit_once('.').unwrap();
    let forged = format!("{claims}.{signature}");
    assert_eq!(issuer.verify(&forged, now()).await, Err(TokenError::Signature));
    assert_eq!(issuer.verify(&good, now()).await.unwrap(), first);
    // The key is withdrawn.
    provider.publishes(&[Signer::two()]);
    tokio::time::advance(FRESH).await;
    assert_eq!(issuer.verify(&good, now()).await, Err(TokenError::UnknownKey));
}
