//! `Idempotency-Key`: a request that comes twice with the same key is done once, and answered the second time as it was
//! the first time. What was done is in the journal with its key; here is what stands before that: reading the key,
//! seeing that the same request is meant, one at a time, and keeping the answer.

use super::{
    Shared, body, door::Asker, error::RequestError, identity::Means, problem::Problem, route::Parameter,
    routes::parameter,
};
use crate::engine::{Asked, Before, Refusal};
use axum::{
    body::Body,
    extract::{Query, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use flowmesh_ir::{Hash, Name};
use http_body_util::BodyExt;
use prost::Message;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The header, for the description of each route that takes it.
pub(super) const KEY: Parameter = (
    "Idempotency-Key",
    "What makes two requests one: the same request with the same key is done once within 24 hours, and answered as the first time, with `Idempotency-Replayed: true`",
);
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 255;
/// The longest answer that is kept, in bytes; whoever repeats a request that was answered at greater length is told
/// how things stand then.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// The longest name of somebody that is kept as it is.
const WHO_BYTES_MAX: usize = 200;

/// Which requests with keys are under way, and what each of them asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Doing(Arc<Mutex<BTreeMap<Doer, Hash>>>);

type Doer = (Name, Arc<str>, Arc<str>);

/// One that is under way.
struct UnderWay {
    doing: Doing,
    doer: Doer,
}

/// What is under way with the same key.
#[derive(Debug, PartialEq, Eq)]
enum Taken {
    Same,
    Other,
}

/// An answer as it is kept. Numbers are for ever.
#[derive(Clone, PartialEq, Message)]
struct Answered {
    #[prost(uint32, tag = "1")]
    status: u32,
    #[prost(string, tag = "2")]
    kind: String,
    #[prost(string, tag = "3")]
    location: String,
    #[prost(bytes = "bytes", tag = "4")]
    body: Bytes,
}

impl Doing {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Doer, Hash>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, doer: Doer, print: Hash) -> Result<UnderWay, Taken> {
        let mut all = self.all();
        match all.get(&doer) {
            Some(other) if *other != print => return Err(Taken::Other),
            Some(_) => return Err(Taken::Same),
            None => all.insert(doer.clone(), print),
        };
        let doing = self.clone();
        Ok(UnderWay { doing, doer })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.doing.all().remove(&self.doer);
    }
}

/// The key of a request, if it has one.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<&str>, RequestError> {
    let mut keys = headers.get_all(KEY.0).into_iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let wrong = |wrong: String| parameter(KEY.0, wrong);
    if keys.next().is_some() {
        return Err(wrong("expected one key, found several".to_owned()));
    }
    let key = key.to_str();
    let key = key.map_err(|_| wrong("expected visible ASCII".to_owned()))?;
    // The draft of the header (draft-ietf-httpapi-idempotency-key-header) has it in quotes; few clients do.
    let bare = key
        .strip_prefix('"')
        .and_then(|key| key.strip_suffix('"'))
        .unwrap_or(key);
    if bare.is_empty() || bare.len() > KEY_BYTES_MAX {
        let length = bare.len();
        return Err(wrong(format!(
            "expected a key of 1 to {KEY_BYTES_MAX} bytes, found one of {length}"
        )));
    }
    Ok(Some(bare))
}

