//! Tasks as statements of a flow.

mod value;

pub(super) use value::expression;

use super::{
    Shared, infer,
    jq::Variables,
    schema,
    task::{Task, Then, tasks},
};
use crate::{
    fields::Fields,
    found::Found,
    jumps::{Labelled, reached},
    name::{Names, duration},
    node::Node,
    out::{GIVEN, Out, brief},
    uses::Types,
};
use std::collections::{BTreeMap, BTreeSet};

/// A workflow on its way to a flow.
pub(super) struct Flow<'a> {
    pub(super) shared: &'a mut Shared,
    pub(super) found: &'a mut Found,
    pub(super) names: Names,
    /// `use` of the workflow.
    pub(super) uses: Option<&'a Node>,
    /// Statuses that a `try` around waits for, and the errors that they are.
    pub(super) statuses: Vec<(String, u16)>,
    /// The `retry` of a `try` around.
    pub(super) retry: Option<String>,
}

/// Where statements stand.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) variables: Variables,
    /// Whether the flow may end there.
    pub(super) ends: bool,
    /// The labels of tasks that are jumped to.
    pub(super) labels: Option<BTreeMap<String, String>>,
}

/// Errors that may leave some statements.
pub(super) type Escaping = BTreeSet<String>;

/// How deep tasks stand in each other.
const MAX_DEPTH: usize = 24;

impl<'a> Flow<'a> {
    /// The flow of a workflow.
    pub(super) fn write(node: &'a Node, name: &str, shared: &'a mut Shared, found: &'a mut Found) -> String {
        let mut names = Names::default();
        for taken in ["input", "data", GIVEN, "context", "each", "e"] {
            names.fresh(taken);
        }
        let mut flow = Self {
            shared,
            found,
            names,
            uses: node.get("use"),
            statuses: Vec::new(),
            retry: None,
        };
        flow.whole(node, name)
    }

    fn whole(&mut self, node: &'a Node, name: &str) -> String {
        let mut fields = Fields::of(node, "", self.found);
        let document = fields.take("document");
        let summary = document
            .and_then(|it| it.get("summary").or_else(|| it.get("title")))
            .and_then(Node::text);
        fields.skip(&["use", "metadata"]);
        fields.lost(
            &[
                ("schedule", "when a workflow begins by itself; write a `schedule`"),
                ("evaluate", "another language of expressions"),
            ],
            self.found,
        );
        let schema = fields.take("input").cloned();
        let output = fields.take("output").and_then(|it| it.get("as")).cloned();
        let timeout = fields
            .take("timeout")
            .and_then(|it| self.time(it.get("after").unwrap_or(it)));
        let list = fields.take("do");
        fields.end(self.found);
        let mut notes = self.found.notes();
        let ty = schema
            .as_ref()
            .and_then(|it| it.get("schema"))
            .and_then(|it| it.get("document"));
        let ty = match ty {
            Some(it) => Some(schema::ty(it, &format!("{name} input"), self.shared)),
            None => self.inferred(schema.as_ref(), list, name),
        };
        let ty = ty.filter(|it| it != "json");
        let scope = Scope {
            variables: Variables {
                data: "data".to_owned(),
                named: vec![
                    ("context".to_owned(), "context".to_owned()),
                    ("input".to_owned(), "data".to_owned()),
                ],
            },
            ends: true,
            labels: None,
        };
        let mut body = Out::default();
        if let Some(from) = schema.as_ref().and_then(|it| it.get("from")) {
            self.assign(from, &scope, &mut body);
        }
        let all = tasks(list, self.found);
        let jumps = all
            .iter()
            .any(|task| task.leads_to().iter().any(|then| matches!(then, Then::To(_))));
        let last = output.as_ref().map_or("data".to_owned(), |node| {
            self.value(node, &scope).unwrap_or_else(|| "data".to_owned())
        });
        let (escaping, left) = match jumps {
            true => (self.states(&all, scope, &last, &mut body), true),
            false => self.list(&all, &scope, 0, &mut body),
        };
        if !left {
            body.line(format!("return {last}"));
        }
        notes.extend(self.found.notes());
        let mut out = Out::default();
        out.notes(&notes);
        if let Some(summary) = summary {
            out.line(format!("/// {}", brief(&summary)));
        }
        let fails: Vec<String> = escaping.into_iter().collect();
        let fails = if fails.is_empty() {
            String::new()
        } else {
            format!(" fails {}", fails.join(", "))
        };
        out.line(format!("flow {name}(input: json) -> json{fails} {{"));
        if let Some(ms) = timeout {
            out.line(format!("timeout: {}", duration(ms.max(1))));
        }
        let body = body.text();
        if let Some(ty) = ty {
            out.typed(&ty, &body);
        }
        out.line(match body.contains("data = ") {
            true => "var data: json = input",
            false => "let data: json = input",
        });
        if body.contains("context") {
            out.line(if body.contains("context = ") {
                "var context: json = ({})"
            } else {
                "let context: json = ({})"
            });
        }
        out.line(body);
        out.line("}");
        out.text()
    }

    /// The type of what the workflow is given, by what its tasks read.
    fn inferred(&mut self, input: Option<&Node>, list: Option<&Node>, name: &str) -> Option<String> {
        if input.is_some_and(|it| it.get("from").is_some()) {
            return None;
        }
        let mut types = Types::default();
        let names = self.shared.callees.type_names();
        let ty = types.record(&infer::infer(list), &format!("{name} input"), false, names);
        self.shared.declared.extend(types.declared);
        ty
    }

