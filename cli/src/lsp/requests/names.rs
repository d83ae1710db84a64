//! Where names lead, and their other places.

use super::Answer;
use crate::lsp::{
    client::Client,
    from_protocol::{At, at, offset},
    state::{Seen, State},
    to_protocol::Paper,
    uri,
};
use flowmesh_frontend::ide::{self, Role, Target};
use serde_json::{Value, json};

/// The offset of a place in the text of a document.
pub(super) fn offset_in(seen: &Seen<'_>, at: &At, client: &Client) -> u32 {
    let text = seen.snapshot.sources.get(seen.source);
    offset(
        at.position,
        text.map_or("", |source| source.text.as_ref()),
        client.encoding,
    )
}

/// Where the name under the cursor is declared.
pub(super) fn definition(state: &mut State, params: &Value) -> Answer {
    let at = at(params)?;
    let client = state.client.clone();
    let Some(seen) = state.seen(&at.uri) else {
        return Ok(Value::Null);
    };
    let offset = offset_in(&seen, &at, &client);
    let targets = ide::definition(&seen.snapshot, seen.source, offset);
    Ok(led(&seen, &client, &targets))
}

/// Where the type of what is under the cursor is declared.
pub(super) fn type_definition(state: &mut State, params: &Value) -> Answer {
    let at = at(params)?;
    let client = state.client.clone();
    let Some(seen) = state.seen(&at.uri) else {
        return Ok(Value::Null);
    };
    let offset = offset_in(&seen, &at, &client);
    let target = ide::type_definition(&seen.snapshot, seen.source, offset);
    Ok(led(&seen, &client, target.as_slice()))
}

fn led(seen: &Seen<'_>, client: &Client, targets: &[Target]) -> Value {
    let mut paper = Paper::new(&seen.snapshot.sources, client);
    let mut all = Vec::new();
    for target in targets {
        let Some(location) = paper.location(&seen.desk, target.name) else {
            continue;
        };
        all.push(match client.links {
            false => location.shown(),
            true => json!({
                "originSelectionRange": paper.range(target.from),
                "targetUri": location.uri,
                "targetRange": paper.range(target.whole),
                "targetSelectionRange": location.range,
            }),
        });
    }
    Value::Array(all)
}

/// Every place of the name under the cursor, in all modules of the project.
pub(super) fn references(state: &mut State, params: &Value) -> Answer {
    let at = at(params)?;
    let declared = params.pointer("/context/includeDeclaration") == Some(&Value::Bool(true));
    let client = state.client.clone();
    let Some(seen) = state.among(&at.uri) else {
        return Ok(Value::Null);
    };
    let offset = offset_in(&seen, &at, &client);
    let places = ide::references(&seen.snapshot, seen.source, offset, declared);
    let mut paper = Paper::new(&seen.snapshot.sources, &client);
    let places = places
        .iter()
        .filter_map(|place| Some(paper.location(&seen.desk, place.span)?.shown()));
    Ok(Value::Array(places.collect()))
}

/// Its places in this text.
pub(super) fn highlights(state: &mut State, params: &Value) -> Answer {
    const READ: u8 = 2;
    const WRITTEN: u8 = 3;
    let at = at(params)?;
    let client = state.client.clone();
    let Some(seen) = state.seen(&at.uri) else {
        return Ok(Value::Null);
    };
    let offset = offset_in(&seen, &at, &client);
    let places = ide::highlights(&seen.snapshot, seen.source, offset);
    let mut paper = Paper::new(&seen.snapshot.sources, &client);
    let highlight = |place: &ide::Occurrence| {
        let kind = if place.role == Role::Used { READ } else { WRITTEN };
        json!({ "range": paper.range(place.span), "kind": kind })
    };
    Ok(Value::Array(places.iter().map(highlight).collect()))
}

/// Whether it can be called otherwise, and what it is called now.
pub(super) fn prepare_rename(state: &mut State, params: &Value) -> Answer {
    let at = at(params)?;
    let client = state.client.clone();
    let Some(seen) = state.among(&at.uri) else {
        return Ok(Value::Null);
    };
    let offset = offset_in(&seen, &at, &client);
    let found = ide::prepare_rename(&seen.snapshot, seen.source, offset)?;
    let mut paper = Paper::new(&seen.snapshot.sources, &client);
    Ok(json!({ "range": paper.range(found.span), "placeholder": found.name }))
}

/// Calls it otherwise, everywhere.
pub(super) fn rename(state: &mut State, params: &Value) -> Answer {
    let at = at(params)?;
    let name = params
        .get("newName")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let client = state.client.clone();
    let Some(seen) = state.among(&at.uri) else {
        return Ok(Value::Null);
    };
    let offset = offset_in(&seen, &at, &client);
    let edits = ide::rename(&seen.desk, &seen.snapshot, seen.source, offset, &name)?;
    let mut paper = Paper::new(&seen.snapshot.sources, &client);
    let edits = paper.edits(&seen.desk, &client, &edits);
    edits.ok_or_else(|| "some of its places are not in the project".to_owned())
}

/// What else has to change where files get other names.
pub(super) fn files_moved(state: &mut State, params: &Value) -> Answer {
    let client = state.client.clone();
    let files = params
        .get("files")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let pairs = files.iter().filter_map(|file| {
        let name = |field: &str| file.get(field).and_then(Value::as_str);
        Some((name("oldUri")?.to_owned(), name("newUri")?.to_owned()))
    });
    let pairs: Vec<(String, String)> = pairs.collect();
    let Some((first, _)) = pairs.first() else {
        return Ok(Value::Null);
    };
    // A folder is no module: one that lies in it is asked for its project.
    let root = within(first);
    let Some(seen) = state.among(&root) else {
        return Ok(Value::Null);
    };
    let mut moves = Vec::new();
    for (old, new) in &pairs {
        let (Some(old), Some(new)) = (seen.desk.name_of(old), seen.desk.name_of(new)) else {
            continue;
        };
        let inside = format!("{old}/");
        let names = seen
            .snapshot
            .sources
            .iter()
            .map(|(_, source)| source.name.to_string());
        for name in names {
            match name.strip_prefix(&inside) {
                Some(rest) => moves.push((name.clone(), format!("{new}/{rest}"))),
                None if name == old => moves.push((old.clone(), new.clone())),
                None => {}
            }
        }
    }
    let edits = ide::files_moved(&seen.snapshot, &moves);
    let mut paper = Paper::new(&seen.snapshot.sources, &client);
    Ok(paper.edits(&seen.desk, &client, &edits).unwrap_or_default())
}

fn within(uri: &str) -> String {
    let folder = uri::path(uri).filter(|path| path.is_dir());
    match folder {
        Some(folder) => uri::of(&folder.join("_.flow")),
        None => uri.to_owned(),
    }
}
