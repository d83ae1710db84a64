//! A machine as a flow: structured code where its states lead onwards and meet again, else states with jumps.

mod again;
mod caught;
mod region;
mod shape;
mod step;

use super::{graph::Graph, infer::Inferred, machine::Machine, task};
use crate::{
    callee::Callees,
    found::Found,
    jumps::{Labelled, reached},
    name::{Names, snake},
    out::{GIVEN, Out, brief},
};
use shape::is_structured;
use std::collections::{BTreeMap, BTreeSet};

/// Machines on their way to flows.
pub(crate) struct Emit<'a> {
    name: String,
    callees: &'a mut Callees,
    found: &'a mut Found,
    /// Variables of the flow, and the flows of machines within.
    names: Names,
    flows: Vec<String>,
    /// What operations give.
    types: &'a task::Given,
    /// The type of what the flow is given, and what is known of its parts.
    record: Option<&'a str>,
    view: Option<&'a Inferred>,
}

/// Where statements stand.
#[derive(Clone, Debug)]
struct Scope {
    /// The variable with the data.
    data: String,
    /// The element of a `Map` around.
    item: Option<String>,
    /// Whether an end is the end of the flow.
    whole: bool,
    /// The labels of states, where these are jumped to.
    labels: Option<BTreeMap<String, String>>,
}

/// Errors that may leave some statements.
type Escaping = BTreeSet<String>;

/// What the data of a flow is called.
const DATA: &str = "data";
/// What the element of a round is called in a flow of its own.
const ITEM: &str = "item";

impl<'a> Emit<'a> {
    /// A flow of this name.
    pub(crate) fn new(
        name: &str,
        callees: &'a mut Callees,
        types: &'a task::Given,
        read: Option<(&'a str, &'a Inferred)>,
        found: &'a mut Found,
    ) -> Self {
        let mut names = Names::default();
        for taken in ["input", DATA, GIVEN, ITEM, "each", "e", "out"] {
            names.fresh(taken);
        }
        Self {
            name: name.to_owned(),
            callees,
            found,
            names,
            flows: Vec::new(),
            types,
            record: read.map(|(record, _)| record),
            view: read.map(|(_, view)| view),
        }
    }

    /// The flow of a machine, and before it those of machines within that are flows of their own.
    pub(crate) fn flow(&mut self, machine: &Machine) -> Vec<String> {
        let name = self.name.clone();
        let text = self.whole(&name, machine);
        let mut all = std::mem::take(&mut self.flows);
        all.push(text);
        all
    }

    /// A machine as a flow.
    fn whole(&mut self, name: &str, machine: &Machine) -> String {
        let mut scope = Scope {
            data: DATA.to_owned(),
            item: None,
            whole: true,
            labels: None,
        };
        let graph = Graph::of(machine);
        let mut body = Out::default();
        self.known(machine, &graph);
        let escaping = match is_structured(machine, &graph, true) {
            true => self.sequence(
                machine,
                &graph,
                Some(machine.start.clone()),
                None,
                &scope,
                &mut body,
            ),
            false => self.states(machine, &graph, &mut scope, &mut body),
        };
        let mut out = Out::default();
        out.notes(&machine.notes);
        if let Some(comment) = &machine.comment {
            out.line(format!("/// {}", brief(comment)));
        }
        let fails: Vec<String> = escaping.into_iter().collect();
        let fails = if fails.is_empty() {
            String::new()
        } else {
            format!(" fails {}", fails.join(", "))
        };
        out.line(format!("flow {name}(input: json) -> json{fails} {{"));
        if let Some(seconds) = machine.timeout.filter(|it| *it > 0) {
            out.line(format!(
                "timeout: {}",
                crate::name::duration(u64::from(seconds) * 1_000)
            ));
        }
        let body = body.text();
        if let Some(record) = self.record.filter(|_| self.view.is_some()) {
            out.typed(record, &body);
        }
        let changes = body.contains("data = ");
        out.line(if changes {
            "var data: json = input"
        } else {
            "let data = input"
        });
        out.line(body);
        out.line("}");
        out.text()
    }

