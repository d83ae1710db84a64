//! Doing what the engine says.

use super::{Asker, Driver, Live, Message, observe::Watcher};
use crate::{
    engine::{Answer, Call, Happened, History, Input, Output, Probe, Refusal, Ticket},
    follow::{Happening, Item},
    metrics::Open,
    traces::Told,
};
use flowmesh_ir::call::Wire;
use std::{sync::Arc, time::Instant};
use tracing::Instrument;

impl Driver {
    pub(super) fn perform(&mut self) {
        let outputs: Vec<Output> = self.parts.engine.take_outputs().collect();
        for output in outputs {
            match output {
                Output::Call(call) => self.call(call),
                Output::Answer(ticket, answer) => self.answer(ticket, answer),
                Output::Probe(probe) => self.probe(probe),
                Output::More { run, call } => self.streams.more(run, call),
                Output::Close { run, call } => {
                    if self.streams.close(run, call) {
                        self.calls = self.calls.saturating_sub(1);
                    }
                }
                Output::Shift { service, weights } => {
                    let callers = self.parts.callers.values();
                    callers.for_each(|caller| caller.shift(&service, &weights));
                }
                Output::Happened(happened) => self.tell(happened),
                Output::Index(changes) => {
                    self.parts.metrics.cut(&changes);
                    self.parts.indexer.apply(changes);
                }
                Output::Retired(runs) => self.parts.indexer.retired(runs),
                Output::Search(ticket, search) => self.parts.indexer.search(ticket, search),
                Output::Fetch(wants) => self.parts.lookup.fetch(wants),
            }
        }
    }

    pub(super) fn answer(&mut self, ticket: Ticket, answer: Answer) {
        let refused = match &answer {
            Answer::Refused(Refusal::UnknownRun { run }) => Some(*run),
            _ => None,
        };
        // Nothing more will happen to a run that has ended: nobody needs to be kept as its follower.
        if let Answer::History(History {
            run, ending: Some(_), ..
        }) = &answer
        {
            self.parts.followers.end(*run);
        }
        let Some(asker) = self.askers.remove(&ticket) else {
            return;
        };
        if let Asker::Deployer(_) = &asker {
            self.show();
        }
        asker.answer(answer);
        // Others may follow the run rightly: it may only be unknown to who asked.
        if let Some(run) = refused {
            self.parts.followers.forget_gone(run);
        }
    }

    /// Shows what runs are started with from now on; it is on stable storage.
    fn show(&mut self) {
        let Some(deployment) = self.parts.engine.current().cloned() else {
            return;
        };
        if let Some(caller) = self.parts.callers.get(&deployment.hashes()).cloned() {
            let live = Live { deployment, caller };
            self.parts.live.send_replace(Some(live));
        }
    }

    /// While stopping, calls that can be repeated are left to the next start. Those that cannot are made all the same:
    /// the next start could not know that they were never sent.
    fn call(&mut self, call: Call) {
        if self.stopping.is_some() && call.request.effect.repeatable() {
            return;
        }
        let hashes = (call.deployment.program_hash, call.deployment.settings_hash);
        let Some(caller) = self.parts.callers.get(&hashes).cloned() else {
            return;
        };
        self.calls = self.calls.saturating_add(1);
        let sender = self.parts.sender.clone();
        let span = span(&call);
        let (run, number) = (call.run, call.call);
        let calling = match &call.request.wire {
            Wire::Worker(_) => {
                self.streams.wait(run, number);
                caller.work(call.namespace, (run, number), call.request)
            }
            Wire::Stream(_) | Wire::Grpc { stream: true, .. } => {
                let demand = self.streams.open(run, number, sender.clone()).of(call.flow);
                caller.stream(call.request, call.trace, demand)
            }
            _ => {
                let observer = Arc::new(Watcher::new(
                    &call,
                    self.parts.followers.clone(),
                    (
                        self.parts.tracing.clone(),
                        self.parts.trails.clone(),
                        self.parts.clock.clone(),
                    ),
                ));
                caller.call(call.request, call.trace, observer)
            }
        };
        let metrics = self.parts.metrics.clone();
        let task = tokio::spawn(
            async move {
                let (_open, began) = (Open::new(&metrics.calls_open), Instant::now());
                let reply = calling.await;
                metrics.calls.since(began);
                // Nobody listens only after the driver has ended.
                let _ = sender.send(Message::Replied(run, number, reply));
            }
            .instrument(span),
        );
        self.streams.task(run, number, &task);
    }

    fn probe(&self, probe: Probe) {
        let hashes = (probe.deployment.program_hash, probe.deployment.settings_hash);
        let Some(caller) = self.parts.callers.get(&hashes).cloned() else {
            return;
        };
        let sender = self.parts.sender.clone();
        tokio::spawn(async move {
            let answer = match caller.probe(probe.target).await {
                Ok(found) => flowmesh_machine::Answer::Found(found),
                Err(why) => flowmesh_machine::Answer::Refused(why),
            };
            let _ = sender.send(Message::Answered(probe.run, probe.call, answer));
        });
    }

    fn tell(&mut self, happened: Box<Happened>) {
        let run = happened.run;
        if self.parts.followers.has(run) {
            self.tell_followers(&happened);
        }
        if let Some(tracing) = &self.parts.tracing {
            tracing.tell(Told::Happened(happened));
        }
    }

    fn tell_followers(&mut self, happened: &Happened) {
        let run = happened.run;
        let item = Item::Event(Arc::new(Happening::new(happened)));
        for _ in 0..self.parts.followers.tell(run, &item) {
            self.parts
                .engine
                .handle(self.parts.clock.now(), Input::Unwatch(run));
        }
        if happened.ending.is_some() {
            self.parts.followers.end(run);
        }
    }
}

/// The run, the named steps around the step and the step itself as spans; the mesh adds the call and its attempts.
fn span(call: &Call) -> tracing::Span {
    let flow = call.deployment.program.flow(call.flow);
    let name = flow.map_or("", |flow| flow.name.as_str());
    let run = tracing::info_span!(
        "run",
        flow = name,
        run = %call.run,
        trace_id = %format_args!("{:032x}", call.trace.trace)
    );
    let around = flow.map(|flow| flow.around(call.step)).unwrap_or_default();
    around.into_iter().fold(run, |above, step| {
        let title = call.deployment.step_title(call.flow, step);
        tracing::info_span!(parent: &above, "step", step = title, undo = call.undo)
    })
}
