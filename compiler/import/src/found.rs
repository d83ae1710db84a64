//! What was found on the way: each thing that is not imported has a code, and a comment at the place where it would stand.

use crate::{node::Node, out::brief};
use flowmesh_diagnostics::{Code, Diagnostic, Diagnostics, Severity, Span};

/// The most findings that are listed; of errors there may be some more, since none of them may let a program be written.
const MAX_FOUND: usize = 2_000;

/// Findings, and the comments that were not placed yet.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) all: Diagnostics,
    notes: Vec<String>,
    /// How many warnings are not listed.
    more: usize,
}

impl Found {
    /// The input cannot be read.
    pub(crate) fn unreadable(&mut self, span: Span, words: &str) {
        self.add(Diagnostic::error(
            Code(801),
            span,
            format!("this cannot be read: {words}"),
        ));
    }

    /// Nobody knows what this is.
    pub(crate) fn unknown_kind(&mut self, node: &Node, words: &str) {
        let help = "say what it is with `--from kubernetes`, `--from states` or `--from workflow`";
        self.add(Diagnostic::error(Code(802), node.span, words.to_owned()).help(help));
    }

    /// An object of a kind that is not imported.
    pub(crate) fn other_kind(&mut self, node: &Node, kind: &str, name: &str) {
        let words = format!("{kind} `{name}`");
        self.lose(Code(803), node, &words);
    }

    /// A field that is not known.
    pub(crate) fn unknown_field(&mut self, node: &Node, path: &str) {
        self.lose(
            Code(804),
            node,
            &format!("the field `{path}`, which is not known"),
        );
    }

    /// Something that the language has no counterpart for.
    pub(crate) fn lost(&mut self, node: &Node, words: &str) {
        self.lose(Code(805), node, words);
    }

    /// Something that holds in part.
    pub(crate) fn part(&mut self, node: &Node, words: &str) {
        self.notes.push(comment("imported in part", words));
        let words = format!("imported in part: {words}");
        self.add(Diagnostic::warning(Code(806), node.span, words));
    }

    /// Something that is needed and not there.
    pub(crate) fn needed(&mut self, node: &Node, words: &str) {
        self.notes.push(comment("needed", words));
        self.add(Diagnostic::warning(
            Code(807),
            node.span,
            format!("needed: {words}"),
        ));
    }

    /// A value that is not of the form that its field has.
    pub(crate) fn bad_value(&mut self, node: &Node, path: &str, expected: &str) {
        let words = format!("`{path}`: expected {expected}");
        self.notes.push(comment("not imported", &words));
        self.add(Diagnostic::error(Code(808), node.span, words));
    }

    /// A graph that does not become structured code.
    pub(crate) fn tangled(&mut self, node: &Node, words: &str) {
        self.add(Diagnostic::error(Code(809), node.span, words.to_owned()));
    }

    /// An expression that is not translated.
    pub(crate) fn expression(&mut self, node: &Node, text: &str) {
        self.lose(Code(811), node, &format!("the expression `{text}`"));
    }

    /// A comment that found no place before.
    pub(crate) fn again(&mut self, note: String) {
        self.notes.push(note);
    }

    /// The comments that were not placed yet.
    pub(crate) fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    fn lose(&mut self, code: Code, node: &Node, words: &str) {
        self.notes.push(comment("not imported", words));
        self.add(Diagnostic::warning(
            code,
            node.span,
            format!("not imported: {words}"),
        ));
    }

    fn add(&mut self, diagnostic: Diagnostic) {
        let most = match diagnostic.severity {
            Severity::Error => 2 * MAX_FOUND,
            _ => MAX_FOUND,
        };
        match self.all.len() < most {
            true => self.all.add_beside(diagnostic),
            false => self.more += 1,
        }
    }

    /// All findings; of those that are not listed, how many they are.
    pub(crate) fn listed(mut self) -> Diagnostics {
        if self.more > 0 {
            let words = format!(
                "not imported: {} more findings, which are not listed; most have a comment in the program",
                self.more
            );
            self.all
                .add_beside(Diagnostic::warning(Code(805), Span::default(), words));
        }
        self.all
    }
}

/// One line of comment, whatever stands in the words.
fn comment(mark: &str, words: &str) -> String {
    format!("{mark}: {}", brief(words))
}

#[cfg(test)]
mod tests {
    use super::{Found, MAX_FOUND};
    use crate::node::{Node, Value};
    use flowmesh_diagnostics::Span;

    #[test]
    fn errors_are_known_behind_any_number_of_warnings() {
        let mut found = Found::default();
        let node = Node {
            value: Value::Null,
            span: Span::default(),
        };
        for number in 0..=MAX_FOUND {
            found.lost(&node, &number.to_string());
        }
        found.bad_value(&node, "a", "b");
        assert!(found.all.has_errors());
        let listed = found.listed();
        assert_eq!(listed.len(), MAX_FOUND + 2);
        let last = listed.iter().last().expect("there is one");
        assert!(last.message.contains(" 1 more"), "{}", last.message);
    }
}
