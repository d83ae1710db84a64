//! The thread that writes: appending and syncing block, and nobody else shall wait for that.

use super::Message;
use crate::{
    metrics::Metrics,
    store::{Index, Journal, Record},
};
use std::{
    io,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Instant,
};
use tokio::sync::mpsc::UnboundedSender;

/// The writer's mailbox and its thread.
pub(crate) struct Writer {
    batches: Option<mpsc::Sender<Arc<Vec<Record>>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. It owns the store, and closes it when it ends.
    pub(crate) fn start(
        mut journal: Journal,
        index: Arc<Index>,
        done: UnboundedSender<Message>,
        metrics: Arc<Metrics>,
    ) -> io::Result<Self> {
        let (sender, batches) = mpsc::channel::<Arc<Vec<Record>>>();
        let work = move || {
            for batch in batches {
                let began = Instant::now();
                let written = journal.append(&batch);
                metrics.commits.since(began);
                let records = u64::try_from(batch.len()).unwrap_or(u64::MAX);
                metrics.commit_records.observe(records);
                if let Some(sealed) = written.as_ref().ok().and_then(|appended| appended.sealed.clone()) {
                    index.seal(sealed);
                }
                if done.send(Message::Written(written)).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("journal".to_owned()).spawn(work)?;
        Ok(Self {
            batches: Some(sender),
            thread: Some(thread),
        })
    }

    pub(crate) fn write(&self, batch: Arc<Vec<Record>>) {
        if let Some(batches) = &self.batches {
            // The thread ends only when this sender is dropped.
            let _ = batches.send(batch);
        }
    }

    /// Waits until the store is closed.
    pub(crate) async fn stop(&mut self) {
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }
}
