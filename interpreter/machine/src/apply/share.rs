//! What a run shares with one that has ended: its history up to where somebody wants it to go on from.
//!
//! What is known stays known: the ends of what had been asked for by then are shared too where they came later. Asked
//! for again is only what somebody wants to be done again, and what has failed or was undone since.

mod past;

use super::Turn;
use crate::{
    Answer, Ask, CallId, Effect, Event, EventKind, Run,
    run::{Caller, FiberId, Stuck, Wait},
    upgrade::{Home, Homes},
};
use flowmesh_ir::{
    StepId,
    call::{Failure, Reply},
    flow::{End, Flow},
};
use past::Past;
use std::collections::BTreeSet;

/// Where a run goes on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// From the call that it failed with.
    Failure,
    /// From where a step began.
    Step {
        /// Its title, or what the author calls it.
        title: String,
        /// The how manyth time, from 1; the last one where nobody says.
        round: Option<u32>,
    },
}

/// What is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// How many of the events, from the first.
    pub events: usize,
    /// The fibers that do again what they waited for then.
    pub again: Vec<u32>,
    /// Events after those, by their place: ends of what had been asked for.
    pub late: Vec<usize>,
}

/// Why nothing can be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unshared {
    /// It has not failed.
    Sound,
    /// It failed by itself, and not with the end of a call.
    Itself,
    /// No such step has begun, or not so often.
    Step {
        /// The title that was asked for.
        title: String,
        /// How often it was to have begun, if that was said.
        round: Option<u32>,
        /// The steps that have begun, in order.
        known: Vec<String>,
    },
    /// It holds a lock there that others may hold by now.
    Guard(String),
    /// Something was undone since that was done before; the last step that began before it.
    Undone(Option<String>),
    /// It stands still there.
    Still,
}

/// What a run shares that goes on from a place in the history of one that has ended. `run` is the new one, before its
/// first event; `homes` are those of the other one.
///
/// # Errors
/// Why it cannot go on from there.
pub fn share(homes: &[Home<'_>], run: &Run, events: &[Event], place: &Place) -> Result<Shared, Unshared> {
    let past = Past::read(homes, run, events);
    let cut = match place {
        Place::Failure => failure(&past)?,
        Place::Step { title, round } => step(&past, title, *round)?,
    };
    if let Some(held) = cut.run.guards.values().find(|held| held.granted) {
        return Err(Unshared::Guard(held.name.clone()));
    }
    if past.undone < cut.run.next.undo {
        return Err(Unshared::Undone(past.last_before_undone()));
    }
    Ok(cut.with_late(&past))
}

/// Where the histories part.
struct Cut<'a> {
    /// How many events are shared.
    events: usize,
    /// The run as they left it.
    run: Run,
    homes: Homes<'a>,
    again: BTreeSet<FiberId>,
}

fn failure<'a>(past: &Past<'a>) -> Result<Cut<'a>, Unshared> {
    let failure = past.failure.ok_or(Unshared::Sound)?;
    let event = past.events.get(failure.event).ok_or(Unshared::Itself)?;
    let (run, homes) = past.until(failure.event);
    let parked = run.still.as_ref().and_then(|still| still.parked.as_ref());
    let fiber = match (&event.kind, parked) {
        (EventKind::Replied { call, .. } | EventKind::Answered { call, .. }, None) => caller(&run, *call),
        (EventKind::Decided { .. }, Some(parked)) => match parked.stuck {
            Stuck::Fiber(fiber, _) => Some(fiber),
            Stuck::Orphan(_) | Stuck::Undo(_) => None,
        },
        _ => None,
    };
    match fiber {
        Some(fiber) if failure.of_step && can_enter(&run, fiber) => Ok(Cut {
            events: failure.event,
            run,
            homes,
            again: BTreeSet::from([fiber]),
        }),
        _ => Err(Unshared::Itself),
    }
}

fn step<'a>(past: &Past<'a>, title: &str, round: Option<u32>) -> Result<Cut<'a>, Unshared> {
    let mut begun = past.starts.iter().filter(|start| start.is_called(title));
    let start = match round {
        None => begun.next_back(),
        Some(round) => round.checked_sub(1).and_then(|before| begun.nth(before as usize)),
    };
    let start = start.ok_or_else(|| Unshared::Step {
        title: title.to_owned(),
        round,
        known: past.titles(),
    })?;
    let (before, _) = past.until(start.event);
    let events = start.event.saturating_add(1);
    let (run, homes) = past.until(events);
    let flow = past::flow(homes, &run).ok_or(Unshared::Itself)?;
    if run.stands_still() {
        return Err(Unshared::Still);
    }
    let mut again = BTreeSet::new();
    for (id, fiber) in &run.fibers {
        let at = flow.states.get(fiber.state.index());
        let is_there = at.is_some_and(|state| state.step == Some(start.step));
        if is_there && before.fibers.get(id) != Some(fiber) {
            innermost(&run, *id, &mut again);
        }
    }
    again.retain(|id| can_enter(&run, *id));
    Ok(Cut {
        events,
        run,
        homes,
        again,
    })
}

