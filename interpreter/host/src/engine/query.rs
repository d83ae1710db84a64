//! Questions that are answered from what is known at the moment of the answer.

use super::{
    Engine,
    batch::Deferred,
    error::Refusal,
    held::{Held, Life},
    input::Ticket,
    output::{Answer, History, Search, Started},
    results::{ResultFilter, ResultPlace},
    view::{FlowView, RunView},
};
use crate::RunId;
use flowmesh_ir::{Name, expr::Raise};
use flowmesh_machine::{CallId, Effect};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A question.
#[derive(Clone, Debug)]
pub(super) enum Query {
    /// The acknowledgement of a start.
    Started(Started),
    /// The acknowledgement of something told to a run.
    Accepted(RunId),
    /// The acknowledgement of an answer that is kept.
    Kept,
    /// The acknowledgement of a deployment.
    Deployed,
    /// What runs were started with so far.
    Deployments,
    /// How a run stands.
    Get(RunId),
    /// What a view of a run shows, or all of them.
    View(RunId, Option<Name>),
    /// The variables of a run.
    Variables(RunId),
    /// Which status stands for an error of the operation of a call.
    StatusOf(RunId, CallId, Name),
    /// How it ended.
    Ended(RunId),
    /// What can be started, in a namespace.
    Flows(Name),
    /// How schedules stand at a time.
    Schedules(Timestamp),
    /// How one stands, with so many of its next times.
    Schedule(Name, Timestamp, usize),
    /// Some of the recorded results of a namespace at a time.
    Results((Name, ResultFilter), (Option<ResultPlace>, usize), Timestamp),
    /// The acknowledgement that so many were forgotten.
    Forgotten(usize),
    /// Where the events of a run lie.
    History(RunId),
}

impl Query {
    /// The run that it is about, which may not be in memory.
    pub(super) fn run(&self) -> Option<RunId> {
        match self {
            Self::Get(run)
            | Self::View(run, _)
            | Self::Variables(run)
            | Self::Ended(run)
            | Self::History(run) => Some(*run),
            _ => None,
        }
    }
}

impl Engine {
    pub(super) fn answer(&self, query: Query) -> Answer {
        match query {
            Query::Started(started) => Answer::Started(started),
            Query::Accepted(_) | Query::Kept => Answer::Accepted,
            Query::Deployed => Answer::Deployed,
            Query::Get(run) => self.of(run, |held| {
                let turns = self.turns(run);
                Answer::Run(Box::new(RunView {
                    turns,
                    ..held.view(run)
                }))
            }),
            Query::Deployments => Answer::Deployments(self.deployed.iter().rev().cloned().collect()),
            Query::View(run, name) => self.views_of(run, name.as_ref()),
            Query::Variables(run) => self.variables_of(run),
            Query::StatusOf(run, call, error) => Answer::Status(self.status_of(run, call, &error)),
            Query::Ended(run) => self.of(run, |held| Answer::Ended(Box::new(held.view(run)))),
            Query::Flows(namespace) => Answer::Flows(self.counted(&namespace, self.flows())),
            Query::Schedules(now) => Answer::Schedules(self.schedule_views(now)),
            Query::Schedule(name, now, count) => match self.schedule_view(&name, now, count) {
                Some(view) => Answer::Schedule(Box::new(view)),
                None => Answer::Refused(Refusal::UnknownSchedule {
                    schedule: name,
                    nearest: None,
                }),
            },
            Query::Results((namespace, filter), page, now) => {
                Answer::Results(self.result_page((&namespace, &filter), page, now))
            }
            Query::Forgotten(count) => Answer::Forgotten(count),
            Query::History(run) => self.of(run, |held| Answer::History(history(run, held))),
        }
    }

    fn status_of(&self, run: RunId, call: CallId, error: &Name) -> Option<u16> {
        let held = self.runs.get(&run)?;
        let Life::Live(live) = &held.life else { return None };
        let program = &held.deployment.program;
        let outstanding = flowmesh_machine::pending(program, &live.run);
        let request = outstanding.into_iter().find_map(|effect| match effect {
            Effect::Call {
                call: of, request, ..
            } if of == call => Some(request),
            _ => None,
        })?;
        let operations = &program.service(request.service)?.operations;
        let on = &operations.get(request.operation.index())?.on;
        let means = |raise: &Raise| program.error(raise.error).is_some_and(|def| def.name == *error);
        on.iter().find(|on| means(&on.raise)).map(|on| on.status)
    }

    fn of(&self, run: RunId, answer: impl FnOnce(&Held) -> Answer) -> Answer {
        self.runs
            .get(&run)
            .map_or(Answer::Refused(Refusal::UnknownRun { run }), answer)
    }

    fn flows(&self) -> Vec<FlowView> {
        let flows = self
            .current
            .iter()
            .flat_map(|deployment| &deployment.program.flows);
        let view = |flow: &std::sync::Arc<flowmesh_ir::flow::Flow>| FlowView {
            name: flow.name.clone(),
            doc: flow.doc.clone(),
            params: flow.params.iter().map(|param| param.name.clone()).collect(),
            keyed: flow.key.is_some(),
            signals: flow.signals.iter().map(|signal| signal.name.clone()).collect(),
            runs: BTreeMap::new(),
        };
        flows.map(view).collect()
    }

    /// How many runs there are says the index, if there is one.
    pub(super) fn ask_flows(&mut self, ticket: Ticket) {
        match self.rows.kept {
            true => self.defer(Deferred::Search(
                ticket,
                Search::Flows(self.namespace.clone(), self.flows()),
            )),
            false => {
                let namespace = self.namespace.clone();
                self.defer(Deferred::Answer(ticket, Query::Flows(namespace)));
            }
        }
    }

    /// Of the runs in memory that are in a namespace, how many there are of each flow.
    fn counted(&self, namespace: &Name, mut flows: Vec<FlowView>) -> Vec<FlowView> {
        for held in self.runs.values().filter(|held| held.namespace == *namespace) {
            let flow = flows.iter_mut().find(|flow| flow.name == held.name);
            if let Some(flow) = flow {
                let count = flow.runs.entry(held.state()).or_default();
                *count = count.saturating_add(1);
            }
        }
        flows
    }
}

fn history(run: RunId, held: &Held) -> History {
    History {
        run,
        root: held.root,
        lineage: held.lineage.clone(),
        flow: held.flow,
        deployment: held.deployment.clone(),
        known: held.places.known,
        recent: held.places.recent.clone(),
        ending: held.ending().cloned(),
    }
}
