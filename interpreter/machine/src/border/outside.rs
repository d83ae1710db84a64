//! What the host must know of a program before a run does: whether an event fits, which flows it starts, and by which
//! tags a run is found.

use super::{Misfit, Settings, decode_fields};
use crate::eval::{Context, evaluate};
use flowmesh_ir::{
    EventId, FlowId, Name, Program, Value,
    flow::{End, Flow, Made, On},
};
use flowmesh_stdlib::text;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Checks what an event carries. No bytes at all are an empty object.
///
/// # Errors
/// The program knows no such event, or what it carries does not fit.
pub fn check_event(program: &Program, name: &str, payload: &[u8]) -> Result<EventId, Misfit> {
    let known = (0u32..).map(EventId).zip(&program.events);
    let Some((id, event)) = known.into_iter().find(|(_, event)| event.name == name) else {
        let names = program.events.iter().map(|event| event.name.as_str());
        let near = flowmesh_ir::nearest(name, names);
        return Err(Misfit {
            path: String::new(),
            expected: "an event that the program declares".to_owned(),
            found: format!("`{name}`"),
            hint: near.map(|near| format!("did you mean `{near}`?")),
        });
    };
    decode_fields(program, &event.fields, payload).map(|_| id)
}

/// Whether a flow ever waits for an event.
#[must_use]
pub fn hears(flow: &Flow, event: EventId) -> bool {
    flow.states.iter().any(|state| match &state.end {
        End::Wait(wait) => wait
            .arms
            .iter()
            .any(|arm| matches!(&arm.on, On::Event { event: heard, .. } if *heard == event)),
        _ => false,
    })
}

/// The input with which an event starts a flow; `None` where it does not.
#[must_use]
pub fn triggered(
    program: &Program,
    settings: &Settings,
    flow: FlowId,
    event: EventId,
    payload: &[u8],
) -> Option<Vec<u8>> {
    let flow = program.flow(flow)?;
    let trigger = flow.trigger.as_ref().filter(|trigger| trigger.event == event)?;
    if trigger.made.is_some() {
        return trigger.all_made().find_map(|made| of_product(made, payload));
    }
    let fields = &program.event(event)?.fields;
    let record = Value::record(decode_fields(program, fields, payload).ok()?);
    if let Some(condition) = &trigger.condition {
        let held = evaluate(
            program,
            settings,
            condition,
            &mut vec![record],
            &mut Context::default(),
        );
        if !matches!(held, Ok(Value::Bool(true))) {
            return None;
        }
    }
    let param = serde_json::to_string(flow.params.first()?.name.as_str()).ok()?;
    let payload: &[u8] = if payload.is_empty() { b"{}" } else { payload };
    Some([b"{", param.as_bytes(), b":", payload, b"}"].concat())
}

/// What a product gives the parameters: the values in its target, in order. One of another form starts nothing.
fn of_product(made: &Made, payload: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Produced<'a> {
        form: String,
        #[serde(borrow, default)]
        values: Vec<&'a RawValue>,
    }
    let produced: Produced<'_> = serde_json::from_slice(payload).ok()?;
    if produced.form != made.product.form || produced.values.len() != made.params.len() {
        return None;
    }
    let member = |(name, value): (&Name, &RawValue)| {
        let name = serde_json::to_string(name.as_str()).ok()?;
        Some(format!("{name}:{}", value.get()))
    };
    let members: Option<Vec<String>> = made.params.iter().zip(produced.values).map(member).collect();
    Some(format!("{{{}}}", members?.join(",")).into_bytes())
}

/// The tags of a run that begins with this input. One that has no value is left out.
#[must_use]
pub fn tags(program: &Program, settings: &Settings, flow: FlowId, input: &[u8]) -> Vec<(Name, String)> {
    let Some(flow) = program.flow(flow).filter(|flow| !flow.conduct.tags.is_empty()) else {
        return Vec::new();
    };
    let Ok(values) = decode_fields(program, &flow.params, input) else {
        return Vec::new();
    };
    let mut frame: Vec<Value> = values.into_values().collect();
    let mut tag = |expr| evaluate(program, settings, expr, &mut frame, &mut Context::default()).ok();
    let tags = flow.conduct.tags.iter();
    tags.filter_map(|(key, expr)| Some((key.clone(), text(&tag(expr)?))))
        .collect()
}
