//! Fixes that need the text around a place: who finds what is wrong knows facts, and not how the author laid it out.

mod calls;
mod flows;
mod form;
mod header;
mod services;
pub(crate) mod text;
pub(crate) mod tree;

pub(crate) use header::{with_error, with_key};

use crate::{
    ast::{ItemKind, TypeKind},
    resolve::Resolved,
};
use flowmesh_diagnostics::{Diagnostic, Diagnostics, Edit, Fix, Source, Sources, Span, nearest};
use text::{back_over, places_of};

/// Gives a fix to each finding that has none and can have one, and makes renames complete.
pub(crate) fn cure(resolved: &Resolved, sources: &Sources, found: &mut Diagnostics) {
    for diagnostic in found.iter_mut() {
        let Some(source) = sources.get(diagnostic.span.source) else {
            continue;
        };
        let span = diagnostic.span;
        match diagnostic.code.0 {
            209 => {
                let whole = Span::new(span.source, 0, u32::MAX);
                diagnostic.fix = rename(source, whole, diagnostic);
            }
            407 => diagnostic.fix = rename(source, item_around(resolved, span).unwrap_or(span), diagnostic),
            210 if is_taken(resolved, diagnostic) => diagnostic.fix = None,
            307 if !is_operand(source, span) => diagnostic.fix = None,
            _ => {}
        }
        if diagnostic.fix.is_none() {
            diagnostic.fix = fix(resolved, source, diagnostic);
        }
    }
}

fn fix(resolved: &Resolved, source: &Source, diagnostic: &Diagnostic) -> Option<Fix> {
    match diagnostic.code.stage() {
        1 => form::fix(resolved, source, diagnostic),
        2 | 3 => of_names(resolved, source, diagnostic),
        4 => flows::fix(resolved, source, diagnostic),
        5 => services::fix(resolved, source, diagnostic),
        6 => of_errors(source, diagnostic),
        _ => None,
    }
}

fn of_names(resolved: &Resolved, source: &Source, diagnostic: &Diagnostic) -> Option<Fix> {
    let span = diagnostic.span;
    let word = source.slice(span);
    match diagnostic.code.0 {
        201 => {
            let near = near_module(word)?;
            Some(one(format!("replace by {near}"), span, near))
        }
        // A state of another name would be one that nothing leads to.
        206 if text::line_before(source, span).trim() == "state" => None,
        206 => {
            let number = if word.starts_with(char::is_uppercase) {
                "2"
            } else {
                "_2"
            };
            Some(one(
                format!("rename to {word}{number}"),
                span,
                format!("{word}{number}"),
            ))
        }
        207 => Some(one("remove this `use`", back_over(source, span, "use")?, "")),
        212 => declaration(resolved, source, span, word),
        306 if joins_a_text(&diagnostic.message) => calls::joined(resolved, source, span),
        314 if diagnostic.message.contains("?.") => calls::mapped(resolved, source, span),
        314 if diagnostic.message.ends_with("found a value") => calls::uncalled(resolved, span),
        320 => optional_part(resolved, diagnostic),
        322 if diagnostic.message.ends_with(" as string") => calls::as_text(resolved, source, span),
        309 => {
            let line = text::line_before(source, span);
            let end = Span {
                start: span.end.saturating_sub(1),
                end: span.end.saturating_sub(1),
                ..span
            };
            line.trim()
                .is_empty()
                .then(|| one("leave out the others", end, "  else -> { }\n"))
        }
        324 => {
            let percent: u32 = word.strip_suffix('%')?.parse().ok()?;
            Some(one(
                "write the share as a number",
                span,
                format!("{}.{:02}", percent / 100, percent % 100),
            ))
        }
        326 => Some(one("remove the rule", back_over(source, span, "where")?, "")),
        _ => None,
    }
}

/// The module of the library that a path nearly names, with what is taken of it.
fn near_module(path: &str) -> Option<String> {
    let known = flowmesh_stdlib::sources::SOURCES.iter();
    let known: Vec<String> = known
        .map(|(path, _)| path.trim_end_matches(".flow").replace('/', "."))
        .collect();
    let near = |path: &str| nearest(path, known.iter().map(String::as_str)).map(str::to_owned);
    let of_item = || {
        let (module, item) = path.rsplit_once('.')?;
        Some(format!("{}.{item}", near(module)?))
    };
    near(path).or_else(of_item)
}

/// Whether `+` was written between a text and something that a text can hold.
fn joins_a_text(message: &str) -> bool {
    const PLAIN: [&str; 9] = [
        "string", "int", "decimal", "float", "bool", "date", "time", "duration", "url",
    ];
    let types = message.strip_prefix("`+` does not work on ");
    let sides = types.and_then(|types| types.split_once(" and "));
    sides.is_some_and(|(left, right)| PLAIN.contains(&left) && PLAIN.contains(&right))
}

