//! Expressions: their types, and what they become in the program.
//!
//! A type that the surroundings expect is handed down; what comes up is fitted to it. One file in the folder for each
//! family of forms.

mod call;
mod choose;
mod convert;
mod literal;
mod member;
mod name;
mod native;
mod operator;

pub(crate) use call::range;
pub(crate) use name::Place;

use super::{
    Checker,
    error::Error,
    ty::{Coercion, Ty},
};
use crate::ast::{self, ExprKind};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    Name, Value,
    expr::{Argument, Expr, Widen},
};
use rust_decimal::Decimal;

/// How deep expressions, types and statements may be nested.
pub(crate) const DEEPEST: u32 = 128;

/// All that is there without a declaration, as it is written: `run.id`, `now()`.
#[must_use]
pub fn surroundings() -> Vec<String> {
    let parts = name::CONTEXT
        .iter()
        .map(|(whole, part, ..)| format!("{whole}.{part}"));
    let recorded = call::RECORDED.iter().map(|(name, ..)| format!("{name}()"));
    parts.chain(recorded).collect()
}

/// An expression of the program with its type.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) expr: Expr,
    pub(crate) ty: Ty,
}

impl Typed {
    pub(crate) fn new(expr: Expr, ty: Ty) -> Self {
        Self { expr, ty }
    }

    pub(crate) fn constant(value: Value, ty: Ty) -> Self {
        Self::new(Expr::Constant(value), ty)
    }

    /// In place of something wrong.
    pub(crate) fn bad() -> Self {
        Self::constant(Value::None, Ty::Bad)
    }
}

impl<'a> Checker<'a> {
    /// The type and meaning of an expression. `expected` is a wish, not a demand: see [`Self::against`].
    pub(crate) fn expr(&mut self, expr: &'a ast::Expr, expected: Option<&Ty>) -> Typed {
        if self.frame.depth >= DEEPEST {
            self.report(Error::TooDeep { span: expr.span }.diagnostic());
            return Typed::bad();
        }
        self.frame.depth += 1;
        let typed = self.form(expr, expected);
        self.frame.depth -= 1;
        typed
    }

    /// As [`Self::expr`], and what comes out is of the type.
    pub(crate) fn against(&mut self, expr: &'a ast::Expr, ty: &Ty) -> Expr {
        let typed = self.expr(expr, Some(ty));
        self.fit(typed, ty, expr.span)
    }

