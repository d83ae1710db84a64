//! What a task does, and tasks with tasks within.

use super::{
    flow::{Escaping, Flow, Scope},
    task::{Task, Then, tasks, then},
};
use crate::{
    fields::Fields,
    json::list,
    name::duration,
    node::{Node, Value},
    out::Out,
};

/// What is found of a task: errors that may leave it, and whether it leads elsewhere by itself.
type Done = (Escaping, bool);

impl<'a> Flow<'a> {
    /// Writes what a task does.
    pub(super) fn kind(
        &mut self,
        task: &Task<'_>,
        fields: &mut Fields<'_>,
        scope: &Scope,
        depth: usize,
        out: &mut Out,
    ) -> Done {
        let done = |escaping: Escaping| (escaping, false);
        if let Some(list) = fields.take("switch") {
            return self.switch(task, list, scope, out);
        }
        if let Some(node) = fields.take("for") {
            return done(self.rounds(task, node, fields, scope, depth, out));
        }
        if let Some(list) = fields.take("try") {
            return done(self.attempt(task, list, fields, scope, depth, out));
        }
        if let Some(node) = fields.take("do") {
            let all = tasks(Some(node), self.found);
            let scope = Scope {
                labels: None,
                ..scope.clone()
            };
            return self.list(&all, &scope, depth + 1, out);
        }
        if let Some(node) = fields.take("fork") {
            return done(self.fork(task, node, scope, depth, out));
        }
        if let Some(node) = fields.take("set") {
            self.assign(node, scope, out);
            return done(Escaping::new());
        }
        if let Some(node) = fields.take("wait") {
            if let Some(ms) = self.time(node) {
                out.line(format!("sleep {}", duration(ms)));
            }
            return done(Escaping::new());
        }
        if let Some(node) = fields.take("raise") {
            return (self.raise(node, scope, out), true);
        }
        if let Some(node) = fields.take("emit") {
            self.emit(node, scope, out);
            return done(Escaping::new());
        }
        if let Some(node) = fields.take("listen") {
            self.listen(node, scope, out);
            fields.lost(&[("foreach", "what is done for each event")], self.found);
            return done(Escaping::new());
        }
        if let Some(node) = fields.take("run") {
            return done(self.run(task, node, scope, out));
        }
        if let Some(word) = fields.text("call", self.found) {
            return done(self.call(task, &word, fields.take("with"), scope, out));
        }
        self.found.bad_value(
            task.node,
            &task.name,
            "what a task does: `call`, `do`, `set` or another word",
        );
        done(Escaping::new())
    }

    fn switch(&mut self, task: &Task<'_>, list: &Node, scope: &Scope, out: &mut Out) -> Done {
        let mut word = "if";
        let mut all_leave = true;
        let mut default = None;
        for item in list.items() {
            let Value::Object(cases) = &item.value else {
                self.found.bad_value(item, "switch", "a case with its name");
                continue;
            };
            for (_, case) in cases {
                let leads = then(case.get("then").and_then(Node::text).as_deref());
                let Some(when) = case.get("when") else {
                    default = Some(leads);
                    continue;
                };
                let condition = self.condition(when, scope);
                let mut body = Out::default();
                let left = self.leave(&leads, task, scope, &mut body);
                out.notes(&self.found.notes());
                out.line(format!("{word} {condition} {{"));
                out.line(body.text());
                all_leave &= left;
                word = "} else if";
            }
        }
        let mut body = Out::default();
        let left = default.is_some_and(|leads: Then| self.leave(&leads, task, scope, &mut body));
        match (word, left) {
            ("if", _) => out.line(body.text()),
            (_, true) => out.line(format!("}} else {{\n{}\n}}", body.text())),
            (_, false) => out.line("}"),
        }
        (Escaping::new(), left && all_leave)
    }

