//! Who is let in: by locks, pools and rates, and by flows that have room for so many runs.

use super::{
    Engine, Held,
    guards::{Guards, guarded_by},
    ledger::Task,
    view::{State, Turn},
};
use crate::{RunId, store::Guarded};
use flowmesh_ir::flow::Full;
use flowmesh_machine::{Admit, Answer, Ask, CallId, EventKind};
use jiff::Timestamp;

impl Engine {
    /// Lets in who may enter now. Whether that is done: it goes on later where one of them is not in memory.
    pub(super) fn grant(&mut self, now: Timestamp, place: &Guarded) -> bool {
        while let Some((run, call)) = self.ledger.guards.next(place, now) {
            if self.rows.kept && !self.runs.contains_key(&run) && !self.known.absent.contains(&run) {
                self.tasks.push_back(Task::Grant(place.clone()));
                return false;
            }
            let token = self.ledger.guards.token(now);
            self.answered(now, run, call, Answer::Granted(token));
            // Who did not take it does not wait any more.
            if self.ledger.guards.next(place, now) == Some((run, call)) {
                self.ledger.guards.leave(place, (run, call));
            }
        }
        true
    }

    /// A run asks its flow to be let in.
    pub(super) fn admit(&mut self, now: Timestamp, (run, call): (RunId, CallId), admit: &Admit) {
        let Some(held) = self.runs.get(&run) else { return };
        let flow = held.name.clone();
        let Some(place) = guarded_by((&held.namespace, &flow), &Ask::Admit(admit.clone())) else {
            return;
        };
        if !self.grant(now, &place) {
            return self.tasks.push_back(Task::Ask(run, call));
        }
        if !self.ledger.guards.waits(&place, (run, call)) {
            return;
        }
        match admit.full {
            Full::Queue | Full::RoundRobin => {}
            Full::CancelNewest => {
                let most = admit.most;
                self.cancel(
                    now,
                    run,
                    format!("`{flow}` runs {most} times already, and it may not more often"),
                );
            }
            Full::CancelRunning => {
                while let Some(oldest) = self.one_too_many(&place, admit.most) {
                    self.cancel(now, oldest, format!("a newer run of `{flow}` takes its place"));
                }
            }
        }
    }

    /// A run takes the place of those that have not begun.
    pub(super) fn debounce(&mut self, now: Timestamp, (run, call): (RunId, CallId), ask: &Ask) {
        let Some(held) = self.runs.get(&run) else { return };
        let Some(place) = guarded_by((&held.namespace, &held.name), ask) else {
            return;
        };
        let reason = format!("{place} took its place before it began");
        for (older, _) in self.ledger.guards.older(&place, (run, call)) {
            self.cancel(now, older, reason.clone());
        }
    }

    /// The oldest run that is in or waits, where those that stay are more than there may be.
    fn one_too_many(&self, place: &Guarded, most: u32) -> Option<RunId> {
        let mut all = self.ledger.guards.everybody(place);
        all.retain(|(run, _)| self.runs.get(run).is_some_and(stays));
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        (all.len() > most)
            .then(|| all.first().map(|(run, _)| *run))
            .flatten()
    }

    fn cancel(&mut self, now: Timestamp, run: RunId, reason: String) {
        self.happen(now, run, EventKind::Cancelled { reason }, None);
    }

    /// How guards stand, one of them a line, and all of them together.
    pub(crate) fn guards_say(&self) -> Vec<String> {
        self.ledger.guards.say()
    }

    /// Breaks a promise on purpose.
    pub(crate) fn break_guards(&mut self, how: impl FnOnce(&mut Guards)) {
        how(&mut self.ledger.guards);
    }

    /// What a run waits for in a queue, and its turn there.
    pub(super) fn turns(&self, run: RunId) -> Vec<Turn> {
        let Some(held) = self.runs.get(&run) else {
            return Vec::new();
        };
        let asks = held.alive().into_iter().flat_map(|live| &live.asks);
        let turn = |(call, ask): (&CallId, &Ask)| {
            let place = guarded_by((&held.namespace, &held.name), ask)?;
            let turn = self.ledger.guards.turn_of(&place, (run, *call))?;
            Some(Turn {
                of: place.to_string(),
                turn,
            })
        };
        asks.filter_map(turn).collect()
    }
}

/// Whether a run would go on by itself.
fn stays(held: &Held) -> bool {
    let cancelled = held.alive().is_none_or(|live| live.cancelled);
    !cancelled && held.state() != State::Undoing
}
