//! What follows the errors of a state.

use super::{Emit, Escaping, Scope, shape};
use crate::{
    name::quoted,
    out::Out,
    states::{
        graph::Graph,
        machine::{Catcher, Machine, State},
        task,
    },
};

impl Emit<'_> {
    /// Statements, and what follows their errors.
    #[expect(
        clippy::too_many_arguments,
        reason = "what a state is, where it stands and what it does are three things"
    )]
    pub(super) fn caught(
        &mut self,
        machine: &Machine,
        graph: &Graph,
        state: &State,
        inside: &Escaping,
        body: String,
        scope: &Scope,
        out: &mut Out,
    ) -> Escaping {
        let mut left = inside.clone();
        let mut arms = Out::default();
        let mut known: Vec<String> = Vec::new();
        for catch in &state.catches {
            for name in &catch.errors {
                let Some(error) = self.caught_as(name, catch, inside, state) else {
                    continue;
                };
                if known.contains(&error) || known.iter().any(|it| it == "any") {
                    continue;
                }
                known.push(error.clone());
                if error == "any" {
                    left.clear();
                }
                left.remove(&error);
                let escaping = self.arm(machine, graph, state, (catch, name, &error), scope, &mut arms);
                left.extend(escaping);
            }
        }
        if known.is_empty() {
            out.notes(&self.found.notes());
            out.line(body);
            return left;
        }
        out.notes(&self.found.notes());
        out.line("try {");
        out.line(body);
        out.line(arms.text());
        out.line("}");
        left
    }

    /// The error of the program that a name means; nothing where it cannot happen.
    fn caught_as(&mut self, name: &str, catch: &Catcher, inside: &Escaping, state: &State) -> Option<String> {
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
        self.found.lost(
            &catch.node,
            &format!("`Catch` of `{name}`, which `{}` does not fail with", state.name),
        );
        None
    }

    /// What follows one error.
    fn arm(
        &mut self,
        machine: &Machine,
        graph: &Graph,
        state: &State,
        (catch, name, error): (&Catcher, &str, &str),
        scope: &Scope,
        out: &mut Out,
    ) -> Escaping {
        let text = |text: &str| quoted(text);
        let own = task::own(name) && error != "any";
        let said = match (error, own) {
            ("any", _) => "{ Error: e.name, Cause: e.reason }".to_owned(),
            (_, true) => format!("{{ Error: {}, Cause: e.cause }}", text(name)),
            (_, false) => format!("{{ Error: {}, Cause: \"\" }}", text(name)),
        };
        let placed = self.placed(catch.result.as_ref(), &said, scope);
        let reads = placed.is_some() && (own || error == "any");
        out.line(format!("}} catch {error}{} {{", if reads { " as e" } else { "" }));
        if let Some(placed) = placed {
            out.line(format!("{} = {placed}", scope.data));
        }
        if scope.labels.is_some() {
            self.jump(&catch.next, scope, out);
            return Escaping::new();
        }
        let stop = shape::rejoins(state, &catch.next, graph);
        self.sequence(
            machine,
            graph,
            Some(catch.next.clone()),
            stop.as_deref(),
            scope,
            out,
        )
    }
}
