//! Where the runs are that visitors start, and who makes what workers pull.

use super::answer;
use crate::{
    Host, RunId,
    clock::{Clock, SystemClock},
    network::{Caller, Calling, nobody},
};
use flowmesh_ir::{call::Request, trace::Lineage};
use flowmesh_machine::CallId;
use flowmesh_mesh::gateway::Answering;
use jiff::Timestamp;
use std::{sync::Arc, time::Duration};

/// The longest that a visitor waits for the result of a run; then they are told where to look.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(55);

/// A run that a visitor wants.
pub(super) struct Wanted {
    /// The name of the flow.
    pub(super) flow: String,
    /// Its input as JSON.
    pub(super) input: String,
    /// What makes two starts one.
    pub(super) key: Option<String>,
    /// Whether the visitor wants its result.
    pub(super) wait: bool,
    /// The trace that it goes on.
    pub(super) lineage: Lineage,
}

/// Where the runs are that visitors start.
pub(super) trait Place: Send + Sync {
    /// What time it is.
    fn now(&self) -> Timestamp;

    /// A number drawn by chance.
    fn draw(&self) -> u64;

    /// Whether there are runs at all.
    fn has_runs(&self) -> bool;

    /// Starts a run, and waits for its result where that is wanted.
    fn start(&self, wanted: Wanted) -> Answering<'_>;

    /// Makes a task of a call, for workers to pull.
    fn work(&self, caller: Arc<dyn Caller>, request: Arc<Request>) -> Calling;
}

/// The host of this process.
pub(super) struct Here {
    pub(super) host: Host,
    /// Where its API is.
    pub(super) api: String,
}

impl Place for Here {
    fn now(&self) -> Timestamp {
        self.host.clock().now()
    }

    fn draw(&self) -> u64 {
        self.host.clock().draw()
    }

    fn has_runs(&self) -> bool {
        true
    }

    fn start(&self, wanted: Wanted) -> Answering<'_> {
        Box::pin(async move {
            let Wanted {
                flow,
                input,
                key,
                wait,
                lineage,
            } = wanted;
            let started = self
                .host
                .start_below(&flow, input.into_bytes(), key, Some(lineage))
                .await;
            let started = match started {
                Ok(started) => started,
                Err(refusal) => return answer::refused(&refusal),
            };
            let run = started.id.to_string();
            if !wait {
                return answer::started(&run, &self.api);
            }
            match tokio::time::timeout(WAIT_MAX, self.host.wait(started.id)).await {
                Ok(Ok(view)) => answer::ended(&run, view.ending.as_ref(), &self.api),
                Ok(Err(refusal)) => answer::refused(&refusal),
                Err(_) => answer::started(&run, &self.api),
            }
        })
    }

    fn work(&self, caller: Arc<dyn Caller>, request: Arc<Request>) -> Calling {
        let run = RunId::new(self.now(), self.draw(), self.draw());
        let namespace = self.host.namespace().clone();
        caller.work(namespace, (run, CallId(0)), request)
    }
}

/// No runs at all: the program leads its visitors to services alone.
pub(super) struct Nowhere;

impl Place for Nowhere {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn draw(&self) -> u64 {
        SystemClock.draw()
    }

    fn has_runs(&self) -> bool {
        false
    }

    fn start(&self, _: Wanted) -> Answering<'_> {
        Box::pin(async { answer::unserved() })
    }

    fn work(&self, _: Arc<dyn Caller>, _: Arc<Request>) -> Calling {
        Box::pin(async { nobody("workers pull their tasks from a server, and this is none") })
    }
}
