//! What `let` binds: put in its place, taken out of an expression, with its type, changeable.

use super::{Action, ActionKind, Ask, action, edit, names::type_text};
use crate::{
    ast::{Expr, ExprKind, Part, StatementKind},
    check::FactKind,
    cure::text::{dedented, is_letter},
    ide::names::Role,
    syntax::{SyntaxKind, SyntaxNode},
};
use flowmesh_diagnostics::{Edit, Span};

pub(super) fn actions(ask: &Ask<'_>) -> Vec<Action> {
    let offers = [
        inlined(ask),
        taken_out(ask),
        with_type(ask),
        without_type(ask),
        changeable(ask),
    ];
    offers.into_iter().flatten().collect()
}

/// A `let` whose value stands wherever its name is read.
fn inlined(ask: &Ask<'_>) -> Option<Action> {
    let statement = ask.statement()?;
    let StatementKind::Let {
        mutable: false,
        name,
        value,
        tails,
        ..
    } = &statement.kind
    else {
        return None;
    };
    if !ask.touches(name.span) || !tails.is_empty() || !is_pure(value) {
        return None;
    }
    let names = ask.snapshot.names();
    let uses: Vec<Span> = names
        .of_name(name.span)
        .filter(|place| place.role != Role::Declared)
        .map(|place| place.span)
        .collect();
    if uses.is_empty() || is_changed(ask, value, statement.span) {
        return None;
    }
    let text = ask.slice(value.span);
    let plain = matches!(
        value.kind,
        ExprKind::Name(_) | ExprKind::Field(..) | ExprKind::Int(_) | ExprKind::Call(..) | ExprKind::List(_)
    );
    let mut edits: Vec<Edit> = Vec::new();
    for place in uses {
        // A text in a text cannot be written.
        let in_text = in_text(ask, place);
        if in_text && text.contains('"') {
            return None;
        }
        let written = if plain || in_text {
            text.to_owned()
        } else {
            format!("({text})")
        };
        let twin = names.at(place.source, place.start).len() > 1;
        edits.push(edit(
            place,
            if twin {
                format!("{}: {written}", name.text)
            } else {
                written
            },
        ));
    }
    edits.push(edit(statement.span, ""));
    Some(action(
        ActionKind::Inline,
        format!("put `{}` where it is read", name.text),
        edits,
    ))
}

/// Whether an expression gives the same wherever it is computed.
fn is_pure(value: &Expr) -> bool {
    let mut pure = true;
    crate::ide::walk::part(Part::Expr(value), &mut |part| {
        if let Part::Expr(expr) = part {
            pure &= !matches!(
                expr.kind,
                ExprKind::Spawn(_) | ExprKind::Start(_) | ExprKind::For(_) | ExprKind::Bad
            );
            if let ExprKind::Call(callee, _) = &expr.kind
                && let ExprKind::Name(name) = &callee.kind
            {
                pure &= !matches!(name.as_str(), "now" | "random" | "uuid");
            }
        }
    });
    pure
}

/// Whether a value calls something, or reads what is assigned later.
fn is_changed(ask: &Ask<'_>, value: &Expr, statement: Span) -> bool {
    let facts = ask.snapshot.analysis.checked.facts.iter();
    let within = |span: Span| {
        span.source == value.span.source && value.span.start <= span.start && span.end <= value.span.end
    };
    let called = facts.filter(|fact| within(fact.span)).any(|fact| {
        matches!(
            fact.kind,
            FactKind::Operation(..)
                | FactKind::Def(crate::resolve::Def::Flow(_) | crate::resolve::Def::Template(_))
        )
    });
    let Some(flow) = ask.flow() else { return true };
    let mut assigned = false;
    let read: Vec<_> = crate::ast::free::names_of(value);
    crate::ide::walk::statements(&flow.body, &mut |other| {
        if let StatementKind::Assign { name, .. } = &other.kind {
            assigned |=
                other.span.start > statement.start && read.iter().any(|(known, _)| *known == name.text);
        }
    });
    called || assigned
}

fn in_text(ask: &Ask<'_>, place: Span) -> bool {
    let (_, token) = ask.snapshot.tokens_at(ask.id, place.start);
    token.is_some_and(|token| {
        token
            .parent_ancestors()
            .any(|node| node.kind() == SyntaxKind::Text)
    })
}

