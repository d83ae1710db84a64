//! Opaque tokens: whoever issued them is asked what they are good for (RFC 7662).
//!
//! An answer is kept for a minute at the most, and never beyond what it says of the token's end; that a token is good for
//! nothing is kept shorter. One question about a token is on its way at a time, and only so many in all: a stranger who
//! makes tokens up makes the issuer work no more than that. Where the issuer cannot be asked, nobody is let in.

use super::{
    error::TokenError,
    fetch::{Fetch, Https},
    token::Claims,
};
use crate::{
    decide::{guard::Said, guesses::Guesses},
    grant::{credentials, encode},
};
use bytes::Bytes;
use http::{
    Request,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use thiserror::Error;
use tokio::{
    sync::{OnceCell, Semaphore},
    time::{Instant, timeout},
};

/// The longest token, and the longest answer about one.
const BYTES_MAX: usize = 4 << 10;
const ANSWER_MAX: usize = 64 << 10;
/// How long it is relied on that a token is good, and that it is not.
const GOOD: Duration = Duration::from_secs(60);
const BAD: Duration = Duration::from_secs(10);
/// Where the issuer could not be asked, it is asked again at the earliest after so long.
const AGAIN: Duration = Duration::from_secs(1);
/// How many tokens are remembered.
const TOKENS_MAX: usize = 10_000;
/// How many questions are on their way at once, and how long one waits for its turn.
const ASKING: usize = 16;
const PATIENCE: Duration = Duration::from_secs(3);

/// Whom to ask, and who we are there.
#[derive(Clone)]
pub struct IntrospectOptions {
    /// Where tokens are introspected.
    pub at: String,
    /// Who we are there.
    pub client: String,
    /// What proves it.
    pub secret: String,
    /// Whom tokens must be meant for: any of these; whatever the issuer finds good where none is said.
    pub audiences: Vec<String>,
}

/// Why nobody can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IntrospectError {
    /// The place is none that tokens may be sent to.
    #[error("expected a URL with `https://` where tokens are introspected, found `{0}`")]
    Url(String),
}

/// What is said of a token.
#[derive(Debug, PartialEq)]
pub enum Introspected {
    /// It is good, and says this.
    Good(Claims),
    /// It is good for nothing.
    Bad(TokenError),
    /// There were too many that are good for nothing; one more may come in so long.
    TooMany(Duration),
}

/// Whoever is asked about tokens, and what was answered.
pub struct Introspect {
    options: IntrospectOptions,
    fetch: Arc<dyn Fetch>,
    known: Mutex<HashMap<[u8; 32], Arc<Known>>>,
    failed: Mutex<Option<(Instant, String)>>,
    guesses: Mutex<Guesses>,
    asking: Semaphore,
    began: Instant,
}

/// What is known of one token.
struct Known {
    since: Instant,
    answer: OnceCell<Answer>,
}

#[derive(Clone)]
struct Answer {
    /// Nothing for a token that is not active.
    claims: Option<Claims>,
    until: Instant,
}

impl Introspect {
    /// Somebody to ask. Nobody is asked before the first token.
    ///
    /// # Errors
    /// If tokens may not be sent there.
    pub fn new(options: IntrospectOptions, fetch: Arc<dyn Fetch>) -> Result<Self, IntrospectError> {
        if !Https::may(&options.at) {
            return Err(IntrospectError::Url(options.at));
        }
        Ok(Self {
            options,
            fetch,
            known: Mutex::default(),
            failed: Mutex::default(),
            guesses: Mutex::default(),
            asking: Semaphore::new(ASKING),
            began: Instant::now(),
        })
    }

    /// What a token is good for, when somebody at an address shows it.
    pub async fn verify(&self, token: &str, now: Timestamp, address: IpAddr) -> Introspected {
        // The characters of RFC 6750, 2.1.
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if token.is_empty() || token.len() > BYTES_MAX || !token.bytes().all(fits) {
            return Introspected::Bad(TokenError::Malformed);
        }
        let known = self.place(Sha256::digest(token).into());
        let answer = match known.answer.get() {
            Some(answer) => answer.clone(),
            None => {
                if let Err(wait) = self.guesses().take(address, self.began.elapsed()) {
                    return Introspected::TooMany(wait);
                }
                let asked = known
                    .answer
                    .get_or_try_init(|| self.ask(token, now))
                    .await
                    .cloned();
                if !matches!(asked, Ok(Answer { claims: None, .. })) {
                    self.guesses().give_back(address);
                }
                match asked {
                    Ok(answer) => answer,
                    Err(why) => return Introspected::Bad(TokenError::Unreachable(why)),
                }
            }
        };
        self.judge(answer, now)
    }

