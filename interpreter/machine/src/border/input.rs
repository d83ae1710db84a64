//! What comes to a run from outside: its input and its signals.

use super::{
    Misfit, Settings, Strictness,
    decode::{Reading, Record},
};
use crate::eval::{Context, evaluate};
use flowmesh_ir::{FlowId, Program, Value, flow::Flow, ty::Field, value::Fields};
use flowmesh_stdlib::text;
use serde::de::DeserializeSeed;

/// The longest key of a run, in bytes.
const KEY_BYTES_MAX: usize = 1024;

/// How many signals of one name a run keeps until they are heard.
pub const SIGNALS_KEPT_MAX: usize = 1_000;

/// Checks the input of a flow and gives the key of the run, where the flow has one. No bytes at all are an empty
/// object.
///
/// # Errors
/// What does not fit the parameters.
pub fn check_input(
    program: &Program,
    settings: &Settings,
    flow: FlowId,
    input: &[u8],
) -> Result<Option<String>, Misfit> {
    let flow = flow_of(program, flow)?;
    let values = decode_fields(program, &flow.params, input)?;
    let Some(key) = &flow.key else {
        return Ok(None);
    };
    let mut frame: Vec<Value> = values.into_values().collect();
    let key = evaluate(program, settings, key, &mut frame, &mut Context::default());
    let key = key.map_err(|fault| Misfit {
        path: "key".to_owned(),
        expected: "a key".to_owned(),
        found: format!("none: {fault}"),
        hint: None,
    })?;
    let key = text(&key);
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(Misfit {
            path: "key".to_owned(),
            expected: format!("a key of 1 to {KEY_BYTES_MAX} bytes"),
            found: format!("one of {}", key.len()),
            hint: None,
        });
    }
    Ok(Some(key))
}

/// Checks what a signal carries. No bytes at all are an empty object.
///
/// # Errors
/// The flow hears no such signal, or what it carries does not fit.
pub fn check_signal(program: &Program, flow: FlowId, name: &str, payload: &[u8]) -> Result<(), Misfit> {
    let flow = flow_of(program, flow)?;
    let Some(signal) = flow.signals.iter().find(|signal| signal.name == name) else {
        let names: Vec<_> = flow
            .signals
            .iter()
            .map(|signal| format!("`{}`", signal.name))
            .collect();
        let near = flowmesh_ir::nearest(name, flow.signals.iter().map(|signal| signal.name.as_str()));
        return Err(Misfit {
            path: String::new(),
            expected: match names.as_slice() {
                [] => format!("no signal: flow `{}` hears none", flow.name),
                names => format!("one of the signals {}", names.join(", ")),
            },
            found: format!("`{name}`"),
            hint: near.map(|near| format!("did you mean `{near}`?")),
        });
    };
    decode_fields(program, &signal.params, payload).map(drop)
}

fn flow_of(program: &Program, flow: FlowId) -> Result<&Flow, Misfit> {
    program.flow(flow).ok_or_else(|| Misfit {
        path: String::new(),
        expected: "a flow of the program".to_owned(),
        found: format!("flow number {flow}"),
        hint: None,
    })
}

/// The values of parameters, in their order.
pub(crate) fn decode_fields(program: &Program, fields: &[Field], json: &[u8]) -> Result<Fields, Misfit> {
    decode_fields_as(program, fields, json, Strictness::Strict)
}

/// The values of fields, in their order.
pub(crate) fn decode_fields_as(
    program: &Program,
    fields: &[Field],
    json: &[u8],
    strictness: Strictness,
) -> Result<Fields, Misfit> {
    let json = if json.is_empty() { b"{}" } else { json };
    let mut reading = Reading::new(program, strictness);
    let mut text = serde_json::Deserializer::from_slice(json);
    let record = Record {
        reading: &mut reading,
        fields,
        beside: None,
    };
    let read = record
        .deserialize(&mut text)
        .and_then(|values| text.end().map(|()| values));
    read.map_err(|error| reading.misfit(&error))
}
