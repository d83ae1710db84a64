//! The input with which a schedule starts its flow.

use super::{Settings, encode};
use crate::eval::{Context, Draws, evaluate};
use flowmesh_ir::{Program, Value, schedule::Schedule};
use jiff::{Timestamp, tz::TimeZone};

/// The input of the run that a schedule is due to start at a time. It follows from that time alone: also from its seed,
/// where an argument draws.
///
/// # Errors
/// Why an argument has no value then.
pub fn scheduled(
    program: &Program,
    settings: &Settings,
    schedule: &Schedule,
    (at, zone): (Timestamp, &TimeZone),
    seed: u64,
) -> Result<Vec<u8>, String> {
    let date = at.to_zoned(zone.clone()).date();
    let fields = [
        ("time".into(), Value::Time(at)),
        ("date".into(), Value::Date(date)),
    ];
    let mut context = Context {
        now: at,
        draws: Draws::new(seed),
        scheduled: Some(Value::record(fields.into_iter().collect())),
        ..Context::default()
    };
    let params = program.flow(schedule.flow).map_or(&[][..], |flow| &flow.params);
    let mut members = Vec::new();
    for (param, argument) in params.iter().zip(&schedule.arguments) {
        let value = evaluate(program, settings, argument, &mut Vec::new(), &mut context);
        let value = value.map_err(|fault| format!("`{}` has no value: {fault}", param.name))?;
        let name = serde_json::to_string(param.name.as_str()).unwrap_or_default();
        members.push(format!("{name}:{}", encode(program, &param.ty, &value)));
    }
    Ok(format!("{{{}}}", members.join(",")).into_bytes())
}
