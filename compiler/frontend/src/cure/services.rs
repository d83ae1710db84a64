//! Fixes of services, policies, gateways and what is said of them.

use super::{header, one, text, text::span_at, tree};
use crate::{
    ast::{Expr, ExprKind, Ident, Item, ItemKind, Part, Service, Setting, StatementKind, TypeKind},
    resolve::Resolved,
};
use flowmesh_diagnostics::{Diagnostic, Edit, Fix, Source, Span, nearest};

pub(super) fn fix(resolved: &Resolved, source: &Source, diagnostic: &Diagnostic) -> Option<Fix> {
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
        507 => shared_out(resolved, source, diagnostic),
        515 => {
            let error = word.split('(').next().unwrap_or(word);
            header::with_error(source, other?, error)
        }
        516 => named_by(resolved, diagnostic),
        517 if word.starts_with('"') => match word.trim_matches('"').split_once("://") {
            None => Some(one("begin with `http://`", inside, "http://")),
            Some((scheme, _)) => {
                let near = nearest(scheme, ["http", "dns", "srv"]).filter(|near| *near != scheme)?;
                let end = inside.start + u32::try_from(scheme.len()).ok()?;
                Some(one(format!("replace by {near}"), Span { end, ..inside }, near))
            }
        },
        518 => at_the_head(source, span, "say where it is", "at: \"http://127.0.0.1:8080\""),
        519 if word.starts_with('"') => Some(one("begin with `/`", inside, "/")),
        520 => set_once(resolved, span),
        521 => with_route(resolved, span),
        523 => Some(one(
            "leave it out of `fails`",
            super::only_error(source, span),
            "",
        )),
        527 if word != "resume" => {
            let whole = text::back_over(source, span, "stream")?;
            Some(one("answer with a list", whole, format!("[{word}]")))
        }
        527 | 529 => {
            let setting = tree::setting(resolved, span)?;
            Some(one(
                format!("remove `{word}`"),
                setting.name.span.to(setting.value.span),
                "",
            ))
        }
        536 => merged(resolved, source, span, other?),
        573 => renamed(source, diagnostic),
        537 if diagnostic.message.starts_with("nothing") => at_the_head(
            source,
            span,
            "say where it listens",
            "listen: \"http://127.0.0.1:8080\"",
        ),
        537 if word.starts_with('"') && !word.contains("://") => {
            Some(one("begin with `http://`", inside, "http://"))
        }
        544 => moved_once(resolved, span),
        _ => None,
    }
}

/// The settings of a second `mesh` in the first.
fn merged(resolved: &Resolved, source: &Source, word: Span, first: Span) -> Option<Fix> {
    let item = tree::item(resolved, word)?;
    let (ItemKind::Mesh { settings, .. }, ItemKind::Mesh { settings: known, .. }) =
        (&item.kind, &tree::item(resolved, first)?.kind)
    else {
        return None;
    };
    let last = known.last()?.value.span;
    let behind = span_at(last, last.end as usize);
    let alone = text::line_before(source, known.last()?.name.span)
        .trim()
        .is_empty();
    let gap = if alone { "\n" } else { ", " };
    let new = |setting: &&Setting| known.iter().all(|known| known.name.text != setting.name.text);
    let moved = settings.iter().filter(new).map(|setting| {
        let whole = setting.name.span.to(setting.value.span);
        format!("{gap}{}", text::dedented(source, whole))
    });
    let edit = |span, text: String| Edit { span, text };
    Some(Fix {
        title: "move its settings to the first `mesh`".to_owned(),
        edits: vec![edit(behind, moved.collect()), edit(item.span, String::new())],
    })
}

/// An operation, and its calls, under the name that the document of its service has for it.
fn renamed(source: &Source, diagnostic: &Diagnostic) -> Option<Fix> {
    let name = diagnostic
        .help
        .as_ref()?
        .strip_prefix("call it `")?
        .split('`')
        .next()?;
    let own = source.slice(diagnostic.span);
    let called = |span: &Span| {
        let before = source.text.get(..span.start as usize).unwrap_or("");
        *span == diagnostic.span || before.ends_with('.')
    };
    let places = text::places_of(source, diagnostic.span, own)
        .into_iter()
        .filter(called);
    let edit = |span| Edit {
        span,
        text: name.to_owned(),
    };
    Some(Fix {
        title: format!("rename to {name}"),
        edits: places.map(edit).collect(),
    })
}

/// An entry at the head of what is declared under a name.
fn at_the_head(source: &Source, name: Span, title: &str, entry: &str) -> Option<Fix> {
    let at = header::after_brace(source, name)?;
    let rest = source.text.get(at..)?.lines().next().unwrap_or("").trim();
    let end = if rest.is_empty() { "" } else { "\n " };
    Some(one(title, span_at(name, at), format!("\n  {entry}{end}")))
}

