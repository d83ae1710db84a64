//! What happened to runs: as it is followed, and as spans.

use super::{FollowError, Host, Inner};
use crate::{
    RunId,
    driver::Message,
    engine::{Answer, Command, Happened, Refusal, Start, Started},
    follow::{Follow, happened, past},
    metrics::Metrics,
    traces::{self, SpanSink, Told, Tracing, collect},
    trails::{SpanView, Tap, TapFilter, TraceView, Trails, VisitView},
};
use flowmesh_ir::{Name, trace::Lineage};
use flowmesh_machine::Terms;
use flowmesh_mesh::Measures;
use std::{
    collections::BTreeSet,
    sync::{Arc, MutexGuard, PoisonError, Weak},
};
use tokio::{
    sync::{mpsc::Receiver, oneshot},
    task::JoinHandle,
};

/// So many runs of a trace are looked at.
const RUNS_MAX: usize = 100;

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
        self.start_on((flow, input.into()), key, lineage, Terms::default())
            .await
    }

    /// The same, with what is said for this run alone.
    ///
    /// # Errors
    /// As [`Host::start`].
    pub async fn start_on(
        &self,
        (flow, input): (&str, Arc<[u8]>),
        key: Option<String>,
        lineage: Option<Lineage>,
        terms: Terms,
    ) -> Result<Started, Refusal> {
        let clock = self.clock();
        let run = RunId::new(clock.now(), clock.draw(), clock.draw());
        let start = Start {
            run,
            seed: clock.draw(),
            flow: Name::new(flow),
            input,
            key,
            lineage: lineage.map(Arc::new),
            terms,
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

    /// What is kept of visits.
    pub(crate) fn trails(&self) -> &Arc<Trails> {
        &self.0.trails
    }

    /// What is kept of the visits of a request, by the identifier that its answer names. Gateways are no namespace's but the
    /// one without a name.
    #[must_use]
    pub fn visits(&self, request: &str) -> Vec<VisitView> {
        match self.1.is_empty() {
            true => self.0.trails.find(request),
            false => Vec::new(),
        }
    }

    /// Visits as they come; none to whoever is in another namespace.
    #[must_use]
    pub fn tap(&self, filter: TapFilter) -> Option<Tap> {
        self.1.is_empty().then(|| self.0.trails.tap(filter))
    }

    /// The trace of a run with all that it led to, or nothing of the visits that led to it in another namespace than theirs.
    ///
    /// # Errors
    /// If there is no such run, or its journal cannot be read.
    pub async fn trace_of(&self, run: RunId) -> Result<TraceView, Refusal> {
        let view = self.get(run).await?;
        let mut spans = Vec::new();
        let mut waiting = vec![run];
        let mut seen = BTreeSet::from([run]);
        while let Some(next) = waiting.pop() {
            let past = match self.past(next).await {
                Ok(past) => past,
                // A run that another one started by a key of its own may be gone.
                Err(_) if next != run => continue,
                Err(why) => return Err(why),
            };
            let (of_run, children) = traces::whole(&past);
            spans.extend(of_run);
            let new = children
                .into_iter()
                .filter(|child| seen.len() < RUNS_MAX && seen.insert(*child));
            waiting.extend(new.collect::<Vec<_>>());
        }
        let own = || format!("{:032x}", run.0);
        Ok(self.joined(view.trace.unwrap_or_else(own), spans))
    }

    /// The trace of a request: its visit, and the runs that it led to.
    ///
    /// # Errors
    /// If a journal cannot be read.
    pub async fn trace_of_request(&self, request: &str) -> Result<TraceView, Refusal> {
        let visits = self.visits(request);
        let runs = visits.iter().filter_map(|visit| visit.run.as_ref()?.parse().ok());
        let runs: BTreeSet<RunId> = runs.collect();
        let mut spans = Vec::new();
        for run in runs {
            if let Ok(trace) = self.trace_of(run).await {
                spans.extend(trace.spans);
            }
        }
        Ok(self.joined(request.to_owned(), spans))
    }

    /// With what is kept of visits and attempts, each once, in the order in which they began.
    fn joined(&self, trace: String, mut spans: Vec<SpanView>) -> TraceView {
        if let Ok(number) = u128::from_str_radix(&trace, 16) {
            let kept = self.0.trails.spans(number).into_iter();
            let mine = self.1.is_empty();
            spans.extend(kept.filter(|span| {
                mine || span.kind == "attempt" && span.attributes.contains_key("flowmesh.run")
            }));
        }
        let mut seen = BTreeSet::new();
        spans.retain(|span| seen.insert(span.id.clone()));
        let ids: BTreeSet<String> = spans.iter().map(|span| span.id.clone()).collect();
        if !self.1.is_empty() {
            // An attempt that belongs to no call of a run that may be seen is another namespace's.
            spans.retain(|span| {
                span.kind != "attempt" || span.parent.as_ref().is_some_and(|parent| ids.contains(parent))
            });
        }
        spans.sort_by_key(|span| span.began);
        TraceView { trace, spans }
    }

    /// Who takes spans, if anybody does.
    pub(crate) fn sink(&self) -> Option<Arc<dyn SpanSink>> {
        self.0.sink.clone()
    }

    /// What was measured of the calls of the program that new runs are started with.
    pub(crate) fn measures(&self) -> Measures {
        let live = self.live();
        let caller = live.borrow().as_ref().map(|live| live.caller.clone());
        let mesh = caller.and_then(|caller| caller.mesh());
        mesh.map(|mesh| mesh.measures()).unwrap_or_default()
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
