//! Statements become states.

use super::states::{Label, States};
use crate::check::tree::{self, For, Kind, Over, Statement};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    Name, SlotId, StateId, StepId, Value,
    expr::{Argument, Binary, Expr},
    flow::{End, Flow, Instruction, Rest},
    program::Places,
};
use std::{collections::HashMap, sync::Arc};

/// A flow as a state machine.
#[derive(Clone, Debug)]
pub(crate) struct Lowered {
    pub(crate) flow: Arc<Flow>,
    /// Where it and its states stand.
    pub(crate) places: Arc<Places>,
}

/// Makes the states of a flow that stands at `span`.
pub(crate) fn flow(written: tree::Flow, span: Span) -> Lowered {
    let mut lowering = Lowering {
        flow: Some(&written),
        ..Lowering::default()
    };
    let entry = lowering.states.label();
    lowering.states.begin(entry);
    match &written.produces {
        Some(produces) => {
            lowering.before(produces);
            written.requires.iter().for_each(|it| lowering.gather(it));
            lowering.statements(&written.body);
            lowering.ends(produces);
        }
        None => {
            written.requires.iter().for_each(|it| lowering.gather(it));
            lowering.statements(&written.body);
            let end = lowering.fall_off();
            lowering.states.end(end);
        }
    }
    let (states, steps, spans) = lowering.states.finish(entry);
    let states_at = spans.into_iter().enumerate();
    let states_at = states_at.filter_map(|(at, span)| Some((format!("/{at}"), span?)));
    let on = written.on.map(|span| ("/on".to_owned(), span));
    let places = std::iter::once((String::new(), span))
        .chain(states_at)
        .chain(on)
        .collect();
    let flow = Flow {
        name: written.name,
        doc: written.doc,
        params: written.params,
        result: written.result,
        fails: written.fails,
        key: written.key,
        trigger: written.trigger,
        produces: written.produces.map(|produces| produces.product),
        conduct: written.conduct,
        views: written.views,
        signals: written.signals,
        slots: written.slots,
        steps,
        states,
        entry: StateId(0),
    };
    Lowered {
        flow: Arc::new(flow),
        places: Arc::new(places),
    }
}

/// Flows on their way to states.
#[derive(Default)]
pub(super) struct Lowering<'a> {
    pub(super) flow: Option<&'a tree::Flow>,
    pub(super) states: States,
    pub(super) loops: Vec<Loop>,
    /// How many regions are around what comes now, in the fiber's own branch.
    pub(super) depth: u32,
    /// The states of the flow, by number, as far as they were named.
    pub(super) named: HashMap<u32, Label>,
    /// How many regions are around the states of the flow.
    pub(super) named_depth: u32,
    /// The steps of the flow, by number, as far as they were named.
    pub(super) steps: HashMap<u32, StepId>,
    /// Where a body that produces something leads when it returns.
    pub(super) made: Option<Label>,
    /// Where statements went that several ways lead to.
    pub(super) shared: Vec<(Arc<Vec<Statement>>, Label)>,
}

/// Where `continue` and `break` lead, each with the number of regions around it.
#[derive(Clone, Copy)]
pub(super) struct Loop {
    pub(super) head: (Label, u32),
    pub(super) out: (Label, u32),
}

