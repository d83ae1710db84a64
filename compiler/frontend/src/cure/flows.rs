//! Fixes of flows: what they bind, hear, hold and catch.

use super::{calls, header, one, text, tree};
use crate::{
    ast::{Catch, Part, Statement, StatementKind},
    resolve::Resolved,
};
use flowmesh_diagnostics::{Diagnostic, Edit, Fix, Source, Span};

pub(super) fn fix(resolved: &Resolved, source: &Source, diagnostic: &Diagnostic) -> Option<Fix> {
    let span = diagnostic.span;
    let other = diagnostic
        .labels
        .first()
        .map(|label| label.span)
        .filter(|other| other.source == span.source);
    match diagnostic.code.0 {
        403 => {
            let signal = text::back_over(source, span, "signal")?;
            let end = header::after_params(source, span)?;
            Some(one("remove this signal", Span { end, ..signal }, ""))
        }
        408 => {
            let word = text::back_over(source, other?, "let")?;
            Some(one(
                "bind it with `var`",
                Span {
                    end: word.start + 3,
                    ..word
                },
                "var",
            ))
        }
        410 | 411 => calls::hoisted(resolved, source, span),
        419 => calls::failed(resolved, source, span),
        421 => calls::unbound(resolved, source, span, "call it without a name"),
        425 if diagnostic.message.starts_with("all") => without_rest(source, span),
        435 => not_held_again(resolved, source, span),
        437 => caught_before(resolved, source, span, other?),
        450 => without_answer(resolved, source, span, other?),
        456 => without_name(resolved, source, span),
        459 => header::with_event(resolved, source, span),
        460 => calls::unbound(
            resolved,
            source,
            bound_value(resolved, span)?,
            "start it without a name",
        ),
        463 => started_beside(source, span),
        464 => Some(one("remove this `with`", span, "")),
        465 => calls::gone_over(resolved, source, span),
        467 => optional_result(resolved, source, span),
        468 if source.slice(span).starts_with('"') => {
            let file = format!("file({})", source.slice(span));
            Some(one("name a file", span, file))
        }
        485 => another_title(source, span),
        _ => None,
    }
}

/// `parallel(rest: cancel)` without its `rest`.
fn without_rest(source: &Source, span: Span) -> Option<Fix> {
    let before = source.text.get(..span.start as usize)?.trim_end();
    let name = before.strip_suffix(':')?.trim_end().strip_suffix("rest")?;
    let rest = Span {
        start: u32::try_from(name.len()).ok()?,
        ..span
    };
    Some(one("remove `rest`", rest, ""))
}

