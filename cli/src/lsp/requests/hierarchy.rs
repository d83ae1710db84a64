//! Who calls whom, step by step.

use super::{Answer, kinds, names::offset_in};
use crate::lsp::{
    client::Client,
    from_protocol::at,
    state::{Seen, State},
    to_protocol::Paper,
};
use flowmesh_frontend::ide::{self, Calls, NameKind, Party};
use serde_json::{Value, json};

/// Who stands under the cursor.
pub(super) fn prepare(state: &mut State, params: &Value) -> Answer {
    let at = at(params)?;
    let client = state.client.clone();
    let Some(seen) = state.among(&at.uri) else {
        return Ok(Value::Null);
    };
    let offset = offset_in(&seen, &at, &client);
    let party = ide::call_party(&seen.snapshot, seen.source, offset);
    let mut paper = Paper::new(&seen.snapshot.sources, &client);
    let shown = party.and_then(|party| shown(&mut paper, &seen, &party));
    Ok(shown.map_or(Value::Null, |shown| json!([shown])))
}

fn shown(paper: &mut Paper<'_>, seen: &Seen<'_>, party: &Party) -> Option<Value> {
    let location = paper.location(&seen.desk, party.span)?;
    let detail = match party.kind {
        NameKind::Gateway => "gateway",
        NameKind::Schedule => "schedule",
        NameKind::Flow => "flow",
        _ => "operation",
    };
    Some(json!({
        "name": party.name,
        "kind": kinds::named(party.kind),
        "detail": detail,
        "uri": location.uri,
        "range": paper.range(party.whole),
        "selectionRange": location.range,
    }))
}

/// Who calls it, in all modules.
pub(super) fn incoming(state: &mut State, params: &Value) -> Answer {
    answered(state, params, ide::incoming_calls, "from")
}

/// Whom it calls.
pub(super) fn outgoing(state: &mut State, params: &Value) -> Answer {
    answered(state, params, ide::outgoing_calls, "to")
}

fn answered(
    state: &mut State,
    params: &Value,
    calls: fn(&ide::Snapshot, &Party) -> Vec<Calls>,
    side: &str,
) -> Answer {
    let client = state.client.clone();
    let at = at(&of_item(params)?)?;
    let Some(seen) = state.among(&at.uri) else {
        return Ok(Value::Null);
    };
    let offset = offset_in(&seen, &at, &client);
    let Some(party) = ide::call_party(&seen.snapshot, seen.source, offset) else {
        return Ok(Value::Null);
    };
    let found = calls(&seen.snapshot, &party);
    Ok(Value::Array(listed(&seen, &client, &found, side)))
}

fn listed(seen: &Seen<'_>, client: &Client, found: &[Calls], side: &str) -> Vec<Value> {
    let mut paper = Paper::new(&seen.snapshot.sources, client);
    let each = found.iter().filter_map(|calls| {
        let party = shown(&mut paper, seen, &calls.party)?;
        let places: Vec<Value> = calls.places.iter().map(|place| paper.range(*place)).collect();
        Some(json!({ side: party, "fromRanges": places }))
    });
    each.collect()
}

/// The place of the name that the editor was shown, as a request has it.
fn of_item(params: &Value) -> Answer {
    let item = params.get("item").ok_or("expected `item`")?;
    Ok(json!({
        "textDocument": { "uri": item.get("uri") },
        "position": item.pointer("/selectionRange/start"),
    }))
}
