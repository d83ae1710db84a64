//! Attempts that go elsewhere, where nobody is there who could take them. To a subset goes the same request; another service is
//! sent it as that service is: with its own headers and what shows who we are there, and nothing that is for the first alone.

use super::{
    Call, Names,
    attempt::{Tried, Try},
    mirror::Place,
    pick::Way,
};
use crate::{
    decide::{
        failover::{Choice, Lack, Standing, choose},
        operation,
        outcome::Outcome,
    },
    observe::Detour,
};
use flowmesh_ir::{
    Name, ServiceId, SubsetId,
    call::Wire,
    service::{Method, Service},
    traffic::Onward,
};
use std::time::Duration;

/// Where an attempt goes.
pub(super) enum Goes<T> {
    /// Where its policy sends it first. Where nobody is believed to take it there, why nobody elsewhere does either.
    Here(Option<String>),
    /// Elsewhere, and why.
    There(Box<T>, Detour),
}

/// Where a request goes that one place may take for another.
pub(super) fn goes<T>(
    (first, second): (&Standing, &Standing),
    (from, to): (&str, &Name),
    other: Result<(T, Name), Lack>,
) -> Goes<T> {
    let Some(lack) = first.lack() else {
        return Goes::Here(None);
    };
    match (choose(first, second), other) {
        (Choice::Second, Ok((other, subset))) => {
            let detour = Detour {
                to: to.clone(),
                subset,
                why: lack.words(from),
            };
            Goes::There(Box::new(other), detour)
        }
        _ => {
            let why = second.lack().map(|lack| lack.words(&format!("`{to}`")));
            Goes::Here(why.map(|why| format!("no failover to `{to}`: {why}")))
        }
    }
}

/// How a place stands that may take what another cannot.
pub(super) async fn standing_of(way: Result<Way<'_>, &Lack>, within: Duration) -> Standing {
    match way {
        Ok(way) => way.standing(within).await,
        Err(lack) => Standing::Nobody(lack.clone()),
    }
}

/// Why an attempt did not go well that went elsewhere.
pub(super) fn and_why(outcome: Outcome, detour: &Detour) -> Outcome {
    outcome.and(&detour.to_string())
}

/// Where something goes instead, if that is elsewhere at all.
pub(super) fn elsewhere(to: Option<Onward>, service: ServiceId, chosen: SubsetId) -> Option<Onward> {
    to.filter(|to| *to != Onward::Service(service) && *to != Onward::Subset(chosen))
}

/// What people call a place: that of a service, or that of one of its subsets where the other is one, too.
pub(super) fn named(to: Onward, service: &Service, chosen: SubsetId) -> String {
    match (to, service.subsets.get(chosen.index())) {
        (Onward::Subset(_), Some(subset)) => format!("`{}.{}`", service.name, subset.name),
        _ => format!("service `{}`", service.name),
    }
}

impl<'c> Call<'c> {
    /// One attempt, where its policy sends it, or elsewhere.
    pub(super) async fn attempt_somewhere(&self, to: Onward, attempt: Try<'_>) -> (Outcome, Tried) {
        let began = self.mesh.clock.now();
        let left = || {
            let spent = self.mesh.clock.now().saturating_sub(began);
            attempt.timeout.saturating_sub(spent)
        };
        if self.way().standing(attempt.timeout / 4).await == Standing::Able {
            let (outcome, tried) = self.attempt_here(attempt.within(left()), None).await;
            if outcome.retry_after().is_some() && matches!(self.goes(to, left()).await, Goes::There(..)) {
                return (outcome.at_once(), tried);
            }
            if tried.endpoint.is_some() || outcome.sent() || left().is_zero() {
                return (outcome, tried);
            }
            // The one endpoint that wanted a proof has it from somebody else.
        }
        match self.goes(to, left()).await {
            Goes::There(there, detour) => self.attempt_there((&there, detour), attempt.within(left())).await,
            Goes::Here(why) => {
                let (outcome, tried) = self.attempt_here(attempt.within(left()), None).await;
                let outcome = why.into_iter().fold(outcome, |outcome, why| outcome.and(&why));
                (outcome, tried)
            }
        }
    }