/// A lock that is held already, without the lock.
fn not_held_again(resolved: &Resolved, source: &Source, name: Span) -> Option<Fix> {
    let found = tree::around(resolved, name)
        .into_iter()
        .rev()
        .find_map(|part| match part {
            Part::Statement(statement) => match &statement.kind {
                StatementKind::Lock {
                    name: known,
                    bind: None,
                    body,
                } if known.span == name => Some((statement, body.span)),
                _ => None,
            },
            _ => None,
        });
    let (statement, body) = found?;
    let inner = source.text.get(body.start as usize + 1..body.end as usize - 1)?;
    let kept = inner.trim();
    let depth = |line: &str| line.len() - line.trim_start().len();
    let deeper = inner
        .lines()
        .find(|line| !line.trim().is_empty())
        .map_or(0, depth);
    let outer = text::line_before(source, statement.span).len();
    // What was further right by one block comes back to where the block stood.
    let back = deeper.saturating_sub(outer).min(deeper);
    let lines = kept.lines().map(|line| {
        let blank = depth(line).saturating_sub(outer + back);
        format!("{}{}", " ".repeat(blank), line.trim_start())
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    Some(one("remove the inner lock", statement.span, text))
}

/// A `catch` behind `catch any`, before it.
fn caught_before(resolved: &Resolved, source: &Source, error: Span, any: Span) -> Option<Fix> {
    let parts = tree::around(resolved, error).into_iter().rev();
    let catches = parts
        .filter_map(|part| match part {
            Part::Statement(statement) => catches(statement),
            _ => None,
        })
        .find(|catches| catches.iter().any(|catch| catch.error.span == error))?;
    let at = |place: Span| catches.iter().find(|catch| catch.error.span == place);
    let (late, any) = (at(error)?.span, at(any)?.span);
    let between = source.text.get(any.end as usize..late.start as usize)?;
    let gap = if between.contains('\n') { "\n" } else { " " };
    let before = Span {
        end: any.start,
        ..any
    };
    let edit = |span, text: String| Edit { span, text };
    Some(Fix {
        title: "catch it before `catch any`".to_owned(),
        edits: vec![
            edit(before, format!("{}{gap}", text::dedented(source, late))),
            edit(late, String::new()),
        ],
    })
}

fn catches(statement: &Statement) -> Option<&[Catch]> {
    match &statement.kind {
        StatementKind::Try { catch, .. } => Some(catch),
        StatementKind::Let { tails, .. }
        | StatementKind::Assign { tails, .. }
        | StatementKind::Expr { tails, .. }
        | StatementKind::Await { tails, .. }
        | StatementKind::Return { tails, .. } => Some(&tails.catch),
        _ => None,
    }
}

/// A signal that is awaited, and so never answered, without the answer that it promises.
fn without_answer(resolved: &Resolved, source: &Source, name: Span, awaited: Span) -> Option<Fix> {
    let statement = tree::statement(resolved, name)?;
    let StatementKind::Signal {
        result: Some(result), ..
    } = &statement.kind
    else {
        return None;
    };
    let answer = Span {
        start: header::after_params(source, name)?,
        ..result.span
    };
    (awaited.source == name.source).then(|| one("promise no answer", answer, ""))
}

/// `await done as d` and `let d = await done` without the name.
fn without_name(resolved: &Resolved, source: &Source, name: Span) -> Option<Fix> {
    let title = "remove the name";
    match text::back_over(source, name, "as") {
        Some(bound) => {
            let around = tree::item(resolved, name)?.span;
            let unread = text::uses(source, around, source.slice(name)) == 1;
            unread.then(|| one(title, bound, ""))
        }
        None => calls::unbound(resolved, source, name, title),
    }
}

/// The value of the `let` that binds a name.
fn bound_value(resolved: &Resolved, name: Span) -> Option<Span> {
    match &tree::statement(resolved, name)?.kind {
        StatementKind::Let { value, .. } => Some(value.span),
        _ => None,
    }
}

/// `start svc.op()` as `spawn svc.op()`, which an operation can be.
fn started_beside(source: &Source, call: Span) -> Option<Fix> {
    let text = source.slice(call);
    let callee = text.split('(').next().unwrap_or("");
    let operation = callee.contains('.') && text.ends_with(')');
    let alone = text::line_before(source, call).trim() == "start";
    let word = text::back_over(source, call, "start").filter(|_| operation && alone)?;
    let word = Span {
        end: word.start + 5,
        ..word
    };
    Some(one("run it beside with `spawn`", word, "spawn"))
}

/// The result of a flow that may be done already, as one that may be absent.
fn optional_result(resolved: &Resolved, source: &Source, place: Span) -> Option<Fix> {
    let result = tree::flow(resolved, place)?.result.as_ref()?.span;
    let end = Span {
        start: result.end,
        ..result
    };
    (!source.slice(result).ends_with('?')).then(|| one("make the result optional", end, "?"))
}

/// A title that no other test has.
fn another_title(source: &Source, title: Span) -> Option<Fix> {
    let text = source.slice(title).strip_prefix('"')?.strip_suffix('"')?;
    let mut numbered = (2..100).map(|number| format!("\"{text} ({number})\""));
    let free = numbered.find(|title| !source.text.contains(title.as_str()))?;
    Some(one(format!("call it {free}"), title, free))
}
