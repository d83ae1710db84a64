//! What the rules of a `Choice` compare.

use super::{Given, Infer, Shape};
use crate::{
    node::{Node, Value},
    states::path::steps,
    uses::Use,
};

/// How deep `And`, `Or` and `Not` stand in each other.
const MAX_DEPTH: u32 = 20;

impl Infer {
    /// What a rule reads. A value of another type fits no comparison, so that no part must be there.
    pub(super) fn rule(&mut self, rule: &Node, base: &Given<'_>) {
        self.compares(rule, base, MAX_DEPTH);
    }

    fn compares(&mut self, rule: &Node, base: &Given<'_>, deeper: u32) {
        let Some(deeper) = deeper.checked_sub(1) else {
            return;
        };
        let all = [rule.get("And"), rule.get("Or")];
        let within = all
            .into_iter()
            .flatten()
            .flat_map(Node::items)
            .chain(rule.get("Not"));
        within.for_each(|rule| self.compares(rule, base, deeper));
        let (Some(path), Value::Object(fields)) = (rule.get("Variable").and_then(Node::text), &rule.value)
        else {
            return;
        };
        let operator = fields
            .iter()
            .find(|(name, _)| !matches!(name.as_str(), "Variable" | "Next" | "Comment"));
        let Some((operator, node)) = operator else { return };
        let kind = kind(operator);
        let mut paths = vec![path];
        paths.extend(node.text().filter(|_| operator.ends_with("Path")));
        for path in paths {
            let read = path
                .strip_prefix('$')
                .and_then(steps)
                .map(|path| base.data.read(&path));
            self.note(&read.unwrap_or_else(Shape::default), kind, false);
        }
    }
}

/// What an operator says of what it compares.
fn kind(operator: &str) -> Use {
    let begins = |word: &str| operator.starts_with(word);
    match operator {
        "IsPresent" | "IsNull" => Use::Seen,
        _ if begins("Is") => Use::Asked,
        _ if begins("String") => Use::Text,
        _ if begins("Numeric") => Use::Number,
        _ if begins("Boolean") => Use::Bool,
        _ if begins("Timestamp") => Use::Time,
        _ => Use::Handed,
    }
}
