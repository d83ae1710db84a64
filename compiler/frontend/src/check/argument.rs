//! Arguments by place and by name, the same for everything that takes some.

use super::{Checker, FactKind, error::Error, globals::FieldInfo, ty::Ty};
use crate::ast::{self, Argument};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{Name, Value, expr::Expr};

impl<'a> Checker<'a> {
    /// Which expression goes to which parameter. Reports what is too much, unknown or given twice.
    pub(crate) fn arrange(
        &mut self,
        of: &str,
        names: &[&str],
        arguments: &'a [Argument],
    ) -> Vec<Option<&'a ast::Expr>> {
        let mut given: Vec<Option<&'a ast::Expr>> = vec![None; names.len()];
        for (at, argument) in arguments.iter().enumerate() {
            let place = match &argument.name {
                Some(name) => names.iter().position(|known| name.text == *known),
                None => Some(at).filter(|at| *at < names.len()),
            };
            let span = argument
                .name
                .as_ref()
                .map_or(argument.value.span, |name| name.span);
            match place.and_then(|place| Some((names.get(place)?, given.get_mut(place)?))) {
                Some((name, Some(first))) => {
                    let (name, first) = (Name::from(*name), first.span);
                    let doubled = Error::Doubled { name, span, first }.diagnostic();
                    self.report(doubled.fix("remove it", span.to(argument.value.span), ""));
                }
                Some((_, empty)) => *empty = Some(&argument.value),
                None => {
                    let both = names.iter().zip(&given);
                    let taken: Vec<&str> = both
                        .filter(|(_, given)| given.is_some())
                        .map(|(name, _)| *name)
                        .collect();
                    self.no_parameter(of, names, &taken, argument, span);
                    self.expr(&argument.value, None);
                }
            }
        }
        given
    }

    fn no_parameter(&mut self, of: &str, names: &[&str], taken: &[&str], argument: &Argument, span: Span) {
        let of = of.to_owned();
        let error = match &argument.name {
            Some(name) => {
                let free = names.iter().copied().filter(|name| !taken.contains(name));
                let near = nearest(&name.text, free).map(Name::from);
                Error::UnknownArgument {
                    name: name.text.clone(),
                    of,
                    span,
                    near,
                }
            }
            None => Error::TooMany {
                of,
                most: names.len(),
                span,
            },
        };
        self.report(error.diagnostic());
    }

    /// A value for each parameter; what may be absent may be left out.
    pub(crate) fn arguments(
        &mut self,
        of: &str,
        params: &[FieldInfo],
        arguments: &'a [Argument],
        span: Span,
    ) -> Vec<(Name, Expr)> {
        let names: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
        let given = self.arrange(of, &names, arguments);
        for argument in arguments {
            let named = argument
                .name
                .as_ref()
                .and_then(|name| Some((name, params.iter().find(|p| p.name == name.text)?)));
            if let Some((name, param)) = named {
                let kind = FactKind::Field(param.name.clone(), param.ty.clone());
                self.facts.add(name.span, kind, Some(param.span));
            }
        }
        let mut missing = Vec::new();
        let mut samples = Vec::new();
        let mut made = Vec::with_capacity(params.len());
        for (param, value) in params.iter().zip(given) {
            // What is no value goes into the choice of the copy, not into its run.
            if let (Ty::Taken(_), Some(_)) = (&param.ty, value) {
                continue;
            }
            let expr = match value {
                Some(expr) => self.against(expr, &param.ty),
                None => {
                    if !self.may_be_left_out(&param.ty) {
                        missing.push(param.name.clone());
                        let value = super::words::sample(&self.globals.show(&param.ty));
                        samples.extend(value.map(|value| format!("{}: {value}", param.name)));
                    }
                    Expr::Constant(Value::None)
                }
            };
            made.push((param.name.clone(), expr));
        }
        if !missing.is_empty() {
            let whole = samples.len() == missing.len();
            let comma = if arguments.is_empty() { "" } else { ", " };
            let end = span.end.saturating_sub(1);
            let error = Error::Missing {
                names: missing,
                of: of.into(),
                what: "argument",
                span,
            };
            let (samples, end) = (samples.join(", "), Span::new(span.source, end, end));
            self.report(match whole {
                true => error
                    .diagnostic()
                    .fix(format!("add {samples}"), end, format!("{comma}{samples}")),
                false => error.diagnostic(),
            });
        }
        made
    }

    fn may_be_left_out(&self, ty: &Ty) -> bool {
        let ty = self.globals.unfold(ty);
        ty.is_optional() || ty.is_bad()
    }
}
