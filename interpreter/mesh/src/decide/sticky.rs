//! Visitors who stay with an endpoint, by a cookie that names it and says nobody where it is.
//!
//! What the cookie holds is made from a key and the name of the endpoint, and compared with what each endpoint's would be:
//! nothing is read from what a stranger sends. It is cut to half of a hash, so that nobody can go on from it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use sha2::{Digest, Sha256};

/// How many bytes of a hash name an endpoint.
const BYTES: usize = 16;

/// What names of endpoints are hidden with.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// From a secret.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// What names an endpoint.
    #[must_use]
    pub fn token(&self, endpoint: &str) -> String {
        let hash = Sha256::new_with_prefix(self.0).chain_update(endpoint).finalize();
        URL_SAFE_NO_PAD.encode(hash.get(..BYTES).unwrap_or_default())
    }
}

/// What a cookie holds; the first where there are several.
#[must_use]
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = all
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(known, _)| known.trim() == name)
        .map(|(_, value)| value.trim())
}

/// The cookie that a visitor is given; `None` where it cannot be one.
#[must_use]
pub fn set_cookie(name: &str, token: &str, ttl_ms: Option<u64>, secure: bool) -> Option<HeaderValue> {
    let age = ttl_ms.map_or(String::new(), |ms| format!("; Max-Age={}", ms.div_ceil(1_000)));
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!(
        "{name}={token}; Path=/{age}; HttpOnly; SameSite=Lax{secure}"
    ))
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_one_endpoint_under_one_key_and_does_not_show_it() {
        let (one, other) = (Key::of("one"), Key::of("other"));
        let token = one.token("10.0.0.1:80 a/");
        assert_eq!(token, one.token("10.0.0.1:80 a/"));
        assert_ne!(token, one.token("10.0.0.2:80 a/"));
        assert_ne!(token, other.token("10.0.0.1:80 a/"));
        assert_eq!(token.len(), 22);
        assert!(!token.contains("10.0"));
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; at = x ;b=2"));
        headers.append(COOKIE, HeaderValue::from_static("c=3"));
        assert_eq!(cookie(&headers, "at"), Some("x"));
        assert_eq!(cookie(&headers, "c"), Some("3"));
        assert_eq!(cookie(&headers, "t"), None);
    }

    #[test]
    fn what_a_visitor_is_given_is_for_servers_alone() {
        let cookie = set_cookie("at", "x", Some(1_500), true).unwrap();
        assert_eq!(cookie, "at=x; Path=/; Max-Age=2; HttpOnly; SameSite=Lax; Secure");
        let cookie = set_cookie("at", "x", None, false).unwrap();
        assert_eq!(cookie, "at=x; Path=/; HttpOnly; SameSite=Lax");
    }
}
