//! Functions, operators and methods: those of CEL, and of Kubernetes' libraries.

mod list;
mod operator;

use super::{
    Value, format, text,
    time::{duration, timestamp},
    url::Url,
};
use std::net::IpAddr;

/// What a function gives.
pub(super) fn global(name: &str, arguments: &[Value]) -> Result<Value, String> {
    if let Some(value) = operator::operator(name, arguments) {
        return value;
    }
    match (name, arguments) {
        ("size", [of]) => method(of, "size", &[]),
        ("matches", [of, pattern]) => method(of, "matches", std::slice::from_ref(pattern)),
        ("dyn", [value]) => Ok(value.clone()),
        ("int" | "uint" | "double" | "string" | "bytes" | "bool" | "duration" | "timestamp", [value]) => {
            converted(name, value).ok_or_else(|| format!("type conversion error: {} to {name}", value.kind()))
        }
        ("isURL", [Value::Text(text)]) => Ok(Value::Bool(Url::parse(text).is_some())),
        ("url", [Value::Text(text)]) => Url::parse(text)
            .map(Value::Url)
            .ok_or_else(|| format!("`{text}` is no URL")),
        ("isIP", [Value::Text(text)]) => Ok(Value::Bool(address(text).is_some())),
        ("ip", [Value::Text(text)]) => address(text)
            .map(Value::Ip)
            .ok_or_else(|| format!("`{text}` is no address")),
        ("format.named", [Value::Text(name)]) => Ok(Value::Optional(format::named(name).map(Box::new))),
        ("optional.none", []) => Ok(Value::Optional(None)),
        ("optional.of", [value]) => Ok(Value::Optional(Some(Box::new(value.clone())))),
        (name, []) => {
            let format = name.strip_prefix("format.").and_then(format::named);
            format.ok_or_else(|| overload(None, name, arguments))
        }
        _ => Err(overload(None, name, arguments)),
    }
}

/// What a method gives.
pub(super) fn method(of: &Value, name: &str, arguments: &[Value]) -> Result<Value, String> {
    let value = match (of, name, arguments) {
        (Value::Text(text), ..) => text::method(text, name, arguments),
        (Value::List(items), ..) => list::method(items, name, arguments),
        (Value::Map(map), "size", []) => Some(Ok(Value::Int(i64::try_from(map.len()).unwrap_or(i64::MAX)))),
        (Value::Bytes(bytes), "size", []) => {
            Some(Ok(Value::Int(i64::try_from(bytes.len()).unwrap_or(i64::MAX))))
        }
        (Value::Url(url), _, []) => of_url(url, name).map(|text| Ok(Value::text(text))),
        (Value::Ip(ip), "family", []) => Some(Ok(Value::Int(if ip.is_ipv4() { 4 } else { 6 }))),
        (Value::Ip(ip), "isLoopback", []) => Some(Ok(Value::Bool(ip.is_loopback()))),
        (Value::Ip(ip), "isUnspecified", []) => Some(Ok(Value::Bool(ip.is_unspecified()))),
        (Value::Format(format), "validate", [Value::Text(text)]) => Some(Ok(format::validate(format, text))),
        (Value::Optional(value), "hasValue", []) => Some(Ok(Value::Bool(value.is_some()))),
        (Value::Optional(value), "value", []) => Some(
            value
                .as_deref()
                .cloned()
                .ok_or_else(|| "optional.none() dereference".to_owned()),
        ),
        (Value::Optional(value), "orValue", [otherwise]) => {
            Some(Ok(value.as_deref().unwrap_or(otherwise).clone()))
        }
        _ => None,
    };
    value.unwrap_or_else(|| Err(overload(Some(of), name, arguments)))
}

fn of_url<'u>(url: &'u Url, name: &str) -> Option<&'u str> {
    Some(match name {
        "getScheme" => &url.scheme,
        "getHost" => &url.host,
        "getHostname" => url.hostname(),
        "getPort" => url.port(),
        "getEscapedPath" => &url.path,
        _ => return None,
    })
}

/// An address without a zone; one of IPv4 that is written as one of IPv6 is refused by Kubernetes.
fn address(text: &str) -> Option<IpAddr> {
    let mapped = |ip: &IpAddr| matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some());
    text.parse().ok().filter(|ip| !mapped(ip))
}

pub(crate) fn converted(to: &str, value: &Value) -> Option<Value> {
    const WHOLE: f64 = 9_223_372_036_854_775_807.0;
    Some(match (to, value) {
        ("int", Value::Int(_))
        | ("uint", Value::Uint(_))
        | ("double", Value::Double(_))
        | ("string", Value::Text(_))
        | ("bytes", Value::Bytes(_))
        | ("bool", Value::Bool(_))
        | ("duration", Value::Duration(_))
        | ("timestamp", Value::Timestamp(_)) => value.clone(),
        ("int", Value::Uint(number)) => Value::Int(i64::try_from(*number).ok()?),
        ("int", Value::Double(number)) if number.abs() < WHOLE => Value::Int(number.trunc() as i64),
        ("int", Value::Text(text)) => Value::Int(text.parse().ok()?),
        ("int", Value::Timestamp(at)) => Value::Int(i64::try_from(at.div_euclid(1_000_000_000)).ok()?),
        ("uint", Value::Int(number)) => Value::Uint(u64::try_from(*number).ok()?),
        ("uint", Value::Text(text)) => Value::Uint(text.parse().ok()?),
        ("double", Value::Int(number)) => Value::Double(*number as f64),
        ("double", Value::Uint(number)) => Value::Double(*number as f64),
        ("double", Value::Text(text)) => Value::Double(text.parse().ok()?),
        ("string", Value::Int(number)) => Value::Text(number.to_string()),
        ("string", Value::Uint(number)) => Value::Text(number.to_string()),
        ("string", Value::Bool(is)) => Value::Text(is.to_string()),
        ("string", Value::Bytes(bytes)) => Value::Text(String::from_utf8(bytes.clone()).ok()?),
        ("bytes", Value::Text(text)) => Value::Bytes(text.clone().into_bytes()),
        ("bool", Value::Text(text)) => match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Value::Bool(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Value::Bool(false),
            _ => return None,
        },
        ("duration", Value::Text(text)) => Value::Duration(duration(text)?),
        ("timestamp", Value::Text(text)) => Value::Timestamp(timestamp(text)?),
        _ => return None,
    })
}

/// There is nothing of this name for values of these types.
fn overload(of: Option<&Value>, name: &str, arguments: &[Value]) -> String {
    let kinds: Vec<&str> = arguments.iter().map(Value::kind).collect();
    let of = of.map_or(String::new(), |of| format!("{}.", of.kind()));
    format!("no such overload: {of}{name}({})", kinds.join(", "))
}
