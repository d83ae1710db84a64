//! One attempt at handing a request on: an endpoint is picked, the request goes out, and the head of an answer comes.

use super::{
    Relaying, SILENCE_MAX,
    handed::{Kept, Unrelayed, Went},
    message::within,
};
use crate::{
    call::{hedge::Beside, pick::Picked},
    decide::{breaker::is_failure, outcome::Outcome},
    wire::{
        body::{Fate, Outgoing, Upload},
        endpoint::Endpoint,
        exchange::{Progress, asked_to_wait, send},
        relayed::{Home, Relayed},
    },
};
use http::Response;
use std::{pin::pin, sync::Arc, time::Duration};

impl Relaying<'_> {
    /// One attempt at the place at hand, within its time.
    pub(super) async fn attempt(
        &self,
        number: u32,
        timeout: Duration,
        at: (Option<&Arc<Endpoint>>, Option<&Beside>),
        body: &mut Kept,
    ) -> Result<Went, Unrelayed> {
        let mut progress = Progress::default();
        let mut picked = None;
        let upload = matches!(body, Kept::Stream(..)).then(Arc::<Upload>::default);
        let body = (body, upload.as_ref());
        let sent = {
            let mut sending = pin!(self.send((number, timeout), at, body, &mut picked, &mut progress));
            within(timeout, upload.as_deref(), sending.as_mut()).await
        };
        let (endpoint, pass) = picked.unzip();
        let fate = upload.map(|upload| upload.seen().fate);
        // What the visitor did is not held against the endpoint.
        match (fate.unwrap_or_default(), &sent) {
            (_, Some(Ok(_))) | (Fate::Unasked | Fate::Whole, _) => {}
            (Fate::TooLong, _) => return Err(Unrelayed::TooLong),
            (Fate::Broken, _) => return Err(Unrelayed::Broken),
            (Fate::Awaited, None) => return Err(Unrelayed::Slow),
            (Fate::Awaited, Some(Err(_))) => {}
        }
        let late = || Err(self.way().timed_out(progress.stage, endpoint.as_ref(), timeout));
        let sent = sent.unwrap_or_else(late);
        let (outcome, answer) = match sent {
            Ok(answer) => {
                self.service.shown.answered(answer.status().as_u16());
                let outcome = Outcome::Answer {
                    status: answer.status().as_u16(),
                    body: Arc::default(),
                    retry_after: asked_to_wait(answer.headers()),
                };
                (outcome, Some(answer))
            }
            Err(outcome) => (outcome, None),
        };
        let clock = self.mesh.clock;
        let ended = progress
            .heard
            .map_or_else(|| clock.now(), |heard| clock.at(heard));
        if let Some(endpoint) = &endpoint {
            self.way().ended(endpoint, &outcome, (progress.first_byte, ended));
        }
        self.way()
            .passed(pass.flatten(), progress.stage, is_failure(&outcome));
        Ok(Went {
            outcome,
            answer,
            endpoint,
            detour: None,
            ended,
        })
    }

    async fn send(
        &self,
        (number, timeout): (u32, Duration),
        (avoid, beside): (Option<&Arc<Endpoint>>, Option<&Beside>),
        (body, upload): (&mut Kept, Option<&Arc<Upload>>),
        picked: &mut Option<Picked>,
        progress: &mut Progress,
    ) -> Result<Response<Box<Relayed>>, Outcome> {
        let way = self.way();
        way.trouble(progress).await?;
        let found = self.subset.endpoints(&self.mesh.resolver).await;
        let none = |why| Outcome::Unsent(format!("no endpoint of service `{}`: {why}", self.name));
        let snapshot = found.map_err(none)?;
        let (endpoint, _) = &*picked.insert(way.pick(&snapshot, avoid).map_err(Outcome::Unsent)?);
        if let Some(beside) = beside {
            beside.went(endpoint);
        }
        let under_way = endpoint.under_way();
        let body = match std::mem::replace(body, Kept::Gone) {
            Kept::Whole(bytes) => {
                *body = Kept::Whole(bytes.clone());
                Outgoing::whole(bytes)
            }
            Kept::Stream(stream, tee) => Outgoing::stream(
                stream,
                self.request.body_bytes,
                upload.cloned().unwrap_or_default(),
                tee,
            ),
            Kept::Gone => return Err(Outcome::Broken("its body was sent and not kept".to_owned())),
        };
        let trace = self.request.trace.child(u64::from(number));
        let sent = self
            .message(endpoint, body, trace, timeout)
            .map_err(Outcome::Unsent)?;
        let idle = Duration::from_millis(self.policy.timeout.idle_ms);
        let limits = &self.mesh.limits;
        let (answer, connection) = match self.grpc {
            true => {
                let relaying = Box::pin(endpoint.channel.relay(endpoint, sent, limits, progress));
                (relaying.await?, None)
            }
            false => {
                let (answer, connection) = send(endpoint, sent, idle, limits, progress).await?;
                (answer, Some(connection))
            }
        };
        let home = Home {
            _under_way: under_way,
            endpoint: endpoint.clone(),
            most: limits.idle_connections,
            idle,
            silence: SILENCE_MAX,
        };
        Ok(answer.map(|body| Box::new(Relayed::new(body, connection, home))))
    }
}
