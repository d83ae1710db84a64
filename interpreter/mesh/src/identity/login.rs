//! Browsers that log in at an OpenID provider: the authorization code flow with PKCE (OpenID Connect Core, 3.1; RFC 7636).
//!
//! A browser without a session is sent to the provider (`begin`), comes back with a code (`finish`), and has a session from
//! then on, which is a cookie that only we can read or make (`seal`). What a login needs to remember is a cookie of the same
//! kind: nothing is kept here, however many begin. `provider` is where the provider is, and what it gives for a code.

mod provider;
pub(crate) mod seal;

use super::{
    fetch::{Fetch, Https},
    issuer::{Issuer, IssuerError, IssuerOptions},
};
use crate::grant::encode;
use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use provider::Provider;
use seal::Seal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// How long anybody may take to log in.
const LOGIN: SignedDuration = SignedDuration::from_mins(10);
/// How far the clock of the provider may be from ours.
const SKEW: Duration = Duration::from_secs(30);
/// The longest cookie: browsers keep 4 KiB with its name and attributes.
const COOKIE_MAX: usize = 3_800;
/// The longest place that somebody comes back to after a login.
const PLACE_MAX: usize = 1_500;
/// The longest code, and what else the provider sends back.
const ANSWER_MAX: usize = 4 << 10;
/// How much chance is in what nobody may guess.
const CHANCE: usize = 32;
/// The shortest secret that cookies are sealed with.
const KEY_MIN: usize = 32;
/// What an ID token says for the login itself, and nobody needs later.
const SPENT: [&str; 6] = ["nonce", "at_hash", "c_hash", "iat", "nbf", "exp"];

/// What logging in needs.
#[derive(Clone)]
pub struct LoginOptions {
    /// The gateway, in whose name the cookies are.
    pub gateway: String,
    /// The URL of the provider, exactly as its tokens say it.
    pub issuer: String,
    /// Who we are there.
    pub client: String,
    /// What proves it.
    pub secret: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// Where browsers reach the gateway: a scheme and a host.
    pub at: String,
    /// Below which path the login is.
    pub path: String,
    /// How long a session is good for.
    pub session: Duration,
    /// What cookies are sealed with; else something that is drawn when the process starts.
    pub key: Option<String>,
}

/// Why nobody can log in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoginError {
    /// The provider cannot be trusted.
    #[error("{0}")]
    Issuer(#[from] IssuerError),
    /// Browsers do not reach the gateway there.
    #[error("expected `at` to be a scheme and a host such as `https://shop.example.com`, found `{0}`")]
    At(String),
    /// The key is too short.
    #[error("expected a key of at least 32 bytes for cookies")]
    Key,
    /// The system has no chance to give.
    #[error("the system gives no chance to draw a key from")]
    Chance,
}

/// Where a browser is sent, and with which cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onward {
    /// An address of the provider, or a path of ours.
    pub to: String,
    /// Each as `Set-Cookie` has it.
    pub cookies: Vec<String>,
}

/// Why a login came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoginFailed {
    /// The provider cannot be asked.
    #[error("the provider cannot be asked: {0}")]
    Unreachable(String),
    /// What came back is not to be believed.
    #[error("{0}")]
    Unbelieved(String),
}

/// What is asked for below the path of the login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To log in.
    Begin,
    /// The provider sends a browser back.
    Finish,
    /// To have no session any more.
    End,
}

/// Logs browsers in at one provider.
pub struct Login {
    options: LoginOptions,
    issuer: Issuer,
    provider: Provider,
    seal: Seal,
}

