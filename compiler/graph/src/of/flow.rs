//! The states of a flow as somebody sees them who has not written the compiler: what only leads on is left out, and branches
//! come together where their region ends.

use super::regions::{Joined, is_several, joined};
use crate::{Direction, Graph, Kind, Way};
use flowmesh_ir::{
    FlowId, Program, StateId,
    flow::{End, Flow, Instruction, State},
    print::{self, Drawn, Shape},
};
use std::collections::{BTreeMap, BTreeSet};

/// The most characters of a line; the rest is for whoever points at it.
const LINE_MAX: usize = 48;

/// One flow. `None` where there is no such flow.
#[must_use]
pub fn flow(program: &Program, id: FlowId) -> Option<Graph> {
    let flow = program.flow(id)?;
    let states = print::states(program, id)?;
    let mut drawing = Drawing {
        program,
        flow,
        states: &states,
        joined: joined(flow),
        placed: BTreeMap::new(),
        ends: BTreeMap::new(),
        counts: BTreeMap::new(),
        graph: Graph {
            title: format!("flow {}", flow.name),
            direction: Direction::Down,
            ..Graph::default()
        },
    };
    drawing.draw();
    Some(drawing.graph)
}

struct Drawing<'a> {
    program: &'a Program,
    flow: &'a Flow,
    states: &'a [(Drawn, Vec<print::Way>)],
    joined: BTreeMap<StateId, Joined>,
    /// The nodes of states.
    placed: BTreeMap<StateId, usize>,
    /// The nodes at which branches come together, by the state with their region.
    ends: BTreeMap<StateId, usize>,
    /// How many nodes of a kind have no other name.
    counts: BTreeMap<&'static str, u32>,
    graph: Graph,
}

/// Where a way leads.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum To {
    State(StateId),
    /// Where the branches of a region come together.
    Ends(StateId),
}

