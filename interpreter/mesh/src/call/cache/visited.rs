//! The requests of visitors.

use super::{ANSWER_BYTES_MAX, Seeking, Sought, aged, place, unchanged, whose};
use crate::{
    call::{
        Mesh,
        relay::{Elsewhere, Handed, Relay, Unrelayed},
    },
    decide::{
        cache::{Asked, Head, When, is_known},
        canonical::headers::without_hops,
    },
    mesh::Kept,
    observe::Observer,
    wire::relayed::Relayed,
};
use bytes::Bytes;
use flowmesh_ir::{
    PolicyId, SubsetId,
    call::Failure,
    policy::Policy,
    service::{Method, Service},
    traffic::Cache,
};
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CONTENT_LENGTH, IF_MODIFIED_SINCE, IF_NONE_MATCH},
};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use jiff::Timestamp;
use std::{sync::Arc, time::Duration};

/// A body as far as it was read to be kept.
enum Read {
    Whole(Bytes),
    /// It is too long.
    Longer(Box<Relayed>),
}

impl Mesh {
    /// Hands a request on whose policy keeps answers.
    pub(in crate::call) async fn relay_kept(
        &self,
        request: &Relay,
        body: Incoming,
        (declared, id, rule): (&Service, PolicyId, &Cache),
        observer: &dyn Observer,
    ) -> Result<Response<Handed>, Unrelayed> {
        let host = request.headers.get("x-forwarded-host");
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        let place = place(request.service, host, request.target.as_str());
        let asked = Asked::of(request.method, &request.headers).filter(|_| body.is_end_stream());
        let Some(asked) = asked else {
            return self.relay_past(request, body, &place, observer).await;
        };
        let policy = self.program.policy(id);
        let chosen = self.chosen(request, declared, policy);
        let chosen = chosen.ok_or_else(|| {
            Failure::Unavailable("the program has no such service, policy or route".to_owned())
        })?;
        let attempt_ms = policy.map_or(0, |policy| policy.timeout.attempt_ms);
        let seeking = Seeking {
            mesh: self,
            rule,
            place,
            whose: whose(id, chosen).into(),
            asked,
            headers: &request.headers,
            patience: Duration::from_millis(attempt_ms),
        };
        let to = Relay {
            subset: Some(chosen),
            ..request.clone()
        };
        match seeking.seek().await {
            Sought::There(kept, age) => Ok(serve(request, &kept, age)),
            Sought::Nothing => {
                let mut answer = Response::new(Handed::Nothing);
                *answer.status_mut() = StatusCode::GATEWAY_TIMEOUT;
                Ok(answer)
            }
            // What a `HEAD` says is not what a `GET` needs.
            Sought::Ask(..) if request.method == Method::Head => self.relay_plain(&to, body, observer).await,
            Sought::Pass => self.relay_plain(&to, body, observer).await,
            Sought::Ask(_lead, stale) => seeking.ask(request, to, body, stale, observer).await,
        }
    }

    /// A request that goes by what is kept, and may change what it is of.
    async fn relay_past(
        &self,
        request: &Relay,
        body: Incoming,
        place: &Arc<str>,
        observer: &dyn Observer,
    ) -> Result<Response<Handed>, Unrelayed> {
        let answer = self.relay_plain(request, body, observer).await?;
        let reads = matches!(request.method, Method::Get | Method::Head | Method::Options);
        if !reads && answer.status().as_u16() < 400 {
            self.kept.forget(place);
        }
        Ok(answer)
    }

    fn chosen(&self, request: &Relay, declared: &Service, policy: Option<&Policy>) -> Option<SubsetId> {
        if let Some(subset) = request.subset {
            return Some(subset);
        }
        let headers = crate::call::relay::headers(declared, policy?, request);
        let view = request.view(&declared.name, &headers);
        self.route(&view, declared, self.services.get(request.service.index())?)
    }
}

