//! Patches, and whose field is whose.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A field: the names that lead to it. Lists are one field, but for owners, of which each is.
pub(super) type Path = Vec<String>;

/// Who has which fields.
pub(super) type Managers = BTreeMap<String, BTreeSet<Path>>;

/// A merge patch (RFC 7386).
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let target = target.as_object_mut().unwrap();
    for (name, patch) in patch {
        match patch {
            Value::Null => drop(target.remove(name)),
            patch => merge(target.entry(name.clone()).or_insert(Value::Null), patch),
        }
    }
}

/// The fields that an object says, without those by which it is known.
pub(super) fn fields(object: &Value) -> BTreeSet<Path> {
    let mut all = BTreeSet::new();
    gather(object, &mut Vec::new(), &mut all);
    let known = [
        ["apiVersion"].as_slice(),
        &["kind"],
        &["metadata", "name"],
        &["metadata", "namespace"],
    ];
    all.retain(|path| !known.contains(&path.iter().map(String::as_str).collect::<Vec<_>>().as_slice()));
    all
}

fn gather(value: &Value, path: &mut Path, all: &mut BTreeSet<Path>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                path.push(name.clone());
                gather(value, path, all);
                path.pop();
            }
        }
        Value::Array(owners) if path == &["metadata", "ownerReferences"] => {
            for owner in owners {
                path.push(owner["uid"].as_str().unwrap().to_owned());
                all.insert(path.clone());
                path.pop();
            }
        }
        _ => drop(all.insert(path.clone())),
    }
}

/// The value of a field.
pub(super) fn at<'v>(object: &'v Value, path: &Path) -> Option<&'v Value> {
    path.iter().try_fold(object, |value, name| match value {
        Value::Array(owners) => owners.iter().find(|owner| owner["uid"] == **name),
        value => value.get(name),
    })
}

/// Gives a field a value.
pub(super) fn put(object: &mut Value, path: &[String], value: &Value) {
    let [name, rest @ ..] = path else {
        *object = value.clone();
        return;
    };
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    if name == "ownerReferences" && rest.len() == 1 {
        let owners = object
            .as_object_mut()
            .unwrap()
            .entry(name.clone())
            .or_insert(Value::Array(Vec::new()));
        let owners = owners.as_array_mut().unwrap();
        owners.retain(|owner| owner["uid"] != *rest[0]);
        owners.push(value.clone());
        return;
    }
    put(
        object
            .as_object_mut()
            .unwrap()
            .entry(name.clone())
            .or_insert(Value::Null),
        rest,
        value,
    );
}

/// Takes a field away, and what is empty then.
pub(super) fn take(object: &mut Value, path: &[String]) {
    let [name, rest @ ..] = path else { return };
    match object {
        Value::Array(owners) => owners.retain(|owner| owner["uid"] != **name),
        Value::Object(map) if rest.is_empty() => drop(map.remove(name)),
        Value::Object(map) => {
            let Some(inner) = map.get_mut(name) else { return };
            take(inner, rest);
            let empty =
                inner.as_object().is_some_and(Map::is_empty) || inner.as_array().is_some_and(Vec::is_empty);
            if empty {
                map.remove(name);
            }
        }
        _ => {}
    }
}

/// Applies on the server's side; the conflicts with others, where it is not forced.
pub(super) fn apply(
    live: &Value,
    managers: &mut Managers,
    (manager, wanted): (&str, &Value),
    force: bool,
) -> Result<Value, Vec<String>> {
    let said = fields(wanted);
    let mut conflicts = Vec::new();
    for path in said.iter().filter(|path| at(live, path) != at(wanted, path)) {
        for (other, theirs) in managers.iter().filter(|(other, _)| *other != manager) {
            let over = |one: &Path| one.starts_with(path) || path.starts_with(one);
            if theirs.iter().any(over) {
                conflicts.push(format!("conflict with \"{other}\": .{}", path.join(".")));
            }
        }
    }
    if !conflicts.is_empty() && !force {
        return Err(conflicts);
    }
    let mut object = live.clone();
    let before = managers.get(manager).cloned().unwrap_or_default();
    for path in before.difference(&said) {
        let others = managers
            .iter()
            .any(|(other, theirs)| other != manager && theirs.contains(path));
        if !others {
            take(&mut object, path);
        }
    }
    for path in &said {
        let changed = at(live, path) != at(wanted, path);
        put(&mut object, path, at(wanted, path).unwrap());
        if changed {
            for theirs in managers.values_mut() {
                theirs.remove(path);
            }
        }
    }
    managers.insert(manager.to_owned(), said);
    Ok(object)
}

/// Who wrote a field in another way has it.
pub(super) fn wrote(before: &Value, after: &Value, managers: &mut Managers, manager: &str) {
    let changed: Vec<Path> = fields(after)
        .into_iter()
        .filter(|path| at(before, path) != at(after, path))
        .collect();
    for path in changed {
        for theirs in managers.values_mut() {
            theirs.remove(&path);
        }
        managers.entry(manager.to_owned()).or_default().insert(path);
    }
}
