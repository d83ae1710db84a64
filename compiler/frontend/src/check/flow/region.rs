//! Regions with one branch: deadlines, locks, pools and steps.

pub(super) mod error;

use super::Body;
use crate::{
    ast::{self, Block, ExprKind, Ident, TextPart},
    check::{
        Checker, FactKind, Ty, constant,
        frame::Role,
        tree::{Kind, Region, Statement, Step},
    },
    resolve::{Case, is_written},
};
use error::Error;
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{Name, Value, expr::Expr, flow::Guard, traffic::Rate};
use jiff::SignedDuration;

/// A step of the flow, before its region was met.
#[derive(Clone, Debug)]
pub(super) struct Named {
    name: Name,
    span: Span,
    title: Option<String>,
}

impl<'a> Checker<'a> {
    /// The body of a region that may end at any time: what it learned does not hold behind it, nor what it forgot.
    pub(super) fn within_region(&mut self, body: &'a Block) -> Body {
        self.interruptible(|checker| checker.block(body))
    }

    /// As [`Self::within_region`], for anything.
    pub(super) fn interruptible<T>(&mut self, what: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.frame.forgotten.len();
        let done = self.knowing(Vec::new(), what);
        let forgotten = self.frame.forgotten.get(mark..).unwrap_or_default().to_vec();
        self.frame.narrowed.retain(|path| !forgotten.contains(&path.slot));
        done
    }

    /// `within 10m { } else { }`
    pub(super) fn deadline(
        &mut self,
        span: Span,
        duration: &'a ast::Expr,
        body: &'a Block,
        otherwise: Option<&'a Block>,
        out: &mut Vec<Statement>,
    ) -> bool {
        let place = duration.span;
        let duration = self.waited(duration);
        let known = length(&duration);
        if let Some(known) = known {
            self.flow.deadlines.push((known, place));
        }
        self.flow.endable = self.flow.endable.saturating_add(1);
        let body = self.within_region(body);
        self.flow.endable = self.flow.endable.saturating_sub(1);
        if known.is_some() {
            self.flow.deadlines.pop();
        }
        let late = otherwise.map(|block| self.knowing(Vec::new(), |checker| checker.block(block)));
        let falls = body.falls || late.as_ref().is_none_or(|late| late.falls);
        let late = late.map_or_else(Vec::new, |late| late.statements);
        let region = Region {
            within: Some((duration, late)),
            ..Region::of(body.statements)
        };
        self.push(out, span, Kind::Region(Box::new(region)));
        falls
    }

    /// A length of time that is waited for: one that is longer than a deadline around it never passes.
    pub(super) fn waited(&mut self, duration: &'a ast::Expr) -> Expr {
        let span = duration.span;
        let duration = self.against(duration, &Ty::Duration);
        let shortest = self.flow.deadlines.iter().min_by_key(|(length, _)| *length);
        if let (Some(inner), Some((outer, around))) = (length(&duration), shortest.copied())
            && inner >= outer
        {
            let show = |length: SignedDuration| {
                crate::check::time(u64::try_from(length.as_millis()).unwrap_or_default())
            };
            let (inner, outer) = (show(inner), show(outer));
            self.report(
                Error::OverDeadline {
                    span,
                    around,
                    inner,
                    outer,
                }
                .diagnostic(),
            );
        }
        duration
    }

    /// `lock "sku:{sku}" as fence { }`, and with a number, a rate or both `limit "reports", 5, 100/m { }`
    pub(super) fn guarded(
        &mut self,
        span: Span,
        (name, most): (&'a ast::Expr, &'a [ast::Expr]),
        token: Option<&'a Ident>,
        body: &'a Block,
        out: &mut Vec<Statement>,
    ) -> bool {
        let place = name.span;
        let name = self.against(name, &Ty::String);
        let (permits, rate) = self.most(most);
        // Who only keeps to a rate holds nothing that another could wait for.
        let holds = permits.is_some() || rate.is_none();
        let held = self
            .flow
            .guards
            .iter()
            .find(|(held, _)| holds && *held == name && name != Self::hole());
        if let Some((_, first)) = held.cloned() {
            self.report(Error::Held { span: place, first }.diagnostic());
        }
        let outer = self.flow.guards.len();
        self.flow.guards.extend(holds.then(|| (name.clone(), place)));
        self.frame.open();
        let token = token.map(|token| self.bind(token, Ty::Int, Role::Bound));
        let body = self.within_region(body);
        self.frame.close();
        self.flow.guards.truncate(outer);
        let title = if most.is_empty() { "lock" } else { "limit" };
        let region = Region {
            guard: Some(Guard {
                name,
                permits,
                rate,
                token,
            }),
            title: Some(title),
            ..Region::of(body.statements)
        };
        self.push(out, span, Kind::Region(Box::new(region)));
        body.falls
    }

    /// How many at once, how many within a time, or both.
    fn most(&mut self, most: &'a [ast::Expr]) -> (Option<Expr>, Option<Rate>) {
        match most {
            [] => (None, None),
            [rate] if matches!(rate.kind, ExprKind::Rate(..)) => (None, self.rate("limit", rate)),
            [permits] => (Some(self.at_least_one("limit", permits)), None),
            [permits, rate, rest @ ..] => {
                let both = (
                    Some(self.at_least_one("limit", permits)),
                    self.rate("limit", rate),
                );
                for more in rest {
                    self.wrong_form(
                        "limit",
                        "a number, a rate, or a number and then a rate",
                        more.span,
                    );
                }
                both
            }
        }
    }

