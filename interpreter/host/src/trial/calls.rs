//! Which call is answered with what.

use super::{
    due::Place,
    failure::{Checked, Failure},
    mirror::called,
    program::Prepared,
    show,
    world::World,
};
use crate::engine::Call;
use flowmesh_ir::{
    OperationId, Program, ServiceId, Value,
    call::{Failure as Ending, Reply, Request, Wire},
    expr::Raise,
    service::Operation,
    test::{Answer, Given, Match, Mock, Target},
    ty::{Field, Type},
};
use flowmesh_machine::border;
use jiff::Timestamp;
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// A mock and how far its answers have been given.
#[derive(Clone, Debug)]
pub(super) struct Scripted<'t> {
    pub(super) mock: &'t Mock,
    /// Mocks that were given later come first; of those given together, the first that fits.
    pub(super) generation: u32,
    at: usize,
    given: u32,
}

impl<'t> Scripted<'t> {
    pub(super) fn new(mock: &'t Mock, generation: u32) -> Self {
        Self {
            mock,
            generation,
            at: 0,
            given: 0,
        }
    }

    /// Whether all answers have been given.
    fn is_spent(&self) -> bool {
        let left = self.mock.answers.len().saturating_sub(self.at);
        let last = self.mock.answers.last().and_then(|answer| answer.times);
        left == 0 || (left == 1 && last.is_some_and(|times| self.given >= times))
    }

    /// How far it is: which answer is next, and how often it was given, as far as that counts.
    pub(super) fn place(&self) -> (usize, u32) {
        let last = self.at.saturating_add(1) >= self.mock.answers.len();
        let for_ever = last
            && self
                .mock
                .answers
                .last()
                .is_some_and(|answer| answer.times.is_none());
        (self.at, if for_ever { 0 } else { self.given })
    }

    /// The answer to the next call, unless all have been given.
    fn next(&mut self) -> Option<&'t Answer> {
        loop {
            let answer = self.mock.answers.get(self.at)?;
            let last = self.at.saturating_add(1) == self.mock.answers.len();
            let times = answer.times.or((!last).then_some(1));
            if times.is_none_or(|times| self.given < times) {
                self.given = self.given.saturating_add(1);
                return Some(answer);
            }
            self.at = self.at.saturating_add(1);
            self.given = 0;
        }
    }
}

/// The answer that a mock has for a call, or for an attempt of it.
#[derive(Clone, Debug)]
pub(super) struct Answering {
    pub(super) answer: Answer,
    /// How long it takes.
    pub(super) delay: jiff::SignedDuration,
    /// Whether it is to one attempt.
    pub(super) attempted: bool,
}

/// What comes back to a call: items of a stream, and how it ends.
#[derive(Clone, Debug)]
pub(super) struct Coming {
    pub(super) items: VecDeque<String>,
    /// How long each of them takes, and the end after them.
    pub(super) each: jiff::SignedDuration,
    /// `None` never comes.
    pub(super) reply: Option<Reply>,
}

/// A call that is on its way.
#[derive(Clone, Debug)]
pub(super) struct Open {
    /// What is called, with what.
    pub(super) call: Arc<Called>,
    /// When it is answered.
    pub(super) due: Timestamp,
    /// By what: all of it, from the beginning.
    pub(super) coming: Coming,
    /// How many items of it have come.
    pub(super) items: usize,
}

/// What is called, with what.
#[derive(Clone, Debug)]
pub(super) struct Called {
    pub(super) service: ServiceId,
    pub(super) operation: OperationId,
    pub(super) target: Target,
    pub(super) arguments: Vec<Value>,
    /// Whether it undoes another.
    pub(super) undo: bool,
}

