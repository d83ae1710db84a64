//! Loops, and the words that lead out of them.

use super::{
    Body, Error, Loop,
    call::Dest,
    fan::{Said, looks_at_results},
    region::error::Error as Wrong,
};
use crate::{
    ast::{self, ExprKind, Ident, StatementKind},
    check::{
        Checker, Ty,
        error::Error as TypeError,
        expr::{self, Typed},
        frame::Role,
        narrow,
        tree::{Fan, For, Kind, Over, Statement},
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    Name, SlotId, Value,
    expr::{Binary, Expr},
    flow::{Gather, Need},
};
use std::sync::Arc;

/// What becomes of the rounds of a loop.
#[derive(Clone, Debug)]
pub(super) enum Rounds {
    /// They stand for what they do.
    Nothing,
    /// Each gives a value, of this type if one is asked for.
    Values(Option<Ty>),
}

/// What a loop goes over, found.
struct Source {
    over: Over,
    item: Ty,
    /// The type of the place in it, and of where it ends.
    bound: Ty,
    within: Option<(Expr, Vec<Statement>)>,
}

impl<'a> Checker<'a> {
    /// `for x in xs { }`: gives the list of the values of its rounds, if they give some.
    pub(super) fn for_loop(
        &mut self,
        span: Span,
        looping: &'a ast::For,
        rounds: Rounds,
        out: &mut Vec<Statement>,
    ) -> Option<(SlotId, Ty)> {
        let source = self.source(span, looping);
        let said = looping.fan.as_ref().map(|fan| self.said(fan));
        let given = said.map(|said| self.given_rounds(said));
        let fanned = given.is_some() || matches!(source.over, Over::Signals(_));
        let rounds = match rounds {
            Rounds::Nothing if looks_at_results(said.and_then(|said| said.need)) => Rounds::Values(None),
            rounds => rounds,
        };
        let list = matches!(rounds, Rounds::Values(_)).then(|| self.frame.hidden("_list", Ty::Bad));
        let index = self.frame.hidden("_index", Ty::Int);
        let bound = self.frame.hidden("_over", source.bound);
        let first = self.frame.locals.len();
        self.frame.open();
        let item = self.bind(&looping.name, source.item, Role::Bound);
        let concurrent = given.is_some();
        if concurrent {
            self.flow.rounds.push(first);
        }
        let (mut body, value) = self.round_of(looping, &rounds);
        if concurrent {
            self.flow.rounds.pop();
        }
        self.frame.close();
        let values = list
            .zip(value.clone())
            .map(|(list, (_, ty))| (list, Ty::List(Arc::new(ty))));
        if let Some((list, ty)) = &values
            && let Some(local) = self.frame.locals.get_mut(list.index())
        {
            local.ty = ty.clone();
        }
        let gather = list.zip(value).and_then(|(list, (value, _))| {
            if fanned {
                return Some(self.gather(list, value, span, &mut body.statements));
            }
            self.push(out, span, Kind::Set(list, Expr::List(Vec::new())));
            let one = Expr::List(vec![Expr::Slot(value)]);
            let longer = Expr::Binary(Binary::Add, Box::new(Expr::Slot(list)), Box::new(one));
            self.push(&mut body.statements, span, Kind::Set(list, longer));
            None
        });
        let fan = fanned.then(|| Fan {
            own: self.own_since(first),
            limit: given
                .as_ref()
                .map_or(Some(Expr::Constant(Value::Int(1))), |given| given.limit.clone()),
            need: self.need_of_rounds(said, values.as_ref().map(|(list, _)| *list)),
            rest: given.as_ref().map(|given| given.rest).unwrap_or_default(),
            gather,
        });
        let made = For {
            over: source.over,
            item,
            index,
            bound,
            fan,
            within: source.within,
            body: body.statements,
        };
        self.push(out, span, Kind::For(Box::new(made)));
        values
    }

    /// `let xs = for ...`, `xs = for ...`, `return for ...`
    pub(super) fn for_value(
        &mut self,
        span: Span,
        place: Span,
        looping: &'a ast::For,
        tails: &'a ast::Tails,
        dest: Dest<'a>,
        out: &mut Vec<Statement>,
    ) -> bool {
        self.no_tails(tails);
        let wish = match &dest {
            Dest::Bind { ty, .. } | Dest::Round(ty) => ty.clone(),
            Dest::Assign { ty, .. } => Some(ty.clone()),
            Dest::Return => Some(self.flow.result.clone()),
            Dest::Nothing | Dest::Lost => None,
        };
        let wish = wish.and_then(|ty| match self.globals.unfold(&ty).present() {
            Ty::List(item) => Some(Ty::clone(item)),
            _ => None,
        });
        let values = self.for_loop(span, looping, Rounds::Values(wish), out);
        let typed = values.map_or_else(Typed::bad, |(list, ty)| Typed::new(Expr::Slot(list), ty));
        self.put(span, typed, place, dest, out)
    }

    fn source(&mut self, span: Span, looping: &'a ast::For) -> Source {
        match &looping.source {
            ast::ForSource::In(list) => {
                let place = list.span;
                let list = self.expr(list, None);
                let item = self.item_type(&list, place);
                let ty = list.ty.clone();
                let (over, bound) = match expr::range(list.expr) {
                    Ok((from, to)) => (Over::Range(from, to), Ty::Int),
                    Err(list) => (Over::List(list), ty),
                };
                Source {
                    over,
                    item,
                    bound,
                    within: None,
                }
            }
            ast::ForSource::Signal(name) => self.signals_of(span, name, looping),
        }
    }

    /// `for s in signal bid within 2d else ...`: it goes on until then, or until it is left.
    fn signals_of(&mut self, span: Span, name: &Ident, looping: &'a ast::For) -> Source {
        let within = self
            .late(&looping.limit)
            .map(|(duration, body)| (duration, body.statements));
        let needed = looping.fan.iter().flat_map(|fan| &fan.arguments);
        let mut needed = needed.filter_map(|argument| argument.name.as_ref());
        let ends = needed.any(|name| name.text == "need");
        if matches!(looping.limit, ast::Limit::Missing) && !ends {
            let (span, name) = (span_of_head(span, name.span), name.text.clone());
            self.report(Error::Endless { span, name }.diagnostic());
        }
        let heard = self.awaited(name);
        let (id, item) = heard.unwrap_or((flowmesh_ir::SignalId(0), Ty::Bad));
        Source {
            over: Over::Signals(id),
            item,
            bound: Ty::Int,
            within,
        }
    }

    /// The body of a loop, and where the value of a round is.
    fn round_of(&mut self, looping: &'a ast::For, rounds: &Rounds) -> (Body, Option<(SlotId, Ty)>) {
        let Rounds::Values(wish) = rounds else {
            return (self.looped(&looping.body).0, None);
        };
        let around = self.flow.round.take();
        let (body, _) = self.looped_by(|checker| checker.round_with_value(&looping.body, wish.clone()));
        let value = std::mem::replace(&mut self.flow.round, around);
        let settled = value.filter(|(_, ty)| *ty != Ty::Unit);
        if settled.is_none() {
            let last = looping.body.statements.last().map(|last| last.span);
            let span = looping.name.span;
            self.report(Wrong::NoRoundValue { span, last }.diagnostic());
        }
        (body, settled)
    }

    /// The last statement is the value.
    fn round_with_value(&mut self, block: &'a ast::Block, wish: Option<Ty>) -> Body {
        self.frame.open();
        let (init, last) = match block.statements.split_last() {
            Some((last, init)) if matches!(last.kind, StatementKind::Expr { .. }) => (init, Some(last)),
            _ => (block.statements.as_slice(), None),
        };
        let mut body = self.statements(init);
        if let Some(ast::Statement {
            span,
            kind: StatementKind::Expr { value, tails },
        }) = last
        {
            if !body.falls {
                let after = init.last().map_or(*span, |last| last.span);
                self.report(Error::Unreachable { span: *span, after }.diagnostic());
            }
            body.falls &= self.effect(*span, value, tails, Dest::Round(wish), &mut body.statements);
        }
        self.frame.close();
        body
    }

    /// A round that gives a value says so; until then it has given none.
    fn gather(&mut self, list: SlotId, value: SlotId, span: Span, body: &mut Vec<Statement>) -> Gather {
        let given = self.frame.hidden("_given", Ty::Bool);
        let set = |known| Statement {
            span,
            kind: Kind::Set(given, Expr::Constant(Value::Bool(known))),
        };
        body.insert(0, set(false));
        body.push(set(true));
        Gather { value, given, list }
    }

    /// `need`, over the `results` if there are some.
    fn need_of_rounds(&mut self, said: Option<Said<'a>>, list: Option<SlotId>) -> Need {
        self.frame.open();
        if let Some(list) = list {
            self.frame.adopt(Name::new_static("results"), list);
        }
        let need = self.needed(said.and_then(|said| said.need));
        self.frame.close();
        need
    }

    /// The slots since there were so many, but for those that inner rounds have for themselves.
    fn own_since(&mut self, first: usize) -> Vec<SlotId> {
        let own = self.slots_since(first);
        let own: Vec<SlotId> = own
            .into_iter()
            .filter(|slot| !self.flow.owned.contains(slot))
            .collect();
        self.flow.owned.extend(own.iter().copied());
        own
    }

    pub(super) fn item_type(&mut self, list: &Typed, span: Span) -> Ty {
        match self.globals.unfold(&list.ty) {
            Ty::List(item) => Ty::clone(&item),
            ty if ty.is_bad() => Ty::Bad,
            Ty::Optional(_) => {
                self.report(
                    TypeError::MayBeNone {
                        span,
                        ty: self.globals.show(&list.ty),
                    }
                    .diagnostic(),
                );
                Ty::Bad
            }
            ty => {
                let map = matches!(ty, Ty::Map(_));
                let found = self.globals.show(&list.ty);
                self.report(Error::NotAList { found, map, span }.diagnostic());
                Ty::Bad
            }
        }
    }

    /// The body of a loop, and what leads out of it.
    pub(super) fn looped(&mut self, body: &'a ast::Block) -> (Body, Loop) {
        self.looped_by(|checker| checker.block(body))
    }

    fn looped_by(&mut self, what: impl FnOnce(&mut Self) -> Body) -> (Body, Loop) {
        self.forget_vars();
        self.looped_knowing(what)
    }

    pub(super) fn while_loop(
        &mut self,
        span: Span,
        condition: &'a ast::Expr,
        body: &'a ast::Block,
        out: &mut Vec<Statement>,
    ) -> bool {
        self.forget_vars();
        let place = condition.span;
        let forever = matches!(condition.kind, ExprKind::Bool(true));
        let condition = self.against(condition, &Ty::Bool);
        let known = narrow::known(&condition);
        let (body, around) = self.knowing(known.yes, |checker| {
            checker.looped_knowing(|checker| checker.block(body))
        });
        if forever && !around.broken && !around.left && self.flow.endable == 0 {
            self.report(Error::NoWayOut { span: place }.diagnostic());
        }
        self.push(
            out,
            span,
            Kind::While {
                condition,
                body: body.statements,
            },
        );
        !forever || around.broken
    }

    /// As [`Self::looped`]: what the condition tells holds at the start of each round, even of what changes.
    fn looped_knowing(&mut self, what: impl FnOnce(&mut Self) -> Body) -> (Body, Loop) {
        self.flow.loops.push(Loop {
            broken: false,
            left: false,
        });
        let body = what(self);
        self.forget_vars();
        let around = self.flow.loops.pop();
        (
            body,
            around.unwrap_or(Loop {
                broken: true,
                left: true,
            }),
        )
    }

    pub(super) fn jump(
        &mut self,
        span: Span,
        word: &'static str,
        kind: Kind,
        out: &mut Vec<Statement>,
    ) -> bool {
        if let Some(around) = self.flow.loops.last_mut() {
            around.broken |= word == "break";
            self.push(out, span, kind);
        } else if !self.in_finally(word, span) {
            self.report(Error::NoLoop { word, span }.diagnostic());
        }
        false
    }
}

/// From the beginning of a loop up to the end of what it goes over.
fn span_of_head(span: Span, name: Span) -> Span {
    Span {
        end: name.end,
        ..span
    }
}
