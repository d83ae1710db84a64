//! Patterns: what they fit, what they bind, and whether all of them together leave nothing out.

use super::{
    Asked, Checker, FactKind,
    error::Error,
    expr::Typed,
    frame::Role,
    globals::FieldInfo,
    narrow::{self, Path},
    ty::Ty,
};
use crate::ast::{self, ExprKind, Ident, PatternKind};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{Name, TypeId, Value, expr::Pattern};
use std::collections::HashSet;

/// What the arms of a `match` have fitted so far.
#[derive(Debug)]
pub(crate) struct Cover {
    ty: Ty,
    path: Option<Path>,
    /// An arm fits anything, `none` included.
    all: bool,
    /// An arm fits anything but `none`.
    present: bool,
    none: bool,
    cases: HashSet<Name>,
    bools: HashSet<bool>,
}

impl Cover {
    /// What is known in the arm that was looked at last: after an arm for `none`, the subject is there.
    pub(crate) fn known(&self) -> Vec<Path> {
        self.path
            .iter()
            .filter(|_| self.none || self.present)
            .cloned()
            .collect()
    }
}

impl<'a> Checker<'a> {
    /// Begins a `match`.
    pub(crate) fn cover(&self, subject: &Typed) -> Cover {
        Cover {
            ty: self.globals.unfold(&subject.ty),
            path: narrow::path(&subject.expr),
            all: false,
            present: false,
            none: false,
            cases: HashSet::new(),
            bools: HashSet::new(),
        }
    }

    /// Looks at one arm; nothing stands for `else`. What it binds is visible in the innermost block.
    pub(crate) fn pattern(
        &mut self,
        pattern: Option<&'a ast::Pattern>,
        arm: Span,
        cover: &mut Cover,
    ) -> Pattern {
        if self.missing(cover).is_empty() && !cover.ty.is_bad() {
            self.report(
                Error::ArmNeverTaken {
                    span: pattern.map_or(arm, |pattern| pattern.span),
                }
                .diagnostic()
                .fix("remove this arm", arm, ""),
            );
        }
        let Some(pattern) = pattern else {
            cover.all = true;
            return Pattern::Any;
        };
        match &pattern.kind {
            PatternKind::Any | PatternKind::Bad => {
                cover.all = true;
                Pattern::Any
            }
            PatternKind::Name(name) => self.name_pattern(name, cover),
            PatternKind::Path(words) => self.case_pattern(words, &[], pattern.span, cover),
            PatternKind::Case(words, fields) => self.case_pattern(words, fields, pattern.span, cover),
            PatternKind::Literal(expr) => self.literal_pattern(expr, cover),
            PatternKind::Range(from, to) => self.range_pattern(from, to, cover),
        }
    }

    fn name_pattern(&mut self, name: &'a Ident, cover: &mut Cover) -> Pattern {
        let ty = cover.ty.clone();
        self.probe(&name.text, |_| Asked::Pattern(ty));
        let cases = self.globals.cases(cover.ty.present());
        if cases.is_some_and(|(_, cases)| cases.iter().any(|case| case.name == name.text)) {
            return self.case_pattern(std::slice::from_ref(name), &[], name.span, cover);
        }
        if let Some((id, cases)) = self.globals.cases(cover.ty.present())
            && nearest(&name.text, cases.iter().map(|case| case.name.as_str())).is_some()
        {
            self.unknown_case(id, name);
            cover.ty = Ty::Bad;
        }
        cover.present = true;
        cover.all |= !cover.ty.is_optional();
        let (slot, _) = self.frame.declare(name, cover.ty.present().clone(), Role::Bound);
        Pattern::Bind(slot)
    }

    fn case_pattern(
        &mut self,
        words: &'a [Ident],
        fields: &'a [(Ident, Ident)],
        span: Span,
        cover: &mut Cover,
    ) -> Pattern {
        let Some((case, parents)) = words.split_last() else {
            return Pattern::Any;
        };
        let ty = cover.ty.clone();
        self.probe(&case.text, |_| Asked::Pattern(ty));
        if cover.ty.is_bad() {
            self.bind_fields(&case.text, &[], fields);
            return Pattern::Any;
        }
        let named = if parents.is_empty() {
            None
        } else {
            self.path(parents)
        };
        let Some((id, cases)) = self.globals.cases(cover.ty.present()) else {
            let ty = self.globals.show(&cover.ty);
            self.report(Error::NotAnEnum { ty, span }.diagnostic());
            self.bind_fields(&case.text, &[], fields);
            return Pattern::Any;
        };
        let other = named.is_some_and(|def| def != crate::resolve::Def::Type(id.0));
        let known = cases.iter().find(|known| known.name == case.text).cloned();
        match known.filter(|_| !other) {
            Some(known) => {
                self.facts.add(
                    case.span,
                    FactKind::Case(Ty::Named(id), case.text.clone()),
                    Some(known.span),
                );
                cover.cases.insert(case.text.clone());
                self.bind_fields(&case.text, &known.fields, fields)
            }
            None => {
                self.unknown_case(id, case);
                self.bind_fields(&case.text, &[], fields);
                Pattern::Any
            }
        }
    }

