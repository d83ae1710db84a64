//! The world of a random run: it remembers what was asked for, answers by chance, and knows what must hold.

use super::super::{bench::assert_survives, build::FLOW};
use crate::{
    Answer, Ask, CallId, Choice, Decision, Draws, Effect, Ended, Event, EventKind, Outcome, Recorded, Run,
    Settings, Status, TimerId, apply, pending,
    upgrade::{Home, Homes, Plan, Upgrade, move_run},
};
use flowmesh_ir::{
    Hash, Program, Value,
    call::{Failure, Reply, Request},
    flow::{End, Tie},
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

pub(super) struct World<'p> {
    program: &'p Program,
    /// The programs that it had, in their order.
    homes: Vec<&'p Program>,
    /// Whether what it did not take along when it moved was replaced, so that it is not the run of its events.
    poisoned: bool,
    pub(super) run: Run,
    events: Vec<Event>,
    now: Timestamp,
    draws: Draws,
    calls: BTreeMap<CallId, (Arc<Request>, bool)>,
    asks: BTreeMap<CallId, Ask>,
    held: BTreeMap<CallId, Ask>,
    timers: BTreeMap<TimerId, Timestamp>,
    signals: BTreeSet<u64>,
    /// Charges that succeeded, by their receipt, with their block.
    pub(super) charged: BTreeMap<String, String>,
    /// Calls of which nobody heard.
    lost: BTreeMap<CallId, Arc<Request>>,
    /// Receipts that were asked to be refunded, in order, each once.
    pub(super) refunded: Vec<String>,
    /// Whether the program may begin anew, which leaves what was done.
    restarts: bool,
    /// Whether somebody paused it.
    paused: bool,
    /// Whether it may take no new step now.
    still: bool,
    finished: u32,
}

impl<'p> World<'p> {
    pub(super) fn new(program: &'p Program, seed: u64) -> Self {
        let mut world = Self {
            program,
            homes: vec![program],
            poisoned: false,
            run: Run::new(Uuid::from_u128(1), FLOW),
            events: Vec::new(),
            now: Timestamp::UNIX_EPOCH,
            draws: Draws::new(seed ^ 0xabcd),
            calls: BTreeMap::new(),
            asks: BTreeMap::new(),
            held: BTreeMap::new(),
            timers: BTreeMap::new(),
            signals: BTreeSet::new(),
            charged: BTreeMap::new(),
            lost: BTreeMap::new(),
            refunded: Vec::new(),
            restarts: program.flows[0]
                .states
                .iter()
                .any(|state| matches!(state.end, End::Restart(_))),
            paused: false,
            still: false,
            finished: 0,
        };
        world.event(EventKind::Started {
            input: br#"{"id":"o1"}"#.as_slice().into(),
            seed,
            key: Some("o1".to_owned()),
            terms: crate::Terms::default(),
        });
        world
    }

    /// Moves the run to another program, if it can; says whether it did.
    pub(super) fn move_to(&mut self, program: &'p Program, poison: bool) -> bool {
        let mapping = match Upgrade::new(self.program, program).plan(&self.run) {
            Plan::Moves(mapping) => mapping,
            Plan::Stays(_) | Plan::NeedsMigration(_) => return false,
        };
        let moved =
            move_run(self.program, program, &self.run, &mapping).expect("what was planned can be done");
        let parked = self.run.parked().map(|parked| parked.call);
        self.run = moved;
        assert_eq!(self.run.parked().map(|parked| parked.call), parked);
        if poison {
            self.poisoned = true;
            let taken: BTreeSet<usize> = mapping.slots.iter().map(|(_, to)| to.index()).collect();
            for (at, place) in self.run.frame.iter_mut().enumerate() {
                if !taken.contains(&at) {
                    *place = Value::string("never written");
                }
            }
            for frame in self.run.frames.values_mut() {
                for (slot, place) in frame.slots.iter().zip(&mut frame.values) {
                    if !taken.contains(&slot.index()) {
                        *place = Value::string("never written");
                    }
                }
            }
        }
        self.program = program;
        self.homes.push(program);
        self.event(EventKind::Moved {
            program: Hash([0; 32]),
            settings: Hash([0; 32]),
            mapping,
        });
        true
    }

    fn pick(&mut self, of: usize) -> usize {
        usize::try_from(self.draws.next_u64() % u64::try_from(of.max(1)).unwrap()).unwrap()
    }

