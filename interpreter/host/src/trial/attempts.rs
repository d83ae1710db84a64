//! Calls whose attempts are answered one by one: the mesh's own plan of a call decides whether there is another, when,
//! and how long it may take, all in virtual time.

use super::{
    calls::{Answering, Called, Coming},
    due::{Due, Place},
    failure::Checked,
    show,
    world::World,
};
use flowmesh_ir::{
    Value,
    call::{Failure as Ending, Reply, Request, Wire},
    print,
    service::Operation,
    test::{Answer, Given},
};
use flowmesh_mesh::{
    Outcome, Why,
    decide::{
        attempts::{CallPlan, Decision},
        budget::Budgets,
        code::Ended,
    },
};
use jiff::SignedDuration;
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// A call on its way through its attempts.
#[derive(Clone, Debug)]
pub(super) struct Calling<'t> {
    request: Arc<Request>,
    called: Called,
    plan: CallPlan<'t>,
    /// The answer to the first attempt, which was looked for before there was a plan.
    first: Option<Answering>,
    /// What the flow hears if the service's answer to the attempt at hand is the last.
    meant: Option<Coming>,
    /// Whether the run waits for the first item.
    reads: bool,
}

/// How an attempt goes.
enum Tried {
    /// It ends so, after a while.
    Ends(SignedDuration, Outcome),
    /// A mock answers the call as a whole, after a while.
    Whole(SignedDuration, Coming),
}

impl<'t> World<'t> {
    /// A call is made whose attempts are answered one by one.
    pub(super) fn attempts(
        &mut self,
        place: Place,
        request: Arc<Request>,
        called: Called,
        first: Answering,
    ) -> Checked<()> {
        let (now, program) = (self.elapsed(), self.program);
        let budgets = self.budgets.entry(request.service);
        let budgets = budgets.or_insert_with(|| Budgets::new(program, now));
        budgets.deposit(request.policy, now);
        if let Some(calling) = self.calling(request, called, first) {
            self.callings.insert(place, calling);
        }
        self.decide(place, None)
    }