/// What a fiber waits for in the end: those that run in the region that it waits for, if it does.
fn innermost(run: &Run, id: FiberId, found: &mut BTreeSet<FiberId>) {
    let Some(fiber) = run.fibers.get(&id) else { return };
    match &fiber.wait {
        Wait::Region(scope) => {
            let fibers = run.scopes.get(scope).map(|scope| &scope.fibers);
            fibers
                .into_iter()
                .flatten()
                .for_each(|inner| innermost(run, *inner, found));
        }
        _ => drop(found.insert(id)),
    }
}

/// Whether a fiber can do again what it waits for.
pub(super) fn can_enter(run: &Run, id: FiberId) -> bool {
    run.fibers.get(&id).is_some_and(|fiber| {
        matches!(
            fiber.wait,
            Wait::Call(..) | Wait::Ask(..) | Wait::Time(..) | Wait::Arms(_) | Wait::Decision(_)
        )
    })
}

/// The fiber that a call is of.
fn caller(run: &Run, call: CallId) -> Option<FiberId> {
    match run.calls.get(&call) {
        Some(Caller::Fiber(fiber)) => Some(*fiber),
        _ => None,
    }
}

/// What becomes of something that had been asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It has come about, and counts.
    Taken,
    /// It has failed, or was undone since.
    Again,
    /// Nobody knows, or it does no harm to ask: as after a crash.
    Open,
}

impl Cut<'_> {
    fn with_late(mut self, past: &Past<'_>) -> Shared {
        let mut late = Vec::new();
        let mut seen = BTreeSet::new();
        for (place, event) in past.events.iter().enumerate().skip(self.events) {
            let call = match &event.kind {
                EventKind::Replied { call, .. } | EventKind::Answered { call, .. } => *call,
                _ => continue,
            };
            let fiber = caller(&self.run, call);
            let is_done_again = fiber.is_some_and(|fiber| self.again.contains(&fiber));
            if is_done_again || !self.run.calls.contains_key(&call) || !seen.insert(call) {
                continue;
            }
            match (self.fate(past, call, &event.kind), fiber) {
                (Fate::Taken, _) => late.push(place),
                (Fate::Again, Some(fiber)) => drop(self.again.insert(fiber)),
                (Fate::Again, None) | (Fate::Open, _) => {}
            }
        }
        Shared {
            events: self.events,
            again: self.again.into_iter().map(|fiber| fiber.0).collect(),
            late,
        }
    }

    fn fate(&mut self, past: &Past<'_>, call: CallId, kind: &EventKind) -> Fate {
        let nothing_undone = past.undone == u32::MAX;
        let Some(fiber) = caller(&self.run, call) else {
            // Of a call whose fiber is gone it matters whether it has succeeded. A lock that was granted then is none now.
            let gone = matches!(self.run.calls.get(&call), Some(Caller::Orphan(_)));
            return match (gone && nothing_undone, kind) {
                (true, EventKind::Replied { .. }) => Fate::Taken,
                _ => Fate::Open,
            };
        };
        let Some((wait, at)) = self
            .run
            .fibers
            .get(&fiber)
            .map(|fiber| (fiber.wait.clone(), fiber.state))
        else {
            return Fate::Open;
        };
        let mut effects = Vec::<Effect>::new();
        let now = self.run.updated();
        let Some((home, flow)) = self.homes.now().zip(past::flow(self.homes, &self.run)) else {
            return Fate::Open;
        };
        let mut turn = Turn::new(
            home.program,
            home.settings,
            flow,
            &mut self.run,
            &mut effects,
            now,
        );
        let stands = nothing_undone || !turn.can_be_undone(at);
        let end = turn.state(at).map(|state| &state.end);
        match (wait, end, kind) {
            (Wait::Call(_, request), Some(End::Call(target)), EventKind::Replied { reply, .. }) => {
                let unknown =
                    matches!(reply, Reply::Failed(Failure::Unknown(_))) && !request.effect.repeatable();
                match turn.outcome(&target.target, reply) {
                    Ok(_) if stands => Fate::Taken,
                    Err(_) if unknown => Fate::Open,
                    Ok(_) | Err(_) => Fate::Again,
                }
            }
            (Wait::Ask(_, ask), _, EventKind::Answered { answer, .. }) => match (*ask, answer) {
                (Ask::Start { .. }, Answer::Ended(crate::Ended::Done(_)) | Answer::Run(_)) if stands => {
                    Fate::Taken
                }
                (Ask::Start { .. }, _) => Fate::Again,
                (Ask::Emit { .. }, Answer::Done(_)) => Fate::Taken,
                _ => Fate::Open,
            },
            _ => Fate::Open,
        }
    }
}

/// What people see a step of a flow as.
fn title(flow: &Flow, step: StepId) -> Option<&str> {
    let step = flow.steps.get(step.index())?;
    Some(step.label.as_deref().unwrap_or(&step.title))
}
