//! Numbers, texts, lists and records as they are written.

use super::{Typed, coerce};
use crate::{
    ast::{self, Ident, TextPart},
    check::{Checker, FactKind, Ty, error::Error},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{Name, Value, expr::Expr};
use jiff::SignedDuration;
use rust_decimal::{Decimal, prelude::ToPrimitive};
use std::{collections::HashMap, sync::Arc};

/// A length of time.
pub(super) fn duration(ms: i64) -> Typed {
    Typed::constant(Value::Duration(SignedDuration::from_millis(ms)), Ty::Duration)
}

/// The nearest binary number to a decimal.
pub(super) fn float(value: Decimal) -> Typed {
    Typed::constant(Value::Float(value.to_f64().unwrap_or_default()), Ty::Float)
}

impl<'a> Checker<'a> {
    pub(super) fn int(&self, value: i64, expected: Option<&Ty>) -> Typed {
        match expected.map(|ty| self.globals.unfold(self.globals.unfold(ty).present())) {
            Some(Ty::Decimal) => Typed::constant(Value::Decimal(Decimal::from(value)), Ty::Decimal),
            Some(Ty::Float) => float(Decimal::from(value)),
            _ => Typed::constant(Value::Int(value), Ty::Int),
        }
    }

    pub(super) fn decimal(&self, value: Decimal, expected: Option<&Ty>) -> Typed {
        match expected.map(|ty| self.globals.unfold(self.globals.unfold(ty).present())) {
            Some(Ty::Float) => float(value),
            _ => Typed::constant(Value::Decimal(value), Ty::Decimal),
        }
    }

    pub(super) fn text(&mut self, parts: &'a [TextPart]) -> Typed {
        if let [] | [TextPart::Literal(_)] = parts {
            let text = parts.iter().map(|part| {
                if let TextPart::Literal(text) = part {
                    text
                } else {
                    ""
                }
            });
            return Typed::constant(Value::string(&text.collect::<String>()), Ty::String);
        }
        let mut made = Vec::with_capacity(parts.len());
        for part in parts {
            made.push(match part {
                TextPart::Literal(text) => Expr::Constant(Value::string(text)),
                TextPart::Expr(expr) => {
                    let typed = self.expr(expr, None);
                    self.textual(typed, expr.span)
                }
            });
        }
        Typed::new(Expr::Text(made), Ty::String)
    }

    pub(super) fn list(&mut self, items: &'a [ast::Expr], expected: Option<&Ty>) -> Typed {
        let wish = expected.map(|ty| self.globals.unfold(self.globals.unfold(ty).present()));
        if let Some(Ty::List(item)) = &wish
            && !item.is_open()
        {
            let made = items.iter().map(|expr| self.against(expr, item)).collect();
            return Typed::new(Expr::List(made), Ty::List(item.clone()));
        }
        if wish == Some(Ty::Json) {
            let made = items.iter().map(|expr| self.against(expr, &Ty::Json)).collect();
            return Typed::new(coerce(Expr::List(made), super::Coercion::Json), Ty::Json);
        }
        let typed = items
            .iter()
            .map(|expr| (self.expr(expr, None), expr.span))
            .collect();
        let (made, ty) = self.unite(typed);
        Typed::new(Expr::List(made), ty.list())
    }

    /// Fits all to the least type that all are of.
    pub(super) fn unite(&mut self, typed: Vec<(Typed, Span)>) -> (Vec<Expr>, Ty) {
        let mut ty = Ty::Open;
        for (one, span) in &typed {
            match self.globals.join(&ty, &one.ty) {
                Some(joined) => ty = joined,
                None => self.mismatch(&one.ty, &ty.clone(), *span),
            }
        }
        let made = typed
            .into_iter()
            .map(|(one, _)| match self.globals.fits(&one.ty, &ty) {
                Some(coercion) => coerce(one.expr, coercion),
                None => one.expr,
            });
        (made.collect(), ty)
    }

    pub(super) fn record(
        &mut self,
        span: Span,
        fields: &'a [(Ident, ast::Expr)],
        expected: Option<&Ty>,
    ) -> Typed {
        let wish = expected.map(|ty| self.globals.unfold(self.globals.unfold(ty).present()));
        match wish {
            Some(Ty::Map(value)) => {
                let made = self.members(fields, |checker, expr, _| (checker.against(expr, &value), ()));
                Typed::new(
                    Expr::Record(made.into_iter().map(|(n, e, ())| (n, e)).collect()),
                    Ty::Map(value),
                )
            }
            Some(Ty::Json) => {
                let made = self.members(fields, |checker, expr, _| (checker.against(expr, &Ty::Json), ()));
                let record = Expr::Record(made.into_iter().map(|(n, e, ())| (n, e)).collect());
                Typed::new(coerce(record, super::Coercion::Json), Ty::Json)
            }
            Some(ty) if self.globals.record(&ty).is_some() => self.named_record(span, fields, ty),
            _ => {
                let made = self.members(fields, |checker, expr, _| {
                    let typed = checker.expr(expr, None);
                    (typed.expr, typed.ty)
                });
                let types = made
                    .iter()
                    .map(|(name, _, ty)| (name.clone(), ty.clone()))
                    .collect();
                let made = made.into_iter().map(|(name, expr, _)| (name, expr)).collect();
                Typed::new(Expr::Record(made), Ty::Record(Arc::new(types)))
            }
        }
    }

    fn members<T>(
        &mut self,
        fields: &'a [(Ident, ast::Expr)],
        mut each: impl FnMut(&mut Self, &'a ast::Expr, &Ident) -> (Expr, T),
    ) -> Vec<(Name, Expr, T)> {
        let mut seen: HashMap<&Name, Span> = HashMap::new();
        let mut made = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            if let Some(first) = seen.insert(&name.text, name.span) {
                let (name, span) = (name.text.clone(), name.span);
                self.report(Error::Doubled { name, span, first }.diagnostic());
                continue;
            }
            let (expr, more) = each(self, value, name);
            made.push((name.text.clone(), expr, more));
        }
        made
    }

    fn named_record(&mut self, span: Span, fields: &'a [(Ident, ast::Expr)], ty: Ty) -> Typed {
        let Some((_, known)) = self.globals.record(&ty) else {
            return Typed::bad();
        };
        let known: Vec<(Name, Ty, Span)> = known
            .iter()
            .map(|f| (f.name.clone(), f.ty.clone(), f.span))
            .collect();
        let owner = self.globals.show(&ty);
        let made = self.members(fields, |checker, expr, name| {
            let field = known.iter().find(|(field, ..)| *field == name.text);
            let Some((field, ty, declared)) = field else {
                let near =
                    nearest(&name.text, known.iter().map(|(field, ..)| field.as_str())).map(Name::from);
                let (name, span, owner) = (name.text.clone(), name.span, owner.clone());
                checker.report(
                    Error::UnknownField {
                        name,
                        owner,
                        span,
                        near,
                    }
                    .diagnostic(),
                );
                checker.expr(expr, None);
                return (Expr::Constant(Value::None), ());
            };
            checker.facts.add(
                name.span,
                FactKind::Field(field.clone(), ty.clone()),
                Some(*declared),
            );
            (checker.against(expr, ty), ())
        });
        let mut given: HashMap<Name, Expr> = made.into_iter().map(|(name, expr, ())| (name, expr)).collect();
        let mut missing = Vec::new();
        let mut record = Vec::with_capacity(known.len());
        for (name, ty, _) in known {
            let value = given.remove(&name);
            if value.is_none() && !self.globals.unfold(&ty).is_optional() {
                missing.push(name.clone());
            }
            record.push((name, value.unwrap_or(Expr::Constant(Value::None))));
        }
        if !missing.is_empty() {
            self.report(
                Error::Missing {
                    names: missing,
                    of: owner,
                    what: "field",
                    span,
                }
                .diagnostic(),
            );
        }
        Typed::new(Expr::Record(record), ty)
    }
}
