//! Asks the endpoints of a subset how they are, as long as the subset lives.
//!
//! Each question goes over a connection of its own, so that an endpoint which takes no more connections is found; one of
//! gRPC goes over the connection of its calls. It does not show who we are, and counts neither as load nor as latency.

use super::{
    body::Outgoing,
    connection::Sent,
    endpoint::Endpoint,
    grpc,
    request::{self, AGENT},
    subset::Subset,
};
use crate::{
    decide::{
        chance,
        health::{Health, Thresholds, first, is_good, next},
    },
    mesh::Limits,
};
use bytes::Bytes;
use flowmesh_ir::traffic;
use http::{
    HeaderValue,
    header::{CONNECTION, HOST, USER_AGENT},
};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::Instant,
};

/// How the endpoints of a service are asked.
pub(crate) struct Check {
    setting: traffic::Health,
    /// Whether it goes by HTTP/2: many servers of gRPC speak nothing else.
    http2: bool,
    limits: Limits,
    chance: chance::Source,
}

impl Check {
    /// As a policy says.
    pub(crate) fn new(setting: traffic::Health, http2: bool, limits: Limits, seed: u64) -> Self {
        Self {
            setting,
            http2,
            limits,
            chance: chance::Source::new(seed),
        }
    }

    /// Asks once; why the endpoint is not well, where it is not.
    async fn ask(&self, endpoint: &Endpoint) -> Result<(), String> {
        let timeout = Duration::from_millis(self.setting.timeout_ms);
        match tokio::time::timeout(timeout, self.status(endpoint)).await {
            Ok(Ok(status)) if is_good(status) => Ok(()),
            Ok(Ok(status)) => Err(format!("it answered with status {status}")),
            Ok(Err(why)) => Err(why),
            Err(_) => Err(format!("it did not answer within {timeout:?}")),
        }
    }

    async fn status(&self, endpoint: &Endpoint) -> Result<u16, String> {
        let question = self.question(endpoint)?;
        if self.http2 {
            return grpc::status_of(endpoint, question, &self.limits).await;
        }
        let mut connection = endpoint.connect(&self.limits).await?;
        let answer = connection.send(question).await;
        let answer = answer.map_err(|_| "the connection broke before an answer came".to_owned())?;
        Ok(answer.status().as_u16())
    }

    fn question(&self, endpoint: &Endpoint) -> Result<Sent, String> {
        let mut sent = Sent::new(Outgoing::whole(Bytes::new()));
        *sent.method_mut() = request::method(self.setting.method);
        *sent.uri_mut() = request::uri(&endpoint.base, &self.setting.path)?;
        let headers = sent.headers_mut();
        headers.insert(USER_AGENT, AGENT);
        if !self.http2 {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(host) = &endpoint.host {
            headers.insert(HOST, host.clone());
        }
        Ok(sent)
    }

    fn thresholds(&self) -> Thresholds {
        Thresholds {
            unhealthy: self.setting.unhealthy,
            healthy: self.setting.healthy,
        }
    }
}

/// Asks all endpoints of a subset, those that come and not those that went.
pub(crate) async fn watch(subset: Weak<Subset>, check: Arc<Check>, mut news: watch::Receiver<()>) {
    let mut asked: Vec<(Arc<Endpoint>, AbortHandle)> = Vec::new();
    // Ends with this task, and all that is in it.
    let mut asking = JoinSet::new();
    loop {
        let Some(snapshot) = subset.upgrade().map(|subset| subset.snapshot()) else {
            return;
        };
        asked.retain(|(endpoint, task)| {
            let stays = snapshot.position(endpoint).is_some();
            if !stays {
                task.abort();
            }
            stays
        });
        for member in &snapshot.members {
            let endpoint = &member.endpoint;
            if !asked.iter().any(|(known, _)| Arc::ptr_eq(known, endpoint)) {
                let task = asking.spawn(keep_asking(endpoint.clone(), check.clone()));
                asked.push((endpoint.clone(), task));
            }
        }
        drop(snapshot);
        while asking.try_join_next().is_some() {}
        if news.changed().await.is_err() {
            return;
        }
    }
}

async fn keep_asking(endpoint: Arc<Endpoint>, check: Arc<Check>) {
    let every = Duration::from_millis(check.setting.every_ms);
    let mut health = Health::default();
    let mut due = Instant::now() + first(every, &mut || check.chance.draw());
    loop {
        tokio::time::sleep_until(due).await;
        due = Instant::now() + next(every, &mut || check.chance.draw());
        let answer = check.ask(&endpoint).await;
        let before = health.is_well();
        health = health.heard(answer.is_ok(), check.thresholds());
        endpoint.believe(health);
        match (before, health.is_well(), answer) {
            (true, false, Err(why)) => {
                tracing::warn!(endpoint = %endpoint.label, %why, "an endpoint is not well; it is left alone");
            }
            (false, true, _) => tracing::info!(endpoint = %endpoint.label, "an endpoint is well again"),
            _ => {}
        }
    }
}
