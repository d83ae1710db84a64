//! What types, fields and rules mean as they are written.

use super::{
    Asked, Checker, FactKind,
    error::Error,
    frame::{Kind, Role},
    globals::{CaseInfo, FieldInfo},
    ty::{BUILTIN, Ty},
};
use crate::{
    ast::{self, Field, Ident, TypeKind},
    outside::tree,
    resolve::{Def, ModuleId},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{ErrorId, EventId, Name, TypeId, ty::Rule};
use std::collections::HashMap;

/// Among so few fields a name is found sooner by looking at each.
const FEW: usize = 16;

impl<'a> Checker<'a> {
    /// What a type as written means, in the module at hand.
    pub(crate) fn ty(&mut self, ty: &'a ast::Type) -> Ty {
        self.ty_at(ty, 0)
    }

    pub(crate) fn ty_at(&mut self, ty: &'a ast::Type, depth: u32) -> Ty {
        if depth > super::expr::DEEPEST {
            self.report(Error::TooDeep { span: ty.span }.diagnostic());
            return Ty::Bad;
        }
        let deeper = depth.saturating_add(1);
        match &ty.kind {
            TypeKind::Name(words) => self.named(words),
            TypeKind::Optional(inner) => self.ty_at(inner, deeper).optional(),
            TypeKind::List(inner) => self.ty_at(inner, deeper).list(),
            TypeKind::Map(key, value) => {
                let (key_ty, value) = (self.ty_at(key, deeper), self.ty_at(value, deeper));
                if !matches!(key_ty, Ty::String | Ty::Bad) {
                    let found = self.globals.show(&key_ty);
                    self.report(
                        Error::MapKey {
                            found,
                            span: key.span,
                        }
                        .diagnostic(),
                    );
                }
                value.map()
            }
            kind if kind.is_taken() && depth == 0 => self.taken(ty),
            TypeKind::Service | TypeKind::Subset(_) | TypeKind::Operation(..) => {
                let span = ty.span;
                self.report(super::template::Error::NoValue { span }.diagnostic());
                Ty::Bad
            }
            TypeKind::Bad => Ty::Bad,
        }
    }

    pub(crate) fn named(&mut self, words: &'a [Ident]) -> Ty {
        let Some((last, _)) = words.split_last() else {
            return Ty::Bad;
        };
        if let ([word], Some((name, ty))) = (words, BUILTIN.iter().find(|(name, _)| last.text == *name)) {
            self.facts.add(
                word.span,
                FactKind::Builtin(name, ty.clone(), "a built-in type"),
                None,
            );
            return ty.clone();
        }
        let before = self.found.len();
        let found = self.path(words);
        if let [word] = words {
            self.probe(&word.text, |_| Asked::Type);
        }
        match found {
            Some(Def::Type(id)) => return Ty::Named(TypeId(id)),
            Some(Def::Event(id)) => {
                return self.globals.event(EventId(id)).map_or(Ty::Bad, Ty::Named);
            }
            Some(other) => {
                let (name, kind, span) = (last.text.clone(), other.kind(), last.span);
                self.report(Error::NotAType { name, kind, span }.diagnostic());
            }
            None if self.found.len() == before => self.unknown_type(words),
            None => {}
        }
        Ty::Bad
    }

    pub(crate) fn unknown_type(&mut self, words: &[Ident]) {
        let Some(name) = words.first() else { return };
        let scope = self.module().into_iter().flat_map(|module| &module.scope);
        let types = scope
            .filter(|(_, entry)| matches!(entry.def, Def::Type(_) | Def::Event(_)))
            .map(|(name, _)| name.as_str());
        let mut known: Vec<&str> = types.chain(BUILTIN.iter().map(|(name, _)| *name)).collect();
        known.sort_unstable();
        let near = nearest(&name.text, known).map(Name::from);
        self.report(
            Error::UnknownType {
                name: name.text.clone(),
                span: name.span,
                near,
            }
            .diagnostic(),
        );
    }

    /// Fields with their types; rules come later.
    pub(crate) fn fields(&mut self, fields: &'a [Field]) -> Vec<FieldInfo> {
        let mut seen: HashMap<&Name, Span> = HashMap::new();
        let mut made: Vec<FieldInfo> = Vec::with_capacity(fields.len());
        for field in fields {
            let (name, span) = (field.name.text.clone(), field.name.span);
            let first = match fields.len() {
                ..=FEW => made.iter().rfind(|made| made.name == name).map(|made| made.span),
                _ => seen.insert(&field.name.text, span),
            };
            if let Some(first) = first {
                self.twice(name.clone(), span, first);
            }
            made.push(FieldInfo {
                name,
                doc: field.doc.clone(),
                span,
                ty: self.ty(&field.ty),
                rule: None,
            });
        }
        made
    }

    pub(crate) fn twice(&mut self, name: Name, span: Span, first: Span) {
        let error = crate::resolve::Error::Twice {
            name,
            span,
            first: Some(first),
        };
        self.report(error.diagnostic());
    }

    /// Fields with their types and rules.
    pub(crate) fn params(&mut self, module: ModuleId, fields: &'a [Field]) -> Vec<FieldInfo> {
        self.frame.module = module;
        let mut infos = self.fields(fields);
        self.field_rules(module, fields, &mut infos);
        infos
    }

    pub(crate) fn enum_cases(&mut self, cases: &'a [ast::Case]) -> Vec<CaseInfo> {
        let mut seen: HashMap<&Name, Span> = HashMap::new();
        let mut made = Vec::with_capacity(cases.len());
        for case in cases {
            if let Some(first) = seen.insert(&case.name.text, case.name.span) {
                self.twice(case.name.text.clone(), case.name.span, first);
            }
            let (name, span) = (case.name.text.clone(), case.name.span);
            made.push(CaseInfo {
                name,
                wire: case.wire.clone(),
                span,
                fields: self.fields(&case.fields),
            });
        }
        made
    }

    pub(crate) fn field_rules(&mut self, module: ModuleId, fields: &'a [Field], infos: &mut [FieldInfo]) {
        for (field, info) in fields.iter().zip(infos) {
            let Some(rule) = &field.rule else { continue };
            if let Ty::Taken(_) = info.ty {
                let (span, ty) = (rule.span, field.ty.span);
                self.report(super::template::Error::RuleOfOperation { span, ty }.diagnostic());
            } else {
                info.rule = Some(self.rule(module, rule, &info.ty));
            }
        }
    }

    /// `where CONDITION`, over `it`. A rule of something optional looks at it only when it is there.
    pub(crate) fn rule(&mut self, module: ModuleId, expr: &'a ast::Expr, ty: &Ty) -> Rule {
        let present = self.globals.unfold(ty).present().clone();
        let (condition, _) = self.within(module, Kind::Rule, |checker| {
            let it = Ident {
                text: Name::new_static("it"),
                span: Span::default(),
            };
            checker.frame.declare(&it, present, Role::Param);
            checker.against(expr, &Ty::Bool)
        });
        let foreign = self
            .resolved
            .outside
            .iter()
            .any(|outside| outside.module == module);
        let text = if foreign {
            tree::written(expr)
        } else {
            self.slice(expr.span)
        };
        Rule { condition, text }
    }

    /// The errors after `fails`.
    pub(crate) fn fails(&mut self, names: &'a [Ident]) -> Vec<(ErrorId, Span)> {
        let mut made: Vec<(ErrorId, Span)> = Vec::new();
        for name in names {
            let Some(id) = self.error_named(name) else {
                continue;
            };
            if let Some((_, first)) = made.iter().find(|(known, _)| *known == id) {
                let first = *first;
                self.twice(name.text.clone(), name.span, first);
                continue;
            }
            made.push((id, name.span));
        }
        made
    }

    /// The error with a name, in the module at hand.
    pub(crate) fn error_named(&mut self, name: &Ident) -> Option<ErrorId> {
        let found = self.path(std::slice::from_ref(name));
        self.probe(&name.text, |_| Asked::Error(Vec::new(), Vec::new()));
        match found {
            Some(Def::Error(id)) => Some(ErrorId(id)),
            Some(other) => {
                let (name, kind, span) = (name.text.clone(), other.kind(), name.span);
                self.report(Error::WrongKind { name, kind, span }.diagnostic());
                None
            }
            None => {
                self.unknown_error(name);
                None
            }
        }
    }

    pub(crate) fn unknown_error(&mut self, name: &Ident) {
        let scope = self.module().into_iter().flat_map(|module| &module.scope);
        let errors = scope
            .filter(|(_, entry)| matches!(entry.def, Def::Error(_)))
            .map(|(name, _)| name.as_str());
        let mut known: Vec<&str> = errors.collect();
        known.sort_unstable();
        let near = nearest(&name.text, known).map(Name::from);
        self.report(
            Error::NotDeclared {
                name: name.text.clone(),
                span: name.span,
                near,
            }
            .diagnostic(),
        );
    }
}
