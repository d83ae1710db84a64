//! A connection that is handed on as it is: nothing of it is read, so that an endpoint is all that is chosen.

use super::{Mesh, Relay};
use crate::{
    call::{failover::Goes, limit::Permits},
    decide::{attempts::Why, outcome::Outcome},
    observe::{AttemptReport, Next, Observer},
    wire::{
        endpoint::{Endpoint, UnderWay},
        exchange::Stage,
    },
};
use flowmesh_ir::call::Failure;
use std::{sync::Arc, time::Duration};
use tokio::net::TcpStream;

/// So many endpoints are tried: where there is no connection, nothing was said that could be said twice.
const ATTEMPTS: u32 = 3;

/// A connection to a service, and what counts for as long as it lives.
pub(crate) struct Reached {
    pub(crate) stream: TcpStream,
    pub(crate) held: (Permits, UnderWay),
}

impl Mesh {
    /// Connects to a service.
    pub(crate) async fn reach(&self, request: &Relay, observer: &dyn Observer) -> Result<Reached, Failure> {
        let relaying = self.relaying(request, true).await?;
        let total = Duration::from_millis(relaying.policy.timeout.total_ms);
        let relay = relaying.elsewhere().map(|to| (to, relaying.relay_to(to)));
        let goes = match &relay {
            None => Goes::Here(None),
            Some((to, relay)) => Box::pin(relaying.goes(*to, relay.as_ref(), total)).await,
        };
        let (to, detour) = relaying.where_to(&goes);
        let reaching = async {
            let snapshot = to.subset.endpoints(&self.resolver).await;
            let none =
                |why: String| Failure::Unavailable(format!("no endpoint of service `{}`: {why}", to.name));
            let snapshot = snapshot.map_err(none)?;
            let mut avoid: Option<Arc<Endpoint>> = None;
            let mut attempt = 1;
            loop {
                observer.started(attempt);
                let picked = to.way().pick(&snapshot, avoid.as_ref());
                let (endpoint, pass) = picked.map_err(Failure::Unavailable)?;
                let began = self.clock.now();
                let connected = endpoint.bare(&self.limits).await;
                let took = self.clock.now().saturating_sub(began);
                let failed = connected.is_err();
                to.way().passed(pass, Stage::Connecting, failed);
                let outcome = match &connected {
                    Ok(_) => Outcome::Answer {
                        status: 200,
                        body: Arc::default(),
                        retry_after: None,
                    },
                    Err(why) => Outcome::Unsent(why.clone()),
                };
                endpoint.record(self.clock.now(), &outcome, (!failed).then_some(took));
                let again = failed && attempt < ATTEMPTS && snapshot.members.len() > 1;
                observer.ended(&AttemptReport {
                    attempt,
                    subset: to.subset.name.as_str(),
                    endpoint: Some(&endpoint.label),
                    zone: endpoint.zone(),
                    detour,
                    outcome: &outcome,
                    took,
                    next: match again {
                        true => Next::Retry(Duration::ZERO),
                        false if failed => Next::End(Why::Attempts),
                        false => Next::End(Why::Answered),
                    },
                });
                match connected {
                    Ok(stream) => return Ok((stream, endpoint.under_way())),
                    Err(why) if !again => return Err(Failure::Unavailable(why)),
                    Err(_) => {
                        avoid = Some(endpoint);
                        attempt = attempt.saturating_add(1);
                    }
                }
            }
        };
        let late = || Failure::Timeout(format!("service `{}` was not reached within {total:?}", to.name));
        let (stream, under_way) = tokio::time::timeout(total, reaching)
            .await
            .map_err(|_| late())??;
        Ok(Reached {
            stream,
            held: (relaying.permits, under_way),
        })
    }
}
