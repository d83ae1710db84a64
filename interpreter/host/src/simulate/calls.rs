//! Calls of a process: the mesh's own decisions, over a network that loses, repeats and delays.

use super::{
    services,
    world::{Happens, World},
};
use crate::{
    RunId,
    engine::{self, Input},
};
use flowmesh_ir::{
    call::{Failure, Reply, Request},
    service::EffectKind,
};
use flowmesh_machine::CallId;
use flowmesh_mesh::{
    Outcome,
    decide::{
        attempts::{CallPlan, Decision},
        balance::{Candidates, Ewma, Rule, pick},
        budget::Budgets,
    },
};
use std::{sync::Arc, time::Duration};

/// The longest that a request or a reply is on its way; some attempts time out.
const DELAY: Duration = Duration::from_millis(700);
/// How many endpoints each service has.
const ENDPOINTS: usize = 3;

/// A call on its way.
pub(super) struct Calling<'p> {
    request: Arc<Request>,
    plan: CallPlan<'p>,
    /// The attempt that is on its way.
    attempt: Option<u32>,
    avoid: Option<usize>,
    endpoint: Option<usize>,
}

/// A request that was sent, or a task that was given to a worker.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) run: RunId,
    pub(super) call: CallId,
    pub(super) attempt: u32,
    pub(super) request: Arc<Request>,
    pub(super) generation: u64,
}

type Id = (RunId, CallId);

impl<'p> World<'p> {
    pub(super) fn call(&mut self, call: engine::Call) {
        let id = (call.run, call.call);
        let program = self.program;
        let operation = services::operation(program, &call.request);
        let (policy, effect) = self.spoil_plan(&call.request);
        let (Some(operation), Some(policy)) = (operation, program.policy(policy)) else {
            self.breaks(format!("a call of nothing: {:?}", call.request));
            return;
        };
        let now = self.elapsed();
        self.budgets
            .entry(call.request.service.0)
            .or_insert_with(|| Budgets::new(program, now))
            .deposit(call.request.policy, now);
        let plan = CallPlan::new(policy, effect, &operation.on, now);
        let calling = Calling {
            request: call.request,
            plan,
            attempt: None,
            avoid: None,
            endpoint: None,
        };
        if self
            .process
            .as_mut()
            .and_then(|process| process.calls.insert(id, calling))
            .is_some()
        {
            self.breaks(format!(
                "call {} of run {} was made twice by one process",
                id.1.0, id.0
            ));
        }
        self.decide(id, None);
    }

    fn decide(&mut self, id: Id, outcome: Option<Outcome>) {
        let (now, generation) = (self.elapsed(), self.generation);
        let Some(process) = &mut self.process else { return };
        let Some(calling) = process.calls.get_mut(&id) else {
            return;
        };
        let (service, policy) = (calling.request.service.0, calling.request.policy);
        let (chance, budgets) = (&mut self.chance, &self.budgets);
        let mut pay = || {
            budgets
                .get(&service)
                .is_none_or(|budgets| budgets.withdraw(policy, now))
        };
        match calling.plan.next(now, outcome, &mut || chance.draw(), &mut pay) {
            Decision::Attempt { number, timeout } => self.attempt(id, number, timeout),
            Decision::Wait { delay } => {
                self.after(
                    delay,
                    Happens::Waited {
                        generation,
                        run: id.0,
                        call: id.1,
                    },
                );
            }
            Decision::Done { reply, .. } => self.done(id, reply),
        }
    }

    fn done(&mut self, (run, call): Id, reply: Reply) {
        self.process
            .iter_mut()
            .for_each(|process| drop(process.calls.remove(&(run, call))));
        if self.loses(&reply) {
            return;
        }
        if self.wrong(|faults| faults.duplicates) {
            self.tell(Input::Replied {
                run,
                call,
                reply: reply.clone(),
            });
        }
        self.tell(Input::Replied { run, call, reply });
    }

