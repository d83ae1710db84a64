//! Types of what a machine is given and of what its tasks give, from what its states read of them.
//!
//! Each state is followed with all that the data may be there, until nothing new comes up.

mod choice;
mod shape;
mod value;

pub(crate) use shape::Shape;

use super::{
    machine::{Kind, Machine, State, Time},
    path::steps,
    task,
};
use crate::{
    json::Step,
    name::Names,
    node::{Node, Value},
    out::GIVEN,
    uses::{Part, Typed, Types, Use, Uses},
};
use flowmesh_diagnostics::Span;
use shape::Source;
use std::collections::{BTreeMap, BTreeSet};

/// What a machine is given.
pub(super) const INPUT: Source = 0;
/// How often states are followed before it is too much.
const MAX_ROUNDS: usize = 4_000;

/// What is known of a machine and of the operations of all machines.
#[derive(Debug, Default)]
pub(crate) struct Inferred {
    pub(crate) input: Uses,
    /// What the data may be before each state, by where that is written.
    before: BTreeMap<(u32, u32), Shape>,
}

/// What is known of the results of operations, by what they are known by.
#[derive(Debug, Default)]
pub(crate) struct Results(Vec<Answer>);

/// The result of an operation.
#[derive(Clone, Debug)]
struct Answer {
    operation: String,
    name: String,
    uses: Uses,
}

/// Machines as they are followed.
struct Infer {
    /// The input, and then the results of operations.
    sources: Vec<Uses>,
    /// What the operations are known by, and called.
    operations: Vec<(String, String)>,
    before: BTreeMap<(u32, u32), Shape>,
    rounds: usize,
}

/// Where a state leads with which data; nothing is the end.
type Leads = Vec<(Option<String>, Shape)>;

/// What a state reads from.
struct Given<'a> {
    data: &'a Shape,
    /// The element of a round.
    item: Option<&'a Shape>,
    /// Whether every run comes there, and fails where a part is missing.
    always: bool,
}

impl Results {
    /// Types of what operations give, where that is nowhere handed on as a whole: it is kept by its type alone.
    pub(crate) fn types(&self, types: &mut Types, names: &mut Names) -> task::Given {
        let of = |it: &Answer| {
            let ty = types.record(&it.uses, &format!("{} result", it.name), true, names)?;
            Some((it.operation.clone(), ty))
        };
        self.0.iter().filter_map(of).collect()
    }
}

impl Inferred {
    /// A path as it is read of the input by its type.
    pub(super) fn typed(&self, state: &State, path: &str) -> Option<Typed> {
        self.input.typed(GIVEN, &self.part(state, path)?)
    }

    /// The part of the input that a path reads before a state, where it is no other value.
    fn part(&self, state: &State, path: &str) -> Option<Vec<Part>> {
        let data = self.before.get(&key(state.node.span))?;
        let data = data.read(&reference(state.input.as_ref())?);
        let read = data.read(&steps(path.strip_prefix('$')?)?);
        read.only()
            .filter(|(source, _)| *source == INPUT)
            .map(|(_, path)| path.to_vec())
    }
}

/// Follows a machine; what was known of operations before is kept.
pub(crate) fn infer(machine: &Machine, results: &mut Results) -> Inferred {
    let known = std::mem::take(&mut results.0);
    let (names, uses) = known
        .into_iter()
        .map(|it| ((it.operation, it.name), it.uses))
        .unzip();
    let uses: Vec<Uses> = uses;
    let mut infer = Infer {
        sources: [vec![Uses::default()], uses].concat(),
        operations: names,
        before: BTreeMap::new(),
        rounds: 0,
    };
    let out = infer.machine(machine, Shape::source(INPUT), None, true);
    out.note(&mut infer.sources, Use::Handed, false);
    let much = infer.rounds >= MAX_ROUNDS;
    let mut sources = infer.sources.into_iter();
    let input = sources.next().unwrap_or_default();
    let all = infer.operations.into_iter().zip(sources);
    results.0 = all
        .map(|((operation, name), uses)| Answer {
            operation,
            name,
            uses,
        })
        .collect();
    if much {
        // Of what was not followed to its end nothing is said.
        for answer in &mut results.0 {
            answer.uses.note(&[], Use::Handed, false);
        }
        return Inferred::default();
    }
    Inferred {
        input,
        before: infer.before,
    }
}

