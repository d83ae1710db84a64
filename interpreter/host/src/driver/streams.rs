//! Streams that are open: each has a task that reads it, and hears when the next item is wanted.

use super::Message;
use crate::RunId;
use flowmesh_machine::CallId;
use flowmesh_mesh::Demand;
use std::collections::HashMap;
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    task::{AbortHandle, JoinHandle},
};

/// The streams of all runs.
#[derive(Default)]
pub(super) struct Streams(HashMap<(RunId, CallId), Open>);

struct Open {
    wanted: UnboundedSender<()>,
    task: Option<AbortHandle>,
}

impl Streams {
    /// A stream is opened; its items are told to the driver.
    pub(super) fn open(&mut self, run: RunId, call: CallId, driver: UnboundedSender<Message>) -> Demand {
        let (wanted, demand) = unbounded_channel();
        self.0.insert((run, call), Open { wanted, task: None });
        Demand::new(demand, move |item| {
            // Nobody listens only after the driver has ended.
            let _ = driver.send(Message::Streamed(run, call, item));
        })
    }

    /// Who reads it, if the call is a stream.
    pub(super) fn task(&mut self, run: RunId, call: CallId, task: &JoinHandle<()>) {
        if let Some(open) = self.0.get_mut(&(run, call)) {
            open.task = Some(task.abort_handle());
        }
    }

    /// The next item is wanted.
    pub(super) fn more(&self, run: RunId, call: CallId) {
        if let Some(open) = self.0.get(&(run, call)) {
            // It has ended if nobody listens.
            let _ = open.wanted.send(());
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
