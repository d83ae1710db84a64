//! Clients that send requests with keys of their own, again and again, also across crashes: each is done once.

use super::{
    clients::Intent,
    scenario::RequestPlan,
    world::{Happens, World},
};
use crate::{
    RunId,
    engine::{Answer, Asked, Command, Refusal, Start},
    store::EventRecord,
};
use flowmesh_ir::Hash;
use flowmesh_machine::{EventKind, Terms};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// Of a thousand requests that were acknowledged, how many are sent once more.
const REPEATS: u64 = 500;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// A run, under another identifier each time.
    Start,
    /// That this run hears something that nobody else says.
    Signal(RunId),
}

/// What clients were told of requests, and may rely on.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// The identifiers under which a run was to begin, of each request.
    tried: BTreeMap<usize, BTreeSet<RunId>>,
    /// The run that each was said to have begun.
    begun: BTreeMap<usize, RunId>,
    /// Those whose signal was said to be heard.
    heard: BTreeSet<usize>,
    /// How many answers came to requests that had been answered before.
    pub(super) repeated: u64,
}

impl World<'_> {
    pub(super) fn plan_requests(&mut self, within: Duration) {
        for request in 0..self.scenario.requests.len() {
            let at = self.draw(within);
            self.after(at, Happens::Client(Intent::Request(request, What::Start)));
        }
    }

    pub(super) fn request(&mut self, request: usize, what: What) -> Option<Command> {
        let plan = self.scenario.requests.get(request)?;
        let command = match what {
            What::Start => {
                let run = RunId::new(self.now(), self.chance.draw(), self.chance.draw());
                self.requests.tried.entry(request).or_default().insert(run);
                Command::Start(Start {
                    run,
                    seed: self.chance.draw(),
                    flow: plan.start.flow.clone(),
                    input: plan.start.input.as_bytes().into(),
                    key: None,
                    lineage: None,
                    terms: Terms::default(),
                })
            }
            What::Signal(run) => Command::Signal {
                run,
                name: plan.signal.clone(),
                payload: said(plan, request).as_bytes().into(),
            },
        };
        let key = match what {
            What::Start => format!("start {request}"),
            What::Signal(_) => format!("signal {request}"),
        };
        let asked = Asked {
            who: "client".into(),
            print: Hash::of(key.as_bytes()),
            key: key.into(),
            part: None,
        };
        Some(Command::Once(asked, Box::new(command)))
    }

    pub(super) fn request_answered(&mut self, request: usize, what: What, answer: &Answer) {
        let again = Intent::Request(request, what);
        match (what, answer) {
            (What::Start, Answer::Started(started)) => {
                let known = self.requests.begun.insert(request, started.id);
                if known.is_some_and(|known| known != started.id) {
                    let promise = format!("request {request} began run {known:?} and then {}", started.id);
                    return self.breaks(promise);
                }
                match known {
                    Some(_) => self.requests.repeated = self.requests.repeated.saturating_add(1),
                    None => self.again(Intent::Request(request, What::Signal(started.id))),
                }
            }
            (What::Signal(_), Answer::Accepted) => {
                if !self.requests.heard.insert(request) {
                    self.requests.repeated = self.requests.repeated.saturating_add(1);
                }
            }
            // Somebody has ended it meanwhile.
            (What::Signal(_), Answer::Refused(Refusal::Ended { .. })) => {
                if self.requests.heard.contains(&request) {
                    self.breaks(format!(
                        "the signal of request {request} was heard, and is refused now"
                    ));
                }
                return;
            }
            (_, Answer::Refused(Refusal::Full)) => return self.again(again),
            (_, answer) => return self.breaks(format!("{again:?} was answered with {answer:?}")),
        }
        if self.chance.happens(REPEATS) {
            self.again(again);
        }
    }
}

fn said(plan: &RequestPlan, request: usize) -> String {
    plan.payload.replace('#', &request.to_string())
}

/// Each request had one effect at the most, and one that was acknowledged had it.
pub(super) fn check(world: &World<'_>, journal: &BTreeMap<RunId, Vec<EventRecord>>) -> Result<(), String> {
    for (request, tried) in &world.requests.tried {
        let begun = tried.iter().filter(|run| journal.contains_key(run)).count();
        let known = world.requests.begun.get(request);
        if begun > 1 || known.is_some_and(|known| begun == 0 || !tried.contains(known)) {
            return Err(format!(
                "request {request} was said to begin {known:?}, and began {begun} runs"
            ));
        }
        let Some(plan) = world.scenario.requests.get(*request) else {
            continue;
        };
        let said: Arc<[u8]> = said(plan, *request).as_bytes().into();
        let hears = |record: &&EventRecord| matches!(&record.event.kind, EventKind::Signalled { payload, .. } if *payload == said);
        let runs = tried.iter().filter_map(|run| journal.get(run));
        let heard = runs.flatten().filter(hears).count();
        if heard > 1 || heard == 0 && world.requests.heard.contains(request) {
            return Err(format!(
                "the signal of request {request} was sent once, and heard {heard} times"
            ));
        }
    }
    Ok(())
}
