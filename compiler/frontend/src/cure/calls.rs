//! Fixes of calls that stand where no call can stand.

use super::{one, text, tree};
use crate::{
    ast::{Expr, ExprKind, Ident, Part, Statement, StatementKind},
    parse::RESERVED,
    resolve::Resolved,
};
use flowmesh_diagnostics::{Edit, Fix, Source, Span};

/// A call inside an expression, bound by a `let` before its statement; by the place of the call or of what is called.
pub(super) fn hoisted(resolved: &Resolved, source: &Source, place: Span) -> Option<Fix> {
    let is_it = |expr: &&Expr| match &expr.kind {
        ExprKind::Call(callee, _) => expr.span == place || callee.span == place,
        _ => false,
    };
    let call = tree::expressions(resolved, place).find(is_it)?.span;
    let path = tree::around(resolved, call);
    let statement = path.iter().rposition(|part| matches!(part, Part::Statement(_)))?;
    let (outer, inner) = path.split_at(statement + 1);
    let Some(Part::Statement(statement)) = outer.last() else {
        return None;
    };
    let begins_line = text::line_before(source, statement.span).trim().is_empty();
    if !begins_line || !runs_once(statement) || !inner.iter().all(always) {
        return None;
    }
    let item = tree::item(resolved, call)?;
    let scope = &tree::module(resolved, call)?.scope;
    let called = source.slice(call).split('(').next()?;
    let (last, is_flow) = called
        .rsplit_once('.')
        .map_or((called, true), |(_, last)| (last, false));
    let result = format!("{last}_result");
    let usable = |name: &&str| !RESERVED.contains(name) && !scope.contains_key(*name) && !is_flow;
    let names: Vec<&str> = Some(last)
        .filter(usable)
        .into_iter()
        .chain([result.as_str()])
        .collect();
    let name = text::free_name(source, item.span, &names)?;
    let before = Span {
        end: statement.span.start,
        ..statement.span
    };
    let edit = |span, text: String| Edit { span, text };
    Some(Fix {
        title: format!("bind it with `let {name}` first"),
        edits: vec![
            edit(before, format!("let {name} = {}\n", source.slice(call))),
            edit(call, name),
        ],
    })
}

/// Whether the expressions of a statement are computed once, before anything else of it is done.
fn runs_once(statement: &Statement) -> bool {
    use StatementKind as S;
    matches!(
        statement.kind,
        S::Let { .. }
            | S::Assign { .. }
            | S::Expr { .. }
            | S::Return { .. }
            | S::Log { .. }
            | S::Fail { .. }
            | S::Emit { .. }
            | S::Tag { .. }
            | S::Sleep { .. }
            | S::If { .. }
            | S::Match { .. }
            | S::For(_)
    )
}

/// Whether the parts of an expression are computed whatever they are.
fn always(part: &Part<'_>) -> bool {
    use flowmesh_ir::expr::Binary::{And, Else, Or};
    match part {
        Part::Expr(expr) => !matches!(
            expr.kind,
            ExprKind::Lambda(..)
                | ExprKind::If(..)
                | ExprKind::Match(..)
                | ExprKind::For(_)
                | ExprKind::Spawn(_)
                | ExprKind::Binary(And | Or | Else, ..)
        ),
        Part::Statement(_) | Part::Block(_) => false,
    }
}

/// `let x = svc.tail(id)` goes over the items: `for x in svc.tail(id) { }`.
pub(super) fn gone_over(resolved: &Resolved, source: &Source, call: Span) -> Option<Fix> {
    let statement = tree::statement(resolved, call)?;
    let item = tree::item(resolved, call)?;
    let (name, value) = match &statement.kind {
        StatementKind::Let {
            name, value, tails, ..
        } if tails.is_empty() => {
            let unread = text::uses(source, item.span, &name.text) == 1;
            (unread.then(|| name.text.to_string())?, value)
        }
        StatementKind::Expr { value, tails } if tails.is_empty() => {
            (text::free_name(source, item.span, &["item"])?, value)
        }
        _ => return None,
    };
    let stands_alone = value.span == call && text::line_before(source, statement.span).trim().is_empty();
    stands_alone.then(|| {
        let call = source.slice(call);
        let text = format!("for {name} in {call} {{\n}}");
        one("go over what comes", statement.span, text)
    })
}

