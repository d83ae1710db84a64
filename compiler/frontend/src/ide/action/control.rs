//! The order of statements: conditions turned round, statements side by side, failures caught, waits that end.

use super::{Action, ActionKind, Ask, action, edit};
use crate::{
    ast::{Expr, ExprKind, Limit, Statement, StatementKind, free},
    check::FactKind,
    cure::text::dedented,
};
use flowmesh_ir::expr::{Binary, Unary};

pub(super) fn actions(ask: &Ask<'_>) -> Vec<Action> {
    [
        turned(ask),
        side_by_side(ask),
        tried(ask),
        ended(ask),
        one_after_the_other(ask),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// `if` and `else` change places.
fn turned(ask: &Ask<'_>) -> Option<Action> {
    let statement = ask.statement()?;
    let StatementKind::If {
        condition,
        then,
        otherwise: Some(otherwise),
    } = &statement.kind
    else {
        return None;
    };
    let head = statement.span.start..condition.span.end;
    let chain = !ask.slice(otherwise.span).starts_with('{');
    if !head.contains(&ask.span.start) || chain {
        return None;
    }
    let edits = vec![
        edit(condition.span, negated(ask, condition)),
        edit(then.span, dedented(ask.source, otherwise.span)),
        edit(otherwise.span, dedented(ask.source, then.span)),
    ];
    Some(action(ActionKind::Rewrite, "turn the condition round", edits))
}

/// The opposite of a condition, as it would be written.
fn negated(ask: &Ask<'_>, condition: &Expr) -> String {
    let text = ask.slice(condition.span);
    let part = |expr: &Expr| ask.slice(expr.span);
    match &condition.kind {
        ExprKind::Unary(Unary::Not, inner) => part(inner)
            .trim_start_matches('(')
            .trim_end_matches(')')
            .to_owned(),
        ExprKind::Binary(operator, _, left, right) => {
            let other = match operator {
                Binary::Equal => "!=",
                Binary::NotEqual => "==",
                Binary::Less => ">=",
                Binary::LessEqual => ">",
                Binary::Greater => "<=",
                Binary::GreaterEqual => "<",
                _ => return format!("not ({text})"),
            };
            format!("{} {other} {}", part(left), part(right))
        }
        ExprKind::Name(_) | ExprKind::Field(..) | ExprKind::Call(..) => format!("not {text}"),
        _ => format!("not ({text})"),
    }
}

/// Selected statements of which none needs what another gives.
fn side_by_side(ask: &Ask<'_>) -> Option<Action> {
    let statements = ask.is_selection().then(|| ask.selected())?;
    let (first, last) = (statements.first()?, statements.last()?);
    let calls = |statement: &&&Statement| {
        let within = |span: flowmesh_diagnostics::Span| {
            span.source == ask.id && statement.span.start <= span.start && span.end <= statement.span.end
        };
        let mut facts = ask
            .snapshot
            .analysis
            .checked
            .facts
            .iter()
            .filter(|fact| within(fact.span));
        facts.any(|fact| matches!(fact.kind, FactKind::Operation(..)))
    };
    let simple = statements.iter().all(|statement| {
        matches!(
            statement.kind,
            StatementKind::Let { mutable: false, .. } | StatementKind::Expr { .. }
        )
    });
    let bound: Vec<_> = statements
        .iter()
        .filter_map(|statement| statement.binds())
        .collect();
    let needs = statements.iter().any(|statement| {
        let names = free::names(statement);
        names
            .iter()
            .any(|(name, _)| bound.iter().any(|bound| bound.text == *name))
    });
    if statements.len() < 2 || !simple || needs || statements.iter().filter(calls).count() < statements.len()
    {
        return None;
    }
    let span = first.span.to(last.span);
    let body = dedented(ask.source, span).replace('\n', "\n  ");
    Some(action(
        ActionKind::Rewrite,
        "do them side by side",
        vec![edit(span, format!("parallel {{\n  {body}\n}}"))],
    ))
}

/// A `parallel` whose statements come one after the other.
fn one_after_the_other(ask: &Ask<'_>) -> Option<Action> {
    let statement = ask.statement()?;
    let StatementKind::Parallel { fan: None, branches } = &statement.kind else {
        return None;
    };
    let when = branches
        .statements
        .iter()
        .any(|branch| matches!(branch.kind, StatementKind::When { .. }));
    let (first, last) = (branches.statements.first()?, branches.statements.last()?);
    if when || ask.span.start > branches.span.start {
        return None;
    }
    let body = dedented(ask.source, first.span.to(last.span));
    Some(action(
        ActionKind::Rewrite,
        "do them one after the other",
        vec![edit(statement.span, body)],
    ))
}

/// Selected statements in a `try`.
fn tried(ask: &Ask<'_>) -> Option<Action> {
    let statements = ask.is_selection().then(|| ask.selected())?;
    let (first, last) = (statements.first()?, statements.last()?);
    let span = first.span.to(last.span);
    let binds = statements.iter().any(|statement| statement.binds().is_some());
    let plain = statements.iter().all(|statement| {
        !matches!(
            statement.kind,
            StatementKind::Signal { .. }
                | StatementKind::View { .. }
                | StatementKind::On { .. }
                | StatementKind::State { .. }
                | StatementKind::Return { .. }
                | StatementKind::Bad
                | StatementKind::When { .. }
        )
    });
    let within =
        |at: flowmesh_diagnostics::Span| at.source == ask.id && span.start <= at.start && at.end <= span.end;
    let mut facts = ask.snapshot.analysis.checked.facts.iter();
    let calls = facts.any(|fact| within(fact.span) && matches!(fact.kind, FactKind::Operation(..)));
    if binds || !plain || !calls {
        return None;
    }
    let body = dedented(ask.source, span).replace('\n', "\n  ");
    let text = format!("try {{\n  {body}\n}} catch any {{\n  log \"it failed\"\n}}");
    Some(action(
        ActionKind::Rewrite,
        "catch what fails in it",
        vec![edit(span, text)],
    ))
}

/// A wait without end, or of which nothing says when it ends, gets one.
fn ended(ask: &Ask<'_>) -> Option<Action> {
    let statement = ask.statement()?;
    let StatementKind::Await { limit, bind, .. } = &statement.kind else {
        return None;
    };
    if bind.is_some() && !matches!(limit, Limit::Forever(_) | Limit::Missing) {
        return None;
    }
    let otherwise = match ask.flow()?.result {
        None => "return",
        Some(_) => return None,
    };
    let text = format!("within 1d else {otherwise}");
    match limit {
        Limit::Forever(span) => Some(action(
            ActionKind::Rewrite,
            "wait a day and no longer",
            vec![edit(*span, text)],
        )),
        Limit::Missing => {
            let end = ask.spot(statement.span.end);
            Some(action(
                ActionKind::Fix,
                "wait a day and no longer",
                vec![edit(end, format!(" {text}"))],
            ))
        }
        Limit::Within { .. } => None,
    }
}
