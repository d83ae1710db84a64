//! Types, errors and settings: that they exist, end, and have names of their own.

use super::{
    At as _, Invalid, MAX_DEPTH, distinct, ensure,
    expr::{Scope, Surroundings, value},
    in_range,
};
use crate::{
    Program,
    program::BUILTIN_ERRORS,
    ty::{Case, Field, Shape, Type, TypeDef},
};

/// Checks everything but the rules, which may call functions.
pub(super) fn check(program: &Program) -> Result<(), Invalid> {
    distinct("types", program.types.iter().map(|def| def.name.as_str()))?;
    distinct("errors", program.errors.iter().map(|def| def.name.as_str()))?;
    distinct(
        "configs",
        program.configs.iter().map(|config| config.name.as_str()),
    )?;
    for def in &program.types {
        definition(program, def).at(|| format!("type {}", def.name))?;
    }
    builtin_errors(program)?;
    for def in &program.errors {
        fields(program, &def.fields).at(|| format!("error {}", def.name))?;
    }
    for config in &program.configs {
        ty(program, &config.ty).at(|| format!("config {}", config.name))?;
        config
            .default
            .iter()
            .try_for_each(value)
            .at(|| format!("config {}", config.name))?;
    }
    Ok(())
}

/// Checks the rules of all fields and aliases.
pub(super) fn check_rules(program: &Program, heights: &[usize]) -> Result<(), Invalid> {
    for def in &program.types {
        let place = || format!("type {}", def.name);
        match &def.shape {
            Shape::Record(fields) => rules(program, heights, fields).at(place)?,
            Shape::Enum(cases) => {
                cases
                    .iter()
                    .try_for_each(|case| rules(program, heights, &case.fields))
                    .at(place)?;
            }
            Shape::Alias { rule, .. } => {
                rule.iter()
                    .try_for_each(|rule| self::rule(program, heights, &rule.condition))
                    .at(place)?;
            }
        }
    }
    program
        .errors
        .iter()
        .try_for_each(|def| rules(program, heights, &def.fields).at(|| format!("error {}", def.name)))
}

/// Checks the rules of some fields.
pub(super) fn rules(program: &Program, heights: &[usize], fields: &[Field]) -> Result<(), Invalid> {
    let all = fields.iter().filter_map(|field| field.rule.as_ref());
    all.into_iter()
        .try_for_each(|rule| self::rule(program, heights, &rule.condition))
}

fn rule(program: &Program, heights: &[usize], condition: &crate::expr::Expr) -> Result<(), Invalid> {
    Scope::of_params(program, heights, Surroundings::Nothing, 1).check(condition)
}

/// Checks that fields have names of their own and types that exist.
pub(super) fn fields(program: &Program, fields: &[Field]) -> Result<(), Invalid> {
    distinct("fields", fields.iter().map(|field| field.name.as_str()))?;
    fields
        .iter()
        .try_for_each(|field| ty(program, &field.ty).at(|| format!("field `{}`", field.name)))
}

/// Checks that a type exists and is not too deep.
pub(super) fn ty(program: &Program, ty: &Type) -> Result<(), Invalid> {
    let mut ty = ty;
    for _ in 0..MAX_DEPTH {
        ty = match ty {
            Type::Optional(inner) | Type::List(inner) | Type::Map(inner) => inner,
            Type::Named(id) => return in_range("type", id.index(), program.types.len()),
            _ => return Ok(()),
        };
    }
    Err(Invalid(format!("a type is deeper than {MAX_DEPTH} levels")))
}

fn definition(program: &Program, def: &TypeDef) -> Result<(), Invalid> {
    ensure(def.tag.is_none() || matches!(def.shape, Shape::Enum(_)), || {
        "it has a property for its cases, and is no enum".to_owned()
    })?;
    match &def.shape {
        Shape::Record(fields) => self::fields(program, fields),
        Shape::Enum(cases) => {
            ensure(!cases.is_empty(), || "an enum has no cases".to_owned())?;
            distinct("cases", cases.iter().map(|case| case.name.as_str()))?;
            distinct("cases in JSON", cases.iter().map(Case::wire))?;
            ensure(
                def.tag.is_some() || cases.iter().all(|case| case.wire.is_none()),
                || "a case has another name in JSON, and no property tells cases apart".to_owned(),
            )?;
            if let Some(tag) = &def.tag {
                let mut fields = cases.iter().flat_map(|case| &case.fields);
                ensure(fields.all(|field| field.name != *tag), || {
                    format!("a case has the field `{tag}`, which says which case it is")
                })?;
            }
            cases.iter().try_for_each(|case| {
                self::fields(program, &case.fields).at(|| format!("case `{}`", case.name))
            })
        }
        Shape::Alias { ty, .. } => {
            self::ty(program, ty)?;
            alias_ends(program, ty)
        }
    }
}

/// An alias must lead to something else in the end: reading a value of it would not.
fn alias_ends(program: &Program, ty: &Type) -> Result<(), Invalid> {
    let mut ty = ty;
    for _ in 0..MAX_DEPTH {
        ty = match ty {
            Type::Optional(inner) => inner,
            Type::Named(id) => match program.ty(*id).map(|def| &def.shape) {
                Some(Shape::Alias { ty, .. }) => ty,
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
    }
    Err(Invalid(
        "an alias stands for itself, or for too long a chain of aliases".to_owned(),
    ))
}

/// The machine knows the errors that every call can end with by their number.
fn builtin_errors(program: &Program) -> Result<(), Invalid> {
    for (at, (name, fields)) in BUILTIN_ERRORS.iter().enumerate() {
        let fits = program.errors.get(at).is_some_and(|def| {
            def.name == *name
                && def.fields.len() == fields.len()
                && def
                    .fields
                    .iter()
                    .zip(*fields)
                    .all(|(field, (name, ty))| field.name == *name && field.ty == *ty)
        });
        ensure(fits, || format!("error {at} is not the built-in error `{name}`"))?;
    }
    Ok(())
}
