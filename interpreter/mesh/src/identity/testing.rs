//! Tokens for tests, signed with keys that are in no use anywhere.

use super::Keys;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};

const ONE: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIfFajpJGJNRlIrgkTqjcsUtjUlUW89DB42kEU26qv2ehRANCAATwsGAilNpGInZSXnd3Ax6qE4SZPRexU9ro40F7M7zFM6JpHvoCnNuEP86AryGADzuUIUdLGy1GgFFZWnPg4zJI";
const TWO: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrBnGQXXOKigQqN5AXJU6umEePSGsIpao9rGtESwN6kWhRANCAAT7fyGGOhH4aHRYCjWUa6qSU2rDTz0rMvYgTruHVyQIwqWdu8qvzMeOdGsvqT5yeKgIzopZgKtzEAfDlIrNg1oq";

pub(super) struct Signer {
    id: &'static str,
    key: EncodingKey,
}

impl Signer {
    pub(super) fn one() -> Self {
        Self::of("one", ONE)
    }

    pub(super) fn two() -> Self {
        Self::of("two", TWO)
    }

    fn of(id: &'static str, key: &str) -> Self {
        let der = base64::engine::general_purpose::STANDARD.decode(key).unwrap();
        Self {
            id,
            key: EncodingKey::from_ec_der(&der),
        }
    }

    /// The same key under another name.
    pub(super) fn named(&self, id: &'static str) -> Self {
        Self {
            id,
            key: self.key.clone(),
        }
    }

    pub(super) fn published(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some(self.id.to_owned());
        serde_json::to_value(jwk).unwrap()
    }

    pub(super) fn keys(&self) -> Keys {
        Keys::read(json!({"keys": [self.published()]}).to_string().as_bytes()).unwrap()
    }

    fn header(&self) -> Header {
        Header {
            kid: Some(self.id.to_owned()),
            ..Header::new(Algorithm::ES256)
        }
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        encode(&self.header(), claims, &self.key).unwrap()
    }

    /// Names something that must be understood.
    pub(super) fn critical(&self, claims: &Value) -> String {
        let header = Header {
            crit: Some(vec!["exp".to_owned()]),
            ..self.header()
        };
        encode(&header, claims, &self.key).unwrap()
    }

    /// Signed with what is public, as if that were a secret.
    pub(super) fn forge(&self, algorithm: Algorithm, claims: &Value) -> String {
        let header = Header {
            kid: Some(self.id.to_owned()),
            ..Header::new(algorithm)
        };
        let public = self.published().to_string();
        encode(&header, claims, &EncodingKey::from_secret(public.as_bytes())).unwrap()
    }

    pub(super) fn unsigned(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({"alg": "none", "typ": "JWT", "kid": self.id});
        format!("{}.{}.", part(&header), part(claims))
    }
}
