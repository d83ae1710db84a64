//! One expression beside a program: what a prompt evaluates.

use super::{
    Checked, Checker, Globals,
    frame::{Kind, Role},
    ty::Ty,
};
use crate::{
    ast::{self, Ident},
    resolve::{ModuleId, Resolved},
};
use flowmesh_diagnostics::{Diagnostics, Sources, Span};
use flowmesh_ir::{
    Name, TypeId,
    expr::Function,
    ty::{Field, Type},
};
use std::sync::Arc;

/// Names bound at a prompt, with their types.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings {
    all: Vec<(Name, Ty)>,
    /// The names of the types that the numbers in `all` stand for.
    types: Vec<Name>,
}

impl Bindings {
    /// The names, in the order in which they were bound.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        self.all.iter().map(|(name, _)| name)
    }

    /// These and one more.
    #[must_use]
    pub(crate) fn with(&self, name: &Name, ty: &Ty, globals: &Globals) -> Self {
        let mut all: Vec<(Name, Ty)> = self.renumbered(globals);
        all.retain(|(known, _)| known != name);
        all.push((name.clone(), ty.clone()));
        Self {
            all,
            types: globals.types.iter().map(|info| info.name.clone()).collect(),
        }
    }

    /// Which of them still have a type; the others are let go.
    pub(crate) fn known_in(&mut self, globals: &Globals) -> Vec<bool> {
        let kept: Vec<bool> = self
            .all
            .iter()
            .map(|(_, ty)| self.renumber(ty, globals).is_some())
            .collect();
        let all = self.renumbered(globals);
        let types = globals.types.iter().map(|info| info.name.clone()).collect();
        *self = Self { all, types };
        kept
    }

    fn renumbered(&self, globals: &Globals) -> Vec<(Name, Ty)> {
        let one = |(name, ty): &(Name, Ty)| Some((name.clone(), self.renumber(ty, globals)?));
        self.all.iter().filter_map(one).collect()
    }

    fn renumber(&self, ty: &Ty, globals: &Globals) -> Option<Ty> {
        let inner = |ty: &Ty| self.renumber(ty, globals).map(Arc::new);
        Some(match ty {
            Ty::Named(id) => {
                let name = self.types.get(id.index())?;
                let at = globals.types.iter().position(|info| info.name == *name)?;
                Ty::Named(TypeId(u32::try_from(at).ok()?))
            }
            Ty::Optional(ty) => Ty::Optional(inner(ty)?),
            Ty::List(ty) => Ty::List(inner(ty)?),
            Ty::Map(ty) => Ty::Map(inner(ty)?),
            Ty::Record(fields) => {
                let field = |(name, ty): &(Name, Ty)| Some((name.clone(), self.renumber(ty, globals)?));
                Ty::Record(Arc::new(fields.iter().map(field).collect::<Option<_>>()?))
            }
            other => other.clone(),
        })
    }
}

/// Checks a program, and an expression that sees its names and the bindings. The expression becomes the last function
/// of the program, with a parameter for each binding.
pub(crate) fn expression(
    resolved: &Resolved,
    sources: &Sources,
    found: &mut Diagnostics,
    bindings: &Bindings,
    expr: &ast::Expr,
) -> (Checked, Option<Ty>) {
    let mut checker = Checker::new(resolved, sources, found);
    super::all(&mut checker);
    let known = bindings.renumbered(&checker.globals);
    let (typed, frame) = checker.within(ModuleId::default(), Kind::Flow, |checker| {
        for (name, ty) in &known {
            let ident = Ident {
                text: name.clone(),
                span: Span::default(),
            };
            checker.frame.declare(&ident, ty.clone(), Role::Param);
        }
        checker.expr(expr, None)
    });
    let mut border = |ty: &Ty, name: &str| checker.border(ty, name).unwrap_or(Type::Json);
    let params = known.iter().map(|(name, ty)| Field {
        name: name.clone(),
        ty: border(ty, name),
        rule: None,
    });
    let params: Vec<Field> = params.collect();
    let result = border(&typed.ty, "it");
    let slots = u32::try_from(frame.locals.len()).unwrap_or(u32::MAX);
    let name = Name::new_static("_it");
    let function = Function {
        name,
        params,
        result,
        slots,
        body: typed.expr,
    };
    checker.functions.push(function.into());
    let ty = (!typed.ty.is_bad()).then_some(typed.ty);
    (checker.finish(), ty)
}
