//! The calls of flows.

use super::{ANSWER_BYTES_MAX, Seeking, Sought, place, whose};
use crate::{
    call::{Mesh, Names, of_reply, view},
    decide::cache::{Asked, Head, When},
    mesh::Kept,
    observe::Observer,
    wire::request,
};
use bytes::Bytes;
use flowmesh_ir::{
    SubsetId,
    call::{Failure, Reply, Request, Wire},
    service::{Method, Operation, Service},
    trace::TraceContext,
    traffic::Cache,
};
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use std::{fmt::Write, sync::Arc, time::Duration};
use tracing::Instrument;

impl Mesh {
    /// What the policy of a call says about answers that are kept; `None` where none can be: it changes something, or
    /// holds what is secret.
    pub(in crate::call) fn cache_of(&self, request: &Request) -> Option<&Cache> {
        let rule = self.cache(request.policy)?;
        let reads = request.method == Method::Get && request.wire == Wire::Http;
        (reads && request.body.is_empty() && request.sealed.is_none()).then_some(rule)
    }

    /// Answers a call by what is kept, or by asking.
    pub(in crate::call) async fn call_kept(
        &self,
        request: &Request,
        (service, operation): (&Service, &Operation),
        rule: &Cache,
        (trace, observer): (TraceContext, &dyn Observer),
    ) -> Reply {
        let asking = Asking {
            mesh: self,
            request,
            service,
            operation,
            trace,
            observer,
        };
        let headers = headers(request);
        let chosen = self.services.get(request.service.index());
        let chosen = chosen.and_then(|at_run| self.route(&view(request, service), service, at_run));
        let (Some(headers), Some(chosen)) = (headers, chosen) else {
            return asking.plain().await;
        };
        let Some(asked) = Asked::of(request.method, &headers) else {
            return asking.plain().await;
        };
        let policy = self.program.policy(request.policy);
        let attempt_ms = policy.map_or(0, |policy| policy.timeout.attempt_ms);
        let seeking = Seeking {
            mesh: self,
            rule,
            place: place(request.service, &request.address.join("\n"), &request.path),
            whose: of(request, chosen),
            // Who a flow is the service is shown by `auth`, which is the same for all.
            asked: Asked {
                is_personal: false,
                ..asked
            },
            headers: &headers,
            patience: Duration::from_millis(attempt_ms),
        };
        match seeking.seek().await {
            Sought::There(kept, _) => reply(&kept),
            Sought::Nothing => Reply::Failed(Failure::Unavailable(
                "no answer is kept, and the request wants no other".to_owned(),
            )),
            Sought::Pass => asking.plain().await,
            Sought::Ask(_lead, stale) => seeking.ask_for_call(&asking, chosen, stale).await,
        }
    }
}

/// A call that is about to be made.
struct Asking<'a> {
    mesh: &'a Mesh,
    request: &'a Request,
    service: &'a Service,
    operation: &'a Operation,
    trace: TraceContext,
    observer: &'a dyn Observer,
}

impl Asking<'_> {
    async fn plain(&self) -> Reply {
        self.go(None, None).await.0
    }

    /// Calls, and gives the headers of the answer.
    async fn go(&self, chosen: Option<SubsetId>, stale: Option<&Kept>) -> (Reply, Option<HeaderMap>) {
        let names = Names {
            service: &self.service.name,
            operation: &self.operation.name,
        };
        let admitted = self
            .mesh
            .admit(self.request, self.service, (names, chosen), self.trace)
            .await;
        let (mut call, permits) = match admitted {
            Ok(admitted) => admitted,
            Err(reply) => return (reply, None),
        };
        call.wants_head = true;
        call.asker = self.observer.asker();
        for validator in stale.iter().flat_map(|stale| stale.head.validators()) {
            call.template.insert(validator);
        }
        call.copy_where_wanted(self.service);
        let run = call.run(&self.operation.on, self.observer);
        let (reply, head) = run.instrument(call.span.clone()).await;
        self.mesh.heard(&permits, of_reply(&reply));
        (reply, head)
    }
}

impl Seeking<'_> {
    async fn ask_for_call(&self, asking: &Asking<'_>, chosen: SubsetId, stale: Option<Arc<Kept>>) -> Reply {
        let sent = self.mesh.clock.now();
        let (answer, head) = asking.go(Some(chosen), stale.as_deref()).await;
        let (Reply::Answer { status, body }, Some(headers)) = (&answer, head) else {
            return answer;
        };
        let when = When {
            sent,
            came: self.mesh.clock.now(),
            wall: Timestamp::now(),
        };
        if let (304, Some(stale)) = (status, &stale) {
            let renewed = stale
                .head
                .renewed(self.rule, &self.asked, (self.headers, &headers), when);
            if let Some(head) = renewed {
                self.keep(head, stale.body.clone());
            }
            return reply(stale);
        }
        let kept = Head::new(self.rule, &self.asked, self.headers, (*status, headers), when);
        match kept.filter(|_| body.len() <= ANSWER_BYTES_MAX) {
            Some(head) => drop(self.keep(head, Bytes::from_owner(body.clone()))),
            None => self.pass(),
        }
        answer
    }
}

fn reply(kept: &Kept) -> Reply {
    Reply::Answer {
        status: kept.head.status,
        body: Arc::from(kept.body.as_ref()),
    }
}

/// The headers of the operation; `None` where one cannot be sent.
fn headers(request: &Request) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for (name, value) in &request.headers {
        headers.append(request::name(name).ok()?, HeaderValue::from_str(value).ok()?);
    }
    Some(headers)
}

/// For whom an answer is: what the flow says in headers, whatever the service says that its answers differ by.
fn of(request: &Request, chosen: SubsetId) -> Arc<str> {
    let mut text = whose(request.policy, chosen);
    for (name, value) in &request.headers {
        // Writing into a text does not fail.
        let _ = write!(text, "\n{name}: {value}");
    }
    text.into()
}
