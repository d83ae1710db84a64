//! What settings say about balance, and whether weights are those of the addresses.

use super::{Error, Overrides, policy::Said, setting::Setting as Known, traffic::By};
use crate::{
    ast::{self, ExprKind},
    check::{Checker, frame::Kind},
};
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{Name, policy::Balance};

impl<'a> Checker<'a> {
    pub(super) fn balance(
        &mut self,
        known: &'static Known,
        value: &'a ast::Expr,
    ) -> Option<(Said<Balance>, By)> {
        let read = match &value.kind {
            ExprKind::Name(name) => match name.as_str() {
                "round_robin" => Some((Balance::RoundRobin, By::default())),
                "ewma" => Some((Balance::Ewma, By::default())),
                "random" => Some((Balance::Random, By::default())),
                "least_requests" => Some((Balance::LeastRequests, By::default())),
                _ => None,
            },
            ExprKind::Call(callee, arguments) => self.balance_by(callee, arguments),
            _ => None,
        };
        let Some((value_read, by)) = read else {
            self.wrong_form(known.name, known.form, value.span);
            return None;
        };
        let said = Said {
            value: value_read,
            span: value.span,
        };
        Some((said, by))
    }

    /// `ring_hash(EXPR)`, `maglev(EXPR)`, `weights([1, 2])`
    fn balance_by(&mut self, callee: &ast::Expr, arguments: &'a [ast::Argument]) -> Option<(Balance, By)> {
        let (ExprKind::Name(name), [only]) = (&callee.kind, arguments) else {
            return None;
        };
        let mut by = By::default();
        let balance = match name.as_str() {
            "ring_hash" => Balance::RingHash,
            "maglev" => Balance::Maglev,
            "weights" => {
                let ExprKind::List(items) = &only.value.kind else {
                    return None;
                };
                by.weights = self.weights(items, only.value.span);
                return Some((Balance::Weights, by));
            }
            _ => return None,
        };
        let module = self.frame.module;
        let (hash, _) = self.within(module, Kind::Route, |checker| {
            let typed = checker.expr(&only.value, None);
            let ty = typed.ty.present().clone();
            checker.textual(crate::check::expr::Typed::new(typed.expr, ty), only.value.span)
        });
        by.hash = Some(hash);
        Some((balance, by))
    }

    /// Weights of which one is above 0; one that cannot be read was reported, and counts like any other.
    fn weights(&mut self, items: &'a [ast::Expr], span: Span) -> Vec<u32> {
        let weights = items
            .iter()
            .map(|item| self.number("weights", item, 0, 1_000_000).unwrap_or(1));
        let weights: Vec<u32> = weights.collect();
        if weights.iter().all(|weight| *weight == 0) {
            self.wrong_form("weights", "one weight for each address, and one above 0", span);
        }
        weights
    }

    /// Looks whether the weights that a place says are those of the addresses of a service.
    pub(crate) fn weighed(&mut self, said: &Overrides, service: &Name, addresses: &[(usize, Span)]) {
        let (Some(balance), Some(by)) = (said.balance, said.traffic.by.as_ref()) else {
            return;
        };
        let weights = by.weights.len();
        if balance.value != Balance::Weights || weights == 0 {
            return;
        }
        // One address alone has nothing to weigh, beside others that have.
        let some = addresses.iter().any(|(count, _)| *count == weights);
        let fits = |count: usize| count == weights || some && count == 1;
        let wrong = addresses.iter().find(|(count, _)| !fits(*count));
        if let Some((addresses, place)) = wrong.copied() {
            let (service, span) = (service.clone(), balance.span);
            self.report(
                Error::WeightsOfAddresses {
                    service,
                    weights,
                    addresses,
                    span,
                    place,
                }
                .diagnostic(),
            );
        }
    }
}

impl Error {
    pub(super) fn of_balance(self) -> Diagnostic {
        match self {
            Self::WeightsOfAddresses {
                service,
                weights,
                addresses,
                span,
                place,
            } => {
                let message = format!(
                    "expected as many weights as `{service}` has addresses, which is {addresses}, found {weights}"
                );
                Diagnostic::error(Code(555), span, message)
                    .and(place, "the addresses")
                    .help("write the weights in the order of the addresses")
            }
            other => other.of_operations(),
        }
    }
}
