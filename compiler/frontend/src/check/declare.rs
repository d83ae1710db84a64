//! What the declarations of all modules mean: types first, then everything that is made of types.

mod endless;

use super::{
    Checker, Taken,
    error::Error,
    frame::Kind,
    globals::{FieldInfo, ShapeInfo, Signature, TypeInfo},
    ty::Ty,
};
use crate::{
    ast::{self, ItemKind},
    resolve::{Declared, Def, Resolved},
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    Name,
    program::{BUILTIN_ERRORS, Config},
    ty::{Case, Shape, Type, TypeDef},
};
use std::sync::Arc;

/// Fills the globals; services come with [`super::service`].
pub(super) fn all(checker: &mut Checker<'_>) {
    types(checker);
    endless::all(checker);
    configs(checker);
    secrets(checker);
    functions(checker);
    // Rules call functions, so these have to be known and numbered before them.
    super::function::number(checker);
    rules(checker);
    super::events::rules(checker);
    errors(checker);
    flows(checker);
    super::template::declare(checker);
}

fn types(checker: &mut Checker<'_>) {
    let mut taken = Taken::default();
    let resolved = checker.resolved;
    // Names first, so that messages about types can show them.
    let mut new = Vec::new();
    for (at, declared) in resolved.tables.types.iter().enumerate() {
        let name = checker.unique(&mut taken, declared);
        let said = checker.said_before(declared, |heads| &mut heads.types);
        let info = said.unwrap_or_else(|| {
            new.push((declared, at));
            Arc::new(shapeless(resolved, declared, name))
        });
        checker.globals.types.push(info);
    }
    super::events::names(checker, &mut taken);
    super::events::shapes(checker);
    for (declared, at) in new {
        let Some(info) = checker.globals.types.get(at).map(Arc::clone) else {
            continue;
        };
        let said = checker.say_of(
            declared,
            |heads| &mut heads.types,
            |checker| TypeInfo {
                shape: checker.shape(declared),
                ..TypeInfo::clone(&info)
            },
        );
        if let Some(info) = checker.globals.types.get_mut(at) {
            *info = said;
        }
    }
}

/// A type before it is known what it is made of.
fn shapeless(resolved: &Resolved, declared: &Declared, name: Name) -> TypeInfo {
    let item = resolved.item(declared);
    TypeInfo {
        name,
        doc: item.and_then(|item| item.doc.clone()),
        span: declared.name.span,
        tag: match item.map(|item| &item.kind) {
            Some(ItemKind::Enum { tag, .. }) => tag.clone(),
            _ => None,
        },
        shape: ShapeInfo::Record(Vec::new()),
    }
}

/// The rules of types, now that all types are known.
fn rules(checker: &mut Checker<'_>) {
    let resolved = checker.resolved;
    for (at, declared) in resolved.tables.types.iter().enumerate() {
        let item = resolved.item(declared).filter(|item| has_rules(&item.kind));
        let info = checker.globals.types.get(at);
        let (Some(item), Some(mut shape)) = (item, info.map(|info| info.shape.clone())) else {
            continue;
        };
        match (&item.kind, &mut shape) {
            (ItemKind::Record { fields, .. }, ShapeInfo::Record(infos)) => {
                checker.field_rules(declared.module, fields, infos);
            }
            (ItemKind::Alias { rule: Some(expr), .. }, ShapeInfo::Alias { ty, rule }) => {
                *rule = Some(checker.rule(declared.module, expr, ty));
            }
            (ItemKind::Enum { cases, .. }, ShapeInfo::Enum(infos)) => {
                for (case, info) in cases.iter().zip(infos) {
                    checker.field_rules(declared.module, &case.fields, &mut info.fields);
                }
            }
            _ => continue,
        }
        if let Some(info) = checker.globals.types.get_mut(at) {
            Arc::make_mut(info).shape = shape;
        }
    }
}

fn has_rules(kind: &ItemKind) -> bool {
    let ruled = |fields: &[ast::Field]| fields.iter().any(|field| field.rule.is_some());
    match kind {
        ItemKind::Record { fields, .. } => ruled(fields),
        ItemKind::Alias { rule, .. } => rule.is_some(),
        ItemKind::Enum { cases, .. } => cases.iter().any(|case| ruled(&case.fields)),
        _ => false,
    }
}

fn errors<'a>(checker: &mut Checker<'a>) {
    for (name, fields) in BUILTIN_ERRORS {
        let field = |(name, ty): &(&str, Type)| FieldInfo {
            name: (*name).into(),
            doc: None,
            span: Span::default(),
            ty: if *ty == Type::Int {
                Ty::Int
            } else if *ty == Type::Json {
                Ty::Json
            } else {
                Ty::String
            },
            rule: None,
        };
        let params = fields.iter().map(field).collect();
        let signature = Signature {
            params,
            ..signature(name.into(), None, Span::default())
        };
        checker.globals.errors.push(Arc::new(signature));
    }
    let mut taken: Taken = BUILTIN_ERRORS
        .iter()
        .map(|(name, _)| Name::new_static(name))
        .collect();
    let resolved = checker.resolved;
    for declared in &resolved.tables.errors {
        let name = checker.unique(&mut taken, declared);
        let Some(item) = resolved.item(declared) else {
            continue;
        };
        let ItemKind::Error { fields, .. } = &item.kind else {
            continue;
        };
        let say = |checker: &mut Checker<'a>| Signature {
            params: checker.params(declared.module, fields),
            ..signature(name, item.doc.clone(), declared.name.span)
        };
        // What a rule means depends on what it calls.
        let said = if fields.iter().any(|field| field.rule.is_some()) {
            Arc::new(say(checker))
        } else {
            checker.said_again(declared, |heads| &mut heads.errors, say)
        };
        checker.globals.errors.push(said);
    }
}

