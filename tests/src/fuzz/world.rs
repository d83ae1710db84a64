//! A run of any program in a world by chance: what it asks for is answered somehow, and some things happen that nobody
//! asked for. Whatever happens, the machine keeps what it promises.

use super::sample;
use crate::mutate::Random;
use flowmesh_ir::{
    FlowId, Program,
    call::{Failure, Reply, Request},
    flow::Tie,
    ty::Type,
};
use flowmesh_machine::{
    Answer, Ask, CallId, Effect, Ended, Event, EventKind, Outcome, Run, Settings, Sight, TimerId, apply,
    border::{self, Given},
    pending, replay, view, waits,
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hasher},
    sync::Arc,
};
use uuid::Uuid;

/// How much happens in one world.
const EVENTS: usize = 60;

/// How much a run may hold before it is left alone: larger ones take long, and are no better.
const OPEN_MAX: usize = 300;

/// Runs each flow of a program in a world of its own.
pub(super) fn run(program: &Program, random: &mut Random) {
    let Some(settings) = settings(program, random) else {
        return;
    };
    for number in 0..program.flows.len().min(8) {
        let flow = FlowId(u32::try_from(number).unwrap_or_default());
        let input = sample::object(program, &program.flows[number].params, random, 0);
        let Ok(key) = border::check_input(program, &settings, flow, input.as_bytes()) else {
            continue;
        };
        let _ = border::tags(program, &settings, flow, input.as_bytes());
        let mut world = World::new(program, &settings, flow, random);
        world.event(EventKind::Started {
            input: input.as_bytes().into(),
            seed: 7,
            key,
            terms: flowmesh_machine::Terms::default(),
        });
        for _ in 0..EVENTS {
            if world.finished || world.open() > OPEN_MAX {
                break;
            }
            world.happen();
            world.look();
        }
        world.check_replay();
    }
}

fn settings(program: &Program, random: &mut Random) -> Option<Settings> {
    let configs = program.configs.iter();
    let given: Vec<(String, String)> = configs
        .map(|config| {
            (
                config.name.to_string(),
                sample::value(program, &config.ty, random, 0),
            )
        })
        .collect();
    let json = given
        .iter()
        .map(|(name, json)| (name.as_str(), Given::Json(json)));
    Settings::gather(program, json)
        .or_else(|_| Settings::gather(program, []))
        .ok()
}

struct World<'p, 'r> {
    program: &'p Program,
    settings: &'p Settings,
    flow: FlowId,
    random: &'r mut Random,
    run: Run,
    events: Vec<Event>,
    now: Timestamp,
    calls: BTreeMap<CallId, Arc<Request>>,
    /// Calls that were heard: hearing them again changes nothing.
    heard: Vec<(CallId, Reply)>,
    asks: BTreeMap<CallId, Ask>,
    held: BTreeSet<CallId>,
    /// By which number it asked its flow to let it in.
    admitted: Option<CallId>,
    timers: BTreeMap<TimerId, Timestamp>,
    finished: bool,
}

impl<'p, 'r> World<'p, 'r> {
    fn new(program: &'p Program, settings: &'p Settings, flow: FlowId, random: &'r mut Random) -> Self {
        Self {
            program,
            settings,
            flow,
            random,
            run: Run::new(Uuid::from_u128(1), flow),
            events: Vec::new(),
            now: Timestamp::UNIX_EPOCH,
            calls: BTreeMap::new(),
            heard: Vec::new(),
            asks: BTreeMap::new(),
            held: BTreeSet::new(),
            admitted: None,
            timers: BTreeMap::new(),
            finished: false,
        }
    }

    fn open(&self) -> usize {
        self.calls.len() + self.asks.len() + self.timers.len()
    }

    fn event(&mut self, kind: EventKind) {
        let event = Event { at: self.now, kind };
        let mut effects = Vec::new();
        apply(self.program, self.settings, &mut self.run, &event, &mut effects);
        self.events.push(event);
        for effect in effects {
            self.follow(effect);
        }
        assert_eq!(
            self.finished,
            self.run.status().ended(),
            "it says when it has ended"
        );
        self.check_pending();
    }