    fn event(&mut self, kind: EventKind) {
        match kind {
            EventKind::Paused { .. } => self.paused = true,
            EventKind::Resumed | EventKind::Cancelled { .. } | EventKind::Terminated { .. } => {
                self.paused = false;
            }
            _ => {}
        }
        let steered = matches!(
            kind,
            EventKind::Resumed | EventKind::Decided { .. } | EventKind::Cancelled { .. }
        );
        self.still = !steered && self.run.status() == Status::Paused;
        let event = Event { at: self.now, kind };
        let mut effects = Vec::new();
        apply(
            self.program,
            &Settings::default(),
            &mut self.run,
            &event,
            &mut effects,
        );
        self.events.push(event);
        assert_survives(&self.run);
        for effect in effects {
            self.note(effect);
        }
        if self.run.status() != Status::Terminated {
            self.check_pending();
        }
    }

    fn note(&mut self, effect: Effect) {
        assert_eq!(self.finished, 0, "nothing comes after the end: {effect:?}");
        let new = matches!(
            effect,
            Effect::Call { .. } | Effect::Ask { .. } | Effect::Timer { .. }
        );
        assert!(
            !(self.still && new),
            "a run that stands still asks for {effect:?}"
        );
        match effect {
            Effect::Call {
                call, request, undo, ..
            } => {
                if undo {
                    self.refund(&request);
                }
                assert!(self.calls.insert(call, (request, undo)).is_none(), "asked twice");
            }
            Effect::Ask { call, ask, .. } => {
                assert!(self.asks.insert(call, ask).is_none(), "asked twice");
            }
            Effect::Withdraw { call } => {
                let heard = matches!(self.asks.get(&call), Some(Ask::Start { tie: Tie::Child, .. }))
                    && self.is_expected(call);
                // What came while the run stood still is withdrawn before the run has looked at it.
                let here = heard || self.asks.remove(&call).is_some() || self.came_late(call);
                self.held.remove(&call);
                assert!(here, "withdrawn, never asked");
            }
            Effect::Release { call } => assert!(self.held.remove(&call).is_some(), "released, never held"),
            Effect::Timer { timer, at } => assert!(self.timers.insert(timer, at).is_none(), "armed twice"),
            Effect::Disarm { timer } => {
                let here = self.timers.remove(&timer).is_some() || self.fired_late(timer);
                assert!(here, "disarmed, never armed");
            }
            Effect::Answer { signal, .. } => assert!(self.signals.remove(&signal), "answered twice"),
            Effect::Finished(_) => self.finished += 1,
            Effect::More { .. } | Effect::Record { .. } | Effect::Note(_) => {}
        }
    }

    fn came_late(&self, call: CallId) -> bool {
        self.events
            .iter()
            .any(|event| matches!(event.kind, EventKind::Answered { call: came, .. } if came == call))
    }

    fn fired_late(&self, timer: TimerId) -> bool {
        self.events
            .iter()
            .any(|event| event.kind == EventKind::Fired { timer })
    }

    fn is_expected(&self, call: CallId) -> bool {
        self.run.calls.contains_key(&call)
    }

    /// An undo is sent for a receipt: the first time counts.
    fn refund(&mut self, request: &Request) {
        let receipt = request.path.trim_start_matches("/charges/").to_owned();
        if receipt == "child" || self.refunded.contains(&receipt) {
            return;
        }
        let block = self.charged.get(&receipt).expect("only what was done is undone");
        if block != "block 0" && !self.restarts {
            let number = |receipt: &str| receipt.trim_start_matches('r').parse::<u32>().unwrap();
            let same = |before: &&String| self.charged.get(*before) == Some(block);
            for before in self.refunded.iter().filter(same) {
                assert!(
                    number(before) > number(&receipt),
                    "undone in another order: {block}"
                );
            }
        }
        self.refunded.push(receipt);
    }

