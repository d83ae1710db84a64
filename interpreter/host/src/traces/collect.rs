//! Hears what happens to every run, and tells of the spans that have ended.

use super::{
    span::{Span, SpanKind, SpanSink, SpanStatus},
    tree::Tree,
};
use crate::{
    RunId,
    clock::Clock,
    engine::Happened,
    host::Past,
    metrics::{Metrics, add},
};
use flowmesh_ir::trace::TraceContext;
use flowmesh_mesh::Tags;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// What has happened and was not heard yet is let go of beyond so much: tracing never holds up a run.
const BEHIND_MAX: usize = 65_536;
/// So many runs are known. With one more, all are forgotten; what is needed of them is read again.
const RUNS_MAX: usize = 50_000;

/// So many spans of a run are held that are told only if it fails.
const HELD_MAX: usize = 256;

/// What is heard.
pub(crate) enum Told {
    /// An event of a run.
    Happened(Box<Happened>),
    /// An attempt at a call has ended.
    Attempted(Attempted),
}

/// An attempt at a call that has ended.
#[derive(Clone)]
pub(crate) struct Attempted {
    /// The run, if it is one that calls.
    pub(crate) run: Option<RunId>,
    pub(crate) call: TraceContext,
    pub(crate) step: String,
    pub(crate) attempt: u32,
    pub(crate) failover: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: String,
    pub(crate) took: Duration,
    pub(crate) tags: Tags,
}

impl Attempted {
    /// Whether it failed, as whoever looks after the caller sees it.
    pub(crate) fn failed(&self) -> bool {
        self.status.is_none_or(|status| status >= 500)
    }
}

/// Where it is told.
#[derive(Clone)]
pub(crate) struct Tracing {
    sender: Sender<Told>,
    metrics: Arc<Metrics>,
}

impl Tracing {
    pub(crate) fn new(metrics: Arc<Metrics>) -> (Self, Receiver<Told>) {
        let (sender, receiver) = channel(BEHIND_MAX);
        (Self { sender, metrics }, receiver)
    }

    pub(crate) fn tell(&self, told: Told) {
        if self.sender.try_send(told).is_err() {
            add(&self.metrics.untraced, 1);
        }
    }
}

/// Hears everything until nobody is left to tell it, and sends what is left.
pub(crate) async fn collect(
    past: Past,
    clock: Arc<dyn Clock>,
    (mut heard, sink): (Receiver<Told>, Arc<dyn SpanSink>),
) {
    let mut runs: HashMap<RunId, Known> = HashMap::new();
    while let Some(told) = heard.recv().await {
        match told {
            Told::Happened(happened) => {
                match known(&past, &mut runs, &happened).await {
                    Ok(Some(known)) => known.happened(&happened, sink.as_ref()),
                    Ok(None) => {}
                    Err(why) => tracing::warn!(run = %happened.run, %why, "its spans are not known"),
                }
                if happened.ending.is_some() {
                    runs.remove(&happened.run);
                }
            }
            Told::Attempted(attempted) => {
                let known = attempted.run.and_then(|run| runs.get_mut(&run));
                let span = span(attempted, clock.as_ref());
                match known {
                    Some(known) if !span.context.sampled => known.hold(span),
                    _ if span.context.sampled => sink.take(span),
                    _ => {}
                }
            }
        }
    }
    // Whoever sends may wait for the network.
    let _ = tokio::task::spawn_blocking(move || sink.close()).await;
}

/// A run whose spans are told.
struct Known {
    tree: Tree,
    /// Spans that are not recorded, unless the run fails; the last of them.
    held: VecDeque<Span>,
}

impl Known {
    fn happened(&mut self, happened: &Happened, sink: &dyn SpanSink) {
        let mut failed = false;
        for span in self.tree.happened(happened) {
            failed |= span.kind == SpanKind::Run && matches!(span.status, SpanStatus::Error(_));
            match span.context.sampled {
                true => sink.take(span),
                false => self.hold(span),
            }
        }
        if failed {
            self.held.drain(..).for_each(|span| sink.take(span));
        }
    }

    /// Keeps a span until it is known how the run ends.
    fn hold(&mut self, span: Span) {
        if self.held.len() >= HELD_MAX {
            self.held.pop_front();
        }
        self.held.push_back(span);
    }
}

/// What is known of a run before an event; nothing if the event is known already.
async fn known<'t>(
    past: &Past,
    runs: &'t mut HashMap<RunId, Known>,
    happened: &Happened,
) -> Result<Option<&'t mut Known>, String> {
    let (run, sequence) = (happened.run, happened.sequence);
    match runs.get(&run).map(|known| known.tree.next) {
        Some(next) if next > sequence => return Ok(None),
        Some(next) if next == sequence => {}
        _ => {
            if runs.len() >= RUNS_MAX {
                runs.clear();
            }
            // Of what has ended before, others have told.
            let mut before = match sequence {
                0 => Vec::new(),
                _ => past.of(&happened.namespace, run).await?,
            };
            before.retain(|before| before.sequence < sequence);
            let mut known = Known {
                tree: Tree::new(before.first().unwrap_or(happened)),
                held: VecDeque::new(),
            };
            for happened in &before {
                let ended = known.tree.happened(happened).into_iter();
                let unrecorded = ended.filter(|span| !span.context.sampled);
                unrecorded.for_each(|span| known.hold(span));
            }
            runs.insert(run, known);
        }
    }
    Ok(runs.get_mut(&run))
}

/// An attempt that has just ended as a span.
pub(crate) fn span(attempted: Attempted, clock: &dyn Clock) -> Span {
    let ended = clock.now();
    let took = jiff::SignedDuration::try_from(attempted.took).unwrap_or_default();
    let well = attempted
        .status
        .is_some_and(|status| (200..300).contains(&status));
    let mut attributes = vec![("flowmesh.attempt".into(), attempted.attempt.to_string())];
    attributes.extend(attempted.run.map(|run| ("flowmesh.run".into(), run.to_string())));
    let failover = attempted.failover;
    attributes.extend(failover.map(|failover| ("flowmesh.failover".into(), failover)));
    let endpoint = attempted.endpoint;
    attributes.extend(endpoint.map(|endpoint| ("server.address".into(), endpoint)));
    let status = attempted.status.map(|status| status.to_string());
    attributes.extend(status.map(|status| ("http.response.status_code".into(), status)));
    let mut span = Span {
        context: attempted.call.child(u64::from(attempted.attempt)),
        parent: Some(attempted.call.span),
        kind: SpanKind::Attempt,
        name: attempted.step,
        began: ended.checked_sub(took).unwrap_or(ended),
        ended,
        status: if well {
            SpanStatus::Ok
        } else {
            SpanStatus::Error(attempted.outcome)
        },
        attributes,
        logs: Vec::new(),
    };
    span.tag(&attempted.tags);
    span
}
