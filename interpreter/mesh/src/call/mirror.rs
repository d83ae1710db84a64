//! Copies of requests: fired and forgotten. A copy takes no turn of a limit and has bounds of its own, goes out once, and
//! whatever becomes of it is only counted; the request that it is of neither waits for it nor hears of it.

use super::{Call, Mesh, pick::Way, relay::Relaying};
use crate::{
    decide::{breaker::is_failure, mirror::is_copied, outcome::Outcome, route::RequestView},
    unseal::Unsealed,
    wire::{
        body::Tee,
        endpoint::Endpoint,
        exchange::{self, Progress},
        gates::Pass,
        request::{Credential, Template},
        subset::Subset,
    },
};
use bytes::Bytes;
use flowmesh_ir::{
    Name, PolicyId, ServiceId, SubsetId,
    call::Wire,
    policy::Policy,
    service::{EffectKind, Service},
    trace::TraceContext,
    traffic::{Mirror, Onward},
};
use http::{HeaderName, HeaderValue};
use std::{sync::Arc, time::Duration};

/// The longest body that is copied while it is handed on, in bytes.
const COPIED_BYTES_MAX: usize = 64 * 1024;

/// Says to whoever gets a copy that it is one.
const MARK: Credential = (
    HeaderName::from_static("x-flowmesh-mirror"),
    HeaderValue::from_static("true"),
);

/// A copy of a request.
pub(super) struct Copy {
    mesh: Mesh,
    /// Whose request it is.
    of: ServiceId,
    place: Place,
    template: Template,
    protocol: Protocol,
    hash: Option<u64>,
    trace: TraceContext,
}

/// Where a copy goes, or a request that goes elsewhere.
pub(super) struct Place {
    pub(super) service: ServiceId,
    pub(super) policy: PolicyId,
    pub(super) chosen: SubsetId,
    pub(super) subset: Arc<Subset>,
}

/// How a copy is spoken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http,
    /// A call by gRPC, which lacks the headers of gRPC.
    GrpcCall,
    /// A request of gRPC as it came.
    Grpc,
}

impl Mesh {
    /// Whether a request is copied, by chance too.
    fn copied_to(&self, policy: &Policy, chosen: SubsetId, effect: EffectKind) -> Option<Mirror> {
        let mirror = policy.mirror?;
        is_copied(&mirror, chosen, effect, &mut || self.chance.draw()).then_some(mirror)
    }

    /// What a subset of a service stands for, or another service.
    pub(super) fn place(
        &self,
        to: Onward,
        (service, policy): (ServiceId, PolicyId),
        given: &[String],
        view: &RequestView<'_>,
    ) -> Option<Place> {
        let (service, policy, chosen, given) = match to {
            Onward::Subset(subset) => (service, policy, subset, given),
            Onward::Service(other) => {
                let declared = self.program.service(other)?;
                let view = RequestView {
                    host: &declared.name,
                    ..view.clone()
                };
                let chosen = self.route(&view, declared, self.services.get(other.index())?)?;
                (other, declared.policy, chosen, &[][..])
            }
        };
        let places = self.services.get(service.index())?.subsets.get(chosen.index())?;
        Some(Place {
            service,
            policy,
            chosen,
            subset: places.of(given).ok()?,
        })
    }

    /// What a policy of a service calls where else its requests go.
    pub(super) fn name_of(&self, service: ServiceId, to: Onward) -> Name {
        let subset = |chosen: SubsetId| {
            let subsets = &self.program.service(service)?.subsets;
            Some(subsets.get(chosen.index())?.name.clone())
        };
        let name = match to {
            Onward::Subset(chosen) => subset(chosen),
            Onward::Service(other) => self.program.service(other).map(|other| other.name.clone()),
        };
        name.unwrap_or_default()
    }

    /// The headers that a policy adds.
    pub(super) fn usual(&self, policy: PolicyId) -> &[Credential] {
        self.headers.get(policy.index()).map_or(&[][..], Vec::as_slice)
    }
}

