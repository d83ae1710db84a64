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
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// What has happened and was not heard yet is let go of beyond so much: tracing never holds up a run.
const BEHIND_MAX: usize = 65_536;
/// So many runs are known. With one more, all are forgotten; what is needed of them is read again.
const RUNS_MAX: usize = 50_000;

/// What is heard.
pub(crate) enum Told {
    /// An event of a run.
    Happened(Box<Happened>),
    /// An attempt at a call has ended.
    Attempted(Attempted),
}

/// An attempt at a call that has ended.
pub(crate) struct Attempted {
    pub(crate) run: RunId,
    pub(crate) call: TraceContext,
    pub(crate) step: String,
    pub(crate) attempt: u32,
    pub(crate) endpoint: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) outcome: String,
    pub(crate) took: Duration,
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
    let mut trees: HashMap<RunId, Tree> = HashMap::new();
    while let Some(told) = heard.recv().await {
        match told {
            Told::Happened(happened) => {
                let ended = match tree(&past, &mut trees, &happened).await {
                    Ok(Some(tree)) => tree.happened(&happened),
                    Ok(None) => Vec::new(),
                    Err(why) => {
                        tracing::warn!(run = %happened.run, %why, "its spans are not known");
                        Vec::new()
                    }
                };
                ended.into_iter().for_each(|span| sink.take(span));
                if happened.ending.is_some() {
                    trees.remove(&happened.run);
                }
            }
            Told::Attempted(attempted) => sink.take(span(attempted, clock.as_ref())),
        }
    }
    // Whoever sends may wait for the network.
    let _ = tokio::task::spawn_blocking(move || sink.close()).await;
}

/// What is known of a run before an event; nothing if the event is known already.
async fn tree<'t>(
    past: &Past,
    trees: &'t mut HashMap<RunId, Tree>,
    happened: &Happened,
) -> Result<Option<&'t mut Tree>, String> {
    let (run, sequence) = (happened.run, happened.sequence);
    match trees.get(&run).map(|tree| tree.next) {
        Some(next) if next > sequence => return Ok(None),
        Some(next) if next == sequence => {}
        _ => {
            if trees.len() >= RUNS_MAX {
                trees.clear();
            }
            // Of what has ended before, others have told.
            let mut before = match sequence {
                0 => Vec::new(),
                _ => past.of(&happened.namespace, run).await?,
            };
            before.retain(|before| before.sequence < sequence);
            let mut tree = Tree::new(before.first().unwrap_or(happened));
            before.iter().for_each(|happened| drop(tree.happened(happened)));
            trees.insert(run, tree);
        }
    }
    Ok(trees.get_mut(&run))
}

fn span(attempted: Attempted, clock: &dyn Clock) -> Span {
    let ended = clock.now();
    let took = jiff::SignedDuration::try_from(attempted.took).unwrap_or_default();
    let well = attempted
        .status
        .is_some_and(|status| (200..300).contains(&status));
    let mut attributes = vec![
        ("flowmesh.run", attempted.run.to_string()),
        ("flowmesh.attempt", attempted.attempt.to_string()),
    ];
    attributes.extend(attempted.endpoint.map(|endpoint| ("server.address", endpoint)));
    let status = attempted.status.map(|status| status.to_string());
    attributes.extend(status.map(|status| ("http.response.status_code", status)));
    Span {
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
    }
}
