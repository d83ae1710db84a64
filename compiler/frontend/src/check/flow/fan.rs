//! `parallel(limit: 10, need: 3, rest: cancel)`: how many run at once, how many are needed, what becomes of the rest.

use super::region::error::Error;
use crate::{
    ast::{self, ExprKind, Fan, free},
    check::{Checker, Ty, constant},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    Name, Value,
    expr::Expr,
    flow::{Need, Rest},
};

/// What was said of branches.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) limit: Option<Expr>,
    pub(super) need: Need,
    pub(super) rest: Rest,
}

/// What stands in the brackets of a loop, before its body was checked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said<'a> {
    limit: Option<&'a ast::Expr>,
    pub(super) need: Option<&'a ast::Expr>,
    rest: Option<&'a ast::Expr>,
}

const WORDS: [(&str, Rest); 3] = [
    ("cancel", Rest::Cancel),
    ("finish", Rest::Finish),
    ("later", Rest::Later),
];

impl<'a> Checker<'a> {
    /// Of `parallel(need: 2) { }`.
    pub(super) fn given(&mut self, fan: Option<&'a Fan>, block: &'a ast::Block) -> Given {
        let Some(fan) = fan else {
            return Given::default();
        };
        let mut given = self.arguments_of_fan(fan, &["need", "rest"]).into_iter();
        let (need, rest) = (given.next().flatten(), given.next().flatten());
        let rest = self.rest(rest, need.is_some());
        let need = need.map(|need| {
            let count = self.at_least_one("need", need);
            self.not_more("need", &count, need.span, block);
            Need::Count(count)
        });
        Given {
            limit: None,
            need: need.unwrap_or_default(),
            rest,
        }
    }

    /// Of `for x in xs parallel(...) { }`.
    pub(super) fn said(&mut self, fan: &'a Fan) -> Said<'a> {
        let mut given = self.arguments_of_fan(fan, &["limit", "need", "rest"]).into_iter();
        Said {
            limit: given.next().flatten(),
            need: given.next().flatten(),
            rest: given.next().flatten(),
        }
    }

    /// The limit is asked before the first round, and what becomes of the rest is no value.
    pub(super) fn given_rounds(&mut self, said: Said<'a>) -> Given {
        Given {
            limit: said.limit.map(|limit| self.at_least_one("limit", limit)),
            need: Need::All,
            rest: self.rest(said.rest, said.need.is_some()),
        }
    }

    /// How many rounds are needed: a number, or a condition that is asked after each of them.
    pub(super) fn needed(&mut self, need: Option<&'a ast::Expr>) -> Need {
        let Some(need) = need else {
            return Need::All;
        };
        let typed = self.expr(need, None);
        if self.globals.unfold(&typed.ty) == Ty::Bool {
            return Need::Until(typed.expr);
        }
        let count = self.fit(typed, &Ty::Int, need.span);
        if let Some(Value::Int(found)) = constant::value(&count)
            && found < 1
        {
            let (name, span, most) = ("need", need.span, None);
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
        Need::Count(count)
    }

    /// Each argument has its name: numbers alone do not say what they are.
    fn arguments_of_fan(&mut self, fan: &'a Fan, names: &[&'static str]) -> Vec<Option<&'a ast::Expr>> {
        let unnamed = fan.arguments.iter().filter(|argument| argument.name.is_none());
        for (argument, name) in unnamed.zip(names) {
            let span = argument.value.span;
            self.report(Error::Unnamed { span, name }.diagnostic());
        }
        self.arrange("parallel", names, &fan.arguments)
    }

    fn rest(&mut self, rest: Option<&'a ast::Expr>, needed: bool) -> Rest {
        let Some(rest) = rest else {
            return Rest::Cancel;
        };
        if !needed {
            self.report(Error::RestOfNothing { span: rest.span }.diagnostic());
        }
        let word = match &rest.kind {
            ExprKind::Name(name) => name.as_str(),
            _ => "",
        };
        let known = WORDS.iter().find(|(known, _)| *known == word);
        known.map_or_else(
            || {
                let near = nearest(word, WORDS.iter().map(|(known, _)| *known)).map(Name::from);
                let span = rest.span;
                self.report(Error::Rest { span, near }.diagnostic());
                Rest::Cancel
            },
            |(_, rest)| *rest,
        )
    }

    fn not_more(&mut self, name: &'static str, count: &Expr, span: Span, block: &ast::Block) {
        let most = block.statements.len();
        let Some(Value::Int(found)) = constant::value(count) else {
            return;
        };
        if usize::try_from(found).is_ok_and(|found| found > most) {
            let most = Some((most, block.span));
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
    }
}

/// Whether a condition looks at the results of the rounds.
pub(super) fn looks_at_results(need: Option<&ast::Expr>) -> bool {
    let names = need.map(free::names_of).unwrap_or_default();
    names.iter().any(|(name, _)| name == "results")
}
