//! Commands of lenses for editors that have none of their own: tests are carried out here, and told as a message.

use super::Answer;
use crate::lsp::state::{Seen, State};
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::compile_tests;
use flowmesh_host::trial::{self, Options};
use lsp_server::{Message, Notification};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// What can be executed.
pub(in crate::lsp) const COMMANDS: [&str; 1] = ["flowmesh.test"];

/// How long tests may take together: nothing else is answered meanwhile.
const LONGEST: Duration = Duration::from_secs(10);

/// Does it, and says what came of it.
pub(super) fn execute(state: &mut State, params: &Value) -> (Answer, Vec<Message>) {
    let command = params.get("command").and_then(Value::as_str).unwrap_or_default();
    let argument = |at: usize| {
        params
            .pointer(&format!("/arguments/{at}"))
            .and_then(Value::as_str)
    };
    match (command, argument(0)) {
        ("flowmesh.test", Some(uri)) => {
            let results = test(state, uri, argument(1));
            let text = told(&results);
            let params = json!({ "type": if failed(&results) { 1 } else { 3 }, "message": text });
            let shown = Notification::new("window/showMessage".to_owned(), params);
            (Ok(json!(results)), vec![shown.into()])
        }
        (command, _) => (
            Err(format!("`{command}` is no command of this server")),
            Vec::new(),
        ),
    }
}

/// The tests of a document, or the one of a name, each with why it failed.
fn test(state: &mut State, uri: &str, only: Option<&str>) -> Vec<Value> {
    let Some(Seen { desk, .. }) = state.seen(uri) else {
        return Vec::new();
    };
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let Some((program, tests)) = compile_tests(&desk, &desk.root, &mut sources, &mut found) else {
        return vec![json!({ "name": only, "passed": false, "why": "the program has errors" })];
    };
    let wanted = tests
        .iter()
        .filter(|test| only.is_none_or(|only| test.title == only));
    let stop = Arc::new(AtomicBool::new(false));
    let ended = stops_after(LONGEST, Arc::clone(&stop));
    let each = wanted.map(|test| {
        let verdict = trial::run_until(&program, test, Options::default(), &stop);
        let why = verdict.failure.map(|failure| failure.message);
        json!({ "name": test.title, "passed": why.is_none(), "why": why })
    });
    let results = each.collect();
    drop(ended);
    results
}

/// Stops what goes on for longer, unless what is given back is let go before.
fn stops_after(longest: Duration, stop: Arc<AtomicBool>) -> Sender<()> {
    let (ended, has_ended) = bounded(0);
    thread::spawn(move || {
        let late = has_ended.recv_timeout(longest) == Err(RecvTimeoutError::Timeout);
        stop.store(late, Ordering::Relaxed);
    });
    ended
}

fn is_failed(result: &Value) -> bool {
    result.get("passed") != Some(&Value::Bool(true))
}

fn failed(results: &[Value]) -> bool {
    results.iter().any(is_failed)
}

fn told(results: &[Value]) -> String {
    let bad = results.iter().filter(|result| is_failed(result));
    let lines: Vec<String> = bad
        .map(|result| {
            let text = |name: &str| result.get(name).and_then(Value::as_str).unwrap_or_default();
            format!("{}: {}", text("name"), text("why"))
        })
        .collect();
    match (results.len(), lines.is_empty()) {
        (0, _) => "there are no tests".to_owned(),
        (1, true) => "the test passed".to_owned(),
        (count, true) => format!("all {count} tests passed"),
        (count, false) => format!("{} of {count} tests failed\n{}", lines.len(), lines.join("\n")),
    }
}