    /// Says which states are not there, or are never reached.
    fn known(&mut self, machine: &Machine, graph: &Graph) {
        if machine.state(&machine.start).is_none() {
            self.found.tangled(
                &machine.node,
                &format!("`StartAt` names `{}`, and there is no such state", machine.start),
            );
        }
        for state in &machine.states {
            for next in state.leads_to() {
                if machine.state(next).is_none() {
                    self.found.tangled(
                        &state.node,
                        &format!("`{}` leads to `{next}`, and there is no such state", state.name),
                    );
                }
            }
            if !graph.order.contains(&state.name) {
                self.found.lost(
                    &state.node,
                    &format!("the state `{}`, which nothing leads to", state.name),
                );
            }
        }
    }

    /// States with jumps between them.
    fn states(&mut self, machine: &Machine, graph: &Graph, scope: &mut Scope, out: &mut Out) -> Escaping {
        let mut names = Names::default();
        let labels: BTreeMap<String, String> = graph
            .order
            .iter()
            .map(|name| (name.clone(), names.fresh(name)))
            .collect();
        scope.labels = Some(labels.clone());
        let mut escaping = Escaping::new();
        let mut states = Vec::new();
        for (at, name) in graph.order.iter().enumerate() {
            let (Some(state), Some(label)) = (machine.state(name), labels.get(name)) else {
                continue;
            };
            let mut body = Out::default();
            escaping.extend(self.state(machine, graph, state, scope, &mut body));
            // A state goes on to the next one by itself.
            let follows = state.next.is_some() && state.next.as_ref() == graph.order.get(at + 1);
            let leaves = shape::leaves(state) || !follows;
            match &state.next {
                _ if shape::leaves(state) || follows => {}
                Some(next) => self.jump(next, scope, &mut body),
                None => body.line(format!("return {}", scope.data)),
            }
            let (label, body) = (label.clone(), body.text());
            states.push(Labelled { label, body, leaves });
        }
        for (state, reached) in states.iter().zip(reached(&states)) {
            match reached {
                true => out.line(format!("state {} {{\n{}\n}}", state.label, state.body)),
                false => out.comment(&format!(
                    "not imported: the state `{}`, which nothing leads to",
                    state.label
                )),
            }
        }
        escaping
    }

    /// A jump to a state.
    fn jump(&self, next: &str, scope: &Scope, out: &mut Out) {
        if let Some(label) = scope.labels.as_ref().and_then(|labels| labels.get(next)) {
            out.line(format!("goto {label}"));
        }
    }

    /// States one after the other, until `stop`.
    fn sequence(
        &mut self,
        machine: &Machine,
        graph: &Graph,
        from: Option<String>,
        stop: Option<&str>,
        scope: &Scope,
        out: &mut Out,
    ) -> Escaping {
        let mut escaping = Escaping::new();
        let mut current = from;
        while let Some(name) = current.take().filter(|name| Some(name.as_str()) != stop) {
            let Some(state) = machine.state(&name) else { break };
            escaping.extend(self.state(machine, graph, state, scope, out));
            if shape::leaves(state) {
                // What a choice leads to has met again, or has ended.
                match shape::behind(state, graph) {
                    Some(next) => current = Some(next),
                    None => return escaping,
                }
                continue;
            }
            if state.next.is_none() {
                self.end(scope, out);
                return escaping;
            }
            current.clone_from(&state.next);
        }
        escaping
    }

    /// The end of a machine.
    fn end(&self, scope: &Scope, out: &mut Out) {
        if scope.whole {
            out.line(format!("return {}", scope.data));
        }
    }

    /// A machine within another one: statements, or the call of a flow of its own.
    fn within(&mut self, machine: &Machine, title: &str, scope: &Scope, out: &mut Out) -> Escaping {
        let graph = Graph::of(machine);
        out.notes(&machine.notes);
        if is_structured(machine, &graph, false) {
            self.known(machine, &graph);
            let scope = Scope {
                whole: false,
                labels: None,
                ..scope.clone()
            };
            return self.sequence(machine, &graph, Some(machine.start.clone()), None, &scope, out);
        }
        let name = self.callees.flow(&format!("{} {}", self.name, snake(title)));
        // What the flow around was given is not there.
        let view = self.view.take();
        let text = self.whole(&name, machine);
        self.view = view;
        let head = text.lines().find(|line| line.starts_with("flow "));
        let fails = head
            .and_then(|head| head.strip_suffix(" {")?.split_once(" fails "))
            .map(|(_, names)| names.split(", ").map(str::to_owned).collect());
        self.flows.push(text);
        out.line(format!("{0} = {name}({0})", scope.data));
        fails.unwrap_or_default()
    }
}
