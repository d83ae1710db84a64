//! Who of several operators works: whoever holds a `Lease` of the cluster.
//!
//! 1. `acquire`: wait until it is ours
//! 2. `hold`: renew it, until it is lost
//! 3. `release`: give it up, so that the next one need not wait

use crate::{
    decide::lease::{self, Held, Step},
    error::Error,
    standing::{Moment, Standing},
};
use jiff::Timestamp;
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::{Api, Client, api::PostParams, core::ObjectMeta};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, error::Elapsed, sleep, timeout, timeout_at};

/// How it is found out who works.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Who this is; no two operators may have the same.
    pub identity: String,
    /// The namespace of the lease.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// For how long it holds without a renewal.
    pub term: Duration,
    /// For how long whoever holds it goes on without one. It is shorter, so that nobody works when another one begins.
    pub deadline: Duration,
    /// How often it is looked at and renewed.
    pub every: Duration,
}

impl Terms {
    /// A lease of 15 s, renewed every 2 s, given up after 10 s without a renewal.
    #[must_use]
    pub fn new(identity: String, namespace: String) -> Self {
        Self {
            identity,
            namespace,
            name: "flowmesh-operator".to_owned(),
            term: Duration::from_secs(15),
            deadline: Duration::from_secs(10),
            every: Duration::from_secs(2),
        }
    }
}

/// One who would work.
pub(crate) struct Elector {
    api: Api<Lease>,
    terms: Terms,
    standing: Arc<Standing>,
    /// What was seen last, and since when.
    seen: Option<Held>,
    since: Instant,
    /// When it was renewed for sure.
    renewed: Instant,
}

impl Elector {
    pub(crate) fn new(client: Client, terms: Terms, standing: Arc<Standing>) -> Self {
        Self {
            api: Api::namespaced(client, &terms.namespace),
            terms,
            standing,
            seen: None,
            since: Instant::now(),
            renewed: Instant::now(),
        }
    }

    /// Waits until the lease is ours.
    pub(crate) async fn acquire(&mut self) {
        loop {
            let end = Instant::now() + self.terms.deadline;
            match self.attempt_until(end).await {
                Ok(Ok(true)) => {
                    tracing::info!(identity = %self.terms.identity, "this one works");
                    return;
                }
                Ok(Ok(false)) => {}
                Ok(Err(error)) if error.is_conflict() => {}
                Ok(Err(error)) => tracing::warn!(%error, "the lease cannot be had"),
                Err(_) => tracing::warn!("the cluster does not answer about the lease"),
            }
            sleep(self.terms.every).await;
        }
    }

    /// Renews the lease until it is lost. Nothing is written from then on.
    pub(crate) async fn hold(&mut self) {
        self.renew().await;
        self.standing.lost();
    }

    async fn renew(&mut self) {
        loop {
            let end = self.renewed + self.terms.deadline;
            if timeout_at(end, sleep(self.terms.every)).await.is_err() {
                return;
            }
            match self.attempt_until(end).await {
                Ok(Ok(true)) => {}
                // Another one has it.
                Ok(Ok(false)) => return,
                Ok(Err(error)) => tracing::warn!(%error, "the lease is not renewed"),
                Err(_) => return,
            }
        }
    }

    /// One attempt in time. That it is ours is known of the moment before it was asked for.
    async fn attempt_until(&mut self, end: Instant) -> Result<Result<bool, Error>, Elapsed> {
        let (began, moment) = (Instant::now(), Moment::now());
        let done = timeout_at(end, self.attempt()).await;
        self.standing.looked(Moment::now(), matches!(done, Ok(Ok(_))));
        if matches!(done, Ok(Ok(true))) {
            self.renewed = began;
            self.standing.renewed(moment);
        }
        done
    }

    /// Gives it up. Nothing is written from then on.
    pub(crate) async fn release(&mut self) {
        self.standing.lost();
        match timeout(self.terms.deadline, self.give_up()).await {
            Ok(Ok(())) => {}
            _ => tracing::warn!("the lease is not given up: the next one waits for its end"),
        }
    }

