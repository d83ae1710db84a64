//! What is known at a place where a word is missing: the checker is given a text with [`WORD`] there, and notes what it
//! would have looked for.

use super::{
    Checker,
    frame::{Kind, Role},
    globals::Signature,
    service::setting::Setting,
    ty::Ty,
};
use crate::{ast::Argument, resolve::Def};
use flowmesh_ir::{ErrorId, Name};

/// The word that stands for the missing one. No author writes it.
pub(crate) const WORD: &str = "flowmesh_missing_word";

/// What is known where a word is missing.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    /// The sort of body.
    pub(crate) kind: Kind,
    /// The names in sight, the innermost and latest first.
    pub(crate) locals: Vec<Seen>,
    /// What is looked for.
    pub(crate) asked: Asked,
    /// What the flow at hand gives.
    pub(crate) result: Ty,
}

/// A name in sight.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) name: Name,
    pub(crate) ty: Ty,
    pub(crate) role: Role,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// A value of a type, as far as one is expected; or something to call with these arguments.
    Value(Option<Ty>, Option<Given>),
    /// Something behind a dot.
    Member(Base, Option<Ty>, Option<Given>),
    /// A type.
    Type,
    /// An error; those that can be meant here come first, those that were named already not at all.
    Error(Vec<ErrorId>, Vec<ErrorId>),
    /// A case of what is matched, or a name for it.
    Pattern(Ty),
    /// A setting of a place.
    Setting,
    /// A part of a setting.
    Part(&'static Setting),
    /// One of some words.
    Words(Vec<&'static str>),
    /// A declaration by its path.
    Path,
    /// A signal, a state or a step of the flow at hand.
    Named,
}

/// Arguments that are there already: name and type.
pub(crate) type Given = Vec<(Option<Name>, Ty)>;

/// What stands before a dot.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    /// A value.
    Value(Ty),
    /// A declaration.
    Def(Def),
    /// `run`, `reply`, `request`, `caller` or `scheduled`.
    Context(&'static str),
}

impl<'a> Checker<'a> {
    /// Notes what is looked for, if the word is the missing one. Of several notes the last counts.
    pub(crate) fn probe(&mut self, word: &str, asked: impl FnOnce(&mut Self) -> Asked) {
        if word != WORD || self.muted && !self.probes.is_empty() {
            return;
        }
        let asked = asked(self);
        let visible = self.frame.visible().into_iter();
        let seen = visible.map(|(name, local)| Seen {
            name: name.clone(),
            ty: local.ty.clone(),
            role: local.role,
        });
        let probe = Probe {
            kind: self.frame.kind,
            locals: seen.collect(),
            asked,
            result: self.flow.result.clone(),
        };
        self.probes.push(probe);
    }

    /// Notes the type that is expected of what stands behind a dot.
    pub(crate) fn probe_wish(&mut self, word: &str, wish: Option<&Ty>) {
        if word == WORD
            && let Some(Probe {
                asked: Asked::Member(_, expected @ None, _),
                ..
            }) = self.probes.last_mut()
        {
            *expected = wish.cloned();
        }
    }

    /// The types of arguments, to find what they are for.
    pub(crate) fn probe_given(&mut self, arguments: &'a [Argument]) -> Given {
        let muted = std::mem::replace(&mut self.muted, true);
        let given = arguments.iter().map(|argument| {
            let name = argument.name.as_ref().map(|name| name.text.clone());
            let ty = match argument.value.kind {
                crate::ast::ExprKind::Lambda(..) => Ty::Open,
                _ => self.expr(&argument.value, None).ty,
            };
            (name, ty)
        });
        let given = given.collect();
        self.muted = muted;
        given
    }

    /// Notes that an operation is looked for.
    pub(crate) fn probe_called(&mut self, word: &str, base: &Base, arguments: &'a [Argument]) {
        if word == WORD {
            let given = self.probe_given(arguments);
            self.probe(word, |_| Asked::Member(base.clone(), None, Some(given)));
        }
    }

    /// Notes that an error is looked for which may come of a call.
    pub(crate) fn probe_caught(&mut self, word: &str, signature: &Signature, seen: Vec<ErrorId>) {
        let fails = signature.fails.iter().map(|(id, _)| *id).collect();
        self.probe(word, |_| Asked::Error(fails, seen));
    }
}
