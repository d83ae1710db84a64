//! A request that is handed on, as it goes over the wire.

use super::{DEADLINE, KEPT_BYTES_MAX, Relay, Relaying, Rewritten, SILENCE_MAX, Unrelayed, handed::Kept};
use crate::{
    decide::{propagation, route::RequestView},
    wire::{
        body::{Fate, Outgoing, Seen, Upload},
        connection::Sent,
        endpoint::Endpoint,
        request::{self, method},
    },
};
use bytes::Bytes;
use flowmesh_ir::{
    Name,
    policy::Policy,
    service::{self, EffectKind, Method},
    trace::TraceContext,
    traffic::Rewrite,
};
use http::{HeaderName, HeaderValue, Uri, header::HOST, uri::PathAndQuery};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::{pin::Pin, time::Duration};

impl Relay {
    /// What expressions over the request can ask.
    pub(in crate::call) fn view<'v>(
        &'v self,
        host: &'v Name,
        headers: &'v [(Name, String)],
    ) -> RequestView<'v> {
        RequestView {
            method: self.method,
            path: self.target.path(),
            host,
            headers,
            query: self.target.query().unwrap_or_default(),
        }
    }

    /// What a policy still changes of it: part by part, what its route has not changed.
    pub(in crate::call) fn rewrite(&self, policy: &Policy) -> Option<Rewrite> {
        let Rewrite { prefix, host } = policy.rewrite.as_ref()?;
        Some(Rewrite {
            prefix: prefix.clone().filter(|_| !self.is_rewritten),
            host: host.clone().filter(|_| self.host.is_none()),
        })
    }

    pub(super) fn rewritten(&self, policy: &Policy) -> Result<Rewritten, String> {
        let Some(rewrite) = self.rewrite(policy) else {
            return Ok((None, None));
        };
        let path = request::rewritten(&rewrite, &self.target)?;
        Ok((path, request::host(&rewrite)?))
    }
}

impl Relaying<'_> {
    /// One attempt as it goes to an endpoint.
    pub(super) fn message(
        &self,
        to: &Endpoint,
        body: Outgoing,
        trace: TraceContext,
        left: Duration,
    ) -> Result<Sent, String> {
        let mut sent = Sent::new(body);
        *sent.method_mut() = method(self.request.method);
        let (path, host) = &self.rewritten;
        let path = path.as_ref().unwrap_or(&self.request.target);
        *sent.uri_mut() = match to.base.as_str() {
            "" => Uri::from(path.clone()),
            base => {
                let target = format!("{base}{path}");
                let target = PathAndQuery::try_from(target.as_str());
                target
                    .map(Uri::from)
                    .map_err(|_| format!("`{base}` cannot begin a path"))?
            }
        };
        let mut headers = self.request.headers.clone();
        let host = self.request.host.as_ref().or(host.as_ref());
        if let Some(host) = host.or(to.host.as_ref()) {
            headers.insert(HOST, host.clone());
        }
        let usual = self.mesh.usual(self.id).iter();
        for (name, value) in usual.chain(&self.credential) {
            headers.insert(name, value.clone());
        }
        propagation::write(&mut headers, trace, self.mesh.forms(self.id));
        let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        headers.insert(DEADLINE, HeaderValue::from(left));
        *sent.headers_mut() = headers;
        Ok(sent)
    }
}

/// The headers as conditions and texts see them, if there are any.
pub(in crate::call) fn headers(
    declared: &service::Service,
    policy: &Policy,
    request: &Relay,
) -> Vec<(Name, String)> {
    let conditions = declared.routes.iter().any(|route| route.condition.is_some());
    let texts = policy.hash.is_some() || policy.limit.as_ref().is_some_and(|limit| limit.per.is_some());
    if !conditions && !texts {
        return Vec::new();
    }
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((Name::from(name.as_str()), value.to_str().ok()?.to_owned()))
    };
    request.headers.iter().filter_map(text).collect()
}

/// A body as it goes on, or what must be read first: one that is short and may be needed again. Refuses one that says it
/// is too long.
pub(super) fn kept(body: Incoming, replays: bool, most: u64) -> Result<Result<Kept, Incoming>, Unrelayed> {
    let hint = body.size_hint();
    if hint.lower() > most {
        return Err(Unrelayed::TooLong);
    }
    if body.is_end_stream() {
        return Ok(Ok(Kept::Whole(Bytes::new())));
    }
    let short = hint.exact().is_some_and(|length| length <= KEPT_BYTES_MAX);
    Ok(match replays && short {
        true => Err(body),
        false => Ok(Kept::Stream(body, None)),
    })
}

/// Reads a body whole, to be sent any number of times.
pub(super) async fn whole(body: Incoming) -> Result<Kept, Unrelayed> {
    match tokio::time::timeout(SILENCE_MAX, body.collect()).await {
        Ok(Ok(whole)) => Ok(Kept::Whole(whole.to_bytes())),
        Ok(Err(_)) => Err(Unrelayed::Broken),
        Err(_) => Err(Unrelayed::Slow),
    }
}

/// A visitor who sends less is taken to have stopped, in bytes a second; as Apache's `mod_reqtimeout` has it.
const RATE_MIN: u64 = 500;

/// The work, if it is done in time. The time begins anew for as long as the visitor is sending, and once more when all is
/// sent: the service cannot answer before.
pub(super) async fn within<T>(
    limit: Duration,
    upload: Option<&Upload>,
    mut work: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    let mut before = Seen::default();
    loop {
        if let Ok(done) = tokio::time::timeout(limit, work.as_mut()).await {
            return Some(done);
        }
        let seen = upload?.seen();
        let came = seen.bytes.saturating_sub(before.bytes);
        let enough = RATE_MIN.saturating_mul(limit.as_secs().max(1));
        let ended = seen.fate == Fate::Whole && before.fate != Fate::Whole;
        if came < enough && !(ended && came > 0) {
            return None;
        }
        before = seen;
    }
}

/// What repeating a request does, as far as its method says (RFC 9110, 9.2).
pub(super) fn effect(method: Method) -> EffectKind {
    match method {
        Method::Get | Method::Head | Method::Options => EffectKind::Read,
        Method::Put | Method::Delete => EffectKind::Idempotent,
        Method::Post | Method::Patch => EffectKind::Once,
    }
}
