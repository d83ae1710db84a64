//! The keys that a provider publishes (RFC 7517), each with the one method of signing that it is good for.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde_json::Value;

/// The most keys of one provider.
const KEYS_MAX: usize = 100;
/// The shortest modulus of RSA: 2048 bits, in the base64 that a key set has it in.
const MODULUS_CHARS_MIN: usize = 342;

/// Keys for checking signatures.
#[derive(Clone, Default)]
pub struct Keys(Vec<Key>);

#[derive(Clone)]
pub(super) struct Key {
    id: Option<String>,
    /// The only method it is used with: a token does not choose.
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl Keys {
    /// Reads a key set. Keys of other uses and kinds are left out, secret ones always.
    ///
    /// # Errors
    /// If it is no key set, or holds more keys than anybody has.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        let set: Value = serde_json::from_slice(json).map_err(|why| why.to_string())?;
        let keys = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or("it has no `keys`")?;
        if keys.len() > KEYS_MAX {
            return Err(format!("it has more than {KEYS_MAX} keys"));
        }
        // One key of a kind that nobody here knows does not spoil the others.
        Ok(Self(keys.iter().filter_map(key).collect()))
    }

    /// The key that a token names; one that names none may be signed with the only one there is.
    pub(super) fn find(&self, id: Option<&str>) -> Option<&Key> {
        match (id, self.0.as_slice()) {
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
            (None, [key]) => Some(key),
            (None, _) => None,
        }
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

fn key(value: &Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
    let signs = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let algorithm = algorithm(&jwk)?;
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    signs.then_some(Key {
        id: jwk.common.key_id,
        algorithm,
        key,
    })
}

fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let named = jwk.common.key_algorithm;
    match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) if rsa.n.trim_start_matches('A').len() >= MODULUS_CHARS_MIN => {
            Some(match named {
                None | Some(KeyAlgorithm::RS256) => Algorithm::RS256,
                Some(KeyAlgorithm::RS384) => Algorithm::RS384,
                Some(KeyAlgorithm::RS512) => Algorithm::RS512,
                Some(KeyAlgorithm::PS256) => Algorithm::PS256,
                Some(KeyAlgorithm::PS384) => Algorithm::PS384,
                Some(KeyAlgorithm::PS512) => Algorithm::PS512,
                Some(_) => return None,
            })
        }
        AlgorithmParameters::EllipticCurve(curve) => match (&curve.curve, named) {
            (EllipticCurve::P256, None | Some(KeyAlgorithm::ES256)) => Some(Algorithm::ES256),
            (EllipticCurve::P384, None | Some(KeyAlgorithm::ES384)) => Some(Algorithm::ES384),
            _ => None,
        },
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            matches!(named, None | Some(KeyAlgorithm::EdDSA)).then_some(Algorithm::EdDSA)
        }
        _ => None,
    }
}
