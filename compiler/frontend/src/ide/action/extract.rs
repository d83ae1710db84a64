//! Takes parts out under names of their own: policies, flows, steps.

use super::{Action, ActionKind, Ask, action, call::result_text, edit, names::type_text};
use crate::{
    ast::{ItemKind, Part, Setting, Statement, StatementKind, free},
    check::{FactKind, Place, SETTINGS},
    cure::text::dedented,
    ide::{names::Role, walk},
};
use flowmesh_diagnostics::Span;
use std::collections::BTreeMap;

pub(super) fn actions(ask: &Ask<'_>) -> Vec<Action> {
    [policy(ask), flow(ask), step(ask)]
        .into_iter()
        .flatten()
        .collect()
}

/// The settings of a service, an operation or a call that a policy can have, as one.
fn policy(ask: &Ask<'_>) -> Option<Action> {
    let item = ask.item()?;
    let (settings, owner) = match &item.kind {
        ItemKind::Service(service) => {
            let operation = service
                .operations
                .iter()
                .find(|operation| ask.touches(operation.span));
            match operation {
                Some(operation) => (operation.settings.as_slice(), operation.name.text.clone()),
                None => (service.settings.as_slice(), service.name.text.clone()),
            }
        }
        ItemKind::Flow(flow) => (with_of(ask)?, flow.name.text.clone()),
        _ => return None,
    };
    if settings.iter().any(|setting| setting.name.text == "policy") {
        return None;
    }
    let fits = |setting: &&Setting| {
        SETTINGS.iter().any(|known| {
            setting.name.text == known.name
                && known.places.contains(&Place::Policy)
                && known.name != "headers"
        })
    };
    let taken: Vec<&Setting> = settings.iter().filter(fits).collect();
    if taken.is_empty()
        || !taken
            .iter()
            .any(|setting| ask.touches(setting.name.span.to(setting.value.span)))
    {
        return None;
    }
    let name = ask.free(&[&format!("{owner}_policy")]);
    let lines: String = taken
        .iter()
        .map(|setting| {
            format!(
                "  {}\n",
                dedented(ask.source, setting.name.span.to(setting.value.span))
            )
        })
        .collect();
    let mut edits = vec![ask.before_item(item, &format!("policy {name} {{\n{lines}}}"))];
    for (at, setting) in taken.iter().enumerate() {
        let whole = setting.name.span.to(setting.value.span);
        edits.push(edit(
            whole,
            if at == 0 {
                format!("policy: {name}")
            } else {
                String::new()
            },
        ));
    }
    Some(action(
        ActionKind::Extract,
        format!("make it the policy `{name}`"),
        edits,
    ))
}

/// The settings of the `with` at the cursor.
fn with_of<'a>(ask: &Ask<'a>) -> Option<&'a [Setting]> {
    let tails = match &ask.statement()?.kind {
        StatementKind::Let { tails, .. }
        | StatementKind::Assign { tails, .. }
        | StatementKind::Expr { tails, .. }
        | StatementKind::Return { tails, .. } => tails,
        _ => return None,
    };
    let (span, settings) = tails.with.as_ref()?;
    ask.touches(*span).then_some(settings.as_slice())
}

/// What is selected, and the text of it.
struct Piece<'a> {
    statements: Vec<&'a Statement>,
    span: Span,
}

fn piece<'a>(ask: &Ask<'a>) -> Option<Piece<'a>> {
    if !ask.is_selection() {
        return None;
    }
    let statements = ask.selected();
    let (first, last) = (statements.first()?, statements.last()?);
    let span = first.span.to(last.span);
    let whole = span.start >= ask.span.start && span.end <= ask.span.end;
    let broken = statements
        .iter()
        .any(|statement| matches!(statement.kind, StatementKind::Bad));
    (whole && !broken).then_some(Piece { statements, span })
}

/// The names that are declared in a piece and read behind it.
fn left_over(ask: &Ask<'_>, piece: &Piece<'_>) -> Vec<Span> {
    let within = |span: Span| piece.span.start <= span.start && span.end <= piece.span.end;
    let names = ask.snapshot.names();
    let declared = names
        .of_text(ask.id)
        .filter(|name| name.role == Role::Declared && within(name.span));
    declared
        .filter(|name| names.of_name(name.declared).any(|place| !within(place.span)))
        .map(|name| name.span)
        .collect()
}

/// Whether a piece leaves what is around it, or has parts that only its flow knows.
fn is_bound(piece: &Piece<'_>, leaves: bool) -> bool {
    use StatementKind as S;
    let mut bound = false;
    for statement in &piece.statements {
        walk::part(Part::Statement(statement), &mut |part| {
            if let Part::Statement(statement) = part {
                bound |= match &statement.kind {
                    S::Break | S::Continue | S::Goto { .. } | S::Return { .. } | S::Restart { .. } => leaves,
                    S::Signal { .. } | S::On { .. } | S::View { .. } | S::State { .. } | S::When { .. } => {
                        true
                    }
                    S::Await { .. } | S::AwaitAny { .. } => leaves,
                    _ => false,
                };
            }
        });
    }
    bound
}