    /// The claims are looked at each time: a token may end while it is known.
    fn judge(&self, answer: Answer, now: Timestamp) -> Introspected {
        let Some(claims) = answer.claims else {
            return Introspected::Bad(TokenError::Inactive);
        };
        let audiences = &self.options.audiences;
        let meant = || {
            claims
                .texts("aud")
                .iter()
                .any(|one| audiences.iter().any(|known| known == one))
        };
        if !audiences.is_empty() && !meant() {
            return Introspected::Bad(TokenError::Audience);
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds of our era are far below 2^52")]
        let now = now.as_second() as f64;
        // What is no number is no time that lies in the right direction.
        let second = |name, holds: &dyn Fn(f64) -> bool| {
            claims.get(name).is_none_or(|at| at.as_f64().is_some_and(holds))
        };
        if !second("exp", &|until| until > now) {
            return Introspected::Bad(TokenError::Expired);
        }
        if !second("nbf", &|from| from <= now) {
            return Introspected::Bad(TokenError::Early);
        }
        Introspected::Good(claims)
    }

    /// Where what is known of a token stands, or will.
    fn place(&self, digest: [u8; 32]) -> Arc<Known> {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&digest).filter(|known| known.is_good()) {
            return known.clone();
        }
        if all.len() >= TOKENS_MAX {
            all.retain(|_, known| known.is_good());
        }
        if all.len() >= TOKENS_MAX
            && let Some(oldest) = all
                .iter()
                .min_by_key(|(_, known)| known.since)
                .map(|(digest, _)| *digest)
        {
            all.remove(&oldest);
        }
        let known = Arc::new(Known {
            since: Instant::now(),
            answer: OnceCell::new(),
        });
        all.insert(digest, known.clone());
        known
    }

    async fn ask(&self, token: &str, now: Timestamp) -> Result<Answer, String> {
        let turn = timeout(PATIENCE, self.asking.acquire()).await;
        let _turn = turn.map_err(|_| "too many questions are on their way".to_owned())?;
        if let Some((_, why)) = self.failed().as_ref().filter(|(at, _)| at.elapsed() < AGAIN) {
            return Err(why.clone());
        }
        let asked = self.send(token).await;
        let mut failed = self.failed();
        match asked {
            Ok(claims) => {
                *failed = None;
                Ok(answer(claims, now))
            }
            Err(why) => {
                tracing::warn!(at = %self.options.at, %why, "a token cannot be introspected");
                *failed = Some((Instant::now(), why.clone()));
                Err(why)
            }
        }
    }

    /// The claims of a token that is active.
    async fn send(&self, token: &str) -> Result<Option<Claims>, String> {
        let mut form = String::from("token_type_hint=access_token&token=");
        encode(&mut form, token);
        let request = Request::post(self.options.at.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(
                AUTHORIZATION,
                credentials(&self.options.client, &self.options.secret),
            )
            .body(Bytes::from(form))
            .map_err(|why| why.to_string())?;
        let answer = self.fetch.send(request, Said::Written).await?;
        if answer.status() != http::StatusCode::OK {
            return Err(format!("it answered with {}", answer.status()));
        }
        let body = Some(answer.body()).filter(|body| body.len() <= ANSWER_MAX);
        let said = body.and_then(|body| serde_json::from_slice::<Map<String, Value>>(body).ok());
        let mut said = said.ok_or("its answer is no JSON object of at most 64 KiB")?;
        match said.remove("active") {
            Some(Value::Bool(true)) => Ok(Some(Claims(Arc::new(said)))),
            Some(Value::Bool(false)) => Ok(None),
            _ => Err("its answer does not say whether the token is `active`".to_owned()),
        }
    }

    fn failed(&self) -> MutexGuard<'_, Option<(Instant, String)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn guesses(&self) -> MutexGuard<'_, Guesses> {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long an answer is relied on.
fn answer(claims: Option<Claims>, now: Timestamp) -> Answer {
    let ends = claims.as_ref().and_then(|claims| claims.get("exp")?.as_f64());
    let left = ends.map_or(GOOD, |until| {
        #[expect(clippy::cast_precision_loss, reason = "seconds of our era are far below 2^52")]
        let left = until - now.as_second() as f64;
        Duration::try_from_secs_f64(left).unwrap_or_default()
    });
    let good = if claims.is_some() { GOOD.min(left) } else { BAD };
    Answer {
        claims,
        until: Instant::now() + good,
    }
}

impl Known {
    /// Whether it is to be relied on, or about to be known.
    fn is_good(&self) -> bool {
        match self.answer.get() {
            Some(answer) => Instant::now() < answer.until,
            None => true,
        }
    }
}

impl std::fmt::Debug for Introspect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Introspect").field(&self.options.at).finish()
    }
}

#[cfg(test)]
mod tests;
