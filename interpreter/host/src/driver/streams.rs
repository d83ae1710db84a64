//! Calls that can be given up before they have ended: streams, each of which hears when the next item is wanted, and the
//! tasks of workers.

use super::Message;
use crate::RunId;
use flowmesh_machine::CallId;
use flowmesh_mesh::Demand;
use std::collections::HashMap;
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    task::{AbortHandle, JoinHandle},
};

/// Those of all runs.
#[derive(Default)]
pub(super) struct Streams(HashMap<(RunId, CallId), Open>);

struct Open {
    /// Of a stream.
    wanted: Option<UnboundedSender<()>>,
    task: Option<AbortHandle>,
}

impl Streams {
    /// A stream is opened; its items are told to the driver.
    pub(super) fn open(&mut self, run: RunId, call: CallId, driver: UnboundedSender<Message>) -> Demand {
        let (wanted, demand) = unbounded_channel();
        let open = Open {
            wanted: Some(wanted),
            task: None,
        };
        self.0.insert((run, call), open);
        Demand::new(demand, move |item| {
            // Nobody listens only after the driver has ended.
            let _ = driver.send(Message::Streamed(run, call, item));
        })
    }

    /// A worker is waited for.
    pub(super) fn wait(&mut self, run: RunId, call: CallId) {
        let open = Open {
            wanted: None,
            task: None,
        };
        self.0.insert((run, call), open);
    }

    /// Who carries it out, if the call can be given up.
    pub(super) fn task(&mut self, run: RunId, call: CallId, task: &JoinHandle<()>) {
        if let Some(open) = self.0.get_mut(&(run, call)) {
            open.task = Some(task.abort_handle());
        }
    }

    /// The next item is wanted.
    pub(super) fn more(&self, run: RunId, call: CallId) {
        let open = self.0.get(&(run, call));
        if let Some(wanted) = open.and_then(|open| open.wanted.as_ref()) {
            // It has ended if nobody listens.
            let _ = wanted.send(());
        }
    }

    /// Whether it was open; it is not any more.
    pub(super) fn close(&mut self, run: RunId, call: CallId) -> bool {
        let open = self.0.remove(&(run, call));
        if let Some(task) = open.as_ref().and_then(|open| open.task.as_ref()) {
            task.abort();
        }
        open.is_some()
    }
}