/// The selected statements as a flow of their own, which is called in their place.
fn flow(ask: &Ask<'_>) -> Option<Action> {
    let piece = piece(ask)?;
    let (item, outer) = (ask.item()?, ask.flow()?);
    if is_bound(&piece, true) || outer.is_template() || assigns(ask, &piece) {
        return None;
    }
    let left = left_over(ask, &piece);
    let result = match left.as_slice() {
        [] => None,
        [only] => Some(*only),
        _ => return None,
    };
    let mut params: BTreeMap<String, String> = BTreeMap::new();
    for (name, span) in piece
        .statements
        .iter()
        .flat_map(|statement| free::names(statement))
    {
        let facts = ask.snapshot.analysis.checked.facts.iter();
        let fact = facts
            .filter(|fact| fact.span == span)
            .find(|fact| matches!(fact.kind, FactKind::Local(..)));
        if let Some(FactKind::Local(_, ty)) = fact.map(|fact| &fact.kind)
            && fact
                .and_then(|fact| fact.declared)
                .is_some_and(|declared| declared.start < piece.span.start || declared.start > piece.span.end)
        {
            params.insert(name.to_string(), type_text(ask, ty)?);
        }
    }
    let name = ask.free(&["part"]);
    let shown: Vec<String> = params.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
    let given: Vec<&str> = params.keys().map(String::as_str).collect();
    let fails = match outer.fails.is_empty() {
        true => String::new(),
        false => failing(ask, &piece, outer)?,
    };
    let (arrow, last, bind) = match result {
        Some(span) => {
            let facts = &ask.snapshot.analysis.checked.facts;
            let fact = facts.iter().find(|fact| fact.span == span)?;
            let FactKind::Local(_, ty) = &fact.kind else {
                return None;
            };
            let word = ask.slice(span);
            let ty = result_text(ask, ty)?;
            (
                format!(" -> {ty}"),
                format!("\n  return {word}"),
                format!("let {word} = "),
            )
        }
        None => (String::new(), String::new(), String::new()),
    };
    let body = dedented(ask.source, piece.span).replace('\n', "\n  ");
    let text = format!(
        "flow {name}({}){arrow}{fails} {{\n  {body}{last}\n}}",
        shown.join(", ")
    );
    let call = format!("{bind}{name}({})", given.join(", "));
    let edits = vec![edit(piece.span, call), ask.after_item(item, &text)];
    Some(action(
        ActionKind::Extract,
        format!("make it the flow `{name}`"),
        edits,
    ))
}

/// The errors of the flow around that a piece may end with.
fn failing(ask: &Ask<'_>, piece: &Piece<'_>, outer: &crate::ast::Flow) -> Option<String> {
    let text = ask.slice(piece.span);
    let globals = &ask.snapshot.analysis.checked.globals;
    let within =
        |span: Span| span.source == ask.id && piece.span.start <= span.start && span.end <= piece.span.end;
    let facts = ask
        .snapshot
        .analysis
        .checked
        .facts
        .iter()
        .filter(|fact| within(fact.span));
    let mut raised: Vec<String> = Vec::new();
    for fact in facts {
        let fails = match &fact.kind {
            FactKind::Operation(service, operation, _) => {
                &globals.operation(service.0, *operation)?.signature.fails
            }
            FactKind::Def(crate::resolve::Def::Flow(id)) => &globals.flows.get(*id as usize)?.fails,
            _ => continue,
        };
        raised.extend(
            fails
                .iter()
                .filter_map(|(id, _)| Some(globals.error(*id)?.name.to_string())),
        );
    }
    let fails = outer.fails.iter().map(|error| error.text.as_str());
    let own: Vec<&str> = fails
        .filter(|name| {
            text.contains(&format!("fail {name}"))
                || raised.iter().any(|raised| raised == name) && !text.contains(&format!("catch {name}"))
        })
        .collect();
    Some(if own.is_empty() {
        String::new()
    } else {
        format!(" fails {}", own.join(", "))
    })
}

/// Whether a piece assigns what is declared around it.
fn assigns(ask: &Ask<'_>, piece: &Piece<'_>) -> bool {
    let mut assigns = false;
    for statement in &piece.statements {
        walk::part(Part::Statement(statement), &mut |part| {
            if let Part::Statement(Statement {
                kind: StatementKind::Assign { name, .. },
                ..
            }) = part
            {
                let here = ask.snapshot.names().at(ask.id, name.span.start);
                let outer = here.iter().any(|name| {
                    name.declared.start < piece.span.start || name.declared.start > piece.span.end
                });
                assigns |= outer || here.is_empty();
            }
        });
    }
    assigns
}

/// The selected statements as a step that people see.
fn step(ask: &Ask<'_>) -> Option<Action> {
    let piece = piece(ask)?;
    ask.flow()?;
    let left = left_over(ask, &piece);
    if is_bound(&piece, false) || !left.is_empty() {
        return None;
    }
    let name = ask.free(&["part"]);
    let body = dedented(ask.source, piece.span).replace('\n', "\n  ");
    let text = format!("step {name} \"What is done\" {{\n  {body}\n}}");
    Some(action(
        ActionKind::Extract,
        format!("make it the step `{name}`"),
        vec![edit(piece.span, text)],
    ))
}