    fn follow(&mut self, effect: Effect) {
        assert!(!self.finished, "nothing comes after the end: {effect:?}");
        match effect {
            Effect::Call { call, request, .. } => {
                assert!(self.calls.insert(call, request).is_none(), "asked twice");
            }
            Effect::Ask { call, ask, .. } => assert!(self.asks.insert(call, ask).is_none(), "asked twice"),
            Effect::Withdraw { call } => {
                // The end of a child may still be heard; a stream is closed.
                let child = matches!(self.asks.get(&call), Some(Ask::Start { tie: Tie::Child, .. }));
                let known = self.asks.contains_key(&call) || self.calls.remove(&call).is_some();
                assert!(known, "withdrawn, never asked");
                if !child || !self.is_pending(call) {
                    self.asks.remove(&call);
                }
            }
            Effect::Release { call } => assert!(self.held.remove(&call), "released, never held"),
            Effect::Timer { timer, at } => assert!(self.timers.insert(timer, at).is_none(), "armed twice"),
            Effect::Disarm { timer } => assert!(self.timers.remove(&timer).is_some(), "never armed"),
            Effect::Finished(_) => {
                self.finished = true;
                // Its place among the runs of its flow is free by that.
                if let Some(call) = self.admitted {
                    self.held.remove(&call);
                }
            }
            Effect::Answer { .. } | Effect::More { .. } | Effect::Record { .. } | Effect::Note(_) => {}
        }
    }

    fn is_pending(&self, call: CallId) -> bool {
        let of = |effect: &Effect| matches!(effect, Effect::Ask { call: asked, .. } if *asked == call);
        pending(self.program, &self.run).iter().any(of)
    }

    /// What the run says it waits for is what it asked for and has not heard.
    fn check_pending(&self) {
        let (mut calls, mut asks, mut timers) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        for effect in pending(self.program, &self.run) {
            match effect {
                Effect::Call { call, .. } => drop(calls.insert(call)),
                Effect::Ask { call, .. } => drop(asks.insert(call)),
                Effect::Timer { timer, at } => drop(timers.insert(timer, at)),
                _ => {}
            }
        }
        assert!(
            calls.iter().eq(self.calls.keys()),
            "calls {calls:?} and {:?}",
            self.calls.keys()
        );
        let asked: BTreeSet<CallId> = self.asks.keys().chain(&self.held).copied().collect();
        assert_eq!(asks, asked, "asks");
        assert_eq!(timers, self.timers, "timers");
    }

    /// What is only looked at changes nothing, and always has a result.
    fn look(&mut self) {
        for known in self
            .program
            .flows
            .get(self.flow.index())
            .iter()
            .flat_map(|flow| &flow.views)
        {
            let _ = view(self.program, self.settings, &self.run, &known.name);
        }
        let _ = waits(self.program, &self.run);
        let sight = Sight {
            now: self.now,
            chance: true,
        };
        let mut hasher = DefaultHasher::new();
        self.run.fingerprint(sight, &mut hasher);
        let _ = hasher.finish();
        if let Some(Outcome::Done(_)) = self.run.outcome() {
            self.run
                .result_json(self.program)
                .expect("a result can be written");
        }
        if self.random.below(20) == 0 {
            self.check_replay();
            self.check_doubles();
        }
    }

    /// A process that ends here and one that takes over: the run is the same.
    fn check_replay(&self) {
        let again = replay(
            self.program,
            self.settings,
            self.run.id(),
            self.flow,
            &self.events,
        );
        assert_eq!(again, self.run, "made anew, the run is another");
    }

    /// What was heard and is heard again changes nothing.
    fn check_doubles(&self) {
        let mut run = self.run.clone();
        let mut effects = Vec::new();
        for (call, reply) in &self.heard {
            let kind = EventKind::Replied {
                call: *call,
                reply: reply.clone(),
            };
            let event = Event {
                at: run.updated(),
                kind,
            };
            apply(self.program, self.settings, &mut run, &event, &mut effects);
        }
        assert_eq!(
            effects,
            [],
            "something follows from a reply that was heard before"
        );
        assert_eq!(run, self.run, "a reply that was heard before changes the run");
    }

    /// One thing by chance, sensible or not.
    fn happen(&mut self) {
        let passed = i64::try_from(self.random.below(3)).unwrap_or_default();
        self.now += SignedDuration::from_secs(passed);
        match self.random.below(26) {
            0..=9 => self.answer_call(),
            10..=13 => self.answer_ask(),
            14..=16 => self.fire(),
            17..=20 => self.signal(),
            21 | 22 => self.hear(),
            23 => {
                let call = CallId(u32::try_from(self.random.below(30)).unwrap_or_default());
                if !self.calls.contains_key(&call) {
                    let reply = self.reply(&Type::Json);
                    self.event(EventKind::Replied { call, reply });
                }
            }
            24 => {
                let timer = TimerId(u32::try_from(self.random.below(20)).unwrap_or_default());
                if !self.timers.contains_key(&timer) {
                    self.event(EventKind::Fired { timer });
                }
            }
            _ if self.random.below(10) == 0 => self.event(EventKind::Cancelled {
                reason: "enough".to_owned(),
            }),
            _ => {}
        }
    }

