//! Operators.

use super::{Typed, coerce, literal};
use crate::{
    ast,
    check::{Checker, Ty, error::Error, frame::Kind, narrow},
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    Value,
    expr::{Binary, Expr, Unary},
};

impl<'a> Checker<'a> {
    pub(super) fn unary(&mut self, operator: Unary, operand: &'a ast::Expr, expected: Option<&Ty>) -> Typed {
        if operator == Unary::Not {
            let expr = self.against(operand, &Ty::Bool);
            return Typed::new(Expr::Unary(operator, Box::new(expr)), Ty::Bool);
        }
        let typed = self.expr(operand, expected);
        let negated = match &typed.expr {
            Expr::Constant(Value::Int(int)) => int.checked_neg().map(Value::Int),
            Expr::Constant(Value::Decimal(decimal)) => Some(Value::Decimal(-*decimal)),
            Expr::Constant(Value::Float(float)) => Some(Value::Float(-*float)),
            _ => None,
        };
        let ty = self.globals.unfold(&typed.ty);
        match negated {
            Some(value) => Typed::constant(value, ty),
            None if ty.is_number() || ty == Ty::Duration || ty.is_bad() => {
                Typed::new(Expr::Unary(operator, Box::new(typed.expr)), ty)
            }
            None => {
                let error = Error::Unary {
                    ty: self.globals.show(&typed.ty),
                    span: operand.span,
                };
                self.report(error.diagnostic());
                Typed::bad()
            }
        }
    }

    pub(super) fn binary(
        &mut self,
        operator: Binary,
        at: Span,
        left: &'a ast::Expr,
        right: &'a ast::Expr,
        expected: Option<&Ty>,
    ) -> Typed {
        match operator {
            Binary::And | Binary::Or => self.logic(operator, left, right),
            Binary::Else => self.otherwise(at, left, right, expected),
            Binary::Equal | Binary::NotEqual => self.equality(operator, at, left, right),
            Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => {
                self.order(operator, at, left, right)
            }
            Binary::Matches => self.matches(left, right),
            Binary::Has => self.contains(operator, at, left, right),
            Binary::In => self.contains(operator, at, right, left),
            Binary::Range => {
                let (from, to) = (self.against(left, &Ty::Int), self.against(right, &Ty::Int));
                Typed::new(made(operator, from, to), Ty::Int.list())
            }
            Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Remainder => {
                self.arithmetic(operator, at, left, right, expected)
            }
        }
    }

    /// The right side is only looked at when the left side has decided nothing, so it knows what the left side tells.
    fn logic(&mut self, operator: Binary, left: &'a ast::Expr, right: &'a ast::Expr) -> Typed {
        let left = self.against(left, &Ty::Bool);
        let known = narrow::known(&left);
        let paths = if operator == Binary::And {
            known.yes
        } else {
            known.no
        };
        let right = self.knowing(paths, |checker| checker.against(right, &Ty::Bool));
        Typed::new(made(operator, left, right), Ty::Bool)
    }

    fn otherwise(
        &mut self,
        at: Span,
        left: &'a ast::Expr,
        right: &'a ast::Expr,
        expected: Option<&Ty>,
    ) -> Typed {
        let left = self.expr(left, None);
        let ty = self.globals.unfold(&left.ty);
        if !ty.is_optional() && !ty.is_bad() {
            self.report(
                Error::NeverNone {
                    span: at,
                    operator: "??",
                }
                .diagnostic()
                .fix("remove `??`", at.to(right.span), ""),
            );
        }
        let present = ty.present().clone();
        let wish = if present.is_open() {
            expected
        } else {
            Some(&present)
        };
        let span = right.span;
        let right = self.expr(right, wish);
        match self.globals.join(&present, &right.ty) {
            // The left side cannot be widened behind `none`, so the right side has to fit it.
            Some(joined) if self.globals.fits(&present, &joined) == Some(super::Coercion::Same) => {
                let right = self.fit(right, &joined, span);
                Typed::new(made(Binary::Else, left.expr, right), joined)
            }
            _ => {
                self.mismatch(&right.ty, &present, span);
                Typed::bad()
            }
        }
    }

    /// Both sides, the second knowing the type of the first.
    fn sides(&mut self, left: &'a ast::Expr, right: &'a ast::Expr, expected: Option<&Ty>) -> (Typed, Typed) {
        let a = self.expr(left, expected);
        let wish = (!a.ty.is_bad() && !a.ty.is_open()).then(|| a.ty.clone());
        let literal = matches!(a.expr, Expr::Constant(Value::Int(_) | Value::Decimal(_)));
        let b = self.expr(right, wish.as_ref().filter(|_| !literal).or(expected));
        match (&a.expr, &b.ty) {
            (Expr::Constant(Value::Decimal(decimal)), Ty::Float) => (literal::float(*decimal), b),
            _ => (a, b),
        }
    }

    /// Both sides as values of one type.
    fn united(&mut self, a: Typed, b: Typed, ty: &Ty) -> (Expr, Expr) {
        let one = |checker: &Self, typed: Typed| match checker.globals.fits(&typed.ty, ty) {
            Some(coercion) => coerce(typed.expr, coercion),
            None => typed.expr,
        };
        (one(self, a), one(self, b))
    }

    fn equality(&mut self, operator: Binary, at: Span, left: &'a ast::Expr, right: &'a ast::Expr) -> Typed {
        let (a, b) = self.sides(left, right, None);
        let joined = self.globals.join(&a.ty, &b.ty).filter(|ty| {
            [&a.ty, &b.ty]
                .into_iter()
                .all(|side| self.globals.fits(side, ty).is_some())
        });
        match joined {
            Some(Ty::Error(_) | Ty::Run(_) | Ty::Unit | Ty::Secret) | None => {
                self.no_operator(operator, at, &a.ty, &b.ty)
            }
            Some(ty) => {
                let (a, b) = self.united(a, b, &ty);
                Typed::new(made(operator, a, b), Ty::Bool)
            }
        }
    }

