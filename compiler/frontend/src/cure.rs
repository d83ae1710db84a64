//! Fixes that need the text around a place: who finds what is wrong knows facts, and not how the author laid it out.

mod header;
mod text;

pub(crate) use header::with_error;

use crate::resolve::Resolved;
use flowmesh_diagnostics::{Diagnostic, Diagnostics, Edit, Fix, Source, Sources, Span, nearest};
use text::{back_over, places_of, span_at};

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
        2 | 3 => of_names(resolved, source, diagnostic),
        4 | 6 => of_flows(source, diagnostic),
        5 => of_services(source, diagnostic),
        _ => None,
    }
}

fn of_names(resolved: &Resolved, source: &Source, diagnostic: &Diagnostic) -> Option<Fix> {
    let span = diagnostic.span;
    let word = source.slice(span);
    match diagnostic.code.0 {
        201 => {
            let known = flowmesh_stdlib::sources::SOURCES.iter();
            let known: Vec<String> = known
                .map(|(path, _)| path.trim_end_matches(".flow").replace('/', "."))
                .collect();
            let near = nearest(word, known.iter().map(String::as_str))?;
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

fn of_flows(source: &Source, diagnostic: &Diagnostic) -> Option<Fix> {
    let span = diagnostic.span;
    let other = diagnostic
        .labels
        .first()
        .map(|label| label.span)
        .filter(|other| other.source == span.source);
    match diagnostic.code.0 {
        403 => {
            let signal = back_over(source, span, "signal")?;
            let end = header::after_params(source, span)?;
            Some(one("remove this signal", Span { end, ..signal }, ""))
        }
        408 => {
            let word = back_over(source, other?, "let")?;
            Some(one(
                "bind it with `var`",
                Span {
                    end: word.start + 3,
                    ..word
                },
                "var",
            ))
        }
        603 => header::with_key(source, other?),
        605 => Some(one("leave it out of `fails`", only_error(source, span), "")),
        606 => Some(one("remove this `undo`", back_over(source, span, "undo")?, "")),
        _ => None,
    }
}

fn of_services(source: &Source, diagnostic: &Diagnostic) -> Option<Fix> {
    let span = diagnostic.span;
    let word = source.slice(span);
    let inside = Span {
        start: span.start + 1,
        end: span.start + 1,
        ..span
    };
    let other = diagnostic
        .labels
        .first()
        .map(|label| label.span)
        .filter(|other| other.source == span.source);
    match diagnostic.code.0 {
        504 => header::with_key(source, span),
        515 => {
            let error = word.split('(').next().unwrap_or(word);
            header::with_error(source, other?, error)
        }
        517 if word.starts_with('"') => match word.trim_matches('"').split_once("://") {
            None => Some(one("begin with `http://`", inside, "http://")),
            Some((scheme, _)) => {
                let near = nearest(scheme, ["http", "dns", "srv"]).filter(|near| *near != scheme)?;
                let end = inside.start + u32::try_from(scheme.len()).ok()?;
                Some(one(format!("replace by {near}"), Span { end, ..inside }, near))
            }
        },
        518 => {
            let at = header::after_brace(source, span)?;
            let rest = source.text.get(at..)?.lines().next().unwrap_or("").trim();
            let end = if rest.is_empty() { "" } else { "\n " };
            Some(one(
                "say where it is",
                span_at(span, at),
                format!("\n  at: \"http://127.0.0.1:8080\"{end}"),
            ))
        }
        519 if word.starts_with('"') => Some(one("begin with `/`", inside, "/")),
        523 => Some(one("leave it out of `fails`", only_error(source, span), "")),
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
