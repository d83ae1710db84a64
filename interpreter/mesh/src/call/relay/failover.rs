//! Requests that are handed on elsewhere, where nobody is there who could take them.

use super::{
    Relay, Relaying,
    handed::{Kept, Unrelayed, Went},
};
use crate::{
    call::{
        failover::{Goes, and_why, goes, named, standing_of},
        hedge::Beside,
    },
    decide::failover::{Lack, Standing},
    observe::Detour,
    wire::endpoint::Endpoint,
};
use flowmesh_ir::traffic::Onward;
use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use std::{sync::Arc, time::Duration};

/// Which endpoint is not taken again if there is another, and which attempts are made beside.
pub(super) type At<'a> = (Option<&'a Arc<Endpoint>>, Option<&'a Beside>);

impl Relaying<'_> {
    /// One attempt, where its policy sends it, or elsewhere.
    pub(super) async fn attempt_somewhere(
        &self,
        to: Onward,
        (number, timeout): (u32, Duration),
        at: At<'_>,
        body: &mut Kept,
    ) -> Result<Went, Unrelayed> {
        let began = self.mesh.clock.now();
        let left = || {
            let spent = self.mesh.clock.now().saturating_sub(began);
            timeout.saturating_sub(spent)
        };
        if self.way().standing(timeout / 4).await == Standing::Able {
            let mut went = self.attempt(number, left(), at, body).await?;
            if went.outcome.retry_after().is_some() {
                let relay = self.relay_to(to);
                if let Goes::There(..) = self.goes(to, relay.as_ref(), left()).await {
                    went.outcome = went.outcome.at_once();
                }
            }
            if went.endpoint.is_some() || went.outcome.sent() || left().is_zero() {
                return Ok(went);
            }
            // The one endpoint that wanted a proof has it from somebody else.
        }
        let relay = self.relay_to(to);
        match self.goes(to, relay.as_ref(), left()).await {
            Goes::There(there, detour) => {
                self.attempt_there((&there, detour), (number, left()), at, body)
                    .await
            }
            Goes::Here(why) => {
                let mut went = self.attempt(number, left(), at, body).await?;
                went.outcome = why
                    .into_iter()
                    .fold(went.outcome, |outcome, why| outcome.and(&why));
                Ok(went)
            }
        }
    }

    async fn attempt_there(
        &self,
        (there, detour): (&Relaying<'_>, Detour),
        (number, timeout): (u32, Duration),
        at: At<'_>,
        body: &mut Kept,
    ) -> Result<Went, Unrelayed> {
        self.failed_over();
        let mut went = there.attempt(number, timeout, at, body).await?;
        went.outcome = and_why(went.outcome, &detour);
        went.detour = Some(Box::new(detour));
        Ok(went)
    }

    /// Takes note that an attempt goes elsewhere.
    pub(super) fn failed_over(&self) {
        if let Some(tally) = self.mesh.calls.of(self.request.service, None) {
            tally.failed_over();
        }
    }

    /// Who takes it, whatever becomes of it there.
    pub(super) fn where_to<'t>(
        &'t self,
        goes: &'t Goes<Relaying<'_>>,
    ) -> (&'t Relaying<'t>, Option<&'t Detour>) {
        match goes {
            Goes::Here(_) => (self, None),
            Goes::There(there, detour) => {
                self.failed_over();
                (there, Some(detour))
            }
        }
    }

    /// The request as it goes elsewhere, or why it may not.
    pub(super) fn relay_to(&self, to: Onward) -> Result<Relay, Lack> {
        let mut relay = match to {
            Onward::Service(other) if !self.request.onward.contains(&other) => {
                return Err(Lack::Barred("no rule allows it".to_owned()));
            }
            Onward::Service(other) => Relay {
                service: other,
                subset: None,
                policy: None,
                ..self.request.clone()
            },
            Onward::Subset(chosen) => Relay {
                subset: Some(chosen),
                ..self.request.clone()
            },
        };
        if relay.revalidates {
            relay.headers.remove(IF_NONE_MATCH);
            relay.headers.remove(IF_MODIFIED_SINCE);
        }
        Ok(relay)
    }

    /// Where an attempt goes that must be there within a time.
    pub(super) async fn goes<'t>(
        &'t self,
        to: Onward,
        relay: Result<&'t Relay, &Lack>,
        within: Duration,
    ) -> Goes<Relaying<'t>> {
        // Half of it is left for whoever takes it.
        let within = within / 4;
        let first = self.way().standing(within).await;
        if first == Standing::Able {
            return Goes::Here(None);
        }
        let other = match relay {
            Ok(relay) => {
                let there = self.mesh.relaying(relay, false).await;
                there.map_err(|failure| Lack::Nowhere(failure.reason().to_owned()))
            }
            Err(lack) => Err(lack.clone()),
        };
        let second = standing_of(other.as_ref().map(Relaying::way), within).await;
        let declared = self.mesh.program.service(self.request.service);
        let from = declared.map(|service| named(to, service, self.chosen));
        let other = other.map(|there| {
            let subset = there.subset.name.clone();
            (there, subset)
        });
        let to = self.mesh.name_of(self.request.service, to);
        goes(
            (&first, &second),
            (from.as_deref().unwrap_or_default(), &to),
            other,
        )
    }
}