    fn calling(&self, request: Arc<Request>, called: Called, first: Answering) -> Option<Calling<'t>> {
        let (operation, policy) = (self.declared(&request)?, self.program.policy(request.policy)?);
        Some(Calling {
            plan: CallPlan::new(policy, request.effect, &operation.on, self.elapsed()),
            request,
            called,
            first: Some(first),
            meant: None,
            reads: false,
        })
    }

    /// What the program says of an operation, without what was added for the test.
    fn declared(&self, request: &Request) -> Option<&'t Operation> {
        let service = self.program.service(request.service)?;
        service.operations.get(request.operation.index())
    }

    /// What comes next, after an attempt with its outcome, and after a wait with none.
    pub(super) fn decide(&mut self, place: Place, outcome: Option<Outcome>) -> Checked<()> {
        let now = self.elapsed();
        let Some(mut calling) = self.callings.remove(&place) else {
            return Ok(());
        };
        let request = &calling.request;
        let (budgets, policy) = (self.budgets.get(&request.service), request.policy);
        // What a process costs is ours: it has no budget.
        let local = matches!(request.wire, Wire::Run(_));
        let mut pay = || local || budgets.is_none_or(|budgets| budgets.withdraw(policy, now));
        if let Some(outcome) = &outcome {
            self.mirrors.attempted(place, outcome);
        }
        let (draws, heard) = (&mut self.draws, outcome.is_some());
        let decision = calling
            .plan
            .next(now, outcome, &mut || draws.next_u64(), &mut pay);
        if heard {
            let what = told(&self.prepared.program, &calling, &decision);
            self.mirrors.note(place.0, self.now, what);
        }
        match decision {
            Decision::Attempt { timeout, .. } => {
                self.mirrors.attempt(place);
                match self.tried(&mut calling, timeout)? {
                    Tried::Ends(delay, outcome) => self.then(delay, Due::Heard(place, outcome)),
                    Tried::Whole(delay, coming) => {
                        self.concludes(place, calling, delay, coming);
                        return Ok(());
                    }
                }
            }
            Decision::Wait { delay } => {
                let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
                self.then(delay, Due::Waited(place));
            }
            Decision::Done { reply, .. } => {
                let coming = concluded(reply, calling.meant.take());
                self.concludes(place, calling, SignedDuration::ZERO, coming);
                return Ok(());
            }
        }
        self.callings.insert(place, calling);
        Ok(())
    }

    /// No more attempts are made.
    fn concludes(&mut self, place: Place, calling: Calling<'t>, delay: SignedDuration, coming: Coming) {
        let due = self.now.checked_add(delay).unwrap_or(self.now);
        self.answered_by(place, calling.called, due, coming);
        if calling.reads {
            self.more(place);
        }
    }

    /// Whether a call is still at its attempts; the run waits for the first item of what comes.
    pub(super) fn reads(&mut self, place: Place) -> bool {
        let calling = self.callings.get_mut(&place);
        calling.map(|calling| calling.reads = true).is_some()
    }

    /// All attempts of a call at once: what comes back in the end, and after how long. Waits are as long as they can be, and
    /// the budget is no matter, so that what is explored does not depend on chance or on other calls.
    pub(super) fn attempted_at_once(
        &mut self,
        place: Place,
        request: &Arc<Request>,
        called: &Called,
        first: Answering,
    ) -> Checked<(Coming, SignedDuration)> {
        let mut took = SignedDuration::ZERO;
        let mut outcome = None;
        let Some(mut calling) = self.calling(request.clone(), called.clone(), first) else {
            return Ok((self.unanswered(called.target, &called.arguments)?, took));
        };
        loop {
            let now = self.elapsed().saturating_add(took.unsigned_abs());
            let decision = calling
                .plan
                .next(now, outcome.take(), &mut || u64::MAX, &mut || true);
            match decision {
                Decision::Attempt { timeout, .. } => {
                    self.mirrors.attempt(place);
                    match self.tried(&mut calling, timeout)? {
                        Tried::Ends(delay, ended) => {
                            self.mirrors.attempted(place, &ended);
                            took = took.saturating_add(delay);
                            outcome = Some(ended);
                        }
                        Tried::Whole(delay, coming) => return Ok((coming, took.saturating_add(delay))),
                    }
                }
                Decision::Wait { delay } => {
                    let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
                    took = took.saturating_add(delay);
                }
                Decision::Done { reply, .. } => return Ok((concluded(reply, calling.meant), took)),
            }
        }
    }

    /// An attempt is made, and meets what the mocks say.
    fn tried(&mut self, calling: &mut Calling<'_>, timeout: Duration) -> Checked<Tried> {
        let Called {
            target, arguments, ..
        } = &calling.called;
        let found = match calling.first.take() {
            Some(first) => Some(first),
            None => self.answer(*target, arguments)?,
        };
        let Some(found) = found else {
            let coming = self.unanswered(*target, arguments)?;
            return Ok(Tried::Whole(SignedDuration::ZERO, coming));
        };
        if !found.attempted {
            let coming = self.coming(&calling.request, &found.answer, found.delay)?;
            return Ok(Tried::Whole(found.delay, coming));
        }
        let met = self.met(calling, &found.answer)?;
        let limit = SignedDuration::try_from(timeout).unwrap_or(SignedDuration::MAX);
        Ok(match met {
            Some(outcome) if found.delay <= limit => Tried::Ends(found.delay, outcome),
            met => Tried::Ends(limit, timed_out(met.as_ref(), limit)),
        })
    }

    /// What an attempt meets; `None` is no answer at all.
    fn met(&mut self, calling: &mut Calling<'_>, answer: &Answer) -> Checked<Option<Outcome>> {
        calling.meant = None;
        if let Given::Status {
            status,
            body,
            retry_after,
        } = &answer.what
        {
            let body = match body {
                Some(body) => self.value(body)?,
                None => Value::None,
            };
            let after = match retry_after {
                Some(after) => self.duration(after)?.unsigned_abs(),
                None => Duration::ZERO,
            };
            let after = Some(after).filter(|after| !after.is_zero());
            return Ok(Some(self.status(&calling.request, *status, &body, after)));
        }
        // What an attempt takes is over when its first item comes.
        let coming = self.coming(&calling.request, answer, SignedDuration::ZERO)?;
        Ok(match coming.reply.clone() {
            None => None,
            Some(Reply::Answer { status, body }) => {
                let status = self.wire_status(&calling.request, status, answer);
                calling.meant = Some(coming);
                Some(Outcome::Answer {
                    status,
                    body,
                    retry_after: None,
                })
            }
            Some(Reply::Failed(Ending::Timeout(why))) => Some(Outcome::TimedOut { sent: true, why }),
            Some(Reply::Failed(Ending::Unknown(why))) => Some(Outcome::Broken(why)),
            Some(Reply::Failed(Ending::BadReply(why))) => Some(Outcome::Malformed(why)),
            Some(Reply::Failed(Ending::Unavailable(why) | Ending::Overloaded(why))) => {
                Some(Outcome::Unsent(why))
            }
        })
    }

    /// The status by which a service says an error, as the program knows it: only the policy sees it.
    fn wire_status(&self, request: &Request, status: u16, answer: &Answer) -> u16 {
        let Given::Fail(raise) = &answer.what else {
            return status;
        };
        let on = self.declared(request).map_or(&[][..], |operation| &operation.on);
        let means = on.iter().find(|on| on.raise.error == raise.error);
        means.map_or(status, |on| on.status)
    }

    /// What a status is by the way that the call goes.
    fn status(&self, request: &Request, status: u16, body: &Value, retry_after: Option<Duration>) -> Outcome {
        if let Wire::Grpc { .. } = request.wire {
            let on = self.declared(request).map_or(&[][..], |operation| &operation.on);
            let ended = Ended {
                code: status,
                named: on.iter().any(|on| on.status == status),
                message: "",
                details: Vec::new(),
            };
            return ended.outcome("the service");
        }
        let json = match body {
            Value::None => String::new(),
            body => {
                let ty = flowmesh_ir::ty::Type::Json;
                flowmesh_machine::border::encode(&self.prepared.program, &ty, body)
            }
        };
        Outcome::Answer {
            status,
            body: json.into_bytes().into(),
            retry_after,
        }
    }
}