/// The statement without the name that it binds, where nothing reads the name.
pub(super) fn unbound(resolved: &Resolved, source: &Source, value: Span, title: &str) -> Option<Fix> {
    let statement = tree::statement(resolved, value)?;
    let (name, begin) = match &statement.kind {
        StatementKind::Let { name, value, .. } => (name, value.span.start),
        StatementKind::Await { bind: Some(name), .. } => {
            let after = source
                .text
                .get(name.span.end as usize..statement.span.end as usize)?;
            let equals = after.len() - after.trim_start().strip_prefix('=')?.trim_start().len();
            (name, name.span.end + u32::try_from(equals).ok()?)
        }
        _ => return None,
    };
    let around = tree::item(resolved, value)?.span;
    let head = Span {
        end: begin,
        ..statement.span
    };
    (text::uses(source, around, &name.text) == 1).then(|| one(title, head, ""))
}

/// `return Declined(...)` and `let e = Declined(...)` end the flow with it.
pub(super) fn failed(resolved: &Resolved, source: &Source, error: Span) -> Option<Fix> {
    let statement = tree::statement(resolved, error)?;
    let item = tree::item(resolved, error)?;
    let value: &Expr = match &statement.kind {
        StatementKind::Let { value, name, .. } if text::uses(source, item.span, &name.text) == 1 => value,
        StatementKind::Expr { value, .. } => value,
        StatementKind::Return {
            value: Some(value), ..
        } => value,
        _ => return None,
    };
    let head = Span {
        end: value.span.start,
        ..statement.span
    };
    let is_it = match &value.kind {
        ExprKind::Call(callee, _) => callee.span == error,
        _ => value.span == error,
    };
    is_it.then(|| one("end the flow with it", head, "fail "))
}

/// `a?.b(c)` as `a.map(x => x.b(c))`.
pub(super) fn mapped(resolved: &Resolved, source: &Source, name: Span) -> Option<Fix> {
    let call = tree::expressions(resolved, name).find(|expr| is_call_of(expr, name))?;
    let ExprKind::Call(callee, _) = &call.kind else {
        return None;
    };
    let ExprKind::OptionalField(base, Ident { span, .. }) = &callee.kind else {
        return None;
    };
    let x = text::free_name(source, call.span, &["x", "value"])?;
    let sign = Span {
        start: base.span.end,
        end: span.start,
        ..*span
    };
    let end = Span {
        start: call.span.end,
        ..call.span
    };
    let edit = |span, text: String| Edit { span, text };
    Some(Fix {
        title: "call it where the value is there".to_owned(),
        edits: vec![edit(sign, format!(".map({x} => {x}.")), edit(end, ")".to_owned())],
    })
}

fn is_call_of(expr: &Expr, name: Span) -> bool {
    match &expr.kind {
        ExprKind::Call(callee, _) => {
            matches!(&callee.kind, ExprKind::OptionalField(_, found) if found.span == name)
        }
        _ => false,
    }
}

/// `x()` as `x`, where `x` is a value.
pub(super) fn uncalled(resolved: &Resolved, callee: Span) -> Option<Fix> {
    let call = tree::expressions(resolved, callee).find(
        |expr| matches!(&expr.kind, ExprKind::Call(of, given) if of.span == callee && given.is_empty()),
    )?;
    let brackets = Span {
        start: callee.end,
        ..call.span
    };
    Some(one("take the value itself", brackets, ""))
}

/// A text and something else in one text: `a + b` as `"{a}{b}"`.
pub(super) fn joined(resolved: &Resolved, source: &Source, operator: Span) -> Option<Fix> {
    let found = tree::expressions(resolved, operator)
        .find(|expr| matches!(&expr.kind, ExprKind::Binary(_, at, ..) if *at == operator))?;
    let ExprKind::Binary(_, _, left, right) = &found.kind else {
        return None;
    };
    let text = format!("\"{}{}\"", in_text(source, left)?, in_text(source, right)?);
    Some(one("put both into a text", found.span, text))
}

/// An expression as a piece of a text.
fn in_text(source: &Source, expr: &Expr) -> Option<String> {
    let slice = source.slice(expr.span);
    if let ExprKind::Text(_) = expr.kind {
        let inner = slice.strip_prefix('"')?.strip_suffix('"')?;
        return (!slice.starts_with("\"\"\"")).then(|| inner.to_owned());
    }
    (!slice.contains(['"', '{', '\n'])).then(|| format!("{{{slice}}}"))
}

/// `x as string` as `"{x}"`.
pub(super) fn as_text(resolved: &Resolved, source: &Source, whole: Span) -> Option<Fix> {
    let found = tree::expressions(resolved, whole)
        .find(|expr| expr.span == whole && matches!(expr.kind, ExprKind::As(..)))?;
    let ExprKind::As(value, _) = &found.kind else {
        return None;
    };
    let text = format!("\"{}\"", in_text(source, value)?);
    Some(one("write it as a text", whole, text))
}