    async fn give_up(&mut self) -> Result<(), Error> {
        loop {
            // A renewal may have been on its way when we stopped: what was seen last is not what is there.
            let live = self.api.get_opt(&self.terms.name).await?;
            self.notice(live.as_ref());
            let Some(held) = self.seen.clone() else {
                return Ok(());
            };
            if held.holder != self.terms.identity {
                return Ok(());
            }
            let nobody = self.lease(&held.version, String::new(), held.transitions);
            let given = self
                .api
                .replace(&self.terms.name, &PostParams::default(), &nobody)
                .await;
            match given.map_err(Error::from) {
                Err(error) if error.is_conflict() => {}
                other => return other.map(drop),
            }
        }
    }

    /// Looks at the lease and does what is to be done; whether it is ours.
    async fn attempt(&mut self) -> Result<bool, Error> {
        let live = self.api.get_opt(&self.terms.name).await?;
        self.notice(live.as_ref());
        let held = self.seen.as_ref();
        let step = lease::step(&self.terms.identity, held, self.since.elapsed());
        let transitions = lease::transitions(step, held);
        let version = held.map(|held| held.version.clone()).unwrap_or_default();
        let ours = self.lease(&version, self.terms.identity.clone(), transitions);
        let written = match step {
            Step::Wait => return Ok(false),
            Step::Make => self.api.create(&PostParams::default(), &ours).await?,
            Step::Take | Step::Renew => {
                self.api
                    .replace(&self.terms.name, &PostParams::default(), &ours)
                    .await?
            }
        };
        self.notice(Some(&written));
        Ok(true)
    }

    fn notice(&mut self, lease: Option<&Lease>) {
        let held = lease.map(|lease| held(lease, self.terms.term));
        let version = |held: &Option<Held>| held.as_ref().map(|held| held.version.clone());
        if version(&self.seen) != version(&held) {
            self.since = Instant::now();
        }
        self.seen = held;
    }

    fn lease(&self, version: &str, holder: String, transitions: i32) -> Lease {
        let now = Timestamp::now();
        let version = Some(version.to_owned()).filter(|version| !version.is_empty());
        let same = self.seen.as_ref().filter(|held| held.holder == holder);
        // What is renewed without it would lose it.
        let since = same.and_then(|held| held.since).unwrap_or(now);
        Lease {
            metadata: ObjectMeta {
                name: Some(self.terms.name.clone()),
                namespace: Some(self.terms.namespace.clone()),
                resource_version: version,
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec {
                holder_identity: Some(holder),
                lease_duration_seconds: i32::try_from(self.terms.term.as_secs()).ok(),
                lease_transitions: Some(transitions),
                acquire_time: Some(MicroTime(since)),
                renew_time: Some(MicroTime(now)),
                ..LeaseSpec::default()
            }),
        }
    }
}

/// What a lease says. One that does not say for how long is good as long as ours.
fn held(lease: &Lease, usual: Duration) -> Held {
    let spec = lease.spec.clone().unwrap_or_default();
    let seconds = spec
        .lease_duration_seconds
        .and_then(|seconds| u64::try_from(seconds).ok())
        .filter(|seconds| *seconds > 0);
    Held {
        holder: spec.holder_identity.unwrap_or_default(),
        term: seconds.map_or(usual, Duration::from_secs),
        transitions: spec.lease_transitions.unwrap_or_default(),
        version: lease.metadata.resource_version.clone().unwrap_or_default(),
        since: spec.acquire_time.map(|time| time.0),
    }
}

#[cfg(test)]
mod tests {
    use super::held;
    use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
    use std::time::Duration;

    #[test]
    fn a_lease_that_does_not_say_for_how_long_is_not_free_at_once() {
        let usual = Duration::from_secs(15);
        let says = |seconds: Option<i32>| {
            let spec = LeaseSpec {
                holder_identity: Some("b".to_owned()),
                lease_duration_seconds: seconds,
                ..LeaseSpec::default()
            };
            let lease = Lease {
                spec: Some(spec),
                ..Lease::default()
            };
            held(&lease, usual).term
        };
        assert_eq!(says(Some(30)), Duration::from_secs(30));
        for nothing in [None, Some(0), Some(-1)] {
            assert_eq!(says(nothing), usual);
        }
    }
}
