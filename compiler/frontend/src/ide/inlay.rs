//! What stands in no text and holds all the same: types that were inferred, times and attempts of calls, and what holds
//! where nothing was said.

use super::{snapshot::Snapshot, walk};
use crate::{
    ast::{Expr, ExprKind, Item, ItemKind, Part, Setting as Written, StatementKind},
    check::{Fact, FactKind, Place, SETTINGS, Setting, Ty, time},
    syntax::SyntaxKind as K,
};
use flowmesh_diagnostics::{SourceId, Span};
use flowmesh_ir::worst;

/// What a hint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    /// The type of a name.
    Type,
    /// How long a call can take, and how often it is tried.
    Call,
    /// What holds where nothing was said.
    Default,
}

/// A few words between two characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Where.
    pub offset: u32,
    /// The words.
    pub text: String,
    /// What they are about.
    pub kind: HintKind,
}

/// The hints in a part of a text, in order.
#[must_use]
pub fn hints(snapshot: &Snapshot, source: SourceId, range: Option<Span>) -> Vec<Hint> {
    let items = snapshot
        .ast(source)
        .map(|module| module.items.as_slice())
        .unwrap_or_default();
    let mut found = Vec::new();
    for item in items {
        types(snapshot, item, &mut found);
        defaults(item, &mut found);
    }
    let facts = snapshot
        .analysis
        .checked
        .facts
        .iter()
        .filter(|fact| fact.span.source == source);
    found.extend(facts.filter_map(|fact| call(snapshot, fact)));
    found.retain(|hint| range.is_none_or(|range| range.touches(hint.offset)));
    found.sort_by_key(|hint| hint.offset);
    found.dedup();
    found
}

/// After the name of a `let` without a type, and of a loop.
fn types(snapshot: &Snapshot, item: &Item, found: &mut Vec<Hint>) {
    let ItemKind::Flow(flow) = &item.kind else { return };
    walk::statements(&flow.body, &mut |statement| {
        let name = match &statement.kind {
            StatementKind::Let { name, ty: None, .. } => name,
            StatementKind::View { name, ty: None, .. } => name,
            StatementKind::For(looping) => &looping.name,
            _ => return,
        };
        let facts = &snapshot.analysis.checked.facts;
        let globals = &snapshot.analysis.checked.globals;
        let fact = facts.iter().find(|fact| fact.span == name.span);
        if let Some(FactKind::Local(_, ty)) = fact.map(|fact| &fact.kind)
            && !ty.is_bad()
            && !ty.is_open()
            && *ty != Ty::Unit
        {
            found.push(Hint {
                offset: name.span.end,
                text: format!(": {}", globals.show(ty)),
                kind: HintKind::Type,
            });
        }
    });
}

/// After a call, what its policy comes to.
fn call(snapshot: &Snapshot, fact: &Fact) -> Option<Hint> {
    let FactKind::Operation(service, _, policy) = &fact.kind else {
        return None;
    };
    if fact.declared == Some(fact.span) || service.0 == u32::MAX {
        return None;
    }
    let policy = snapshot.analysis.checked.policies.get(policy.index())?;
    let token = snapshot.tokens_at(fact.span.source, fact.span.start).1?;
    let operand = token.parent_ancestors().find(|node| node.kind() == K::Operand)?;
    if token
        .parent_ancestors()
        .any(|node| matches!(node.kind(), K::Test | K::Access))
    {
        return None;
    }
    let text = match worst::attempts(policy) {
        1 => format!(" up to {}", time(worst::call_ms(policy))),
        attempts => format!(" up to {attempts} attempts, {}", time(worst::call_ms(policy))),
    };
    Some(Hint {
        offset: operand.text_range().end().into(),
        text,
        kind: HintKind::Call,
    })
}

/// At the end of a setting's record, what holds of its other parts.
fn defaults(item: &Item, found: &mut Vec<Hint>) {
    let mut of = |settings: &[Written], place: Place| {
        for setting in settings {
            let known = SETTINGS
                .iter()
                .find(|known| setting.name.text == known.name && known.places.contains(&place));
            if let Some(known) = known {
                found.extend(default(known, &setting.value));
            }
        }
    };
    match &item.kind {
        ItemKind::Policy { settings, .. } => of(settings, Place::Policy),
        ItemKind::Service(service) => {
            of(&service.settings, Place::Service);
            let operations = service.operations.iter();
            operations.for_each(|operation| of(&operation.settings, Place::Operation));
        }
        ItemKind::Gateway(gateway) => of(&gateway.settings, Place::Gateway),
        ItemKind::Flow(flow) => walk::block(&flow.body, &mut |part| {
            if let Part::Statement(statement) = part
                && let Some((_, settings)) = tails(&statement.kind)
            {
                of(settings, Place::With);
            }
        }),
        _ => {}
    }
}

fn tails(kind: &StatementKind) -> Option<&(Span, Vec<Written>)> {
    match kind {
        StatementKind::Let { tails, .. }
        | StatementKind::Assign { tails, .. }
        | StatementKind::Expr { tails, .. }
        | StatementKind::Return { tails, .. } => tails.with.as_ref(),
        _ => None,
    }
}

fn default(known: &Setting, value: &Expr) -> Option<Hint> {
    let ExprKind::Record(entries) = &value.kind else {
        return None;
    };
    let missing = known
        .parts
        .iter()
        .filter(|part| entries.iter().all(|(name, _)| name.text != part.name));
    let said: Vec<String> = missing
        .filter_map(|part| Some(format!("{}: {}", part.name, otherwise(part.doc)?)))
        .collect();
    (!said.is_empty()).then(|| Hint {
        offset: value.span.end.saturating_sub(1),
        text: said.join(", "),
        kind: HintKind::Default,
    })
}

/// The value of which a setting says that it holds if nothing is said.
fn otherwise(doc: &str) -> Option<&str> {
    let (before, _) = doc.split_once(" if not said")?;
    let value = before.rsplit("; ").next()?;
    let plain = value.len() < 24 && !value.contains(' ') || value.contains(", ");
    plain.then_some(value)
}