impl Lowering<'_> {
    /// Who falls off the end of a flow waits for what was begun beside; who says `return` does not.
    pub(super) fn fall_off(&self) -> End {
        let beside = |end: &End| match end {
            End::Spawn { .. } | End::Listen(_) => true,
            End::Region(region) => region.rest != Rest::Cancel,
            _ => false,
        };
        if self.states.any(beside) {
            End::Join
        } else {
            End::Return(Expr::Constant(Value::None))
        }
    }

    pub(super) fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            self.states.at(statement.span);
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            Kind::Set(slot, value) => self.states.push(Instruction::Set(*slot, value.clone())),
            Kind::Log(text) => self.states.push(Instruction::Log(text.clone())),
            Kind::Call(call) => self.call(call),
            Kind::If { condition, yes, no } => self.choose(condition, yes, no),
            Kind::Match { subject, arms } => {
                let next = self.states.label();
                let labels: Vec<Label> = arms.iter().map(|_| self.states.label()).collect();
                let patterns = arms.iter().map(|(pattern, _)| pattern.clone());
                let leads = patterns.zip(labels.iter().copied()).collect();
                self.states.end(End::Match {
                    subject: subject.clone(),
                    arms: leads,
                });
                for ((_, body), label) in arms.iter().zip(labels) {
                    self.branch(label, body, next);
                }
                self.states.begin(next);
            }
            Kind::For(looping) => self.for_loop(looping),
            Kind::While { condition, body } => self.while_loop(condition, body),
            Kind::Break => self.jump(|around| around.out),
            Kind::Continue => self.jump(|around| around.head),
            Kind::Region(region) => self.region(region),
            Kind::CancelStep(step) => self.cancel_step(*step),
            Kind::State(number, body) => self.state(*number, body),
            Kind::Goto(number) => self.goto(*number),
            Kind::Shared(body) => self.shared(body),
            Kind::Sleep(duration) => {
                let next = self.states.label();
                self.states.step("sleep");
                self.states.end(End::Sleep {
                    duration: duration.clone(),
                    next,
                });
                self.states.begin(next);
            }
            Kind::Fail(raise) => self.states.end(End::Fail(raise.clone())),
            Kind::Return(value) => match self.flow.and_then(|flow| flow.produces.as_ref()) {
                Some(produces) => self.make(produces, value),
                None => self.states.end(End::Return(value.clone())),
            },
            _ => self.beside(statement),
        }
    }

    /// Statements of their own that lead on to `next`.
    pub(super) fn branch(&mut self, label: Label, body: &[Statement], next: Label) {
        self.states.begin(label);
        self.statements(body);
        self.states.end(End::Jump(next));
    }

    fn choose(&mut self, condition: &Expr, yes: &[Statement], no: &[Statement]) {
        let next = self.states.label();
        let (then, otherwise) = (self.states.label(), self.states.label());
        self.states.end(End::Branch {
            condition: condition.clone(),
            yes: then,
            no: otherwise,
        });
        self.branch(then, yes, next);
        self.branch(otherwise, no, next);
        self.states.begin(next);
    }

    fn jump(&mut self, pick: impl Fn(Loop) -> (Label, u32)) {
        if let Some(around) = self.loops.last().copied() {
            self.leave_for(pick(around));
        }
    }

    fn while_loop(&mut self, condition: &Expr, body: &[Statement]) {
        let (head, inside, out) = (self.states.label(), self.states.label(), self.states.label());
        self.states.end(End::Jump(head));
        self.states.begin(head);
        match condition {
            Expr::Constant(Value::Bool(true)) => self.states.end(End::Jump(inside)),
            condition => self.states.end(End::Branch {
                condition: condition.clone(),
                yes: inside,
                no: out,
            }),
        }
        self.looping(head, out, |lowering| lowering.branch(inside, body, head));
        self.states.begin(out);
    }

    /// A loop counts an index up to the length of its list, or a number up to the end of its range.
    fn for_loop(&mut self, looping: &For) {
        let For {
            over,
            item,
            index,
            bound,
            fan,
            body,
            ..
        } = looping;
        if let Some(fan) = fan {
            return self.fan_out(looping, fan);
        }
        let slot = |slot: &SlotId| Expr::Slot(*slot);
        let (start, limit, end, value) = match over {
            Over::List(list) => (
                Expr::Constant(Value::Int(0)),
                list.clone(),
                Expr::Native(Name::new_static("list.len"), vec![Argument::Value(slot(bound))]),
                Expr::Index(Box::new(slot(bound)), Box::new(slot(index))),
            ),
            Over::Range(from, to) => (from.clone(), to.clone(), slot(bound), slot(index)),
            // Signals always come in a fan, of one round at a time where nothing else is said.
            Over::Signals(_) => return,
        };
        let one = Expr::Constant(Value::Int(1));
        let (head, inside, out) = (self.states.label(), self.states.label(), self.states.label());
        self.states.push(Instruction::Set(*bound, limit));
        self.states.push(Instruction::Set(*index, start));
        self.states.end(End::Jump(head));
        self.states.begin(head);
        self.states.end(End::Branch {
            condition: binary(Binary::Less, slot(index), end),
            yes: inside,
            no: out,
        });
        self.states.begin(inside);
        self.states.push(Instruction::Set(*item, value));
        self.states
            .push(Instruction::Set(*index, binary(Binary::Add, slot(index), one)));
        self.looping(head, out, |lowering| lowering.statements(body));
        self.states.end(End::Jump(head));
        self.states.begin(out);
    }
}

fn binary(operator: Binary, left: Expr, right: Expr) -> Expr {
    Expr::Binary(operator, Box::new(left), Box::new(right))
}
