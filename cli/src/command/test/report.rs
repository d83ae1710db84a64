//! What came of tests, for people and for programs.

use super::{Outcome, Suite};
use crate::draw::{self, json::Finding, many};
use flowmesh_diagnostics::{Diagnostic, Sources};
use flowmesh_host::trial::{Failure, Line};
use flowmesh_ir::{Value as Literal, print, test::Test};
use serde_json::{Value, json};
use std::time::Duration;

/// How many lines of a trail are shown: the last ones.
const TRAIL_MAX: usize = 60;

/// One line for each test, what is wrong with those that failed, and how many there were.
pub(super) fn tell(suites: &[Suite], outcomes: &[Outcome], took: Duration) {
    for (at, suite) in suites.iter().enumerate() {
        draw::answer(suite.file.display().to_string());
        for outcome in outcomes.iter().filter(|outcome| outcome.suite == at) {
            if let Some(test) = suite.tests.get(outcome.test) {
                draw::answer(line(test, outcome));
            }
        }
        for outcome in outcomes.iter().filter(|outcome| outcome.suite == at) {
            let test = suite.tests.get(outcome.test);
            if let (Some(failure), Some(test)) = (&outcome.verdict.failure, test) {
                draw::say(format!("\ntest \"{}\"", test.title));
                draw::say(draw::report::picture(&diagnostic(failure), &suite.sources).trim_end());
                draw::say(trail(&outcome.verdict.trail));
            }
        }
    }
    let failed = outcomes
        .iter()
        .filter(|outcome| outcome.verdict.failure.is_some())
        .count();
    let passed = outcomes.len().saturating_sub(failed);
    draw::answer(format!(
        "{}: {passed} passed, {failed} failed ({})",
        many(outcomes.len(), "test", "tests"),
        millis(took)
    ));
}

/// A failure as the compiler would say it.
pub(crate) fn diagnostic(failure: &Failure) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(failure.code, failure.span, failure.message.clone());
    diagnostic.help.clone_from(&failure.help);
    diagnostic
}

/// The outcomes as data.
pub(super) fn data(suites: &[Suite], outcomes: &[Outcome]) -> Value {
    let tests = |at: usize, suite: &Suite| {
        let of = outcomes.iter().filter(|outcome| outcome.suite == at);
        let data = of.filter_map(|outcome| Some(one(suite, suite.tests.get(outcome.test)?, outcome)));
        data.collect::<Vec<Value>>()
    };
    let files: Vec<Value> = suites
        .iter()
        .enumerate()
        .map(|(at, suite)| json!({ "file": suite.file, "tests": tests(at, suite) }))
        .collect();
    let failed = outcomes
        .iter()
        .filter(|outcome| outcome.verdict.failure.is_some())
        .count();
    json!({ "files": files, "passed": outcomes.len().saturating_sub(failed), "failed": failed })
}

fn one(suite: &Suite, test: &Test, outcome: &Outcome) -> Value {
    let verdict = &outcome.verdict;
    let failure = verdict.failure.as_ref();
    json!({
        "title": test.title,
        "ok": verdict.failure.is_none(),
        "took_ms": outcome.took.as_secs_f64() * 1000.0,
        "virtual_ms": verdict.passed.as_millis(),
        "failure": failure.map(|failure| failure_data(failure, &suite.sources)),
        "trail": if failure.is_some() { trail_data(&verdict.trail) } else { Vec::new() },
    })
}

/// A failure as data.
pub(crate) fn failure_data(failure: &Failure, sources: &Sources) -> Value {
    serde_json::to_value(Finding::new(&diagnostic(failure), sources)).unwrap_or_default()
}

/// What happened, as data.
pub(crate) fn trail_data(trail: &[Line]) -> Vec<Value> {
    let line = |line: &Line| json!({ "at_ms": line.at.as_millis(), "run": line.run, "what": line.what });
    trail.iter().map(line).collect()
}

fn line(test: &Test, outcome: &Outcome) -> String {
    let word = match outcome.verdict.failure {
        None => "ok    ",
        Some(_) => "FAILED",
    };
    let passed = outcome.verdict.passed;
    let passed = match passed.is_zero() {
        true => String::new(),
        false => format!(" for {}", print::value(&Literal::Duration(passed))),
    };
    format!("  {word} {} ({}{passed})", test.title, millis(outcome.took))
}

pub(crate) fn trail(lines: &[Line]) -> String {
    if lines.is_empty() {
        return "  nothing happened".to_owned();
    }
    let skipped = lines.len().saturating_sub(TRAIL_MAX);
    let shown = lines.iter().skip(skipped).map(|line| {
        let at = print::value(&Literal::Duration(line.at));
        format!("  {at:>8}  {:<14} {}", line.run, line.what)
    });
    let mut text = match skipped {
        0 => "what happened:".to_owned(),
        count => format!("what happened ({count} lines before these are left out):"),
    };
    for line in shown {
        text.push('\n');
        text.push_str(&line);
    }
    text
}

pub(crate) fn millis(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1000.0)
}