impl World<'_> {
    /// A run calls: what a mock says comes back, after its delay.
    pub(super) fn call(&mut self, call: Call) -> Checked<()> {
        let place = (call.run, call.call);
        // After a crash a call is sent again, and gets the answer that it would have got.
        if let Some(open) = self.open.get_mut(&place) {
            // Where a stream has a cursor, it goes on behind what has come.
            open.items = open.items.min(if is_resumed(&call) { usize::MAX } else { 0 });
            let (due, mut coming) = (open.due.max(self.now), open.coming.clone());
            coming.items.drain(..open.items.min(coming.items.len()));
            self.come(place, due, coming);
            return Ok(());
        }
        let (target, arguments) = called(&self.prepared, &call.request);
        let answer = self.answer(target, &arguments)?;
        let called = Called {
            service: call.request.service,
            operation: call.request.operation,
            target,
            arguments,
            undo: call.undo,
        };
        let (coming, delay) = match answer {
            Some(first) if first.attempted && !self.exploring => {
                return self.attempts(place, call.request, called, first);
            }
            Some(first) if first.attempted => self.attempted_at_once(place, &call.request, &called, first)?,
            Some(answer) => {
                self.attempted_whole(place, &call.request);
                let coming = self.coming(&call.request, &answer.answer, answer.delay)?;
                (coming, answer.delay)
            }
            None => {
                let coming = self.unanswered(target, &called.arguments)?;
                self.attempted_whole(place, &call.request);
                (coming, jiff::SignedDuration::ZERO)
            }
        };
        let due = self.now.checked_add(delay).unwrap_or(self.now);
        self.answered_by(place, called, due, coming);
        Ok(())
    }

    /// A call that is answered as a whole is one attempt, where it goes by a way that has attempts.
    fn attempted_whole(&mut self, place: Place, request: &Request) {
        let called = self.prepared.target(request.service, request.operation);
        if !matches!(
            (called, &request.wire),
            (Target::Flow(_), _) | (_, Wire::Worker(_))
        ) {
            self.mirrors.attempt(place);
        }
    }

    /// What comes back to a call is known.
    pub(super) fn answered_by(&mut self, place: Place, call: Called, due: Timestamp, coming: Coming) {
        let open = Open {
            call: Arc::new(call),
            due,
            coming: coming.clone(),
            items: 0,
        };
        self.open.insert(place, open);
        self.come(place, due, coming);
    }

    /// What has no result and no mock just happens; everything else needs a mock.
    pub(super) fn unanswered(&self, target: Target, arguments: &[Value]) -> Checked<Coming> {
        let program = &self.prepared.program;
        let mut mocks = self.mocks.iter();
        let mocked = mocks.any(|mock| mock.mock.call.target == target && !mock.is_spent());
        let silent = match target {
            Target::Operation(service, operation) => self
                .prepared
                .operation(service, operation)
                .is_some_and(|operation| operation.result == Type::Unit && operation.stream.is_none()),
            Target::Flow(_) => false,
        };
        if mocked || !silent {
            let shown = show::call(program, target, arguments);
            let mock = show::mock(program, target);
            return Err(Box::new(Failure::unanswered(self.span, &shown, &mock)));
        }
        Ok(Coming {
            items: VecDeque::new(),
            each: jiff::SignedDuration::ZERO,
            reply: Some(done()),
        })
    }

    /// The answer of the first mock that fits.
    pub(super) fn answer(&mut self, target: Target, arguments: &[Value]) -> Checked<Option<Answering>> {
        let mut order: Vec<usize> = (0..self.mocks.len()).collect();
        order.sort_by_key(|at| {
            let mock = self.mocks.get(*at);
            std::cmp::Reverse(mock.map(|mock| mock.generation))
        });
        for at in order {
            let Some(mock) = self.mocks.get(at).map(|scripted| scripted.mock) else {
                continue;
            };
            if !self.fits(&mock.call, target, arguments)? {
                continue;
            }
            if let Some(condition) = &mock.condition
                && self.value(condition)? != Value::Bool(true)
            {
                continue;
            }
            let Some(answer) = self.mocks.get_mut(at).and_then(Scripted::next) else {
                continue;
            };
            let delay = match &answer.delay {
                Some(delay) => self.duration(delay)?,
                None => jiff::SignedDuration::ZERO,
            };
            return Ok(Some(Answering {
                answer: answer.clone(),
                delay,
                attempted: mock.attempted,
            }));
        }
        Ok(None)
    }

    /// Whether a pattern fits a call; new names get their values.
    pub(super) fn fits(
        &mut self,
        pattern: &flowmesh_ir::test::Pattern,
        target: Target,
        arguments: &[Value],
    ) -> Checked<bool> {
        if pattern.target != target {
            return Ok(false);
        }
        for (at, (fits, found)) in pattern.arguments.iter().zip(arguments).enumerate() {
            match fits {
                Match::Any => {}
                Match::Bind(slot) => self.set(*slot, found.clone()),
                Match::Equal(expected) => {
                    let expected = self.value(expected)?;
                    let program = &self.prepared.program;
                    let params = show::params(program, target);
                    let same = params
                        .get(at)
                        .is_some_and(|param| same(program, &param.ty, &expected, found));
                    if !same {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// What an answer brings; `each` is how long each item of a stream takes.
    pub(super) fn coming(
        &mut self,
        request: &Request,
        answer: &Answer,
        each: jiff::SignedDuration,
    ) -> Checked<Coming> {
        let operation = self.prepared.operation(request.service, request.operation);
        let stream = operation.is_some_and(|operation| operation.stream.is_some());
        let mut items = VecDeque::new();
        let reply = match &answer.what {
            Given::Never => None,
            // Only attempts are answered so.
            Given::Status { status, .. } => Some(Reply::Answer {
                status: *status,
                body: Vec::new().into(),
            }),
            Given::Fail(raise) => Some(self.failing(request, raise)?),
            Given::Value(value) => {
                let value = self.value(value)?;
                let program = &self.prepared.program;
                let ty = self
                    .prepared
                    .operation(request.service, request.operation)
                    .map_or(&Type::Unit, |operation| &operation.result);
                match (&value, ty) {
                    (Value::List(values), ty) if stream => {
                        items.extend(values.iter().map(|item| border::encode(program, ty, item)));
                        Some(done())
                    }
                    (_, Type::Unit) => Some(done()),
                    (value, ty) => Some(Reply::Answer {
                        status: 200,
                        body: border::encode(program, ty, value).into_bytes().into(),
                    }),
                }
            }
        };
        Ok(Coming { items, each, reply })
    }

    fn failing(&mut self, request: &Request, raise: &Raise) -> Checked<Reply> {
        let mut fields = Vec::with_capacity(raise.fields.len());
        for (name, value) in &raise.fields {
            fields.push((name.clone(), self.value(value)?));
        }
        let program = &self.prepared.program;
        let Some(def) = program.error(raise.error) else {
            return Ok(done());
        };
        let text = |at: usize| match fields.get(at) {
            Some((_, Value::String(text))) => text.to_string(),
            _ => String::new(),
        };
        let operation = self.prepared.operation(request.service, request.operation);
        Ok(match def.name.as_str() {
            "Timeout" => Reply::Failed(Ending::Timeout(text(0))),
            "Unavailable" => Reply::Failed(Ending::Unavailable(text(0))),
            "Overloaded" => Reply::Failed(Ending::Overloaded(text(0))),
            "Unknown" => Reply::Failed(Ending::Unknown(text(0))),
            "BadReply" => Reply::Failed(Ending::BadReply(text(0))),
            _ => Reply::Answer {
                status: status(operation, raise),
                body: object(program, &def.fields, &fields).into_bytes().into(),
            },
        })
    }
}

/// Whether a stream is taken up again behind its last item.
fn is_resumed(call: &Call) -> bool {
    matches!(call.request.wire, Wire::Stream(Some(_)))
}

fn status(operation: Option<&Operation>, raise: &Raise) -> u16 {
    operation
        .and_then(|operation| Prepared::status(operation, raise.error))
        .unwrap_or(500)
}

/// A reply without a body.
fn done() -> Reply {
    Reply::Answer {
        status: 200,
        body: Vec::new().into(),
    }
}

/// A JSON object of values by name; what is absent is left out.
pub(super) fn object(program: &Program, fields: &[Field], values: &[(flowmesh_ir::Name, Value)]) -> String {
    let member = |(name, value): &(flowmesh_ir::Name, Value)| {
        let field = fields.iter().find(|field| field.name == *name)?;
        let key = serde_json::to_string(name.as_str()).ok()?;
        let value = Some(value).filter(|value| **value != Value::None)?;
        Some(format!("{key}:{}", border::encode(program, &field.ty, value)))
    };
    let members: Vec<String> = values.iter().filter_map(member).collect();
    format!("{{{}}}", members.join(","))
}

/// The values of parameters from a JSON object.
pub(super) fn decoded(program: &Program, params: &[Field], json: &[u8]) -> Vec<Value> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(json).unwrap_or_default();
    let value = |param: &Field| {
        let raw = members.get(param.name.as_str())?;
        border::decode_untyped(program, &param.ty, raw.get()).ok()
    };
    params
        .iter()
        .map(|param| value(param).unwrap_or_default())
        .collect()
}

/// Whether two values of a type are the same to those outside.
pub(super) fn same(program: &Program, ty: &Type, a: &Value, b: &Value) -> bool {
    a == b || border::encode(program, ty, a) == border::encode(program, ty, b)
}
