//! From what the editor says to what the compiler asks for.

use flowmesh_frontend::ide::position::{Encoding, Position, Text};
use serde_json::Value;

/// A document, and a place in it.
pub(super) struct At {
    pub(super) uri: String,
    pub(super) position: Position,
}

/// The document that a request is about.
///
/// # Errors
/// What is missing.
pub(super) fn uri(params: &Value) -> Result<&str, String> {
    let uri = params.pointer("/textDocument/uri").and_then(Value::as_str);
    uri.ok_or_else(|| "expected `textDocument.uri`".to_owned())
}

/// The place that a request is about.
///
/// # Errors
/// What is missing.
pub(super) fn at(params: &Value) -> Result<At, String> {
    let position = params.get("position").and_then(position);
    Ok(At {
        uri: uri(params)?.to_owned(),
        position: position.ok_or_else(|| "expected `position`".to_owned())?,
    })
}

/// A position. The way back is `to_protocol::position`.
pub(super) fn position(value: &Value) -> Option<Position> {
    let number = |name: &str| {
        let number = value.get(name).and_then(Value::as_u64)?;
        Some(u32::try_from(number).unwrap_or(u32::MAX))
    };
    Some(Position {
        line: number("line")?,
        column: number("character")?,
    })
}

/// A range, as its beginning and its end.
pub(super) fn range(value: &Value) -> Option<(Position, Position)> {
    Some((position(value.get("start")?)?, position(value.get("end")?)?))
}

/// The offsets of a range in a text.
pub(super) fn offsets(value: &Value, text: &str, encoding: Encoding) -> Option<(u32, u32)> {
    let (from, to) = range(value)?;
    let text = Text::new(text);
    let start = text.offset(from, encoding);
    Some((start, text.offset(to, encoding).max(start)))
}

/// The offset of a position in a text.
pub(super) fn offset(position: Position, text: &str, encoding: Encoding) -> u32 {
    Text::new(text).offset(position, encoding)
}
