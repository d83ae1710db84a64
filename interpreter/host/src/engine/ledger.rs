//! What lies between runs, and follows from the journal alone: guards, traffic and results, children to be cancelled,
//! tags.
//!
//! The same function takes note of an event when it happens and when the journal is read again, so that a crash
//! changes nothing of it.

use super::{
    Held,
    guards::{Guards, Said, Wish, guarded_by},
    results::Results,
    traffic::{self, Traffic},
};
use crate::{
    RunId,
    store::{Guarded, Order},
};
use flowmesh_ir::{Name, flow::Tie};
use flowmesh_machine::{Answer, Ask, CallId, Effect, Event, EventKind, Note, Outcome, border};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Something to do that concerns more than one run, after the event that it follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Do what a run asked for by this number.
    Ask(RunId, CallId),
    /// The same, which may have been done before.
    AskAgain(RunId, CallId),
    /// Let in who may enter.
    Grant(Guarded),
    /// Nobody waits for this run any more: the one that started it has left it.
    Abandon(RunId, Left),
    /// Tell those who wait for it that this run has ended.
    Ended(RunId),
    /// Close the stream of this call, or give up the call.
    Close(RunId, CallId),
    /// Decide on what is due of a schedule.
    Schedule(Name),
    /// Go on with making up for the past.
    Backfill(Name),
}

/// Why nobody waits for a child any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Abandoned {
    /// The run that started it has left it: it is cancelled.
    Left,
    /// The run that started it was terminated, and it is too.
    Terminated,
}

/// How a run has left a child, and which.
pub(super) type Left = (Abandoned, RunId);

/// What lies between runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub(super) guards: Guards,
    /// What was said to guards, while a compacted journal is read.
    pub(super) said: Option<Vec<(Order, Said)>>,
    pub(super) traffic: Traffic,
    pub(super) results: Results,
    /// When what is taken note of was written: now, unless the journal is read again.
    pub(super) order: Order,
    /// Whether traffic was moved since it was told.
    pub(super) shifted: bool,
    /// Children that nobody waits for and that were not told so yet.
    pub(super) orphans: BTreeMap<RunId, Left>,
}

impl Task {
    /// The run for which something is still to be done; another one may need it when this process has ended.
    pub(super) fn run(&self) -> Option<RunId> {
        match self {
            Self::Ask(run, _) | Self::AskAgain(run, _) | Self::Ended(run) | Self::Abandon(_, (_, run)) => {
                Some(*run)
            }
            Self::Grant(_) | Self::Close(..) | Self::Schedule(_) | Self::Backfill(_) => None,
        }
    }
}

impl Ledger {
    fn say(&mut self, said: Said) {
        if let Some(all) = &mut self.said {
            all.push((self.order, said.clone()));
        }
        self.guards.hear(said);
    }

    /// Takes note of an event before the machine sees it.
    pub(super) fn event(&mut self, run: RunId, held: &mut Held, event: &Event) {
        let (at, kind) = (event.at, &event.kind);
        if let EventKind::Started { input, .. } = kind {
            let deployment = &held.deployment;
            let tags = border::tags(&deployment.program, &deployment.settings, held.flow, input);
            held.tags.extend(tags);
        }
        let EventKind::Answered { call, answer } = kind else {
            return;
        };
        let deployment = held.deployment.clone();
        let (namespace, flow) = (held.namespace.clone(), held.name.clone());
        let Some(live) = held.live() else { return };
        let ask = live.asks.get(call);
        if let Some(place) = ask.and_then(|ask| guarded_by((&namespace, &flow), ask)) {
            if let Some(token) = answer.token() {
                return self.say(Said::Enters(place, (run, *call), token, at));
            }
            self.say(Said::Leaves(place, (run, *call)));
        }
        if let (Some(Ask::Shift { service, weights }), Answer::Done(_)) = (live.asks.get(call), answer)
            && let Some((service, weights)) = traffic::named(&deployment, *service, weights)
        {
            self.traffic.shift(service, weights, self.order);
            self.shifted = true;
        }
        live.asks.remove(call);
    }