impl Call<'_> {
    /// Sends a copy, where the policy wants one.
    pub(super) fn copy_where_wanted(&self, declared: &Service) {
        if self.policy.mirror.is_some() {
            self.copy(&super::view(self.request, declared));
        }
    }

    fn copy(&self, view: &RequestView<'_>) {
        let effect = self.request.effect;
        let Some(mirror) = self.mesh.copied_to(self.policy, self.chosen, effect) else {
            return;
        };
        match self.copied(mirror, view) {
            Some(copy) => copy.go(),
            None => self.service.copies.leave_out(),
        }
    }

    fn copied(&self, mirror: Mirror, view: &RequestView<'_>) -> Option<Copy> {
        let (mesh, request) = (self.mesh, self.request);
        let whose = (request.service, request.policy);
        let place = mesh.place(mirror.to, whose, &request.address, view)?;
        let mut template = match mirror.to {
            Onward::Subset(_) => self.template.clone(),
            // What is secret between the flow and the one service is none of the other's business.
            Onward::Service(_) if request.sealed.is_some() => return None,
            Onward::Service(other) if !self.may_go_to(other) => return None,
            Onward::Service(_) => self.template_for(&place, &None).ok()?,
        };
        template.insert(MARK);
        Some(Copy {
            mesh: mesh.clone(),
            of: request.service,
            place,
            template,
            protocol: match self.method {
                Some(_) => Protocol::GrpcCall,
                None => Protocol::Http,
            },
            hash: self.hash,
            trace: self.trace,
        })
    }

    /// The request as another service would be sent it.
    pub(super) fn template_for(
        &self,
        place: &Place,
        credential: &Option<Credential>,
    ) -> Result<Template, String> {
        let usual = self.mesh.usual(place.policy);
        let told = (Unsealed::default(), self.mesh.forms(place.policy));
        let mut template = Template::new(self.request, usual, told, credential)?;
        match &self.request.wire {
            Wire::Grpc { path, .. } => template.call(path, self.template.body().to_vec())?,
            Wire::Stream(cursor) => template.ask_for_stream(cursor.as_deref())?,
            _ => {}
        }
        let policy = self.mesh.program.policy(place.policy);
        if let Some(rewrite) = policy.and_then(|policy| policy.rewrite.as_ref()) {
            template.rewrite(rewrite)?;
        }
        Ok(template)
    }
}

impl Relaying<'_> {
    /// A copy without its body, where the policy wants one.
    pub(super) fn copy(&self, effect: EffectKind) -> Option<Copy> {
        let mirror = self.mesh.copied_to(self.policy, self.chosen, effect)?;
        let copy = self.copied(mirror);
        if copy.is_none() {
            self.service.copies.leave_out();
        }
        copy
    }

    fn copied(&self, mirror: Mirror) -> Option<Copy> {
        let (mesh, request) = (self.mesh, self.request);
        let declared = match mirror.to {
            Onward::Service(other) if !request.onward.contains(&other) => return None,
            Onward::Service(other) => mesh.program.service(other)?,
            Onward::Subset(_) => mesh.program.service(request.service)?,
        };
        let headers = super::relay::headers(declared, self.policy, request);
        let view = request.view(&declared.name, &headers);
        let place = mesh.place(mirror.to, (request.service, self.id), &[], &view)?;
        let mut template = Template::of(
            request.method,
            request.target.clone(),
            request.host.clone(),
            (request.headers.clone(), mesh.forms(place.policy)),
        );
        for usual in mesh.usual(place.policy) {
            template.insert(usual.clone());
        }
        template.insert(MARK);
        if let Some(rewrite) = request.rewrite(mesh.program.policy(place.policy)?) {
            template.rewrite(&rewrite).ok()?;
        }
        Some(Copy {
            mesh: mesh.clone(),
            of: request.service,
            place,
            template,
            protocol: if self.grpc { Protocol::Grpc } else { Protocol::Http },
            hash: self.hash,
            trace: request.trace,
        })
    }
}

impl Copy {
    /// Sends it with this body.
    pub(super) fn with_body(mut self, body: Bytes) {
        self.template = self.template.with_body(body);
        self.go();
    }

