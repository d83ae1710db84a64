//! What runs ask of the host beside calls: children, guards, traffic, probes. Each is done after the event that asked
//! for it, and its outcome is an event of its own.

use super::{
    Engine, Held,
    batch::Deferred,
    deployment::Deployment,
    dormant::Work,
    ledger::{Abandoned, Task},
    namespace::within,
    output::{Output, Probe},
    start::lineage,
    traffic,
    view::Ending,
};
use crate::{RunId, store::Origin};
use flowmesh_ir::{FlowId, Name, ServiceId, SubsetId, flow::Tie, trace::Lineage};
use flowmesh_machine::{Answer, Ask, CallId, Ended, EventKind, Recall, Terms, border::check_input};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// How much is done at once; the rest is done at the next tick, so that runs that start runs do not stop the others.
const TASKS_MAX: usize = 10_000;
/// How deep children may have children.
const DEPTH_MAX: u16 = 128;

/// A run that another one, or an event, starts.
pub(super) struct Birth {
    pub(super) id: RunId,
    pub(super) seed: u64,
    pub(super) flow: FlowId,
    pub(super) input: Arc<[u8]>,
    pub(super) key: Option<String>,
    pub(super) depth: u16,
    pub(super) namespace: Name,
    /// The trace that it goes on, if it does not begin one.
    pub(super) lineage: Option<Arc<Lineage>>,
}

impl Engine {
    /// Does what is to be done between runs.
    pub(super) fn work(&mut self, now: Timestamp) {
        for _ in 0..TASKS_MAX {
            let Some(task) = self.tasks.pop_front() else {
                return;
            };
            self.undertake(now, Work::Task(task));
        }
    }

    pub(super) fn task(&mut self, now: Timestamp, task: Task) {
        let run = task.run();
        match task {
            Task::Ask(run, call) | Task::AskAgain(run, call) => self.asked(now, run, call),
            Task::Grant(place) => drop(self.grant(now, &place)),
            Task::Abandon(run, (how, _)) => self.abandon(now, run, how),
            Task::Ended(run) => self.tell_end(now, run),
            Task::Close(run, call) => self.defer(Deferred::Output(Output::Close { run, call })),
            Task::Schedule(name) => self.go_on_schedule(now, &name),
            Task::Backfill(name) => self.go_on_with_backfill(now, &name),
        }
        // Its row says that this was still to be done.
        if let Some(run) = run.filter(|run| self.rows.takes_owed(*run)) {
            self.touch(run);
        }
    }

    fn asked(&mut self, now: Timestamp, run: RunId, call: CallId) {
        let ask = self
            .runs
            .get_mut(&run)
            .and_then(Held::live)
            .and_then(|live| live.asks.get(&call).cloned());
        match ask {
            Some(Ask::Start {
                flow,
                input,
                key,
                tie,
            }) => self.begin(now, (run, call), (flow, input, key), tie),
            Some(Ask::Emit { event, payload }) => self.told_by(now, (run, call), &event, &payload),
            Some(Ask::Shift { service, weights }) => self.shift(now, (run, call), service, &weights),
            Some(Ask::Probe { target, after }) => self.probe(run, call, (target, after)),
            Some(Ask::Admit(admit)) => self.admit(now, (run, call), &admit),
            Some(ask @ Ask::Debounce(_)) => self.debounce(now, (run, call), &ask),
            Some(Ask::Recall(recall)) => self.recall(now, (run, call), &recall),
            Some(Ask::Acquire { .. }) | None => {}
        }
    }

    /// Something that was asked for has come out. What nobody waits for is no event.
    pub(super) fn answered(&mut self, now: Timestamp, run: RunId, call: CallId, answer: Answer) {
        let live = self.runs.get_mut(&run).and_then(Held::live);
        if live.is_some_and(|live| live.asks.contains_key(&call)) {
            self.happen(now, run, EventKind::Answered { call, answer }, None);
        }
    }

    fn begin(
        &mut self,
        now: Timestamp,
        (run, call): (RunId, CallId),
        (flow, input, key): (FlowId, Arc<[u8]>, Option<String>),
        tie: Tie,
    ) {
        let Some(held) = self.runs.get(&run) else { return };
        let (deployment, depth) = (held.deployment.clone(), held.depth.saturating_add(1));
        let namespace = held.namespace.clone();
        // One that goes on apart begins a trace of its own: some flows start such runs for ever.
        let lineage = (tie == Tie::Child).then(|| Arc::new(held.below(run)));
        let (id, seed) = run.derived(call, "");
        if self.ledger.orphans.contains_key(&id) && !self.runs.contains_key(&id) {
            // It was not wanted any more before it was started.
            let reason = "it was not wanted any more".to_owned();
            return self.answered(now, run, call, Answer::Ended(Ended::Cancelled(reason)));
        }
        let birth = Birth {
            id,
            seed,
            flow,
            input,
            key,
            depth,
            namespace,
            lineage,
        };
        let child = match self.bear(now, &deployment, birth) {
            Ok(child) if child == run && tie == Tie::Child => {
                Err("it would wait for itself: a run of its flow with this key is itself".to_owned())
            }
            other => other,
        };
        match (child, tie) {
            (Err(why), _) => self.answered(now, run, call, Answer::Refused(why)),
            (Ok(child), Tie::Apart) => self.answered(now, run, call, Answer::Run(child.to_string())),
            (Ok(child), Tie::Child) => {
                let parents = self.parents.entry(child).or_default();
                if !parents.contains(&(run, call)) {
                    parents.push((run, call));
                    self.touch(child);
                }
                if self.runs.get(&child).is_some_and(|held| held.ending().is_some()) {
                    self.tell_end(now, child);
                }
            }
        }
    }