    async fn attempt_there(&self, (there, detour): (&Self, Detour), attempt: Try<'_>) -> (Outcome, Tried) {
        self.failed_over();
        let (outcome, mut tried) = there.attempt_here(attempt, Some(&detour)).await;
        let outcome = and_why(outcome, &detour);
        tried.detour = Some(Box::new(detour));
        (outcome, tried)
    }

    /// Takes note that an attempt goes elsewhere.
    pub(super) fn failed_over(&self) {
        let operation = Some(self.request.operation);
        if let Some(tally) = self.mesh.calls.of(self.request.service, operation) {
            tally.failed_over();
        }
    }

    /// Where an attempt goes that must be there within a time.
    pub(super) async fn goes(&self, to: Onward, within: Duration) -> Goes<Self> {
        // Half of it is left for whoever takes it.
        let within = within / 4;
        let first = self.way().standing(within).await;
        if first == Standing::Able {
            return Goes::Here(None);
        }
        let other = self.there(to).await;
        let way = other.as_ref().map(Self::way);
        let second = standing_of(way, within).await;
        let declared = self.mesh.program.service(self.request.service);
        let from = declared.map(|service| named(to, service, self.chosen));
        let names = (
            from.as_deref().unwrap_or_default(),
            &self.mesh.name_of(self.request.service, to),
        );
        let other = other.map(|there| {
            let subset = there.subset.name.clone();
            (there, subset)
        });
        goes((&first, &second), names, other)
    }

    /// The call as it goes elsewhere, or why it cannot.
    async fn there(&self, to: Onward) -> Result<Self, Lack> {
        let lost = || Lack::Nowhere("the program has no such place".to_owned());
        let mut there = match to {
            Onward::Subset(chosen) => {
                let declared = self.mesh.program.service(self.request.service).ok_or_else(lost)?;
                let credential = self.service.shown.credential().await;
                let parts = (
                    self.trace,
                    self.span.clone(),
                    self.began,
                    credential.map_err(Lack::Nowhere)?,
                );
                let call = self
                    .mesh
                    .prepare(self.request, declared, (self.names, Some(chosen)), parts);
                call.map_err(Lack::Nowhere)?
            }
            Onward::Service(other) => self.at_service(to, other).await?,
        };
        there.asker = self.asker;
        Ok(there)
    }

    async fn at_service(&self, to: Onward, other: ServiceId) -> Result<Self, Lack> {
        let (mesh, request) = (self.mesh, self.request);
        let lost = || Lack::Nowhere("nowhere for this request".to_owned());
        if request.sealed.is_some() {
            let why = "a call with a secret in it is for its own service alone";
            return Err(Lack::Barred(why.to_owned()));
        }
        if !self.may_go_to(other) {
            return Err(Lack::Barred("no rule allows it".to_owned()));
        }
        let declared = mesh.program.service(request.service).ok_or_else(lost)?;
        let view = super::view(request, declared);
        let whose = (request.service, request.policy);
        let place = mesh.place(to, whose, &[], &view).ok_or_else(lost)?;
        let service = mesh.services.get(other.index()).ok_or_else(lost)?;
        let credential = service.shown.credential().await.map_err(Lack::Nowhere)?;
        let template = self.template_for(&place, &credential).map_err(Lack::Nowhere)?;
        let declared = mesh.program.service(other).ok_or_else(lost)?;
        let policy = mesh.program.policy(place.policy).ok_or_else(lost)?;
        let view = super::view(request, declared);
        let Place { chosen, subset, .. } = place;
        Ok(Self {
            mesh,
            request,
            policy,
            service,
            chosen,
            subset,
            template,
            method: self.method,
            hash: mesh.hash(policy, &view),
            trace: self.trace,
            span: self.span.clone(),
            names: Names {
                service: &declared.name,
                operation: self.names.operation,
            },
            began: self.began,
            wants_head: false,
            asker: self.asker,
        })
    }

    /// Whether the rules let whoever calls go to another service too.
    pub(super) fn may_go_to(&self, other: ServiceId) -> bool {
        let (method, path) = match &self.request.wire {
            Wire::Grpc { path, .. } => (Method::Post, path.as_str()),
            _ => (self.request.method, self.request.path.as_str()),
        };
        let path = path.split('?').next().unwrap_or_default();
        let called = operation::called(&self.mesh.program, other, method, path);
        self.mesh.may(other, &called, self.asker)
    }
}