    /// What the run says it waits for is what was asked for and has not come; and a run made anew says the same.
    fn check_pending(&self) {
        let found = pending(self.program, &self.run);
        let (mut calls, mut asks, mut timers) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for effect in &found {
            match effect {
                Effect::Call {
                    call, request, undo, ..
                } => drop(calls.insert(*call, (request.clone(), *undo))),
                Effect::Ask { call, ask, .. } => drop(asks.insert(*call, ask.clone())),
                Effect::Timer { timer, at } => drop(timers.insert(*timer, *at)),
                Effect::Withdraw { call } => assert!(asks.contains_key(call)),
                other => panic!("{other:?} is nothing to wait for"),
            }
        }
        assert_eq!(calls, self.calls);
        let asked: BTreeMap<_, _> = self
            .asks
            .iter()
            .chain(&self.held)
            .map(|(call, ask)| (*call, ask.clone()))
            .collect();
        assert_eq!(asks, asked);
        assert_eq!(timers, self.timers);
        let held: Vec<_> = self.run.guards().map(|(call, ..)| call).collect();
        assert_eq!(held, self.held.keys().copied().collect::<Vec<_>>());
        if self.poisoned {
            return;
        }
        let again = self.again();
        assert_eq!(pending(self.program, &again), found);
        assert_eq!(format!("{again:?}"), format!("{:?}", self.run));
    }

    /// The run made anew from its events.
    fn again(&self) -> Run {
        let settings = Settings::default();
        let homes = self.homes.iter().map(|program| Home {
            program,
            settings: &settings,
        });
        let homes: Vec<Home<'_>> = homes.collect();
        let mut homes = Homes::new(&homes);
        let mut run = Run::new(self.run.id(), FLOW);
        for event in &self.events {
            homes.apply(&mut run, event, &mut Vec::new());
        }
        run
    }

