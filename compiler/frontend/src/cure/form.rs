//! Fixes of the form: what stands in the wrong place, or is never closed.

use super::{
    one, text,
    text::{balanced, span_at},
    tree,
};
use crate::resolve::Resolved;
use flowmesh_diagnostics::{Diagnostic, Edit, Fix, Source, Span};

pub(super) fn fix(resolved: &Resolved, source: &Source, diagnostic: &Diagnostic) -> Option<Fix> {
    let span = diagnostic.span;
    match diagnostic.code.0 {
        104 => closed(source, span),
        120 => moved_to_the_head(resolved, source, span),
        121 if source.slice(span) == "await" => awaited_first(source, span),
        121 => {
            let again = text::back_over(source, span, "as")?;
            Some(one("remove the second name", again, ""))
        }
        122 => without_type(source, span),
        123 => moved_out(resolved, source, span),
        124 => as_share(source, span),
        _ => None,
    }
}

/// The text with its end: at the end of the line, before the brackets that were opened before it.
fn closed(source: &Source, span: Span) -> Option<Fix> {
    let line = source.text.get(span.start as usize..)?.lines().next()?;
    // Another quote on the line may be the end, and a hole is what is not closed.
    if line.get(1..)?.contains('"') || line.starts_with("\"\"\"") {
        return None;
    }
    let mut open = unclosed(text::line_before(source, span));
    let mut end = line.trim_end().trim_end_matches(',').len();
    loop {
        let rest = line.get(..end)?.trim_end();
        let closes = rest.ends_with([')', ']', '}']) && open > 0 && !ends_a_hole(rest);
        if !closes {
            let at = span.start as usize + rest.len();
            return (rest.len() > 1).then(|| one("end the text here", span_at(span, at), "\""));
        }
        open -= 1;
        end = rest.len() - 1;
    }
}

/// How many brackets are open at the end of a line.
fn unclosed(head: &str) -> usize {
    head.chars().fold(0usize, |open, c| match c {
        '(' | '[' | '{' => open + 1,
        ')' | ']' | '}' => open.saturating_sub(1),
        _ => open,
    })
}

/// Whether the `}` at the end belongs to a `{` of the text.
fn ends_a_hole(text: &str) -> bool {
    let count = |sign| text.matches(sign).count();
    text.ends_with('}') && count('{') >= count('}')
}

/// A setting of a flow before its statements.
fn moved_to_the_head(resolved: &Resolved, source: &Source, span: Span) -> Option<Fix> {
    let body = tree::flow(resolved, span)?.body.span;
    let setting = balanced(source.text.get(span.start as usize..)?);
    let whole = Span {
        end: span.start + u32::try_from(setting.len()).ok()?,
        ..span
    };
    let head = span_at(span, body.start as usize + 1);
    let rest = source.text.get(head.start as usize..)?.lines().next()?.trim();
    let end = if rest.is_empty() { "" } else { "\n " };
    let edit = |span, text: String| Edit { span, text };
    Some(Fix {
        title: "move it to the head of the flow".to_owned(),
        edits: vec![
            edit(head, format!("\n  {setting}{end}")),
            edit(whole, String::new()),
        ],
    })
}

/// `return await t` becomes `let awaited = await t` and `return awaited`.
fn awaited_first(source: &Source, span: Span) -> Option<Fix> {
    let head = text::line_before(source, span);
    let begins = head.trim_start();
    let rest = source.text.get(span.start as usize..)?.lines().next()?.trim_end();
    let known = begins.trim_end() == "return" || begins.trim_end().ends_with('=');
    if !known || rest.contains(['{', '"']) || rest.contains("//") {
        return None;
    }
    let whole = Span::new(span.source, 0, u32::MAX);
    let name = text::free_name(source, whole, &["awaited"])?;
    let begin = Span {
        start: span.start - u32::try_from(begins.len()).ok()?,
        end: span.start,
        ..span
    };
    let end = span_at(span, span.start as usize + rest.len());
    let edit = |span, text: String| Edit { span, text };
    Some(Fix {
        title: format!("bind it with `let {name}` first"),
        edits: vec![
            edit(begin, format!("let {name} = ")),
            edit(end, format!("\n{begins}{name}")),
        ],
    })
}

/// `on approve(by: string)` hears `by`.
fn without_type(source: &Source, span: Span) -> Option<Fix> {
    let before = source.text.get(..span.start as usize)?.trim_end();
    let start = before.strip_suffix(':')?.len();
    let after = source.text.get(span.start as usize..)?;
    let mut depth = 0usize;
    let end = after.find(|c: char| {
        match c {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' if depth > 0 => depth -= 1,
            ',' | ')' => return depth == 0,
            _ => {}
        }
        false
    })?;
    let typed = Span {
        start: u32::try_from(start).ok()?,
        end: span.start + u32::try_from(end).ok()?,
        ..span
    };
    Some(one("remove the type", typed, ""))
}

/// A declaration behind the flow in which it stands.
fn moved_out(resolved: &Resolved, source: &Source, span: Span) -> Option<Fix> {
    let item = tree::item(resolved, span)?;
    let declaration = balanced(source.text.get(span.start as usize..)?);
    let line = text::line_before(source, span);
    let alone = line.trim().is_empty();
    let whole = Span {
        end: span.start + u32::try_from(declaration.len()).ok()?,
        ..span
    };
    let behind = span_at(span, item.span.end as usize);
    let text = format!("\n\n{}", text::dedented(source, whole));
    let edit = |span, text: String| Edit { span, text };
    alone.then(|| Fix {
        title: "move it out of the flow".to_owned(),
        edits: vec![edit(whole, String::new()), edit(behind, text)],
    })
}

/// `10 of 20` as `50% of 20`, by the place of `of`.
fn as_share(source: &Source, of: Span) -> Option<Fix> {
    let before = source.text.get(..of.start as usize)?.trim_end();
    let head = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let part: u64 = before.get(head.len()..)?.parse().ok()?;
    let whole = source.text.get(of.end as usize..)?.trim_start();
    let digits = whole.find(|c: char| !c.is_ascii_digit()).unwrap_or(whole.len());
    let whole: u64 = whole.get(..digits)?.parse().ok()?;
    let hundredfold = part.checked_mul(100)?;
    let percent = hundredfold
        .checked_div(whole)
        .filter(|percent| percent * whole == hundredfold && *percent <= 100)?;
    let number = Span {
        start: u32::try_from(head.len()).ok()?,
        end: u32::try_from(before.len()).ok()?,
        ..of
    };
    Some(one(format!("write {percent}%"), number, format!("{percent}%")))
}
