//! The macros that go over lists and the keys of maps.

use super::{
    Value,
    eval::{Names, evaluate_in},
    parse::{Kind, Over},
};

/// What a macro gives.
pub(super) fn over(over: &Over, names: &Names<'_>) -> Result<Value, String> {
    let items = match evaluate_in(&over.range, names)? {
        Value::List(items) => items,
        Value::Map(map) => map.keys().map(super::value::Key::value).collect(),
        other => return Err(format!("nothing goes over a value of the type {}", other.kind())),
    };
    match over.kind {
        Kind::All => fold(over, items, names, false),
        Kind::Exists => fold(over, items, names, true),
        Kind::ExistsOne => one(over, items, names),
        Kind::Filter | Kind::Map => many(over, items, names),
    }
}

/// `all` and `exists` are chains of `&&` and `||`: an item that decides wins over one that is an error, wherever they stand.
fn fold(over: &Over, items: Vec<Value>, names: &Names<'_>, decides: bool) -> Result<Value, String> {
    let mut error = None;
    for item in items {
        match holds(over, &item, names) {
            Ok(is) if is == decides => return Ok(Value::Bool(decides)),
            Ok(_) => {}
            Err(found) => error = error.or(Some(found)),
        }
    }
    error.map_or(Ok(Value::Bool(!decides)), Err)
}

/// `exists_one` looks at every item, and an error is one.
fn one(over: &Over, items: Vec<Value>, names: &Names<'_>) -> Result<Value, String> {
    let mut count = 0;
    for item in items {
        count += usize::from(holds(over, &item, names)?);
    }
    Ok(Value::Bool(count == 1))
}

fn many(over: &Over, items: Vec<Value>, names: &Names<'_>) -> Result<Value, String> {
    let mut all = Vec::new();
    for item in items {
        if holds(over, &item, names)? {
            all.push(match &over.result {
                Some(result) => evaluate_in(result, &names.with(&over.name, &item))?,
                None => item,
            });
        }
    }
    Ok(Value::List(all))
}

fn holds(over: &Over, item: &Value, names: &Names<'_>) -> Result<bool, String> {
    let Some(condition) = &over.condition else {
        return Ok(true);
    };
    match evaluate_in(condition, &names.with(&over.name, item))? {
        Value::Bool(is) => Ok(is),
        other => Err(format!(
            "no such overload: a condition of the type {}",
            other.kind()
        )),
    }
}
