//! Programs that nobody would write: the JSON of one changed here and there, so that it still loads.

use crate::mutate::Random;
use flowmesh_ir::json;
use serde_json::{Map, Value};

/// How often a change is tried.
const TRIES: usize = 12;

/// How large a number is made at the most.
const NUMBER_MAX: usize = 12;

/// A program made from one of the corpus, with parts of others. Every change that it keeps left a program that loads.
pub(super) fn altered(corpus: &[String], random: &mut Random) -> String {
    let mut text = corpus[random.below(corpus.len())].clone();
    let other: Value = parsed(&corpus[random.below(corpus.len())]);
    let mut program = parsed(&text);
    for _ in 0..=random.below(TRIES) {
        let mut changed = program.clone();
        // Where things stand in the text is of no interest, and would be changed most often.
        if let Some(object) = changed.as_object_mut() {
            object.remove("origins");
        }
        change(&mut changed, &other, random);
        let written = changed.to_string();
        if json::load(written.as_bytes()).is_ok() {
            (program, text) = (changed, written);
        }
    }
    text
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Changes one place.
fn change(program: &mut Value, other: &Value, random: &mut Random) {
    let flows = random.below(4) > 0;
    let root = if flows {
        program.get_mut("flows")
    } else {
        Some(program)
    };
    let Some(root) = root else { return };
    let paths = places(root);
    let Some(path) = paths.get(random.below(paths.len())) else {
        return;
    };
    let own = places(root)
        .into_iter()
        .filter(|place| place.key == path.key)
        .collect::<Vec<_>>();
    let donor = match random.below(3) {
        0 => {
            let places = places(other);
            let places: Vec<_> = places.into_iter().filter(|place| place.key == path.key).collect();
            let place = places.get(random.below(places.len()));
            place.and_then(|place| other.pointer(&place.pointer)).cloned()
        }
        _ => {
            let place = own.get(random.below(own.len()));
            place.and_then(|place| root.pointer(&place.pointer)).cloned()
        }
    };
    if let Some(place) = root.pointer_mut(&path.pointer) {
        alter(place, donor, random);
    }
}

/// A place in a program, and what the nearest name above it is.
struct Place {
    pointer: String,
    key: String,
}

fn places(root: &Value) -> Vec<Place> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), String::new(), root)];
    while let Some((pointer, key, value)) = open.pop() {
        match value {
            Value::Object(members) => open.extend(members.iter().map(|(name, value)| {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                (format!("{pointer}/{escaped}"), name.clone(), value)
            })),
            Value::Array(items) => {
                let items = items.iter().enumerate();
                open.extend(items.map(|(at, value)| (format!("{pointer}/{at}"), key.clone(), value)));
            }
            _ => {}
        }
        found.push(Place { pointer, key });
    }
    found
}

fn alter(place: &mut Value, donor: Option<Value>, random: &mut Random) {
    let choice = random.below(8);
    match place {
        _ if choice < 3 => {
            if let Some(donor) = donor {
                *place = donor;
            }
        }
        Value::Number(_) => *place = Value::from(random.below(NUMBER_MAX)),
        Value::Bool(value) => *value = !*value,
        Value::String(text) if choice == 3 => text.clear(),
        Value::String(text) => text.push('x'),
        Value::Array(items) => alter_list(items, choice, random),
        Value::Object(members) => drop_member(members, random),
        Value::Null => {}
    }
}

fn alter_list(items: &mut Vec<Value>, choice: usize, random: &mut Random) {
    if items.is_empty() {
        return;
    }
    let (at, to) = (random.below(items.len()), random.below(items.len()));
    match choice {
        3 => drop(items.remove(at)),
        4 | 5 => items.insert(to, items[at].clone()),
        _ => items.swap(at, to),
    }
}

/// What may be left out, is.
fn drop_member(members: &mut Map<String, Value>, random: &mut Random) {
    let name = members.keys().nth(random.below(members.len())).cloned();
    if let Some(name) = name {
        members.remove(&name);
    }
}
