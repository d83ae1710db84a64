//! The way of an attempt to an endpoint, whether it belongs to a call or to a request that is handed on: the trouble that
//! is made on purpose, an endpoint whose gate lets it through, as the balance says, and what is said at the gate after.

use crate::{
    decide::{
        balance::{self, Rule},
        breaker::{Gate, Sign, is_failure},
        chance::below,
        endpoints::Member,
        failover::{Candidate, Lack, Standing},
        fault::trouble,
        outcome::Outcome,
        sticky::Key,
    },
    mesh::Mesh,
    wire::{
        endpoint::Endpoint,
        exchange::{Progress, Stage},
        gates::Pass,
        grpc,
        snapshot::{At, Snapshot},
        subset::Subset,
    },
};
use flowmesh_ir::{
    policy::{Balance, Policy},
    traffic::{Breaker, Fault},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// What is the same for all attempts of a call.
pub(super) struct Way<'w> {
    pub(super) mesh: &'w Mesh,
    pub(super) policy: &'w Policy,
    pub(super) subset: &'w Arc<Subset>,
    /// The name of the service, for people.
    pub(super) service: &'w str,
    /// Where it stands in a table of endpoints, where its policy goes by one.
    pub(super) hash: Option<u64>,
    /// Whether it goes by gRPC.
    pub(super) grpc: bool,
    /// What names the endpoint that it stays with, and what such names are made with.
    pub(super) stay: Option<(&'w str, &'w Key)>,
}

/// An endpoint, and the way through its gate where it has one.
pub(super) type Picked = (Arc<Endpoint>, Option<Pass>);