/// Weights that add up: what is missing goes to those without a weight, else to the last.
fn shared_out(resolved: &Resolved, source: &Source, diagnostic: &Diagnostic) -> Option<Fix> {
    let parts = weights(resolved, diagnostic.span)?;
    let mut sum = 0u32;
    let mut open = Vec::new();
    for (name, weight) in &parts {
        match weight.map(|weight| source.slice(weight.span)) {
            Some(text) => sum = sum.checked_add(text.strip_suffix('%')?.parse().ok()?)?,
            None => open.push(*name),
        }
    }
    if open.is_empty() {
        let (name, last) = parts.last()?;
        let last = (*last)?;
        let own: u32 = source.slice(last.span).strip_suffix('%')?.parse().ok()?;
        let rest = 100u32
            .checked_sub(sum.checked_sub(own)?)
            .filter(|rest| *rest > 0)?;
        let title = format!("give {} {rest}%", name.text);
        return Some(one(title, last.span, format!("{rest}%")));
    }
    let count = u32::try_from(open.len()).ok()?;
    let rest = 100u32.checked_sub(sum).filter(|rest| rest % count == 0)?;
    let share = rest.checked_div(count).filter(|share| *share > 0)?;
    let edit = |name: &Ident| Edit {
        span: span_at(name.span, name.span.end as usize),
        text: format!(" {share}%"),
    };
    Some(Fix {
        title: format!("give each {share}%"),
        edits: open.into_iter().map(edit).collect(),
    })
}

/// The parts of the route or `shift` around a place, each with its weight.
fn weights(resolved: &Resolved, place: Span) -> Option<Vec<(&Ident, Option<&Expr>)>> {
    if let Some(service) = service(resolved, place) {
        let rules = &service.route.as_ref()?.rules;
        let rule = rules.iter().find(|rule| tree::holds(rule.span, place))?;
        let parts = rule.split.iter();
        return Some(parts.map(|(name, weight)| (name, weight.as_ref())).collect());
    }
    match &tree::statement(resolved, place)?.kind {
        StatementKind::Shift { weights, .. } => Some(
            weights
                .iter()
                .map(|(name, weight)| (name, Some(weight)))
                .collect(),
        ),
        _ => None,
    }
}

fn service(resolved: &Resolved, place: Span) -> Option<&Service> {
    match &tree::item(resolved, place)?.kind {
        ItemKind::Service(service) => Some(service),
        _ => None,
    }
}

/// A key that is a whole record, by the record's `id`.
fn named_by(resolved: &Resolved, diagnostic: &Diagnostic) -> Option<Fix> {
    let (_, record) = diagnostic.message.rsplit_once("found ")?;
    let items = resolved.modules.iter().flat_map(|module| &module.ast.items);
    let has_id = |item: &Item| match &item.kind {
        ItemKind::Record { name, fields } if name.text == record => fields.iter().any(|field| {
            let plain =
                |words: &[Ident]| matches!(words, [only] if only.text == "string" || only.text == "int");
            field.name.text == "id" && matches!(&field.ty.kind, TypeKind::Name(words) if plain(words))
        }),
        _ => false,
    };
    let end = Span {
        start: diagnostic.span.end,
        ..diagnostic.span
    };
    items
        .into_iter()
        .any(has_id)
        .then(|| one("take its `id`", end, ".id"))
}

/// What is set again, removed with its value.
fn set_once(resolved: &Resolved, name: Span) -> Option<Fix> {
    let title = "remove this one";
    if let Some(setting) = tree::setting(resolved, name) {
        return Some(one(title, setting.name.span.to(setting.value.span), ""));
    }
    let item = tree::item(resolved, name)?;
    let settings = match &item.kind {
        ItemKind::Policy { settings, .. } => settings.as_slice(),
        ItemKind::Service(service) => service.settings.as_slice(),
        ItemKind::Gateway(gateway) => gateway.settings.as_slice(),
        _ => &[],
    };
    let around = settings
        .iter()
        .find(|setting| tree::holds(setting.value.span, name))?;
    Some(one(title, entry(&around.value, name)?, ""))
}

/// The entry of a record or a list that begins at a place.
fn entry(expr: &Expr, place: Span) -> Option<Span> {
    match &expr.kind {
        ExprKind::Record(fields) => {
            let own = fields.iter().find(|(name, _)| name.span == place);
            own.map(|(name, value)| name.span.to(value.span))
                .or_else(|| fields.iter().find_map(|(_, value)| entry(value, place)))
        }
        ExprKind::List(items) => items.iter().map(|item| item.span).find(|span| *span == place),
        _ => {
            let mut found = None;
            expr.each_part(&mut |part, _| {
                if let Part::Expr(part) = part {
                    found = found.or_else(|| entry(part, place));
                }
            });
            found
        }
    }
}

/// A route that leads everything to the first subset, where nothing is said.
fn with_route(resolved: &Resolved, name: Span) -> Option<Fix> {
    let service = service(resolved, name).filter(|service| service.name.span == name)?;
    let first = &service.at.first()?.subset.as_ref()?.text;
    let last = service.at.last()?.value.span;
    let behind = span_at(last, last.end as usize);
    let text = format!("\nroute {{ else -> {first} }}");
    Some(one(format!("send everything to {first}"), behind, text))
}

/// A step that is moved twice, without the second move.
fn moved_once(resolved: &Resolved, from: Span) -> Option<Fix> {
    let ItemKind::Migrate(migrate) = &tree::item(resolved, from)?.kind else {
        return None;
    };
    let again = migrate.moves.iter().find(|(known, _)| known.span == from)?;
    Some(one("remove this move", from.to(again.1.span), ""))
}
