//! Types, fields and errors as an author writes them.

use super::value::joined;
use crate::{
    Program,
    ty::{Case, ErrorDef, Field, Rule, Shape, Type, TypeDef},
};

/// A type in use.
pub(super) fn ty(program: &Program, ty: &Type) -> String {
    let name = match ty {
        Type::Bool => "bool",
        Type::Int => "int",
        Type::Float => "float",
        Type::Decimal => "decimal",
        Type::String => "string",
        Type::Bytes => "bytes",
        Type::Time => "time",
        Type::Date => "date",
        Type::Duration => "duration",
        Type::Url => "url",
        Type::Json => "json",
        Type::Unit => "none",
        Type::Optional(inner) => return format!("{}?", self::ty(program, inner)),
        Type::List(inner) => return format!("[{}]", self::ty(program, inner)),
        Type::Map(inner) => return format!("{{string: {}}}", self::ty(program, inner)),
        Type::Named(id) => {
            return program
                .ty(*id)
                .map_or(format!("?{id}"), |def| def.name.to_string());
        }
    };
    name.to_owned()
}

/// A declaration of a type.
pub(super) fn definition(program: &Program, def: &TypeDef) -> String {
    match &def.shape {
        Shape::Record(parts) if parts.is_empty() => format!("type {} {{}}", def.name),
        Shape::Record(parts) => format!("type {} {{ {} }}", def.name, fields(program, parts)),
        Shape::Enum(cases) => {
            let cases = joined(cases.iter().map(|case| self::case(program, case)));
            match &def.tag {
                Some(tag) => format!("enum {} {{ {cases} }}   // told apart by `{tag}`", def.name),
                None => format!("enum {} {{ {cases} }}", def.name),
            }
        }
        Shape::Alias { ty, rule } => {
            format!(
                "type {} = {}{}",
                def.name,
                self::ty(program, ty),
                self::rule(rule.as_ref())
            )
        }
    }
}

/// A declaration of an error.
pub(super) fn error(program: &Program, def: &ErrorDef) -> String {
    format!("error {}({})", def.name, fields(program, &def.fields))
}

/// `a: string, b: int where it > 0`
pub(super) fn fields(program: &Program, all: &[Field]) -> String {
    joined(all.iter().map(|field| {
        format!(
            "{}: {}{}",
            field.name,
            ty(program, &field.ty),
            rule(field.rule.as_ref())
        )
    }))
}

/// ` -> Receipt`, or nothing where there is no result.
pub(super) fn result(program: &Program, ty: &Type) -> String {
    if *ty == Type::Unit {
        String::new()
    } else {
        format!(" -> {}", self::ty(program, ty))
    }
}

/// ` fails OutOfStock, Declined`, or nothing.
pub(super) fn fails(program: &Program, errors: &[crate::ErrorId]) -> String {
    if errors.is_empty() {
        return String::new();
    }
    format!(
        " fails {}",
        joined(errors.iter().map(|id| error_name(program, *id)))
    )
}

/// The name of an error.
pub(super) fn error_name(program: &Program, id: crate::ErrorId) -> String {
    program
        .error(id)
        .map_or(format!("?{id}"), |def| def.name.to_string())
}

fn case(program: &Program, case: &Case) -> String {
    let wire = match &case.wire {
        Some(wire) => format!(" = {}", super::value::quoted(wire)),
        None => String::new(),
    };
    if case.fields.is_empty() {
        return format!("{}{wire}", case.name);
    }
    format!("{}({}){wire}", case.name, fields(program, &case.fields))
}

fn rule(rule: Option<&Rule>) -> String {
    rule.map_or(String::new(), |rule| format!(" where {}", rule.text))
}
