//! Commands by which people steer runs that have not ended: cancel, pause, resume, decide, edit, terminate.

use super::{Engine, Held, Life, Refusal, Ticket, Verb, batch::Deferred, held::Live, query::Query};
use crate::RunId;
use flowmesh_machine::{CallId, Decision, EventKind, Status, check_edit, check_result};
use jiff::Timestamp;
use std::sync::Arc;

impl Engine {
    pub(super) fn steer(&mut self, now: Timestamp, ticket: Ticket, run: RunId, verb: Verb) {
        match self.steered(run, verb) {
            Ok(kind) => {
                if let Some(kind) = kind {
                    self.happen(now, run, kind, None);
                }
                self.acted(now, Some(run), Vec::new);
                self.defer(Deferred::Answer(ticket, Query::Accepted(run)));
            }
            Err(refusal) => self.refuse(ticket, refusal),
        }
    }

    /// What happens to the run; nothing where it stands so already: a second time is as true as the first.
    fn steered(&self, run: RunId, verb: Verb) -> Result<Option<EventKind>, Refusal> {
        let held = self.runs.get(&run).ok_or(Refusal::UnknownRun { run })?;
        let live = live(run, held)?;
        let kind = match verb {
            Verb::Cancel { reason } => (!live.cancelled).then_some(EventKind::Cancelled { reason }),
            Verb::Pause { reason } => live
                .run
                .paused()
                .is_none()
                .then_some(EventKind::Paused { reason }),
            Verb::Resume => resumed(run, live)?,
            Verb::Decide { call, decision } => Some(decided(run, held, live, call, decision)?),
            Verb::Edit(edits) => Some(edited(run, held, live, &edits)?),
            Verb::Terminate { reason } => Some(EventKind::Terminated { reason }),
        };
        if kind.is_some() {
            self.refuse_if_full()?;
        }
        Ok(kind)
    }
}

fn resumed(run: RunId, live: &Live) -> Result<Option<EventKind>, Refusal> {
    match (live.run.paused(), live.run.parked()) {
        (Some(_), _) => Ok(Some(EventKind::Resumed)),
        (None, Some(parked)) => Err(Refusal::Parked {
            run,
            choices: parked.choices,
        }),
        (None, None) => Ok(None),
    }
}

/// Whether a decision can be made as the run stands.
fn decided(
    run: RunId,
    held: &Held,
    live: &Live,
    call: Option<CallId>,
    decision: Decision,
) -> Result<EventKind, Refusal> {
    let parked = live.run.parked();
    let parked = parked.filter(|parked| call.is_none_or(|call| call == parked.call));
    let parked = parked.ok_or(Refusal::NotParked { run, call })?;
    let choice = decision.choice();
    if !parked.choices.contains(&choice) {
        return Err(Refusal::Choice {
            choice,
            choices: parked.choices,
        });
    }
    if let Decision::Done(json) = &decision {
        check_result(&held.deployment.program, &live.run, json).map_err(Refusal::Result)?;
    }
    let call = parked.call;
    Ok(EventKind::Decided { call, decision })
}

/// What new values make of a run that stands still.
fn edited(run: RunId, held: &Held, live: &Live, edits: &[(String, Arc<[u8]>)]) -> Result<EventKind, Refusal> {
    if live.run.status() != Status::Paused {
        return Err(Refusal::Moving { run });
    }
    let edits = edits.iter().map(|(name, json)| (name.as_str(), json.as_ref()));
    let changes = check_edit(&held.deployment.program, &live.run, edits).map_err(Refusal::Edit)?;
    Ok(EventKind::Edited { changes })
}

/// A run that has not ended.
fn live(run: RunId, held: &Held) -> Result<&Live, Refusal> {
    match &held.life {
        Life::Live(live) => Ok(live),
        Life::Ended(ending) => Err(Refusal::Ended {
            run,
            state: ending.state(),
        }),
    }
}
