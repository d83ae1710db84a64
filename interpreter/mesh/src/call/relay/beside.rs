//! Attempts beside each other, and visitors who stay with an endpoint.

use super::{
    Relaying,
    handed::{Kept, Unrelayed, Went},
};
use crate::{
    call::hedge::{Beside, hedged},
    decide::sticky::set_cookie,
    wire::{endpoint::Endpoint, relayed::Relayed},
};
use bytes::Bytes;
use flowmesh_ir::{service::EffectKind, traffic::Hedge};
use http::{Response, header::SET_COOKIE};
use std::{sync::Arc, time::Duration};

impl Relaying<'_> {
    /// When another attempt is made beside one: never of what changes something.
    pub(super) fn hedge(&self, effect: EffectKind) -> Option<Hedge> {
        self.policy.hedge.filter(|_| effect == EffectKind::Read)
    }

    /// Several attempts beside each other, of which one holds.
    pub(super) async fn hedged(
        &self,
        hedge: Hedge,
        (number, timeout): (u32, Duration),
        avoid: Option<&Arc<Endpoint>>,
        body: &Bytes,
    ) -> Result<Went, Unrelayed> {
        let (began, beside) = (self.mesh.clock.now(), Beside::default());
        let attempt = |more: u32| {
            let beside = &beside;
            async move {
                let last = beside.last();
                let spent = self.mesh.clock.now().saturating_sub(began);
                let number = number.saturating_add(more.saturating_mul(1_000));
                let at = (last.as_ref().or(avoid), Some(beside));
                let mut body = Kept::Whole(body.clone());
                let timeout = timeout.saturating_sub(spent);
                match self.elsewhere() {
                    None => self.attempt(number, timeout, at, &mut body).await,
                    Some(to) => self.attempt_somewhere(to, (number, timeout), at, &mut body).await,
                }
            }
        };
        let is_good = |went: &Result<Went, Unrelayed>| went.as_ref().is_ok_and(|went| !went.outcome.failed());
        let pay = || self.service.budgets.withdraw(self.id, self.mesh.clock.now());
        let went = hedged(&hedge, attempt, is_good, pay).await;
        let now = self.mesh.clock.now();
        let endpoint = went.as_ref().ok().and_then(|went| went.endpoint.as_ref());
        for other in beside.others(endpoint) {
            other.was_left(now, now.saturating_sub(began));
        }
        went
    }

    /// Gives the visitor a cookie that names the endpoint, if the policy wants one and the visitor has none, or another.
    pub(super) fn stay(&self, answer: &mut Response<Box<Relayed>>, endpoint: Option<&Arc<Endpoint>>) {
        let (Some(sticky), Some(key)) = (&self.policy.sticky, self.mesh.sticky_key(self.id)) else {
            return;
        };
        let Some(endpoint) = endpoint else {
            return;
        };
        let token = key.token(&endpoint.name());
        if self.token == Some(token.as_str()) {
            return;
        }
        let proto = self.request.headers.get("x-forwarded-proto");
        let secure = proto.is_some_and(|proto| proto == "https");
        if let Some(cookie) = set_cookie(&sticky.cookie, &token, sticky.ttl_ms, secure) {
            answer.headers_mut().append(SET_COOKIE, cookie);
        }
    }
}
