//! The same for many runs: those that a filter wants.

use super::Host;
use crate::{
    RunId,
    engine::{
        Answer, Command, Refusal, Search, Verb,
        view::{Choosing, Chosen},
    },
    store::{Count, Filter},
};
use flowmesh_machine::Place;
use futures_util::{StreamExt, stream};

/// How many runs one batch takes, at the most.
const BATCH_MAX: usize = 100_000;

/// How many are dealt with at a time, so that one flush serves many.
const AT_ONCE: usize = 256;

/// How many histories are read at a time: each is in memory until its run goes on.
const HISTORIES_AT_ONCE: usize = 8;

/// What is done with each run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bulk {
    /// Stop it and undo what it did.
    Cancel(String),
    /// Let it take no new step.
    Pause(String),
    /// Let it go on after a pause.
    Resume,
    /// End it where it stands.
    Terminate(String),
    /// Try it again from the call that it failed with.
    Retry,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many runs it was done with.
    pub done: usize,
    /// The runs that began by it, in the order of those in whose place they go on.
    pub began: Vec<RunId>,
    /// Those that it could not be done with, and why.
    pub refused: Vec<(RunId, Refusal)>,
    /// Whether there are more than one batch takes.
    pub more: bool,
}

impl Host {
    /// The runs that a batch would deal with: how many, and the newest of them.
    ///
    /// # Errors
    /// If the host has stopped.
    pub async fn preview(&self, filter: Filter, bulk: &Bulk, limit: usize) -> Result<Chosen, Refusal> {
        let choosing = bulk.choosing();
        let search = Search::Choose(filter, choosing, limit);
        match self.ask(Command::Search(search)).await? {
            Answer::Chosen(chosen) => Ok(chosen),
            _ => Err(self.gone()),
        }
    }

    /// Does the same with every run that a filter wants as they stand now. When this returns, all of it is on stable
    /// storage. Each is done by itself: where it ends early, it can be asked for once more.
    ///
    /// # Errors
    /// If the host has stopped.
    pub async fn batch(&self, filter: Filter, bulk: &Bulk) -> Result<Outcome, Refusal> {
        let chosen = self.preview(filter, bulk, BATCH_MAX).await?;
        let mut outcome = Outcome {
            more: matches!(chosen.count, Count::AtLeast(_)),
            ..Outcome::default()
        };
        // The oldest first: it has waited longest.
        let runs = chosen.runs.into_iter().rev();
        let doing = runs.map(|run| async move { (run, self.one(run, bulk).await) });
        let mut doing = stream::iter(doing).buffered(bulk.at_once());
        while let Some((run, result)) = doing.next().await {
            match result {
                Ok(began) => {
                    outcome.done = outcome.done.saturating_add(1);
                    outcome.began.extend(began);
                }
                Err(refusal @ Refusal::Stopped { .. }) => return Err(refusal),
                Err(refusal) => outcome.refused.push((run, refusal)),
            }
        }
        Ok(outcome)
    }

    async fn one(&self, run: RunId, bulk: &Bulk) -> Result<Option<RunId>, Refusal> {
        let this = self.part(run);
        let verb = match bulk.clone() {
            Bulk::Cancel(reason) => Verb::Cancel { reason },
            Bulk::Pause(reason) => Verb::Pause { reason },
            Bulk::Resume => Verb::Resume,
            Bulk::Terminate(reason) => Verb::Terminate { reason },
            Bulk::Retry => return this.go_on(run, Place::Failure).await.map(Some),
        };
        this.steer(run, verb).await.map(|()| None)
    }
}

impl Bulk {
    fn at_once(&self) -> usize {
        match self {
            Self::Cancel(_) | Self::Pause(_) | Self::Resume | Self::Terminate(_) => AT_ONCE,
            Self::Retry => HISTORIES_AT_ONCE,
        }
    }

    fn choosing(&self) -> Choosing {
        match self {
            Self::Cancel(_) | Self::Pause(_) | Self::Terminate(_) => Choosing::Live,
            Self::Resume => Choosing::Paused,
            Self::Retry => Choosing::Failed,
        }
    }
}
