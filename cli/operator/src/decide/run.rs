//! A run at its server as the status of its object.

use super::size;
use crate::crd::{RunStatus, Truth, set};
use jiff::Timestamp;
use serde_json::{Value, json, value::RawValue};
use std::{collections::BTreeMap, time::Duration};

/// The longest result or error that a status holds, in bytes of JSON.
const KEPT_MAX: usize = 32 << 10;

/// The deepest nesting of either. Whatever reads the object has a limit, too.
const DEPTH_MAX: usize = 32;

/// How many steps a status names.
const STEPS_MAX: usize = 20;

/// How soon a run is looked at again, at the least and at the most.
const SOON: Duration = Duration::from_secs(2);
const LATE: Duration = Duration::from_secs(60);

/// A run as a server tells it. A field that is deeper than readers of JSON go would keep all others from being read: it is one
/// that is too deep for a status.
///
/// # Errors
/// Where it is no object of JSON.
pub fn read(bytes: &[u8]) -> serde_json::Result<Value> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(bytes)?;
    let deep = || (0..=DEPTH_MAX).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let read = |raw: &RawValue| serde_json::from_str(raw.get()).unwrap_or_else(|_| deep());
    let fields = fields.into_iter().map(|(name, raw)| (name, read(raw)));
    Ok(Value::Object(fields.collect()))
}

/// Whether a state is an end.
#[must_use]
pub fn is_end(state: &str) -> bool {
    matches!(state, "done" | "failed" | "cancelled" | "terminated")
}

/// The status of an object whose run stands so, as the server tells it.
#[must_use]
pub fn status(before: &RunStatus, run: &Value, generation: Option<i64>, now: Timestamp) -> RunStatus {
    let text = |name: &str| run.get(name).and_then(Value::as_str).map(size::text);
    let state = text("state").unwrap_or_default();
    let steps: Vec<&str> = run
        .get("steps")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let more = steps.len().saturating_sub(STEPS_MAX) as u64;
    let ended = is_end(&state);
    let mut status = RunStatus {
        observed_generation: generation,
        run: text("id").or_else(|| before.run.clone()),
        steps: steps.into_iter().take(STEPS_MAX).map(size::text).collect(),
        more_steps: Some(more).filter(|more| *more > 0),
        program: text("program"),
        started: text("started"),
        ended: text("updated").filter(|_| ended),
        result: kept(run.get("result")),
        error: error(run),
        state: Some(state.clone()),
        conditions: before.conditions.clone(),
    };
    let id = status.run.clone().unwrap_or_default();
    let all = &mut status.conditions;
    set(
        all,
        ("Started", Truth::True),
        ("Started", &format!("it is the run {id}")),
        generation,
        now,
    );
    let (truth, reason) = match ended {
        true => (Truth::True, capital(&state)),
        false => (Truth::False, capital(&state)),
    };
    set(
        all,
        ("Ended", truth),
        (&reason, &ending(run, &state)),
        generation,
        now,
    );
    if ended {
        let good = if state == "done" {
            Truth::True
        } else {
            Truth::False
        };
        set(
            all,
            ("Succeeded", good),
            (&reason, &ending(run, &state)),
            generation,
            now,
        );
    }
    status
}

/// What a run that was not started says.
#[must_use]
pub fn unstarted(
    before: &RunStatus,
    (reason, message): (&str, &str),
    generation: Option<i64>,
    now: Timestamp,
) -> RunStatus {
    let mut status = before.clone();
    status.observed_generation = generation;
    let all = &mut status.conditions;
    set(all, ("Started", Truth::False), (reason, message), generation, now);
    status
}

/// What a run says that was started, and that its server does not know any more.
#[must_use]
pub fn lost(before: &RunStatus, message: &str, generation: Option<i64>, now: Timestamp) -> RunStatus {
    let mut status = before.clone();
    status.observed_generation = generation;
    let all = &mut status.conditions;
    set(
        all,
        ("Ended", Truth::Unknown),
        ("RunNotFound", message),
        generation,
        now,
    );
    status
}

/// How soon it is looked at again: the longer it goes on, the later.
#[must_use]
pub fn look_again(started: Option<&str>, now: Timestamp) -> Duration {
    let since = started.and_then(|started| started.parse::<Timestamp>().ok());
    let age = since.map(|since| now.duration_since(since).unsigned_abs());
    age.map_or(SOON, |age| (age / 10).clamp(SOON, LATE))
}