    /// Starts a run, unless it is there already, by its identifier or its key.
    pub(super) fn bear(
        &mut self,
        now: Timestamp,
        deployment: &Arc<Deployment>,
        birth: Birth,
    ) -> Result<RunId, String> {
        let name = deployment.flow_name(birth.flow);
        let unfit = |misfit| format!("the input of `{name}` does not fit: {misfit}");
        let own = check_input(
            &deployment.program,
            &deployment.settings,
            birth.flow,
            &birth.input,
        )
        .map_err(unfit)?;
        let key = birth.key.or(own);
        let scope = within(&birth.namespace, &name);
        let known = key.as_ref().and_then(|key| self.keyed_run(&scope, key));
        if let Some(known) = known {
            return Ok(known);
        }
        if self.runs.contains_key(&birth.id) {
            return Ok(birth.id);
        }
        if birth.depth > DEPTH_MAX {
            return Err(format!("runs that start runs are more than {DEPTH_MAX} deep"));
        }
        let origin = Origin {
            flow: name,
            program: deployment.program_hash,
            settings: deployment.settings_hash,
            shared: None,
            namespace: birth.namespace,
            lineage: lineage(deployment, birth.id, birth.lineage),
        };
        self.hold(birth.id, deployment.clone(), birth.flow, key.clone(), &origin);
        if let Some(held) = self.runs.get_mut(&birth.id) {
            (held.entangled, held.depth) = (true, birth.depth);
        }
        let kind = EventKind::Started {
            input: birth.input,
            seed: birth.seed,
            key,
            terms: Terms::default(),
        };
        self.happen(now, birth.id, kind, Some(origin));
        Ok(birth.id)
    }

    fn tell_end(&mut self, now: Timestamp, run: RunId) {
        self.schedule_heard(now, run);
        let Some(parents) = self.parents.remove(&run) else {
            return;
        };
        self.touch(run);
        let Some(ended) = self.runs.get(&run).and_then(Held::ending).map(ended) else {
            return;
        };
        for (parent, call) in parents {
            self.answered(now, parent, call, Answer::Ended(ended.clone()));
        }
    }

    /// Its starter does not wait for it any more.
    fn abandon(&mut self, now: Timestamp, run: RunId, how: Abandoned) {
        self.ledger.orphans.remove(&run);
        // Others may have found it by its key, and wait for it.
        let own = |(parent, call): &(RunId, CallId)| parent.derived(*call, "").0 == run;
        if self
            .parents
            .get(&run)
            .is_some_and(|parents| !parents.iter().all(own))
        {
            return;
        }
        let Some(live) = self.runs.get_mut(&run).and_then(Held::live) else {
            return;
        };
        match how {
            Abandoned::Left if live.cancelled => {}
            Abandoned::Left => {
                let reason = "the run that started it does not wait for it any more".to_owned();
                self.happen(now, run, EventKind::Cancelled { reason }, None);
            }
            Abandoned::Terminated => {
                let reason = "the run that started it was terminated".to_owned();
                self.happen(now, run, EventKind::Terminated { reason }, None);
            }
        }
    }

    fn shift(
        &mut self,
        now: Timestamp,
        (run, call): (RunId, CallId),
        service: ServiceId,
        weights: &[(SubsetId, u32)],
    ) {
        let Some(deployment) = self.runs.get(&run).map(|held| held.deployment.clone()) else {
            return;
        };
        let whole: u64 = weights.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let named = traffic::named(&deployment, service, weights);
        let answer = match named {
            Some(_) if whole != 100 && !weights.is_empty() => {
                Answer::Refused(format!("expected weights that add up to 100, found {whole}"))
            }
            Some(_) => Answer::Done(self.ledger.traffic.weights(&deployment, service)),
            None => Answer::Refused("the program has no such service or subset".to_owned()),
        };
        let done = matches!(answer, Answer::Done(_));
        self.answered(now, run, call, answer);
        if let (Some((service, weights)), true) = (named, done) {
            self.defer(Deferred::Output(traffic::output(&service, &weights)));
        }
    }

    /// What another run has recorded for the same call, or nothing.
    fn recall(&mut self, now: Timestamp, (run, call): (RunId, CallId), recall: &Recall) {
        let Some(held) = self.runs.get(&run) else { return };
        // What its answer is dated, so that nobody sees one older than it was to be.
        let at = held.dated(now);
        let found = self.ledger.results.find(&held.namespace, recall, at);
        self.answered(
            now,
            run,
            call,
            found.map_or(Answer::Found(false), Answer::Recalled),
        );
    }

    fn probe(&mut self, run: RunId, call: CallId, (target, after): (String, bool)) {
        let Some(held) = self.runs.get(&run) else { return };
        let deployment = held.deployment.clone();
        self.defer(Deferred::Output(Output::Probe(Probe {
            run,
            call,
            target,
            after,
            deployment,
        })));
    }
}

/// How a child ended, as its parent hears it.
fn ended(ending: &Ending) -> Ended {
    #[derive(Deserialize)]
    struct Error<'a> {
        name: String,
        #[serde(borrow)]
        fields: &'a RawValue,
    }
    match ending {
        Ending::Result(json) => Ended::Done(json.get().as_bytes().into()),
        Ending::Cancelled(reason) => Ended::Cancelled(reason.to_string()),
        Ending::Terminated(reason) => Ended::Terminated(reason.to_string()),
        Ending::Error(json) => match serde_json::from_str::<Error<'_>>(json.get()) {
            Ok(error) => Ended::Failed(error.name.into(), error.fields.get().as_bytes().into()),
            // We wrote it ourselves.
            Err(_) => Ended::Failed("Unknown".into(), Arc::from(*b"{}")),
        },
    }
}