/// Where a state is written.
fn key(span: Span) -> (u32, u32) {
    (span.start, span.end)
}

/// The steps of a path that names a part of the data; all of it where nothing is said.
fn reference(node: Option<&Node>) -> Option<Vec<Step>> {
    match node {
        None => Some(Vec::new()),
        Some(node) => steps(node.text()?.strip_prefix('$').filter(|it| !it.starts_with('$'))?),
    }
}

/// The states that every run comes to before anything happens outside, each without a way out of its failures.
fn certain(machine: &Machine) -> BTreeSet<&str> {
    let mut all = BTreeSet::new();
    let mut next = Some(machine.start.as_str());
    while let Some(state) = next.take().and_then(|name| machine.state(name)) {
        if !state.catches.is_empty() || !all.insert(state.name.as_str()) {
            break;
        }
        if matches!(state.kind, Kind::Pass { .. } | Kind::Wait { .. }) {
            next = state.next.as_deref();
        }
    }
    all
}

impl Infer {
    /// What a machine makes of what it is given.
    fn machine(&mut self, machine: &Machine, given: Shape, item: Option<&Shape>, always: bool) -> Shape {
        let certain = certain(machine);
        let mut before: BTreeMap<String, Shape> = [(machine.start.clone(), given)].into();
        let mut open = vec![machine.start.clone()];
        let mut out = Shape::default();
        while let Some(name) = open.pop() {
            let (Some(state), Some(data)) = (machine.state(&name), before.get(&name).cloned()) else {
                continue;
            };
            self.rounds += if data.is_too_much() { MAX_ROUNDS } else { 1 };
            if self.rounds >= MAX_ROUNDS {
                return out;
            }
            self.before.entry(key(state.node.span)).or_default().join(&data);
            let always = always && certain.contains(name.as_str());
            for (next, shape) in self.state(
                state,
                &Given {
                    data: &data,
                    item,
                    always,
                },
            ) {
                let Some(next) = next else {
                    out.join(&shape);
                    continue;
                };
                let (known, met) = (
                    before.contains_key(&next),
                    before.entry(next.clone()).or_default(),
                );
                if met.join(&shape) || !known {
                    open.push(next);
                }
            }
        }
        out
    }

    fn note(&mut self, shape: &Shape, kind: Use, always: bool) {
        shape.note(&mut self.sources, kind, always);
    }

