//! Methods of strings; places in them are counted in code points.

use super::Value;
use regex::Regex;

/// What a method of a string gives; nothing where there is none of this name for these arguments.
pub(super) fn method(text: &str, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    let value = match (name, arguments) {
        ("size", []) => Ok(size(text)),
        ("contains", [Value::Text(part)]) => Ok(Value::Bool(text.contains(part.as_str()))),
        ("startsWith", [Value::Text(part)]) => Ok(Value::Bool(text.starts_with(part.as_str()))),
        ("endsWith", [Value::Text(part)]) => Ok(Value::Bool(text.ends_with(part.as_str()))),
        ("matches", [Value::Text(pattern)]) => regex(pattern).map(|regex| Value::Bool(regex.is_match(text))),
        ("find", [Value::Text(pattern)]) => {
            regex(pattern).map(|regex| Value::text(regex.find(text).map_or("", |found| found.as_str())))
        }
        ("findAll", [Value::Text(pattern)]) => regex(pattern).map(|regex| {
            let all = regex.find_iter(text).map(|found| Value::text(found.as_str()));
            Value::List(all.collect())
        }),
        ("charAt", [Value::Int(at)]) => between(text, *at, Some(at.saturating_add(1).min(length(text)))),
        ("substring", [Value::Int(start)]) => between(text, *start, None),
        ("substring", [Value::Int(start), Value::Int(end)]) => between(text, *start, Some(*end)),
        ("indexOf", [Value::Text(part)]) => Ok(place(text, text.find(part.as_str()))),
        ("lastIndexOf", [Value::Text(part)]) => Ok(place(text, text.rfind(part.as_str()))),
        ("lowerAscii", []) => Ok(Value::Text(text.to_ascii_lowercase())),
        ("upperAscii", []) => Ok(Value::Text(text.to_ascii_uppercase())),
        ("trim", []) => Ok(Value::text(text.trim())),
        ("replace", [Value::Text(old), Value::Text(new)]) => Ok(Value::Text(text.replace(old.as_str(), new))),
        ("split", [Value::Text(by)]) => Ok(split(text, by)),
        _ => return None,
    };
    Some(value)
}

/// How many code points a string has.
pub(super) fn size(text: &str) -> Value {
    Value::Int(length(text))
}

fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

fn between(text: &str, start: i64, end: Option<i64>) -> Result<Value, String> {
    let most = length(text);
    let end = end.unwrap_or(most);
    if start < 0 || start > end || end > most {
        return Err(format!("index out of range: {start}..{end} of {most}"));
    }
    let (start, count) = (
        usize::try_from(start).unwrap_or(0),
        usize::try_from(end - start).unwrap_or(0),
    );
    Ok(Value::Text(text.chars().skip(start).take(count).collect()))
}

fn place(text: &str, at: Option<usize>) -> Value {
    Value::Int(at.map_or(-1, |at| length(&text[..at])))
}

/// By nothing, a string falls into its code points.
fn split(text: &str, by: &str) -> Value {
    let parts: Vec<Value> = if by.is_empty() {
        text.chars().map(|c| Value::Text(c.to_string())).collect()
    } else {
        text.split(by).map(Value::text).collect()
    };
    Value::List(parts)
}

/// A pattern of RE2. Short classes have ASCII there, and classes neither stand in each other nor are cut with each other.
fn regex(pattern: &str) -> Result<Regex, String> {
    let (mut text, mut chars, mut class) = (String::new(), pattern.chars().peekable(), false);
    while let Some(c) = chars.next() {
        match (c, class) {
            ('\\', _) => text.push_str(&escaped(chars.next().unwrap_or('\\'), class)),
            ('[', true) if chars.peek() == Some(&':') => {
                text.push(c);
                // The bracket at the end of `[:digit:]` is not that of the class.
                text.extend(chars.by_ref().take_while(|c| *c != ']'));
                text.push(']');
            }
            ('[' | '&' | '~', true) => text.extend(['\\', c]),
            ('[', false) => {
                class = true;
                text.push(c);
                text.extend(chars.next_if_eq(&'^'));
                text.push_str(chars.next_if_eq(&']').map_or("", |_| "\\]"));
            }
            (']', true) => {
                class = false;
                text.push(c);
            }
            _ => text.push(c),
        }
    }
    Regex::new(&text).map_err(|error| format!("`{pattern}` is no pattern: {error}"))
}

fn escaped(c: char, class: bool) -> String {
    let named = match c {
        'd' => "[:digit:]",
        'w' => "[:word:]",
        's' => "\\t\\n\\f\\r ",
        _ => return format!("\\{c}"),
    };
    if class {
        named.to_owned()
    } else {
        format!("[{named}]")
    }
}