    /// Sends it when a body has gone by, which nobody keeps back for that.
    pub(super) fn tee(self) -> Tee {
        let (mesh, of) = (self.mesh.clone(), self.of);
        Tee::new(COPIED_BYTES_MAX, move |body| {
            match (body, mesh.services.get(of.index())) {
                (Some(body), _) => self.with_body(body),
                (None, Some(service)) => service.copies.leave_out(),
                (None, None) => {}
            }
        })
    }

    fn go(self) {
        let Some(service) = self.mesh.services.get(self.of.index()) else {
            return;
        };
        let Some(room) = service.copies.enter() else {
            return;
        };
        tokio::spawn(async move {
            let _room = room;
            self.run().await;
        });
    }

    async fn run(&self) {
        let Some(policy) = self.mesh.program.policy(self.place.policy) else {
            return;
        };
        let name = self.mesh.program.service(self.place.service);
        let way = Way {
            mesh: &self.mesh,
            policy,
            subset: &self.place.subset,
            service: name.map_or("", |service| &service.name),
            hash: self.hash,
            grpc: self.protocol != Protocol::Http,
            stay: None,
        };
        let timeout = Duration::from_millis(policy.timeout.attempt_ms);
        let (mut progress, mut picked) = (Progress::default(), None);
        let sending = self.send(&way, timeout, &mut picked, &mut progress);
        let sent = tokio::time::timeout(timeout, sending).await;
        let (endpoint, pass): (Option<Arc<Endpoint>>, Option<Option<Pass>>) = picked.unzip();
        let outcome = sent.unwrap_or_else(|_| way.timed_out(progress.stage, endpoint.as_ref(), timeout));
        if let Some(endpoint) = &endpoint {
            endpoint.record(self.mesh.clock.now(), &outcome, progress.first_byte);
        }
        way.passed(pass.flatten(), progress.stage, is_failure(&outcome));
        let answered = matches!(outcome, Outcome::Answer { .. });
        if !answered {
            tracing::debug!(service = way.service, why = %outcome, "a copy of a request was not answered");
        }
        if let Some(service) = self.mesh.services.get(self.of.index()) {
            service.copies.went(answered);
        }
    }

    async fn send(
        &self,
        way: &Way<'_>,
        timeout: Duration,
        picked: &mut Option<super::pick::Picked>,
        progress: &mut Progress,
    ) -> Outcome {
        let mesh = &self.mesh;
        let snapshot = match self.place.subset.endpoints(&mesh.resolver).await {
            Ok(snapshot) => snapshot,
            Err(why) => return Outcome::Unsent(why),
        };
        let (endpoint, _) = match way.pick(&snapshot, None) {
            Ok(one) => &*picked.insert(one),
            Err(why) => return Outcome::Unsent(why),
        };
        let _under_way = endpoint.under_way();
        // Which of the attempts it is of is not known, and there may be none: number 0.
        let sent = self.template.attempt(endpoint, self.trace.child(0), timeout);
        let mut sent = match sent {
            Ok(sent) => sent,
            Err(why) => return Outcome::Unsent(why),
        };
        let shown = mesh.services.get(self.place.service.index());
        match shown.map(|service| service.shown.credential()) {
            None => {}
            Some(shown) => match shown.await {
                Ok(None) => {}
                Ok(Some((name, value))) => drop(sent.headers_mut().insert(name, value)),
                Err(why) => return Outcome::Unsent(why),
            },
        }
        let (limits, idle) = (&mesh.limits, Duration::from_millis(way.policy.timeout.idle_ms));
        let answer = match self.protocol {
            Protocol::Http => {
                return match exchange::send(endpoint, sent, idle, limits, progress).await {
                    Ok((answer, connection)) => {
                        exchange::discard(endpoint, connection, answer, idle, limits).await
                    }
                    Err(outcome) => outcome,
                };
            }
            Protocol::GrpcCall => endpoint.channel.send(endpoint, sent, limits, progress).await,
            Protocol::Grpc => endpoint.channel.relay(endpoint, sent, limits, progress).await,
        };
        match answer {
            // The stream ends when the answer is let go of.
            Ok(answer) => Outcome::Answer {
                status: answer.status().as_u16(),
                body: Arc::default(),
                retry_after: None,
            },
            Err(outcome) => outcome,
        }
    }
}
