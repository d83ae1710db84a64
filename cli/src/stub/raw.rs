//! JSON as it came: its numbers are never read, so that none changes on the way through a stub.

use serde_json::value::RawValue;

/// A JSON text without the space between its parts; nothing where it is none.
pub(crate) fn read(text: &[u8]) -> Option<Box<RawValue>> {
    let raw: &RawValue = serde_json::from_slice(text).ok()?;
    RawValue::from_string(compact(raw.get())).ok()
}

/// A text as JSON.
pub(crate) fn text(text: &str) -> Box<RawValue> {
    // A text is always JSON.
    serde_json::value::to_raw_value(text).unwrap_or_default()
}

/// Without what is blank outside of texts, so that it fits on one line.
fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut inside, mut escaped) = (false, false);
    for c in json.chars() {
        if inside || !c.is_ascii_whitespace() {
            out.push(c);
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn numbers_stay_as_they_are_written() {
        let json = br#"{ "a": 0.10, "b": [ 1e400, 12345678901234567890.123456789 ], "c": "a \" b" }"#;
        let raw = read(json).expect("it is JSON");
        let kept = r#"{"a":0.10,"b":[1e400,12345678901234567890.123456789],"c":"a \" b"}"#;
        assert_eq!(raw.get(), kept);
        assert!(read(b"{").is_none());
    }
}