    fn attempt(&mut self, id: Id, attempt: u32, timeout: Duration) {
        let (run, call) = id;
        let generation = self.generation;
        let turn = self.sent.len() as u64;
        let chance = &mut self.chance;
        let Some(calling) = self
            .process
            .as_mut()
            .and_then(|process| process.calls.get_mut(&id))
        else {
            return;
        };
        let all = Endpoints(Ewma::new(Duration::ZERO));
        let balance = self
            .program
            .policy(calling.request.policy)
            .map(|policy| policy.balance);
        let rule = Rule {
            balance: balance.unwrap_or_default(),
            avoid: calling.avoid,
            turn,
            ..Rule::default()
        };
        let endpoint = pick(&all, &rule, &mut || chance.draw());
        calling.attempt = Some(attempt);
        calling.endpoint = endpoint;
        let request = calling.request.clone();
        let heard = |outcome| Happens::Heard {
            generation,
            run,
            call,
            attempt,
            outcome,
        };
        if self.wrong(|faults| faults.unsent) {
            let delay = self.draw(DELAY);
            self.after(
                delay,
                heard(Outcome::Unsent("simulated: nobody listens".to_owned())),
            );
            return;
        }
        let index = self.sent.len();
        self.sent.push(Sent {
            run,
            call,
            attempt,
            request,
            generation,
        });
        self.after(
            timeout,
            heard(Outcome::TimedOut {
                sent: true,
                why: "simulated: no answer".to_owned(),
            }),
        );
        if !self.wrong(|faults| faults.lost_requests) {
            self.deliver(index);
        }
    }

    /// A request goes on its way; what may be repeated is sometimes repeated by the network.
    fn deliver(&mut self, index: usize) {
        let once = self
            .sent
            .get(index)
            .is_some_and(|sent| sent.request.effect == EffectKind::Once);
        let times = if !once && self.wrong(|faults| faults.duplicates) {
            2
        } else {
            1
        };
        for _ in 0..times {
            let delay = self.draw(DELAY);
            self.after(delay, Happens::Arrived { index });
        }
    }

    pub(super) fn arrived(&mut self, index: usize) {
        let Some(sent) = self.sent.get(index).cloned() else {
            return;
        };
        let Sent {
            run,
            call,
            attempt,
            generation,
            ..
        } = sent;
        let (status, body) = if self.wrong(|faults| faults.refused) {
            (503, Arc::from(*b""))
        } else {
            let faults = self.scenario.faults;
            self.services
                .answer(self.program, &sent.request, &mut self.chance, faults)
        };
        if self.wrong(|faults| faults.lost_replies) {
            return;
        }
        let outcome = Outcome::Answer {
            status,
            body,
            retry_after: None,
        };
        let delay = self.draw(DELAY);
        self.after(
            delay,
            Happens::Heard {
                generation,
                run,
                call,
                attempt,
                outcome,
            },
        );
    }

    pub(super) fn heard(&mut self, generation: u64, id: Id, attempt: u32, outcome: Outcome) {
        if generation != self.generation {
            return;
        }
        let Some(calling) = self
            .process
            .as_mut()
            .and_then(|process| process.calls.get_mut(&id))
        else {
            return;
        };
        // An answer that comes after its attempt has ended is not heard.
        if calling.attempt != Some(attempt) {
            return;
        }
        calling.attempt = None;
        calling.avoid = calling.endpoint.filter(|_| outcome.failed());
        self.decide(id, Some(outcome));
    }

    pub(super) fn waited(&mut self, generation: u64, id: Id) {
        if generation == self.generation {
            self.decide(id, None);
        }
    }
}

/// Endpoints that are all alike.
struct Endpoints(Ewma);

impl Candidates for Endpoints {
    fn count(&self) -> usize {
        ENDPOINTS
    }

    fn priority(&self, _: usize) -> u16 {
        0
    }

    fn weight(&self, _: usize) -> u32 {
        1
    }

    fn address(&self, at: usize) -> usize {
        at
    }

    fn unwell(&self, _: usize) -> bool {
        false
    }

    fn failing(&self, _: usize) -> bool {
        false
    }

    fn busy(&self, _: usize) -> u32 {
        0
    }

    fn load(&self, _: usize) -> f64 {
        self.0.load(Duration::ZERO, 0)
    }
}

/// What a call ends with that nobody can answer any more.
pub(super) fn is_unknown(reply: &Reply) -> bool {
    matches!(reply, Reply::Failed(Failure::Unknown(_)))
}
