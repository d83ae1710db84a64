//! Paths and queries: each text has one reading, or none.

use super::Malformed;
use std::{borrow::Cow, fmt::Write};

/// The path in its one encoding, and its segments decoded.
pub(super) fn path(raw: &str) -> Result<(Cow<'_, str>, Vec<String>), Malformed> {
    let rest = raw.strip_prefix('/').ok_or(Malformed::Target)?;
    let mut segments = Vec::new();
    if rest.is_empty() {
        return Ok((Cow::Borrowed(raw), segments));
    }
    let mut pieces = rest.split('/').peekable();
    while let Some(piece) = pieces.next() {
        if piece.is_empty() && pieces.peek().is_some() {
            return Err(Malformed::Path("has two slashes in a row"));
        }
        segments.push(segment(piece)?);
    }
    // What is not encoded anywhere is in its one encoding already.
    if !raw.contains('%') {
        return Ok((Cow::Borrowed(raw), segments));
    }
    let mut path = String::with_capacity(raw.len());
    for segment in &segments {
        path.push('/');
        encode(&mut path, segment);
    }
    Ok((Cow::Owned(path), segments))
}

/// One segment, decoded. What another reader might take for the end of it, for the way up, or decode once more, is
/// refused.
fn segment(raw: &str) -> Result<String, Malformed> {
    let segment = match raw.bytes().all(plain) {
        true => raw.to_owned(),
        false => decode(raw)?,
    };
    let name = segment.split(';').next().unwrap_or_default();
    if name == "." || name == ".." {
        return Err(Malformed::Path("has a segment of dots"));
    }
    if encoded_again(&segment) {
        return Err(Malformed::Path("is encoded twice"));
    }
    Ok(segment)
}

fn decode(raw: &str) -> Result<String, Malformed> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let (Some(high), Some(low)) = (rest.next().and_then(hex), rest.next().and_then(hex)) else {
                    return Err(Malformed::Path(
                        "has a `%` without two hexadecimal digits behind it",
                    ));
                };
                bytes.push(decoded(high * 16 + low)?);
            }
            b';' => return Err(Malformed::Path("has parameters behind a `;`")),
            byte if plain(byte) => bytes.push(byte),
            _ => return Err(Malformed::Path("holds a character that must be encoded")),
        }
    }
    String::from_utf8(bytes).map_err(|_| Malformed::Path("does not decode to UTF-8"))
}

/// A byte that was encoded, if it may be there at all.
fn decoded(byte: u8) -> Result<u8, Malformed> {
    match byte {
        b'/' | b'\\' => Err(Malformed::Path("has an encoded slash")),
        0..=0x1f | 0x7f => Err(Malformed::Path("has an encoded control character")),
        byte => Ok(byte),
    }
}

/// Whether what was decoded once could be decoded again.
fn encoded_again(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes
        .windows(3)
        .any(|window| matches!(window, [b'%', high, low] if hex(*high).is_some() && hex(*low).is_some()))
}

/// `pchar` of RFC 3986 but for `%` and `;`.
fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&'..=b',' | b'=' | b':' | b'@'
        )
}

fn encode(path: &mut String, segment: &str) {
    for byte in segment.bytes() {
        if plain(byte) {
            path.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
}

/// Whether a query can be sent on as it is.
pub(super) fn query(raw: &str) -> Result<(), Malformed> {
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => match (rest.next().and_then(hex), rest.next().and_then(hex)) {
                (Some(0), Some(0)) => return Err(Malformed::Query("has an encoded zero byte")),
                (Some(_), Some(_)) => {}
                _ => {
                    return Err(Malformed::Query(
                        "has a `%` without two hexadecimal digits behind it",
                    ));
                }
            },
            b'#' | 0..=0x20 | 0x7f.. => {
                return Err(Malformed::Query("holds a character that must be encoded"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A name or a value of a query, decoded as forms are. What is no UTF-8 becomes a character that says so: the query goes
/// on as it came, and no rule mistakes it for something else.
pub(super) fn form(raw: &str) -> String {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                if let (Some(high), Some(low)) = (rest.next().and_then(hex), rest.next().and_then(hex)) {
                    bytes.push(high * 16 + low);
                }
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
