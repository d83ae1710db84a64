//! A provider that is trusted: its keys are fetched when they are first needed, kept, and fetched again when they are old
//! or a token names one that is not there. Nobody can make us ask it more than once in a while.

mod believed;

use super::{
    error::TokenError,
    fetch::{Fetch, Https},
    keys::Keys,
    token::{Claims, Expected, check, key_id, verify},
};
use crate::decide::guard::{Said, said_by};
use believed::Believed;
use jiff::Timestamp;
use serde_json::Value;
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use thiserror::Error;
use tokio::{sync::Mutex, time::Instant};

/// Keys are asked for again after so long.
const FRESH: Duration = Duration::from_secs(300);
/// Where the provider cannot be reached, keys are relied on for so long; then nobody is let in with them.
const STALE_MAX: Duration = Duration::from_secs(3600);
/// A provider is asked again at the earliest after so long, whether it failed or did not know a key.
const AGAIN: Duration = Duration::from_secs(10);
/// The most that clocks may be apart, whatever the operator says.
const SKEW_MAX: Duration = Duration::from_secs(300);

/// What is to be trusted.
#[derive(Clone, Debug)]
pub struct IssuerOptions {
    /// The URL of the provider, exactly as its tokens say it.
    pub issuer: String,
    /// Whom tokens must be meant for: any of these.
    pub audiences: Vec<String>,
    /// Where the keys are; else the configuration of the provider says it.
    pub keys: Option<String>,
    /// How far clocks may be apart; at most five minutes.
    pub skew: Duration,
}

/// Why a provider cannot be trusted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IssuerError {
    /// Its URL is none that keys can be believed from.
    #[error("expected an issuer with `https://`, found `{0}`")]
    Url(String),
    /// There must be an audience: else tokens that are meant for others would do.
    #[error("expected an audience")]
    Audience,
    /// The place of its keys is none that keys can be believed from.
    #[error("expected keys at a URL with `https://`, found `{0}`")]
    Keys(String),
}

/// A provider that is trusted.
pub struct Issuer {
    expected: Expected,
    place: Option<String>,
    fetch: Arc<dyn Fetch>,
    /// The keys, and when they came. Nobody who needs one of them waits for a question that is on its way.
    keys: RwLock<Option<(Arc<Keys>, Instant)>>,
    believed: Believed,
    asking: Mutex<Option<Asked>>,
}

/// When the provider was last asked, and why that failed if it did.
struct Asked {
    at: Instant,
    failed: Option<String>,
}

impl Issuer {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// If the URL or the audience cannot be meant.
    pub fn new(options: IssuerOptions, fetch: Arc<dyn Fetch>) -> Result<Self, IssuerError> {
        if !Https::may(&options.issuer) {
            return Err(IssuerError::Url(options.issuer));
        }
        if options.audiences.is_empty() || options.audiences.iter().any(String::is_empty) {
            return Err(IssuerError::Audience);
        }
        if let Some(wrong) = options.keys.as_ref().filter(|url| !Https::may(url)) {
            return Err(IssuerError::Keys(wrong.clone()));
        }
        Ok(Self {
            expected: Expected {
                issuer: options.issuer,
                audiences: options.audiences,
                skew: options.skew.min(SKEW_MAX),
            },
            place: options.keys,
            fetch,
            keys: RwLock::default(),
            believed: Believed::default(),
            asking: Mutex::default(),
        })
    }

    /// The claims of a token, if it is to be believed.
    ///
    /// # Errors
    /// If it is not, or nobody can say.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        if let Some(claims) = self.fresh().and_then(|keys| self.believed.of(token, &keys)) {
            check(&claims, &self.expected, now)?;
            return Ok(claims);
        }
        let id = key_id(token)?;
        let keys = self.keys(id.as_deref()).await?;
        let claims = verify(token, &keys, &self.expected, now)?;
        self.believed.add(token, &keys, &claims);
        Ok(claims)
    }

    /// The keys, if they need not be asked for again.
    fn fresh(&self) -> Option<Arc<Keys>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let (keys, since) = keys.as_ref()?;
        (since.elapsed() < FRESH).then(|| keys.clone())
    }

    /// The keys as far as they are known, with the one of this name if the provider publishes it. One question is on its
    /// way at a time; whoever needs its answer waits for it.
    async fn keys(&self, id: Option<&str>) -> Result<Arc<Keys>, TokenError> {
        if let Some(keys) = self.known(id, FRESH) {
            return Ok(keys);
        }
        let mut asked = match (self.asking.try_lock(), self.known(id, STALE_MAX)) {
            (Ok(asked), _) => asked,
            (Err(_), Some(keys)) => return Ok(keys),
            (Err(_), None) => self.asking.lock().await,
        };
        if let Some(keys) = self.known(id, FRESH) {
            return Ok(keys);
        }
        if asked.as_ref().is_none_or(|asked| asked.at.elapsed() >= AGAIN) {
            *asked = Some(self.ask().await);
        }
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        let failed = asked.as_ref().and_then(|asked| asked.failed.clone());
        keys.filter(|(_, since)| since.elapsed() < STALE_MAX)
            .map(|(keys, _)| keys)
            .ok_or_else(|| TokenError::Unreachable(failed.unwrap_or_default()))
    }

    /// The keys, if they are not older and have the one of this name.
    fn known(&self, id: Option<&str>, age: Duration) -> Option<Arc<Keys>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let (keys, since) = keys.as_ref()?;
        (since.elapsed() < age && keys.find(id).is_some()).then(|| keys.clone())
    }

    async fn ask(&self) -> Asked {
        let fetched = self.fetch_keys().await;
        let at = Instant::now();
        let failed = match fetched {
            Ok(keys) => {
                let mut known = self.keys.write().unwrap_or_else(PoisonError::into_inner);
                *known = Some((Arc::new(keys), at));
                None
            }
            Err(why) => {
                tracing::warn!(issuer = %self.expected.issuer, %why, "the keys of the issuer cannot be had");
                Some(why)
            }
        };
        Asked { at, failed }
    }

    async fn fetch_keys(&self) -> Result<Keys, String> {
        if let Some(place) = &self.place {
            return Keys::read(&self.fetch.get(place).await?);
        }
        let issuer = &self.expected.issuer;
        let place = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let document = self.fetch.get(&place).await?;
        let document: Value = serde_json::from_slice(&document).map_err(|why| why.to_string())?;
        let text = |name| document.get(name).and_then(Value::as_str);
        if text("issuer") != Some(issuer) {
            return Err("its configuration names another issuer".to_owned());
        }
        let place = text("jwks_uri").filter(|url| Https::may(url));
        let place = place.ok_or("its configuration has no `jwks_uri` with `https://`")?;
        let keys = match said_by(issuer, place) {
            Said::Written => self.fetch.get(place),
            Said::Given => self.fetch.get_given(place),
        };
        Keys::read(&keys.await?)
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Issuer").field(&self.expected).finish()
    }
}

#[cfg(test)]
mod tests;