impl Drawing<'_> {
    fn draw(&mut self) {
        let place = self.program.origins.span(&format!("flow/{}", self.flow.name));
        let begin = self.graph.add("begin".to_owned(), Kind::Begin, Vec::new(), place);
        let entry = self.resolved(self.flow.entry);
        let shown = self.reached(entry);
        for to in &shown {
            self.node(*to);
        }
        self.connect(begin, entry, "", Way::Next);
        for to in shown {
            self.ways(to);
        }
    }

    /// What is seen, in the order of the program.
    fn reached(&self, entry: To) -> BTreeSet<To> {
        let (mut shown, mut open) = (BTreeSet::new(), vec![entry]);
        while let Some(to) = open.pop() {
            if shown.insert(to) {
                open.extend(self.leads(to).into_iter().map(|(to, _, _)| to));
            }
        }
        shown
    }

    /// Where something leads, with words.
    fn leads(&self, to: To) -> Vec<(To, &str, Way)> {
        let at = match to {
            To::State(at) => at,
            To::Ends(region) => {
                let next = self
                    .joined
                    .values()
                    .find(|joined| joined.region == region && joined.several);
                return next
                    .map(|joined| (self.resolved(joined.next), "", Way::Next))
                    .into_iter()
                    .collect();
            }
        };
        let (state, Some((_, ways))) = (self.state(at), self.states.get(at.index())) else {
            return Vec::new();
        };
        let region = state.and_then(|state| match &state.end {
            End::Region(region) => Some(region),
            _ => None,
        });
        let joins = self.joined.values().any(|joined| joined.region == at);
        let alone = region.is_some_and(|region| !is_several(region));
        let mut all = Vec::new();
        for way in ways {
            let (label, kind) = match way.kind {
                // Whoever joins leads there.
                print::Kind::Joined if joins => continue,
                print::Kind::Finally if joins => continue,
                print::Kind::Branch if alone || way.label == "branch" => ("", Way::Next),
                print::Kind::Next | print::Kind::Branch | print::Kind::Joined | print::Kind::Finally => {
                    (way.label.as_str(), Way::Next)
                }
                print::Kind::Caught => (way.label.as_str(), Way::Caught),
                print::Kind::Late => (way.label.as_str(), Way::Late),
                print::Kind::Beside => (way.label.as_str(), Way::Beside),
            };
            all.push((self.resolved(way.to), label, kind));
        }
        all
    }

    /// What is seen of a state: itself, or where it leads on.
    fn resolved(&self, mut at: StateId) -> To {
        for _ in 0..=self.flow.states.len() {
            let Some(state) = self.state(at) else { break };
            at = match (&state.end, state.step, self.joined.get(&at)) {
                (End::Join, None, Some(joined)) if joined.several => return To::Ends(joined.region),
                (End::Join, None, Some(joined)) => joined.next,
                (End::Jump(next) | End::Leave { next, .. }, None, _) => *next,
                _ => return To::State(at),
            };
        }
        To::State(at)
    }

    fn state(&self, at: StateId) -> Option<&State> {
        self.flow.states.get(at.index())
    }

    fn node(&mut self, to: To) {
        let at = match to {
            To::State(at) => at,
            To::Ends(region) => {
                let words = self.states.get(region.index()).and_then(|(_, ways)| {
                    let mut ways = ways.iter();
                    ways.find(|way| way.kind == print::Kind::Joined)
                        .map(|way| way.label.clone())
                });
                let id = self.name("joined", None);
                let node = self
                    .graph
                    .add(id, Kind::Ends, vec![words.unwrap_or_default()], None);
                self.ends.insert(region, node);
                return;
            }
        };
        let Some((drawn, _)) = self.states.get(at.index()) else {
            return;
        };
        let kind = kind(drawn.shape, self.state(at));
        let step = self.state(at).and_then(|state| state.step);
        let title = step.map(|_| drawn.label.as_str());
        let id = self.name(kind.name(), title);
        let lines = self.lines(at, &drawn.label, kind);
        let place = self
            .program
            .origins
            .span(&format!("flow/{}/{at}", self.flow.name));
        let node = self.graph.add(id, kind, lines, place);
        self.placed.insert(at, node);
    }

    fn name(&mut self, kind: &'static str, title: Option<&str>) -> String {
        if let Some(title) = title {
            return title.to_owned();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        format!("{kind} {count}")
    }

    fn lines(&self, at: StateId, label: &str, kind: Kind) -> Vec<String> {
        let item = self.item(at);
        let first = match (kind, label) {
            (Kind::Done, "return none" | "give none" | "join") => "done",
            (Kind::Choice, label) => item.as_deref().unwrap_or(label),
            (_, label) => label,
        };
        let undo = self.state(at).and_then(|state| match &state.end {
            End::Call(call) => call.undo.as_ref(),
            End::Start(start) => start.undo.as_ref(),
            _ => None,
        });
        let undo = undo.and_then(|undo| Some(self.flow.steps.get(undo.step.index())?.title.clone()));
        std::iter::once(first.to_owned())
            .chain(undo)
            .map(|line| shortened(&line))
            .collect()
    }

    /// What a loop is for, by the name of its item: `for part`. Its condition is the compiler's.
    fn item(&self, at: StateId) -> Option<String> {
        let End::Branch { condition, yes, .. } = &self.state(at)?.end else {
            return None;
        };
        let own = |slot: &flowmesh_ir::flow::Slot| !slot.name.starts_with('_');
        let mut made = false;
        condition
            .each_slot(&mut |slot| made |= self.flow.slots.get(slot.index()).is_some_and(|slot| !own(slot)));
        let first = self.state(*yes)?.code.first().filter(|_| made)?;
        let Instruction::Set(slot, _) = first else {
            return None;
        };
        let slot = self.flow.slots.get(slot.index()).filter(|slot| own(slot))?;
        Some(format!("for {}", slot.name))
    }

    fn ways(&mut self, to: To) {
        let Some(from) = self.place(to) else { return };
        let leads: Vec<(To, String, Way)> = self
            .leads(to)
            .into_iter()
            .map(|(to, label, kind)| (to, shortened(label), kind))
            .collect();
        for (to, label, kind) in leads {
            self.connect(from, to, &label, kind);
        }
    }

    fn place(&self, to: To) -> Option<usize> {
        match to {
            To::State(at) => self.placed.get(&at).copied(),
            To::Ends(region) => self.ends.get(&region).copied(),
        }
    }

    fn connect(&mut self, from: usize, to: To, label: &str, kind: Way) {
        if let Some(to) = self.place(to) {
            self.graph.connect(from, to, label, kind);
        }
    }
}

fn kind(shape: Shape, state: Option<&State>) -> Kind {
    match (shape, state.map(|state| &state.end)) {
        // The first fiber has come to its end.
        (Shape::Ends, Some(End::Join)) => Kind::Done,
        (Shape::Step, Some(End::Region(_))) | (Shape::Begins, _) => Kind::Begins,
        (Shape::Step, _) => Kind::Step,
        (Shape::Plain, _) => Kind::Plain,
        (Shape::Ends, _) => Kind::Ends,
        (Shape::Choice, _) => Kind::Choice,
        (Shape::Done, _) => Kind::Done,
        (Shape::Fails, _) => Kind::Fails,
    }
}

/// A line that is no longer than others. Slots of one name, which the compiler numbers, have the name that they were given.
pub(super) fn shortened(line: &str) -> String {
    let mut named = String::with_capacity(line.len());
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        let numbered =
            sign == '#' && named.ends_with(|sign: char| sign.is_ascii_alphanumeric() || sign == '_');
        match numbered && signs.peek().is_some_and(char::is_ascii_digit) {
            true => while signs.next_if(char::is_ascii_digit).is_some() {},
            false => named.push(sign),
        }
    }
    let mut signs = named.chars();
    let start: String = signs.by_ref().take(LINE_MAX).collect();
    match signs.next() {
        None => start,
        Some(_) => format!("{}…", start.trim_end()),
    }
}