    fn order(&mut self, operator: Binary, at: Span, left: &'a ast::Expr, right: &'a ast::Expr) -> Typed {
        let (a, b) = self.sides(left, right, None);
        match self.globals.join(&a.ty, &b.ty) {
            Some(ty) if ty.is_bad() => Typed::constant(Value::None, Ty::Bool),
            Some(ty) if self.globals.unfold(&ty).is_ordered() => {
                let (a, b) = self.united(a, b, &ty);
                Typed::new(made(operator, a, b), Ty::Bool)
            }
            _ => self.no_operator(operator, at, &a.ty, &b.ty),
        }
    }

    fn matches(&mut self, left: &'a ast::Expr, right: &'a ast::Expr) -> Typed {
        let text = self.against(left, &Ty::String);
        let pattern = self.against(right, &Ty::String);
        if let Expr::Constant(Value::String(pattern)) = &pattern
            && let Err(fault) = flowmesh_stdlib::pattern(pattern)
        {
            let why = fault.reason();
            let why = why
                .split_once("expression: ")
                .map_or(why, |(_, why)| why)
                .to_owned();
            self.report(
                Error::BadPattern {
                    why,
                    span: right.span,
                }
                .diagnostic(),
            );
        }
        Typed::new(made(Binary::Matches, text, pattern), Ty::Bool)
    }

    fn contains(&mut self, operator: Binary, at: Span, whole: &'a ast::Expr, part: &'a ast::Expr) -> Typed {
        let whole = self.expr(whole, None);
        let ty = match self.globals.unfold(&whole.ty) {
            Ty::List(item) => Ty::clone(&item),
            Ty::Map(_) | Ty::String | Ty::Url => Ty::String,
            // A claim is a text of words or a list of them; one that is absent has nothing.
            other if *other.present() == Ty::Json && self.asks_who() => Ty::String,
            bad if bad.is_bad() => Ty::Bad,
            other => {
                let part = self.expr(part, None);
                return self.no_operator(operator, at, &other, &part.ty);
            }
        };
        let part = self.against(part, &ty);
        match operator {
            Binary::In => Typed::new(made(operator, part, whole.expr), Ty::Bool),
            _ => Typed::new(made(operator, whole.expr, part), Ty::Bool),
        }
    }

    /// Whether the claims of a caller can be asked here.
    fn asks_who(&self) -> bool {
        matches!(self.frame.kind, Kind::Visitor | Kind::Gateway)
    }

    fn arithmetic(
        &mut self,
        operator: Binary,
        at: Span,
        left: &'a ast::Expr,
        right: &'a ast::Expr,
        expected: Option<&Ty>,
    ) -> Typed {
        let numeric = expected
            .map(|ty| self.globals.unfold(ty))
            .filter(|ty| ty.is_number() && *ty != Ty::Int);
        let (a, b) = self.sides(left, right, numeric.as_ref());
        let (x, y) = (self.globals.unfold(&a.ty), self.globals.unfold(&b.ty));
        if x.is_bad() || y.is_bad() {
            return Typed::bad();
        }
        if let Some(ty) = special(operator, &x, &y) {
            return Typed::new(made(operator, a.expr, b.expr), ty);
        }
        let listed = matches!((operator, &x, &y), (Binary::Add, Ty::List(_), Ty::List(_)));
        match self.globals.join(&x, &y) {
            Some(ty) if ty.is_number() || listed => {
                let (a, b) = self.united(a, b, &ty);
                Typed::new(made(operator, a, b), ty)
            }
            _ => self.no_operator(operator, at, &a.ty, &b.ty),
        }
    }

    fn no_operator(&mut self, operator: Binary, span: Span, left: &Ty, right: &Ty) -> Typed {
        if left.is_bad() || right.is_bad() {
            return Typed::bad();
        }
        let optional = |ty: &Ty| self.globals.unfold(ty).is_optional();
        let error =
            if optional(left) != optional(right) && !matches!(operator, Binary::Equal | Binary::NotEqual) {
                let ty = if optional(left) { left } else { right };
                Error::MayBeNone {
                    span,
                    ty: self.globals.show(ty),
                }
            } else {
                let (left, right) = (self.globals.show(left), self.globals.show(right));
                Error::Operator {
                    operator,
                    left,
                    right,
                    span,
                }
            };
        self.report(error.diagnostic());
        Typed::bad()
    }
}

fn made(operator: Binary, left: Expr, right: Expr) -> Expr {
    Expr::Binary(operator, Box::new(left), Box::new(right))
}

/// The operators on texts, times and lengths of time.
fn special(operator: Binary, left: &Ty, right: &Ty) -> Option<Ty> {
    Some(match (operator, left, right) {
        (Binary::Add, Ty::String, Ty::String) => Ty::String,
        (Binary::Add | Binary::Subtract, Ty::Duration, Ty::Duration) => Ty::Duration,
        (Binary::Add | Binary::Subtract, Ty::Time, Ty::Duration) => Ty::Time,
        (Binary::Add, Ty::Date, Ty::Duration) => Ty::Date,
        (Binary::Subtract, Ty::Time, Ty::Time) => Ty::Duration,
        (Binary::Multiply, Ty::Duration, Ty::Int | Ty::Float | Ty::Decimal)
        | (Binary::Divide, Ty::Duration, Ty::Int) => Ty::Duration,
        _ => return None,
    })
}
