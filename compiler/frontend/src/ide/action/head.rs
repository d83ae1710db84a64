//! The heads of flows and operations: keys, results, documentation.

use super::{Action, ActionKind, Ask, action, edit};
use crate::{
    ast::{Field, Flow, ItemKind, Operation, TypeKind},
    cure::with_key,
};

pub(super) fn actions(ask: &Ask<'_>) -> Vec<Action> {
    let mut found = Vec::new();
    if let Some(ItemKind::Service(service)) = ask.item().map(|item| &item.kind) {
        let operation = service
            .operations
            .iter()
            .find(|operation| ask.touches(operation.span));
        found.extend(operation.and_then(|operation| keyed_operation(ask, operation)));
    }
    if let Some(flow) = ask.flow().filter(|flow| ask.touches(flow.name.span)) {
        found.extend(keyed_flow(ask, flow));
        found.extend(timed_flow(ask, flow));
    }
    found.extend(documented(ask));
    found
}

/// An operation that may not be repeated gets a key: one of its parameters if that names it, else that of the run.
fn keyed_operation(ask: &Ask<'_>, operation: &Operation) -> Option<Action> {
    let repeatable = matches!(
        operation.binding.text.as_str(),
        "GET" | "HEAD" | "PUT" | "DELETE" | "OPTIONS" | "run" | "worker" | "grpc"
    );
    let keyed = operation
        .settings
        .iter()
        .any(|setting| setting.name.text == "key");
    if repeatable || keyed || operation.stream {
        return None;
    }
    let fix = with_key(ask.source, operation.name.span)?;
    let key = operation.params.iter().find_map(identifier);
    let edits = fix.edits.into_iter().map(|mut edit| {
        if let Some(key) = &key {
            edit.text = edit.text.replace("run.id", key);
        }
        edit
    });
    Some(action(
        ActionKind::Rewrite,
        "give it a `key`, so that it may be repeated",
        edits.collect(),
    ))
}

/// A parameter that names something, as a key.
fn identifier(param: &Field) -> Option<String> {
    let plain = matches!(&param.ty.kind, TypeKind::Name(words) if matches!(words.as_slice(), [word] if word.text == "string" || word.text == "int"));
    let name = param.name.text.as_str();
    (plain && (name == "id" || name.ends_with("_id"))).then(|| name.to_owned())
}

/// `key`: starting the flow twice is one run.
fn keyed_flow(ask: &Ask<'_>, flow: &Flow) -> Option<Action> {
    if flow.key.is_some() || flow.is_template() || flow.trigger.is_some() {
        return None;
    }
    let globals = &ask.snapshot.analysis.checked.globals;
    let signature = globals.flows.iter().find(|known| known.span == flow.name.span)?;
    let key = flow.params.iter().find_map(identifier).or_else(|| {
        signature.params.iter().find_map(|param| {
            let (_, fields) = globals.record(&param.ty)?;
            let id = fields.iter().find(|field| field.name == "id")?;
            globals.fits(&id.ty, &crate::check::Ty::String)?;
            Some(format!("{}.id", param.name))
        })
    })?;
    let at = ask.spot(flow.body.span.start);
    let title = format!("give it the key `{key}`: started twice it is one run");
    Some(action(
        ActionKind::Rewrite,
        title,
        vec![edit(at, format!("key {key} "))],
    ))
}

/// `timeout`: as long as its calls can take.
fn timed_flow(ask: &Ask<'_>, flow: &Flow) -> Option<Action> {
    let said = flow.settings.iter().any(|setting| setting.name.text == "timeout");
    let one_line = !ask.slice(flow.body.span).starts_with("{\n");
    if said || one_line {
        return None;
    }
    let analysis = &ask.snapshot.analysis;
    let at = analysis
        .checked
        .globals
        .flows
        .iter()
        .position(|known| known.span == flow.name.span)?;
    let id = flowmesh_ir::FlowId(u32::try_from(at).ok()?);
    let time = flowmesh_ir::worst::flow(analysis.program.as_ref()?, id);
    if time.open || time.ms == 0 {
        return None;
    }
    let shown = crate::check::time(time.ms);
    let text = format!("\n  timeout: {shown}");
    let title = format!("give it a timeout of {shown}");
    Some(action(
        ActionKind::Rewrite,
        title,
        vec![edit(ask.spot(flow.body.span.start + 1), text)],
    ))
}

/// `///` before a declaration that says nothing of itself.
fn documented(ask: &Ask<'_>) -> Option<Action> {
    let item = ask.item()?;
    let name = crate::ide::symbols::name_of(item).filter(|name| ask.touches(name.span))?;
    if item.doc.is_some() {
        return None;
    }
    let words = name.text.replace('_', " ");
    let mut text = words.clone();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let start = ask.spot(item.span.start);
    Some(action(
        ActionKind::Generate,
        "document it",
        vec![edit(start, format!("/// {text}.\n"))],
    ))
}
