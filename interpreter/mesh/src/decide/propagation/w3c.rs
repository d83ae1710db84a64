//! W3C Trace Context and W3C Baggage.

use flowmesh_ir::trace::{BAGGAGE_MAX, STATE_MAX, TraceContext};
use http::{HeaderValue, header::GetAll};

/// The most members of a `tracestate`; one that has more is no `tracestate` (3.3.1.1).
const STATE_MEMBERS_MAX: usize = 32;
/// Members that are longer go first when there are too many bytes (3.3.1.5).
const STATE_MEMBER_LONG: usize = 128;
/// The most members of `baggage` (3.3.2).
const BAGGAGE_MEMBERS_MAX: usize = 64;

/// The one `traceparent`; two are none (3.2).
pub(super) fn parent(values: &GetAll<'_, HeaderValue>) -> Option<TraceContext> {
    let mut values = values.iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    TraceContext::parse(value.to_str().ok()?)
}

/// All headers of one name are one list (3.3.1).
fn members<'v>(values: GetAll<'v, HeaderValue>) -> Option<Vec<&'v str>> {
    let mut members = Vec::new();
    for value in values {
        let text = value.to_str().ok()?;
        let parts = text.split(',').map(|part| part.trim_matches([' ', '\t']));
        // A list may have members that are empty.
        members.extend(parts.filter(|part| !part.is_empty()));
    }
    (!members.is_empty()).then_some(members)
}

/// The members of `tracestate` as they are passed on. If one is wrong, nobody can say what the others are worth, and all are
/// let go of; if there are too many bytes, long ones go first, and then those that have not been changed for longest.
pub(super) fn state(values: GetAll<'_, HeaderValue>) -> Option<String> {
    let mut members = members(values)?;
    if members.len() > STATE_MEMBERS_MAX || !members.iter().all(|member| is_member(member)) {
        return None;
    }
    let keys = |member: &str| member.split('=').next().map(str::to_owned);
    let known: std::collections::BTreeSet<_> = members.iter().map(|member| keys(member)).collect();
    if known.len() < members.len() {
        return None;
    }
    while length(&members) > STATE_MAX
        && let Some(long) = members
            .iter()
            .rposition(|member| member.len() > STATE_MEMBER_LONG)
    {
        members.remove(long);
    }
    joined(members, STATE_MAX)
}

/// The members of `baggage` as they are passed on: whole ones, as many as there may be.
pub(super) fn baggage(values: GetAll<'_, HeaderValue>) -> Option<String> {
    let mut members = members(values)?;
    members.retain(|member| is_baggage(member));
    members.truncate(BAGGAGE_MEMBERS_MAX);
    joined(members, BAGGAGE_MAX)
}

/// As many as have room, those at the end going first.
fn joined(mut members: Vec<&str>, most: usize) -> Option<String> {
    while length(&members) > most {
        members.pop();
    }
    (!members.is_empty()).then(|| members.join(","))
}

fn length(members: &[&str]) -> usize {
    let texts: usize = members.iter().map(|member| member.len()).sum();
    texts.saturating_add(members.len().saturating_sub(1))
}

/// `key=value` (3.3.1.3).
fn is_member(member: &str) -> bool {
    let Some((key, value)) = member.split_once('=') else {
        return false;
    };
    is_key(key) && is_value(value)
}

/// `simple-key`, or `tenant@system`.
fn is_key(key: &str) -> bool {
    let word = |text: &str, most: usize, digit: bool| {
        let first = |byte: u8| byte.is_ascii_lowercase() || (digit && byte.is_ascii_digit());
        let rest = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'*' | b'/')
        };
        text.len() <= most && text.bytes().next().is_some_and(first) && text.bytes().all(rest)
    };
    match key.split_once('@') {
        None => word(key, 256, false),
        Some((tenant, system)) => word(tenant, 241, true) && word(system, 14, false),
    }
}

/// Up to 256 printable characters but `,` and `=`, the last of them no space.
fn is_value(value: &str) -> bool {
    let printable = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'=');
    !value.is_empty() && value.len() <= 256 && value.bytes().all(printable) && !value.ends_with(' ')
}

/// `key=value;property`, the key a token as HTTP has it (W3C Baggage, 3.3.1).
fn is_baggage(member: &str) -> bool {
    let Some((key, value)) = member.split_once('=') else {
        return false;
    };
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let key = key.trim_end_matches([' ', '\t']);
    let octet = |byte: u8| matches!(byte, b' ' | b'\t' | b'!'..=b'~') && !matches!(byte, b'"' | b'\\');
    !key.is_empty() && key.bytes().all(token) && value.bytes().all(octet)
}
