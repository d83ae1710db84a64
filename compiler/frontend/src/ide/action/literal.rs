//! Literals that become a `config` or a `secret`, and texts that become longer ones.

use super::{Action, ActionKind, Ask, action, edit};
use crate::{
    ast::{Expr, ExprKind, ItemKind, Part, Service, TextPart},
    ide::walk,
};

pub(super) fn actions(ask: &Ask<'_>) -> Vec<Action> {
    let Some((literal, place)) = literal(ask) else {
        return Vec::new();
    };
    [config(ask, literal, place), secret(ask, literal, place)]
        .into_iter()
        .flatten()
        .collect()
}

/// Where a literal stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spot {
    /// In the body of a flow, or an address.
    Value,
    /// In what an operation sends.
    Sent,
}

/// The literal at the cursor, where something that is known later can stand as well.
fn literal<'a>(ask: &Ask<'a>) -> Option<(&'a Expr, Spot)> {
    let item = ask.item()?;
    let touched = |expr: &Expr| ask.touches(expr.span) && is_plain(expr);
    match &item.kind {
        ItemKind::Flow(flow) => {
            let mut found = None;
            walk::block(&flow.body, &mut |part| {
                if let Part::Expr(expr) = part
                    && touched(expr)
                    && !is_setting(ask, expr)
                {
                    found = Some((expr, Spot::Value));
                }
            });
            found
        }
        ItemKind::Service(service) => of_service(service, &touched),
        _ => None,
    }
}

fn of_service<'a>(service: &'a Service, touched: &dyn Fn(&Expr) -> bool) -> Option<(&'a Expr, Spot)> {
    let address = service.at.iter().map(|at| &at.value).find(|value| touched(value));
    if let Some(address) = address {
        return Some((address, Spot::Value));
    }
    let settings = service
        .operations
        .iter()
        .flat_map(|operation| &operation.settings);
    let sent = settings.filter(|setting| matches!(setting.name.text.as_str(), "headers" | "body"));
    let mut found = None;
    for setting in sent {
        walk::part(Part::Expr(&setting.value), &mut |part| {
            if let Part::Expr(expr) = part
                && touched(expr)
            {
                found = Some((expr, Spot::Sent));
            }
        });
    }
    found
}

fn is_plain(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Int(_) | ExprKind::Decimal(_) | ExprKind::Duration(_) | ExprKind::Bool(_) => true,
        ExprKind::Text(parts) => matches!(parts.as_slice(), [TextPart::Literal(_)]),
        _ => false,
    }
}

/// Whether a literal stands where a setting or a title has to be known beforehand.
fn is_setting(ask: &Ask<'_>, expr: &Expr) -> bool {
    use crate::syntax::SyntaxKind as K;
    let (_, token) = ask.snapshot.tokens_at(ask.id, expr.span.start);
    token.is_none_or(|token| {
        token.parent_ancestors().any(|node| {
            matches!(
                node.kind(),
                K::With
                    | K::Setting
                    | K::Cache
                    | K::Pattern
                    | K::Shift
                    | K::Fan
                    | K::Step
                    | K::Lock
                    | K::Limited
                    | K::Deadline
                    | K::Within
                    | K::Sleep
                    | K::After
            )
        })
    })
}

fn config(ask: &Ask<'_>, literal: &Expr, place: Spot) -> Option<Action> {
    let text = ask.slice(literal.span);
    let is_address = text.contains("://");
    let ty = match &literal.kind {
        ExprKind::Int(_) => "int",
        ExprKind::Decimal(_) => "decimal",
        ExprKind::Duration(_) => "duration",
        ExprKind::Bool(_) => "bool",
        ExprKind::Text(_) if is_address => "url",
        ExprKind::Text(_) => "string",
        _ => return None,
    };
    if place == Spot::Sent && ty != "string" {
        return None;
    }
    let item = ask.item()?;
    let owner = crate::ide::symbols::name_of(item)?;
    let name = match is_address {
        true => ask.free(&[&format!("{}_url", owner.text)]),
        false => ask.free(&[&format!("{}_setting", owner.text)]),
    };
    let declared = ask.before_item(item, &format!("config {name}: {ty} = {text}"));
    Some(action(
        ActionKind::Extract,
        format!("make it the config `{name}`"),
        vec![declared, edit(literal.span, name)],
    ))
}

fn secret(ask: &Ask<'_>, literal: &Expr, place: Spot) -> Option<Action> {
    let is_text = matches!(literal.kind, ExprKind::Text(_));
    if place != Spot::Sent || !is_text {
        return None;
    }
    let item = ask.item()?;
    let owner = crate::ide::symbols::name_of(item)?;
    let name = ask.free(&[&format!("{}_token", owner.text)]);
    let declared = ask.before_item(item, &format!("secret {name}"));
    Some(action(
        ActionKind::Extract,
        format!("make it the secret `{name}`"),
        vec![declared, edit(literal.span, name)],
    ))
}