    /// What a state reads, and where it leads.
    fn state(&mut self, state: &State, given: &Given<'_>) -> Leads {
        let data = match reference(state.input.as_ref()) {
            Some(path) => given.data.read(&path),
            None => Shape::default(),
        };
        let base = Given {
            data: &data,
            ..*given
        };
        let mut leads = Leads::new();
        for catch in &state.catches {
            let failed = placed(given.data, catch.result.as_ref(), Shape::default());
            leads.push((Some(catch.next.clone()), failed));
        }
        let value = match &state.kind {
            Kind::Pass { result: Some(_) } => Shape::default(),
            Kind::Pass { result: None } => self.parameters(state, &base),
            Kind::Task { resource, .. } => self.task(state, resource, &base),
            Kind::Parallel { branches } => {
                let given = self.parameters(state, &base);
                let each = branches
                    .iter()
                    .map(|branch| self.machine(branch, given.clone(), base.item, base.always));
                Shape::list(each.collect())
            }
            Kind::Map { items, each, .. } => self.map(state, (items.as_ref(), each.as_ref()), &base),
            Kind::Choice { rules, default } => {
                let data = Self::output(state, given.data);
                for (rule, next) in rules {
                    self.rule(rule, &base);
                    leads.push((Some(next.clone()), data.clone()));
                }
                leads.extend(default.iter().map(|next| (Some(next.clone()), data.clone())));
                return leads;
            }
            Kind::Wait { time } => {
                self.waits(time, &base);
                leads.push((state.next.clone(), Self::output(state, given.data)));
                return leads;
            }
            Kind::Succeed | Kind::Unknown => {
                leads.push((None, Self::output(state, given.data)));
                return leads;
            }
            Kind::Fail { error, cause } => {
                for node in error.iter().chain(cause) {
                    let told = self.computed(&node.text().unwrap_or_default(), &base);
                    self.note(&told, Use::Handed, false);
                }
                return leads;
            }
        };
        let selected = match &state.selector {
            Some(node) => self.template(
                node,
                &Given {
                    data: &value,
                    always: false,
                    ..*given
                },
            ),
            None => value,
        };
        let data = placed(given.data, state.result.as_ref(), selected);
        leads.push((state.next.clone(), Self::output(state, &data)));
        leads
    }

    /// What a state works with: its `Parameters`, or all that it is given.
    fn parameters(&mut self, state: &State, base: &Given<'_>) -> Shape {
        match &state.parameters {
            Some(node) => self.template(node, base),
            None => base.data.clone(),
        }
    }

    fn output(state: &State, data: &Shape) -> Shape {
        match reference(state.output.as_ref()) {
            Some(path) => data.read(&path),
            None => Shape::default(),
        }
    }

    fn task(&mut self, state: &State, resource: &str, base: &Given<'_>) -> Shape {
        let sent = self.parameters(state, base);
        self.note(&sent, Use::Handed, false);
        let (operation, name, wrapped) = task::known_by(resource, state);
        let at = self.operations.iter().position(|(known, _)| *known == operation);
        let at = at.unwrap_or_else(|| {
            self.operations.push((operation, name));
            self.sources.push(Uses::default());
            self.operations.len() - 1
        });
        let result = Shape::source(at + 1);
        match wrapped {
            Some(field) => Shape::object([(field.to_owned(), result)]),
            None => result,
        }
    }

    fn map(
        &mut self,
        state: &State,
        (items, each): (Option<&Node>, Option<&Machine>),
        base: &Given<'_>,
    ) -> Shape {
        let list = match items.and_then(Node::text) {
            Some(text) => self.computed(&text, base),
            None => base.data.clone(),
        };
        self.note(&list, Use::List, base.always);
        let item = list.element();
        let selector = state.node.get("ItemSelector").or(state.parameters.as_ref());
        // Of an empty list there is no round, and nothing is read.
        let own = Given {
            item: Some(&item),
            always: false,
            ..*base
        };
        let given = match selector {
            Some(node) => self.template(node, &own),
            None => item.clone(),
        };
        match each {
            Some(machine) => Shape::items(self.machine(machine, given, Some(&item), false)),
            None => Shape::default(),
        }
    }

    fn waits(&mut self, time: &Time, base: &Given<'_>) {
        let (node, kind) = match time {
            Time::Seconds(node) => (node, Use::Int),
            Time::Until(node) => (node, Use::Time),
        };
        if let Some(text) = node.text().filter(|text| text.starts_with('$')) {
            let read = self.computed(&text, base);
            self.note(&read, kind, base.always);
        }
    }
}

/// The data with a value where `ResultPath` says.
fn placed(data: &Shape, path: Option<&Node>, value: Shape) -> Shape {
    match path.map(|node| (&node.value, reference(Some(node)))) {
        None => value,
        Some((Value::Null, _)) => data.clone(),
        Some((_, Some(steps))) => data.clone().with(&steps, value).unwrap_or_default(),
        Some((_, None)) => Shape::default(),
    }
}
