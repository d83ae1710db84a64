use super::*;
use crate::identity::{TokenError, testing::Signer};
use jsonwebtoken::Algorithm;
use serde_json::json;

fn expected() -> Expected {
    Expected {
        issuer: "https://id.example".to_owned(),
        audiences: vec!["flowmesh".to_owned()],
        skew: Duration::from_secs(30),
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn claims() -> serde_json::Value {
    json!({"iss": "https://id.example", "aud": "flowmesh", "sub": "ann", "exp": 1_800_000_060,
           "roles": ["viewer", "operator"], "realm": {"scope": "a b"}})
}

fn with(name: &str, value: serde_json::Value) -> serde_json::Value {
    let mut all = claims();
    all[name] = value;
    all
}

#[test]
fn a_token_that_is_as_expected_is_believed() {
    let signer = Signer::one();
    let keys = signer.keys();
    let claims = verify(&signer.sign(&claims()), &keys, &expected(), now()).unwrap();
    assert_eq!(claims.subject(), Some("ann"));
    assert_eq!(claims.words("roles"), ["viewer", "operator"]);
    assert_eq!(claims.words("realm.scope"), ["a", "b"]);
    assert!(claims.words("realm.none").is_empty());
    let many = signer.sign(&with("aud", json!(["other", "flowmesh"])));
    assert!(verify(&many, &keys, &expected(), now()).is_ok());
}

#[test]
fn whatever_is_not_as_expected_is_refused_for_its_reason() {
    let signer = Signer::one();
    let keys = signer.keys();
    for (name, value, why) in [
        ("iss", json!("https://evil.example"), TokenError::Issuer),
        ("iss", json!(["https://id.example"]), TokenError::Issuer),
        ("aud", json!("others"), TokenError::Audience),
        ("aud", json!(null), TokenError::Audience),
        ("exp", json!(1_799_999_970), TokenError::Expired),
        ("exp", json!(null), TokenError::Expired),
        ("exp", json!("1900000000"), TokenError::Expired),
        ("nbf", json!(1_800_000_031), TokenError::Early),
        ("iat", json!(1_800_000_031), TokenError::Early),
    ] {
        let found = verify(
            &signer.sign(&with(name, value.clone())),
            &keys,
            &expected(),
            now(),
        );
        assert_eq!(found, Err(why), "{name}: {value}");
    }
    // Within the skew.
    for (name, value) in [("exp", 1_799_999_971), ("nbf", 1_800_000_030)] {
        let found = verify(&signer.sign(&with(name, json!(value))), &keys, &expected(), now());
        assert!(found.is_ok(), "{name}: {value}");
    }
}

#[test]
fn a_token_does_not_choose_how_it_is_checked() {
    let signer = Signer::one();
    let keys = signer.keys();
    let check = |token: &str| verify(token, &keys, &expected(), now());
    // The public key as the secret of an HMAC, as so many have believed.
    let forged = signer.forge(Algorithm::HS256, &claims());
    assert_eq!(check(&forged), Err(TokenError::Algorithm));
    let unsigned = signer.unsigned(&claims());
    assert_eq!(check(&unsigned), Err(TokenError::Malformed));
    let other = Signer::two().named("one").sign(&claims());
    assert_eq!(check(&other), Err(TokenError::Signature));
    let unknown = signer.named("three").sign(&claims());
    assert_eq!(check(&unknown), Err(TokenError::UnknownKey));
    let token = signer.sign(&claims());
    let (text, signature) = token.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    let changed = format!("{text}.{turned}");
    assert!(matches!(check(&changed), Err(TokenError::Signature)), "{changed}");
    for wrong in [
        "",
        "a",
        "a.b",
        "a.b.c",
        &token.replace('.', "/"),
        &"a".repeat(BYTES_MAX + 1),
    ] {
        assert_eq!(check(wrong), Err(TokenError::Malformed), "{wrong}");
    }
    let critical = signer.critical(&claims());
    assert_eq!(check(&critical), Err(TokenError::Malformed));
}

#[test]
fn weak_and_secret_keys_are_left_out_of_a_set() {
    let weak = json!({"keys": [
        {"kty": "oct", "kid": "one", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": "one", "n": "AQAB", "e": "AQAB"},
        {"kty": "EC", "kid": "one", "crv": "secp256k1", "x": "AA", "y": "AA"},
        {"kty": "new", "kid": "one"},
    ]});
    let keys = Keys::read(weak.to_string().as_bytes()).unwrap();
    let token = Signer::one().sign(&claims());
    assert_eq!(
        verify(&token, &keys, &expected(), now()),
        Err(TokenError::UnknownKey)
    );
    assert!(Keys::read(b"[]").is_err() && Keys::read(b"{\"keys\": 1}").is_err());
    let many = json!({"keys": vec![json!({}); 101]});
    assert!(Keys::read(many.to_string().as_bytes()).is_err());
}
