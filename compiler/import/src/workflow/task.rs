//! A task: its name, and what it has beside what it does.

use crate::{
    fields::Fields,
    found::Found,
    node::{Node, Value},
};

/// A task of a list.
#[derive(Clone, Debug)]
pub(crate) struct Task<'a> {
    pub(crate) name: String,
    pub(crate) node: &'a Node,
}

/// Where a task leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// To the next one.
    On,
    /// Out of the list.
    Exit,
    /// To the end of the workflow.
    End,
    To(String),
}

/// The tasks of a list of objects with one field each.
pub(crate) fn tasks<'a>(node: Option<&'a Node>, found: &mut Found) -> Vec<Task<'a>> {
    let mut all = Vec::new();
    for item in node.map_or(&[][..], Node::items) {
        match &item.value {
            Value::Object(fields) => all.extend(fields.iter().map(|(name, node)| Task {
                name: name.clone(),
                node,
            })),
            _ => found.bad_value(item, "do", "a task with its name"),
        }
    }
    all
}

/// Where a word leads.
pub(crate) fn then(word: Option<&str>) -> Then {
    match word {
        None | Some("continue") => Then::On,
        Some("exit") => Then::Exit,
        Some("end") => Then::End,
        Some(name) => Then::To(name.to_owned()),
    }
}

impl Task<'_> {
    /// Its `then`.
    pub(crate) fn then(&self) -> Then {
        then(self.node.get("then").and_then(Node::text).as_deref())
    }

    /// All places that it leads to, but for the next one.
    pub(crate) fn leads_to(&self) -> Vec<Then> {
        let mut all = vec![self.then()];
        for case in self.node.get("switch").map_or(&[][..], Node::items) {
            if let Value::Object(cases) = &case.value {
                all.extend(
                    cases
                        .iter()
                        .map(|(_, it)| then(it.get("then").and_then(Node::text).as_deref())),
                );
            }
        }
        all.retain(|it| *it != Then::On);
        all
    }

    /// Its fields, without those that say nothing.
    pub(crate) fn fields(&self, found: &mut Found) -> Fields<'_> {
        let mut fields = Fields::of(self.node, self.name.clone(), found);
        fields.skip(&["metadata", "then", "if"]);
        fields
    }
}
