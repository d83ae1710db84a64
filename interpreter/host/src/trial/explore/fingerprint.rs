//! What of a state makes a difference for what can follow, as a number.

use super::{
    super::{
        calls::{Coming, Scripted},
        failure::Checked,
        world::World,
    },
    state::State,
};
use crate::RunId;
use flowmesh_ir::{
    surroundings::Surroundings,
    test::{Expected, StepKind},
};
use flowmesh_machine::{CallId, Sight};
use jiff::{SignedDuration, Timestamp};
use std::hash::{DefaultHasher, Hash, Hasher};

impl State<'_> {
    /// Two states with the same go on alike.
    pub(super) fn fingerprint(&mut self, surroundings: Surroundings) -> u64 {
        let mut hasher = DefaultHasher::new();
        let seen: Vec<Seen> = self.world.seen();
        seen.hash(&mut hasher);
        self.failed.hash(&mut hasher);
        let (script, now) = (&self.script, self.world.now);
        let until = script.until.map(|until| until.duration_since(now));
        (&script.rest, until, script.awaiting.is_some()).hash(&mut hasher);
        if surroundings.clock {
            now.hash(&mut hasher);
        }
        self.world.feed(surroundings, &mut hasher);
        hasher.finish()
    }
}

/// What an expectation has seen that it looks back to.
#[derive(Hash)]
enum Seen {
    /// So many calls or spans, as far as it counts them.
    Calls(u32),
    /// Whether each of two was called, and whether in order.
    Order(bool, bool, bool),
    /// Whether it was logged, or is so.
    Logged(bool),
    /// It cannot be said yet: everything that was called and logged.
    Unsaid(usize, usize),
}

impl World<'_> {
    /// What the expectations that always hold have seen.
    fn seen(&mut self) -> Vec<Seen> {
        let test = self.test;
        let always = test.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Always(expected) => Some(expected),
            _ => None,
        });
        let mut all = Vec::new();
        for expected in always {
            let seen = self.seen_by(expected);
            let logs = |world: &Self| world.mirrors.runs.values().map(|mirror| mirror.logs.len()).sum();
            all.extend(seen.unwrap_or_else(|_| Some(Seen::Unsaid(self.mirrors.made.len(), logs(self)))));
        }
        all
    }

    fn seen_by(&mut self, expected: &Expected) -> Checked<Option<Seen>> {
        Ok(match expected {
            Expected::Calls {
                call,
                attempted,
                least,
                most,
            } => {
                // One more than it allows is as wrong as many more.
                let most = most.map_or(*least, |most| most.saturating_add(1));
                let most = most.max(*least);
                Some(Seen::Calls(self.counted(call, *attempted)?.min(most)))
            }
            Expected::Before { first, then } => {
                let (a, b) = (self.positions(first)?, self.positions(then)?);
                let (a, b) = (a.first(), b.first());
                Some(Seen::Order(a.is_some(), b.is_some(), a < b))
            }
            Expected::Spans { run, spans, .. } => Some(Seen::Calls(self.spans_of(*run, spans))),
            Expected::SpansBefore { .. } | Expected::Logs { .. } => {
                Some(Seen::Logged(self.expect(expected).is_ok()))
            }
            _ => None,
        })
    }

    fn feed(&self, surroundings: Surroundings, hasher: &mut impl Hasher) {
        let sight = Sight {
            now: self.now,
            chance: surroundings.chance,
        };
        let engine = self.engine.as_ref();
        let numbers = engine
            .map(|engine| engine.fingerprint(sight, hasher))
            .unwrap_or_default();
        let call = |run: RunId, call: CallId| numbers.call(run, call);
        let mut open: Vec<_> = self
            .open
            .iter()
            .map(|((run, id), open)| {
                (
                    call(*run, *id),
                    self.after(open.due),
                    open.items,
                    digest(&open.coming),
                )
            })
            .collect();
        open.sort_unstable();
        let mut queue: Vec<_> = self
            .queue
            .iter()
            .filter_map(|((at, _), input)| {
                let (run, id) = super::moves::place_of(input)?;
                Some((call(run, id), self.after(*at)))
            })
            .collect();
        queue.sort_unstable();
        let mut streams: Vec<_> = self
            .streams
            .iter()
            .map(|((run, id), coming)| (call(*run, *id), coming.items.len()))
            .collect();
        streams.sort_unstable();
        (open, queue, streams).hash(hasher);
        let mocks = self.mocks.iter().map(Scripted::place);
        mocks.collect::<Vec<_>>().hash(hasher);
        let runs = self.runs.iter().map(|run| numbers.run(*run));
        runs.collect::<Vec<_>>().hash(hasher);
        for mirror in self.mirrors.runs.values() {
            (&mirror.tags, mirror.owed.counts()).hash(hasher);
        }
        let slots = format!("{:?}", self.slots());
        (slots, self.always.len(), self.said.len(), &self.targets).hash(hasher);
    }

    /// What is late is as late as what is due.
    fn after(&self, at: Timestamp) -> SignedDuration {
        at.max(self.now).duration_since(self.now)
    }
}

fn digest(coming: &Coming) -> String {
    format!("{:?}", coming.reply)
}
