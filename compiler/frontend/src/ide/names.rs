//! Every name of a program, and all its places: where it is declared and where it is used.
//!
//! Most of it is what the checker noted ([`crate::check::Facts`]); [`super::parts`] adds the names that only a flow, a
//! service or a test knows. Of a text that is broken it has whatever could be read.

use super::parts;
use crate::{
    Analysis,
    ast::{Ident, ItemKind},
    check::{Fact, FactKind, FieldInfo, ShapeInfo, Signature, Ty, TypeInfo},
    resolve::{Def, Module, Resolved},
};
use flowmesh_diagnostics::{SourceId, Span};
use std::{collections::HashMap, sync::Arc};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is called as the language calls it")]
pub enum NameKind {
    Module,
    Config,
    Secret,
    Type,
    Error,
    Event,
    Policy,
    Service,
    Subset,
    Operation,
    Function,
    Flow,
    Gateway,
    Schedule,
    Case,
    Field,
    Param,
    Local,
    Signal,
    View,
    State,
    Step,
}

/// What a place has to do with its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The name is declared here.
    Declared,
    /// It gets another value here.
    Written,
    /// It is used.
    Used,
}

/// One place of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Occurrence {
    /// The place.
    pub span: Span,
    /// Where the name is declared: the same for all its places. Of a module that is its beginning.
    pub declared: Span,
    /// What it stands for.
    pub kind: NameKind,
    /// What this place has to do with it.
    pub role: Role,
}

/// All places of all names.
#[derive(Debug, Default)]
pub struct Names {
    /// By their places.
    all: Vec<Occurrence>,
    by_name: BySpan<Vec<usize>>,
}

/// Something by places, of which there are many.
type BySpan<T> = HashMap<Span, T, foldhash::fast::RandomState>;

impl Names {
    pub(super) fn of(analysis: &Analysis) -> Self {
        let mut gathering = Gathering::new(analysis);
        gathering.declarations();
        for module in &analysis.resolved.modules {
            if !gathering.is_asked_for(module.source) {
                continue;
            }
            gathering.uses(module);
            parts::parts(&mut gathering, module);
        }
        let facts: Vec<Occurrence> = analysis
            .checked
            .facts
            .iter()
            .filter_map(|fact| gathering.fact(fact))
            .collect();
        gathering.all.extend(facts);
        gathering.finish()
    }

    /// The names at an offset: mostly one; two where one word is a field and a local. The innermost come first.
    #[must_use]
    pub fn at(&self, source: SourceId, offset: u32) -> Vec<Occurrence> {
        let first = self
            .all
            .partition_point(|one| (one.span.source, one.span.end) < (source, offset));
        let rest = self.all.get(first..).unwrap_or(&[]);
        let near = rest
            .iter()
            .take_while(|one| one.span.source == source && one.span.start <= offset);
        let mut here: Vec<Occurrence> = near.filter(|one| one.span.touches(offset)).copied().collect();
        here.sort_by_key(|one| (one.span.end - one.span.start, one.role));
        let width = here.first().map(|one| one.span.end - one.span.start);
        here.retain(|one| Some(one.span.end - one.span.start) == width);
        here
    }

    /// All places of the name that is declared at a place, in the order of the texts.
    pub fn of_name(&self, declared: Span) -> impl Iterator<Item = &Occurrence> {
        let places = self.by_name.get(&declared).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|at| self.all.get(*at))
    }

    /// All places of a text.
    pub fn of_text(&self, source: SourceId) -> impl Iterator<Item = &Occurrence> {
        self.all.iter().filter(move |one| one.span.source == source)
    }

    /// All places.
    pub fn iter(&self) -> impl Iterator<Item = &Occurrence> {
        self.all.iter()
    }
}

/// Places on their way into a table.
pub(super) struct Gathering<'a> {
    pub(super) analysis: &'a Analysis,
    pub(super) all: Vec<Occurrence>,
    /// What is declared at a place.
    kinds: BySpan<NameKind>,
    facts: BySpan<&'a Fact>,
}

impl<'a> Gathering<'a> {
    fn new(analysis: &'a Analysis) -> Self {
        let facts = analysis.checked.facts.iter().map(|fact| (fact.span, fact));
        Self {
            analysis,
            all: Vec::new(),
            kinds: BySpan::default(),
            facts: facts.collect(),
        }
    }

    /// Of a program that is analysed again and again only the facts of the root are known, and so are its names.
    fn is_asked_for(&self, source: SourceId) -> bool {
        let only = self.analysis.checked.facts.only;
        only.is_none_or(|only| only == source)
    }

