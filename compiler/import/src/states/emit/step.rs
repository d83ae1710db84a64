//! One state as statements.

use super::{Emit, Escaping, Scope, shape};
use crate::{
    json::{self, get},
    name::quoted,
    node::{Node, Value},
    out::{Out, brief},
    states::{
        choice,
        graph::Graph,
        machine::{Kind, Machine, State, Time},
        path::{Base, steps},
        task, template,
    },
};

impl Emit<'_> {
    /// What a state does, and where a choice leads; the errors that may leave it.
    pub(super) fn state(
        &mut self,
        machine: &Machine,
        graph: &Graph,
        state: &State,
        scope: &Scope,
        out: &mut Out,
    ) -> Escaping {
        let comment = state
            .comment
            .as_deref()
            .map(|text| format!(": {}", brief(text)))
            .unwrap_or_default();
        out.line(format!("// {}{comment}", brief(&state.name)));
        out.notes(&state.notes);
        let mut body = Out::default();
        let escaping = match &state.kind {
            Kind::Pass { result } => self.pass(state, result.as_ref(), scope, &mut body),
            Kind::Task { resource, timeout } => {
                self.task(state, resource, timeout.as_ref(), scope, &mut body)
            }
            Kind::Choice { rules, default } => {
                self.output(state, scope, &mut body);
                self.choice(machine, graph, state, (rules, default.as_ref()), scope, &mut body)
            }
            Kind::Wait { time } => {
                self.wait(state, time, scope, &mut body);
                self.output(state, scope, &mut body);
                Escaping::new()
            }
            Kind::Succeed => {
                self.output(state, scope, &mut body);
                if scope.whole {
                    body.line(format!("return {}", scope.data));
                }
                Escaping::new()
            }
            Kind::Fail { error, cause } => self.fail(state, error.as_ref(), cause.as_ref(), scope, &mut body),
            Kind::Parallel { .. } | Kind::Map { .. } => self.region(state, scope, &mut body),
            Kind::Unknown => Escaping::new(),
        };
        out.notes(&self.found.notes());
        if state.catches.is_empty() {
            out.line(body.text());
            return escaping;
        }
        self.caught(machine, graph, state, &escaping, body.text(), scope, out)
    }

    /// What a state reads from.
    pub(super) fn base(&mut self, state: &State, scope: &Scope) -> Base {
        let whole = Base {
            data: scope.data.clone(),
            item: scope.item.clone(),
            state: state.name.clone(),
        };
        let data = template::part(state.input.as_ref(), &whole, self.found);
        Base { data, ..whole }
    }

    fn pass(&mut self, state: &State, result: Option<&Node>, scope: &Scope, out: &mut Out) -> Escaping {
        let base = self.base(state, scope);
        let value = match (result, &state.parameters) {
            (Some(node), _) => json::literal(node),
            (None, Some(node)) => template::value(node, &base, self.found),
            (None, None) => base.data.clone(),
        };
        self.result(state, &value, scope, out);
        self.output(state, scope, out);
        Escaping::new()
    }

    fn task(
        &mut self,
        state: &State,
        resource: &str,
        timeout: Option<&Node>,
        scope: &Scope,
        out: &mut Out,
    ) -> Escaping {
        let base = self.base(state, scope);
        let call = task::call(
            state,
            resource,
            timeout,
            &base,
            (self.callees, self.types),
            self.found,
        );
        out.notes(&self.found.notes());
        let discards = matches!(state.result.as_ref().map(|it| &it.value), Some(Value::Null));
        if discards {
            out.line(&call.text);
        } else if state.result.is_none() && state.selector.is_none() && call.wrapped.is_none() && !call.typed
        {
            out.line(format!("{} = {}", scope.data, call.text));
        } else {
            let name = self.names.fresh(&format!("{} result", state.name));
            out.line(format!("let {name} = {}", call.text));
            let given = task::result(&call, &name);
            self.selected(state, &given, scope, out);
        }
        self.output(state, scope, out);
        call.fails.into_iter().collect()
    }

    /// What a `ResultSelector` makes of a result, where `ResultPath` has it.
    pub(super) fn selected(&mut self, state: &State, given: &str, scope: &Scope, out: &mut Out) {
        let value = match &state.selector {
            None => given.to_owned(),
            Some(node) => {
                let base = Base {
                    data: format!("({given} as json)"),
                    item: scope.item.clone(),
                    state: state.name.clone(),
                };
                template::value(node, &base, self.found)
            }
        };
        self.result(state, &value, scope, out);
    }

    /// Puts a result where `ResultPath` says.
    pub(super) fn result(&mut self, state: &State, value: &str, scope: &Scope, out: &mut Out) {
        let placed = self.placed(state.result.as_ref(), value, scope);
        if let Some(placed) = placed.filter(|it| *it != scope.data) {
            out.line(format!("{} = {placed}", scope.data));
        }
    }

    /// The data with a value at a path; nothing where the value is let go of.
    pub(super) fn placed(&mut self, path: Option<&Node>, value: &str, scope: &Scope) -> Option<String> {
        let Some(node) = path else {
            return Some(value.to_owned());
        };
        let text = node.text()?;
        let placed = text
            .strip_prefix('$')
            .and_then(steps)
            .and_then(|steps| json::set(&scope.data, &steps, value));
        if placed.is_none() {
            self.found.expression(node, &text);
        }
        placed
    }

    /// What `OutputPath` leaves of the data.
    pub(super) fn output(&mut self, state: &State, scope: &Scope, out: &mut Out) {
        let Some(node) = &state.output else { return };
        let base = Base {
            data: scope.data.clone(),
            item: scope.item.clone(),
            state: state.name.clone(),
        };
        let value = template::part(Some(node), &base, self.found);
        if value != scope.data {
            out.line(format!("{} = {value}", scope.data));
        }
    }

    fn wait(&mut self, state: &State, time: &Time, scope: &Scope, out: &mut Out) {
        let base = self.base(state, scope);
        let read = |node: &Node| {
            node.text()
                .filter(|text| text.starts_with('$'))
                .and_then(|text| base.read(&text))
        };
        let (node, line) = match time {
            Time::Seconds(node) => (
                node,
                match (&node.value, read(node)) {
                    (Value::Int(seconds), _) => u64::try_from(*seconds)
                        .ok()
                        .map(|it| format!("sleep {}", crate::name::duration(it.min(3_000_000_000) * 1_000))),
                    (_, Some(read)) => {
                        let typed = node
                            .text()
                            .zip(self.view)
                            .and_then(|(path, view)| view.typed(state, &path));
                        let typed = typed.filter(|it| it.ty == "int" && it.tests.is_empty());
                        Some(format!(
                            "sleep 1s * {}",
                            typed.map_or_else(|| read.of("int"), |it| it.text)
                        ))
                    }
                    _ => None,
                },
            ),
            Time::Until(node) => {
                let until = match read(node) {
                    Some(read) => Some(read.of("time")),
                    None => node
                        .text()
                        .filter(|text| !text.starts_with('$') && !text.starts_with('{'))
                        .map(|text| format!("({} as json as time)", quoted(&text))),
                };
                let name = self.names.fresh(&format!("{} time", state.name));
                (
                    node,
                    until.map(|until| format!("let {name} = {until}\nsleep until {name}")),
                )
            }
        };
        match line {
            Some(line) => out.line(line),
            None => self.found.expression(node, &node.text().unwrap_or_default()),
        }
    }

    fn fail(
        &mut self,
        state: &State,
        error: Option<&Node>,
        cause: Option<&Node>,
        scope: &Scope,
        out: &mut Out,
    ) -> Escaping {
        let base = self.base(state, scope);
        let text = |node: Option<&Node>| node.and_then(Node::text);
        let computed = |text: &str| text.starts_with('$') || text.starts_with("States.");
        let name = text(error)
            .filter(|text| !computed(text) && !text.starts_with("{%"))
            .unwrap_or_else(|| "Failed".to_owned());
        let error = self.callees.error(&name);
        let cause = match cause.map(|node| (node, node.text().unwrap_or_default())) {
            None => quoted(""),
            Some((node, text)) if computed(&text) || text.starts_with("{%") => {
                format!(
                    "shown({})",
                    if text.starts_with("{%") {
                        template::value(node, &base, self.found)
                    } else {
                        template::computed(node, &base, self.found)
                    }
                )
            }
            Some((_, text)) => quoted(&text),
        };
        out.line(format!("fail {error}(cause: {cause})"));
        [error].into()
    }

    fn choice(
        &mut self,
        machine: &Machine,
        graph: &Graph,
        state: &State,
        (rules, default): (&[(Node, String)], Option<&String>),
        scope: &Scope,
        out: &mut Out,
    ) -> Escaping {
        let base = self.base(state, scope);
        let mut escaping = Escaping::new();
        let mut word = "if";
        // Rules that lead to one state are one, so that it is written once.
        let mut ways: Vec<(Vec<String>, &str)> = Vec::new();
        for (rule, next) in rules {
            let typed = |path: &str| self.view.and_then(|view| view.typed(state, path));
            let condition = choice::condition(rule, &base, &typed, self.found);
            out.notes(&self.found.notes());
            match ways.last_mut() {
                Some((conditions, known)) if *known == next => conditions.push(condition),
                _ => ways.push((vec![condition], next)),
            }
        }
        for (conditions, next) in &ways {
            let condition = crate::kubernetes::condition::joined(conditions, "or").unwrap_or_default();
            out.line(format!("{word} {condition} {{"));
            escaping.extend(self.lead(machine, graph, state, next, scope, out));
            word = "} else if";
        }
        match default {
            Some(next) => {
                out.line(if ways.is_empty() { "if true {" } else { "} else {" });
                escaping.extend(self.lead(machine, graph, state, next, scope, out));
            }
            None => {
                out.line(if ways.is_empty() { "if true {" } else { "} else {" });
                let error = self.callees.error("States.NoChoiceMatched");
                out.line(format!("fail {error}(cause: {})", quoted(&state.name)));
                escaping.insert(error);
            }
        }
        out.line("}");
        escaping
    }

    /// Where a choice leads: a jump, or the states until the ways meet.
    fn lead(
        &mut self,
        machine: &Machine,
        graph: &Graph,
        state: &State,
        next: &str,
        scope: &Scope,
        out: &mut Out,
    ) -> Escaping {
        if scope.labels.is_some() {
            self.jump(next, scope, out);
            return Escaping::new();
        }
        let stop = shape::behind(state, graph);
        self.sequence(machine, graph, Some(next.to_owned()), stop.as_deref(), scope, out)
    }
}

/// The elements of a list in the data.
pub(super) fn elements(path: Option<String>, base: &Base) -> Option<String> {
    match path {
        None => Some(format!("{}.items()", base.data)),
        Some(path) => base
            .read(&path)
            .map(|read| format!("{}.items()", get(&read.json(), &[]).text)),
    }
}
