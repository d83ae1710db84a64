//! Regular expressions on texts. Matching takes time linear in the text; `text matches pattern` only asks.

use super::{owned, whole};
use crate::{
    Arg, Fault, Interpreter, Native, Param, Ty, arguments,
    limit::{check_length, check_text},
    pattern::{check, pattern},
};
use flowmesh_ir::{Name, Value, value::Fields};
use regex::{Captures, Regex};

const PATTERN: Param = Param::text("pattern", check);

pub(crate) const NATIVES: &[Native] = &[
    Native::method("string.find", Ty::String, &[PATTERN], Ty::Optional(&Ty::String), find).doc(
        "The first piece that a regular expression matches.",
        "\"order 12, 7\".find(\"[0-9]+\") == \"12\"",
    ),
    Native::method("string.find_all", Ty::String, &[PATTERN], Ty::List(&Ty::String), find_all).doc(
        "All pieces that a regular expression matches, from left to right.",
        "\"order 12, 7\".find_all(\"[0-9]+\") == [\"12\", \"7\"]",
    ),
    Native::method(
        "string.groups",
        Ty::String,
        &[PATTERN],
        Ty::Optional(&Ty::Map(&Ty::String)),
        groups,
    )
    .doc(
        "What the groups of a regular expression catch in its first match, by name or number; `0` is the whole match.",
        "\"a=1\".groups(\"(?<key>[a-z])=([0-9])\").map(g => g.values()) == [\"a=1\", \"a\", \"1\"]",
    ),
    Native::method(
        "string.replace_all",
        Ty::String,
        &[PATTERN, Param::new("by", Ty::String)],
        Ty::String,
        replace_all,
    )
    .doc(
        "The text with another in place of each match; `$1` and `${name}` in it stand for what a group caught.",
        "\"a1b2\".replace_all(\"([0-9])\", \"<$1>\") == \"a<1>b<2>\"",
    ),
    Native::method(
        "string.split_all",
        Ty::String,
        &[PATTERN],
        Ty::List(&Ty::String),
        split_all,
    )
    .doc(
        "The pieces between the matches of a regular expression.",
        "\"a, b;c\".split_all(\"[,;] *\") == [\"a\", \"b\", \"c\"]",
    ),
];

/// The pattern, and what looking through the receiver costs.
fn prepared(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<(std::sync::Arc<str>, Regex), Fault> {
    let text = whole(machine, args)?;
    let regex = pattern(arguments::string(args, 1)?)?;
    Ok((text, regex))
}

fn find(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let (text, regex) = prepared(machine, args)?;
    let found = regex.find(&text);
    Ok(found.map_or(Value::None, |found| Value::string(found.as_str())))
}

fn find_all(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let (text, regex) = prepared(machine, args)?;
    texts(machine, &text, regex.find_iter(&text).map(|found| found.as_str()))
}

fn split_all(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let (text, regex) = prepared(machine, args)?;
    texts(machine, &text, regex.split(&text))
}

/// What one more search may cost at worst: a look at the whole text, which goes at some hundred bytes a step.
fn search(text: &str) -> usize {
    1 + text.len() / 256
}

/// A list of pieces, each paid for.
fn texts<'t>(
    machine: &mut dyn Interpreter,
    text: &str,
    pieces: impl Iterator<Item = &'t str>,
) -> Result<Value, Fault> {
    let mut all = Vec::new();
    for piece in pieces {
        machine.spend(search(text))?;
        check_length(all.len() + 1)?;
        all.push(Value::string(piece));
    }
    Ok(Value::list(all))
}

fn groups(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let (text, regex) = prepared(machine, args)?;
    let Some(caught) = regex.captures(&text) else {
        return Ok(Value::None);
    };
    Ok(Value::record(named(&regex, &caught)))
}

fn named(regex: &Regex, caught: &Captures<'_>) -> Fields {
    let each = regex.capture_names().zip(caught.iter()).enumerate();
    each.filter_map(|(at, (name, caught))| {
        let name = name.map_or_else(|| Name::new(at.to_string()), Name::new);
        Some((name, Value::string(caught?.as_str())))
    })
    .collect()
}

fn replace_all(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let (text, regex) = prepared(machine, args)?;
    let by = arguments::string(args, 2)?;
    let (mut out, mut done) = (String::new(), 0);
    for caught in regex.captures_iter(&text) {
        let Some(whole) = caught.get(0) else { continue };
        out.push_str(text.get(done..whole.start()).unwrap_or_default());
        caught.expand(by, &mut out);
        done = whole.end();
        machine.spend(search(&text) + by.len() / 16)?;
        check_text(out.len())?;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    owned(out)
}