    fn rounds(
        &mut self,
        task: &Task<'_>,
        node: &Node,
        fields: &mut Fields<'_>,
        scope: &Scope,
        depth: usize,
        out: &mut Out,
    ) -> Escaping {
        let mut own = Fields::of(node, format!("{}.for", task.name), self.found);
        let each = own.text("each", self.found).unwrap_or_else(|| "item".to_owned());
        let at = own.text("at", self.found);
        let list = own.take("in").and_then(|node| {
            // What stands there is an expression, with or without its signs.
            let wrapped = match &node.value {
                Value::Text(text) if super::flow::expression(text).is_none() => Node {
                    value: Value::Text(format!("${{{text}}}")),
                    span: node.span,
                },
                _ => node.clone(),
            };
            self.value(&wrapped, scope)
        });
        own.end(self.found);
        let list = list.unwrap_or_else(|| "({})".to_owned());
        let name = self.names.fresh(&format!("{each} item"));
        let mut inner = Scope {
            labels: None,
            ..scope.clone()
        };
        inner.variables.named.push((each, name.clone()));
        let index = at.map(|at| {
            let index = self.names.fresh(&format!("{at} index"));
            inner.variables.named.push((at, format!("{index}.to_json()")));
            index
        });
        let ends = fields.take("while").map(|node| self.condition(node, &inner));
        if let Some(index) = &index {
            out.line(format!("var {index} = -1"));
        }
        out.line(format!("for {name} in {list}.items() {{"));
        if let Some(index) = &index {
            out.line(format!("{index} = {index} + 1"));
        }
        if let Some(condition) = ends {
            out.line(format!("if not ({condition}) {{\nbreak\n}}"));
        }
        let all = tasks(fields.take("do"), self.found);
        let mut body = Out::default();
        let (escaping, _) = self.list(&all, &inner, depth + 1, &mut body);
        out.notes(&self.found.notes());
        out.line(body.text());
        out.line("}");
        escaping
    }

    fn fork(&mut self, task: &Task<'_>, node: &Node, scope: &Scope, depth: usize, out: &mut Out) -> Escaping {
        let mut own = Fields::of(node, format!("{}.fork", task.name), self.found);
        let competes = own.flag("compete", self.found).unwrap_or_default();
        let all = tasks(own.take("branches"), self.found);
        own.end(self.found);
        let mut escaping = Escaping::new();
        let mut inside = Out::default();
        let (mut results, mut winners) = (Vec::new(), Vec::new());
        for branch in &all {
            let name = self.names.fresh(&format!("{} data", branch.name));
            out.line(format!("var {name}: json = {}", scope.variables.data));
            let mut inner = Scope {
                ends: false,
                labels: None,
                ..scope.clone()
            };
            inner.variables.data.clone_from(&name);
            let mut body = Out::default();
            let (more, _) = self.list(std::slice::from_ref(branch), &inner, depth + 1, &mut body);
            escaping.extend(more);
            let label = self.names.fresh(&format!("{} branch", branch.name));
            inside.line(format!("step {label} {{"));
            inside.notes(&self.found.notes());
            inside.line(body.text());
            if competes {
                let won = self.names.fresh(&format!("{} index", branch.name));
                out.line(format!("var {won} = false"));
                inside.line(format!("{won} = true"));
                winners.push((won, name.clone()));
            }
            inside.line("}");
            results.push(name);
        }
        out.line(if competes { "race {" } else { "parallel {" });
        out.line(inside.text());
        out.line("}");
        if !competes {
            out.line(format!("{} = {}", scope.variables.data, list(&results)));
        }
        for (won, name) in winners {
            out.line(format!("if {won} {{\n{} = {name}\n}}", scope.variables.data));
        }
        escaping
    }