fn kept(value: Option<&Value>) -> Option<Value> {
    let fits = |value: &&Value| depth(value) <= DEPTH_MAX && value.to_string().len() <= KEPT_MAX;
    value.filter(fits).cloned()
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(all) => 1 + all.iter().map(depth).max().unwrap_or_default(),
        Value::Object(all) => 1 + all.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

fn error(run: &Value) -> Option<Value> {
    let why = |name: &str| {
        kept(run.get(name)).map(|why| json!({ "name": capital(name), "fields": { "reason": why } }))
    };
    kept(run.get("error"))
        .or_else(|| why("cancelled"))
        .or_else(|| why("terminated"))
}

/// How it stands, in words.
fn ending(run: &Value, state: &str) -> String {
    let too_long = |name: &str| run.get(name).is_some() && kept(run.get(name)).is_none();
    if too_long("result") || too_long("error") {
        return format!(
            "it is {state}; what came of it is too long or too deep to stand here: read it at the server"
        );
    }
    let name = run.pointer("/error/name").and_then(Value::as_str);
    match name {
        Some(name) => format!("it is {state}: {name}"),
        None => format!("it is {state}"),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::{look_again, read, status, unstarted};
    use crate::crd::{RunStatus, Truth, condition};
    use jiff::Timestamp;
    use serde_json::{Value, json};
    use std::time::Duration;

    fn told(run: &Value) -> RunStatus {
        status(&RunStatus::default(), run, Some(1), Timestamp::UNIX_EPOCH)
    }

    fn holds(status: &RunStatus, kind: &str) -> Option<Truth> {
        condition(&status.conditions, kind).map(|condition| condition.status)
    }

    #[test]
    fn a_run_that_goes_on_says_what_it_is_at() {
        let run = told(
            &json!({ "id": "r", "state": "waiting", "steps": ["pay"], "started": "t", "updated": "u", "program": "p" }),
        );
        assert_eq!(
            (run.state.as_deref(), run.ended.as_deref()),
            (Some("waiting"), None)
        );
        assert_eq!(run.steps, ["pay"]);
        assert_eq!(
            (holds(&run, "Started"), holds(&run, "Ended")),
            (Some(Truth::True), Some(Truth::False))
        );
        assert_eq!(holds(&run, "Succeeded"), None);
    }

    #[test]
    fn the_end_of_a_run_is_its_result_its_error_or_the_reason() {
        let done = told(&json!({ "id": "r", "state": "done", "updated": "u", "result": 7 }));
        assert_eq!((done.result, done.ended.as_deref()), (Some(json!(7)), Some("u")));
        let failed = told(
            &json!({ "id": "r", "state": "failed", "updated": "u", "error": { "name": "NoStock", "fields": {} } }),
        );
        assert_eq!(holds(&failed, "Succeeded"), Some(Truth::False));
        assert!(
            condition(&failed.conditions, "Succeeded")
                .unwrap()
                .message
                .contains("NoStock")
        );
        let cancelled =
            told(&json!({ "id": "r", "state": "cancelled", "updated": "u", "cancelled": "late" }));
        assert_eq!(
            cancelled.error,
            Some(json!({ "name": "Cancelled", "fields": { "reason": "late" } }))
        );
    }

    #[test]
    fn a_run_with_a_result_of_any_depth_is_read() {
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        let text = format!("{{\"id\": \"r\", \"state\": \"done\", \"result\": {deep}}}");
        let run = told(&read(text.as_bytes()).unwrap());
        assert_eq!((run.state.as_deref(), run.result), (Some("done"), None));
        let ended = condition(&run.conditions, "Ended").unwrap();
        assert!(ended.message.contains("too deep"), "{}", ended.message);
        assert!(read(b"[]").is_err() && read(b"").is_err());
    }

    #[test]
    fn however_much_a_server_says_a_status_is_short() {
        let long = "x".repeat(100_000);
        let run = told(&json!({
            "id": long, "state": long, "program": long, "started": long, "updated": long, "cancelled": long,
            "steps": vec![long.clone(); 50],
        }));
        assert_eq!((run.steps.len(), run.more_steps), (20, Some(30)));
        assert_eq!(run.error, None);
        assert!(serde_json::to_string(&run).unwrap().len() < 128 << 10);
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_left_at_the_server() {
        let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        for result in [json!("x".repeat(40_000)), deep(33)] {
            let run = told(&json!({ "id": "r", "state": "done", "updated": "u", "result": result }));
            assert_eq!(run.result, None);
            let ended = condition(&run.conditions, "Ended").unwrap();
            assert!(ended.message.contains("too long or too deep"));
        }
        let run = told(&json!({ "id": "r", "state": "done", "updated": "u", "result": deep(32) }));
        assert_eq!(run.result, Some(deep(32)));
    }

    #[test]
    fn what_is_not_started_says_why_and_keeps_the_rest() {
        let before = RunStatus {
            run: Some("r".to_owned()),
            ..RunStatus::default()
        };
        let run = unstarted(
            &before,
            ("ProgramNotFound", "there is none"),
            Some(2),
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(run.run.as_deref(), Some("r"));
        assert_eq!(
            condition(&run.conditions, "Started").unwrap().reason,
            "ProgramNotFound"
        );
    }

    #[test]
    fn old_runs_are_looked_at_less_often() {
        let now = Timestamp::from_second(10_000).unwrap();
        let ago = |seconds: i64| Timestamp::from_second(10_000 - seconds).unwrap().to_string();
        assert_eq!(look_again(Some(&ago(1)), now), Duration::from_secs(2));
        assert_eq!(look_again(Some(&ago(300)), now), Duration::from_secs(30));
        assert_eq!(look_again(Some(&ago(9000)), now), Duration::from_secs(60));
        assert_eq!(look_again(None, now), Duration::from_secs(2));
    }
}
