//! What the checker learned about places in the texts: what an editor shows and follows.

use super::Ty;
use crate::resolve::Def;
use flowmesh_diagnostics::{SourceId, Span};
use flowmesh_ir::{Name, PolicyId, ServiceId};

/// What stands at a place.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The place.
    pub span: Span,
    /// What it is.
    pub kind: FactKind,
    /// Where it is declared, if in a text.
    pub declared: Option<Span>,
}

/// What can stand at a place.
#[derive(Clone, Debug)]
pub enum FactKind {
    /// A parameter, a `let`, a name of a pattern or lambda.
    Local(Name, Ty),
    /// A field of a record.
    Field(Name, Ty),
    /// A declaration.
    Def(Def),
    /// A case of an enum.
    Case(Ty, Name),
    /// An operation where it is declared or called, with the policy that holds for it there.
    Operation(ServiceId, u32, PolicyId),
    /// A native of the library.
    Native(&'static flowmesh_stdlib::Native),
    /// A setting.
    Setting(&'static super::Setting),
    /// A built-in type or value: its name, type and what it is.
    Builtin(&'static str, Ty, &'static str),
}

/// All facts.
#[derive(Debug, Default)]
pub struct Facts {
    all: Vec<Fact>,
    /// If only the facts of one text are asked for: that one.
    pub(crate) only: Option<SourceId>,
}

impl Facts {
    pub(crate) fn add(&mut self, span: Span, kind: FactKind, declared: Option<Span>) {
        if self.only.is_none_or(|only| only == span.source) {
            self.all.push(Fact { span, kind, declared });
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Lets go of all but the first so many.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.all.truncate(count);
    }

    /// The fact with the smallest place that touches an offset.
    #[must_use]
    pub fn at(&self, source: SourceId, offset: u32) -> Option<&Fact> {
        let here = self
            .all
            .iter()
            .filter(|fact| fact.span.source == source && fact.span.touches(offset));
        here.min_by_key(|fact| fact.span.end.saturating_sub(fact.span.start))
    }

    /// All facts, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.all.iter()
    }
}
