//! Methods and free functions of the library: their types are patterns with variables.

use super::Typed;
use crate::{
    ast::{self, Argument, ExprKind, Ident},
    check::{Checker, FactKind, Ty, error::Error, frame::Role},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    Name, Value,
    expr::{Argument as Given, Expr},
};
use flowmesh_stdlib::{Native, Ty as Pattern};

/// What the variables of a signature stand for.
#[derive(Clone, Debug, Default)]
struct Bound([Option<Ty>; 4]);

impl<'a> Checker<'a> {
    /// `receiver.name(arguments)`
    pub(super) fn method(
        &mut self,
        span: Span,
        receiver: Typed,
        name: &Ident,
        arguments: &'a [Argument],
    ) -> Typed {
        let ty = self.globals.unfold(&receiver.ty);
        if ty.is_bad() {
            return self.ignore(arguments);
        }
        for native in flowmesh_stdlib::methods(&name.text) {
            let mut bound = Bound::default();
            let fits = native
                .receiver
                .as_ref()
                .is_some_and(|pattern| self.unify(pattern, &ty, &mut bound));
            if fits {
                self.facts.add(name.span, FactKind::Native(native), None);
                return self.apply(span, native, bound, Some(receiver.expr), arguments);
            }
        }
        self.unknown_method(&receiver.ty, &ty, name);
        self.ignore(arguments)
    }

    fn unknown_method(&mut self, shown: &Ty, ty: &Ty, name: &Ident) {
        let (owner, span) = (self.globals.show(shown), name.span);
        let of = |ty: &Ty| {
            let natives = flowmesh_stdlib::natives().iter().filter(|native| {
                let mut bound = Bound::default();
                native
                    .receiver
                    .as_ref()
                    .is_some_and(|pattern| self.unify(pattern, ty, &mut bound))
            });
            natives.map(|native| native.short_name()).collect::<Vec<_>>()
        };
        let error = if ty.is_optional() && of(ty.present()).contains(&name.text.as_str()) {
            Error::MayBeNone { span, ty: owner }
        } else {
            let known = of(ty);
            let near = flowmesh_stdlib::synonym(&name.text)
                .filter(|here| known.contains(here))
                .or_else(|| nearest(&name.text, known))
                .map(Name::from);
            Error::UnknownMethod {
                name: name.text.clone(),
                owner,
                span,
                near,
            }
        };
        self.report(error.diagnostic());
    }

    /// A free function, or a method whose receiver is known to fit.
    pub(super) fn native(
        &mut self,
        span: Span,
        native: &'static Native,
        receiver: Option<Expr>,
        arguments: &'a [Argument],
    ) -> Typed {
        self.apply(span, native, Bound::default(), receiver, arguments)
    }

    fn apply(
        &mut self,
        span: Span,
        native: &'static Native,
        mut bound: Bound,
        receiver: Option<Expr>,
        arguments: &'a [Argument],
    ) -> Typed {
        let names: Vec<&str> = native.params.iter().map(|param| param.name).collect();
        let given = self.arrange(native.short_name(), &names, arguments);
        let mut made: Vec<Given> = receiver.into_iter().map(Given::Value).collect();
        let mut missing = Vec::new();
        for (param, value) in native.params.iter().zip(given) {
            made.push(match (value, &param.ty) {
                (Some(expr), Pattern::Lambda(params, body)) => self.lambda(expr, params, body, &mut bound),
                (Some(expr), pattern) => {
                    let value = self.native_value(expr, pattern, &mut bound);
                    self.literal(expr.span, param, &value);
                    Given::Value(value)
                }
                (None, _) => {
                    if !param.optional {
                        missing.push(Name::new_static(param.name));
                    }
                    Given::Value(Expr::Constant(Value::None))
                }
            });
        }
        if !missing.is_empty() {
            let of = native.short_name().to_owned();
            self.report(
                Error::Missing {
                    names: missing,
                    of,
                    what: "argument",
                    span,
                }
                .diagnostic(),
            );
        }
        let ty = bound.fill(&native.result);
        Typed::new(Expr::Native(Name::new_static(native.name), made), ty)
    }

    /// A text that stands there literally can be looked at before the program runs.
    fn literal(&mut self, span: Span, param: &flowmesh_stdlib::Param, value: &Expr) {
        let (Some(check), Expr::Constant(Value::String(text))) = (param.check, value) else {
            return;
        };
        if let Err(fault) = check(text) {
            let why = fault.reason().to_owned();
            self.report(Error::BadText { why, span }.diagnostic());
        }
    }

    fn native_value(&mut self, expr: &'a ast::Expr, pattern: &Pattern, bound: &mut Bound) -> Expr {
        let wish = bound.fill(pattern);
        if !wish.is_open() {
            return self.against(expr, &wish);
        }
        let typed = self.expr(expr, Some(&wish).filter(|wish| **wish != Ty::Open));
        let ty = self.globals.unfold(&typed.ty);
        if !self.unify(pattern, &ty, bound) && !ty.is_bad() {
            let expected = pattern.to_string();
            let found = self.globals.show(&typed.ty);
            self.report(
                Error::Mismatch {
                    expected,
                    found,
                    span: expr.span,
                    help: None,
                }
                .diagnostic(),
            );
        }
        typed.expr
    }

