//! A request after which the connection is used for another protocol.

use super::{Mesh, Relay};
use crate::{
    call::{failover::Goes, limit::Permits},
    decide::{breaker::is_failure, outcome::Outcome},
    observe::{AttemptReport, Next, Observer},
    tls::client::Version,
    wire::{body::Outgoing, endpoint::Endpoint, exchange::Stage},
};
use bytes::Bytes;
use flowmesh_ir::call::Failure;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONNECTION, UPGRADE},
};
use hyper::{body::Incoming, client::conn::http1, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use std::time::Duration;

/// What a service says to who wants another protocol.
pub(crate) struct Joined {
    pub(crate) answer: Response<Incoming>,
    /// The connection, where the service agrees.
    pub(crate) service: Option<OnUpgrade>,
    /// What was let through.
    pub(crate) permits: Permits,
}

impl Mesh {
    /// Asks a service for a protocol: one attempt, on a connection of its own.
    pub(crate) async fn upgrade(
        &self,
        request: &Relay,
        protocol: &str,
        observer: &dyn Observer,
    ) -> Result<Joined, Failure> {
        let relaying = self.relaying(request, true).await?;
        let timeout = Duration::from_millis(relaying.policy.timeout.attempt_ms);
        let relay = relaying.elsewhere().map(|to| (to, relaying.relay_to(to)));
        let goes = match &relay {
            None => Goes::Here(None),
            Some((to, relay)) => Box::pin(relaying.goes(*to, relay.as_ref(), timeout)).await,
        };
        let (to, detour) = relaying.where_to(&goes);
        let unavailable =
            |why: &str| Failure::Unavailable(format!("no endpoint of service `{}`: {why}", to.name));
        observer.started(1);
        let began = self.clock.now();
        let asking = async {
            let snapshot = to.subset.endpoints(&self.resolver).await;
            let snapshot = snapshot.map_err(|why| unavailable(&why))?;
            let picked = to.way().pick(&snapshot, None);
            let (endpoint, pass) = picked.map_err(Failure::Unavailable)?;
            let body = Outgoing::whole(Bytes::new());
            let sent = to.message(&endpoint, body, request.trace.child(1), timeout);
            let mut sent = sent.map_err(Failure::Unavailable)?;
            let protocol =
                HeaderValue::from_str(protocol).map_err(|why| Failure::Unavailable(why.to_string()))?;
            sent.headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("upgrade"));
            sent.headers_mut().insert(UPGRADE, protocol);
            let answered = self.ask(&endpoint, sent).await;
            let outcome = match &answered {
                Ok(answer) => Outcome::Answer {
                    status: answer.status().as_u16(),
                    body: std::sync::Arc::default(),
                    retry_after: None,
                },
                Err(why) => Outcome::Broken(why.clone()),
            };
            let took = self.clock.now().saturating_sub(began);
            to.way().passed(pass, Stage::Waiting, is_failure(&outcome));
            endpoint.record(self.clock.now(), &outcome, answered.is_ok().then_some(took));
            observer.ended(&AttemptReport {
                attempt: 1,
                subset: to.subset.name.as_str(),
                endpoint: Some(&endpoint.label),
                zone: endpoint.zone(),
                detour,
                outcome: &outcome,
                took,
                next: Next::End(crate::Why::Answered),
            });
            answered.map_err(Failure::Unavailable)
        };
        let late = || Failure::Timeout(format!("service `{}` did not answer within {timeout:?}", to.name));
        let mut answer = tokio::time::timeout(timeout, asking)
            .await
            .map_err(|_| late())??;
        let agreed = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
        let service = agreed.then(|| hyper::upgrade::on(&mut answer));
        Ok(Joined {
            answer,
            service,
            permits: relaying.permits,
        })
    }

    async fn ask(
        &self,
        endpoint: &Endpoint,
        request: http::Request<Outgoing>,
    ) -> Result<Response<Incoming>, String> {
        let stream = endpoint.stream(&self.limits, Version::One).await?;
        let broke = |why: hyper::Error| format!("the connection to {} broke: {why}", endpoint.label);
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(self.limits.header_bytes.max(8 * 1024))
            .max_headers(self.limits.headers)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(broke)?;
        // Ends by itself when either side closes it.
        tokio::spawn(async move { drop(connection.with_upgrades().await) });
        sender.send_request(request).await.map_err(broke)
    }
}
