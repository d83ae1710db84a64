//! What a task calls: a resource as a service and its operation, and how failures are repeated.

use super::{
    machine::{Retrier, State},
    path::Base,
    template,
};
use crate::{
    callee::{At, Called, Callees},
    found::Found,
    json::object,
    name::{duration, quoted, snake},
    node::{Node, Value},
};

/// A call as it is written: `service.operation(arguments)`, and what is made of what it gives.
pub(crate) struct Call {
    pub(crate) text: String,
    /// Errors that it fails with, by their names in the program.
    pub(crate) fails: Vec<String>,
    /// Where the result of an integration has what the service gave.
    pub(crate) wrapped: Option<&'static str>,
    /// Whether what it gives has a type.
    pub(crate) typed: bool,
}

/// What operations give, as types, by what the operations are known by.
pub(crate) type Given = Vec<(String, String)>;

/// The longest that a function of Lambda may take.
const LAMBDA_MS: u64 = 900_000;
/// What stands for no limit.
const NO_LIMIT_MS: u64 = 86_400_000;

/// A resource.
struct Resource {
    key: String,
    service: String,
    at: At,
    operation: String,
    binding: String,
    usual_ms: u64,
    wrapped: Option<&'static str>,
}

/// The call of a task, with the errors that others name of it.
pub(crate) fn call(
    state: &State,
    resource: &str,
    timeout: Option<&Node>,
    base: &Base,
    (callees, types): (&mut Callees, &Given),
    found: &mut Found,
) -> Call {
    let known = self::resource(resource, state, found);
    let input = match &state.parameters {
        None => base.data.clone(),
        Some(node) => match (known.wrapped, payload(node)) {
            (Some("Payload"), Some(inner)) => inner_value(node, inner, base, found),
            (Some("Payload"), None) => base.data.clone(),
            _ => template::value(node, base, found),
        },
    };
    let fails = named_errors(state, callees);
    let service = callees.service(&known.key, &known.service, known.at.clone());
    let gives = types
        .iter()
        .find(|(operation, _)| *operation == known.operation());
    let gives = gives.map(|(_, ty)| ty.clone());
    let mut notes = Vec::new();
    if known.at == At::Config {
        notes.push(format!("needed: where `{}` is called over HTTP", known.key));
    }
    let called = Called {
        name: known.operation.clone(),
        params: "input: json, key: string".to_owned(),
        gives: gives.clone(),
        binding: known.binding.clone(),
        lines: vec!["body: input".to_owned(), "key: key".to_owned()],
        fails: fails.clone(),
        statuses: Vec::new(),
        notes,
    };
    let name = callees.operation(service, called);
    let mut text = format!("{name}({input}, uuid())\nundo none");
    let with = with(state, timeout, known.usual_ms, &fails, callees, found);
    text += &format!("\nwith {{ {with} }}");
    Call {
        text,
        fails,
        wrapped: known.wrapped,
        typed: gives.is_some(),
    }
}

/// What the operation of a resource is known by and called, and where its result has what the service gave.
pub(crate) fn known_by(resource: &str, state: &State) -> (String, String, Option<&'static str>) {
    let known = self::resource(resource, state, &mut Found::default());
    let name = match known.operation.as_str() {
        "invoke" | "work" => known.service.clone(),
        operation => format!("{} {operation}", known.service),
    };
    (known.operation(), name, known.wrapped)
}

impl Resource {
    fn operation(&self) -> String {
        format!("{} {}", self.key, self.binding)
    }
}

/// The field with what an integration sends.
fn payload(node: &Node) -> Option<(&Node, bool)> {
    node.get("Payload")
        .map(|it| (it, false))
        .or_else(|| node.get("Payload.$").map(|it| (it, true)))
}

fn inner_value(node: &Node, (inner, computed): (&Node, bool), base: &Base, found: &mut Found) -> String {
    if let Value::Object(all) = &node.value {
        for (name, node) in all {
            if !matches!(
                name.as_str(),
                "FunctionName" | "FunctionName.$" | "Payload" | "Payload.$" | "InvocationType" | "Qualifier"
            ) {
                found.lost(node, &format!("`Parameters.{name}` of a function"));
            }
        }
    }
    match computed {
        true => template::computed(inner, base, found),
        false => template::value(inner, base, found),
    }
}

