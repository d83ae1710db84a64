//! How a call can end otherwise than its mock says.

use super::{
    super::{
        calls::{Called, Open, object},
        failure::Checked,
        program::Prepared,
        show,
    },
    state::State,
};
use crate::{RunId, engine::Input};
use flowmesh_ir::{
    ErrorId, Name, Program, Value,
    call::{Failure as Ending, Reply},
    service::EffectKind,
    ty::{Field, Shape, Type},
    value::{Fields, Variant},
};
use flowmesh_machine::CallId;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// How deep the values are that errors carry.
const DEPTH_MAX: u32 = 8;

/// How a call can fail: with what its operation declares, and with what every call can fail with.
pub(super) fn ways(prepared: &Prepared, call: &Called) -> Vec<ErrorId> {
    let Some(operation) = prepared.operation(call.service, call.operation) else {
        return Vec::new();
    };
    let always = match operation.effect {
        EffectKind::Once => ["Timeout", "Unknown"],
        _ => ["Timeout", "Unavailable"],
    };
    let always = always
        .iter()
        .filter_map(|name| prepared.program.error_named(name));
    // What undoes is tried again whatever it fails with, so that one way is enough.
    match call.undo {
        true => always.take(1).collect(),
        false => operation.fails.iter().copied().chain(always).collect(),
    }
}

/// Whether a crash makes a difference to a call: it is not sent again, or all of its items come again.
pub(super) fn is_lost(prepared: &Prepared, open: &Open) -> bool {
    let operation = prepared.operation(open.call.service, open.call.operation);
    operation.is_some_and(|operation| match &operation.stream {
        Some(stream) => stream.resume.is_none() && open.items > 0,
        None => operation.effect == EffectKind::Once,
    })
}

impl State<'_> {
    pub(super) fn fail(&mut self, run: RunId, call: CallId, error: ErrorId) -> Checked<()> {
        self.failed = true;
        let world = &mut self.world;
        let Some(open) = world.open.get(&(run, call)) else {
            return Ok(());
        };
        let Some((reply, _)) = failing(&world.prepared, &open.call, error) else {
            return Ok(());
        };
        world.streams.remove(&(run, call));
        world
            .queue
            .retain(|_, input| super::moves::place_of(input) != Some((run, call)));
        world.tell(Input::Replied { run, call, reply })
    }
}

/// The reply by which a call fails, and the error as it would be written.
pub(super) fn failing(prepared: &Prepared, call: &Called, error: ErrorId) -> Option<(Reply, String)> {
    let program = &prepared.program;
    let def = program.error(error)?;
    let fields = samples(program, &def.fields, 0);
    let variant = Variant {
        name: def.name.clone(),
        fields: fields.clone(),
    };
    let text = show::error(program, &variant);
    let reason = "explored".to_owned();
    let ending = match def.name.as_str() {
        "Timeout" => Ending::Timeout(reason),
        "Unavailable" => Ending::Unavailable(reason),
        "Unknown" => Ending::Unknown(reason),
        _ => {
            let operation = prepared.operation(call.service, call.operation)?;
            let status = Prepared::status(operation, error)?;
            let fields: Vec<(Name, Value)> = fields.into_iter().collect();
            let body = object(program, &def.fields, &fields).into_bytes().into();
            return Some((Reply::Answer { status, body }, text));
        }
    };
    Some((Reply::Failed(ending), text))
}

/// A value of a type that an error may carry.
fn sample(program: &Program, ty: &Type, depth: u32) -> Value {
    if depth > DEPTH_MAX {
        return Value::None;
    }
    match ty {
        Type::Bool => Value::Bool(true),
        Type::Int | Type::Decimal | Type::Float => Value::Int(1),
        Type::String => Value::string("explored"),
        Type::Url => Value::string("https://example.com"),
        Type::Json => Value::Json("{}".into()),
        Type::List(_) => Value::list(Vec::new()),
        Type::Map(_) => Value::record(Fields::default()),
        Type::Duration => Value::Duration(SignedDuration::from_secs(1)),
        Type::Time => Value::Time(Timestamp::UNIX_EPOCH),
        Type::Date => Value::Date(jiff::civil::Date::constant(2026, 1, 31)),
        Type::Bytes => Value::Bytes(Arc::default()),
        Type::Unit | Type::Optional(_) => Value::None,
        Type::Named(id) => match program.ty(*id).map(|def| &def.shape) {
            Some(Shape::Record(fields)) => Value::record(samples(program, fields, depth)),
            Some(Shape::Enum(cases)) => cases.first().map_or(Value::None, |case| {
                Value::variant(case.name.clone(), samples(program, &case.fields, depth))
            }),
            Some(Shape::Alias { ty, .. }) => sample(program, ty, depth.saturating_add(1)),
            None => Value::None,
        },
    }
}

fn samples(program: &Program, fields: &[Field], depth: u32) -> Fields {
    let sample = |field: &Field| {
        let value = sample(program, &field.ty, depth.saturating_add(1));
        (field.name.clone(), value)
    };
    fields.iter().map(sample).collect()
}
