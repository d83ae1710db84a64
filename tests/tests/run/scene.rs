//! A run on its stage: the script says what happens, the trace says what the run asks for.

use crate::{
    script::{Line, Order},
    trace,
};
use flowmesh_ir::{
    FlowId, Program,
    call::{Failure, Reply, Request},
};
use flowmesh_machine::{
    Answer, Ask, CallId, Decision, Effect, Event, EventKind, Outcome, Run, Settings, TimerId, apply, border,
    check_edit, check_result, pending, replay, variables, view,
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

const RUN: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);

/// Whether the process dies between events.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crash {
    Never,
    AfterEveryEvent,
}

pub(crate) struct Scene<'p> {
    program: &'p Program,
    crash: Crash,
    given: Vec<(String, String)>,
    settings: Settings,
    run: Option<Run>,
    events: Vec<Event>,
    now: Timestamp,
    calls: BTreeMap<CallId, Arc<Request>>,
    timers: BTreeMap<TimerId, Timestamp>,
    asks: BTreeMap<CallId, Ask>,
    /// Guards that were granted.
    held: BTreeMap<CallId, Ask>,
    /// Streams of which an item is wanted.
    wanted: BTreeSet<CallId>,
    /// How many signals were sent with a sender that waits.
    senders: u64,
    trace: String,
}

impl<'p> Scene<'p> {
    pub(crate) fn new(program: &'p Program, crash: Crash) -> Self {
        Self {
            program,
            crash,
            given: Vec::new(),
            settings: Settings::default(),
            run: None,
            events: Vec::new(),
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            calls: BTreeMap::new(),
            timers: BTreeMap::new(),
            asks: BTreeMap::new(),
            held: BTreeMap::new(),
            wanted: BTreeSet::new(),
            senders: 0,
            trace: String::new(),
        }
    }

    /// The trace of a script.
    pub(crate) fn play(mut self, script: &[Line]) -> String {
        for line in script {
            self.say(&format!("> {}", line.text));
            self.obey(&line.order);
        }
        let status = self.run.as_ref().map(|run| run.status().as_str());
        self.say(&format!("= {}", status.unwrap_or("not started")));
        self.trace
    }

    fn say(&mut self, line: &str) {
        self.trace += line;
        self.trace.push('\n');
    }

    fn obey(&mut self, order: &Order) {
        match order {
            Order::Set { name, value } => self.given.push((name.clone(), value.clone())),
            Order::Start { flow, input } => self.start(flow, input),
            Order::Reply {
                operation,
                status,
                body,
            } => {
                let reply = Reply::Answer {
                    status: *status,
                    body: body.as_bytes().into(),
                };
                self.end_call(operation, reply);
            }
            Order::Fail {
                operation,
                error,
                reason,
            } => {
                self.end_call(operation, Reply::Failed(failure(error, reason)));
            }
            Order::Signal { name, payload } => self.signal(name, payload, None),
            Order::Ask { name, payload } => {
                let number = self.senders;
                self.senders += 1;
                self.signal(name, payload, Some(number));
            }
            Order::Advance(length) => self.advance(*length),
            Order::Cancel(reason) => self.happen(EventKind::Cancelled {
                reason: reason.clone(),
            }),
            Order::Pause(reason) => self.happen(EventKind::Paused {
                reason: reason.clone(),
            }),
            Order::Resume => self.happen(EventKind::Resumed),
            Order::Edit { name, value } => self.edit(name, value),
            Order::Variables => self.variables(),
            Order::Decide { call, decision } => self.decide(CallId(*call), decision),
            Order::Terminate(reason) => self.happen(EventKind::Terminated {
                reason: reason.clone(),
            }),
            Order::Answer { call, answer } => self.answer(CallId(*call), answer),
            Order::Hear { event, payload } => self.happen(EventKind::Heard {
                event: event.as_str().into(),
                payload: payload.as_bytes().into(),
            }),
            Order::Item { call, item } => {
                let call = CallId(*call);
                assert!(self.wanted.remove(&call), "no item of call {} is wanted", call.0);
                self.happen(EventKind::Streamed {
                    call,
                    item: item.as_bytes().into(),
                });
            }
            Order::View(name) => self.view(name),
        }
    }

