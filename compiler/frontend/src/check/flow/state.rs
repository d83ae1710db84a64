//! `state NAME { }` and `goto NAME`: flows written as state machines.

use super::{Body, Error as FlowError, region::error::Error};
use crate::{
    ast::{self, Block, Ident, StatementKind},
    check::{
        Asked, Checker, FactKind, Ty,
        tree::{Kind, Statement},
    },
    resolve::{Case, is_written},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::Name;

/// The states of a flow.
#[derive(Debug, Default)]
pub(super) struct States {
    all: Vec<(Name, Span)>,
    /// The state at hand.
    current: Option<usize>,
    /// What leads from one to another.
    ways: Vec<(usize, usize)>,
}

impl<'a> Checker<'a> {
    /// The body of a flow: statements, and after them its states, if it has some.
    pub(super) fn flow_body(&mut self, block: &'a Block) -> Body {
        self.learn_steps(block);
        let is_state = |statement: &ast::Statement| matches!(statement.kind, StatementKind::State { .. });
        let Some(first) = block.statements.iter().position(is_state) else {
            return self.block(block);
        };
        let (before, states) = block.statements.split_at(first);
        self.learn_states(states);
        self.frame.open();
        let mut body = self.statements(before);
        if !body.falls
            && let Some(unreached) = states.first()
        {
            let span = unreached.span;
            let after = before.last().map_or(span, |last| last.span);
            self.report(FlowError::Unreachable { span, after }.diagnostic());
        }
        body.falls = false;
        let begin = states.first().map(|state| state.span).unwrap_or_default();
        let mut number = 0;
        for statement in states {
            let StatementKind::State { name, body: block } = &statement.kind else {
                let state = Span {
                    end: begin.start.saturating_add(5),
                    ..begin
                };
                let span = statement.span;
                self.report(Error::AfterState { span, state }.diagnostic());
                self.single(statement);
                continue;
            };
            body.falls = self.state(number, statement.span, name, block, &mut body.statements);
            number += 1;
        }
        self.frame.close();
        self.unreachable_states(&mut body);
        body
    }

    fn learn_states(&mut self, states: &'a [ast::Statement]) {
        for statement in states {
            let StatementKind::State { name, .. } = &statement.kind else {
                continue;
            };
            let earlier = self.flow.states.all.iter().find(|(known, _)| *known == name.text);
            if let Some((_, first)) = earlier.cloned() {
                self.twice(name.text.clone(), name.span, first);
            }
            self.flow.states.all.push((name.text.clone(), name.span));
        }
    }

    /// Anything may have been done before, by whatever way it was reached.
    fn state(
        &mut self,
        number: usize,
        span: Span,
        name: &'a Ident,
        block: &'a Block,
        out: &mut Vec<Statement>,
    ) -> bool {
        is_written(name, Case::Snake, self.found);
        self.flow.states.current = Some(number);
        self.forget_vars();
        let body = self.knowing(Vec::new(), |checker| checker.block(block));
        self.forget_vars();
        self.flow.states.current = None;
        if body.falls {
            self.flow.states.ways.push((number, number + 1));
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.push(out, span, Kind::State(number, body.statements));
        body.falls
    }

    fn unreachable_states(&mut self, body: &mut Body) {
        let states = std::mem::take(&mut self.flow.states);
        let mut reached = vec![false; states.all.len()];
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            let Some(seen) = reached.get_mut(at).filter(|seen| !**seen) else {
                continue;
            };
            *seen = true;
            open.extend(
                states
                    .ways
                    .iter()
                    .filter(|(from, _)| *from == at)
                    .map(|(_, to)| *to),
            );
        }
        body.falls &= reached.last().copied().unwrap_or(true);
        let unreached = states
            .all
            .into_iter()
            .zip(reached)
            .filter(|(_, reached)| !reached);
        for ((name, span), _) in unreached {
            self.report(Error::UnreachableState { name, span }.diagnostic());
        }
    }

    /// A state somewhere else than directly in the body of a flow.
    pub(super) fn state_inside(&mut self, span: Span, block: &'a Block) -> bool {
        let word = Span {
            end: span.start.saturating_add(5),
            ..span
        };
        self.report(Error::StateInside { span: word }.diagnostic());
        self.block(block).falls
    }

    pub(super) fn goto(&mut self, span: Span, name: &'a Ident, out: &mut Vec<Statement>) -> bool {
        self.probe(&name.text, |_| Asked::Named);
        let states = &self.flow.states;
        let any = !states.all.is_empty();
        let current = states.current.filter(|_| self.flow.fiber == 0);
        let found = states.all.iter().position(|(known, _)| *known == name.text);
        let near = nearest(&name.text, states.all.iter().map(|(known, _)| known.as_str())).map(Name::from);
        let declared = found.and_then(|at| states.all.get(at)).map(|(_, span)| *span);
        self.leave();
        if self.in_finally("goto", span) {
            return false;
        }
        match (current, found) {
            (Some(from), Some(to)) => {
                self.flow.states.ways.push((from, to));
                let number = u32::try_from(to).unwrap_or(u32::MAX);
                let fact = FactKind::Local(name.text.clone(), Ty::Unit);
                self.facts.add(name.span, fact, declared);
                self.push(out, span, Kind::Goto(number));
            }
            (None, _) => self.report(Error::GotoOutside { span, any }.diagnostic()),
            (Some(_), None) => {
                let (name, span) = (name.text.clone(), name.span);
                self.report(
                    Error::UnknownState {
                        name,
                        span,
                        near,
                        any,
                    }
                    .diagnostic(),
                );
            }
        }
        false
    }
}
