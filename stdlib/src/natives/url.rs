//! Natives on URLs and on texts inside them.

use crate::{
    Arg, Fault, Interpreter, arguments, limit,
    signature::{Native, Param, Ty},
    url::{self, Parts, check, decode, encode},
};
use flowmesh_ir::{Name, Value, value::Fields};

pub(crate) const NATIVES: &[Native] = &[
    Native::free("url", &[Param::text("text", check)], Ty::Url, make).doc(
        "The URL that a text writes.",
        "url(\"https://a.b/c\").path() == \"/c\"",
    ),
    Native::method("string.to_url", Ty::String, &[], Ty::Optional(&Ty::Url), to_url).doc(
        "The URL that the text writes, or `none`.",
        "\"nowhere\".to_url().is_none()",
    ),
    Native::method("url.scheme", Ty::Url, &[], Ty::String, scheme).doc(
        "What stands before `://`, in small letters.",
        "url(\"https://a.b/c\").scheme() == \"https\"",
    ),
    Native::method("url.host", Ty::Url, &[], Ty::String, host).doc(
        "The host, in small letters; without the brackets of an IPv6 address.",
        "url(\"https://a.b:81/c\").host() == \"a.b\"",
    ),
    Native::method("url.port", Ty::Url, &[], Ty::Optional(&Ty::Int), port).doc(
        "The port, if one is written.",
        "url(\"https://a.b:81/c\").port() == 81",
    ),
    Native::method("url.path", Ty::Url, &[], Ty::String, path).doc(
        "The path; `/` where there is none.",
        "url(\"https://a.b\").path() == \"/\"",
    ),
    Native::method("url.query", Ty::Url, &[], Ty::Map(&Ty::String), query).doc(
        "The parameters of the query, decoded; the last of equal names wins.",
        "url(\"https://a.b?x=1&y=a%20b\").query().values() == [\"1\", \"a b\"]",
    ),
    Native::method("url.fragment", Ty::Url, &[], Ty::Optional(&Ty::String), fragment).doc(
        "What stands behind `#`, decoded.",
        "url(\"https://a.b#top\").fragment() == \"top\"",
    ),
    Native::method("string.encode_url", Ty::String, &[], Ty::String, encode_url).doc(
        "The text as it stands in one part of a URL: everything but letters, digits and `-._~` is escaped.",
        "\"a b/ü\".encode_url() == \"a%20b%2F%C3%BC\"",
    ),
    Native::method(
        "string.decode_url",
        Ty::String,
        &[],
        Ty::Optional(&Ty::String),
        decode_url,
    )
    .doc(
        "The text that a part of a URL writes, or `none` where the escapes are wrong.",
        "\"a%20b\".decode_url() == \"a b\"",
    ),
];

fn make(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    check(text)?;
    Ok(Value::String(text.clone()))
}

fn to_url(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    let holds = url::is_url(text);
    Ok(if holds {
        Value::String(text.clone())
    } else {
        Value::None
    })
}

/// A part of the receiver.
fn part<T>(
    machine: &mut dyn Interpreter,
    args: &[Arg<'_>],
    take: impl Fn(&Parts<'_>) -> T,
) -> Result<T, Fault> {
    let text = arguments::string(args, 0)?;
    machine.spend(text.len() / 16)?;
    Ok(take(&url::parts(text)))
}

fn scheme(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    part(machine, args, |parts| {
        Value::string(&parts.scheme.to_ascii_lowercase())
    })
}

fn host(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    part(machine, args, |parts| {
        Value::string(&parts.host.to_ascii_lowercase())
    })
}

fn port(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    part(machine, args, |parts| {
        parts.port.map_or(Value::None, |port| Value::Int(port.into()))
    })
}

fn path(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    part(machine, args, |parts| {
        Value::string(if parts.path.is_empty() { "/" } else { parts.path })
    })
}

fn query(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    part(machine, args, |parts| {
        let pairs = parts
            .query
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty());
        let read = |text: &str| decode(&text.replace('+', " ")).unwrap_or_else(|| text.to_owned());
        let fields: Fields = pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (Name::new(read(name)), Value::string(&read(value))))
            .collect();
        Value::record(fields)
    })
}

fn fragment(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    part(machine, args, |parts| {
        let read = |text: &str| Value::string(&decode(text).unwrap_or_else(|| text.to_owned()));
        parts.fragment.map_or(Value::None, read)
    })
}

fn encode_url(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    machine.spend(text.len())?;
    let encoded = encode(text);
    limit::check_text(encoded.len())?;
    Ok(Value::String(encoded.into()))
}

fn decode_url(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    machine.spend(text.len())?;
    Ok(decode(text).map_or(Value::None, |text| Value::String(text.into())))
}