/// The selected expression, bound by a `let` before its statement.
fn taken_out(ask: &Ask<'_>) -> Option<Action> {
    if !ask.is_selection() {
        return None;
    }
    let around = ask.around();
    let selected = around.iter().rev().find_map(|part| match part {
        Part::Expr(expr) if bracketed(ask, expr.span).contains(&ask.span) => Some(*expr),
        _ => None,
    })?;
    let statement = ask.statement()?;
    let lazy = around.iter().rev().take_while(|part| !matches!(part, Part::Statement(_))).any(|part| {
        matches!(part, Part::Expr(expr) if matches!(expr.kind, ExprKind::Lambda(..) | ExprKind::If(..) | ExprKind::Match(..) | ExprKind::For(_)))
    });
    let whole = matches!(&statement.kind, StatementKind::Expr { value, .. } if value.span == selected.span);
    let once = !matches!(
        statement.kind,
        StatementKind::While { .. }
            | StatementKind::View { .. }
            | StatementKind::Await { .. }
            | StatementKind::AwaitAny { .. }
            | StatementKind::When { .. }
    );
    let callee = matches!(selected.kind, ExprKind::Name(_));
    let begins = crate::cure::text::line_before(ask.source, statement.span)
        .trim()
        .is_empty();
    if lazy || whole || callee || !once || !begins || in_text(ask, selected.span) {
        return None;
    }
    let name = ask.free(&[suggested(selected), "value"]);
    let before = ask.spot(statement.span.start);
    let (value, place) = without_brackets(ask, selected.span);
    let text = format!("let {name} = {}\n", dedented(ask.source, value));
    Some(action(
        ActionKind::Extract,
        format!("bind it as `{name}`"),
        vec![edit(before, text), edit(place, name)],
    ))
}

/// An expression with all its brackets, with all but the first pair, and so on.
fn bracketed(ask: &Ask<'_>, whole: Span) -> Vec<Span> {
    let span = |node: &SyntaxNode| {
        let range = node.text_range();
        Span::new(whole.source, range.start().into(), range.end().into())
    };
    let mut spans = vec![whole];
    let (_, first) = ask.snapshot.tokens_at(ask.id, whole.start);
    let mut pair = first.and_then(|first| first.parent());
    while let Some(found) =
        pair.filter(|node| node.kind() == SyntaxKind::Paren && spans.contains(&span(node)))
    {
        let inside = found.children().find(|node| node.kind() == SyntaxKind::Expr);
        spans.extend(inside.as_ref().map(span));
        pair = inside.and_then(|inside| inside.first_token()?.parent());
    }
    spans
}

/// What of an expression in brackets is bound, and what its name replaces: brackets stay where they keep lines together,
/// comments, or a word and the name apart.
fn without_brackets(ask: &Ask<'_>, whole: Span) -> (Span, Span) {
    let inside = bracketed(ask, whole).pop().unwrap_or(whole);
    let value = if ask.slice(inside).contains('\n') {
        whole
    } else {
        inside
    };
    let around = [
        Span::new(whole.source, whole.start, inside.start),
        Span::new(whole.source, inside.end, whole.end),
    ];
    let has_comment = around.iter().any(|span| ask.slice(*span).contains("//"));
    let before = ask.source.text.get(..whole.start as usize).unwrap_or("");
    let after = ask.source.text.get(whole.end as usize..).unwrap_or("");
    let touches_word = before.ends_with(is_letter) || after.starts_with(is_letter);
    match has_comment || touches_word {
        true => (value, inside),
        false => (value, whole),
    }
}

fn suggested(expr: &Expr) -> &str {
    match &expr.kind {
        ExprKind::Field(_, name) => name.text.as_str(),
        ExprKind::Call(callee, _) => match &callee.kind {
            ExprKind::Field(_, name) => name.text.as_str(),
            _ => "value",
        },
        _ => "value",
    }
}

fn with_type(ask: &Ask<'_>) -> Option<Action> {
    let StatementKind::Let { name, ty: None, .. } = &ask.statement()?.kind else {
        return None;
    };
    if !ask.touches(name.span) {
        return None;
    }
    let facts = &ask.snapshot.analysis.checked.facts;
    let fact = facts.iter().find(|fact| fact.span == name.span)?;
    let FactKind::Local(_, ty) = &fact.kind else {
        return None;
    };
    let text = type_text(ask, ty)?;
    Some(action(
        ActionKind::Rewrite,
        format!("write its type: `{text}`"),
        vec![edit(ask.spot(name.span.end), format!(": {text}"))],
    ))
}

/// A `let` without its type, where the value says the same.
fn without_type(ask: &Ask<'_>) -> Option<Action> {
    let StatementKind::Let {
        name,
        ty: Some(ty),
        value,
        tails,
        ..
    } = &ask.statement()?.kind
    else {
        return None;
    };
    if !(ask.touches(name.span) || ask.touches(ty.span)) || !tails.is_empty() {
        return None;
    }
    let own = super::fill::type_of(ask, value)?;
    let same = type_text(ask, &own)? == ask.slice(ty.span);
    let between = Span::new(ask.id, name.span.end, value.span.start);
    same.then(|| {
        action(
            ActionKind::Rewrite,
            "leave its type out",
            vec![edit(between, " = ")],
        )
    })
}

fn changeable(ask: &Ask<'_>) -> Option<Action> {
    let statement = ask.statement()?;
    let StatementKind::Let { mutable, name, .. } = &statement.kind else {
        return None;
    };
    let word = Span {
        end: statement.span.start + 3,
        ..statement.span
    };
    if *mutable || !ask.touches(name.span) && !ask.touches(word) {
        return None;
    }
    (ask.slice(word) == "let").then(|| {
        action(
            ActionKind::Rewrite,
            "make it changeable with `var`",
            vec![edit(word, "var")],
        )
    })
}
