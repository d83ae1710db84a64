//! Branches and rounds: `Parallel` and `Map`.

use super::{Emit, Escaping, Scope, step::elements};
use crate::{
    node::{Node, Value},
    out::Out,
    states::{
        machine::{Machine, State},
        path::Base,
        template,
    },
};

/// How many rounds of a `Map` go on at once where nothing is said.
const MOST: u32 = 40;

impl Emit<'_> {
    /// Branches, each with data of its own; their results are a list.
    pub(super) fn parallel(
        &mut self,
        state: &State,
        branches: &[Machine],
        scope: &Scope,
        out: &mut Out,
    ) -> Escaping {
        let base = self.base(state, scope);
        let given = match &state.parameters {
            None => base.data.clone(),
            Some(node) => template::value(node, &base, self.found),
        };
        let mut escaping = Escaping::new();
        let mut inside = Out::default();
        let mut names = Vec::new();
        for branch in branches {
            let name = self.names.fresh(&format!("{} data", branch.start));
            out.line(format!("var {name}: json = {given}"));
            let inner = Scope {
                data: name.clone(),
                ..scope.clone()
            };
            let mut body = Out::default();
            escaping.extend(self.within(branch, &branch.start, &inner, &mut body));
            let label = self.names.fresh(&format!("{} branch", branch.start));
            inside.line(format!("step {label} {{"));
            inside.line(body.text());
            inside.line("}");
            names.push(name);
        }
        out.line("parallel {");
        out.line(inside.text());
        out.line("}");
        self.selected(state, &crate::json::list(&names), scope, out);
        self.output(state, scope, out);
        escaping
    }

    /// A round for each element; their results are a list.
    pub(super) fn map(
        &mut self,
        state: &State,
        (items, each, most): (Option<&Node>, Option<&Machine>, Option<u32>),
        scope: &Scope,
        out: &mut Out,
    ) -> Escaping {
        let base = self.base(state, scope);
        let list = elements(items.and_then(Node::text), &base);
        let list = list.unwrap_or_else(|| {
            let node = items.unwrap_or(&state.node);
            self.found.expression(node, &node.text().unwrap_or_default());
            "([] as [json])".to_owned()
        });
        let Some(machine) = each else {
            self.found.lost(
                &state.node,
                &format!("the Map `{}`, which does nothing for its elements", state.name),
            );
            return Escaping::new();
        };
        let item = self.names.fresh(&format!("{} item", state.name));
        let own = self.names.fresh(&format!("{} data", machine.start));
        let selector = state.node.get("ItemSelector").or(state.parameters.as_ref());
        let given = match selector {
            None => item.clone(),
            Some(node) => {
                let base = Base {
                    item: Some(item.clone()),
                    ..base
                };
                template::value(node, &base, self.found)
            }
        };
        let inner = Scope {
            data: own.clone(),
            item: Some(item.clone()),
            ..scope.clone()
        };
        let mut body = Out::default();
        let escaping = self.within(machine, &machine.start, &inner, &mut body);
        let body = body.text();
        let word = if body.contains(&format!("{own} = ")) {
            "var"
        } else {
            "let"
        };
        let discards = matches!(state.result.as_ref().map(|it| &it.value), Some(Value::Null));
        let results = self.names.fresh(&format!("{} results", state.name));
        let bound = if discards {
            String::new()
        } else {
            format!("let {results} = ")
        };
        out.line(format!(
            "{bound}for {item} in {list} parallel(limit: {}) {{",
            most.unwrap_or(MOST).min(1_000)
        ));
        out.line(format!("{word} {own}: json = {given}"));
        out.line(body);
        if !discards {
            out.line(&own);
        }
        out.line("}");
        if !discards {
            self.selected(state, &format!("{results}.to_json()"), scope, out);
        }
        self.output(state, scope, out);
        escaping
    }
}
