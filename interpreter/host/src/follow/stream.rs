//! The past of a run and then its present as one stream.

use super::{Happening, Item};
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::mpsc::Receiver;

/// The items of a run in order: first those that are in the journal, then those that come. It ends with the run, after
/// [`Item::Lagged`], or when the host stops.
#[derive(Debug)]
pub struct Follow {
    past: VecDeque<Happening>,
    live: Receiver<Item>,
    /// The number of the next event that the follower has not seen.
    next: u64,
    ended: bool,
}

impl Follow {
    pub(crate) fn new(past: Vec<Happening>, live: Receiver<Item>, from: u64, ended: bool) -> Self {
        // What has ended is over when its past has been seen.
        let ended = ended && past.is_empty();
        Self {
            past: past.into(),
            live,
            next: from,
            ended,
        }
    }

    /// The next item; `None` when there will be none.
    pub async fn next(&mut self) -> Option<Item> {
        if self.ended {
            return None;
        }
        if let Some(happening) = self.past.pop_front() {
            return Some(self.event(Arc::new(happening)));
        }
        loop {
            match self.live.recv().await {
                // It was in the past already.
                Some(Item::Event(happening)) if happening.sequence < self.next => {}
                Some(Item::Event(happening)) => return Some(self.event(happening)),
                Some(item) => return Some(item),
                None => {
                    self.ended = true;
                    return Some(Item::Lagged);
                }
            }
        }
    }

    /// Whether there will be nothing more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended
    }

    /// As a stream.
    pub fn into_stream(self) -> impl futures_util::Stream<Item = Item> {
        futures_util::stream::unfold(
            self,
            |mut follow| async move { Some((follow.next().await?, follow)) },
        )
    }

    fn event(&mut self, happening: Arc<Happening>) -> Item {
        self.next = happening.sequence.saturating_add(1);
        self.ended = happening.ending.is_some();
        Item::Event(happening)
    }
}
