//! Methods of lists.

use super::operator::operator;
use crate::cel::{
    Value,
    value::{equal, order},
};
use std::cmp::Ordering;

/// What a method of a list gives; nothing where there is none of this name for these arguments.
pub(super) fn method(items: &[Value], name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    let place = |at: Option<usize>| Value::Int(at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1));
    Some(match (name, arguments) {
        ("size", []) => Ok(Value::Int(i64::try_from(items.len()).unwrap_or(i64::MAX))),
        ("join", []) => join(items, ""),
        ("join", [Value::Text(between)]) => join(items, between),
        ("indexOf", [of]) => Ok(place(items.iter().position(|item| equal(item, of)))),
        ("lastIndexOf", [of]) => Ok(place(items.iter().rposition(|item| equal(item, of)))),
        ("isSorted", []) => sorted(items),
        ("sum", []) => sum(items),
        ("min", []) => most(items, Ordering::Less),
        ("max", []) => most(items, Ordering::Greater),
        _ => return None,
    })
}

fn join(items: &[Value], between: &str) -> Result<Value, String> {
    let texts = items.iter().map(|item| match item {
        Value::Text(text) => Ok(text.as_str()),
        other => Err(format!("no such overload: join of {}", other.kind())),
    });
    Ok(Value::Text(texts.collect::<Result<Vec<_>, _>>()?.join(between)))
}

fn sorted(items: &[Value]) -> Result<Value, String> {
    for pair in items.windows(2) {
        if order(&pair[0], &pair[1])?.is_none_or(Ordering::is_gt) {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

/// The sum of nothing is zero.
fn sum(items: &[Value]) -> Result<Value, String> {
    let Some((first, rest)) = items.split_first() else {
        return Ok(Value::Int(0));
    };
    rest.iter().try_fold(first.clone(), |sum, item| {
        operator("+", &[sum, item.clone()]).unwrap_or_else(|| Err("no such overload: sum".to_owned()))
    })
}

fn most(items: &[Value], than: Ordering) -> Result<Value, String> {
    let (first, rest) = items.split_first().ok_or("min and max need an item")?;
    rest.iter()
        .try_fold(first, |most, item| {
            Ok(if order(item, most)? == Some(than) {
                item
            } else {
                most
            })
        })
        .cloned()
}