    fn form(&mut self, expr: &'a ast::Expr, expected: Option<&Ty>) -> Typed {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Bool(value) => Typed::constant(Value::Bool(*value), Ty::Bool),
            ExprKind::None => Typed::constant(Value::None, Ty::Open.optional()),
            ExprKind::Int(value) => self.int(*value, expected),
            ExprKind::Decimal(value) => self.decimal(*value, expected),
            ExprKind::Duration(ms) => literal::duration(*ms),
            ExprKind::Size(bytes) => Typed::constant(Value::Int(*bytes), Ty::Int),
            ExprKind::Percent(_) | ExprKind::Rate(..) | ExprKind::StatusClass(_) | ExprKind::Of(..) => {
                self.report(Error::OnlyInSettings { span }.diagnostic());
                Typed::bad()
            }
            ExprKind::Text(parts) => self.text(parts),
            ExprKind::Name(_) | ExprKind::Field(..) => {
                let place = self.place(expr, expected);
                self.value(place, span)
            }
            ExprKind::OptionalField(base, field) => self.optional_field(base, field),
            ExprKind::Index(base, index) => self.index(base, index),
            ExprKind::Call(callee, arguments) => self.call(span, callee, arguments, expected),
            ExprKind::List(items) => self.list(items, expected),
            ExprKind::Record(fields) => self.record(span, fields, expected),
            ExprKind::Unary(operator, operand) => self.unary(*operator, operand, expected),
            ExprKind::Binary(operator, at, left, right) => self.binary(*operator, *at, left, right, expected),
            ExprKind::As(value, ty) => self.convert(span, value, ty),
            ExprKind::If(condition, yes, no) => self.if_expr(condition, yes, no, expected),
            ExprKind::Match(subject, arms) => self.match_expr(span, subject, arms, expected),
            ExprKind::Lambda(..) => {
                self.report(Error::Lambda { span }.diagnostic());
                Typed::bad()
            }
            ExprKind::For(_) | ExprKind::Spawn(_) | ExprKind::Start(_) => {
                let name = self.slice(span);
                self.report(Error::CallInside { name, span }.diagnostic());
                Typed::bad()
            }
            ExprKind::Bad => Typed::bad(),
        }
    }

    /// Makes a value fit a type, or says why it does not.
    pub(crate) fn fit(&mut self, typed: Typed, to: &Ty, span: Span) -> Expr {
        let url = |expr: &Expr| matches!(expr, Expr::Constant(Value::String(text)) if text.contains("://"));
        if typed.ty == Ty::String && self.globals.unfold(to.present()) == Ty::Url && url(&typed.expr) {
            return typed.expr;
        }
        match self.globals.fits(&typed.ty, to) {
            Some(coercion) => coerce(typed.expr, coercion),
            // What a foreign service answered is checked where it enters.
            None if self.is_border() && *typed.ty.present() == Ty::Json => {
                to.ir().map_or(Expr::Constant(Value::None), |ty| {
                    Expr::As(Box::new(typed.expr), ty)
                })
            }
            None => {
                self.mismatch(&typed.ty, to, span);
                Expr::Constant(Value::None)
            }
        }
    }

    /// Whether what is read here came from outside, and is JSON until someone says what it is.
    fn is_border(&self) -> bool {
        matches!(
            self.frame.kind,
            super::frame::Kind::Reply | super::frame::Kind::Gateway
        )
    }

    /// Reports that one type was expected and another found.
    pub(crate) fn mismatch(&mut self, found: &Ty, expected: &Ty, span: Span) {
        let error = if found.is_optional() && self.globals.fits(found.present(), expected).is_some() {
            Error::MayBeNone {
                span,
                ty: self.globals.show(found),
            }
        } else {
            let help = self.cure(found, expected);
            Error::Mismatch {
                expected: self.globals.show(expected),
                found: self.globals.show(found),
                span,
                help,
            }
        };
        self.report(error.diagnostic());
    }

    fn cure(&self, found: &Ty, expected: &Ty) -> Option<String> {
        let (found, expected) = (self.globals.unfold(found), self.globals.unfold(expected));
        let show = self.globals.show(&expected);
        match (&found, expected.present()) {
            (Ty::Json, _) => Some(format!("check it with `as {show}`")),
            (Ty::Optional(inner), _) if **inner == Ty::Json => Some(format!("check it with `as {show}`")),
            (Ty::String, Ty::Url | Ty::Time | Ty::Date | Ty::Duration) => {
                Some(format!("read it with `as {show}`"))
            }
            (Ty::Decimal | Ty::Float, Ty::Int) => Some("round it, and take `.to_int() ?? 0`".into()),
            (Ty::Secret, _) => Some("a secret may only stand in `auth`".into()),
            (Ty::Record(_), Ty::Named(_)) => Some(format!("make it with `{show}(...)`, or `as {show}`")),
            (from, Ty::String) if from.is_number() => Some("put it into a text: `\"{...}\"`".into()),
            _ => None,
        }
    }

    /// Something as text, for people, keys and paths.
    pub(crate) fn as_text(&mut self, expr: &'a ast::Expr) -> Expr {
        let typed = self.expr(expr, None);
        if typed.ty == Ty::String {
            return typed.expr;
        }
        match self.textual(typed, expr.span) {
            Expr::Constant(Value::None) => Expr::Constant(Value::None),
            expr => Expr::Text(vec![expr]),
        }
    }

    /// Refuses what has no plain text.
    pub(crate) fn textual(&mut self, typed: Typed, span: Span) -> Expr {
        let error = match self.globals.unfold(&typed.ty) {
            Ty::Optional(inner) if *inner != Ty::Open => Error::MayBeNone {
                span,
                ty: self.globals.show(&typed.ty),
            },
            Ty::Named(_)
                if self
                    .globals
                    .cases(&typed.ty)
                    .is_some_and(|(_, cases)| cases.iter().all(|case| case.fields.is_empty())) =>
            {
                return typed.expr;
            }
            Ty::Unit
            | Ty::Secret
            | Ty::Optional(_)
            | Ty::List(_)
            | Ty::Map(_)
            | Ty::Named(_)
            | Ty::Record(_)
            | Ty::Task(_)
            | Ty::Run(_)
            | Ty::Error(_) => Error::NoText {
                span,
                ty: self.globals.show(&typed.ty),
            },
            _ => return typed.expr,
        };
        self.report(error.diagnostic());
        Expr::Constant(Value::None)
    }
}

/// Does what a coercion says; numbers that are known now are widened now.
pub(crate) fn coerce(expr: Expr, coercion: Coercion) -> Expr {
    match (coercion, expr) {
        (Coercion::Same, expr) => expr,
        (Coercion::Widen(Widen::Decimal), Expr::Constant(Value::Int(int))) => {
            Expr::Constant(Value::Decimal(Decimal::from(int)))
        }
        (Coercion::Widen(widen), expr) => Expr::Widen(Box::new(expr), widen),
        (Coercion::Json, expr) => Expr::Native(Name::new_static("any.to_json"), vec![Argument::Value(expr)]),
    }
}
