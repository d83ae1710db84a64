//! Statements without waiting: bindings, choices, loops and ends.

use super::{Body, Error, call::Dest, fiber::Write, looping::Rounds, region::error::Error as Wrong};
use crate::{
    ast::{self, Ident, StatementKind},
    check::{
        Checker, Ty,
        error::Error as TypeError,
        expr::{DEEPEST, Typed},
        frame::Role,
        narrow,
        tree::{Kind, Statement},
    },
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{Name, SlotId, Value, expr::Expr};

impl<'a> Checker<'a> {
    /// Checks a statement, adds what it becomes, and says whether what follows it is ever reached.
    pub(super) fn statement(&mut self, statement: &'a ast::Statement, out: &mut Vec<Statement>) -> bool {
        if self.frame.depth >= DEEPEST {
            self.report(TypeError::TooDeep { span: statement.span }.diagnostic());
            return true;
        }
        self.frame.depth += 1;
        let falls = self.form_of(statement, out);
        self.frame.depth -= 1;
        falls
    }

    fn form_of(&mut self, statement: &'a ast::Statement, out: &mut Vec<Statement>) -> bool {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Let {
                mutable,
                name,
                ty,
                value,
                tails,
            } => {
                let ty = ty.as_ref().map(|ty| self.ty(ty));
                let role = if *mutable { Role::Var } else { Role::Let };
                self.effect(span, value, tails, Dest::Bind { name, ty, role }, out)
            }
            StatementKind::Assign { name, value, tails } => match self.assignable(name) {
                Some((slot, ty)) => self.effect(
                    span,
                    value,
                    tails,
                    Dest::Assign {
                        slot,
                        ty,
                        span: name.span,
                    },
                    out,
                ),
                None => self.effect(span, value, tails, Dest::Lost, out),
            },
            StatementKind::Expr { value, tails } => self.effect(span, value, tails, Dest::Nothing, out),
            StatementKind::Return {
                value: Some(value),
                tails,
            } => self.effect(span, value, tails, Dest::Return, out),
            StatementKind::Return { value: None, .. } => self.return_nothing(span, out),
            StatementKind::If {
                condition,
                then,
                otherwise,
            } => self.choose(span, condition, then, otherwise.as_ref(), out),
            StatementKind::Match { subject, arms } => self.match_statement(span, subject, arms, out),
            StatementKind::For(looping) => match &looping.source {
                ast::ForSource::In(list) if self.stream_loop(span, looping, list, out) => true,
                _ => {
                    self.for_loop(span, looping, Rounds::Nothing, out);
                    true
                }
            },
            StatementKind::While { condition, body } => self.while_loop(span, condition, body, out),
            StatementKind::Break => self.jump(span, "break", Kind::Break, out),
            StatementKind::Continue => self.jump(span, "continue", Kind::Continue, out),
            StatementKind::Parallel { fan, branches } => {
                let given = self.given(fan.as_ref(), branches);
                self.parallel(span, given, branches, out)
            }
            StatementKind::Race { branches } => self.race(span, branches, out),
            StatementKind::Try { body, catch, finally } => {
                self.try_statement(span, body, catch, finally.as_ref(), out)
            }
            StatementKind::Within {
                duration,
                body,
                otherwise,
            } => self.deadline(span, duration, body, otherwise.as_ref(), out),
            StatementKind::Lock { name, bind, body } => {
                self.guarded(span, (name, &[]), bind.as_ref(), body, out)
            }
            StatementKind::Limited { name, most, body } => self.guarded(span, (name, most), None, body, out),
            StatementKind::Step { name, title, body } => self.step(span, name, title.as_ref(), body, out),
            StatementKind::State { body, .. } => self.state_inside(span, body),
            StatementKind::Goto { name } => self.goto(span, name, out),
            StatementKind::Sleep { duration } => {
                let duration = self.waited(duration);
                self.push(out, span, Kind::Sleep(duration));
                true
            }
            StatementKind::Await {
                on,
                bind,
                limit,
                tails,
            } => self.wait(span, (on, bind.as_ref()), limit, tails, out),
            StatementKind::AwaitAny { arms } => self.wait_any(span, arms, out),
            StatementKind::Restart { arguments } => {
                self.restart(span, arguments, out);
                false
            }
            StatementKind::Fail { error } => {
                if let Some(raise) = self.fail(error) {
                    self.push(out, span, Kind::Fail(raise));
                }
                false
            }
            StatementKind::Log { value } => {
                let text = self.as_text(value);
                self.push(out, span, Kind::Log(text));
                true
            }
            StatementKind::Block(block) => {
                let body = self.block(block);
                out.extend(body.statements);
                body.falls
            }
            _ => {
                self.plain(statement, out);
                true
            }
        }
    }

    fn return_nothing(&mut self, span: Span, out: &mut Vec<Statement>) -> bool {
        if self.flow.result == Ty::Open {
            self.flow.result = Ty::Unit;
        }
        if !matches!(self.flow.result, Ty::Unit | Ty::Bad) {
            let ty = self.globals.show(&self.flow.result);
            let missing = Error::ReturnsNothing { ty: ty.clone(), span }.diagnostic();
            let end = Span {
                start: span.end,
                ..span
            };
            self.report(match crate::check::words::sample(&ty) {
                Some(value) => missing.fix(format!("return {value}"), end, format!(" {value}")),
                None => missing,
            });
        }
        self.push_return(out, span, Self::hole());
        false
    }

    /// Puts a value where it belongs.
    pub(super) fn deliver(
        &mut self,
        span: Span,
        value: &'a ast::Expr,
        dest: Dest<'a>,
        out: &mut Vec<Statement>,
    ) -> bool {
        let wish = match &dest {
            Dest::Bind { ty, .. } | Dest::Round(ty) => ty.clone(),
            Dest::Assign { ty, .. } => Some(ty.clone()),
            Dest::Return => Some(self.flow.result.clone()).filter(|ty| !matches!(ty, Ty::Open | Ty::Unit)),
            Dest::Nothing | Dest::Lost => None,
        };
        let typed = self.expr(value, wish.as_ref());
        self.put(span, typed, value.span, dest, out)
    }

    /// Puts what was found where it belongs; `at` is where it stands.
    pub(super) fn put(
        &mut self,
        span: Span,
        typed: Typed,
        at: Span,
        dest: Dest<'a>,
        out: &mut Vec<Statement>,
    ) -> bool {
        match dest {
            Dest::Bind { name, ty, role } => {
                let (expr, ty) = self.fitted(typed, ty, at);
                self.settled(name, &ty);
                let slot = self.bind(name, ty, role);
                self.frame.touch_write(slot, name.span);
                self.push(out, span, Kind::Set(slot, expr));
            }
            Dest::Assign { slot, ty, span: name } => {
                let present = ty.is_optional() && !typed.ty.is_optional();
                let expr = self.fit(typed, &ty, at);
                self.assigned(slot, name, present);
                self.push(out, span, Kind::Set(slot, expr));
            }
            Dest::Round(ty) => {
                let (expr, ty) = self.fitted(typed, ty, at);
                let slot = self.frame.hidden("_value", ty.clone());
                self.flow.round = Some((slot, ty));
                self.push(out, span, Kind::Set(slot, expr));
            }
            Dest::Return => return self.return_value(span, typed, at, out),
            Dest::Nothing => {
                if !typed.ty.is_bad() {
                    self.report(Error::NoEffect { span: at }.diagnostic());
                }
            }
            Dest::Lost => {}
        }
        true
    }

    /// A value of a type that was asked for, or of its own.
    fn fitted(&mut self, typed: Typed, ty: Option<Ty>, at: Span) -> (Expr, Ty) {
        let (expr, ty) = match ty {
            Some(ty) => (self.fit(typed, &ty, at), ty),
            None => (typed.expr, typed.ty),
        };
        if ty == Ty::Unit {
            self.report(Error::NoValue { span: at }.diagnostic());
        }
        (expr, ty)
    }

    fn return_value(&mut self, span: Span, typed: Typed, at: Span, out: &mut Vec<Statement>) -> bool {
        let result = self.flow.result.clone();
        let expr = if result == Ty::Open {
            self.flow.result = typed.ty;
            typed.expr
        } else if result == Ty::Unit {
            if !typed.ty.is_bad() {
                let flow = self.flow.returner.clone();
                self.report(Error::ReturnsSomething { flow, span: at }.diagnostic());
            }
            Self::hole()
        } else {
            self.fit(typed, &result, at)
        };
        self.push_return(out, span, expr);
        false
    }

    fn assignable(&mut self, name: &'a Ident) -> Option<(SlotId, Ty)> {
        let Some(slot) = self.frame.find(&name.text) else {
            self.not_assignable(name);
            return None;
        };
        let local = self.frame.local(slot)?.clone();
        let kind = crate::check::FactKind::Local(local.name.clone(), local.ty.clone());
        self.facts.add(name.span, kind, Some(local.span));
        let shared = self.flow.rounds.iter().any(|first| slot.index() < *first);
        if local.role == Role::Var && shared {
            let (name, span, declared) = (name.text.clone(), name.span, local.span);
            self.report(Wrong::AssignInRound { name, span, declared }.diagnostic());
            return None;
        }
        if local.role != Role::Var {
            let (declared, is_let) = (local.span, local.role == Role::Let);
            let error = Error::AssignToLet {
                name: name.text.clone(),
                span: name.span,
                declared,
                is_let,
            };
            self.report(error.diagnostic());
            return None;
        }
        Some((slot, local.ty))
    }

    fn not_assignable(&mut self, name: &Ident) {
        if self.entry(&name.text).is_some() {
            let (name, span) = (name.text.clone(), name.span);
            return self.report(Error::AssignToItem { name, span }.diagnostic());
        }
        let known = self.frame.names().into_iter().map(Name::as_str);
        let near = nearest(&name.text, known).map(Name::from);
        self.report(
            Error::AssignToNothing {
                name: name.text.clone(),
                span: name.span,
                near,
            }
            .diagnostic(),
        );
    }

    /// A slot was written: what was known of it is not known any more.
    pub(super) fn assigned(&mut self, slot: SlotId, span: Span, present: bool) {
        self.frame.touch_write(slot, span);
        let strand = self.strand();
        self.flow.writes.push(Write { slot, span, strand });
        self.forget(slot);
        if present {
            self.frame.narrowed.push(narrow::Path {
                slot,
                fields: Vec::new(),
            });
        }
    }

    fn choose(
        &mut self,
        span: Span,
        condition: &'a ast::Expr,
        then: &'a ast::Block,
        otherwise: Option<&'a ast::Block>,
        out: &mut Vec<Statement>,
    ) -> bool {
        let condition = self.against(condition, &Ty::Bool);
        let known = narrow::known(&condition);
        let yes = self.knowing(known.yes.clone(), |checker| checker.block(then));
        let no = self.knowing(known.no.clone(), |checker| match otherwise {
            Some(block) => checker.block(block),
            None => Body {
                statements: Vec::new(),
                falls: true,
            },
        });
        // Where only one way leads on, what it knows holds from here.
        match (yes.falls, no.falls) {
            (false, true) => self.frame.narrowed.extend(known.no),
            (true, false) => self.frame.narrowed.extend(known.yes),
            _ => {}
        }
        self.push(
            out,
            span,
            Kind::If {
                condition,
                yes: yes.statements,
                no: no.statements,
            },
        );
        yes.falls || no.falls
    }

    fn match_statement(
        &mut self,
        span: Span,
        subject: &'a ast::Expr,
        arms: &'a [ast::StatementArm],
        out: &mut Vec<Statement>,
    ) -> bool {
        let subject = self.expr(subject, None);
        let mut cover = self.cover(&subject);
        let mut made = Vec::with_capacity(arms.len());
        let mut falls = false;
        for arm in arms {
            self.frame.open();
            let pattern = self.pattern(arm.pattern.as_ref(), arm.span, &mut cover);
            let paths = cover.known();
            let body = self.knowing(paths, |checker| checker.single(&arm.body));
            self.frame.close();
            falls |= body.falls;
            made.push((pattern, body.statements));
        }
        self.covered(&cover, span);
        self.push(
            out,
            span,
            Kind::Match {
                subject: subject.expr,
                arms: made,
            },
        );
        falls || arms.is_empty()
    }

    /// A constant as a statement's value, for catches that only give a value.
    pub(super) fn set(&self, span: Span, slot: Option<SlotId>, value: &Expr) -> Vec<Statement> {
        let set = |slot| Statement {
            span,
            kind: Kind::Set(slot, value.clone()),
        };
        slot.map(set).into_iter().collect()
    }
}

/// `none` as an expression.
pub(super) fn none() -> Expr {
    Expr::Constant(Value::None)
}