    fn start(&mut self, flow: &str, input: &str) {
        let given = self
            .given
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        self.settings = match Settings::new(self.program, given) {
            Ok(settings) => settings,
            Err(error) => return self.say(&format!("  refused: {error}")),
        };
        let flow = self
            .program
            .flow_named(flow)
            .unwrap_or_else(|| panic!("no flow `{flow}`"));
        let key = match border::check_input(self.program, &self.settings, flow, input.as_bytes()) {
            Ok(key) => key,
            Err(misfit) => return self.say(&format!("  refused: {misfit}")),
        };
        self.run = Some(Run::new(RUN, flow));
        self.happen(EventKind::Started {
            input: input.as_bytes().into(),
            seed: 7,
            key,
            terms: flowmesh_machine::Terms::default(),
        });
    }

    fn signal(&mut self, name: &str, payload: &str, answer: Option<u64>) {
        match border::check_signal(self.program, self.flow(), name, payload.as_bytes()) {
            Ok(()) => {
                self.happen(EventKind::Signalled {
                    answer,
                    name: name.into(),
                    payload: payload.as_bytes().into(),
                });
            }
            Err(misfit) => self.say(&format!("  refused: {misfit}")),
        }
    }

    fn answer(&mut self, call: CallId, answer: &Answer) {
        let ask = self.asks.remove(&call);
        let ask = ask.unwrap_or_else(|| panic!("nothing was asked for by the number {}", call.0));
        if matches!(ask, Ask::Acquire { .. } | Ask::Admit(_)) && answer.token().is_some() {
            self.held.insert(call, ask);
        }
        self.happen(EventKind::Answered {
            call,
            answer: answer.clone(),
        });
    }

    fn edit(&mut self, name: &str, value: &str) {
        let run = self.run.as_ref().expect("the run was started");
        match check_edit(self.program, run, [(name, value.as_bytes())]) {
            Ok(changes) => self.happen(EventKind::Edited { changes }),
            Err(misfit) => self.say(&format!("  refused: {misfit}")),
        }
    }

    fn variables(&mut self) {
        let run = self.run.as_ref().expect("the run was started");
        for (name, json) in variables(self.program, run) {
            self.say(&format!("  {name} = {json}"));
        }
    }

    fn decide(&mut self, call: CallId, decision: &Decision) {
        let run = self.run.as_ref().expect("the run was started");
        if let Decision::Done(json) = decision
            && let Err(misfit) = check_result(self.program, run, json)
        {
            return self.say(&format!("  refused: {misfit}"));
        }
        self.happen(EventKind::Decided {
            call,
            decision: decision.clone(),
        });
    }

    fn view(&mut self, name: &str) {
        let run = self.run.as_ref().expect("the run was started");
        let seen = view(self.program, &self.settings, run, name);
        let seen = seen.unwrap_or_else(|| panic!("no view `{name}`"));
        match seen {
            Ok(json) => self.say(&format!("  {json}")),
            Err(why) => self.say(&format!("  no value: {why}")),
        }
    }

    fn end_call(&mut self, operation: &str, reply: Reply) {
        let mut open = self.calls.iter();
        let call = open.find(|(_, request)| trace::operation(self.program, request) == operation);
        let call = call
            .map(|(call, _)| *call)
            .unwrap_or_else(|| panic!("no call of `{operation}` is open"));
        self.calls.remove(&call);
        self.wanted.remove(&call);
        self.happen(EventKind::Replied { call, reply });
    }

    fn advance(&mut self, length: jiff::SignedDuration) {
        let until = self.now + length;
        loop {
            let due = self
                .timers
                .iter()
                .map(|(timer, at)| (*at, *timer))
                .filter(|(at, _)| *at <= until)
                .min();
            let Some((at, timer)) = due else {
                break;
            };
            self.now = self.now.max(at);
            self.timers.remove(&timer);
            self.happen(EventKind::Fired { timer });
        }
        self.now = until;
    }

