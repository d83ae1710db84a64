//! Who asks: what a token says that is believed, or nobody.

use super::{refusal::Refusal, rules::Rules};
use crate::identity::TokenError;
use http::{HeaderMap, header::AUTHORIZATION};
use serde_json::{Map, Value};

/// The claims of whoever asks. None where the gateway asks for no token, or may be visited without one.
pub(super) async fn identify(rules: &Rules, headers: &HeaderMap) -> Result<Map<String, Value>, Refusal> {
    let (Some(issuer), Some(jwt)) = (&rules.issuer, rules.gateway().and_then(|it| it.jwt.as_ref())) else {
        return Ok(Map::new());
    };
    let Some(shown) = headers.get(AUTHORIZATION) else {
        if jwt.optional {
            return Ok(Map::new());
        }
        return Err(Refusal::Unidentified {
            shown: false,
            why: "there is no token".to_owned(),
        });
    };
    let unbelieved = |why: String| Refusal::Unidentified { shown: true, why };
    let token = shown.to_str().ok().and_then(bearer);
    let token = token.ok_or_else(|| unbelieved("`authorization` is not `Bearer TOKEN`".to_owned()))?;
    match issuer.verify(token, rules.behind.now()).await {
        Ok(claims) => Ok(claims.0),
        Err(error @ TokenError::Unreachable(_)) => Err(Refusal::Unsure(error.to_string())),
        Err(error) => Err(unbelieved(error.to_string())),
    }
}

/// The scheme is compared without case (RFC 9110, 11.1).
fn bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