/// A login that was begun.
#[derive(Serialize, Deserialize)]
struct Begun {
    state: String,
    nonce: String,
    verifier: String,
    to: String,
    until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Session {
    claims: Map<String, Value>,
    until: Timestamp,
}

impl Login {
    /// A login that asks nobody before the first browser comes.
    ///
    /// # Errors
    /// If what is said cannot be meant.
    pub fn new(options: LoginOptions, fetch: Arc<dyn Fetch>) -> Result<Self, LoginError> {
        let origin = options.at.parse::<http::Uri>().ok();
        let origin =
            origin.filter(|at| Https::may(&options.at) && at.path_and_query().is_none_or(|path| path == "/"));
        let is_origin = origin.is_some_and(|at| at.authority().is_some_and(|it| !it.as_str().contains('@')));
        if !is_origin {
            return Err(LoginError::At(options.at));
        }
        let trusted = IssuerOptions {
            issuer: options.issuer.clone(),
            audiences: vec![options.client.clone()],
            keys: None,
            skew: SKEW,
        };
        // A cookie of another gateway, client or provider opens nothing here.
        let bound = format!("{}\n{}\n{}", options.gateway, options.client, options.issuer);
        let seal = match &options.key {
            Some(key) if key.len() < KEY_MIN => return Err(LoginError::Key),
            Some(key) => Seal::new(key.as_bytes(), &bound),
            None => Seal::drawn(&bound),
        };
        Ok(Self {
            issuer: Issuer::new(trusted, fetch.clone())?,
            provider: Provider::new(&options, fetch),
            seal: seal.ok_or(LoginError::Chance)?,
            options,
        })
    }

    /// Whether a path is one of the login.
    #[must_use]
    pub fn asked(&self, path: &str) -> Option<Asked> {
        match path.strip_prefix(self.options.path.as_str())? {
            "" => Some(Asked::Begin),
            "/callback" => Some(Asked::Finish),
            "/logout" => Some(Asked::End),
            _ => None,
        }
    }

    /// The claims of whoever has a session by these cookies, if it is still good.
    #[must_use]
    pub fn session(&self, cookies: &[(&str, &str)], now: Timestamp) -> Option<Map<String, Value>> {
        let name = self.cookie("");
        let session: Session = self.seal.open(&name, one(cookies, &name)?)?;
        (now < session.until).then_some(session.claims)
    }

    /// Whether a cookie is one of ours, and no business of those behind us.
    #[must_use]
    pub fn is_ours(&self, name: &str) -> bool {
        name == self.cookie("") || name == self.cookie("-login")
    }

    /// Sends a browser to the provider, to come back to a path of ours.
    ///
    /// # Errors
    /// If the provider cannot be asked where that is.
    pub async fn begin(&self, to: &str, now: Timestamp) -> Result<Onward, LoginFailed> {
        let place = self.provider.place().await.map_err(LoginFailed::Unreachable)?;
        let drawn = || chance().ok_or_else(|| LoginFailed::Unreachable("no chance is to be had".to_owned()));
        let begun = Begun {
            state: drawn()?,
            nonce: drawn()?,
            verifier: drawn()?,
            to: if is_path(to) { to } else { "/" }.to_owned(),
            until: now.saturating_add(LOGIN).unwrap_or(Timestamp::MAX),
        };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&begun.verifier));
        let scopes = std::iter::once("openid").chain(self.options.scopes.iter().map(String::as_str));
        let mut url = place.authorization.clone();
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str("response_type=code");
        for (name, value) in [
            ("client_id", self.options.client.as_str()),
            ("redirect_uri", &self.redirect()),
            ("scope", &scopes.collect::<Vec<_>>().join(" ")),
            ("state", &begun.state),
            ("nonce", &begun.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ] {
            url.push('&');
            url.push_str(name);
            url.push('=');
            encode(&mut url, value);
        }
        let sealed = self.sealed("-login", &begun, LOGIN.unsigned_abs());
        let sealed = sealed
            .ok_or_else(|| LoginFailed::Unbelieved("the login does not fit into a cookie".to_owned()))?;
        Ok(Onward {
            to: url,
            cookies: vec![sealed],
        })
    }