/// Does what is asked for, or says what was answered before.
pub(super) async fn answer(shared: &Shared, asker: &Asker, request: Request, next: Next) -> Response {
    match once(shared, asker, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn once(shared: &Shared, asker: &Asker, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let Some(key) = key(&parts.headers)? else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let key: Arc<str> = key.into();
    let whole = body::read(shared, body).await?;
    let print = print(&parts, &whole);
    let who = who(asker);
    let doer = (asker.namespace.clone(), Arc::clone(&who), Arc::clone(&key));
    let _under_way = shared.doing.begin(doer, print).map_err(|taken| {
        let key = key.to_string();
        match taken {
            Taken::Same => Problem::from(RequestError::UnderWay(key)),
            Taken::Other => Refusal::OtherRequest { key }.into(),
        }
    })?;
    let asked = Asked {
        who,
        key,
        print,
        part: None,
    };
    let host = shared.host.within(asker.namespace.clone()).once(asked.clone());
    let again = match host.before().await? {
        Before::New => false,
        Before::Done { .. } => true,
        Before::Answered(kept) => return Ok(replay(&kept)),
    };
    parts.extensions.insert(asked);
    let bytes = Bytes::clone(&whole);
    drop(whole);
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    let mut response = keep(&host, response).await?;
    if again && response.status().is_success() {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// What is asked for.
fn print(parts: &Parts, body: &Bytes) -> Hash {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let mut pairs = pairs.map(|Query(pairs)| pairs).unwrap_or_default();
    pairs.sort();
    let body = Hash::of(body);
    let asked = (parts.method.as_str(), parts.uri.path(), pairs, body.0);
    Hash::of(&serde_json::to_vec(&asked).unwrap_or_default())
}

/// Who asks, so that nobody meets the keys of others.
fn who(asker: &Asker) -> Arc<str> {
    let who = match &asker.caller.means {
        Means::Nobody => "nobody".to_owned(),
        Means::Token(id) => format!("token {id}"),
        Means::Signed => format!("oidc {}", asker.caller.name),
    };
    if who.len() > WHO_BYTES_MAX {
        return Hash::of(who.as_bytes()).to_string().into();
    }
    who.into()
}

/// Keeps an answer, unless it is too long or nothing was done. Where there is no room for it, it is given all the same:
/// what was done was done.
async fn keep(host: &crate::Host, response: Response) -> Result<Response, Problem> {
    let status = response.status();
    if status.is_server_error() {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = body.collect().await;
    let body = body
        .map_err(|error| RequestError::Body(error.to_string()))?
        .to_bytes();
    if body.len() <= ANSWER_BYTES_MAX {
        let text = |name| {
            let value: Option<&HeaderValue> = parts.headers.get(name);
            let value = value.and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let answered = Answered {
            status: status.as_u16().into(),
            kind: text(header::CONTENT_TYPE),
            location: text(header::LOCATION),
            body: body.clone(),
        };
        let kept = host.keep(answered.encode_to_vec().into(), !status.is_success());
        if let Err(why) = kept.await {
            tracing::warn!(%why, "an answer cannot be kept under its key");
        }
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(kept: &[u8]) -> Response {
    let answered = Answered::decode(kept).unwrap_or_default();
    let status = u16::try_from(answered.status).ok();
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answered.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in [
        (header::CONTENT_TYPE, answered.kind),
        (header::LOCATION, answered.location),
    ] {
        if let (false, Ok(value)) = (value.is_empty(), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(keys: &[&str]) -> HeaderMap {
        let value = |key: &&str| (HeaderName::from_static("idempotency-key"), key.parse().unwrap());
        keys.iter().map(value).collect()
    }

    #[test]
    fn a_key_is_read_with_and_without_quotes() {
        assert_eq!(key(&headers(&[])).unwrap(), None);
        assert_eq!(key(&headers(&["\"a\""])).unwrap(), Some("a"));
        assert_eq!(key(&headers(&["a"])).unwrap(), Some("a"));
        let long = "x".repeat(KEY_BYTES_MAX);
        assert_eq!(key(&headers(&[&long])).unwrap(), Some(long.as_str()));
        for wrong in [
            &[""][..],
            &["\"\""],
            &[&format!("{long}x")],
            &["a", "a"],
            &["\u{e9}"],
        ] {
            assert!(key(&headers(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_order_of_a_query_makes_no_other_request() {
        let of = |uri: &str, body: &'static str| {
            let request = Request::builder().method("POST").uri(uri).body(()).unwrap();
            print(&request.into_parts().0, &Bytes::from_static(body.as_bytes()))
        };
        assert_eq!(of("/a?b=1&c=%20", "x"), of("/a?c=+&b=1", "x"));
        for other in [
            of("/a?b=1", "x"),
            of("/a?b=1&c=2", "x"),
            of("/b?b=1&c=+", "x"),
            of("/a?b=1&c=+", "y"),
        ] {
            assert_ne!(other, of("/a?b=1&c=+", "x"));
        }
    }

    #[test]
    fn what_is_under_way_is_not_begun_again() {
        let doing = Doing::default();
        let doer = || (Name::default(), Arc::from("ann"), Arc::from("k"));
        let first = doing.begin(doer(), Hash([1; 32])).ok();
        let taken = |print| doing.begin(doer(), Hash([print; 32])).err();
        assert_eq!((taken(1), taken(2)), (Some(Taken::Same), Some(Taken::Other)));
        drop(first);
        assert_eq!(taken(2), None);
    }
}
