//! A call whose result may be there already: it is asked for first, and what a call gives that was made is recorded.
//!
//! What a result is recorded as is computed in the same breath as the request that gives it, so that no other fiber can
//! change an argument between the two.

use super::{Turn, turn::built_in};
use crate::{
    Answer, Ask, Cached, Effect, Note, Recall, Recorded,
    border::{self, Strictness, decode, encode},
    run::{FiberId, Wait},
};
use flowmesh_ir::{
    Hash, Program, SlotId, StateId, Value,
    flow::{End, Reuse, State},
    print::whole_signature,
    ty::{Field, Type},
    value::{Fields, Variant},
};
use flowmesh_stdlib::{Fault, json, text};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, sync::Arc};

/// A longer result is not recorded.
pub const RECORDED_BYTES_MAX: usize = 1 << 20;

/// What is called.
struct Called<'p> {
    name: String,
    params: &'p [Field],
    result: &'p Type,
}

impl<'p> Turn<'p, '_> {
    /// Asks for the result of what a state would call. `false` if it is called at once.
    pub(super) fn recall(&mut self, id: FiberId, at: StateId, state: &'p State) -> Result<bool, Fault> {
        let Some(recall) = self.recording(&state.end)? else {
            return Ok(false);
        };
        self.ask(id, at, state, Ask::Recall(recall));
        Ok(true)
    }

    /// Whether a fiber waits to hear of a result that may be there.
    pub(super) fn recalls(&self, id: FiberId) -> bool {
        let wait = self.run.fibers.get(&id).map(|fiber| &fiber.wait);
        matches!(wait, Some(Wait::Ask(_, ask)) if matches!(**ask, Ask::Recall(_)))
    }

    /// A result is there, or none is.
    pub(super) fn recalled(&mut self, id: FiberId, answer: &Answer) {
        let Some(at) = self.run.fibers.get(&id).map(|fiber| fiber.state) else {
            return;
        };
        let Some(state) = self.state(at) else { return };
        if let Answer::Recalled(recorded) = answer
            && let Ok(value) = self.value_of(&state.end, &recorded.result)
        {
            return self.reuse(id, state, recorded, value);
        }
        // Nobody has seated it: it was not woken.
        self.seat_fiber(id);
        let made = self.make(id, at, state);
        if let Err(fault) = made {
            let error = super::turn::error_of(&fault);
            self.step_failed(state.step, &error);
            let catch = match &state.end {
                End::Call(call) => &call.catch,
                End::Start(start) => &start.catch,
                _ => return,
            };
            if let Some(next) = self.caught(id, catch, &error) {
                self.wake(id, next);
            }
        }
    }

    /// Makes the call after all.
    fn make(&mut self, id: FiberId, at: StateId, state: &'p State) -> Result<(), Fault> {
        let recording = self.recording(&state.end)?;
        match &state.end {
            End::Call(call) => {
                let request = Arc::new(self.request(&call.target)?);
                self.transmit(id, at, state, request);
            }
            End::Start(start) => {
                let ask = self.start_ask(start)?;
                self.put_ask(id, at, state, ask);
            }
            _ => return Ok(()),
        }
        if let Some(fiber) = self.run.fibers.get_mut(&id) {
            fiber.record = recording.map(Box::new);
        }
        Ok(())
    }

    fn reuse(&mut self, id: FiberId, state: &'p State, recorded: &Recorded, value: Value) {
        let (bind, next): (Option<SlotId>, StateId) = match &state.end {
            End::Call(call) => (call.bind, call.next),
            End::Start(start) => (start.bind, start.next),
            _ => return,
        };
        if let Some(step) = state.step {
            let (run, at) = (recorded.run.clone(), recorded.at);
            self.effects
                .push(Effect::Note(Note::StepReused { step, run, at }));
        }
        self.step_done(state.step);
        // What another run did is not undone by this one.
        self.succeeded(id, bind, value, None, next);
    }

    /// The value that was recorded, of what a state calls.
    fn value_of(&self, end: &End, result: &[u8]) -> Result<Value, Arc<Variant>> {
        let Some(called) = called(self.program, end) else {
            return Err(built_in("BadReply", "nothing is called here"));
        };
        if let End::Call(call) = end
            && call.target.as_json
        {
            return Ok(json::wrap(&String::from_utf8_lossy(result)));
        }
        decode(self.program, called.result, result, Strictness::Lenient)
            .map_err(|misfit| built_in("BadReply", &misfit.to_string()))
    }

    /// A call has succeeded: what it gave is recorded, if its fiber was to.
    pub(super) fn record(&mut self, id: FiberId, end: &End, value: &Value) {
        let fiber = self.run.fibers.get_mut(&id);
        let Some(mut recall) = fiber.and_then(|fiber| fiber.record.take()) else {
            return;
        };
        let Some(called) = called(self.program, end) else {
            return;
        };
        let result = match (end, value) {
            (End::Call(call), Value::Json(json)) if call.target.as_json => json.to_string(),
            _ => encode(self.program, called.result, value),
        };
        if result.len() > RECORDED_BYTES_MAX {
            let bytes = result.len();
            return self.log(format!(
                "the result of `{}` has {bytes} bytes and is not kept to be reused; at most {RECORDED_BYTES_MAX} are",
                called.name
            ));
        }
        // It may have moved to a program with other types since it was asked for.
        recall.cached.version = version(self.program, &called);
        self.effects.push(Effect::Record {
            recall: *recall,
            result: result.into_bytes().into(),
        });
    }

    /// A call has failed: nothing is recorded.
    pub(super) fn record_nothing(&mut self, id: FiberId) {
        if let Some(fiber) = self.run.fibers.get_mut(&id) {
            fiber.record = None;
        }
    }

    /// What a result is recorded as, with the arguments as they are now; nothing where it is reused for no time.
    fn recording(&mut self, end: &'p End) -> Result<Option<Recall>, Fault> {
        let (reuse, values) = match end {
            End::Call(call) => match &call.cache {
                Some(reuse) => (reuse, self.arguments(&call.target)?),
                None => return Ok(None),
            },
            End::Start(start) => match &start.cache {
                Some(reuse) => (reuse, self.values(&start.arguments)?),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let Some(called) = called(self.program, end) else {
            return Ok(None);
        };
        let ttl = self.duration(&reuse.ttl)?;
        if !ttl.is_positive() {
            return Ok(None);
        }
        let key = self.key_of(reuse, &called, values)?;
        let version = version(self.program, &called);
        let cached = Cached {
            of: called.name,
            version,
            key,
        };
        Ok(Some(Recall { cached, ttl }))
    }

    fn values(&mut self, arguments: &'p [flowmesh_ir::expr::Expr]) -> Result<Vec<Value>, Fault> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.evaluator().eval(argument)?);
        }
        Ok(values)
    }

    fn key_of(&mut self, reuse: &'p Reuse, called: &Called<'p>, values: Vec<Value>) -> Result<String, Fault> {
        let key = match &reuse.key {
            Some(key) => text(&self.evaluator().eval(key)?),
            None => {
                let names = called.params.iter().map(|param| param.name.clone());
                let fields: Fields = names.zip(values).collect();
                let mut written = String::new();
                border::write_fields(self.program, called.params, &fields, &mut written);
                let mut sorted = String::new();
                canonical(&written, &mut sorted);
                sorted
            }
        };
        Ok(Cached::kept_as(key))
    }
}

