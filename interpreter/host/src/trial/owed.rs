//! What a run has done that is undone if it fails, kept beside the machine: so that it can be checked that the machine
//! undoes each of it once, and in the end the last first.

use flowmesh_ir::{
    StepId,
    call::Reply,
    flow::{End, Flow, Tie},
};
use flowmesh_machine::{Answer, Ask, CallId, Effect, Ended, EventKind, Note, Outcome};
use std::collections::BTreeMap;

/// What is still to be undone if the run fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Owed {
    /// What was done and has not been undone, by the steps that undo it, in the order in which it was done.
    done: Vec<StepId>,
    /// What is on its way and will be undone if the run fails.
    open: BTreeMap<CallId, StepId>,
    /// What is on its way and undoes.
    undoing: BTreeMap<CallId, StepId>,
    /// Whether everything is being undone.
    last: bool,
    /// Whether the run has begun anew, which leaves what was done, while what was being undone goes on.
    anew: bool,
}

impl Owed {
    /// What makes a difference for what is still to be checked: calls by what they do, and not by their numbers.
    pub(super) fn counts(&self) -> (&[StepId], Vec<StepId>, Vec<StepId>, bool, bool) {
        let sorted = |calls: &BTreeMap<CallId, StepId>| {
            let mut steps: Vec<StepId> = calls.values().copied().collect();
            steps.sort_unstable();
            steps
        };
        (
            &self.done,
            sorted(&self.open),
            sorted(&self.undoing),
            self.last,
            self.anew,
        )
    }

    /// Takes note of an event and what it led to; gives the promise that it breaks.
    pub(super) fn happened(
        &mut self,
        flow: &Flow,
        event: &EventKind,
        effects: &[Effect],
    ) -> Result<(), String> {
        match event {
            EventKind::Replied { call, reply } => {
                let well = matches!(
                    reply,
                    Reply::Answer {
                        status: 200..=299,
                        ..
                    }
                );
                self.heard(flow, *call, well)?;
            }
            EventKind::Answered { call, answer } => {
                let well = matches!(
                    answer,
                    Answer::Done(_) | Answer::Granted(_) | Answer::Ended(Ended::Done(_))
                );
                self.heard(flow, *call, well)?;
            }
            _ => {}
        }
        effects.iter().try_for_each(|effect| self.effect(flow, effect))
    }

    fn heard(&mut self, flow: &Flow, call: CallId, well: bool) -> Result<(), String> {
        if let Some(step) = self.open.remove(&call).filter(|_| well) {
            self.done.push(step);
        }
        let Some(step) = self.undoing.remove(&call).filter(|_| well) else {
            return Ok(());
        };
        let at = self.done.iter().rposition(|done| *done == step);
        let after = at.map_or(0, |at| self.done.len().saturating_sub(at));
        if let Some(at) = at {
            self.done.remove(at);
        }
        match after {
            _ if self.anew => Ok(()),
            0 => Err(format!(
                "`{}` was carried out for nothing that was done",
                title(flow, step)
            )),
            1 => Ok(()),
            _ if self.last => Err(format!(
                "`{}` was carried out before what was done later was undone",
                title(flow, step)
            )),
            _ => Ok(()),
        }
    }

    fn effect(&mut self, flow: &Flow, effect: &Effect) -> Result<(), String> {
        match effect {
            Effect::Call {
                call,
                step,
                undo: true,
                ..
            } => drop(self.undoing.insert(*call, *step)),
            Effect::Call { call, step, .. } => self.asked(flow, *call, Some(*step)),
            Effect::Ask {
                call,
                step,
                ask: Ask::Start { tie: Tie::Child, .. },
            } => self.asked(flow, *call, *step),
            Effect::Ask {
                call,
                step: Some(step),
                ask: Ask::Shift { .. },
            } => match undone_by(flow, *step) {
                Some(_) => self.asked(flow, *call, Some(*step)),
                None => drop(self.undoing.insert(*call, *step)),
            },
            Effect::Note(Note::Undoing { .. }) => self.last = true,
            Effect::Note(Note::Restarted) => {
                self.anew = true;
                self.done.clear();
                self.open.clear();
            }
            Effect::Finished(Outcome::Failed(_) | Outcome::Cancelled(_)) => return self.ended(flow),
            _ => {}
        }
        Ok(())
    }

    fn asked(&mut self, flow: &Flow, call: CallId, step: Option<StepId>) {
        if let Some(undo) = step.and_then(|step| undone_by(flow, step)) {
            self.open.insert(call, undo);
        }
    }

    fn ended(&self, flow: &Flow) -> Result<(), String> {
        match self.done.last() {
            Some(step) => Err(format!(
                "it has ended, and `{}` was never carried out",
                title(flow, *step)
            )),
            None => Ok(()),
        }
    }
}

/// The step that undoes what a step does.
fn undone_by(flow: &Flow, step: StepId) -> Option<StepId> {
    let state = flow.states.iter().find(|state| state.step == Some(step))?;
    match &state.end {
        End::Call(call) => call.undo.as_ref().map(|undo| undo.step),
        End::Start(start) => start.undo.as_ref().map(|undo| undo.step),
        End::Shift(shift) => Some(shift.undo),
        _ => None,
    }
}