    /// Gives a browser a session that the provider sends back with a code.
    ///
    /// # Errors
    /// If this login was not begun by this browser, or the provider does not say who it is.
    pub async fn finish(
        &self,
        query: &str,
        cookies: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<Onward, LoginFailed> {
        let unbelieved = |why: &str| LoginFailed::Unbelieved(why.to_owned());
        if query.len() > ANSWER_MAX {
            return Err(unbelieved("the answer of the provider is too long"));
        }
        let name = self.cookie("-login");
        let begun = one(cookies, &name).and_then(|text| self.seal.open::<Begun>(&name, text));
        let begun = begun.filter(|begun| now < begun.until);
        let begun = begun.ok_or_else(|| unbelieved("this browser has begun no login, or too long ago"))?;
        let answer =
            provider::answer(query).ok_or_else(|| unbelieved("the answer of the provider cannot be read"))?;
        // Before anything else of it is looked at: it may come from anybody.
        if !bool::from(answer.state.as_bytes().ct_eq(begun.state.as_bytes())) {
            return Err(unbelieved("the answer belongs to another login"));
        }
        if answer.issuer.is_some_and(|issuer| issuer != self.options.issuer) {
            return Err(unbelieved("the answer is of another provider"));
        }
        let code = answer.code.map_err(LoginFailed::Unbelieved)?;
        let token = self
            .provider
            .token(&code, &begun.verifier, &self.redirect())
            .await?;
        let claims = self.issuer.verify(&token, now).await.map_err(|why| match why {
            super::TokenError::Unreachable(why) => LoginFailed::Unreachable(why),
            why => LoginFailed::Unbelieved(format!("the ID token is not believed: {why}")),
        })?;
        let text = |name| claims.get(name).and_then(Value::as_str);
        let nonce = text("nonce").unwrap_or_default();
        if !bool::from(nonce.as_bytes().ct_eq(begun.nonce.as_bytes())) {
            return Err(unbelieved("the ID token belongs to another login"));
        }
        if text("azp").is_some_and(|party| party != self.options.client) {
            return Err(unbelieved("the ID token is for another party"));
        }
        if claims.subject().is_none_or(str::is_empty) {
            return Err(unbelieved("the ID token names nobody"));
        }
        let mut claims = Arc::unwrap_or_clone(claims.0);
        claims.retain(|name, _| !SPENT.contains(&name.as_str()));
        let good = SignedDuration::try_from(self.options.session).unwrap_or(SignedDuration::MAX);
        let session = Session {
            claims,
            until: now.saturating_add(good).unwrap_or(Timestamp::MAX),
        };
        let session = self.sealed("", &session, self.options.session);
        let session =
            session.ok_or_else(|| unbelieved("the claims of the ID token do not fit into a cookie"))?;
        Ok(Onward {
            to: begun.to,
            cookies: vec![session, self.gone("-login")],
        })
    }

    /// Takes the session back.
    #[must_use]
    pub fn end(&self) -> Onward {
        Onward {
            to: "/".to_owned(),
            cookies: vec![self.gone(""), self.gone("-login")],
        }
    }

    /// Where the provider sends browsers back to.
    fn redirect(&self) -> String {
        format!(
            "{}{}/callback",
            self.options.at.trim_end_matches('/'),
            self.options.path
        )
    }

    /// Browsers take a name that begins so only from the host itself, by HTTPS, and for all of it.
    fn cookie(&self, what: &str) -> String {
        format!("__Host-flowmesh-{}{what}", self.options.gateway)
    }

    fn sealed(&self, what: &str, value: &impl Serialize, good: Duration) -> Option<String> {
        let name = self.cookie(what);
        let text = self.seal.seal(&name, value)?;
        let seconds = good.as_secs();
        let cookie = format!("{name}={text}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
        (cookie.len() <= COOKIE_MAX).then_some(cookie)
    }

    fn gone(&self, what: &str) -> String {
        let name = self.cookie(what);
        format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Login").field(&self.options.issuer).finish()
    }
}

/// The one cookie of a name; of two, one may be somebody else's.
fn one<'c>(cookies: &[(&'c str, &'c str)], name: &str) -> Option<&'c str> {
    let mut named = cookies.iter().filter(|(known, _)| *known == name);
    let (_, value) = named.next()?;
    named.next().is_none().then_some(*value)
}

/// Whether it is a path of this host, and nothing that a browser could take for another one.
fn is_path(text: &str) -> bool {
    let mut bytes = text.bytes();
    let rooted = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    rooted && text.len() <= PLACE_MAX && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

fn chance() -> Option<String> {
    let mut bytes = [0; CHANCE];
    rand::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests;