/// What comes back when there is no further attempt.
fn concluded(reply: Reply, meant: Option<Coming>) -> Coming {
    match (&reply, meant) {
        (Reply::Answer { .. }, Some(meant)) => meant,
        _ => Coming {
            items: VecDeque::new(),
            each: SignedDuration::ZERO,
            reply: Some(reply),
        },
    }
}

/// What an attempt met and what comes next.
fn told(program: &flowmesh_ir::Program, calling: &Calling<'_>, decision: &Decision) -> String {
    let title = show::title(program, calling.called.target);
    let met = calling.plan.last().map(ToString::to_string).unwrap_or_default();
    let next = match decision {
        Decision::Wait { delay } => {
            let delay = SignedDuration::try_from(*delay).unwrap_or(SignedDuration::MAX);
            format!(", again in {}", print::value(&Value::Duration(delay)))
        }
        Decision::Done {
            why: Why::Answered, ..
        }
        | Decision::Attempt { .. } => String::new(),
        Decision::Done { why, .. } => format!(", no other: {why}"),
    };
    format!("attempt {} of {title}: {met}{next}", calling.plan.attempts())
}

/// An attempt that was answered too late, or never.
fn timed_out(met: Option<&Outcome>, limit: SignedDuration) -> Outcome {
    let limit = print::value(&Value::Duration(limit));
    match met {
        Some(met) if !met.sent() => Outcome::TimedOut {
            sent: false,
            why: format!("no connection within {limit}"),
        },
        _ => Outcome::TimedOut {
            sent: true,
            why: format!("no answer within {limit}"),
        },
    }
}
