//! A state that starts another flow: as a child that it waits for, or apart.

use super::{
    Turn,
    turn::{Thrown, built_in, error_of},
};
use crate::{
    Answer, Ask, CallId, Ended,
    border::{self, Strictness, decode, decode_fields_as},
    run::{CleanupId, FiberId},
};
use flowmesh_ir::{
    StateId, Value,
    flow::{Start, State, Tie},
    value::{Fields, Variant},
};
use flowmesh_stdlib::Fault;
use std::sync::Arc;

impl<'p> Turn<'p, '_> {
    pub(super) fn start(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &'p State,
        start: &'p Start,
    ) -> Result<Option<StateId>, Thrown> {
        match self.recall(id, at, state) {
            Ok(true) => return Ok(None),
            Ok(false) => {}
            Err(fault) => return Ok(self.caught(id, &start.catch, &error_of(&fault))),
        }
        match self.start_ask(start) {
            Ok(ask) => {
                self.ask(id, at, state, ask);
                Ok(None)
            }
            Err(fault) => Ok(self.caught(id, &start.catch, &error_of(&fault))),
        }
    }

    pub(super) fn start_ask(&mut self, start: &'p Start) -> Result<Ask, Fault> {
        let flow = self.program.flow(start.flow);
        let flow =
            flow.ok_or_else(|| Fault::BadValue(format!("the program has no flow number {}", start.flow)))?;
        let mut values = Fields::default();
        for (field, argument) in flow.params.iter().zip(&start.arguments) {
            let mut evaluator = self.evaluator();
            let value = evaluator.eval(argument)?;
            evaluator.weigh(argument, &value)?;
            values.insert(field.name.clone(), value);
        }
        let mut input = String::new();
        border::write_fields(self.program, &flow.params, &values, &mut input);
        let key = border::check_input(self.program, self.settings, start.flow, input.as_bytes());
        let key = key.map_err(|misfit| Fault::BadValue(format!("flow `{}`: {misfit}", flow.name)))?;
        Ok(Ask::Start {
            flow: start.flow,
            input: input.into_bytes().into(),
            key,
            tie: start.tie,
        })
    }

    pub(super) fn start_answered(
        &mut self,
        id: FiberId,
        state: &'p State,
        start: &'p Start,
        answer: &Answer,
    ) {
        match self.start_outcome(start, answer) {
            Ok(value) => {
                self.step_done(state.step);
                self.record(id, &state.end, &value);
                let undo = start.undo.as_ref();
                self.succeeded(id, start.bind, value, undo, start.next);
            }
            Err(error) => {
                self.record_nothing(id);
                self.step_failed(state.step, &error);
                if let Some(next) = self.caught(id, &start.catch, &error) {
                    self.wake(id, next);
                }
            }
        }
    }

    fn start_outcome(&mut self, start: &Start, answer: &Answer) -> Result<Value, Arc<Variant>> {
        match answer {
            Answer::Run(run) => Ok(Value::string(run)),
            Answer::Ended(Ended::Done(json)) => self.child_result(start, json),
            Answer::Ended(Ended::Failed(name, json)) => Err(self.child_error(name, json)),
            Answer::Ended(Ended::Cancelled(reason)) => Err(built_in("Cancelled", reason)),
            Answer::Ended(Ended::Terminated(reason)) => {
                Err(built_in("Cancelled", &format!("it was terminated: {reason}")))
            }
            Answer::Refused(why) => Err(built_in("Unavailable", why)),
            Answer::Done(_) | Answer::Granted(_) | Answer::Found(_) | Answer::Recalled(_) => {
                Err(built_in("BadReply", "this is no end of a run"))
            }
        }
    }

    fn child_result(&self, start: &Start, json: &[u8]) -> Result<Value, Arc<Variant>> {
        let Some(flow) = self.program.flow(start.flow) else {
            return Err(built_in("BadReply", "the program has no such flow"));
        };
        decode(self.program, &flow.result, json, Strictness::Lenient)
            .map_err(|misfit| built_in("BadReply", &misfit.to_string()))
    }

    /// The error of a child is raised here as the same error.
    fn child_error(&self, name: &str, json: &[u8]) -> Arc<Variant> {
        let def = self
            .program
            .error_named(name)
            .and_then(|id| self.program.error(id));
        let Some(def) = def else {
            return built_in(
                "BadReply",
                &format!("a run failed with `{name}`, which this program does not know"),
            );
        };
        match decode_fields_as(self.program, &def.fields, json, Strictness::Lenient) {
            Ok(fields) => Arc::new(Variant {
                name: def.name.clone(),
                fields,
            }),
            Err(misfit) => built_in("BadReply", &misfit.to_string()),
        }
    }

    /// The end of something whose fiber is gone: a child that ended well all the same, or traffic that was moved.
    pub(super) fn orphan_answered(&mut self, id: CleanupId, call: CallId, answer: &Answer) {
        use flowmesh_ir::flow::End;
        let Some(orphan) = self.run.orphans.remove(&call) else {
            return;
        };
        match self.state(orphan.state) {
            Some(State {
                end: End::Start(start),
                step,
                ..
            }) => match self.start_outcome(start, answer) {
                Ok(value) if start.tie == Tie::Child => {
                    self.step_done(*step);
                    self.orphan_succeeded(id, orphan, start.bind, value, start.undo.as_ref());
                }
                Ok(_) => {}
                Err(error) => self.step_failed(*step, &error),
            },
            Some(State {
                end: End::Shift(shift),
                step,
                ..
            }) => {
                if let Answer::Done(before) = answer {
                    self.step_done(*step);
                    let undo = self.shift_back(shift, before);
                    self.undo_with(id, vec![undo]);
                }
            }
            _ => {}
        }
        self.orphan_over(id);
    }
}
