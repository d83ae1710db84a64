//! Tokens of all kinds for tests, and a provider in this process.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use flowmesh_host::server::{
    Identity,
    identity::{NewToken, Oidc, OidcClaims, Role, Tokens, namespace},
};
use flowmesh_mesh::identity::{Fetch, Fetched, Issuer, IssuerOptions};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use std::{path::Path, sync::Arc, time::Duration};

const ISSUER: &str = "https://id.example";
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIfFajpJGJNRlIrgkTqjcsUtjUlUW89DB42kEU26qv2ehRANCAATwsGAilNpGInZSXnd3Ax6qE4SZPRexU9ro40F7M7zFM6JpHvoCnNuEP86AryGADzuUIUdLGy1GgFFZWnPg4zJI";

/// A provider that publishes one key.
struct Provider;

impl Fetch for Provider {
    fn get<'a>(&'a self, url: &'a str) -> Fetched<'a> {
        let document = if url.ends_with("/keys") {
            let mut jwk = Jwk::from_encoding_key(&key(), Algorithm::ES256).unwrap();
            jwk.common.key_id = Some("one".to_owned());
            json!({ "keys": [jwk] })
        } else {
            json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys")})
        };
        Box::pin(async move { Ok(document.to_string().into_bytes()) })
    }
}

fn key() -> EncodingKey {
    let der = base64::engine::general_purpose::STANDARD.decode(KEY).unwrap();
    EncodingKey::from_ec_der(&der)
}

/// A server's identity with a file of tokens in a folder, and the provider.
pub(crate) fn identity(folder: &Path) -> Identity {
    let options = IssuerOptions {
        issuer: ISSUER.to_owned(),
        audiences: vec!["flowmesh".to_owned()],
        keys: None,
        skew: Duration::from_secs(30),
    };
    let issuer = Issuer::new(options, Arc::new(Provider)).unwrap();
    Identity {
        tokens: Some(Tokens::new(folder.join("tokens.json"))),
        oidc: Some(Oidc {
            issuer: Arc::new(issuer),
            claims: OidcClaims {
                roles: "roles".to_owned(),
                namespaces: Some("namespaces".to_owned()),
            },
        }),
        required: true,
    }
}

/// An API token of this role, for one namespace or for all.
pub(crate) fn token(identity: &Identity, name: &str, role: Role, within: Option<&str>) -> String {
    let new = NewToken {
        name: name.to_owned(),
        role,
        namespace: within.map(|name| namespace(name).unwrap()),
        expires: None,
    };
    let tokens = identity.tokens.as_ref().unwrap();
    tokens.create(&new, Timestamp::now()).unwrap().1
}

/// One whose time is over.
pub(crate) fn expired(identity: &Identity) -> String {
    let (made, over) = (
        Timestamp::now() - SignedDuration::from_hours(2),
        SignedDuration::from_hours(1),
    );
    let new = NewToken {
        name: "expired".to_owned(),
        role: Role::Admin,
        namespace: None,
        expires: Some(made + over),
    };
    identity.tokens.as_ref().unwrap().create(&new, made).unwrap().1
}

/// One that was revoked.
pub(crate) fn revoked(identity: &Identity) -> String {
    let text = token(identity, "revoked", Role::Admin, None);
    let tokens = identity.tokens.as_ref().unwrap();
    tokens.revoke("revoked", Timestamp::now()).unwrap();
    text
}

/// The claims of a good token with a role in all of these namespaces.
pub(crate) fn claims(role: &str, namespaces: &[&str]) -> Value {
    let now = Timestamp::now().as_second();
    json!({"iss": ISSUER, "aud": "flowmesh", "sub": "ann", "iat": now, "exp": now + 600,
           "roles": [role], "namespaces": namespaces})
}

/// The same with one claim changed.
pub(crate) fn but(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

/// Signs with the key of the provider under a name.
pub(crate) fn signed(claims: &Value, id: &str) -> String {
    let header = Header {
        kid: Some(id.to_owned()),
        ..Header::new(Algorithm::ES256)
    };
    encode(&header, claims, &key()).unwrap()
}

/// Signed with what everybody knows, as if that were a secret.
pub(crate) fn forged(claims: &Value) -> String {
    let header = Header {
        kid: Some("one".to_owned()),
        ..Header::new(Algorithm::HS256)
    };
    encode(&header, claims, &EncodingKey::from_secret(b"one")).unwrap()
}

/// Not signed at all.
pub(crate) fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.",
        part(&json!({"alg": "none", "kid": "one"})),
        part(claims)
    )
}
