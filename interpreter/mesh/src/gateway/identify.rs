//! Who asks: what a token, a key or a password says that is believed, or nobody.
//!
//! A visitor shows one thing. What is shown and is not believed is refused, however optional it is; who shows nothing is
//! let in as nobody where everything that the gateway asks for is optional. A key and a password are for the gateway: they
//! do not go on to what is behind it, nor does the cookie of a session.

use super::{login, refusal::Refusal, rules::Rules};
use crate::{
    decide::canonical::Canonical,
    identity::{Introspect, Introspected, Issuer, Login, TokenError, is_signed},
    visitors::{Shown, Visitor, Visitors},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use flowmesh_ir::gateway::Gateway;
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::{Map, Value, json};
use std::{net::IpAddr, sync::Arc};

/// The longest `Authorization` with a password: both parts at their longest, encoded.
const BASIC_MAX: usize = 1 << 10;

/// What a gateway knows visitors by, each as far as the program asks for it.
#[derive(Clone, Default)]
pub struct Ways {
    /// Whose signed tokens are believed.
    pub issuer: Option<Arc<Issuer>>,
    /// Who is asked about tokens that are not signed.
    pub introspect: Option<Arc<Introspect>>,
    /// Where browsers log in.
    pub login: Option<Arc<Login>>,
    /// Whose keys.
    pub keys: Option<Arc<Visitors>>,
    /// Whose passwords.
    pub basic: Option<Arc<Visitors>>,
}

impl Ways {
    /// Whether there is everything that a gateway asks for, and nothing else.
    pub(super) fn fit(&self, gateway: &Gateway) -> bool {
        self.issuer.is_some() == gateway.jwt.is_some()
            && self.introspect.is_some() == gateway.introspect.is_some()
            && self.login.is_some() == gateway.login.is_some()
            && self.keys.is_some() == gateway.keys.is_some()
            && self.basic.is_some() == gateway.basic.is_some()
    }
}

/// What somebody shows.
enum Proof {
    Token(String),
    Opaque(String),
    Key(HeaderValue),
    Password(String, String),
}

/// The claims of whoever asks from an address. None where the gateway asks for nothing, or may be visited without.
pub(super) async fn identify(
    rules: &Rules,
    request: &mut Canonical,
    address: IpAddr,
) -> Result<Arc<Map<String, Value>>, Refusal> {
    let Some(gateway) = rules.gateway() else {
        return Ok(Arc::default());
    };
    let login = rules.ways.login.as_ref();
    // A session comes along with whatever a browser sends: what is shown on purpose goes before.
    let session = login.and_then(|login| login::session(login, &mut request.headers, rules.behind.now()));
    match (shown(gateway, &mut request.headers), session) {
        (Ok(None), Some(claims)) => Ok(Arc::new(claims)),
        (Ok(None), None) if !is_open(gateway) => {
            if let Some(login) = login
                && let Some(refusal) = Box::pin(login::send(login, request, rules.behind.now())).await
            {
                return Err(refusal);
            }
            Err(unidentified(gateway, false, "nothing says who asks".to_owned()))
        }
        (Ok(None), None) => Ok(Arc::default()),
        (Ok(Some(proof)), _) => Box::pin(believe(rules, gateway, proof, address)).await,
        (Err(why), _) => Err(unidentified(gateway, true, why)),
    }
}

/// Whether it may be visited by nobody.
fn is_open(gateway: &Gateway) -> bool {
    let jwt = gateway.jwt.as_ref().is_none_or(|jwt| jwt.optional);
    let keys = gateway.keys.as_ref().is_none_or(|keys| keys.optional);
    let basic = gateway.basic.as_ref().is_none_or(|basic| basic.optional);
    let introspect = gateway.introspect.as_ref().is_none_or(|it| it.optional);
    let login = gateway.login.as_ref().is_none_or(|login| login.optional);
    jwt && introspect && login && keys && basic
}

/// What is shown of what the gateway asks for. Keys and passwords are taken out of the request.
fn shown(gateway: &Gateway, headers: &mut HeaderMap) -> Result<Option<Proof>, String> {
    let mut proofs = Vec::new();
    if let Some(keys) = &gateway.keys {
        proofs.extend(key(&keys.header, headers)?);
    }
    let bearer = gateway.jwt.is_some() || gateway.introspect.is_some();
    if (bearer || gateway.basic.is_some())
        && let Some(authorization) = headers.get(AUTHORIZATION).cloned()
    {
        let proof = proof(gateway, &authorization)?;
        if matches!(proof, Proof::Password(..)) {
            headers.remove(AUTHORIZATION);
        }
        proofs.push(proof);
    }
    match proofs.len() {
        // Of two, those behind could believe the other one.
        2.. => Err("there are two things that say who asks".to_owned()),
        _ => Ok(proofs.pop()),
    }
}

fn key(header: &str, headers: &mut HeaderMap) -> Result<Option<Proof>, String> {
    let mut all = headers.get_all(header).iter();
    let (first, second) = (all.next().cloned(), all.next());
    if second.is_some() {
        return Err(format!("there are two `{header}`"));
    }
    headers.remove(header);
    Ok(first.map(Proof::Key))
}

/// What `Authorization` shows. The scheme is compared without case (RFC 9110, 11.1).
fn proof(gateway: &Gateway, authorization: &HeaderValue) -> Result<Proof, String> {
    let text = authorization.to_str().unwrap_or_default();
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim_start_matches(' ');
    if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
        match (gateway.jwt.is_some(), gateway.introspect.is_some()) {
            (true, false) => return Ok(Proof::Token(rest.to_owned())),
            // One that is signed is its issuer's to vouch for, and nobody else's.
            (true, true) if is_signed(rest) => return Ok(Proof::Token(rest.to_owned())),
            (_, true) => return Ok(Proof::Opaque(rest.to_owned())),
            (false, false) => {}
        }
    }
    if gateway.basic.is_some() && scheme.eq_ignore_ascii_case("basic") {
        let password = password(rest).ok_or("`authorization` holds no name and password")?;
        return Ok(Proof::Password(password.0, password.1));
    }
    Err("`authorization` is of no kind that is asked for".to_owned())
}