    /// One thing by chance, sensible or not.
    pub(super) fn happen(&mut self) {
        let passed = i64::try_from(self.pick(3)).unwrap();
        self.now += SignedDuration::from_secs(passed);
        match self.pick(28) {
            0..=9 => self.answer_call(false),
            10..=13 => self.answer_ask(false),
            14..=16 => self.fire(),
            17..=19 => self.signal(),
            20 => {
                let call = CallId(u32::try_from(self.pick(40)).unwrap());
                if !self.calls.contains_key(&call) {
                    let reply = answer(200, r#"{"id":"x"}"#);
                    self.event(EventKind::Replied { call, reply });
                }
            }
            21 => {
                let timer = TimerId(u32::try_from(self.pick(20)).unwrap());
                if !self.timers.contains_key(&timer) {
                    self.event(EventKind::Fired { timer });
                }
            }
            22 => self.event(EventKind::Heard {
                event: "Told".into(),
                payload: br#"{"id":"t"}"#.as_slice().into(),
            }),
            23 | 24 => self.event(EventKind::Paused {
                reason: "wait".to_owned(),
            }),
            25 | 26 => self.event(EventKind::Resumed),
            27 if self.pick(20) == 0 => self.terminate(),
            27 => self.decide(),
            _ if self.pick(12) == 0 => self.event(EventKind::Cancelled {
                reason: "enough".to_owned(),
            }),
            _ => {}
        }
    }

    fn answer_call(&mut self, well: bool) {
        let at = self.pick(self.calls.len());
        let Some((call, (request, undo))) = self
            .calls
            .iter()
            .nth(at)
            .map(|(call, sent)| (*call, sent.clone()))
        else {
            return;
        };
        self.calls.remove(&call);
        let luck = if well { 0 } else { self.pick(10) };
        let reply = match luck {
            7 => answer(402, r#"{"reason":"x"}"#),
            8 => answer(500, "?"),
            9 => {
                self.lost.insert(call, request);
                Reply::Failed(Failure::Unknown("nobody heard".to_owned()))
            }
            _ => {
                let receipt = format!("r{}", call.0);
                if request.path == "/charges" && !undo {
                    let block = String::from_utf8_lossy(&request.body)
                        .trim_matches('"')
                        .to_owned();
                    self.charged.insert(receipt.clone(), block);
                }
                answer(200, &format!(r#"{{"id":"{receipt}"}}"#))
            }
        };
        self.event(EventKind::Replied { call, reply });
    }

    fn answer_ask(&mut self, well: bool) {
        let at = self.pick(self.asks.len());
        let Some((call, ask)) = self.asks.iter().nth(at).map(|(call, ask)| (*call, ask.clone())) else {
            return;
        };
        self.asks.remove(&call);
        let luck = if well { 9 } else { self.pick(10) };
        let answer = match (&ask, luck) {
            (_, 0) => Answer::Refused("no".to_owned()),
            (Ask::Start { tie: Tie::Apart, .. }, _) => Answer::Run("run".to_owned()),
            (Ask::Start { .. }, 1) => Answer::Ended(Ended::Cancelled("enough".to_owned())),
            (Ask::Start { .. }, 2 | 3) => Answer::Ended(Ended::Failed(
                "Declined".into(),
                br#"{"reason":"c"}"#.as_slice().into(),
            )),
            (Ask::Start { .. }, _) => Answer::Ended(Ended::Done(b"1".as_slice().into())),
            (Ask::Probe { .. }, _) => Answer::Found(luck % 2 == 0),
            (Ask::Recall(_), 4..8) => Answer::Found(false),
            (Ask::Recall(_), _) => Answer::Recalled(Recorded {
                run: "before".to_owned(),
                at: self.now,
                result: b"1".as_slice().into(),
            }),
            _ => Answer::Done(Vec::new()),
        };
        if matches!(ask, Ask::Acquire { .. } | Ask::Admit(_)) && answer.token().is_some() {
            self.held.insert(call, ask);
        }
        self.event(EventKind::Answered { call, answer });
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
        let answer = (self.pick(2) == 0).then_some(self.events.len() as u64);
        self.signals.extend(answer.filter(|_| self.finished == 0));
        // After the end it is answered too, but nobody looks.
        if self.finished == 0 {
            self.event(EventKind::Signalled {
                name: "approve".into(),
                payload: br#"{"by":"ann"}"#.as_slice().into(),
                answer,
            });
        }
    }

    /// A person decides, if there is something to decide. What is said to be done was done.
    fn decide(&mut self) {
        let Some((call, choices)) = self.run.parked().map(|parked| (parked.call, parked.choices)) else {
            return;
        };
        let decision = match choices[self.pick(choices.len())] {
            Choice::Retry => Decision::Retry,
            Choice::Fail => Decision::Fail,
            Choice::Skip => Decision::Skip,
            Choice::Done => {
                let receipt = format!("r{}", call.0);
                if let Some(request) = self.lost.get(&call).filter(|request| request.path == "/charges") {
                    let block = String::from_utf8_lossy(&request.body)
                        .trim_matches('"')
                        .to_owned();
                    self.charged.insert(receipt.clone(), block);
                }
                Decision::Done(format!(r#"{{"id":"{receipt}"}}"#).as_bytes().into())
            }
        };
        self.event(EventKind::Decided { call, decision });
    }

    /// The end of everything that is outstanding, and no undoing.
    fn terminate(&mut self) {
        if self.finished > 0 {
            return;
        }
        let refunded = self.refunded.len();
        self.event(EventKind::Terminated {
            reason: "at once".to_owned(),
        });
        assert_eq!(self.run.status(), Status::Terminated);
        assert_eq!(self.refunded.len(), refunded, "nothing is undone");
        assert!(
            pending(self.program, &self.run).is_empty(),
            "nothing is waited for"
        );
        let children = |ask: &Ask| matches!(ask, Ask::Start { tie: Tie::Child, .. });
        assert!(
            self.asks.values().all(children),
            "what is left are children, which end too"
        );
        self.calls.clear();
        self.asks.clear();
        self.charged.clear();
        self.refunded.clear();
    }

    /// Answers everything well until the run has ended.
    pub(super) fn drain(&mut self) {
        for _ in 0..600 {
            if self.finished > 0 {
                return self.check_end();
            }
            if self.run.parked().is_some() {
                self.decide();
            } else if self.paused && self.pick(3) == 0 {
                self.event(EventKind::Resumed);
            } else if !self.calls.is_empty() {
                self.answer_call(true);
            } else if !self.asks.is_empty() {
                self.answer_ask(true);
            } else if !self.timers.is_empty() {
                self.fire();
            } else if self.paused {
                self.event(EventKind::Resumed);
            } else {
                self.signal();
            }
        }
        panic!("the run does not end: {:?}", self.run);
    }

    fn check_end(&self) {
        assert!(self.run.status().ended());
        assert!(
            self.calls.is_empty() && self.asks.is_empty(),
            "nothing is on its way after the end"
        );
        assert!(
            self.timers.is_empty() && self.held.is_empty(),
            "nothing is held after the end"
        );
        assert!(self.signals.is_empty(), "every sender has its answer");
        if self.restarts {
            return;
        }
        if !matches!(self.run.outcome(), Some(Outcome::Done(_))) {
            let undone: BTreeSet<_> = self.refunded.iter().collect();
            let done: BTreeSet<_> = self.charged.keys().collect();
            assert_eq!(undone, done, "everything is undone");
        }
    }
}

fn answer(status: u16, body: &str) -> Reply {
    Reply::Answer {
        status,
        body: body.as_bytes().into(),
    }
}
