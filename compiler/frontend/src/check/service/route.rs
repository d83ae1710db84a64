//! Which subset a request goes to.

use super::Error;
use crate::{
    ast::{self, ExprKind, Ident},
    check::{Checker, Ty, frame::Kind},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    Name, SubsetId,
    service::{Route, Subset},
};

impl<'a> Checker<'a> {
    pub(super) fn routes(&mut self, service: &'a ast::Service, subsets: &[Subset]) -> Vec<Route> {
        let Some(block) = &service.route else {
            if subsets.len() > 1 && subsets.iter().all(|subset| !subset.name.is_empty()) {
                let (name, span) = (service.name.text.clone(), service.name.span);
                self.report(Error::NoRoute { name, span }.diagnostic());
            }
            return vec![Route {
                condition: None,
                split: vec![(SubsetId(0), 100)],
            }];
        };
        let mut routes = Vec::with_capacity(block.rules.len());
        let mut last: Option<Span> = None;
        for rule in &block.rules {
            if let Some(before) = last {
                self.report(
                    Error::RuleNeverTaken {
                        span: rule.span,
                        before,
                    }
                    .diagnostic(),
                );
            }
            if rule.condition.is_none() {
                last = Some(rule.span);
            }
            let module = self.frame.module;
            let (condition, _) = self.within(module, Kind::Route, |checker| {
                rule.condition
                    .as_ref()
                    .map(|condition| checker.against(condition, &Ty::Bool))
            });
            let twin = routes
                .iter()
                .position(|before: &Route| condition.is_some() && before.condition == condition);
            if let Some(before) = twin.and_then(|at| block.rules.get(at)) {
                let (span, before) = (rule.span, before.span);
                self.report(Error::RuleTwice { span, before }.diagnostic());
            }
            let split = self.split(&rule.split, subsets, (rule.span, service.name.span));
            routes.push(Route { condition, split });
        }
        if last.is_none() {
            let no_else = Error::NoElse { span: block.span }.diagnostic();
            let end = block.span.end.saturating_sub(1);
            let end = Span::new(block.span.source, end, end);
            let first = block.rules.first().and_then(|rule| rule.split.first());
            self.report(match first {
                Some((subset, _)) => {
                    let rule = format!("  else -> {}\n", subset.text);
                    no_else.fix(format!("send the rest to {}", subset.text), end, rule)
                }
                None => no_else,
            });
        }
        routes
    }

    fn split(
        &mut self,
        split: &'a [(Ident, Option<ast::Expr>)],
        subsets: &[Subset],
        (span, declared): (Span, Span),
    ) -> Vec<(SubsetId, u32)> {
        let mut made = Vec::with_capacity(split.len());
        for (name, weight) in split {
            let subset = (0u32..)
                .map(SubsetId)
                .zip(subsets)
                .find(|(_, subset)| subset.name == name.text);
            if subset.is_none() {
                let near =
                    nearest(&name.text, subsets.iter().map(|subset| subset.name.as_str())).map(Name::from);
                self.report(
                    Error::UnknownSubset {
                        name: name.text.clone(),
                        span: name.span,
                        near,
                        declared,
                    }
                    .diagnostic(),
                );
            }
            let percent = match weight.as_ref().map(|weight| &weight.kind) {
                None if split.len() == 1 => Some(100),
                Some(ExprKind::Percent(percent)) => super::retry::whole(*percent, 100),
                _ => None,
            };
            if percent.is_none() {
                let span = weight.as_ref().map_or(name.span, |weight| weight.span);
                self.report(
                    Error::Weight {
                        name: name.text.clone(),
                        span,
                    }
                    .diagnostic(),
                );
                return made;
            }
            made.extend(subset.zip(percent).map(|((id, _), percent)| (id, percent)));
        }
        let sum: u32 = made.iter().map(|(_, weight)| *weight).sum();
        if made.len() == split.len() && sum != 100 {
            let weights = split.iter().filter_map(|(_, weight)| Some(weight.as_ref()?.span));
            let parts = weights.collect();
            self.report(Error::Weights { sum, span, parts }.diagnostic());
        }
        made
    }
}
