//! Writes a test for a flow: what it calls is mocked, it is started, and what it comes to is expected.

use super::{Action, ActionKind, Ask, action, fill::sample};
use crate::{
    ast::ItemKind,
    check::{Signature, Ty},
    ide::calls::{call_party, outgoing_calls},
    ide::names::NameKind,
};
use flowmesh_diagnostics::Span;
use std::collections::BTreeSet;

pub(super) fn actions(ask: &Ask<'_>) -> Vec<Action> {
    test(ask).into_iter().collect()
}

fn test(ask: &Ask<'_>) -> Option<Action> {
    let (item, flow) = (ask.item()?, ask.flow()?);
    if !ask.touches(flow.name.span) || flow.is_template() || flow.trigger.is_some() {
        return None;
    }
    let globals = &ask.snapshot.analysis.checked.globals;
    let signature = globals.flows.iter().find(|known| known.span == flow.name.span)?;
    let mut lines = mocks(ask, flow.name.span)?;
    let arguments: Option<Vec<String>> = signature
        .params
        .iter()
        .map(|param| sample(ask, &param.ty, 0))
        .collect();
    lines.push(format!(
        "let run = start {}({})",
        flow.name.text,
        arguments?.join(", ")
    ));
    lines.push(match waits(flow) {
        true => "expect run is waiting".to_owned(),
        false => "expect run is done".to_owned(),
    });
    let words = flow.name.text.replace('_', " ");
    let title = free_title(ask, &words);
    let text = format!("test \"{title}\" {{\n  {}\n}}", lines.join("\n  "));
    let last = ask.snapshot.ast(ask.id)?.items.last().unwrap_or(item);
    Some(action(
        ActionKind::Generate,
        "write a test for it",
        vec![ask.after_item(last, &text)],
    ))
}

fn free_title(ask: &Ask<'_>, words: &str) -> String {
    let known: BTreeSet<String> = ask
        .snapshot
        .ast(ask.id)
        .into_iter()
        .flat_map(|module| &module.items)
        .filter_map(|item| match &item.kind {
            ItemKind::Test(test) => Some(crate::ide::symbols::title(test)),
            _ => None,
        })
        .collect();
    let mut titles = std::iter::once(format!("{words} is done"))
        .chain((2..100).map(|at| format!("{words} is done ({at})")));
    titles.find(|title| !known.contains(title)).unwrap_or_default()
}

/// A mock for each operation that the flow calls, itself or by a child.
fn mocks(ask: &Ask<'_>, flow: Span) -> Option<Vec<String>> {
    let mut open = vec![call_party(ask.snapshot, flow.source, flow.start)?];
    let (mut seen, mut lines, mut done) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
    while let Some(party) = open.pop() {
        if !seen.insert(party.span.start) || seen.len() > 64 {
            continue;
        }
        for calls in outgoing_calls(ask.snapshot, &party) {
            match calls.party.kind {
                NameKind::Flow => open.push(calls.party),
                _ if done.insert(calls.party.name.clone()) => {
                    lines.push(mock(ask, calls.places.first().copied()?, &calls.party.name)?);
                }
                _ => {}
            }
        }
    }
    Some(lines)
}

fn mock(ask: &Ask<'_>, place: Span, name: &str) -> Option<String> {
    let globals = &ask.snapshot.analysis.checked.globals;
    let (service, operation) = name.split_once('.')?;
    let owner = globals.services.iter().find(|known| known.name == service)?;
    let info = owner
        .operations
        .iter()
        .find(|known| known.signature.name == operation)?;
    let signature: &Signature = &info.signature;
    let written = ask.snapshot.sources.get(place.source)?;
    let before = written.text.get(..place.start as usize)?.strip_suffix('.')?;
    let letter = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let path = before.get(before.trim_end_matches(letter).len()..)?;
    let any = vec!["_"; signature.params.len()].join(", ");
    let answer = match &signature.result {
        Ty::Unit => "none".to_owned(),
        ty if info.stream => format!("[{}]", sample(ask, ty, 0)?),
        ty => sample(ask, ty, 0)?,
    };
    Some(format!("mock {path}.{operation}({any}) -> {answer}"))
}

/// Whether a flow waits for something that no test sends by itself.
fn waits(flow: &crate::ast::Flow) -> bool {
    use crate::ast::StatementKind as S;
    let mut waits = false;
    crate::ide::walk::statements(&flow.body, &mut |statement| {
        waits |= matches!(
            statement.kind,
            S::Await { .. } | S::AwaitAny { .. } | S::Sleep { .. } | S::SleepUntil { .. }
        );
    });
    waits
}
