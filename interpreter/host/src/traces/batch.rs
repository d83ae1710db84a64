//! Spans in batches to whoever exports them. Whoever tells of a span never waits: what there is no room for is let go of and
//! counted.

use super::span::{Span, SpanSink};
use std::{
    env,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{
        Notify,
        mpsc::{Receiver, Sender, channel},
    },
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};

/// So many spans wait to be sent, unless the environment says otherwise; one more is let go of.
const QUEUE_MAX: usize = 65_536;
/// So many are sent at once.
const BATCH_MAX: usize = 512;
/// So long the first of a batch waits for others.
const DELAY: Duration = Duration::from_secs(5);
/// How long the last spans may take when a host stops.
const CLOSING_MAX: Duration = Duration::from_secs(10);
/// How often a batch is sent at the most.
const TRIES: u32 = 5;
/// How long it waits before the second try; twice as long before each further one.
const WAIT: Duration = Duration::from_secs(1);
/// It waits no longer, whatever the collector says.
const WAIT_MAX: Duration = Duration::from_secs(16);

/// A batch on its way.
pub(super) type Exporting<'a> = Pin<Box<dyn Future<Output = Result<(), Failed>> + Send + 'a>>;

/// Sends batches somewhere.
pub(super) trait Export: Send + Sync + 'static {
    /// Sends one, once.
    fn export<'a>(&'a self, spans: &'a [Span]) -> Exporting<'a>;
}

/// Why a batch was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) why: String,
    /// Whether the same may be sent again, and how long the other side asks to be left alone.
    pub(super) again: Option<Option<Duration>>,
}

/// Gathers spans and sends them.
#[derive(Debug)]
pub struct Batches {
    sender: Sender<Span>,
    /// Told when no span comes any more.
    ending: Arc<Notify>,
    sending: Mutex<Option<JoinHandle<()>>>,
    runtime: Handle,
    dropped: Arc<AtomicU64>,
}

/// How spans are gathered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gathering {
    pub(super) queue: usize,
    pub(super) batch: usize,
    pub(super) delay: Duration,
}

impl Gathering {
    /// As the environment says by the names of OpenTelemetry.
    pub(super) fn from_env() -> Self {
        let number = |name: &str| {
            env::var(name)
                .ok()?
                .parse::<u64>()
                .ok()
                .filter(|number| *number > 0)
        };
        let size = |name: &str| usize::try_from(number(name)?).ok();
        let queue = size("OTEL_BSP_MAX_QUEUE_SIZE").unwrap_or(QUEUE_MAX);
        Self {
            queue,
            batch: size("OTEL_BSP_MAX_EXPORT_BATCH_SIZE")
                .unwrap_or(BATCH_MAX)
                .min(queue),
            delay: number("OTEL_BSP_SCHEDULE_DELAY").map_or(DELAY, Duration::from_millis),
        }
    }
}

impl Batches {
    /// Gathers for an exporter. Must be called within a Tokio runtime.
    pub(super) fn new(export: impl Export, gathering: Gathering) -> Self {
        let (sender, spans) = channel(gathering.queue);
        let dropped = Arc::new(AtomicU64::new(0));
        let ending = Arc::new(Notify::new());
        let gathered = Gathered {
            spans,
            ending: ending.clone(),
            how: gathering,
        };
        let sending = tokio::spawn(send(export, gathered, dropped.clone()));
        Self {
            sender,
            ending,
            sending: Mutex::new(Some(sending)),
            runtime: Handle::current(),
            dropped,
        }
    }
}

impl SpanSink for Batches {
    fn take(&self, span: Span) {
        if self.sender.try_send(span).is_err() && self.dropped.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!("spans come faster than they can be sent; some are let go of");
        }
    }

    fn close(&self) {
        self.ending.notify_one();
        let sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut sending) = sending else { return };
        let ended = self
            .runtime
            .block_on(async { timeout(CLOSING_MAX, &mut sending).await });
        if ended.is_err() {
            sending.abort();
            tracing::warn!("the last spans may be lost: they could not be sent in time");
        }
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Spans that come, until none will.
struct Gathered {
    spans: Receiver<Span>,
    ending: Arc<Notify>,
    how: Gathering,
}

async fn send(export: impl Export, mut gathered: Gathered, dropped: Arc<AtomicU64>) {
    let mut batch = Vec::new();
    while gathered.next(&mut batch).await {
        if let Err(why) = deliver(&export, &batch).await {
            let lost = u64::try_from(batch.len()).unwrap_or_default();
            dropped.fetch_add(lost, Ordering::Relaxed);
            tracing::warn!(%why, lost, "spans are lost: the collector does not take them");
        }
        batch.clear();
    }
}

impl Gathered {
    /// Waits for a batch: as many as may be in one, or as came within the delay. `false` when none will ever come.
    async fn next(&mut self, batch: &mut Vec<Span>) -> bool {
        let most = self.how.batch;
        let mut until = None;
        while batch.len() < most {
            let room = most.saturating_sub(batch.len());
            tokio::select! {
                came = self.spans.recv_many(batch, room) => {
                    if came == 0 {
                        break;
                    }
                    until.get_or_insert_with(|| Instant::now() + self.how.delay);
                }
                // What was taken before is sent all the same.
                () = self.ending.notified() => self.spans.close(),
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => break,
            }
        }
        !batch.is_empty()
    }
}

/// Sends a batch until it is taken, or the other side says something that will not change.
async fn deliver(export: &impl Export, batch: &[Span]) -> Result<(), String> {
    let mut wait = WAIT;
    let mut tries = 1;
    loop {
        let failed = match export.export(batch).await {
            Ok(()) => return Ok(()),
            Err(failed) => failed,
        };
        let Some(asked) = failed.again.filter(|_| tries < TRIES) else {
            return Err(failed.why);
        };
        sleep(asked.unwrap_or(wait).min(WAIT_MAX)).await;
        wait = wait.saturating_mul(2);
        tries = tries.saturating_add(1);
    }
}

#[cfg(test)]
mod tests;
