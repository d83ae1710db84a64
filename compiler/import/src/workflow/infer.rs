//! The type of what a workflow is given, where no schema says it: from what its tasks read before one of them changes the data.

use super::{
    flow::expression,
    jq::{self, Jq, Piece, Root},
};
use crate::{
    json::Step,
    node::{Node, Value},
    uses::{Part, Use, Uses},
};

/// How deep tasks and values stand in each other.
const MAX_DEPTH: usize = 24;

/// What the tasks of a list read of the input.
pub(super) fn infer(list: Option<&Node>) -> Uses {
    let mut uses = Uses::default();
    tasks(list, &mut uses, MAX_DEPTH);
    uses
}

/// Follows tasks as long as the data is what the workflow was given; whether it still is.
fn tasks(list: Option<&Node>, uses: &mut Uses, deeper: usize) -> bool {
    let fields = list
        .map_or(&[][..], Node::items)
        .iter()
        .filter_map(|item| match &item.value {
            Value::Object(fields) => Some(fields),
            _ => None,
        });
    fields
        .flatten()
        .all(|(_, task)| deeper > 0 && one(task, uses, deeper - 1))
}

fn one(task: &Node, uses: &mut Uses, deeper: usize) -> bool {
    if let Some(node) = task.get("if") {
        condition(node, uses);
    }
    if let Some(from) = task.get("input").and_then(|it| it.get("from")) {
        values(from, uses, deeper);
        return false;
    }
    for case in task.get("switch").map_or(&[][..], Node::items) {
        if let Value::Object(cases) = &case.value {
            let all = cases.iter().filter_map(|(_, case)| case.get("when"));
            all.for_each(|when| condition(when, uses));
        }
    }
    for name in ["set", "with", "raise", "emit", "run"] {
        if let Some(node) = task.get(name) {
            values(node, uses, deeper);
        }
    }
    if let Some(text) = task.get("for").and_then(|it| it.get("in")).and_then(Node::text) {
        let inside = expression(&text).unwrap_or(&text);
        jq::parse(inside).iter().for_each(|it| note(it, Use::List, uses));
    }
    let kept = ["switch", "raise", "wait", "emit"]
        .iter()
        .any(|kind| task.get(kind).is_some());
    let within = ["do", "try"]
        .iter()
        .find_map(|kind| task.get(kind))
        .filter(|_| task.get("for").is_none());
    let kept = kept || within.is_some_and(|list| tasks(Some(list), uses, deeper));
    kept && task.get("output").is_none()
}

fn condition(node: &Node, uses: &mut Uses) {
    let text = node.text().unwrap_or_default();
    let inside = expression(&text).unwrap_or(&text);
    jq::parse(inside).iter().for_each(|it| note(it, Use::Bool, uses));
}

/// All expressions in a value.
fn values(node: &Node, uses: &mut Uses, deeper: usize) {
    let Some(deeper) = deeper.checked_sub(1) else {
        return;
    };
    match &node.value {
        Value::Text(text) => {
            let read = expression(text).and_then(jq::parse);
            read.iter().for_each(|it| note(it, Use::Handed, uses));
        }
        Value::List(all) => all.iter().for_each(|it| values(it, uses, deeper)),
        Value::Object(all) => all.iter().for_each(|(_, it)| values(it, uses, deeper)),
        _ => {}
    }
}

/// What an expression says of the paths in it, where it stands as what is of this kind.
fn note(jq: &Jq, kind: Use, uses: &mut Uses) {
    match jq {
        Jq::Path(root, steps) => {
            if *root == Root::Data || *root == Root::Variable("input".to_owned()) {
                uses.note(&parts(steps), kind, false);
            }
        }
        Jq::Binary(a, sign, b) => {
            note(a, operand(sign, b), uses);
            note(b, operand(sign, a), uses);
        }
        Jq::Piped(of, word) => note(of, if word == "not" { Use::Bool } else { Use::Handed }, uses),
        Jq::Text(pieces) => {
            for piece in pieces {
                if let Piece::Value(value) = piece {
                    note(value, Use::Handed, uses);
                }
            }
        }
        Jq::List(all) => all.iter().for_each(|it| note(it, Use::Handed, uses)),
        Jq::Object(all) => all.iter().for_each(|(_, it)| note(it, Use::Handed, uses)),
        Jq::Number(_) | Jq::Bool(_) | Jq::Null => {}
    }
}

/// What stands on one side of a sign, by what stands on the other.
fn operand(sign: &str, other: &Jq) -> Use {
    match (sign, other) {
        ("and" | "or", _) | ("==", Jq::Bool(_)) => Use::Bool,
        ("==" | "<" | "<=" | ">" | ">=" | "+", Jq::Text(_)) => Use::Text,
        ("==" | "+", Jq::Number(_)) | ("<" | "<=" | ">" | ">=" | "-" | "*" | "/" | "%", _) => Use::Number,
        _ => Use::Handed,
    }
}

fn parts(steps: &[Step]) -> Vec<Part> {
    let part = |step: &Step| match step {
        Step::Field(name) => Part::Field(name.clone()),
        Step::Index(_) | Step::Each => Part::Element,
    };
    steps.iter().map(part).collect()
}