    pub(super) fn resolved(&self) -> &'a Resolved {
        &self.analysis.resolved
    }

    /// What the checker noted of a place.
    pub(super) fn noted(&self, span: Span) -> Option<&'a FactKind> {
        self.facts.get(&span).map(|fact| &fact.kind)
    }

    pub(super) fn declare(&mut self, span: Span, kind: NameKind) {
        let known = span == Span::default() || self.kinds.insert(span, kind).is_some();
        if known || !self.is_asked_for(span.source) {
            return;
        }
        self.all.push(Occurrence {
            span,
            declared: span,
            kind,
            role: Role::Declared,
        });
    }

    pub(super) fn used(&mut self, span: Span, declared: Span, kind: NameKind) {
        let role = Role::Used;
        self.all.push(Occurrence {
            span,
            declared,
            kind,
            role,
        });
    }

    fn declarations(&mut self) {
        let analysis = self.analysis;
        let tables = analysis.resolved.tables.kinds();
        for (table, kind) in tables.into_iter().zip(TABLES) {
            for declared in table {
                self.declare(declared.name.span, kind);
            }
        }
        let globals = &analysis.checked.globals;
        for info in &globals.types {
            case_spans(info)
                .into_iter()
                .for_each(|span| self.declare(span, NameKind::Case));
            self.fields(info.fields().into_iter(), NameKind::Field);
        }
        for error in &globals.errors {
            self.fields(error.params.iter(), NameKind::Field);
        }
        let functions = globals.functions.iter().map(Arc::as_ref);
        let signatures: Vec<&Signature> = functions
            .chain(&globals.flows)
            .chain(&globals.templates)
            .collect();
        for signature in signatures {
            self.fields(signature.params.iter(), NameKind::Param);
        }
        for operation in globals.services.iter().flat_map(|service| &service.operations) {
            self.declare(operation.signature.span, NameKind::Operation);
            self.fields(operation.signature.params.iter(), NameKind::Param);
        }
    }

    fn fields<'f>(&mut self, fields: impl Iterator<Item = &'f FieldInfo>, kind: NameKind) {
        fields.for_each(|field| self.declare(field.span, kind));
    }

    /// The words of each `use`.
    fn uses(&mut self, module: &Module) {
        let resolved = self.resolved();
        for used in &module.uses {
            let Some(target) = resolved.module(used.module) else {
                continue;
            };
            let of_module = Span::new(target.source, 0, 0);
            if !used.item {
                self.used(used.name.span, of_module, NameKind::Module);
                continue;
            }
            if let Some(word) = word_before(module, &used.name) {
                self.used(word.span, of_module, NameKind::Module);
            }
            if let Some(entry) = target.scope.get(&used.name.text) {
                let declared = resolved.declared(entry.def);
                let declared = declared.map(|declared| declared.name.span);
                declared
                    .into_iter()
                    .for_each(|declared| self.used(used.name.span, declared, kind_of(entry.def)));
            }
        }
    }

    fn fact(&self, fact: &Fact) -> Option<Occurrence> {
        let (declared, kind) = match &fact.kind {
            FactKind::Local(_, Ty::Taken(_)) => (fact.declared?, NameKind::Param),
            FactKind::Local(..) => (fact.declared?, NameKind::Local),
            FactKind::Field(..) => (fact.declared?, NameKind::Field),
            FactKind::Case(..) => (fact.declared?, NameKind::Case),
            FactKind::Operation(..) => (fact.declared?, NameKind::Operation),
            FactKind::Def(Def::Module(id)) => {
                let source = self.resolved().module(*id)?.source;
                (Span::new(source, 0, 0), NameKind::Module)
            }
            FactKind::Def(def) => (fact.declared?, kind_of(*def)),
            FactKind::Native(_) | FactKind::Setting(_) | FactKind::Builtin(..) => return None,
        };
        let same = fact.span == declared;
        Some(Occurrence {
            span: fact.span,
            declared,
            kind: self.kinds.get(&declared).copied().unwrap_or(kind),
            role: if same { Role::Declared } else { Role::Used },
        })
    }

    fn finish(mut self) -> Names {
        self.all.retain(|one| one.span.start < one.span.end);
        let place = |one: &Occurrence| (one.span.source, one.span.end, one.span.start, one.declared);
        self.all.sort_by_key(|one| {
            let (source, end, start, declared) = place(one);
            (source, end, start, declared.source, declared.start, one.role)
        });
        self.all
            .dedup_by(|next, before| (next.span, next.declared) == (before.span, before.declared));
        let mut by_name: BySpan<Vec<usize>> = BySpan::default();
        for (at, one) in self.all.iter().enumerate() {
            by_name.entry(one.declared).or_default().push(at);
        }
        Names {
            all: self.all,
            by_name,
        }
    }
}

/// In the order of [`crate::resolve::Tables::kinds`].
const TABLES: [NameKind; 12] = [
    NameKind::Config,
    NameKind::Secret,
    NameKind::Type,
    NameKind::Error,
    NameKind::Policy,
    NameKind::Service,
    NameKind::Function,
    NameKind::Flow,
    NameKind::Flow,
    NameKind::Event,
    NameKind::Gateway,
    NameKind::Schedule,
];

/// What a declaration is.
pub(crate) fn kind_of(def: Def) -> NameKind {
    match def {
        Def::Config(_) => NameKind::Config,
        Def::Secret(_) => NameKind::Secret,
        Def::Type(_) => NameKind::Type,
        Def::Error(_) => NameKind::Error,
        Def::Policy(_) => NameKind::Policy,
        Def::Service(_) => NameKind::Service,
        Def::Function(_) => NameKind::Function,
        Def::Flow(_) | Def::Template(_) => NameKind::Flow,
        Def::Event(_) => NameKind::Event,
        Def::Gateway(_) => NameKind::Gateway,
        Def::Schedule(_) => NameKind::Schedule,
        Def::Module(_) => NameKind::Module,
    }
}

fn case_spans(info: &TypeInfo) -> Vec<Span> {
    match &info.shape {
        ShapeInfo::Enum(cases) => cases.iter().map(|case| case.span).collect(),
        _ => Vec::new(),
    }
}

/// The word before the last one of a `use`.
fn word_before<'m>(module: &'m Module, last: &Ident) -> Option<&'m Ident> {
    module.ast.items.iter().find_map(|item| match &item.kind {
        ItemKind::Use(words) if words.last() == Some(last) => words.iter().rev().nth(1),
        _ => None,
    })
}