    fn answer_call(&mut self) {
        let at = self.random.below(self.calls.len());
        let Some((call, request)) = self
            .calls
            .iter()
            .nth(at)
            .map(|(call, sent)| (*call, sent.clone()))
        else {
            return;
        };
        let service = self.program.service(request.service);
        let operation = service.and_then(|service| service.operations.get(request.operation.index()));
        let Some(operation) = operation else { return };
        if operation.stream.is_some() && self.random.below(4) > 0 {
            let item = sample::value(self.program, &operation.result, self.random, 0);
            return self.event(EventKind::Streamed {
                call,
                item: item.as_bytes().into(),
            });
        }
        let mut reply = self.reply(&operation.result);
        if let Reply::Answer { status, .. } = &mut reply
            && self.random.below(8) == 0
            && let Some(on) = operation.on.get(self.random.below(operation.on.len()))
        {
            *status = on.status;
        }
        self.calls.remove(&call);
        self.heard.push((call, reply.clone()));
        self.event(EventKind::Replied { call, reply });
    }

    fn reply(&mut self, ty: &Type) -> Reply {
        let why = || "by chance".to_owned();
        match self.random.below(16) {
            0 => Reply::Failed(Failure::Timeout(why())),
            1 => Reply::Failed(Failure::Unavailable(why())),
            2 => Reply::Failed(Failure::Unknown(why())),
            3 => Reply::Answer {
                status: 500,
                body: b"?".as_slice().into(),
            },
            _ => Reply::Answer {
                status: 200,
                body: sample::value(self.program, ty, self.random, 0)
                    .into_bytes()
                    .into(),
            },
        }
    }

    fn answer_ask(&mut self) {
        let at = self.random.below(self.asks.len());
        let Some((call, ask)) = self.asks.iter().nth(at).map(|(call, ask)| (*call, ask.clone())) else {
            return;
        };
        let answer = self.answer(&ask);
        self.asks.remove(&call);
        if matches!(ask, Ask::Admit(_)) {
            self.admitted = Some(call);
        }
        if matches!(ask, Ask::Acquire { .. } | Ask::Admit(_)) && answer.token().is_some() {
            self.held.insert(call);
        }
        self.event(EventKind::Answered { call, answer });
    }

    fn answer(&mut self, ask: &Ask) -> Answer {
        if self.random.below(10) == 0 {
            return Answer::Refused("no".to_owned());
        }
        match ask {
            Ask::Start { tie: Tie::Apart, .. } => Answer::Run("run".to_owned()),
            Ask::Start { flow, .. } => Answer::Ended(self.ended(*flow)),
            Ask::Probe { .. } | Ask::Recall(_) => Answer::Found(self.random.below(2) == 0),
            Ask::Acquire { .. } | Ask::Admit(_) => Answer::Granted(1),
            Ask::Emit { .. } | Ask::Shift { .. } | Ask::Debounce(_) => Answer::Done(Vec::new()),
        }
    }

    fn ended(&mut self, flow: FlowId) -> Ended {
        let Some(flow) = self.program.flow(flow) else {
            return Ended::Cancelled("it is gone".to_owned());
        };
        let errors = self.program.errors.len();
        match self.random.below(6) {
            0 => Ended::Cancelled("enough".to_owned()),
            1 | 2 => match self.program.errors.get(self.random.below(errors)) {
                Some(def) => {
                    let fields = sample::object(self.program, &def.fields, self.random, 0);
                    Ended::Failed(def.name.clone(), fields.into_bytes().into())
                }
                None => Ended::Cancelled("enough".to_owned()),
            },
            _ => Ended::Done(
                sample::value(self.program, &flow.result, self.random, 0)
                    .into_bytes()
                    .into(),
            ),
        }
    }

    fn fire(&mut self) {
        let due = self.timers.iter().map(|(timer, at)| (*at, *timer)).min();
        if let Some((at, timer)) = due {
            self.now = self.now.max(at);
            self.timers.remove(&timer);
            self.event(EventKind::Fired { timer });
        }
    }

    fn signal(&mut self) {
        let signals = self.program.flow(self.flow).map_or(&[][..], |flow| &flow.signals);
        let Some(signal) = signals.get(self.random.below(signals.len())) else {
            return;
        };
        let payload = sample::object(self.program, &signal.params, self.random, 0);
        if border::check_signal(self.program, self.flow, &signal.name, payload.as_bytes()).is_ok() {
            let answer = signal.result.is_some().then_some(self.events.len() as u64);
            self.event(EventKind::Signalled {
                name: signal.name.clone(),
                payload: payload.into_bytes().into(),
                answer,
            });
        }
    }

    fn hear(&mut self) {
        let events = &self.program.events;
        let Some(event) = events.get(self.random.below(events.len())) else {
            return;
        };
        let payload = sample::object(self.program, &event.fields, self.random, 0);
        if border::check_event(self.program, &event.name, payload.as_bytes()).is_ok() {
            self.event(EventKind::Heard {
                event: event.name.clone(),
                payload: payload.into_bytes().into(),
            });
        }
    }
}