fn called<'p>(program: &'p Program, end: &End) -> Option<Called<'p>> {
    match end {
        End::Call(call) => {
            let service = program.service(call.target.service)?;
            let operation = service.operations.get(call.target.operation.index())?;
            Some(Called {
                name: format!("{}.{}", service.name, operation.name),
                params: &operation.params,
                result: &operation.result,
            })
        }
        End::Start(start) => {
            let flow = program.flow(start.flow)?;
            Some(Called {
                name: flow.name.to_string(),
                params: &flow.params,
                result: &flow.result,
            })
        }
        _ => None,
    }
}

/// By what a result is told from one of another type.
fn version(program: &Program, called: &Called<'_>) -> Hash {
    let signature = whole_signature(program, &called.name, called.params, called.result);
    Hash::of(signature.as_bytes())
}

/// The same JSON with the members of every object in the order of their names. What stands in it is kept as it is
/// written: numbers of any length among others.
fn canonical(json: &str, out: &mut String) {
    if let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) {
        out.push('{');
        for (at, (name, value)) in members.into_iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            json::write_string(out, &name);
            out.push(':');
            canonical(value.get(), out);
        }
        out.push('}');
    } else if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) {
        out.push('[');
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            canonical(item.get(), out);
        }
        out.push(']');
    } else {
        out.push_str(json.trim());
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn the_order_of_members_makes_no_difference_and_their_values_do() {
        let of = |json: &str| {
            let mut out = String::new();
            canonical(json, &mut out);
            out
        };
        assert_eq!(
            of(r#"{"b": [1, {"d":2,"c":1}], "a":"x y"}"#),
            r#"{"a":"x y","b":[1,{"c":1,"d":2}]}"#
        );
        assert_ne!(of("[1,2]"), of("[2,1]"));
        // As numbers of a machine these two would be one.
        assert_ne!(of("10000000000000000000001"), of("10000000000000000000000"));
    }
}
