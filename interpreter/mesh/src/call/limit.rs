//! A call waits for its turn where a limit says so, before it is known where it goes.

use super::{Mesh, Names, relay::Unrelayed};
use crate::{
    clock::Clock,
    decide::{
        limit::{Admission, Heard, Limiter, PATIENCE, Permit, Reason, Refusal, Turn},
        route::RequestView,
    },
    mesh::{Limited, Whose},
};
use flowmesh_ir::{
    OperationId, PolicyId, ServiceId,
    call::{Failure, Reply},
    traffic::{Limit, Priority},
};
use http::Response;
use std::time::Duration;

/// Who waited for less was let through at once.
pub(crate) const WAITED_MIN: Duration = Duration::from_millis(1);

/// What a call holds until its reply has been read.
pub(crate) type Permits = [Option<Permit>; 2];

impl Mesh {
    /// Passes the limits of a call, that of its own first: who waits for a slot of one service does not keep others from
    /// the mesh. Charged once, however many attempts there are; nothing is sent before, and a refusal is the end.
    pub(super) async fn pass(
        &self,
        (whose, operation, policy): (ServiceId, Option<OperationId>, PolicyId),
        view: &RequestView<'_>,
        names: Names<'_>,
    ) -> Result<Permits, Failure> {
        let service = self.services.get(whose.index());
        let own = service.and_then(|service| {
            let made = |place: &str, limit: &Limit| self.limiter(place, limit);
            service.limiters.of((operation, policy), made)
        });
        let all = self.limited();
        if own.is_none() && all.is_none() {
            return Ok([None, None]);
        }
        // Apart, so that others do not carry room for it along.
        Box::pin(self.pass_both((own, all), (whose, operation, policy), view, names)).await
    }

    async fn pass_both(
        &self,
        (own, all): (Option<Limited<'_>>, Option<Limited<'_>>),
        (whose, operation, policy): (ServiceId, Option<OperationId>, PolicyId),
        view: &RequestView<'_>,
        names: Names<'_>,
    ) -> Result<Permits, Failure> {
        let policy = self.program.policy(policy);
        let total = policy.map_or(0, |policy| policy.timeout.total_ms);
        let priority = policy.and_then(|policy| policy.priority).unwrap_or_default();
        let patience = PATIENCE.min(Duration::from_millis(total));
        let began = self.clock.now();
        let until = began.saturating_add(patience);
        let passing = async {
            Ok([
                self.pass_one((own, priority), view, names, until).await?,
                self.pass_one((all, priority), view, names, until).await?,
            ])
        };
        let passed = passing.await;
        let waited = self.clock.now().saturating_sub(began);
        match (&passed, self.calls.of(whose, operation)) {
            (Ok(_), Some(tally)) if waited >= WAITED_MIN => tally.waited(waited),
            (Err(failure), Some(tally)) => tally.failed(failure, waited),
            _ => {}
        }
        passed
    }

    /// Says to the limits what those heard whom they let through.
    pub(super) fn heard(&self, permits: &Permits, heard: Heard) {
        for permit in permits.iter().flatten() {
            permit.heard(heard, self.clock.now());
        }
    }

    fn limited(&self) -> Option<Limited<'_>> {
        let (limit, limiter) = self.whole()?;
        let of = Whose::Mesh;
        Some(Limited { limiter, limit, of })
    }

    async fn pass_one(
        &self,
        (limited, priority): (Option<Limited<'_>>, Priority),
        view: &RequestView<'_>,
        names: Names<'_>,
        until: Duration,
    ) -> Result<Option<Permit>, Failure> {
        let Some(Limited { limiter, limit, of }) = limited else {
            return Ok(None);
        };
        // What has no value is counted together.
        let per = limit.per.as_ref();
        let key = per.and_then(|per| (self.texts)(per, view)).unwrap_or_default();
        let entered = enter(&limiter, (&key, priority), self.clock, until).await;
        entered.map(Some).map_err(|refusal| {
            let whose = match of {
                Whose::Operation => format!("`{}.{}`", names.service, names.operation),
                Whose::Service => format!("service `{}`", names.service),
                Whose::Mesh => "the mesh".to_owned(),
            };
            Failure::Overloaded(format!("the limit of {whose} is reached: {}", refusal.reason))
        })
    }
}

/// Waits for a turn, but no longer than until that time.
pub(crate) async fn enter(
    limiter: &Limiter,
    (key, priority): (&str, Priority),
    clock: Clock,
    until: Duration,
) -> Result<Permit, Refusal> {
    let now = clock.now();
    let waiting = match limiter.admit_as(key, priority, now) {
        Admission::Go(permit) => return Ok(permit),
        Admission::Refused(refusal) => return Err(refusal),
        Admission::Wait(waiting) if waiting.due() > until => return Err(waiting.refuse(Reason::Late, now)),
        Admission::Wait(waiting) => waiting,
    };
    loop {
        let now = clock.now();
        let again = match waiting.turn(now) {
            Turn::Go(permit) => return Ok(permit),
            Turn::At(at) => at.min(until),
            Turn::Later => until,
            Turn::Refused(refusal) => return Err(refusal),
        };
        if now >= until {
            return Err(waiting.refuse(Reason::Waited, now));
        }
        // Whether it was called or the time is over, the line says what holds now.
        let _ = tokio::time::timeout(again.saturating_sub(now), waiting.called()).await;
    }
}

/// What a reply says of how much can be done.
pub(super) fn of_reply(reply: &Reply) -> Heard {
    match reply {
        Reply::Answer { status, .. } => Heard::of(*status),
        Reply::Failed(Failure::Timeout(_) | Failure::Unknown(_)) => Heard::Nothing,
        Reply::Failed(_) => Heard::Else,
    }
}

/// What an answer says of how much can be done.
pub(super) fn of_answer<T>(answer: &Result<Response<T>, Unrelayed>) -> Heard {
    match answer {
        Ok(answer) => Heard::of(answer.status().as_u16()),
        Err(Unrelayed::Failed(Failure::Timeout(_) | Failure::Unknown(_))) => Heard::Nothing,
        Err(_) => Heard::Else,
    }
}
