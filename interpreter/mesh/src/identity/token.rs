//! One token: its signature, and the claims that are relied on. A function of the keys and the time.

use super::{error::TokenError, keys::Keys};
use jiff::Timestamp;
use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::{Map, Value};
use std::{collections::HashSet, sync::Arc, time::Duration};

/// The longest token, in bytes.
const BYTES_MAX: usize = 16 << 10;

/// What must hold of a token.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Who issued it.
    pub issuer: String,
    /// Whom it is meant for: any of these.
    pub audiences: Vec<String>,
    /// How far the clocks of others may be from ours.
    pub skew: Duration,
}

/// What a token that is believed says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims(pub Arc<Map<String, Value>>);

impl Claims {
    /// A claim; its name may lead into objects: `realm_access.roles`. One that is named so with its dots goes before.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        if let Some(value) = self.0.get(name) {
            return Some(value);
        }
        let mut parts = name.split('.');
        let first = self.0.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }

    /// A claim that is a text, a text with spaces between words as scopes have them, or a list of texts.
    #[must_use]
    pub fn words(&self, name: &str) -> Vec<&str> {
        match self.get(name) {
            Some(Value::String(text)) => text.split_whitespace().collect(),
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// A claim that is a text or a list of texts.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        match self.get(name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Whom the token is about.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.get("sub").and_then(Value::as_str)
    }
}

/// The name of the key that a token says it is signed with.
pub(super) fn key_id(token: &str) -> Result<Option<String>, TokenError> {
    if token.len() > BYTES_MAX {
        return Err(TokenError::Malformed);
    }
    let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
    // What a token says must be understood is not understood here, whatever it is (RFC 7515, 4.1.11).
    if header.crit.is_some() {
        return Err(TokenError::Malformed);
    }
    Ok(header.kid)
}

/// The claims of a token, if it is to be believed at a time.
///
/// # Errors
/// If anything about it is not as expected.
pub fn verify(token: &str, keys: &Keys, expected: &Expected, now: Timestamp) -> Result<Claims, TokenError> {
    let id = key_id(token)?;
    let key = keys.find(id.as_deref()).ok_or(TokenError::UnknownKey)?;
    let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
    if header.alg != key.algorithm {
        return Err(TokenError::Algorithm);
    }
    let decoded = decode::<Map<String, Value>>(token, &key.key, &signature_only(key.algorithm));
    let claims = Claims(Arc::new(decoded.map_err(|_| TokenError::Signature)?.claims));
    check(&claims, expected, now)?;
    Ok(claims)
}

/// The claims are checked here, by a clock that is passed in.
fn signature_only(algorithm: jsonwebtoken::Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

/// Holds what a token says against what is expected, whoever signed it.
pub(super) fn check(claims: &Claims, expected: &Expected, now: Timestamp) -> Result<(), TokenError> {
    if claims.get("iss").and_then(Value::as_str) != Some(&expected.issuer) {
        return Err(TokenError::Issuer);
    }
    let meant = match claims.get("aud") {
        Some(Value::String(one)) => expected.audiences.contains(one),
        Some(Value::Array(all)) => {
            let mut named = all.iter().filter_map(Value::as_str);
            named.any(|one| expected.audiences.iter().any(|known| known == one))
        }
        _ => false,
    };
    if !meant {
        return Err(TokenError::Audience);
    }
    #[expect(clippy::cast_precision_loss, reason = "seconds of our era are far below 2^52")]
    let now = now.as_second() as f64;
    let (skew, second) = (expected.skew.as_secs_f64(), |name| {
        claims.get(name).and_then(Value::as_f64)
    });
    // A token that never expires is not accepted.
    if second("exp").is_none_or(|until| until + skew <= now) {
        return Err(TokenError::Expired);
    }
    let early = |name| second(name).is_some_and(|from| from - skew > now);
    if early("nbf") || early("iat") {
        return Err(TokenError::Early);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
