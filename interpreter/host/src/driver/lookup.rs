//! The thread that looks up runs which are not in memory. It reads beside what is written to the index, and waits for
//! none of it.

use super::{Message, indexer::with_room};
use crate::{
    engine::{Found, Programs, Want},
    store::{Index, StoreError},
};
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};
use tokio::sync::mpsc::UnboundedSender;

/// So much is looked up before what was found is told.
const TOLD_MAX: usize = 256;

/// The mailbox of the thread, and the thread.
pub(crate) struct Lookup {
    wants: Option<mpsc::Sender<Vec<Want>>>,
    thread: Option<JoinHandle<()>>,
    stopping: Arc<AtomicBool>,
}

impl Lookup {
    /// Starts the thread.
    pub(crate) fn start(index: Arc<Index>, done: UnboundedSender<Message>) -> io::Result<Self> {
        let (sender, wants) = mpsc::channel::<Vec<Want>>();
        let stopping = Arc::new(AtomicBool::new(false));
        let stops = stopping.clone();
        let work = move || {
            let mut programs = Programs::default();
            for wants in wants {
                let mut wants = wants.into_iter().peekable();
                while wants.peek().is_some() {
                    let some: Vec<Want> = wants.by_ref().take(TOLD_MAX).collect();
                    let found = match look_up(&index, &mut programs, &some, &stops) {
                        // The host stops, and there is no room.
                        Ok(None) => return,
                        Ok(Some(found)) => Ok(found),
                        Err(error) => Err(error),
                    };
                    if done.send(Message::Fetched(found)).is_err() {
                        return;
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("lookup".to_owned()).spawn(work)?;
        Ok(Self {
            wants: Some(sender),
            thread: Some(thread),
            stopping,
        })
    }

    pub(crate) fn fetch(&self, wanted: Vec<Want>) {
        if let Some(wants) = &self.wants {
            // The thread ends only when this sender is dropped, or nobody listens.
            let _ = wants.send(wanted);
        }
    }

    /// Waits until the thread has ended.
    pub(crate) async fn stop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.wants = None;
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }
}

/// The database does not promise never to panic on a file that was changed behind its back.
fn look_up(
    index: &Index,
    programs: &mut Programs,
    wants: &[Want],
    stopping: &AtomicBool,
) -> Result<Option<Vec<Found>>, StoreError> {
    let looked = catch_unwind(AssertUnwindSafe(|| {
        let each = wants
            .iter()
            .map(|want| with_room(stopping, || want.look_up(index, programs)));
        each.collect()
    }));
    looked.unwrap_or_else(|_| Err(index.broken()))
}