    /// Tasks that lead into each other, as states with jumps.
    fn states(&mut self, all: &[Task<'_>], mut scope: Scope, last: &str, out: &mut Out) -> Escaping {
        let mut names = Names::default();
        let labels: BTreeMap<String, String> = all
            .iter()
            .map(|task| (task.name.clone(), names.fresh(&task.name)))
            .collect();
        scope.labels = Some(labels.clone());
        let mut escaping = Escaping::new();
        let mut states = Vec::new();
        for (at, task) in all.iter().enumerate() {
            let label = labels.get(&task.name).cloned().unwrap_or_default();
            let mut body = Out::default();
            let (more, mut leaves) = self.task(task, &scope, 0, &mut body);
            escaping.extend(more);
            if !leaves && at + 1 == all.len() {
                body.line(format!("return {last}"));
                leaves = true;
            }
            let body = body.text();
            states.push(Labelled { label, body, leaves });
        }
        for ((state, reached), task) in states.iter().zip(reached(&states)).zip(all) {
            if reached {
                out.line(format!("state {} {{\n{}\n}}", state.label, state.body));
                continue;
            }
            self.found.lost(
                task.node,
                &format!("the task `{}`, which nothing leads to", task.name),
            );
            out.notes(&self.found.notes());
        }
        escaping
    }

    /// Tasks one after the other; whether the last of them leaves.
    pub(super) fn list(
        &mut self,
        all: &[Task<'_>],
        scope: &Scope,
        depth: usize,
        out: &mut Out,
    ) -> (Escaping, bool) {
        let mut escaping = Escaping::new();
        for task in all {
            let (more, left) = self.task(task, scope, depth, out);
            escaping.extend(more);
            if left {
                return (escaping, true);
            }
        }
        (escaping, false)
    }

    /// A task; whether it leaves for another place than the next task.
    fn task(&mut self, task: &Task<'_>, scope: &Scope, depth: usize, out: &mut Out) -> (Escaping, bool) {
        out.comment(&brief(&task.name));
        if depth > MAX_DEPTH {
            self.found.tangled(
                task.node,
                &format!("`{}` stands too deep in other tasks", task.name),
            );
            return (Escaping::new(), false);
        }
        let mut body = Out::default();
        let condition = task.node.get("if").map(|node| self.condition(node, scope));
        let (escaping, mut left) = self.does(task, scope, depth, &mut body);
        if !left {
            left = self.leave(&task.then(), task, scope, &mut body);
        }
        out.notes(&self.found.notes());
        let body = body.text();
        match condition {
            Some(condition) => {
                out.line(format!("if {condition} {{"));
                out.line(body);
                out.line("}");
                (escaping, false)
            }
            None => {
                out.line(body);
                (escaping, left)
            }
        }
    }

    /// What a task does, with its own input, output and time.
    fn does(&mut self, task: &Task<'_>, scope: &Scope, depth: usize, out: &mut Out) -> (Escaping, bool) {
        let mut fields = task.fields(self.found);
        let from = fields.take("input").and_then(|it| it.get("from")).cloned();
        let output = fields.take("output").and_then(|it| it.get("as")).cloned();
        let export = fields.take("export").and_then(|it| it.get("as")).cloned();
        let timeout = fields
            .take("timeout")
            .and_then(|it| self.time(it.get("after").unwrap_or(it)));
        if let Some(from) = &from {
            self.assign(from, scope, out);
        }
        let mut body = Out::default();
        let found = self.kind(task, &mut fields, scope, depth, &mut body);
        fields.end(self.found);
        match timeout {
            Some(ms) => {
                out.line(format!("within {} {{", duration(ms.max(1))));
                out.line(body.text());
                let error = self.shared.callees.error("Timeout");
                out.line(format!(
                    "}} else {{\nfail {error}(cause: {})\n}}",
                    crate::name::quoted(&task.name)
                ));
                let (mut escaping, _) = found;
                escaping.insert(error);
                self.after(output.as_ref(), export.as_ref(), scope, out);
                return (escaping, false);
            }
            None => out.line(body.text()),
        }
        if !found.1 {
            self.after(output.as_ref(), export.as_ref(), scope, out);
        }
        found
    }

    /// What is handed on, and what is kept for the whole workflow.
    fn after(&mut self, output: Option<&Node>, export: Option<&Node>, scope: &Scope, out: &mut Out) {
        if let Some(node) = output {
            self.assign(node, scope, out);
        }
        if let Some(node) = export
            && let Some(value) = self.value(node, scope)
        {
            out.line(format!("context = {value}"));
        }
    }

    /// Leads on where a task says; whether it does not go on to the next one.
    pub(super) fn leave(&mut self, then: &Then, task: &Task<'_>, scope: &Scope, out: &mut Out) -> bool {
        let label = |name: &String| scope.labels.as_ref().and_then(|labels| labels.get(name)).cloned();
        match then {
            Then::On => false,
            Then::Exit | Then::End if scope.ends && (scope.labels.is_some() || *then == Then::End) => {
                out.line(format!("return {}", scope.variables.data));
                true
            }
            Then::To(name) => match label(name) {
                Some(label) => {
                    out.line(format!("goto {label}"));
                    true
                }
                None => {
                    self.found.tangled(
                        task.node,
                        &format!(
                            "`{}` leads to `{name}`, which is no task of the whole workflow",
                            task.name
                        ),
                    );
                    true
                }
            },
            Then::Exit | Then::End => {
                self.found
                    .tangled(task.node, &format!("`{}` ends what is around it", task.name));
                true
            }
        }
    }

    /// Assigns a value to the data.
    pub(super) fn assign(&mut self, node: &Node, scope: &Scope, out: &mut Out) {
        let value = self.value(node, scope);
        if let Some(value) = value.filter(|value| *value != scope.variables.data) {
            out.line(format!("{} = {value}", scope.variables.data));
        }
    }
}
