//! B3, as Zipkin has it: in one header, or in several.

use super::{Forms, Told};
use flowmesh_ir::trace::{TraceContext, hex};
use http::{HeaderMap, HeaderName};

const ONE: HeaderName = HeaderName::from_static("b3");
const TRACE: HeaderName = HeaderName::from_static("x-b3-traceid");
const SPAN: HeaderName = HeaderName::from_static("x-b3-spanid");
const PARENT: HeaderName = HeaderName::from_static("x-b3-parentspanid");
const SAMPLED: HeaderName = HeaderName::from_static("x-b3-sampled");
const FLAGS: HeaderName = HeaderName::from_static("x-b3-flags");

/// The one header goes before the several.
pub(super) fn read(headers: &HeaderMap) -> Told {
    let text = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        value.to_str().ok()
    };
    if let Some(told) = text(&ONE).and_then(single) {
        return told;
    }
    let debug = text(&FLAGS) == Some("1");
    let sampled = match debug {
        true => Some(true),
        false => text(&SAMPLED).and_then(state),
    };
    Told {
        ids: text(&TRACE).zip(text(&SPAN)).and_then(ids),
        sampled,
        ..Told::default()
    }
}

/// `trace-span-sampled-parent`, without the parent, without both, or the decision alone.
fn single(text: &str) -> Option<Told> {
    let parts: Vec<&str> = text.split('-').collect();
    let (named, sampled) = match parts.as_slice() {
        [decision] => {
            return Some(Told {
                sampled: Some(state(decision)?),
                ..Told::default()
            });
        }
        [trace, span] => ((*trace, *span), None),
        [trace, span, sampled] => ((*trace, *span), Some(state(sampled)?)),
        [trace, span, sampled, parent] => {
            number(parent, &[16])?;
            ((*trace, *span), Some(state(sampled)?))
        }
        _ => return None,
    };
    Some(Told {
        ids: Some(ids(named)?),
        sampled,
        ..Told::default()
    })
}

/// Whoever wants to see a trace in any case wants it recorded. Old senders wrote words.
fn state(text: &str) -> Option<bool> {
    match text {
        "1" | "d" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

fn ids((trace, span): (&str, &str)) -> Option<(u128, u64)> {
    let span = u64::try_from(number(span, &[16])?).ok()?;
    Some((number(trace, &[16, 32])?, span))
}

/// A number that is not zero, in so many digits.
fn number(text: &str, digits: &[usize]) -> Option<u128> {
    let hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !hex || !digits.contains(&text.len()) {
        return None;
    }
    u128::from_str_radix(text, 16).ok().filter(|number| *number != 0)
}

pub(super) fn clear(headers: &mut HeaderMap) {
    for name in [ONE, TRACE, SPAN, PARENT, SAMPLED, FLAGS] {
        headers.remove(name);
    }
}

pub(super) fn write(context: TraceContext, forms: Forms, put: &mut impl FnMut(HeaderName, &[u8])) {
    let sampled = if context.sampled { "1" } else { "0" };
    if forms.b3 {
        let text = format!("{:032x}-{:016x}-{sampled}", context.trace, context.span);
        put(ONE, text.as_bytes());
    }
    if forms.b3_multi {
        put(TRACE, &hex(context.trace));
        put(SPAN, format!("{:016x}", context.span).as_bytes());
        put(SAMPLED, sampled.as_bytes());
    }
}
