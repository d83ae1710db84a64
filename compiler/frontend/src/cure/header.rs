//! Additions to the head of a flow or an operation.

use super::{
    one,
    text::{is_letter, span_at},
    tree,
};
use crate::{ast::TypeKind, resolve::Resolved};
use flowmesh_diagnostics::{Fix, Source, Span};

/// The end of the parameters that follow a name, or of the name where it has none.
pub(super) fn after_params(source: &Source, name: Span) -> Option<u32> {
    let after = source.text.get(name.end as usize..)?;
    let length = if after.starts_with('(') { group(after)? } else { 0 };
    Some(name.end + u32::try_from(length).ok()?)
}

/// Behind the `{` that follows a name.
pub(super) fn after_brace(source: &Source, name: Span) -> Option<usize> {
    let after = source.text.get(name.end as usize..)?;
    let brace = after.len() - after.trim_start().len();
    after
        .trim_start()
        .starts_with('{')
        .then_some(name.end as usize + brace + 1)
}

/// Declares that the flow or operation of this name fails with an error.
pub(crate) fn with_error(source: &Source, name: Span, error: &str) -> Option<Fix> {
    let title = format!("declare `fails {error}`");
    let start = after_params(source, name)? as usize;
    let mut at = start;
    loop {
        let rest = source.text.get(at..)?;
        let blank = rest.len() - rest.trim_start().len();
        let next = rest.trim_start();
        let word = next.split(|c| !is_letter(c)).next().unwrap_or("");
        let before = source.text.get(start..at)?.trim_end();
        if word == "fails" {
            return Some(one(
                title,
                span_at(name, at + blank + word.len()),
                format!(" {error},"),
            ));
        }
        let of_type = before.ends_with("->");
        if word == "key"
            || next.starts_with(['=', '@'])
            || next.starts_with('{') && !of_type
            || next.is_empty()
        {
            return Some(one(
                title,
                span_at(name, start + before.len()),
                format!(" fails {error}"),
            ));
        }
        at += blank
            + match next.chars().next()? {
                '(' | '[' | '{' => group(next)?,
                c if is_letter(c) => word.len(),
                c => c.len_utf8(),
            };
    }
}

/// Gives an operation, by the place of its name, a key of its own for each run.
pub(crate) fn with_key(source: &Source, name: Span) -> Option<Fix> {
    let is_operation = source.text.get(..name.start as usize)?.trim_end().ends_with("op");
    let rest = source.text.get(name.end as usize..)?;
    let open = rest.find('"').filter(|_| is_operation)?;
    let text = rest.get(open + 1..)?;
    let end = name.end as usize + open + 1 + text.find('"')? + 1;
    let after = source.text.get(end..)?;
    let title = "give it a `key`";
    let blank = after.len() - after.trim_start().len();
    let body = after.trim_start();
    Some(match body.strip_prefix('{') {
        Some(inner) if inner.trim_start().starts_with('}') => {
            one(title, span_at(name, end + blank + 1), " key: run.id")
        }
        Some(inner) if inner.starts_with('\n') => {
            one(title, span_at(name, end + blank + 1), "\n  key: run.id")
        }
        Some(_) => one(title, span_at(name, end + blank + 1), " key: run.id,"),
        None => one(title, span_at(name, end), " { key: run.id }"),
    })
}

/// Gives a flow that an event starts the event as its parameter, where it has none or only its type is wrong.
pub(super) fn with_event(resolved: &Resolved, source: &Source, place: Span) -> Option<Fix> {
    let flow = tree::flow(resolved, place)?;
    let event = source.slice(flow.trigger.as_ref()?.event.span);
    match flow.params.as_slice() {
        [] => {
            let end = after_params(source, flow.name.span)? as usize;
            let empty = source.text.get(..end)?.ends_with("()");
            let inside = span_at(place, end.saturating_sub(1));
            empty.then(|| one("take the event", inside, format!("e: {event}")))
        }
        [only] if matches!(only.ty.kind, TypeKind::Name(_)) => {
            let title = format!("take an {event}");
            let name = only.name.text.as_str();
            let body = source.slice(flow.body.span);
            // Only what is used as a record can become one.
            let plain = body.matches(name).count() > body.matches(&format!("{name}.")).count();
            (!plain).then(|| one(title, only.ty.span, event))
        }
        _ => None,
    }
}

/// The length of a group of brackets at the start of a text.
fn group(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at + c.len_utf8());
        }
    }
    None
}
