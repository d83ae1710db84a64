//! Tokens that a service wants to see and somebody else gives: the client credentials grant of OAuth 2.0 (RFC 6749, 4.4).
//!
//! A token is asked for when it is first needed, kept, and renewed when four fifths of its time are over, by one call
//! while the others go on with it. One that the service refuses is let go of. Nobody is asked more often than once in a
//! while, however many calls want a token.

use crate::identity::Https;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderValue, Request,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use serde::Deserialize;
use std::{
    fmt::Write,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{sync::Mutex, time::Instant};

/// After a failure, or a token that was refused, the next question waits.
const AGAIN: Duration = Duration::from_secs(5);
/// How long a token is good whose giver does not say it.
const GOOD: Duration = Duration::from_secs(300);
/// The longest that any is believed to be.
const GOOD_MAX: Duration = Duration::from_secs(24 * 3600);

/// Who asks for tokens, and whom.
pub(crate) struct Grant {
    ask: Ask,
    https: Arc<Https>,
    /// Nobody who has a token waits for a question that is on its way.
    known: RwLock<Option<Token>>,
    asking: Mutex<Option<(Instant, String)>>,
}

/// What is asked.
pub(crate) struct Ask {
    /// Where tokens are given.
    pub(crate) url: String,
    /// Who we are there.
    pub(crate) client: String,
    /// What proves it.
    pub(crate) secret: String,
    /// What we ask for.
    pub(crate) scopes: Vec<String>,
}

#[derive(Clone)]
struct Token {
    header: HeaderValue,
    since: Instant,
    renew: Instant,
    until: Instant,
}

/// What a giver answers (RFC 6749, 5.1).
#[derive(Deserialize)]
struct Given {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
}

impl Grant {
    pub(crate) fn new(ask: Ask, https: Arc<Https>) -> Self {
        Self {
            ask,
            https,
            known: RwLock::default(),
            asking: Mutex::default(),
        }
    }

    /// What goes out as `Authorization`, or why there is nothing.
    pub(crate) async fn header(&self) -> Result<HeaderValue, String> {
        let known = self.known().filter(|token| Instant::now() < token.until);
        match known {
            Some(token) if Instant::now() < token.renew => return Ok(token.header),
            Some(token) => {
                if let Ok(mut asked) = self.asking.try_lock() {
                    // The old one is good for a while, whatever comes of this.
                    self.renew(&mut asked).await;
                }
                return Ok(self.known().map_or(token.header, |token| token.header));
            }
            None => {}
        }
        let mut asked = self.asking.lock().await;
        if let Some(token) = self.known().filter(|token| Instant::now() < token.until) {
            return Ok(token.header);
        }
        self.renew(&mut asked).await;
        let known = self.known().filter(|token| Instant::now() < token.until);
        known.map(|token| token.header).ok_or_else(|| {
            let why = asked.as_ref().map_or("", |(_, why)| why.as_str());
            format!("no token from {}: {why}", self.ask.url)
        })
    }

    /// The service did not believe a token: the next call asks for another, unless this one is quite new.
    pub(crate) fn refused(&self) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_some_and(|token| token.since.elapsed() >= AGAIN) {
            *known = None;
        }
    }

    fn known(&self) -> Option<Token> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn renew(&self, asked: &mut Option<(Instant, String)>) {
        if asked.as_ref().is_some_and(|(at, _)| at.elapsed() < AGAIN) {
            return;
        }
        match self.ask().await {
            Ok(token) => {
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(token);
                *asked = None;
            }
            Err(why) => {
                tracing::warn!(url = %self.ask.url, %why, "there is no token for calls");
                *asked = Some((Instant::now(), why));
            }
        }
    }

    async fn ask(&self) -> Result<Token, String> {
        let mut form = String::from("grant_type=client_credentials");
        if !self.ask.scopes.is_empty() {
            form.push_str("&scope=");
            encode(&mut form, &self.ask.scopes.join(" "));
        }
        let request = Request::post(self.ask.url.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(AUTHORIZATION, credentials(&self.ask.client, &self.ask.secret))
            .body(Bytes::from(form))
            .map_err(|why| why.to_string())?;
        let began = Instant::now();
        let answer = self.https.send(request).await?;
        if !answer.status().is_success() {
            return Err(format!("it answered with {}", answer.status()));
        }
        let given = serde_json::from_slice::<Given>(answer.body());
        // What is in it is secret, so what is wrong with it is not shown.
        let given = given.map_err(|_| "its answer holds no `access_token` and `token_type`".to_owned())?;
        if !given.token_type.eq_ignore_ascii_case("bearer") {
            return Err("its token is none of the type `Bearer`".to_owned());
        }
        let header = HeaderValue::from_str(&format!("Bearer {}", given.access_token));
        let mut header = header.map_err(|_| "its token cannot stand in a header".to_owned())?;
        header.set_sensitive(true);
        let good = given.expires_in.map_or(GOOD, Duration::from_secs).min(GOOD_MAX);
        Ok(Token {
            header,
            since: Instant::now(),
            renew: began + good * 4 / 5,
            until: began + good,
        })
    }
}

/// What proves who we are, as `Authorization`. Both parts are encoded as forms are, before they are joined (RFC 6749,
/// 2.3.1).
pub(crate) fn credentials(client: &str, secret: &str) -> String {
    let mut both = String::new();
    encode(&mut both, client);
    both.push(':');
    encode(&mut both, secret);
    format!("Basic {}", STANDARD.encode(both))
}

/// As forms are encoded.
pub(crate) fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            byte if byte.is_ascii_alphanumeric() || b"-._*".contains(&byte) => out.push(char::from(byte)),
            // Writing into a String cannot fail.
            byte => drop(write!(out, "%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::credentials;
    use base64::{Engine, engine::general_purpose::STANDARD};

    #[test]
    fn what_proves_who_we_are_is_encoded_before_it_is_joined() {
        let both = STANDARD.encode("a%3Ab+c:%C3%A9%2B");
        assert_eq!(credentials("a:b c", "é+"), format!("Basic {both}"));
    }
}
