//! What happened to runs: as it is followed, and as spans.

use super::{FollowError, Host, Inner};
use crate::{
    RunId,
    driver::Message,
    engine::{Answer, Command, Happened, Refusal, Start, Started},
    follow::{Follow, happened, past},
    metrics::Metrics,
    traces::{SpanSink, Told, Tracing, collect},
};
use flowmesh_ir::{Name, trace::Lineage};
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use tokio::{
    sync::{mpsc::Receiver, oneshot},
    task::JoinHandle,
};

/// What was told, and who takes the spans of it.
type Heard = (Receiver<Told>, Arc<dyn SpanSink>);

/// Who is told what happens, and who hears it, if spans are made.
pub(super) fn told_to(
    sink: Option<Arc<dyn SpanSink>>,
    metrics: &Arc<Metrics>,
) -> (Option<Tracing>, Option<Heard>) {
    let Some(sink) = sink else { return (None, None) };
    let (tracing, heard) = Tracing::new(Arc::clone(metrics));
    (Some(tracing), Some((heard, sink)))
}

/// A host that is asked after the past, and stops all the same when nobody else has it.
pub(crate) struct Past(Weak<Inner>);

impl Past {
    /// What happened to a run of a namespace so far.
    pub(crate) async fn of(&self, namespace: &Name, run: RunId) -> Result<Vec<Happened>, String> {
        let host = self.0.upgrade().ok_or("the host has stopped")?;
        let past = Host(host, namespace.clone(), None).past(run).await;
        past.map_err(|why| why.to_string())
    }
}

impl Host {
    /// Follows a run: its events from the one numbered `from`, then what happens, until it ends.
    ///
    /// # Errors
    /// If there is no such run, or its journal cannot be read.
    pub async fn follow(&self, run: RunId, from: u64) -> Result<Follow, FollowError> {
        let (asker, answer) = oneshot::channel();
        self.send(Message::Follow(self.ticket(), self.1.clone(), run, asker))?;
        let (answer, live) = answer.await.map_err(|_| self.gone())?;
        let history = match answer {
            Answer::History(history) => history,
            Answer::Refused(refusal) => return Err(refusal.into()),
            _ => return Err(self.gone().into()),
        };
        let archive = self.archive()?;
        let ended = history.ending.is_some();
        let past = tokio::task::spawn_blocking(move || past(&archive, &history, from));
        let past = past.await.map_err(|_| self.gone())??;
        Ok(Follow::new(past, live, from, ended))
    }

    /// Starts a run that goes on a trace, where there is one.
    ///
    /// # Errors
    /// As [`Host::start`].
    pub async fn start_below(
        &self,
        flow: &str,
        input: impl Into<Arc<[u8]>>,
        key: Option<String>,
        lineage: Option<Lineage>,
    ) -> Result<Started, Refusal> {
        let clock = self.clock();
        let run = RunId::new(clock.now(), clock.draw(), clock.draw());
        let start = Start {
            run,
            seed: clock.draw(),
            flow: Name::new(flow),
            input: input.into(),
            key,
            lineage: lineage.map(Arc::new),
        };
        match self.ask(Command::Start(start)).await? {
            Answer::Started(started) => Ok(started),
            _ => Err(self.gone()),
        }
    }

    /// What happened to a run so far.
    async fn past(&self, run: RunId) -> Result<Vec<Happened>, Refusal> {
        let Answer::History(history) = self.ask(Command::History(run)).await? else {
            return Err(self.gone());
        };
        let (archive, namespace) = (self.archive()?, self.1.clone());
        let past = tokio::task::spawn_blocking(move || happened(&archive, &history, &namespace));
        let past = past.await.map_err(|_| self.gone())?;
        past.map_err(|why| Refusal::Stopped {
            reason: why.to_string(),
        })
    }

    /// Who takes spans, if anybody does.
    pub(crate) fn sink(&self) -> Option<Arc<dyn SpanSink>> {
        self.0.sink.clone()
    }

    /// Makes spans of what is heard.
    pub(super) fn trace(&self, heard: Option<Heard>) {
        let Some((heard, sink)) = heard else { return };
        let collecting = tokio::spawn(collect(
            Past(Arc::downgrade(&self.0)),
            Arc::clone(&self.0.clock),
            (heard, sink),
        ));
        *self.tracing() = Some(collecting);
    }

    /// Waits until the last span is sent.
    pub(super) async fn traced(&self) {
        let collecting = self.tracing().take();
        if let Some(collecting) = collecting {
            let _ = collecting.await;
        }
    }

    fn tracing(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.0.tracing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
