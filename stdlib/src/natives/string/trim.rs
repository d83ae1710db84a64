//! Texts without their edges, and the pieces they are made of.

use super::whole;
use crate::{Arg, Fault, Interpreter, Native, Param, Ty, arguments, limit::check_length, natives::length};
use flowmesh_ir::Value;

pub(crate) const NATIVES: &[Native] = &[
    Native::method("string.trim_start", Ty::String, &[], Ty::String, trim_start).doc(
        "The text without the white space before it.",
        "\" a \".trim_start() == \"a \"",
    ),
    Native::method("string.trim_end", Ty::String, &[], Ty::String, trim_end).doc(
        "The text without the white space behind it.",
        "\" a \".trim_end() == \" a\"",
    ),
    Native::method(
        "string.drop_prefix",
        Ty::String,
        &[Param::new("part", Ty::String)],
        Ty::String,
        drop_prefix,
    )
    .doc(
        "The text without another that it begins with; the same where it does not.",
        "\"order-7\".drop_prefix(\"order-\") == \"7\"",
    ),
    Native::method(
        "string.drop_suffix",
        Ty::String,
        &[Param::new("part", Ty::String)],
        Ty::String,
        drop_suffix,
    )
    .doc(
        "The text without another that it ends with; the same where it does not.",
        "\"a.json\".drop_suffix(\".json\") == \"a\"",
    ),
    Native::method(
        "string.before",
        Ty::String,
        &[Param::new("part", Ty::String)],
        Ty::Optional(&Ty::String),
        before,
    )
    .doc(
        "What stands before the first place of another text.",
        "\"a=b=c\".before(\"=\") == \"a\"",
    ),
    Native::method(
        "string.after",
        Ty::String,
        &[Param::new("part", Ty::String)],
        Ty::Optional(&Ty::String),
        after,
    )
    .doc(
        "What stands behind the first place of another text.",
        "\"a=b=c\".after(\"=\") == \"b=c\"",
    ),
    Native::method("string.chars", Ty::String, &[], Ty::List(&Ty::String), chars).doc(
        "The characters, each as a text.",
        "\"né\".chars() == [\"n\", \"é\"]",
    ),
    Native::method("string.words", Ty::String, &[], Ty::List(&Ty::String), words).doc(
        "The pieces between white space.",
        "\" a  b \".words() == [\"a\", \"b\"]",
    ),
    Native::method("string.reverse", Ty::String, &[], Ty::String, reverse).doc(
        "The characters from the last to the first.",
        "\"né\".reverse() == \"én\"",
    ),
    Native::method(
        "string.count",
        Ty::String,
        &[Param::new("part", Ty::String)],
        Ty::Int,
        count,
    )
    .doc(
        "How often another text stands in it, without overlaps.",
        "\"banana\".count(\"an\") == 2",
    ),
    Native::method(
        "string.last_index_of",
        Ty::String,
        &[Param::new("part", Ty::String)],
        Ty::Optional(&Ty::Int),
        last_index_of,
    )
    .doc(
        "The last place at which another text stands, from 0.",
        "\"abab\".last_index_of(\"ab\") == 2",
    ),
];

fn trim_start(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(Value::string(whole(machine, args)?.trim_start()))
}

fn trim_end(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(Value::string(whole(machine, args)?.trim_end()))
}

fn drop_prefix(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    let rest = text.strip_prefix(&**arguments::string(args, 1)?);
    Ok(Value::string(rest.unwrap_or(&text)))
}

fn drop_suffix(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    let rest = text.strip_suffix(&**arguments::string(args, 1)?);
    Ok(Value::string(rest.unwrap_or(&text)))
}

fn before(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    let parts = text.split_once(&**arguments::string(args, 1)?);
    Ok(parts.map_or(Value::None, |(before, _)| Value::string(before)))
}

fn after(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    let parts = text.split_once(&**arguments::string(args, 1)?);
    Ok(parts.map_or(Value::None, |(_, after)| Value::string(after)))
}

fn chars(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    machine.spend(text.len())?;
    check_length(text.chars().count())?;
    let mut place = [0; 4];
    let each = text
        .chars()
        .map(|char| Value::string(char.encode_utf8(&mut place)));
    Ok(Value::list(each.collect()))
}

fn words(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    machine.spend(text.len())?;
    let words: Vec<_> = text.split_whitespace().map(Value::string).collect();
    check_length(words.len())?;
    Ok(Value::list(words))
}

fn reverse(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let reversed: String = whole(machine, args)?.chars().rev().collect();
    Ok(Value::String(reversed.into()))
}

fn count(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    match &**arguments::string(args, 1)? {
        "" => Err(Fault::BadValue("an empty text cannot be counted".to_owned())),
        part => Ok(length(text.matches(part).count())),
    }
}

fn last_index_of(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    let parts = text.rsplit_once(&**arguments::string(args, 1)?);
    Ok(parts.map_or(Value::None, |(before, _)| length(before.chars().count())))
}
