//! Batches come as they were taken, are sent again while they may be, and nobody waits for them.

use super::{Batches, Export, Exporting, Failed, Gathering};
use crate::traces::{Span, SpanKind, SpanSink, SpanStatus};
use flowmesh_ir::trace::TraceContext;
use jiff::Timestamp;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Semaphore;

/// Takes a batch for each permit, after it has failed as often as it is to.
struct Slow {
    permits: Arc<Semaphore>,
    failing: Mutex<Vec<Failed>>,
    taken: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Export for Slow {
    fn export<'a>(&'a self, spans: &'a [Span]) -> Exporting<'a> {
        Box::pin(async move {
            self.permits.acquire().await.unwrap().forget();
            if let Some(failed) = self.failing.lock().unwrap().pop() {
                return Err(failed);
            }
            let names = spans.iter().map(|span| span.name.clone()).collect();
            self.taken.lock().unwrap().push(names);
            Ok(())
        })
    }
}

fn span(name: usize) -> Span {
    Span {
        context: TraceContext::root(1),
        parent: None,
        kind: SpanKind::Step,
        name: name.to_string(),
        began: Timestamp::UNIX_EPOCH,
        ended: Timestamp::UNIX_EPOCH,
        status: SpanStatus::Ok,
        attributes: Vec::new(),
        logs: Vec::new(),
    }
}

/// The batches that arrived, each by the names of its spans.
type Arrived = Arc<Mutex<Vec<Vec<String>>>>;

fn slow(failing: Vec<Failed>) -> (Slow, Arc<Semaphore>, Arrived) {
    let (permits, taken) = (Arc::new(Semaphore::new(0)), Arc::default());
    let slow = Slow {
        permits: permits.clone(),
        failing: Mutex::new(failing),
        taken: Arc::clone(&taken),
    };
    (slow, permits, taken)
}

fn failed(again: Option<Option<Duration>>) -> Failed {
    Failed {
        why: "no".to_owned(),
        again,
    }
}

const SMALL: Gathering = Gathering {
    queue: 4,
    batch: 2,
    delay: Duration::from_secs(5),
};

async fn close(batches: Batches) -> Batches {
    let closing = tokio::task::spawn_blocking(move || {
        batches.close();
        batches
    });
    closing.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_tells_of_a_span_never_waits_and_what_has_no_room_is_counted() {
    let (slow, permits, taken) = slow(Vec::new());
    let batches = Batches::new(slow, SMALL);
    (0..100).for_each(|name| batches.take(span(name)));
    assert!(batches.dropped() >= 100 - 4 - 2, "{}", batches.dropped());
    permits.add_permits(100);
    let batches = close(batches).await;
    let taken: Vec<String> = taken.lock().unwrap().concat();
    assert_eq!(taken.len() as u64 + batches.dropped(), 100);
    assert_eq!(taken[0], "0");
    batches.take(span(100));
    assert_eq!(taken.len() as u64 + batches.dropped(), 101, "it is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_as_large_as_they_may_be_and_the_last_is_sent() {
    let (slow, permits, taken) = slow(Vec::new());
    permits.add_permits(100);
    let batches = Batches::new(slow, SMALL);
    (0..3).for_each(|name| batches.take(span(name)));
    close(batches).await;
    assert_eq!(*taken.lock().unwrap(), [vec!["0", "1"], vec!["2"]]);
}

#[tokio::test(start_paused = true)]
async fn what_may_be_sent_again_is_and_what_may_not_is_lost() {
    let (slow, permits, taken) = slow(vec![
        failed(Some(None)),
        failed(Some(Some(Duration::from_secs(3600)))),
    ]);
    permits.add_permits(100);
    let began = tokio::time::Instant::now();
    super::deliver(&slow, &[span(1)]).await.unwrap();
    assert_eq!(taken.lock().unwrap().len(), 1);
    // An hour is more than anybody may ask for.
    assert_eq!(began.elapsed().as_secs(), 16 + 2);
    *slow.failing.lock().unwrap() = vec![failed(None)];
    assert_eq!(super::deliver(&slow, &[span(1)]).await, Err("no".to_owned()));
    *slow.failing.lock().unwrap() = (0..5).map(|_| failed(Some(None))).collect();
    assert_eq!(super::deliver(&slow, &[span(1)]).await, Err("no".to_owned()));
    assert!(slow.failing.lock().unwrap().is_empty(), "five times at the most");
}