fn configs(checker: &mut Checker<'_>) {
    let mut taken = Taken::default();
    let resolved = checker.resolved;
    for declared in &resolved.tables.configs {
        let name = checker.unique(&mut taken, declared);
        let Some(ItemKind::Config { ty, default, .. }) = resolved.item(declared).map(|item| &item.kind)
        else {
            continue;
        };
        checker.frame.module = declared.module;
        let known = checker.ty(ty);
        let (value, _) = checker.within(declared.module, Kind::Config, |checker| {
            let expr = default.as_ref()?;
            let made = checker.against(expr, &known);
            let value = super::constant::value(&made);
            if value.is_none() {
                checker.report(
                    Error::NotConstant {
                        span: expr.span,
                        what: "this",
                    }
                    .diagnostic(),
                );
            }
            value
        });
        let ty = known.ir().unwrap_or(Type::Unit);
        checker.globals.configs.push(known);
        checker.configs.push(Config {
            name,
            ty,
            default: value,
        });
    }
}

fn secrets(checker: &mut Checker<'_>) {
    let mut taken = Taken::default();
    for declared in &checker.resolved.tables.secrets {
        let name = checker.unique(&mut taken, declared);
        checker.secrets.push(name);
    }
}

fn functions(checker: &mut Checker<'_>) {
    let mut taken = Taken::default();
    let resolved = checker.resolved;
    for declared in &resolved.tables.functions {
        let name = checker.unique(&mut taken, declared);
        let Some(item) = resolved.item(declared) else {
            continue;
        };
        let ItemKind::Function { params, result, .. } = &item.kind else {
            continue;
        };
        let said = checker.said_again(
            declared,
            |heads| &mut heads.functions,
            |checker| {
                checker.frame.module = declared.module;
                Signature {
                    params: checker.fields(params),
                    result: checker.ty(result),
                    ..signature(name, item.doc.clone(), declared.name.span)
                }
            },
        );
        checker.globals.functions.push(said);
    }
}

fn flows(checker: &mut Checker<'_>) {
    let mut taken = Taken::default();
    let resolved = checker.resolved;
    for (at, declared) in (0u32..).zip(&resolved.tables.flows) {
        let name = checker.unique(&mut taken, declared);
        let Some(item) = resolved.item(declared) else {
            continue;
        };
        let ItemKind::Flow(flow) = &item.kind else {
            continue;
        };
        let params = checker.declaring(Def::Flow(at), |checker| {
            checker.params(declared.module, &flow.params)
        });
        let result = flow.result.as_ref().map_or(Ty::Unit, |ty| checker.ty(ty));
        let fails = checker.fails(&flow.fails);
        let base = signature(name, item.doc.clone(), declared.name.span);
        checker.globals.flows.push(Signature {
            params,
            result,
            fails,
            ..base
        });
    }
}

pub(super) fn signature(name: Name, doc: Option<String>, span: Span) -> Signature {
    Signature {
        name,
        doc,
        span,
        params: Vec::new(),
        result: Ty::Unit,
        fails: Vec::new(),
    }
}

/// All types as the program has them: the declared ones, then those that no author wrote.
pub(super) fn definitions(globals: &super::Globals, made: Vec<TypeDef>) -> Vec<TypeDef> {
    let fields = |fields: &[FieldInfo]| fields.iter().map(FieldInfo::ir).collect();
    let shape = |shape: &ShapeInfo| match shape {
        ShapeInfo::Record(parts) => Shape::Record(fields(parts)),
        ShapeInfo::Enum(cases) => Shape::Enum(
            cases
                .iter()
                .map(|case| Case {
                    name: case.name.clone(),
                    wire: case.wire.clone(),
                    fields: fields(&case.fields),
                })
                .collect(),
        ),
        ShapeInfo::Alias { ty, rule } => Shape::Alias {
            ty: ty.ir().unwrap_or(Type::Unit),
            rule: rule.clone(),
        },
    };
    let definition = |info: &TypeInfo| TypeDef {
        name: info.name.clone(),
        doc: info.doc.clone(),
        tag: info.tag.clone(),
        shape: shape(&info.shape),
    };
    globals
        .types
        .iter()
        .map(Arc::as_ref)
        .map(definition)
        .chain(made)
        .collect()
}

impl<'a> Checker<'a> {
    /// What a type is made of; its rules come with [`rules`].
    fn shape(&mut self, declared: &Declared) -> ShapeInfo {
        self.frame.module = declared.module;
        match self.resolved.item(declared).map(|item| &item.kind) {
            Some(ItemKind::Alias { ty, .. }) => ShapeInfo::Alias {
                ty: self.ty(ty),
                rule: None,
            },
            Some(ItemKind::Enum { cases, .. }) => ShapeInfo::Enum(self.enum_cases(cases)),
            Some(ItemKind::Record { fields, .. }) => ShapeInfo::Record(self.fields(fields)),
            _ => ShapeInfo::Record(Vec::new()),
        }
    }

    /// The tree of a declaration with its module.
    pub(crate) fn items(&self, table: &'a [Declared]) -> Vec<(&'a Declared, &'a ast::Item)> {
        let resolved = self.resolved;
        table
            .iter()
            .filter_map(|declared| Some((declared, resolved.item(declared)?)))
            .collect()
    }
}