    /// Takes note of what an event led to; what is to be done about it goes to `tasks`.
    pub(super) fn effect(
        &mut self,
        run: RunId,
        held: &mut Held,
        effect: &Effect,
        tasks: &mut VecDeque<Task>,
    ) {
        match effect {
            Effect::Ask { call, ask, .. } => self.asked(run, held, (*call, ask), tasks),
            Effect::Withdraw { call } | Effect::Release { call } => {
                self.leave(run, held, (*call, Abandoned::Left), tasks);
            }
            Effect::Record { recall, result } => {
                let of = (held.namespace.clone(), run, held.updated);
                self.results.record(of, recall, Arc::clone(result));
            }
            Effect::Note(Note::Tagged { key, value }) => {
                held.tags.insert(key.clone(), value.clone());
            }
            Effect::Finished(outcome) => {
                let how = match outcome {
                    Outcome::Terminated(_) => Abandoned::Terminated,
                    _ => Abandoned::Left,
                };
                let open: Vec<CallId> = held
                    .live()
                    .map(|live| live.asks.keys().chain(&live.streams).copied().collect())
                    .unwrap_or_default();
                open.into_iter()
                    .for_each(|call| self.leave(run, held, (call, how), tasks));
                // Calls that are on their way after the end are those of a run that was terminated.
                let calls = held.live().map(|live| live.calls.clone()).unwrap_or_default();
                tasks.extend(calls.into_iter().map(|call| Task::Close(run, call)));
                tasks.push_back(Task::Ended(run));
            }
            _ => {}
        }
    }

    fn asked(
        &mut self,
        run: RunId,
        held: &mut Held,
        (call, ask): (CallId, &Ask),
        tasks: &mut VecDeque<Task>,
    ) {
        held.entangled |= !matches!(ask, Ask::Probe { .. });
        let (at, ahead_us) = (held.updated, held.ahead_us());
        let (namespace, flow) = (held.namespace.clone(), held.name.clone());
        let Some(live) = held.live() else { return };
        live.asks.insert(call, ask.clone());
        let Some(place) = guarded_by((&namespace, &flow), ask) else {
            return tasks.push_back(Task::Ask(run, call));
        };
        self.say(match ask {
            Ask::Debounce(debounce) => Said::Settles(place.clone(), (run, call), debounce.most, at),
            _ => Said::Asks(place.clone(), (run, call), wish(ask, ahead_us), at),
        });
        match ask {
            // It goes on from the middle of another one's history, in which it was let in: it has its place beside those
            // who are in by now.
            Ask::Admit(_) if live.run.admitted() == Some(call) => {
                self.say(Said::EntersBeside(place, (run, call), at));
            }
            Ask::Admit(_) | Ask::Debounce(_) => tasks.push_back(Task::Ask(run, call)),
            _ => tasks.push_back(Task::Grant(place)),
        }
    }

    /// Nobody waits for it, or holds it, any more.
    fn leave(
        &mut self,
        run: RunId,
        held: &mut Held,
        (call, how): (CallId, Abandoned),
        tasks: &mut VecDeque<Task>,
    ) {
        let (namespace, flow) = (held.namespace.clone(), held.name.clone());
        let Some(live) = held.live() else { return };
        if let Some(Ask::Start { tie: Tie::Child, .. }) = live.asks.get(&call) {
            // The run may still want to hear how the child ended, to undo what it did.
            let (child, _) = run.derived(call, "");
            self.orphans.insert(child, (how, run));
            tasks.push_back(Task::Abandon(child, (how, run)));
            return;
        }
        match live.asks.remove(&call) {
            Some(ask) => {
                if let Some(place) = guarded_by((&namespace, &flow), &ask) {
                    self.say(Said::Leaves(place.clone(), (run, call)));
                    tasks.push_back(Task::Grant(place));
                }
            }
            None if live.streams.contains(&call) => {
                live.streams.retain(|open| *open != call);
                live.take_call(call);
                tasks.push_back(Task::Close(run, call));
            }
            None => {}
        }
    }
}

/// On what conditions a run would be let in by what it asks for.
pub(super) fn wish(ask: &Ask, ahead_us: i128) -> Wish {
    let (permits, rate, group) = match ask {
        Ask::Acquire { permits, rate, .. } => (*permits, *rate, None),
        Ask::Admit(admit) => (Some(admit.most), None, admit.group.clone()),
        _ => (None, None, None),
    };
    Wish {
        permits,
        rate,
        group,
        ahead_us,
    }
}
