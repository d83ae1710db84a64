//! `flowmesh check --report`: how long every flow can take at the most, and how often its calls are tried.

use flowmesh_ir::{
    Program,
    worst::{self, CallWorst, FlowWorst, Time},
};
use serde_json::{Value, json};

/// One line for each flow, and one below it for each call.
pub(super) fn text(program: &Program) -> String {
    let mut lines = Vec::new();
    for worst in worst::flows(program) {
        lines.push(format!("{}: {}", flow(program, &worst), worst.time));
        for call in &worst.calls {
            let times = if call.attempts == 1 { "once" } else { "times" };
            let often = if call.attempts == 1 {
                times.to_owned()
            } else {
                format!("{} {times}", call.attempts)
            };
            lines.push(format!(
                "  {}: {}, tried {often}",
                operation(program, call),
                Time::of(call.ms)
            ));
        }
    }
    lines.join("\n")
}

/// The same as data.
pub(super) fn data(program: &Program) -> Value {
    let call = |call: &CallWorst| {
        json!({
            "operation": operation(program, call),
            "state": call.state,
            "attempts": call.attempts,
            "ms": call.ms,
        })
    };
    let flow = |worst: &FlowWorst| {
        json!({
            "flow": flow(program, worst),
            "ms": worst.time.ms,
            "open": worst.time.open,
            "calls": worst.calls.iter().map(call).collect::<Vec<_>>(),
        })
    };
    worst::flows(program).iter().map(flow).collect()
}

fn flow(program: &Program, worst: &FlowWorst) -> String {
    program
        .flow(worst.flow)
        .map_or_else(String::new, |flow| flow.name.to_string())
}

fn operation(program: &Program, call: &CallWorst) -> String {
    let service = program.service(call.service);
    let found = service.and_then(|service| {
        let operation = service.operations.get(call.operation.index())?;
        Some(format!("{}.{}", service.name, operation.name))
    });
    found.unwrap_or_default()
}