fn title(flow: &Flow, step: StepId) -> &str {
    flow.steps.get(step.index()).map_or("?", |step| &step.title)
}

#[cfg(test)]
mod tests {
    use super::Owed;
    use flowmesh_ir::{
        OperationId, PolicyId, ServiceId, StateId, StepId,
        call::{Reply, Request, Wire},
        flow::{Call, Conduct, End, Flow, State, Step, Target, Undo},
        service::{EffectKind, Method},
        ty::Type,
    };
    use flowmesh_machine::{CallId, Effect, EventKind, Note, Outcome};
    use std::sync::Arc;

    /// Two calls; steps 2 and 3 undo steps 0 and 1.
    fn flow() -> Flow {
        let target = || Target {
            service: ServiceId(0),
            operation: OperationId(0),
            arguments: Vec::new(),
            policy: PolicyId(0),
            as_json: false,
        };
        let state = |step: u32| State {
            code: Vec::new(),
            end: End::Call(Box::new(Call {
                target: target(),
                cache: None,
                bind: None,
                undo: Some(Undo {
                    target: target(),
                    step: StepId(step + 2),
                }),
                catch: Vec::new(),
                next: StateId(0),
            })),
            step: Some(StepId(step)),
        };
        let steps = ["a", "b", "undo a", "undo b"].map(|title| Step {
            title: title.to_owned(),
            label: None,
            within: None,
        });
        Flow {
            name: "f".into(),
            doc: None,
            params: Vec::new(),
            result: Type::Unit,
            fails: Vec::new(),
            key: None,
            trigger: None,
            produces: None,
            conduct: Conduct::default(),
            signals: Vec::new(),
            views: Vec::new(),
            slots: Vec::new(),
            steps: steps.to_vec(),
            states: vec![state(0), state(1)],
            entry: StateId(0),
        }
    }

    fn call(call: u32, step: u32, undo: bool) -> Effect {
        let request = Request {
            service: ServiceId(0),
            operation: OperationId(0),
            policy: PolicyId(0),
            address: Vec::new(),
            wire: Wire::Http,
            method: Method::Put,
            path: "/".to_owned(),
            headers: Vec::new(),
            body: Arc::default(),
            sealed: None,
            key: None,
            effect: EffectKind::Idempotent,
        };
        Effect::Call {
            call: CallId(call),
            step: StepId(step),
            undo,
            request: Arc::new(request),
        }
    }

    fn reply(call: u32, status: u16) -> EventKind {
        let body = Arc::default();
        EventKind::Replied {
            call: CallId(call),
            reply: Reply::Answer { status, body },
        }
    }

    fn cancelled() -> Effect {
        Effect::Finished(Outcome::Cancelled("enough".to_owned()))
    }

    /// Both calls were made and have succeeded; everything is about to be undone.
    fn both(flow: &Flow) -> Owed {
        let mut owed = Owed::default();
        let begun = EventKind::Cancelled {
            reason: String::new(),
        };
        let steps = [
            (begun, vec![call(0, 0, false), call(1, 1, false)]),
            (reply(0, 200), vec![]),
            (reply(1, 200), vec![Effect::Note(Note::Undoing { error: None })]),
        ];
        for (event, effects) in steps {
            assert_eq!(owed.happened(flow, &event, &effects), Ok(()));
        }
        owed
    }

    #[test]
    fn each_is_undone_once_and_the_last_first() {
        let flow = flow();
        let mut owed = both(&flow);
        owed.happened(&flow, &reply(9, 200), &[call(2, 3, true)]).unwrap();
        owed.happened(&flow, &reply(2, 500), &[call(3, 3, true)]).unwrap();
        owed.happened(&flow, &reply(3, 200), &[call(4, 2, true)]).unwrap();
        assert_eq!(owed.happened(&flow, &reply(4, 200), &[cancelled()]), Ok(()));
    }

    #[test]
    fn the_first_may_not_be_undone_first() {
        let flow = flow();
        let mut owed = both(&flow);
        owed.happened(&flow, &reply(9, 200), &[call(2, 2, true)]).unwrap();
        let said = owed.happened(&flow, &reply(2, 200), &[]).unwrap_err();
        assert_eq!(
            said,
            "`undo a` was carried out before what was done later was undone"
        );
    }

    #[test]
    fn nothing_may_be_left_or_be_undone_twice() {
        let flow = flow();
        let mut owed = both(&flow);
        let said = owed
            .clone()
            .happened(&flow, &reply(9, 200), &[cancelled()])
            .unwrap_err();
        assert_eq!(said, "it has ended, and `undo b` was never carried out");
        owed.happened(&flow, &reply(9, 200), &[call(2, 3, true), call(3, 3, true)])
            .unwrap();
        owed.happened(&flow, &reply(2, 200), &[]).unwrap();
        let said = owed.happened(&flow, &reply(3, 200), &[]).unwrap_err();
        assert_eq!(said, "`undo b` was carried out for nothing that was done");
    }
}