    fn lambda(
        &mut self,
        expr: &'a ast::Expr,
        params: &[Pattern],
        body: &Pattern,
        bound: &mut Bound,
    ) -> Given {
        let nothing = Given::Lambda(Vec::new(), Expr::Constant(Value::None));
        let ExprKind::Lambda(names, inner) = &expr.kind else {
            if !matches!(expr.kind, ExprKind::Bad) {
                self.expr(expr, None);
                self.report(
                    Error::NoLambda {
                        params: params.len(),
                        span: expr.span,
                    }
                    .diagnostic(),
                );
            }
            return nothing;
        };
        if names.len() != params.len() {
            let (expected, found) = (params.len(), names.len());
            self.report(
                Error::LambdaParams {
                    expected,
                    found,
                    span: expr.span,
                }
                .diagnostic(),
            );
        }
        self.frame.open();
        let mut slots = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            let ty = params.get(at).map_or(Ty::Bad, |pattern| bound.fill(pattern));
            slots.push(self.frame.declare(name, ty, Role::Bound).0);
        }
        let value = self.lambda_body(inner, body, bound);
        self.frame.close();
        Given::Lambda(slots, value)
    }

    fn lambda_body(&mut self, inner: &'a ast::Expr, body: &Pattern, bound: &mut Bound) -> Expr {
        let wish = bound.fill(body);
        if !wish.is_open() {
            return self.against(inner, &wish);
        }
        let typed = self.expr(inner, Some(&wish).filter(|wish| **wish != Ty::Open));
        let ty = self.globals.unfold(&typed.ty);
        if !ty.is_bad() && !self.unify(body, &typed.ty, bound) && !self.unify(body, &ty, bound) {
            let (expected, found) = (body.to_string(), self.globals.show(&typed.ty));
            self.report(
                Error::Mismatch {
                    expected,
                    found,
                    span: inner.span,
                    help: None,
                }
                .diagnostic(),
            );
        }
        typed.expr
    }

    /// Whether a type is of a pattern; binds the variables that were free.
    fn unify(&self, pattern: &Pattern, ty: &Ty, bound: &mut Bound) -> bool {
        let unfolded = self.globals.unfold(ty);
        let inner = |pattern: &Pattern, ty: &Ty, bound: &mut Bound| self.unify(pattern, ty, bound);
        match (pattern, &unfolded) {
            (_, Ty::Bad | Ty::Open) => true,
            (Pattern::Bool, Ty::Bool)
            | (Pattern::Int, Ty::Int)
            | (Pattern::Float, Ty::Float)
            | (Pattern::Decimal, Ty::Decimal)
            | (Pattern::String, Ty::String | Ty::Url)
            | (Pattern::Bytes, Ty::Bytes)
            | (Pattern::Time, Ty::Time)
            | (Pattern::Date, Ty::Date)
            | (Pattern::Duration, Ty::Duration)
            | (Pattern::Url, Ty::Url)
            | (Pattern::Json, Ty::Json) => true,
            (Pattern::Optional(a), Ty::Optional(b)) => inner(a, b, bound),
            (Pattern::List(a), Ty::List(b)) | (Pattern::Map(a), Ty::Map(b)) => inner(a, b, bound),
            (Pattern::Var(at), Ty::Unit | Ty::Secret | Ty::Error(_) | Ty::Run(_)) => {
                let _ = at;
                false
            }
            (Pattern::Var(at), _) => self.bind_variable(*at, ty, bound),
            (Pattern::Ordered(at), found) => found.is_ordered() && self.bind_variable(*at, found, bound),
            (Pattern::Number(at), found) => found.is_number() && self.bind_variable(*at, found, bound),
            _ => false,
        }
    }

    fn bind_variable(&self, at: u8, ty: &Ty, bound: &mut Bound) -> bool {
        let Some(place) = bound.0.get_mut(usize::from(at)) else {
            return false;
        };
        match place {
            Some(known) => match self.globals.join(known, ty) {
                Some(joined) if self.globals.fits(ty, &joined) == Some(super::Coercion::Same) => {
                    *place = Some(joined);
                    true
                }
                _ => false,
            },
            None => {
                *place = Some(ty.clone());
                true
            }
        }
    }
}

impl Bound {
    /// The pattern with what the variables stand for; what is not known yet is open.
    fn fill(&self, pattern: &Pattern) -> Ty {
        match pattern {
            Pattern::Bool => Ty::Bool,
            Pattern::Int => Ty::Int,
            Pattern::Float => Ty::Float,
            Pattern::Decimal => Ty::Decimal,
            Pattern::String => Ty::String,
            Pattern::Bytes => Ty::Bytes,
            Pattern::Time => Ty::Time,
            Pattern::Date => Ty::Date,
            Pattern::Duration => Ty::Duration,
            Pattern::Url => Ty::Url,
            Pattern::Json => Ty::Json,
            Pattern::Record(fields) => {
                let field = |(name, ty): &(&'static str, Pattern)| (Name::new_static(name), self.fill(ty));
                Ty::Record(std::sync::Arc::new(fields.iter().map(field).collect()))
            }
            Pattern::Optional(inner) => self.fill(inner).optional(),
            Pattern::List(inner) => self.fill(inner).list(),
            Pattern::Map(inner) => self.fill(inner).map(),
            Pattern::Var(at) | Pattern::Ordered(at) | Pattern::Number(at) => self
                .0
                .get(usize::from(*at))
                .cloned()
                .flatten()
                .unwrap_or(Ty::Open),
            Pattern::Lambda(..) => Ty::Open,
        }
    }
}