    fn unknown_case(&mut self, id: TypeId, case: &Ident) {
        let ty = Ty::Named(id);
        let names = self
            .globals
            .cases(&ty)
            .into_iter()
            .flat_map(|(_, cases)| cases.iter());
        let near = nearest(&case.text, names.map(|case| case.name.as_str())).map(Name::from);
        let owner = self.globals.show(&ty);
        self.report(
            Error::UnknownCase {
                name: case.text.clone(),
                owner,
                span: case.span,
                near,
            }
            .diagnostic(),
        );
    }

    fn bind_fields(&mut self, case: &Name, known: &[FieldInfo], fields: &'a [(Ident, Ident)]) -> Pattern {
        let mut bound = Vec::with_capacity(fields.len());
        for (field, name) in fields {
            let info = known.iter().find(|info| info.name == field.text);
            if info.is_none() && !known.is_empty() {
                let near = nearest(&field.text, known.iter().map(|info| info.name.as_str())).map(Name::from);
                let (name, span) = (field.text.clone(), field.span);
                self.report(
                    Error::UnknownField {
                        name,
                        owner: case.to_string(),
                        span,
                        near,
                    }
                    .diagnostic(),
                );
            }
            let ty = info.map_or(Ty::Bad, |info| info.ty.clone());
            if let Some(info) = info {
                let fact = FactKind::Field(field.text.clone(), ty.clone());
                self.facts.add(field.span, fact, Some(info.span));
            }
            let (slot, _) = self.frame.declare(name, ty, Role::Bound);
            bound.push((field.text.clone(), slot));
        }
        Pattern::Case(case.clone(), bound)
    }

    fn literal_pattern(&mut self, expr: &'a ast::Expr, cover: &mut Cover) -> Pattern {
        if matches!(expr.kind, ExprKind::None) {
            if !cover.ty.is_optional() && !cover.ty.is_bad() {
                self.report(
                    Error::NeverNone {
                        span: expr.span,
                        operator: "none",
                    }
                    .diagnostic(),
                );
            }
            cover.none = true;
            return Pattern::Equals(Value::None);
        }
        let made = self.against(expr, &cover.ty.present().clone());
        let value = super::constant::value(&made);
        if let Some(Value::Bool(value)) = value {
            cover.bools.insert(value);
        }
        if value.is_none() {
            self.report(
                Error::NotConstant {
                    span: expr.span,
                    what: "this",
                }
                .diagnostic(),
            );
        }
        Pattern::Equals(value.unwrap_or_default())
    }

    fn range_pattern(&mut self, from: &'a ast::Expr, to: &'a ast::Expr, cover: &Cover) -> Pattern {
        let present = self.globals.unfold(cover.ty.present());
        if !matches!(present, Ty::Int | Ty::Bad) {
            self.mismatch(&Ty::Int, &present, from.span.to(to.span));
        }
        let mut end = |expr: &'a ast::Expr| {
            let made = self.against(expr, &Ty::Int);
            match super::constant::value(&made) {
                Some(Value::Int(int)) => int,
                _ => 0,
            }
        };
        Pattern::Range(end(from), end(to))
    }

    /// What no arm fits so far, in the words of the author.
    fn missing(&self, cover: &Cover) -> Vec<String> {
        let mut missing = Vec::new();
        if cover.all {
            return missing;
        }
        if cover.ty.is_optional() && !cover.none {
            missing.push("none".to_owned());
        }
        if cover.present {
            return missing;
        }
        let present = self.globals.unfold(cover.ty.present());
        if let Some((_, cases)) = self.globals.cases(&present) {
            let left = cases.iter().filter(|case| !cover.cases.contains(&case.name));
            missing.extend(left.map(|case| case.name.to_string()));
        } else if present == Ty::Bool {
            let left = [true, false]
                .into_iter()
                .filter(|value| !cover.bools.contains(value));
            missing.extend(left.map(|value| value.to_string()));
        } else if !cover.ty.is_bad() {
            missing.push("else".to_owned());
        }
        missing
    }

    /// Ends a `match`: reports what no arm fits.
    pub(crate) fn covered(&mut self, cover: &Cover, span: Span) {
        let missing = self.missing(cover);
        if !missing.is_empty() {
            self.report(Error::NotExhaustive { missing, span }.diagnostic());
        }
    }
}