/// What a resource is.
fn resource(text: &str, state: &State, found: &mut Found) -> Resource {
    let parts: Vec<&str> = text.split(':').collect();
    let mut known = Resource {
        key: text.to_owned(),
        service: state.name.clone(),
        at: At::Config,
        operation: "invoke".to_owned(),
        binding: "POST \"/\"".to_owned(),
        usual_ms: NO_LIMIT_MS,
        wrapped: None,
    };
    match parts.as_slice() {
        [_, _, "lambda", _, _, "function", name, ..] => {
            (*name).clone_into(&mut known.service);
            known.usual_ms = LAMBDA_MS;
        }
        [_, _, "states", _, account, "activity", name, ..] if !account.is_empty() => {
            (*name).clone_into(&mut known.service);
            known.operation = "work".to_owned();
            known.binding = format!("worker {}", quoted(&snake(name)));
            known.at = At::Nowhere;
        }
        [_, _, "states", _, _, "lambda", action, ..] if action.starts_with("invoke") => {
            let function = state
                .parameters
                .as_ref()
                .and_then(|it| it.get("FunctionName"))
                .and_then(Node::text);
            let function = function.unwrap_or_else(|| state.name.clone());
            let name = function.split(':').nth(6).unwrap_or(&function).to_owned();
            known.service = name.split('$').next().unwrap_or(&name).to_owned();
            known.key = function;
            known.wrapped = Some("Payload");
            known.usual_ms = LAMBDA_MS;
        }
        [_, _, "states", _, _, "aws-sdk", service, action, ..]
        | [_, _, "states", _, _, service, action, ..] => {
            let action = action.split('.').next().unwrap_or(action);
            known.key = format!("arn:aws:states:::{service}");
            (*service).clone_into(&mut known.service);
            action.clone_into(&mut known.operation);
            let path: String = action.chars().filter(char::is_ascii_alphanumeric).collect();
            known.binding = format!("POST \"/{path}\"");
        }
        _ => {}
    }
    if text.contains(".waitForTaskToken") {
        found.lost(
            &state.node,
            &format!(
                "`{}` goes on when somebody sends its token; write a signal",
                state.name
            ),
        );
    } else if text.contains(".sync") {
        found.part(
            &state.node,
            &format!(
                "`{}` waits for what the service answers, which must come when its work is done",
                state.name
            ),
        );
    }
    known
}

/// Errors of others that are no statuses, by their names in the program: those that a state names.
fn named_errors(state: &State, callees: &mut Callees) -> Vec<String> {
    let retried = state.retries.iter().flat_map(|it| &it.errors);
    let caught = state.catches.iter().flat_map(|it| &it.errors);
    let mut all = Vec::new();
    for name in retried.chain(caught).filter(|name| own(name)) {
        let error = callees.error(name);
        if !all.contains(&error) {
            all.push(error);
        }
    }
    all
}

/// Whether an error is of the machine's own tasks, and not of the platform.
pub(crate) fn own(name: &str) -> bool {
    !name.starts_with("States.") && !name.starts_with("Lambda.") && !name.is_empty()
}

/// The errors of the program that a name of the platform means; nothing is any.
pub(crate) fn meant(name: &str) -> Option<&'static str> {
    match name {
        "States.Timeout" | "States.HeartbeatTimeout" => Some("Timeout"),
        "Lambda.TooManyRequestsException" => Some("Overloaded"),
        "Lambda.ServiceException" | "Lambda.AWSLambdaException" | "Lambda.SdkClientException" => {
            Some("Unavailable")
        }
        "Lambda.Unknown" => Some("Unknown"),
        _ => None,
    }
}

