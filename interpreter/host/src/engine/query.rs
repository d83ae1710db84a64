//! Questions that are answered from what is known at the moment of the answer.

use super::{
    Engine,
    error::Refusal,
    held::Held,
    output::{Answer, History, Started},
    view::{Filter, FlowView, Page},
};
use crate::RunId;

/// A question.
#[derive(Debug)]
pub(super) enum Query {
    /// The acknowledgement of a start.
    Started(Started),
    /// The acknowledgement of something told to a run.
    Accepted(RunId),
    /// The acknowledgement of a deployment.
    Deployed,
    /// How a run stands.
    Get(RunId),
    /// How it ended.
    Ended(RunId),
    /// How several stand.
    List(Filter, usize),
    /// What can be started.
    Flows,
    /// Where the events of a run lie.
    History(RunId),
}

impl Engine {
    pub(super) fn answer(&self, query: Query) -> Answer {
        match query {
            Query::Started(started) => Answer::Started(started),
            Query::Accepted(_) => Answer::Accepted,
            Query::Deployed => Answer::Deployed,
            Query::Get(run) => self.of(run, |held| Answer::Run(Box::new(held.view(run)))),
            Query::Ended(run) => self.of(run, |held| Answer::Ended(Box::new(held.view(run)))),
            Query::List(filter, limit) => Answer::Runs(self.page(&filter, limit)),
            Query::Flows => Answer::Flows(self.flows()),
            Query::History(run) => self.of(run, |held| Answer::History(history(run, held))),
        }
    }

    fn of(&self, run: RunId, answer: impl FnOnce(&Held) -> Answer) -> Answer {
        self.runs
            .get(&run)
            .map_or(Answer::Refused(Refusal::UnknownRun { run }), answer)
    }

    fn page(&self, filter: &Filter, limit: usize) -> Page {
        let mut ids = self.index.newest(filter, limit.saturating_add(1));
        let more = ids.len() > limit;
        ids.truncate(limit);
        let cursor = ids.last().copied().filter(|_| more);
        let view = |run: RunId| self.runs.get(&run).map(|held| held.view(run));
        Page {
            runs: ids.into_iter().filter_map(view).collect(),
            cursor,
        }
    }

    fn flows(&self) -> Vec<FlowView> {
        let flows = self
            .current
            .iter()
            .flat_map(|deployment| &deployment.program.flows);
        let view = |flow: &flowmesh_ir::flow::Flow| FlowView {
            name: flow.name.clone(),
            doc: flow.doc.clone(),
            params: flow.params.iter().map(|param| param.name.clone()).collect(),
            signals: flow.signals.iter().map(|signal| signal.name.clone()).collect(),
            runs: self.index.counts(&flow.name).into_iter().collect(),
        };
        flows.map(view).collect()
    }
}

fn history(run: RunId, held: &Held) -> History {
    History {
        run,
        flow: held.flow,
        deployment: held.deployment.clone(),
        events: held.events.clone(),
        ending: held.ending().cloned(),
    }
}