impl Way<'_> {
    /// An endpoint, or why there is none.
    pub(super) fn pick(&self, snapshot: &Snapshot, avoid: Option<&Arc<Endpoint>>) -> Result<Picked, String> {
        let now = self.mesh.clock.now();
        if let Some(picked) = self.stay(snapshot, avoid, now) {
            return Ok(picked);
        }
        let service = self.service;
        let none = || format!("no endpoint of service `{service}`");
        let Some(breaker) = &self.policy.breaker else {
            let at = self.choose((snapshot, now), avoid, &[]).ok_or_else(none)?;
            let member = snapshot.members.get(at).ok_or_else(none)?;
            return Ok((member.endpoint.clone(), None));
        };
        let mut signs = self.signs((snapshot, now), breaker);
        while let Some(at) = self.choose_by((snapshot, now), avoid, &signs) {
            let endpoint = &snapshot.members.get(at).ok_or_else(none)?.endpoint;
            if let Some(pass) = Pass::enter(endpoint, breaker, now) {
                return Ok((endpoint.clone(), Some(pass)));
            }
            // Somebody else went through as the proof a moment ago.
            if let Some(sign) = signs.get_mut(at) {
                *sign = Sign::Shut;
            }
        }
        let endpoints = match snapshot.members.len() {
            1 => "its only endpoint".to_owned(),
            count => format!("all of its {count} endpoints"),
        };
        Err(format!(
            "the breaker of service `{service}` is open for {endpoints}"
        ))
    }

    /// The endpoint that it stays with, if that is there and well, and its gate lets it through.
    fn stay(&self, snapshot: &Snapshot, avoid: Option<&Arc<Endpoint>>, now: Duration) -> Option<Picked> {
        let (token, key) = self.stay?;
        let endpoint = snapshot.named(token, key)?;
        let avoided = avoid.is_some_and(|avoid| Arc::ptr_eq(avoid, endpoint));
        if endpoint.unwell() || avoided {
            return None;
        }
        let pass = match &self.policy.breaker {
            None => None,
            Some(breaker) => Some(Pass::enter(endpoint, breaker, now)?),
        };
        Some((endpoint.clone(), pass))
    }

    fn signs(&self, (snapshot, now): (&Snapshot, Duration), breaker: &Breaker) -> Vec<Sign> {
        let sign = |gate: &mut Gate| gate.sign(now);
        let signs = snapshot
            .members
            .iter()
            .map(|member| member.endpoint.gates.with(breaker, sign));
        signs.collect()
    }

    /// How those stand who could take it.
    pub(super) async fn standing(&self, within: Duration) -> Standing {
        let found = self.subset.endpoints(&self.mesh.resolver);
        let snapshot = match tokio::time::timeout(within, found).await {
            Ok(Ok(snapshot)) => snapshot,
            Ok(Err(why)) => return Standing::Nobody(Lack::Nowhere(why)),
            Err(_) => {
                let within = whole(within);
                return Standing::Nobody(Lack::Nowhere(format!(
                    "its addresses were not found within {within:?}"
                )));
            }
        };
        let now = self.mesh.clock.now();
        let rule = Rule {
            balance: self.policy.balance,
            weights: self.subset.weights(&self.policy.weights),
            ..Rule::default()
        };
        let offered = |member: &&Member<Endpoint>| rule.weight(member.source) > 0;
        let members = snapshot.members.iter().filter(offered);
        Standing::of(members.map(|Member { endpoint, .. }| {
            let sign = |breaker: &Breaker| endpoint.gates.with(breaker, |gate| gate.sign(now));
            Candidate {
                unwell: endpoint.unwell(),
                failing: endpoint.failing(now),
                sign: self.policy.breaker.as_ref().map(sign),
            }
        }))
    }

    /// One of those whose gates are not shut. Those that start slowly stand back as often as their share says, unless
    /// nobody else is there.
    fn choose_by(
        &self,
        (snapshot, now): (&Snapshot, Duration),
        avoid: Option<&Arc<Endpoint>>,
        signs: &[Sign],
    ) -> Option<usize> {
        let mut chance = || self.mesh.chance.draw();
        let shut: Vec<bool> = signs.iter().map(|sign| *sign == Sign::Shut).collect();
        let stands_back = |sign: &Sign| match sign {
            Sign::Come(100) | Sign::Prove => false,
            Sign::Come(share) => below(&mut chance, 100) >= *share,
            Sign::Shut => true,
        };
        let back: Vec<bool> = signs.iter().map(stands_back).collect();
        let all_back = back.iter().all(|back| *back);
        let shut = if all_back { shut } else { back };
        let at = self.choose((snapshot, now), avoid, &shut)?;
        Some(self.to_be_proven(snapshot, avoid, signs, at).unwrap_or(at))
    }

    /// One that waits to be proven well, where the balance looks at what endpoints cost: what failed last looks so
    /// expensive that nobody would ever try it. Only one that is no less wanted than the one that was chosen.
    fn to_be_proven(
        &self,
        snapshot: &Snapshot,
        avoid: Option<&Arc<Endpoint>>,
        signs: &[Sign],
        chosen: usize,
    ) -> Option<usize> {
        if !matches!(self.policy.balance, Balance::Ewma | Balance::LeastRequests) {
            return None;
        }
        let most = (snapshot.level(chosen), snapshot.members.get(chosen)?.priority);
        let signed = snapshot.members.iter().zip(signs).enumerate();
        let mut to_be_proven = signed.filter(|(at, (member, sign))| {
            let avoided = avoid.is_some_and(|avoid| Arc::ptr_eq(avoid, &member.endpoint));
            **sign == Sign::Prove && (snapshot.level(*at), member.priority) <= most && !avoided
        });
        to_be_proven.next().map(|(at, _)| at)
    }

    fn choose(
        &self,
        (snapshot, now): (&Snapshot, Duration),
        avoid: Option<&Arc<Endpoint>>,
        shut: &[bool],
    ) -> Option<usize> {
        let spot = self.hash.and_then(|hash| {
            let table = snapshot.table(self.policy.balance)?;
            Some((table, hash))
        });
        let rule = Rule {
            balance: self.policy.balance,
            weights: self.subset.weights(&self.policy.weights),
            spot,
            avoid: avoid.and_then(|avoid| snapshot.position(avoid)),
            turn: self.subset.turn.fetch_add(1, Ordering::Relaxed),
        };
        let candidates = At { snapshot, now, shut };
        balance::pick(&candidates, &rule, &mut || self.mesh.chance.draw())
    }

    /// Says at the gate of the endpoint how the attempt went. One that did not come as far as the endpoint says nothing.
    pub(super) fn passed(&self, pass: Option<Pass>, stage: Stage, failed: bool) {
        let Some(pass) = pass else {
            return;
        };
        if !matches!(stage, Stage::Resolving | Stage::Held) {
            pass.end(self.mesh.clock.now(), failed, &mut || self.mesh.chance.draw());
        }
    }

    /// An attempt at an endpoint ended.
    pub(super) fn ended(
        &self,
        endpoint: &Endpoint,
        outcome: &Outcome,
        (first_byte, now): (Option<Duration>, Duration),
    ) {
        endpoint.record(now, outcome, first_byte);
        self.subset.note(now, is_failure(outcome), first_byte);
    }

    /// Makes the trouble that the policy wants to be made; an outcome is the end of the attempt.
    pub(super) async fn trouble(&self, progress: &mut Progress) -> Result<(), Outcome> {
        match &self.policy.fault {
            None => Ok(()),
            // Apart, so that others do not carry room for it along.
            Some(fault) => Box::pin(self.make(fault, progress)).await,
        }
    }

    async fn make(&self, fault: &Fault, progress: &mut Progress) -> Result<(), Outcome> {
        let trouble = trouble(fault, &mut || self.mesh.chance.draw());
        if let Some(delay) = trouble.delay {
            progress.stage = Stage::Held;
            tokio::time::sleep(delay).await;
            progress.stage = Stage::Resolving;
        }
        match trouble.status {
            None => Ok(()),
            // What answers to gRPC by a status of HTTP is a proxy on the way.
            Some(status) if self.grpc => Err(grpc::status::of_http(status, "the fault of the policy")),
            Some(status) => Err(Outcome::Answer {
                status,
                body: Arc::default(),
                retry_after: None,
            }),
        }
    }

    /// What came of an attempt whose time is over.
    pub(super) fn timed_out(
        &self,
        stage: Stage,
        endpoint: Option<&Arc<Endpoint>>,
        after: Duration,
    ) -> Outcome {
        let endpoint = endpoint.map_or("", |endpoint| &endpoint.label);
        let service = self.service;
        let after = whole(after);
        let why = match stage {
            Stage::Resolving => {
                format!("the addresses of service `{service}` were not found within {after:?}")
            }
            Stage::Held => format!("the fault of the policy held it back for longer than {after:?}"),
            Stage::Connecting => format!("no connection to {endpoint} within {after:?}"),
            Stage::Waiting => format!("no answer from {endpoint} within {after:?}"),
            Stage::Reading => format!("the answer of {endpoint} was not complete within {after:?}"),
        };
        let sent = matches!(stage, Stage::Waiting | Stage::Reading);
        Outcome::TimedOut { sent, why }
    }
}

/// In whole milliseconds, as people write them.
fn whole(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX))
}
