//! Texts made of texts.

use super::{owned, whole};
use crate::{Arg, Fault, Interpreter, Native, Param, Ty, arguments, limit};
use flowmesh_ir::Value;

pub(crate) const NATIVES: &[Native] = &[
    Native::method("string.upper", Ty::String, &[], Ty::String, upper)
        .doc("The text in capitals.", "\"abc\".upper() == \"ABC\""),
    Native::method("string.lower", Ty::String, &[], Ty::String, lower)
        .doc("The text in small letters.", "\"ABC\".lower() == \"abc\""),
    Native::method("string.trim", Ty::String, &[], Ty::String, trim).doc(
        "The text without the white space around it.",
        "\" a \".trim() == \"a\"",
    ),
    Native::method(
        "string.replace",
        Ty::String,
        &[Param::new("part", Ty::String), Param::new("by", Ty::String)],
        Ty::String,
        replace,
    )
    .doc(
        "The text with another in place of each occurrence of a part.",
        "\"a-b\".replace(\"-\", \"+\") == \"a+b\"",
    ),
    Native::method(
        "string.take",
        Ty::String,
        &[Param::new("count", Ty::Int)],
        Ty::String,
        take,
    )
    .doc(
        "The first characters, at most so many.",
        "\"abc\".take(2) == \"ab\"",
    ),
    Native::method(
        "string.drop",
        Ty::String,
        &[Param::new("count", Ty::Int)],
        Ty::String,
        drop,
    )
    .doc(
        "All but the first so many characters.",
        "\"abc\".drop(2) == \"c\"",
    ),
    Native::method(
        "string.slice",
        Ty::String,
        &[Param::new("from", Ty::Int), Param::optional("to", Ty::Int)],
        Ty::String,
        slice,
    )
    .doc(
        "The characters from one place up to and without another, or to the end.",
        "\"abcd\".slice(1, 3) == \"bc\"",
    ),
    Native::method(
        "string.repeat",
        Ty::String,
        &[Param::new("count", Ty::Int)],
        Ty::String,
        repeat,
    )
    .doc("The text so many times.", "\"ab\".repeat(2) == \"abab\""),
    Native::method(
        "string.pad_left",
        Ty::String,
        &[Param::new("width", Ty::Int), Param::optional("with", Ty::String)],
        Ty::String,
        pad_left,
    )
    .doc(
        "The text filled up before it to a width, with spaces if nothing else is said.",
        "\"7\".pad_left(3, \"0\") == \"007\"",
    ),
    Native::method(
        "string.pad_right",
        Ty::String,
        &[Param::new("width", Ty::Int), Param::optional("with", Ty::String)],
        Ty::String,
        pad_right,
    )
    .doc(
        "The text filled up behind it to a width, with spaces if nothing else is said.",
        "\"7\".pad_right(3) == \"7  \"",
    ),
    Native::method(
        "string.split",
        Ty::String,
        &[Param::new("at", Ty::String)],
        Ty::List(&Ty::String),
        split,
    )
    .doc(
        "The pieces between the places where another text stands.",
        "\"a,b\".split(\",\") == [\"a\", \"b\"]",
    ),
    Native::method("string.lines", Ty::String, &[], Ty::List(&Ty::String), lines).doc(
        "The lines, without their ends.",
        "\"a\\nb\".lines() == [\"a\", \"b\"]",
    ),
];

fn upper(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    owned(whole(machine, args)?.to_uppercase())
}

fn lower(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    owned(whole(machine, args)?.to_lowercase())
}

fn trim(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(Value::string(whole(machine, args)?.trim()))
}

fn split(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    let at = arguments::string(args, 1)?;
    if at.is_empty() {
        return pieces(machine, text.split("").filter(|piece| !piece.is_empty()));
    }
    pieces(machine, text.split(&**at))
}

fn lines(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    pieces(machine, text.lines())
}

/// Texts as a list; one too many is enough to see that it would be too long.
fn pieces<'a>(machine: &mut dyn Interpreter, texts: impl Iterator<Item = &'a str>) -> Result<Value, Fault> {
    let pieces: Vec<_> = texts
        .take(limit::LIST_LENGTH_MAX + 1)
        .map(Value::string)
        .collect();
    limit::check_length(pieces.len())?;
    machine.spend(pieces.len())?;
    Ok(Value::list(pieces))
}

fn replace(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    let (part, by) = (arguments::string(args, 1)?, arguments::string(args, 2)?);
    if part.is_empty() {
        return Ok(Value::String(text));
    }
    // The size is known before anything is built.
    let growth = by
        .len()
        .saturating_sub(part.len())
        .saturating_mul(text.matches(&**part).count());
    limit::check_text(text.len().saturating_add(growth))?;
    machine.spend(growth / 16)?;
    owned(text.replace(&**part, by))
}

fn take(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let count = arguments::count(args, 1)?;
    owned(whole(machine, args)?.chars().take(count).collect())
}

fn drop(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let count = arguments::count(args, 1)?;
    owned(whole(machine, args)?.chars().skip(count).collect())
}

fn slice(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let from = arguments::count(args, 1)?;
    let to = match arguments::value(args, 2) {
        Value::None => usize::MAX,
        _ => arguments::count(args, 2)?,
    };
    owned(whole(machine, args)?.chars().take(to).skip(from).collect())
}

fn repeat(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let (text, count) = (arguments::string(args, 0)?, arguments::count(args, 1)?);
    let bytes = text.len().saturating_mul(count);
    limit::check_text(bytes)?;
    machine.spend(bytes / 16)?;
    // Nothing repeated is nothing, however often.
    if text.is_empty() {
        Ok(Value::string(""))
    } else {
        owned(text.repeat(count))
    }
}

fn pad_left(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    owned(padding(machine, args, &text)? + &text)
}

fn pad_right(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    let padding = padding(machine, args, &text)?;
    owned(text.to_string() + &padding)
}

/// What is missing to the width.
fn padding(machine: &mut dyn Interpreter, args: &[Arg<'_>], text: &str) -> Result<String, Fault> {
    let with = match arguments::value(args, 2) {
        Value::None => " ",
        _ => &**arguments::string(args, 2)?,
    };
    let missing = arguments::count(args, 1)?.saturating_sub(text.chars().count());
    limit::check_text(missing)?;
    machine.spend(missing / 4)?;
    Ok(with.chars().cycle().take(missing).collect())
}
