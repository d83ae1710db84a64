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
                    self.report(Error::Doubled { name, span, first }.diagnostic());
                }
                Some((_, empty)) => *empty = Some(&argument.value),
                None => {
                    self.no_parameter(of, names, argument, span);
                    self.expr(&argument.value, None);
                }
            }
        }
        given
    }

    fn no_parameter(&mut self, of: &str, names: &[&str], argument: &Argument, span: Span) {
        let of = of.to_owned();
        let error = match &argument.name {
            Some(name) => {
                let near = nearest(&name.text, names.iter().copied()).map(Name::from);
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
        let mut made = Vec::with_capacity(params.len());
        for (param, value) in params.iter().zip(given) {
            let expr = match value {
                Some(expr) => self.against(expr, &param.ty),
                None => {
                    if !self.may_be_left_out(&param.ty) {
                        missing.push(param.name.clone());
                    }
                    Expr::Constant(Value::None)
                }
            };
            made.push((param.name.clone(), expr));
        }
        if !missing.is_empty() {
            self.report(
                Error::Missing {
                    names: missing,
                    of: of.into(),
                    what: "argument",
                    span,
                }
                .diagnostic(),
            );
        }
        made
    }

    fn may_be_left_out(&self, ty: &Ty) -> bool {
        let ty = self.globals.unfold(ty);
        ty.is_optional() || ty.is_bad()
    }
}
