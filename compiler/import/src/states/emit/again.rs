//! A `Parallel` or a `Map` that is begun again as a whole: a flow of its own, which is called until it does not fail.

use super::{DATA, Emit, Escaping, ITEM, Scope};
use crate::{
    name::{duration, snake},
    out::Out,
    states::{
        machine::{Kind, Retrier, State},
        task,
    },
};

/// The most attempts, and the longest wait between two.
const MAX_MORE: u32 = 1_000;
const MAX_WAIT_MS: u64 = 31_536_000_000;

impl Emit<'_> {
    /// A `Parallel` or a `Map`; what may leave it.
    pub(super) fn region(&mut self, state: &State, scope: &Scope, out: &mut Out) -> Escaping {
        match state.retries.iter().any(|it| it.more > 0) {
            true => self.again(state, scope, out),
            false => self.once(state, scope, out),
        }
    }

    fn once(&mut self, state: &State, scope: &Scope, out: &mut Out) -> Escaping {
        match &state.kind {
            Kind::Parallel { branches } => self.parallel(state, branches, scope, out),
            Kind::Map { items, each, most } => {
                self.map(state, (items.as_ref(), each.as_ref(), *most), scope, out)
            }
            _ => Escaping::new(),
        }
    }

    fn again(&mut self, state: &State, scope: &Scope, out: &mut Out) -> Escaping {
        let (call, escaping) = self.apart(state, scope);
        let tries = self.names.fresh(&format!("{} tries", state.name));
        let open = self.names.fresh(&format!("{} open", state.name));
        let wait = self.names.fresh(&format!("{} wait", state.name));
        let mut arms = Out::default();
        let mut known: Vec<String> = Vec::new();
        let first = state.retries.iter().find(|it| it.more > 0);
        for retrier in &state.retries {
            for name in &retrier.errors {
                let Some(error) = self.repeated_as(name, retrier, &escaping, state) else {
                    continue;
                };
                if known.contains(&error) || known.iter().any(|it| it == "any") {
                    continue;
                }
                self.repeats(retrier, &error, name, [&tries, &wait], &mut arms);
                known.push(error);
            }
        }
        out.notes(&self.found.notes());
        let (Some(first), false) = (first, known.is_empty()) else {
            out.line(call);
            return escaping;
        };
        let own: Vec<&Retrier> = state.retries.iter().filter(|it| it.more > 0).collect();
        if own.iter().any(|it| {
            (it.more, it.interval_ms, it.factor, it.max_ms)
                != (first.more, first.interval_ms, first.factor, first.max_ms)
        }) {
            let words = format!(
                "`{}` repeats after all its errors as the first `Retry` says",
                state.name
            );
            self.found.part(&first.node, &words);
            out.notes(&self.found.notes());
        }
        out.line(format!("var {tries} = 0"));
        out.line(format!("var {open} = true"));
        out.line(format!(
            "var {wait} = {}",
            duration(first.interval_ms.clamp(1, MAX_WAIT_MS))
        ));
        out.line(format!(
            "while {open} and {tries} < {} {{",
            first.more.min(MAX_MORE)
        ));
        out.line("try {");
        out.line(&call);
        out.line(format!("{open} = false"));
        out.line(arms.text());
        out.line("}");
        out.line("}");
        // The last attempt, whose errors leave.
        out.line(format!("if {open} {{"));
        out.line(call);
        out.line("}");
        escaping
    }

    /// The region as a flow of its own: its call, and the errors that may leave it.
    fn apart(&mut self, state: &State, scope: &Scope) -> (String, Escaping) {
        let name = self
            .callees
            .flow(&format!("{} {}", self.name, snake(&state.name)));
        let inner = Scope {
            data: DATA.to_owned(),
            item: scope.item.as_ref().map(|_| ITEM.to_owned()),
            whole: false,
            labels: None,
        };
        let view = self.view.take();
        let mut body = Out::default();
        let escaping = self.once(state, &inner, &mut body);
        self.view = view;
        let fails: Vec<String> = escaping.iter().cloned().collect();
        let fails = if fails.is_empty() {
            String::new()
        } else {
            format!(" fails {}", fails.join(", "))
        };
        let (param, argument) = match &scope.item {
            Some(item) => (format!(", {ITEM}: json"), format!(", {item}")),
            None => (String::new(), String::new()),
        };
        let mut out = Out::default();
        out.line(format!("flow {name}(input: json{param}) -> json{fails} {{"));
        let body = body.text();
        let word = if body.contains("data = ") { "var" } else { "let" };
        out.line(format!("{word} {DATA}: json = input"));
        out.line(body);
        out.line(format!("return {DATA}"));
        out.line("}");
        self.flows.push(out.text());
        (format!("{0} = {name}({0}{argument})", scope.data), escaping)
    }

    /// The error of the program that a name means; nothing where it cannot happen.
    fn repeated_as(
        &mut self,
        name: &str,
        retrier: &Retrier,
        inside: &Escaping,
        state: &State,
    ) -> Option<String> {
        if matches!(name, "States.ALL" | "States.TaskFailed") {
            return Some("any".to_owned());
        }
        if let Some(known) = task::meant(name) {
            return Some(known.to_owned());
        }
        let error = self.callees.error(name);
        if task::own(name) && inside.contains(&error) {
            return Some(error);
        }
        let words = format!(
            "`Retry` after `{name}`, which `{}` does not fail with",
            state.name
        );
        self.found.lost(&retrier.node, &words);
        None
    }

    /// What follows an error: a wait, and then the next attempt; or that it leaves.
    fn repeats(
        &mut self,
        retrier: &Retrier,
        error: &str,
        name: &str,
        [tries, wait]: [&str; 2],
        arms: &mut Out,
    ) {
        if retrier.more == 0 {
            let own = task::own(name) && error != "any";
            arms.line(format!("}} catch {error}{} {{", if own { " as e" } else { "" }));
            match own {
                true => arms.line(format!("fail {error}(cause: e.cause)")),
                false => {
                    // An error of the platform cannot be told again: the last attempt tells it.
                    let words = format!("after `{name}` there is one more attempt, so that it leaves");
                    self.found.part(&retrier.node, &words);
                    arms.line(format!("{tries} = {MAX_MORE}"));
                }
            }
            return;
        }
        arms.line(format!("}} catch {error} {{"));
        arms.line(format!("{tries} = {tries} + 1"));
        let share = if retrier.jitter { " * random()" } else { "" };
        arms.line(format!("sleep {wait}{share}"));
        if retrier.factor > 1 {
            let max = retrier.max_ms.unwrap_or(MAX_WAIT_MS).clamp(1, MAX_WAIT_MS);
            let max = duration(max);
            arms.line(format!(
                "{wait} = if {wait} > {max} / {0} {{ {max} }} else {{ {wait} * {0} }}",
                retrier.factor
            ));
        }
    }
}