/// A name and a password (RFC 7617, 2): the first colon is between them.
pub(crate) fn password(text: &str) -> Option<(String, String)> {
    let bounded = Some(text).filter(|text| text.len() <= BASIC_MAX)?;
    let both = String::from_utf8(STANDARD.decode(bounded).ok()?).ok()?;
    let (name, password) = both.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

async fn believe(
    rules: &Rules,
    gateway: &Gateway,
    proof: Proof,
    address: IpAddr,
) -> Result<Arc<Map<String, Value>>, Refusal> {
    let unbelieved = |why: String| unidentified(gateway, true, why);
    let none = || unbelieved("nobody here knows it".to_owned());
    let ways = &rules.ways;
    match proof {
        Proof::Token(token) => {
            let issuer = ways.issuer.as_ref().ok_or_else(none)?;
            match issuer.verify(&token, rules.behind.now()).await {
                Ok(claims) => Ok(claims.0),
                Err(error @ TokenError::Unreachable(_)) => Err(Refusal::Unsure(error.to_string())),
                Err(error) => Err(unbelieved(error.to_string())),
            }
        }
        Proof::Opaque(token) => {
            let introspect = ways.introspect.as_ref().ok_or_else(none)?;
            match introspect.verify(&token, rules.behind.now(), address).await {
                Introspected::Good(claims) => Ok(claims.0),
                Introspected::TooMany(wait) => Err(Refusal::Limited(wait)),
                Introspected::Bad(error @ TokenError::Unreachable(_)) => {
                    Err(Refusal::Unsure(error.to_string()))
                }
                Introspected::Bad(error) => Err(unbelieved(error.to_string())),
            }
        }
        Proof::Key(key) => {
            let visitors = ways.keys.as_ref().ok_or_else(none)?;
            listed(visitors.of_key(key.as_bytes()), "key").map_err(|why| why.unwrap_or_else(none))
        }
        Proof::Password(name, password) => {
            let visitors = ways.basic.as_ref().ok_or_else(none)?;
            let shown = visitors.of_password(&name, &password, address).await;
            listed(shown, "pwd").map_err(|why| why.unwrap_or_else(none))
        }
    }
}

/// What is said of a visitor that a file names: the name, the scopes, and how it is known (RFC 8176 has `pwd`).
fn listed(shown: Shown, how: &str) -> Result<Arc<Map<String, Value>>, Option<Refusal>> {
    match shown {
        Shown::Known(Visitor { name, scopes }) => {
            let mut claims = Map::new();
            claims.insert("sub".to_owned(), Value::from(name));
            claims.insert("scope".to_owned(), Value::from(scopes.join(" ")));
            claims.insert("amr".to_owned(), json!([how]));
            Ok(Arc::new(claims))
        }
        Shown::Unknown => Err(None),
        Shown::TooMany(wait) => Err(Some(Refusal::Limited(wait))),
        Shown::Unsure(why) => Err(Some(Refusal::Unsure(why))),
    }
}

/// Refused, with all that would say who asks (RFC 9110, 11.6.1).
fn unidentified(gateway: &Gateway, shown: bool, why: String) -> Refusal {
    let mut challenges = Vec::new();
    if gateway.jwt.is_some() || gateway.introspect.is_some() {
        challenges.push(match shown {
            true => r#"Bearer error="invalid_token""#.to_owned(),
            false => "Bearer".to_owned(),
        });
    }
    if gateway.basic.is_some() {
        challenges.push(r#"Basic realm="visitors", charset="UTF-8""#.to_owned());
    }
    if let Some(login) = &gateway.login {
        challenges.push(format!("Session login=\"{}\"", login.path));
    }
    if let Some(keys) = &gateway.keys {
        challenges.push(format!("ApiKey header=\"{}\"", keys.header));
    }
    Refusal::Unidentified {
        shown,
        why,
        challenges,
    }
}