    /// An int that makes no sense below 1.
    pub(super) fn at_least_one(&mut self, name: &'static str, value: &'a ast::Expr) -> Expr {
        let span = value.span;
        let value = self.against(value, &Ty::Int);
        if let Some(Value::Int(found)) = constant::value(&value)
            && found < 1
        {
            let most = None;
            self.report(
                Error::Number {
                    name,
                    span,
                    found,
                    most,
                }
                .diagnostic(),
            );
        }
        value
    }

    /// `step packing "Pack the box" { }`
    pub(super) fn step(
        &mut self,
        span: Span,
        name: &'a Ident,
        title: Option<&'a ast::Expr>,
        body: &'a Block,
        out: &mut Vec<Statement>,
    ) -> bool {
        is_written(name, Case::Snake, self.found);
        let known = self.flow.steps.iter().position(|step| step.name == name.text);
        let first = known.and_then(|at| self.flow.steps.get(at)).map(|step| step.span);
        if let Some(first) = first.filter(|first| *first != name.span) {
            self.twice(name.text.clone(), name.span, first);
        }
        let title = title.and_then(|title| self.title(title));
        if let Some(step) = known.and_then(|at| self.flow.steps.get_mut(at)) {
            step.title = step.title.take().or(title);
        }
        let cancelled = self.flow.cancelled.contains(&name.text);
        let endable = self.flow.endable;
        self.flow.endable = endable.saturating_add(u32::from(cancelled));
        let body = self.within_region(body);
        self.flow.endable = endable;
        let region = Region {
            step: known.and_then(|at| u32::try_from(at).ok()),
            ..Region::of(body.statements)
        };
        self.push(out, span, Kind::Region(Box::new(region)));
        // A step that is cancelled goes on behind it, if anything can cancel it.
        body.falls || cancelled
    }

    fn title(&mut self, title: &'a ast::Expr) -> Option<String> {
        let ExprKind::Text(parts) = &title.kind else {
            self.report(Error::Title { span: title.span }.diagnostic());
            return None;
        };
        let mut text = String::new();
        for part in parts {
            match part {
                TextPart::Literal(literal) => text.push_str(literal),
                TextPart::Expr(value) => {
                    self.expr(value, None);
                    self.report(Error::Title { span: title.span }.diagnostic());
                    return None;
                }
            }
        }
        Some(text)
    }

    /// `cancel packing`: whether it is a step.
    pub(super) fn cancel_step(&mut self, span: Span, what: &'a ast::Expr, out: &mut Vec<Statement>) -> bool {
        let ExprKind::Name(name) = &what.kind else {
            return false;
        };
        if self.frame.find(name).is_some() {
            return false;
        }
        if let Some(at) = self.flow.steps.iter().position(|step| step.name == *name) {
            let declared = self.flow.steps.get(at).map(|step| step.span);
            self.facts
                .add(what.span, FactKind::Local(name.clone(), Ty::Unit), declared);
            let number = u32::try_from(at).unwrap_or(u32::MAX);
            self.push(out, span, Kind::CancelStep(number));
            return true;
        }
        if self.entry(name).is_some() {
            return false;
        }
        let steps = self.flow.steps.iter().map(|step| step.name.as_str());
        let is_task = |name: &&Name| {
            let local = self.frame.find(name).and_then(|slot| self.frame.local(slot));
            local.is_some_and(|local| matches!(local.ty, Ty::Task(_)))
        };
        let tasks = self.frame.names().into_iter().filter(is_task);
        let near = nearest(name, steps.chain(tasks.map(Name::as_str))).map(Name::from);
        let (name, span) = (name.clone(), what.span);
        self.report(Error::UnknownStep { name, span, near }.diagnostic());
        true
    }

    /// Learns the steps of a flow, and which of them something cancels, before its statements are checked.
    pub(super) fn learn_steps(&mut self, block: &'a Block) {
        let mut open: Vec<(ast::Part<'a>, u32)> = vec![(ast::Part::Block(block), 0)];
        while let Some((part, depth)) = open.pop() {
            if depth > 512 {
                continue;
            }
            let mut inner = Vec::new();
            let mut take = |part, _: &[&'a Ident]| inner.push((part, depth + 1));
            match part {
                ast::Part::Expr(expr) => expr.each_part(&mut take),
                ast::Part::Block(block) => inner.extend(
                    block
                        .statements
                        .iter()
                        .map(|statement| (ast::Part::Statement(statement), depth + 1)),
                ),
                ast::Part::Statement(statement) => {
                    statement.each_part(&mut take);
                    self.learn_step(statement);
                }
            }
            open.extend(inner.into_iter().rev());
        }
    }

    fn learn_step(&mut self, statement: &ast::Statement) {
        match &statement.kind {
            ast::StatementKind::Step { name, .. }
                if self.flow.steps.iter().all(|step| step.name != name.text) =>
            {
                self.flow.steps.push(Named {
                    name: name.text.clone(),
                    span: name.span,
                    title: None,
                });
            }
            ast::StatementKind::Cancel {
                what:
                    ast::Expr {
                        kind: ExprKind::Name(name),
                        ..
                    },
            } => {
                self.flow.cancelled.insert(name.clone());
            }
            _ => {}
        }
    }

    /// The steps as the program has them.
    pub(super) fn steps(&mut self) -> Vec<Step> {
        let step = |named: Named| Step {
            name: named.name,
            title: named.title,
        };
        self.flow.steps.drain(..).map(step).collect()
    }
}

/// How long a duration is, where that is known now.
pub(super) fn length(duration: &Expr) -> Option<SignedDuration> {
    match constant::value(duration)? {
        Value::Duration(length) => Some(length),
        _ => None,
    }
}