    fn attempt(
        &mut self,
        task: &Task<'_>,
        list: &Node,
        fields: &mut Fields<'_>,
        scope: &Scope,
        depth: usize,
        out: &mut Out,
    ) -> Escaping {
        let catch = fields.take("catch").cloned();
        let mut own = catch
            .as_ref()
            .map(|node| Fields::of(node, format!("{}.catch", task.name), self.found));
        let waits = own
            .as_mut()
            .and_then(|own| own.object("errors", self.found))
            .map(|mut errors| {
                let with = errors.object("with", self.found);
                errors.end(self.found);
                with
            });
        let (mut kind, mut status) = (None, None);
        if let Some(Some(mut with)) = waits {
            kind = with.text("type", self.found);
            status = with
                .count("status", self.found)
                .and_then(|it| u16::try_from(it).ok())
                .filter(|it| (400..600).contains(it));
            with.lost(
                &[
                    ("instance", "the place of an error"),
                    ("title", "the title of an error"),
                    ("details", "the details of an error"),
                ],
                self.found,
            );
            with.end(self.found);
        }
        let retry = own
            .as_mut()
            .and_then(|own| own.take("retry"))
            .and_then(|node| self.retries(node));
        let name = own
            .as_mut()
            .and_then(|own| own.text("as", self.found))
            .unwrap_or_else(|| "error".to_owned());
        if let Some(own) = own.as_mut() {
            own.lost(
                &[
                    ("when", "a condition on an error"),
                    ("exceptWhen", "a condition on an error"),
                ],
                self.found,
            );
        }
        let handler = own.as_mut().and_then(|own| own.take("do")).cloned();
        if let Some(own) = own {
            own.end(self.found);
        }
        let known = status.map(|status| {
            let error = self.shared.callees.error(&format!("Status{status}"));
            self.statuses.push((error.clone(), status));
            error
        });
        let before = retry.is_some().then(|| std::mem::replace(&mut self.retry, retry));
        let inner = Scope {
            labels: None,
            ..scope.clone()
        };
        let mut body = Out::default();
        let all = tasks(Some(list), self.found);
        let (inside, _) = self.list(&all, &inner, depth + 1, &mut body);
        if known.is_some() {
            self.statuses.pop();
        }
        if let Some(before) = before {
            self.retry = before;
        }
        out.notes(&self.found.notes());
        let caught = match &known {
            Some(error) => inside.contains(error).then(|| error.clone()),
            None => Some(self.caught(kind.as_deref(), &inside)),
        };
        let (Some(caught), Some(_)) = (caught, &catch) else {
            if let (Some(node), Some(status)) = (&catch, status) {
                self.found.lost(
                    node,
                    &format!(
                        "errors with status {status}, which nothing in `{}` answers with",
                        task.name
                    ),
                );
                out.notes(&self.found.notes());
            }
            out.line(body.text());
            return inside;
        };
        let mut left: Escaping = if caught == "any" { Escaping::new() } else { inside };
        left.remove(&caught);
        let own = self.names.fresh(&format!("{name} error"));
        let mut inner = inner;
        inner.variables.named.push((name, own.clone()));
        let mut arm = Out::default();
        let all = tasks(handler.as_ref(), self.found);
        let (more, _) = self.list(&all, &inner, depth + 1, &mut arm);
        left.extend(more);
        let arm = arm.text();
        let reads = arm.contains(&own);
        out.line("try {");
        out.line(body.text());
        out.line(format!(
            "}} catch {caught}{} {{",
            if reads { " as e" } else { "" }
        ));
        out.notes(&self.found.notes());
        if reads {
            let status = status.map_or("none as json".to_owned(), |it| it.to_string());
            let (title, detail) = match caught.as_str() {
                "any" => ("e.name".to_owned(), "e.reason"),
                name => (crate::name::quoted(name), "e.cause"),
            };
            out.line(format!(
                "let {own}: json = {{ title: {title}, detail: {detail}, status: {status} }}"
            ));
        }
        out.line(arm);
        out.line("}");
        left
    }

    /// The error that a type of errors is; any where it is none of those that may happen.
    fn caught(&mut self, kind: Option<&str>, inside: &Escaping) -> String {
        let Some(kind) = kind else { return "any".to_owned() };
        let last = kind.trim_end_matches('/').rsplit('/').next().unwrap_or(kind);
        if last == "timeout" {
            return "Timeout".to_owned();
        }
        let own = self.shared.callees.error(kind_name(kind));
        if inside.contains(&own) {
            own
        } else {
            "any".to_owned()
        }
    }

    fn raise(&mut self, node: &Node, scope: &Scope, out: &mut Out) -> Escaping {
        let mut own = Fields::of(node, "raise", self.found);
        let error = own.take("error");
        own.end(self.found);
        let named = error
            .and_then(Node::text)
            .and_then(|name| self.uses?.get("errors")?.get(&name));
        let error = named.or(error);
        let text = |name: &str| error.and_then(|it| it.get(name));
        let kind = text("type")
            .and_then(Node::text)
            .or_else(|| error.and_then(Node::text))
            .unwrap_or_else(|| "Failed".to_owned());
        let own = self.shared.callees.error(kind_name(&kind));
        let cause = text("detail").or_else(|| text("title")).cloned();
        let cause = cause
            .and_then(|node| self.value(&node, scope))
            .map_or("\"\"".to_owned(), |value| format!("shown({value})"));
        out.line(format!("fail {own}(cause: {cause})"));
        [own].into()
    }
}

/// The last part of the address of a type of errors.
fn kind_name(kind: &str) -> &str {
    kind.trim_end_matches('/')
        .rsplit(['/', '#'])
        .next()
        .unwrap_or(kind)
}