impl Seeking<'_> {
    /// Asks the service, for everybody, and keeps what it says if it may be kept.
    async fn ask(
        &self,
        request: &Relay,
        mut to: Relay,
        body: Incoming,
        stale: Option<Arc<Kept>>,
        observer: &dyn Observer,
    ) -> Result<Response<Handed>, Unrelayed> {
        // Whether the visitor has the answer is said when it is there.
        to.headers.remove(IF_NONE_MATCH);
        to.headers.remove(IF_MODIFIED_SINCE);
        to.revalidates = true;
        to.headers
            .extend(stale.iter().flat_map(|stale| stale.head.validators()));
        let sent = self.mesh.clock.now();
        let mut answer = self.mesh.relay_plain(&to, body, observer).await?;
        let when = When {
            sent,
            came: self.mesh.clock.now(),
            wall: Timestamp::now(),
        };
        without_hops(answer.headers_mut());
        let status = answer.status().as_u16();
        if let (304, Some(stale)) = (status, stale) {
            return Ok(self.still_good(request, &stale, answer.headers(), when));
        }
        let answered = (status, answer.headers().clone());
        let kept = Head::new(self.rule, &self.asked, self.headers, answered, when);
        // It is the service's that it is kept for.
        let kept = kept.filter(|_| answer.extensions().get::<Elsewhere>().is_none());
        let (head, body) = answer.into_parts();
        match (kept, body) {
            (Some(kept), Handed::Stream(body)) => match read(body).await? {
                Read::Whole(bytes) => Ok(serve(request, &self.keep(kept, bytes), Duration::ZERO)),
                Read::Longer(body) => {
                    self.pass();
                    Ok(Response::from_parts(head, Handed::Stream(body)))
                }
            },
            (_, body) => {
                self.pass();
                if is_known(&request.headers, status, &head.headers) {
                    return Ok(unchanged(&head.headers).map(|()| Handed::Nothing));
                }
                Ok(Response::from_parts(head, body))
            }
        }
    }

    fn still_good(&self, request: &Relay, stale: &Kept, news: &HeaderMap, when: When) -> Response<Handed> {
        let renewed = stale
            .head
            .renewed(self.rule, &self.asked, (self.headers, news), when);
        if let Some(head) = renewed {
            return serve(request, &self.keep(head, stale.body.clone()), Duration::ZERO);
        }
        let mut once = stale.head.clone();
        once.headers = stale.head.updated(news);
        let once = Kept {
            head: once,
            body: stale.body.clone(),
            whose: self.whose.clone(),
        };
        serve(request, &once, Duration::ZERO)
    }
}

/// An answer of a certain age, or that whoever asks has it already.
fn serve(request: &Relay, kept: &Kept, age: Duration) -> Response<Handed> {
    let answer = aged(&kept.head, age);
    if is_known(&request.headers, kept.head.status, answer.headers()) {
        return unchanged(answer.headers()).map(|()| Handed::Nothing);
    }
    if request.method != Method::Head {
        return answer.map(|()| Handed::Whole(kept.body.clone()));
    }
    let mut answer = answer.map(|()| Handed::Nothing);
    answer
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(kept.body.len()));
    answer
}

/// Reads a body, as far as it may be kept.
async fn read(mut body: Box<Relayed>) -> Result<Read, Unrelayed> {
    let (mut pieces, mut length) = (Vec::<Bytes>::new(), 0_usize);
    let too_long = |length: usize| length > ANSWER_BYTES_MAX;
    let hint = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if too_long(hint) {
        return Ok(Read::Longer(body));
    }
    while let Some(frame) = body.frame().await {
        let broke = |why| Failure::Unavailable(format!("the answer broke off: {why}"));
        // Trailers say nothing that is kept.
        let Ok(piece) = frame.map_err(broke)?.into_data() else {
            continue;
        };
        length = length.saturating_add(piece.len());
        pieces.push(piece);
        if too_long(length) {
            return Ok(Read::Longer(Box::new(body.behind(pieces.concat().into()))));
        }
    }
    Ok(Read::Whole(match pieces.as_slice() {
        [only] => only.clone(),
        _ => pieces.concat().into(),
    }))
}
