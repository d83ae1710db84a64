//! The thread that writes: appending and syncing block, and nobody else shall wait for that.

use super::Message;
use crate::{
    metrics::Metrics,
    store::{AppendError, Appended, Index, Journal, Record, StoreError},
};
use std::{
    io,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Instant,
};
use tokio::sync::mpsc::UnboundedSender;

/// Something to write, in order.
enum Job {
    /// What the engine says.
    Batch(Arc<Vec<Record>>),
    /// What compaction writes again; whoever does that waits.
    Again(Vec<Record>, mpsc::Sender<Result<Appended, AppendError>>),
    Stop,
}

/// The writer's mailbox and its thread.
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    thread: Option<JoinHandle<()>>,
}

/// The way to the journal for those who are not the engine.
pub(crate) struct Appending(mpsc::Sender<Job>);

impl Appending {
    /// Appends records as one batch, between two of the engine.
    pub(crate) fn append(&self, records: Vec<Record>) -> Result<Appended, StoreError> {
        let (sender, told) = mpsc::channel();
        let sent = self.0.send(Job::Again(records, sender)).is_ok();
        match sent.then(|| told.recv()) {
            Some(Ok(appended)) => Ok(appended?),
            _ => Err(StoreError::Stopped),
        }
    }
}

impl Writer {
    /// Starts the thread. It owns the store, and closes it when it ends.
    pub(crate) fn start(
        mut journal: Journal,
        index: Arc<Index>,
        done: UnboundedSender<Message>,
        metrics: Arc<Metrics>,
    ) -> io::Result<Self> {
        let (sender, jobs) = mpsc::channel();
        let mut append = move |records: &[Record]| {
            let written = journal.append(records);
            if let Some(sealed) = written.as_ref().ok().and_then(|appended| appended.sealed.clone()) {
                index.seal(sealed);
            }
            written
        };
        let work = move || {
            for job in jobs {
                let heard = match job {
                    Job::Batch(batch) => {
                        let began = Instant::now();
                        let written = append(&batch);
                        metrics.commits.since(began);
                        let records = u64::try_from(batch.len()).unwrap_or(u64::MAX);
                        metrics.commit_records.observe(records);
                        done.send(Message::Written(written)).is_ok()
                    }
                    // Who does not wait any more is not missed.
                    Job::Again(records, told) => {
                        let _ = told.send(append(&records));
                        true
                    }
                    Job::Stop => false,
                };
                if !heard {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("journal".to_owned()).spawn(work)?;
        Ok(Self {
            jobs: sender,
            thread: Some(thread),
        })
    }

    /// A way to the journal beside this one.
    pub(crate) fn appending(&self) -> Appending {
        Appending(self.jobs.clone())
    }

    pub(crate) fn write(&self, batch: Arc<Vec<Record>>) {
        // The thread ends only when it is told to.
        let _ = self.jobs.send(Job::Batch(batch));
    }

    /// Waits until the store is closed.
    pub(crate) async fn stop(&mut self) {
        let _ = self.jobs.send(Job::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }
}
