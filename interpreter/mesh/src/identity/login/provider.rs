//! Where an OpenID provider is, and what it gives for a code.

use super::{Fetch, Https, LoginFailed, LoginOptions};
use crate::{
    decide::guard::said_by,
    grant::{credentials, encode},
};
use bytes::Bytes;
use http::{
    Request,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use serde::Deserialize;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, Semaphore},
    time::{Instant, timeout},
};

/// Where the provider is is asked again after so long, and after a failure at the earliest after so long.
const FRESH: Duration = Duration::from_secs(3600);
const AGAIN: Duration = Duration::from_secs(5);
/// How many codes are exchanged at once, and how long one waits for its turn.
const ASKING: usize = 16;
const PATIENCE: Duration = Duration::from_secs(3);

/// A provider that browsers log in at.
pub(super) struct Provider {
    issuer: String,
    client: String,
    secret: String,
    fetch: Arc<dyn Fetch>,
    /// What was found out last, and when.
    known: Mutex<Option<(Instant, Found)>>,
    asking: Semaphore,
}

/// Where it is, or why nobody knows.
type Found = Result<Arc<Place>, String>;

/// Where it is.
pub(super) struct Place {
    pub(super) authorization: String,
    token: String,
}

/// What comes back with a browser.
pub(super) struct Answer {
    pub(super) state: String,
    pub(super) issuer: Option<String>,
    /// The code, or why there is none.
    pub(super) code: Result<String, String>,
}

/// What is given for a code (OpenID Connect Core, 3.1.3.3); its access token is of no use here.
#[derive(Deserialize)]
struct Given {
    id_token: String,
}

impl Provider {
    pub(super) fn new(options: &LoginOptions, fetch: Arc<dyn Fetch>) -> Self {
        Self {
            issuer: options.issuer.clone(),
            client: options.client.clone(),
            secret: options.secret.clone(),
            fetch,
            known: Mutex::default(),
            asking: Semaphore::new(ASKING),
        }
    }

    /// Where it is, as it says itself (OpenID Connect Discovery, 4). Whoever needs an answer that is on its way waits.
    pub(super) async fn place(&self) -> Found {
        let mut known = self.known.lock().await;
        let fresh = known
            .as_ref()
            .filter(|(at, found)| at.elapsed() < if found.is_ok() { FRESH } else { AGAIN });
        if let Some((_, found)) = fresh {
            return found.clone();
        }
        let found = self.discover().await.map(Arc::new);
        if let Err(why) = &found {
            tracing::warn!(issuer = %self.issuer, %why, "nobody can log in");
        }
        *known = Some((Instant::now(), found.clone()));
        found
    }

    async fn discover(&self) -> Result<Place, String> {
        let place = format!(
            "{}/.well-known/openid-configuration",
            self.issuer.trim_end_matches('/')
        );
        let document = self.fetch.get(&place).await?;
        let document: Value = serde_json::from_slice(&document).map_err(|why| why.to_string())?;
        let text = |name| document.get(name).and_then(Value::as_str);
        if text("issuer") != Some(&self.issuer) {
            return Err("its configuration names another issuer".to_owned());
        }
        let url = |name| {
            let url = text(name).filter(|url| Https::may(url) && !url.contains('#'));
            let url = url.ok_or_else(|| format!("its configuration has no `{name}` with `https://`"));
            url.map(str::to_owned)
        };
        Ok(Place {
            authorization: url("authorization_endpoint")?,
            token: url("token_endpoint")?,
        })
    }

    /// The ID token for a code.
    pub(super) async fn token(
        &self,
        code: &str,
        verifier: &str,
        redirect: &str,
    ) -> Result<String, LoginFailed> {
        let unreachable = LoginFailed::Unreachable;
        let turn = timeout(PATIENCE, self.asking.acquire()).await;
        let _turn = turn.map_err(|_| unreachable("too many are logging in".to_owned()))?;
        let place = self.place().await.map_err(unreachable)?;
        let mut form = String::from("grant_type=authorization_code");
        for (name, value) in [
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ] {
            form.push('&');
            form.push_str(name);
            form.push('=');
            encode(&mut form, value);
        }
        let request = Request::post(place.token.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(AUTHORIZATION, credentials(&self.client, &self.secret))
            .body(Bytes::from(form))
            .map_err(|why| unreachable(why.to_string()))?;
        let said = said_by(&self.issuer, &place.token);
        let answer = self.fetch.send(request, said).await.map_err(unreachable)?;
        match answer.status() {
            status if status.is_success() => {}
            // A code that was used before, or made up.
            status if status.is_client_error() => {
                let why = format!("the provider does not take the code: {status}");
                return Err(LoginFailed::Unbelieved(why));
            }
            status => return Err(unreachable(format!("it answered with {status}"))),
        }
        // What is in it is secret, so what is wrong with it is not shown.
        let given = serde_json::from_slice::<Given>(answer.body());
        let given = given.map_err(|_| unreachable("its answer holds no `id_token`".to_owned()))?;
        Ok(given.id_token)
    }
}

/// Reads what comes back with a browser (RFC 6749, 4.1.2; RFC 9207). Each part may be there once.
pub(super) fn answer(query: &str) -> Option<Answer> {
    let (mut state, mut issuer, mut code, mut error) = (None, None, None, None);
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let place = match name {
            "state" => &mut state,
            "iss" => &mut issuer,
            "code" => &mut code,
            "error" => &mut error,
            _ => continue,
        };
        if place.replace(decode(value)?).is_some() {
            return None;
        }
    }
    let code = match (code, error) {
        (_, Some(error)) => Err(format!("the provider says `{}`", error.escape_debug())),
        (Some(code), None) => Ok(code),
        (None, None) => return None,
    };
    Some(Answer {
        state: state?,
        issuer,
        code,
    })
}

/// As forms are decoded.
fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? << 4 | digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::answer;

    #[test]
    fn what_comes_back_is_read_once_or_not_at_all() {
        let read = answer("code=a%2Fb+c&state=s&iss=https%3A%2F%2Fid.test&more=1").unwrap();
        assert_eq!(read.code.as_deref(), Ok("a/b c"));
        assert_eq!(
            (read.state.as_str(), read.issuer.as_deref()),
            ("s", Some("https://id.test"))
        );
        assert!(answer("error=access_denied&state=s").unwrap().code.is_err());
        assert!(
            answer("error=access_denied&code=a&state=s")
                .unwrap()
                .code
                .is_err()
        );
        for wrong in [
            "",
            "code=a",
            "state=s",
            "code=a&code=b&state=s",
            "code=%2&state=s",
            "code=%ff&state=s",
            "code=a&state=s&state=t",
        ] {
            assert!(answer(wrong).is_none(), "{wrong}");
        }
    }
}
