//! What the declarations of all modules mean: types first, then everything that is made of types.

use super::{
    Checker,
    error::Error,
    frame::Kind,
    globals::{FieldInfo, ShapeInfo, Signature, TypeInfo},
    ty::Ty,
};
use crate::{
    ast::{self, ItemKind},
    resolve::{Declared, Def},
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    Name, TypeId,
    program::{BUILTIN_ERRORS, Config},
    ty::{Case, Shape, Type, TypeDef},
};
use petgraph::graphmap::DiGraphMap;
use std::collections::HashSet;

/// How many aliases may stand behind each other.
const LONGEST_ALIAS: usize = 64;

/// Fills the globals; services come with [`super::service`].
pub(super) fn all(checker: &mut Checker<'_>) {
    types(checker);
    alias_circles(checker);
    long_aliases(checker);
    spoilt_aliases(checker);
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
    let mut taken = HashSet::new();
    let resolved = checker.resolved;
    // Names first, so that messages about types can show them.
    for declared in &resolved.tables.types {
        let name = checker.unique(&mut taken, declared);
        let doc = resolved.item(declared).and_then(|item| item.doc.clone());
        let shape = ShapeInfo::Record(Vec::new());
        checker.globals.types.push(TypeInfo {
            name,
            doc,
            span: declared.name.span,
            tag: match resolved.item(declared).map(|item| &item.kind) {
                Some(ItemKind::Enum { tag, .. }) => tag.clone(),
                _ => None,
            },
            shape,
        });
    }
    super::events::names(checker, &mut taken);
    super::events::shapes(checker);
    for (at, declared) in resolved.tables.types.iter().enumerate() {
        checker.frame.module = declared.module;
        let shape = match resolved.item(declared).map(|item| &item.kind) {
            Some(ItemKind::Record { fields, .. }) => ShapeInfo::Record(checker.fields(fields)),
            Some(ItemKind::Alias { ty, .. }) => ShapeInfo::Alias {
                ty: checker.ty(ty),
                rule: None,
            },
            Some(ItemKind::Enum { cases, .. }) => ShapeInfo::Enum(checker.enum_cases(cases)),
            _ => continue,
        };
        if let Some(info) = checker.globals.types.get_mut(at) {
            info.shape = shape;
        }
    }
}

/// Refuses types that contain themselves without an end.
fn alias_circles(checker: &mut Checker<'_>) {
    let mut graph = DiGraphMap::<u32, ()>::new();
    for (at, info) in (0u32..).zip(&checker.globals.types) {
        let parts: Vec<&Ty> = match &info.shape {
            ShapeInfo::Record(fields) => fields.iter().map(|field| &field.ty).collect(),
            ShapeInfo::Enum(cases) => cases
                .iter()
                .flat_map(|case| &case.fields)
                .map(|field| &field.ty)
                .collect(),
            ShapeInfo::Alias { ty, .. } => vec![ty],
        };
        // A list, a map and `none` can end a circle of records, but not one of aliases alone.
        let alias = matches!(info.shape, ShapeInfo::Alias { .. });
        for part in parts {
            if let Some(id) = directly(part, alias) {
                graph.add_edge(at, id.0, ());
            }
        }
    }
    for knot in petgraph::algo::kosaraju_scc(&graph) {
        let Some(circle) = crate::resolve::cycle::circle(&graph, &knot) else {
            continue;
        };
        endless(checker, &circle);
    }
}

/// Refuses aliases of aliases of aliases.
fn long_aliases(checker: &mut Checker<'_>) {
    for at in 0..checker.globals.types.len() {
        let alias = |at: usize| match checker.globals.types.get(at).map(|info| &info.shape) {
            Some(ShapeInfo::Alias { ty, .. }) => directly(ty, true),
            _ => None,
        };
        let steps = std::iter::successors(alias(at), |id| alias(id.index()));
        if steps.take(LONGEST_ALIAS).count() < LONGEST_ALIAS {
            continue;
        }
        let Some(info) = checker.globals.types.get_mut(at) else {
            return;
        };
        info.shape = ShapeInfo::Alias {
            ty: Ty::Bad,
            rule: None,
        };
        let span = info.span;
        checker.report(Error::TooDeep { span }.diagnostic());
    }
}

/// What is kept of an alias that stands for nothing now is of one that stood for something.
fn spoilt_aliases(checker: &mut Checker<'_>) {
    let Some(memo) = &mut checker.memo else { return };
    for (at, info) in (0u32..).zip(&checker.globals.types) {
        if matches!(info.shape, ShapeInfo::Alias { ty: Ty::Bad, .. }) {
            memo.spoil(TypeId(at));
        }
    }
}

fn directly(ty: &Ty, alias: bool) -> Option<TypeId> {
    match ty {
        Ty::Named(id) => Some(*id),
        Ty::Optional(inner) | Ty::List(inner) | Ty::Map(inner) if alias => directly(inner, alias),
        _ => None,
    }
}

fn endless(checker: &mut Checker<'_>, circle: &[u32]) {
    let info = |at: &u32| checker.globals.types.get(*at as usize);
    let names = circle
        .iter()
        .filter_map(info)
        .map(|info| info.name.clone())
        .collect();
    let Some(span) = circle.first().and_then(info).map(|info| info.span) else {
        return;
    };
    checker.report(Error::EndlessType { names, span }.diagnostic());
    for at in circle {
        if let Some(info) = checker.globals.types.get_mut(*at as usize)
            && let ShapeInfo::Alias { ty, .. } = &mut info.shape
        {
            *ty = Ty::Bad;
        }
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
            info.shape = shape;
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

fn errors(checker: &mut Checker<'_>) {
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
        checker.globals.errors.push(signature);
    }
    let mut taken: HashSet<Name> = BUILTIN_ERRORS
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
        let params = checker.params(declared.module, fields);
        let signature = Signature {
            params,
            ..signature(name, item.doc.clone(), declared.name.span)
        };
        checker.globals.errors.push(signature);
    }
}

fn configs(checker: &mut Checker<'_>) {
    let mut taken = HashSet::new();
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
    let mut taken = HashSet::new();
    for declared in &checker.resolved.tables.secrets {
        let name = checker.unique(&mut taken, declared);
        checker.secrets.push(name);
    }
}

fn functions(checker: &mut Checker<'_>) {
    let mut taken = HashSet::new();
    let resolved = checker.resolved;
    for declared in &resolved.tables.functions {
        let name = checker.unique(&mut taken, declared);
        let Some(item) = resolved.item(declared) else {
            continue;
        };
        let ItemKind::Function { params, result, .. } = &item.kind else {
            continue;
        };
        checker.frame.module = declared.module;
        let params = checker.fields(params);
        let result = checker.ty(result);
        let base = signature(name, item.doc.clone(), declared.name.span);
        checker.globals.functions.push(Signature {
            params,
            result,
            ..base
        });
    }
}

fn flows(checker: &mut Checker<'_>) {
    let mut taken = HashSet::new();
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
    globals.types.iter().map(definition).chain(made).collect()
}

impl<'a> Checker<'a> {
    /// The tree of a declaration with its module.
    pub(crate) fn items(&self, table: &'a [Declared]) -> Vec<(&'a Declared, &'a ast::Item)> {
        let resolved = self.resolved;
        table
            .iter()
            .filter_map(|declared| Some((declared, resolved.item(declared)?)))
            .collect()
    }
}
