//! What came while a run stood still.

use super::{
    super::{Late, Parked, Still, Stuck},
    Part,
};
use crate::EventKind;
use std::hash::Hasher;

impl<H: Hasher> Part<'_, H> {
    pub(super) fn still(&mut self, still: &Still) {
        let Still {
            paused,
            parked,
            backlog,
            ready,
            freed,
        } = still;
        self.put((paused.is_some(), freed));
        self.put(parked.is_some());
        parked.iter().for_each(|parked| self.parked(parked));
        self.each(ready.iter(), |part, fiber| part.put(part.numbers.fiber(*fiber)));
        self.each(backlog.iter(), Self::late);
    }

    fn parked(&mut self, parked: &Parked) {
        let Parked {
            call,
            step,
            error,
            // That is only told.
            since: _,
            stuck,
            decision,
            edited,
        } = parked;
        self.call(*call);
        self.put((step, edited));
        self.variant(error);
        self.print(decision);
        self.put(std::mem::discriminant(stuck));
        match stuck {
            Stuck::Fiber(fiber, request) => {
                self.put(self.numbers.fiber(*fiber));
                self.request(request);
            }
            Stuck::Orphan(cleanup) | Stuck::Undo(cleanup) => self.put(self.numbers.cleanup(*cleanup)),
        }
    }

    fn late(&mut self, late: &Late) {
        self.put(std::mem::discriminant(late));
        match late {
            Late::Item(call) => self.call(*call),
            Late::Event(event) => self.late_event(event),
        }
    }

    fn late_event(&mut self, event: &EventKind) {
        self.put(std::mem::discriminant(event));
        match event {
            EventKind::Replied { call, reply } => {
                self.call(*call);
                self.print(reply);
            }
            EventKind::Answered { call, answer } => {
                self.call(*call);
                self.print(answer);
            }
            EventKind::Streamed { call, item } => {
                self.call(*call);
                self.put(item);
            }
            EventKind::Fired { timer } => self.put(self.numbers.timer_named(*timer)),
            EventKind::Signalled {
                name,
                payload,
                answer,
            } => {
                let answer = answer.map(|answer| self.numbers.answer(answer));
                self.put((name, payload, answer));
            }
            other => self.print(other),
        }
    }
}