    fn happen(&mut self, kind: EventKind) {
        let event = Event { at: self.now, kind };
        let mut effects = Vec::new();
        let mut run = self.run.take().expect("the run was started");
        apply(self.program, &self.settings, &mut run, &event, &mut effects);
        self.events.push(event);
        if self.crash == Crash::AfterEveryEvent {
            run = replay(self.program, &self.settings, RUN, run.flow(), &self.events);
        }
        self.run = Some(run);
        for effect in &effects {
            self.note(effect);
            let line = trace::line(self.program, self.flow(), self.now, effect);
            self.say(&format!("  {line}"));
        }
        self.check_pending();
    }

    fn note(&mut self, effect: &Effect) {
        match effect {
            Effect::Call { call, request, .. } => {
                let before = self.calls.insert(*call, Arc::clone(request));
                assert!(before.is_none(), "call {} was asked for twice", call.0);
            }
            Effect::Timer { timer, at } => drop(self.timers.insert(*timer, *at)),
            Effect::Disarm { timer } => drop(self.timers.remove(timer)),
            Effect::Ask { call, ask, .. } => {
                let before = self.asks.insert(*call, ask.clone());
                assert!(before.is_none(), "{} was asked for twice", call.0);
            }
            Effect::Withdraw { call } => self.withdraw(*call),
            Effect::Release { call } => drop(self.held.remove(call)),
            Effect::More { call } => drop(self.wanted.insert(*call)),
            // Nobody hears what is on its way, and children end with the run.
            Effect::Finished(Outcome::Terminated(_)) => {
                self.calls.clear();
                self.asks.clear();
                self.held.clear();
            }
            // Its place among the runs of its flow is free by that.
            Effect::Finished(_) => self.held.retain(|_, ask| !matches!(ask, Ask::Admit(_))),
            Effect::Answer { .. } | Effect::Record { .. } | Effect::Note(_) => {}
        }
    }

    /// Nobody waits for it any more, unless it is a child whose end is heard all the same.
    fn withdraw(&mut self, call: CallId) {
        let run = self.run.as_ref().expect("the run was started");
        let heard = |effect: &Effect| matches!(effect, Effect::Withdraw { call: still } if *still == call);
        if !pending(self.program, run).iter().any(heard) {
            self.asks.remove(&call);
            self.calls.remove(&call);
            self.wanted.remove(&call);
        }
    }

    /// What the run says it waits for is what was asked for and has not come.
    fn check_pending(&self) {
        let (mut calls, mut asks, mut timers) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        let mut wanted = BTreeSet::new();
        for effect in pending(self.program, self.run.as_ref().expect("the run was started")) {
            match effect {
                Effect::Call { call, .. } => drop(calls.insert(call)),
                Effect::Ask { call, ask, .. } => drop(asks.insert(call, ask)),
                Effect::Timer { timer, at } => drop(timers.insert(timer, at)),
                Effect::More { call } => drop(wanted.insert(call)),
                Effect::Withdraw { call } => assert!(asks.contains_key(&call)),
                other => panic!("{other:?} is nothing to wait for"),
            }
        }
        assert!(calls.iter().eq(self.calls.keys()));
        assert_eq!(wanted, self.wanted);
        let asked = self.asks.iter().chain(&self.held);
        assert_eq!(asks, asked.map(|(call, ask)| (*call, ask.clone())).collect());
        assert_eq!(timers, self.timers);
    }

    fn flow(&self) -> FlowId {
        self.run.as_ref().expect("the run was started").flow()
    }
}

fn failure(error: &str, reason: &str) -> Failure {
    let reason = reason.to_owned();
    match error {
        "Timeout" => Failure::Timeout(reason),
        "Unavailable" => Failure::Unavailable(reason),
        "Overloaded" => Failure::Overloaded(reason),
        "Unknown" => Failure::Unknown(reason),
        "BadReply" => Failure::BadReply(reason),
        other => panic!("no call ends with `{other}`"),
    }
}