/// The settings of a call: how long an attempt may take, and how often it is repeated.
fn with(
    state: &State,
    timeout: Option<&Node>,
    usual_ms: u64,
    fails: &[String],
    callees: &mut Callees,
    found: &mut Found,
) -> String {
    let attempt = match timeout.map(|it| &it.value) {
        None => usual_ms,
        Some(Value::Int(seconds)) => u64::try_from(*seconds).unwrap_or(1).clamp(1, 86_400) * 1_000,
        Some(_) => {
            if let Some(node) = timeout {
                found.lost(node, "a timeout from the data");
            }
            usual_ms
        }
    };
    let Some(first) = state.retries.first().filter(|it| it.more > 0) else {
        return format!(
            "timeout: {{ attempt: {0}, total: {0} }}, retry: none",
            duration(attempt)
        );
    };
    let attempts = u64::from(state.retries.iter().map(|it| it.more).max().unwrap_or(0).min(99)) + 1;
    let differs =
        |it: &Retrier| (it.more, it.interval_ms, it.factor) != (first.more, first.interval_ms, first.factor);
    if let Some(other) = state.retries.iter().find(|it| differs(it)) {
        found.part(
            &other.node,
            &format!(
                "`{}` repeats after all its errors as the first `Retry` says",
                state.name
            ),
        );
    }
    let mut on: Vec<String> = Vec::new();
    for name in state
        .retries
        .iter()
        .filter(|it| it.more > 0)
        .flat_map(|it| &it.errors)
    {
        on.extend(worth(name, fails, callees));
    }
    let mut seen = Vec::new();
    on.retain(|word| {
        !seen.contains(word) && {
            seen.push(word.clone());
            true
        }
    });
    let base = first.interval_ms.clamp(1, 86_400_000);
    let max = first
        .max_ms
        .unwrap_or_else(|| longest(base, first.factor, attempts))
        .clamp(base, 31_536_000_000);
    let mut waits = 0_u64;
    let mut wait = base;
    for _ in 1..attempts {
        waits = waits.saturating_add(wait.min(max));
        wait = wait.saturating_mul(first.factor).min(max);
    }
    let total = attempt
        .saturating_mul(attempts)
        .saturating_add(waits)
        .min(31_536_000_000);
    let jitter = if first.jitter { "full" } else { "none" };
    let backoff = match first.factor {
        1 => format!("constant({}, jitter: {jitter})", duration(base)),
        factor => format!(
            "exponential({}, max: {}, factor: {factor}, jitter: {jitter})",
            duration(base),
            duration(max)
        ),
    };
    format!(
        "timeout: {{ attempt: {}, total: {} }}, retry: {{ attempts: {attempts}, on: [{}], backoff: {backoff}, budget: none }}",
        duration(attempt),
        duration(total),
        on.join(", ")
    )
}

/// The last of waits that grow.
fn longest(base: u64, factor: u64, attempts: u64) -> u64 {
    let mut wait = base;
    for _ in 2..attempts {
        wait = wait.saturating_mul(factor).min(31_536_000_000);
    }
    wait
}

/// What is worth another attempt, by the name of an error.
fn worth(name: &str, fails: &[String], callees: &mut Callees) -> Vec<String> {
    let words = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    match name {
        "States.Timeout" => words(&["timeout"]),
        "Lambda.TooManyRequestsException" => words(&["429"]),
        "Lambda.ServiceException" | "Lambda.AWSLambdaException" | "Lambda.SdkClientException" => {
            words(&["connect", "5xx"])
        }
        name if own(name) => vec![callees.error(name)],
        // Every error.
        _ => [words(&["connect", "timeout", "5xx", "429"]), fails.to_vec()].concat(),
    }
}

/// What an integration gives: what the service gave, in its place.
pub(crate) fn result(call: &Call, name: &str) -> String {
    let given = if call.typed {
        format!("{name}.to_json()")
    } else {
        name.to_owned()
    };
    match call.wrapped {
        None => given,
        Some(field) => object(&[
            (field.to_owned(), given),
            ("StatusCode".to_owned(), "200".to_owned()),
        ]),
    }
}