/// The first part of a record that leads back to it, as one that may be absent.
fn optional_part(resolved: &Resolved, diagnostic: &Diagnostic) -> Option<Fix> {
    let ItemKind::Record { fields, .. } = &tree::item(resolved, diagnostic.span)?.kind else {
        return None;
    };
    let next = diagnostic.message.split('`').nth(3)?;
    let part = fields.iter().find(|field| match &field.ty.kind {
        TypeKind::Name(words) => words.last().is_some_and(|word| word.text == next),
        _ => false,
    })?;
    let end = Span {
        start: part.ty.span.end,
        ..part.ty.span
    };
    Some(one("let it be absent", end, "?"))
}

/// `error Name` before the item that speaks of it, where it is said without arguments.
fn declaration(resolved: &Resolved, source: &Source, span: Span, word: &str) -> Option<Fix> {
    let module = resolved
        .modules
        .iter()
        .find(|module| module.source == span.source)?;
    let item = module
        .ast
        .items
        .iter()
        .find(|item| item.span.start <= span.start && span.end <= item.span.end)?;
    let after = source.text.get(span.end as usize..)?;
    let plain = !after.starts_with(['(', '.']) && item.doc.is_none() && word.starts_with(char::is_uppercase);
    let before = Span {
        end: item.span.start,
        ..item.span
    };
    plain.then(|| one(format!("declare `{word}`"), before, format!("error {word}\n\n")))
}

fn of_errors(source: &Source, diagnostic: &Diagnostic) -> Option<Fix> {
    let span = diagnostic.span;
    let other = diagnostic
        .labels
        .first()
        .map(|label| label.span)
        .filter(|other| other.source == span.source);
    match diagnostic.code.0 {
        603 => header::with_key(source, other?),
        605 => Some(one("leave it out of `fails`", only_error(source, span), "")),
        606 => Some(one("remove this `undo`", back_over(source, span, "undo")?, "")),
        _ => None,
    }
}

/// The error of a `fails`, with the word itself where it stands alone.
fn only_error(source: &Source, span: Span) -> Span {
    let after = source.text.get(span.end as usize..).unwrap_or("");
    let alone = !after.trim_start().starts_with(',');
    back_over(source, span, "fails").filter(|_| alone).unwrap_or(span)
}

fn item_around(resolved: &Resolved, span: Span) -> Option<Span> {
    let module = resolved
        .modules
        .iter()
        .find(|module| module.source == span.source)?;
    let items = module.ast.items.iter().map(|item| item.span);
    items
        .into_iter()
        .find(|item| item.start <= span.start && span.end <= item.end)
}

/// Whether a name that is offered means something else in the module already.
fn is_taken(resolved: &Resolved, diagnostic: &Diagnostic) -> bool {
    let module = resolved
        .modules
        .iter()
        .find(|module| module.source == diagnostic.span.source);
    let text = diagnostic
        .fix
        .as_ref()
        .and_then(|fix| fix.edits.first())
        .map(|edit| edit.text.as_str());
    let scope = module.map(|module| &module.scope);
    scope
        .zip(text)
        .is_some_and(|(scope, text)| scope.contains_key(text))
}

/// Whether a place is a whole operand, which brackets can be put around.
fn is_operand(source: &Source, span: Span) -> bool {
    let before = source.text.get(..span.start as usize).unwrap_or("");
    !before.ends_with('.')
        && source
            .slice(span)
            .starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '(')
}

/// A rename of every place of a name in its module or item; nothing where it is also the name of a field, which the
/// wire knows, or where the new name stands for something already.
fn rename(source: &Source, whole: Span, diagnostic: &Diagnostic) -> Option<Fix> {
    let fix = diagnostic.fix.as_ref()?;
    let by = fix.edits.first()?.text.clone();
    let mut places = places_of(source, diagnostic.span, source.slice(diagnostic.span));
    places.retain(|span| whole.start <= span.start && span.end <= whole.end);
    if !places_of(source, diagnostic.span, &by).is_empty() {
        return None;
    }
    let of_a_field = |span: &Span| {
        source
            .text
            .get(..span.start as usize)
            .is_some_and(|text| text.ends_with('.'))
    };
    if places.iter().any(of_a_field) {
        return None;
    }
    let edit = |span| Edit {
        span,
        text: by.clone(),
    };
    Some(Fix {
        title: fix.title.clone(),
        edits: places.into_iter().map(edit).collect(),
    })
}

fn one(title: impl Into<String>, span: Span, text: impl Into<String>) -> Fix {
    let text = text.into();
    Fix {
        title: title.into(),
        edits: vec![Edit { span, text }],
    }
}
