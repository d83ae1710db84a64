//! What goes otherwise than a test says, when it is explored: at which point, and how.

use super::{
    calls::{Coming, object},
    program::Prepared,
    show,
    world::World,
};
use crate::engine::Call;
use flowmesh_ir::{
    ErrorId, Name, Program, Value,
    call::{Failure as Ending, Reply},
    service::EffectKind,
    test::Target,
    ty::{Field, Type},
};
use std::collections::BTreeMap;

/// A way in which something goes otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// A call ends with an error.
    Fail(ErrorId),
    /// The process ends, and another takes over.
    Crash,
    /// The reply is heard twice.
    Twice,
    /// A signal comes after the one that is sent next.
    Later,
}

/// A change of the text of a test that makes the same happen again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// A statement before all others.
    First(String),
    /// A statement after one, by its number.
    After(usize, String),
    /// A statement and the next change places.
    Swap(usize),
    /// Only said.
    Remark(String),
}

/// What is to go otherwise, and what could have.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Whether the test is explored, and not carried out as it stands.
    pub(super) exploring: bool,
    /// What goes otherwise, by the number of the point.
    pub(super) turns: BTreeMap<usize, Turn>,
    /// The points that were passed, and what could have gone otherwise at each.
    pub(super) points: Vec<Vec<Turn>>,
    /// How to make the same happen in a test.
    pub(super) edits: Vec<Edit>,
    /// The process is to end before anything else happens.
    pub(super) crash: bool,
    /// The number of the statement at hand.
    pub(super) step: usize,
    /// What was answered so far, as it would be written.
    said: Vec<(Target, String, String)>,
}

impl Plan {
    /// A point at which things can go otherwise; how they do.
    pub(super) fn point(&mut self, ways: Vec<Turn>) -> Option<Turn> {
        if !self.exploring {
            return None;
        }
        let turn = self.turns.get(&self.points.len()).copied();
        self.points.push(ways);
        turn
    }

    /// The answers that a call with these arguments got before, and what it gets now, as a mock.
    fn mock(&self, target: Target, call: &str, last: &str) -> Edit {
        let before = self
            .said
            .iter()
            .filter(|(of, shown, _)| *of == target && shown == call);
        let mut answers: Vec<&str> = before.map(|(.., answer)| answer.as_str()).collect();
        answers.push(last);
        Edit::First(format!("mock {call} -> {}", answers.join(", then ")))
    }
}

impl World<'_> {
    /// What comes back to a call when the test is explored: perhaps something else than the mock says.
    pub(super) fn turned(
        &mut self,
        call: &Call,
        target: Target,
        arguments: &[Value],
        coming: Coming,
    ) -> Coming {
        if !self.plan.exploring {
            return coming;
        }
        let ways = self.ways(call);
        let program = &self.prepared.program;
        let shown = show::call(program, target, arguments);
        let answer = shown_answer(&self.prepared, call, &coming);
        let mut now = coming;
        let mut said = answer.clone();
        match self.plan.point(ways) {
            Some(Turn::Fail(error)) => {
                if let Some((reply, text)) = failing(&self.prepared, call, error) {
                    said = format!("fail {text}");
                    let edit = self.plan.mock(target, &shown, &format!("{said} 1 times"));
                    self.plan.edits.push(edit);
                    now = Coming {
                        items: std::collections::VecDeque::new(),
                        reply: Some(reply),
                    };
                }
            }
            Some(Turn::Crash) => {
                let edit = self.plan.mock(target, &shown, &format!("after 1s {answer}"));
                let step = self.plan.step;
                self.plan.edits.extend([
                    edit,
                    Edit::After(step, "crash".to_owned()),
                    Edit::After(step, "advance 1s".to_owned()),
                ]);
                self.plan.crash = true;
            }
            Some(Turn::Twice) => {
                self.plan
                    .edits
                    .push(Edit::Remark(format!("the reply to `{shown}` is heard twice")));
                let place = (call.run, call.call);
                self.come(place, self.now, now.clone());
            }
            Some(Turn::Later) | None => {}
        }
        self.plan.said.push((target, shown, said));
        now
    }

    /// How a call can go otherwise.
    fn ways(&self, call: &Call) -> Vec<Turn> {
        let request = &call.request;
        let Some(operation) = self.prepared.operation(request.service, request.operation) else {
            return Vec::new();
        };
        let built_in = match operation.effect {
            EffectKind::Once => ["Timeout", "Unknown"],
            _ => ["Timeout", "Unavailable"],
        };
        let program = &self.prepared.program;
        let built_in = built_in.iter().filter_map(|name| program.error_named(name));
        // What undoes is repeated until it is done, whatever it fails with: once is enough.
        let declared = operation.fails.iter().copied().filter(|_| !call.undo);
        let fails = declared.chain(built_in).map(Turn::Fail);
        fails.chain([Turn::Crash, Turn::Twice]).collect()
    }
}

/// What comes back, as it would be written in a mock.
fn shown_answer(prepared: &Prepared, call: &Call, coming: &Coming) -> String {
    let program = &prepared.program;
    let request = &call.request;
    let ty = prepared
        .operation(request.service, request.operation)
        .map_or(&Type::Unit, |operation| &operation.result);
    match &coming.reply {
        None => "never".to_owned(),
        Some(Reply::Answer { body, .. }) if body.is_empty() => "none".to_owned(),
        Some(Reply::Answer { status: 200, body }) => {
            let lenient = flowmesh_machine::border::Strictness::Lenient;
            let value = flowmesh_machine::border::decode(program, ty, body, lenient);
            value.map_or_else(|_| "none".to_owned(), |value| show::value(program, ty, &value))
        }
        Some(Reply::Answer { .. }) => "fail Unavailable(reason: \"explored\")".to_owned(),
        Some(Reply::Failed(failure)) => {
            format!("fail {}(reason: {:?})", failure.error_name(), failure.reason())
        }
    }
}

/// The reply by which a call fails, and the error as it would be written.
fn failing(prepared: &Prepared, call: &Call, error: ErrorId) -> Option<(Reply, String)> {
    let program = &prepared.program;
    let def = program.error(error)?;
    let reason = || "explored".to_owned();
    let built_in = match def.name.as_str() {
        "Timeout" => Some(Ending::Timeout(reason())),
        "Unavailable" => Some(Ending::Unavailable(reason())),
        "Unknown" => Some(Ending::Unknown(reason())),
        _ => None,
    };
    let fields: Vec<(Name, Value)> = def
        .fields
        .iter()
        .map(|field: &Field| (field.name.clone(), sample(program, &field.ty)))
        .collect();
    let variant = flowmesh_ir::value::Variant {
        name: def.name.clone(),
        fields: fields.iter().cloned().collect(),
    };
    let text = show::error(program, &variant);
    if let Some(ending) = built_in {
        return Some((Reply::Failed(ending), text));
    }
    let operation = prepared.operation(call.request.service, call.request.operation)?;
    let status = Prepared::status(operation, error)?;
    let body = object(program, &def.fields, &fields).into_bytes().into();
    Some((Reply::Answer { status, body }, text))
}

/// A value of a type that an error may carry.
fn sample(_program: &Program, ty: &Type) -> Value {
    match ty {
        Type::Bool => Value::Bool(true),
        Type::Int | Type::Decimal | Type::Float => Value::Int(1),
        Type::String => Value::string("explored"),
        Type::List(_) => Value::list(Vec::new()),
        Type::Map(_) => Value::record(Default::default()),
        Type::Duration => Value::Duration(jiff::SignedDuration::from_secs(1)),
        _ => Value::None,
    }
}
