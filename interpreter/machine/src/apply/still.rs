//! A run that stands still: what comes meanwhile is kept, and acted upon in order when it goes on.

use super::Turn;
use crate::{
    CallId, EventKind,
    border::SIGNALS_KEPT_MAX,
    eval::FUEL,
    run::{Late, Pause, Still},
};
use std::sync::Arc;

/// How many told events a run keeps that stands still; those after that it does not hear.
const HEARD_KEPT_MAX: usize = 1_000;

impl Turn<'_, '_> {
    /// Somebody wants the run to take no new step.
    pub(super) fn paused(&mut self, reason: &str) {
        if !self.lives() {
            return;
        }
        let since = self.run.context.now;
        self.still().paused.get_or_insert_with(|| Pause {
            reason: reason.to_owned(),
            since,
        });
    }

    /// Somebody lets the run go on.
    pub(super) fn resumed(&mut self) {
        if let Some(still) = &mut self.run.still {
            still.paused = None;
        }
    }

    pub(super) fn still(&mut self) -> &mut Still {
        self.run.still.get_or_insert_default()
    }

    /// Keeps what happened until the run goes on. What does not fit how the run stands now is no event later either:
    /// by then the same number may be that of another call.
    pub(super) fn keep_for_later(&mut self, event: &EventKind) {
        if !self.is_awaited(event) {
            return;
        }
        match event {
            EventKind::Signalled { name, answer, .. } if self.still().signals(name) >= SIGNALS_KEPT_MAX => {
                self.refuse(*answer, "too many signals of this name wait already");
            }
            EventKind::Heard { event, .. } if self.still().heard() >= HEARD_KEPT_MAX => {
                self.log(format!(
                    "`{event}` is not heard: the run stands still, and {HEARD_KEPT_MAX} events wait already"
                ));
            }
            EventKind::Streamed { call, item } => self.keep_item(*call, item),
            event => self.still().backlog.push_back(Late::Event(event.clone())),
        }
    }

    fn is_awaited(&self, event: &EventKind) -> bool {
        let late = self.run.still.as_ref();
        let ended = |call| late.is_some_and(|late| late.has_end_of(call));
        match event {
            EventKind::Replied { call, .. } => self.expects_reply(*call) && !ended(*call),
            EventKind::Answered { call, .. } => {
                self.run.calls.contains_key(call) && !self.expects_reply(*call) && !ended(*call)
            }
            EventKind::Fired { timer } => {
                self.run.timers.contains_key(timer) && !late.is_some_and(|late| late.has_fired(*timer))
            }
            _ => true,
        }
    }

    fn keep_item(&mut self, call: CallId, item: &Arc<[u8]>) {
        let late = match self.store_item(call, item) {
            Ok(true) => Late::Item(call),
            Ok(false) => return,
            // What is wrong with it is for the flow to hear, when it goes on.
            Err(_) => Late::Event(EventKind::Streamed {
                call,
                item: Arc::clone(item),
            }),
        };
        self.still().backlog.push_back(late);
    }

    /// The run has ended: nothing that came is acted upon any more.
    pub(super) fn drop_backlog(&mut self) {
        for late in self
            .run
            .still
            .take()
            .map(|still| still.backlog)
            .unwrap_or_default()
        {
            if let Late::Event(EventKind::Signalled { answer, .. }) = late {
                self.refuse(answer, "the run has ended");
            }
        }
    }

    /// Goes on with everything that is awake, and with what came while the run stood still, until it stands still again
    /// or nothing is left to do.
    pub(super) fn proceed(&mut self) {
        while !self.run.stands_still() {
            if let Some(still) = &mut self.run.still {
                self.ready.append(&mut still.ready);
                self.freed |= std::mem::take(&mut still.freed);
            }
            let parked = self.run.still.as_mut().and_then(|still| still.parked.take());
            if let Some(parked) = parked {
                self.obey(parked);
            }
            self.advance();
            self.settle();
            let late = self
                .run
                .still
                .as_mut()
                .and_then(|still| still.backlog.pop_front());
            match late {
                Some(Late::Event(event)) => self.happened(&event),
                Some(Late::Item(call)) => self.item_awaited(call),
                None => {
                    self.run.still = None;
                    return;
                }
            }
            // Each is as if it had come by itself.
            self.fuel = FUEL;
        }
        self.seat(None);
        let (ready, freed) = (std::mem::take(&mut self.ready), std::mem::take(&mut self.freed));
        let still = self.still();
        still.ready.extend(ready);
        still.freed |= freed;
    }
}
