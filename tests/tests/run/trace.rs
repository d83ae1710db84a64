//! Effects as lines of a trace.

use flowmesh_ir::{FlowId, Program, StepId, SubsetId, Value, call::Request, flow::Tie};
use flowmesh_machine::{Ask, Effect, Note, Outcome, Recall, border};
use jiff::Timestamp;
use std::fmt::Write;

/// One effect as one line, times relative to now.
pub(crate) fn line(program: &Program, flow: FlowId, now: Timestamp, effect: &Effect) -> String {
    match effect {
        Effect::Call {
            call,
            step,
            undo,
            request,
        } => {
            let kind = if *undo { "undo " } else { "" };
            let title = title(program, flow, *step);
            format!("call {} {title}: {kind}{}", call.0, sent(program, request))
        }
        Effect::Timer { timer, at } => {
            let mut length = String::new();
            flowmesh_stdlib::write_duration(&mut length, at.duration_since(now));
            format!("timer {} in {length}", timer.0)
        }
        Effect::Disarm { timer } => format!("disarm {}", timer.0),
        Effect::Note(note) => match note {
            Note::StepStarted { step } => format!("started {}", title(program, flow, *step)),
            Note::StepDone { step } => format!("done {}", title(program, flow, *step)),
            Note::StepFailed { step, error } => {
                let error = border::encode_untyped(&Value::Variant(error.clone()));
                format!("failed {}: {error}", title(program, flow, *step))
            }
            Note::Undoing { error: Some(error) } => format!("undoing after {}", error.name),
            Note::Undoing { error: None } => "undoing after cancel".to_owned(),
            Note::Parked { step, error, choices } => {
                let error = border::encode_untyped(&Value::Variant(error.clone()));
                let choices: Vec<_> = choices.iter().map(|choice| choice.as_str()).collect();
                format!(
                    "parked {}: {error}; {}",
                    title(program, flow, *step),
                    choices.join(", ")
                )
            }
            Note::StepReused { step, run, at } => {
                format!("reused {} of {run}, {at}", title(program, flow, *step))
            }
            Note::StepSkipped { step } => format!("skipped {}", title(program, flow, *step)),
            Note::StepStopped { step } => format!("stopped {}", title(program, flow, *step)),
            Note::Tagged { key, value } => format!("tag {key} = {value}"),
            Note::Restarted => "restarted".to_owned(),
            Note::Log { text } => format!("log {text}"),
        },
        Effect::Ask { call, ask, .. } => format!("ask {} {}", call.0, asked(program, ask)),
        Effect::Withdraw { call } => format!("withdraw {}", call.0),
        Effect::Release { call } => format!("release {}", call.0),
        Effect::Record { recall, result } => {
            format!("record {}: {}", cached(recall), String::from_utf8_lossy(result))
        }
        Effect::More { call } => format!("more {}", call.0),
        Effect::Answer { signal, answer } => match answer {
            Ok(json) => format!("answer {signal}: {json}"),
            Err(why) => format!("answer {signal} refused: {why}"),
        },
        Effect::Finished(Outcome::Done(value)) => {
            let ty = &program.flow(flow).unwrap().result;
            format!("finished: done {}", border::encode(program, ty, value))
        }
        Effect::Finished(Outcome::Failed(error)) => {
            format!(
                "finished: failed {}",
                border::encode_untyped(&Value::Variant(error.clone()))
            )
        }
        Effect::Finished(Outcome::Cancelled(reason)) => format!("finished: cancelled {reason}"),
        Effect::Finished(Outcome::Terminated(reason)) => format!("finished: terminated {reason}"),
    }
}

/// `child pack {"id":"1"}`, `lock sku:1`, `shift payments v1 75, v2 25`
fn asked(program: &Program, ask: &Ask) -> String {
    match ask {
        Ask::Start {
            flow,
            input,
            key,
            tie,
        } => {
            let tie = match tie {
                Tie::Child => "child",
                Tie::Apart => "apart",
            };
            let name = &program.flow(*flow).unwrap().name;
            let key = key.as_ref().map(|key| format!(" key={key}")).unwrap_or_default();
            format!("{tie} {name} {}{key}", String::from_utf8_lossy(input))
        }
        Ask::Emit { event, payload } => format!("emit {event} {}", String::from_utf8_lossy(payload)),
        Ask::Acquire { name, permits, rate } => {
            let permits = permits.map(|permits| format!("one of {permits} permits of {name}"));
            let rate = rate.map(|rate| format!("{} in {} ms of {name}", rate.count, rate.per_ms));
            let parts: Vec<String> = permits.into_iter().chain(rate).collect();
            match parts.is_empty() {
                true => format!("lock {name}"),
                false => parts.join(", "),
            }
        }
        Ask::Admit(admit) => {
            let (name, most) = (&admit.name, admit.most);
            let group = admit.group.as_ref().map(|group| format!(" in turn with {group}"));
            format!("one of {most} runs for {name:?}{}", group.unwrap_or_default())
        }
        Ask::Debounce(debounce) => {
            let most = debounce.most.map(|most| format!(", for {most:#} at the most"));
            format!(
                "place of older runs for {:?}{}",
                debounce.of,
                most.unwrap_or_default()
            )
        }
        Ask::Shift { service, weights } => {
            let service = program.service(*service).unwrap();
            let weight = |(subset, weight): &(SubsetId, u32)| {
                let subset = &service.subsets[subset.index()].name;
                format!("{subset} {weight}")
            };
            let weights: Vec<_> = weights.iter().map(weight).collect();
            match weights.is_empty() {
                true => format!("shift {} back", service.name),
                false => format!("shift {} {}", service.name, weights.join(", ")),
            }
        }
        Ask::Probe { target, after } => {
            let now = if *after { " now" } else { "" };
            format!("whether {target} exists{now}")
        }
        Ask::Recall(recall) => format!("result of {}", cached(recall)),
    }
}

/// `reports.build {"day":"monday"} within 1h`
fn cached(recall: &Recall) -> String {
    format!(
        "{} {} within {:#}",
        recall.cached.of, recall.cached.key, recall.ttl
    )
}

/// `payments.charge`
pub(crate) fn operation(program: &Program, request: &Request) -> String {
    let service = program.service(request.service).unwrap();
    format!(
        "{}.{}",
        service.name,
        service.operations[request.operation.index()].name
    )
}

fn sent(program: &Program, request: &Request) -> String {
    let mut line = format!(
        "{} {} {}",
        operation(program, request),
        request.method.as_str(),
        request.path
    );
    if !request.body.is_empty() {
        let _ = write!(line, " {}", String::from_utf8_lossy(&request.body));
    }
    if let Some(key) = &request.key {
        let _ = write!(line, " key={key}");
    }
    for (name, value) in &request.headers {
        let _ = write!(line, " {name}={value}");
    }
    line
}

fn title(program: &Program, flow: FlowId, step: StepId) -> &str {
    program
        .flow(flow)
        .and_then(|flow| flow.steps.get(step.index()))
        .map_or("?", |step| &step.title)
}
