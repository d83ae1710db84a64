//! How large values may grow.

use crate::Fault;
use flowmesh_ir::Value;

/// The most elements of a list, and entries of a map.
pub const LIST_LENGTH_MAX: usize = 1_000_000;

/// The most bytes of a text.
pub const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The most bytes that a whole value may have, written out.
pub const WRITTEN_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How deep values may nest; the same as at a border.
pub const DEPTH_MAX: usize = 128;

/// What a value without text counts for, in bytes.
const PLAIN_BYTES: usize = 8;

/// Refuses a list or map that is too long.
///
/// # Errors
/// `BadValue` with the limit.
pub fn check_length(length: usize) -> Result<(), Fault> {
    if length > LIST_LENGTH_MAX {
        return Err(Fault::BadValue(format!(
            "a list has at most {LIST_LENGTH_MAX} elements, this one would have {length}"
        )));
    }
    Ok(())
}

/// Refuses a text that is too long.
///
/// # Errors
/// `BadValue` with the limit.
pub fn check_text(bytes: usize) -> Result<(), Fault> {
    if bytes > TEXT_BYTES_MAX {
        return Err(Fault::BadValue(format!(
            "a text has at most {TEXT_BYTES_MAX} bytes, this one would have {bytes}"
        )));
    }
    Ok(())
}

/// Refuses a value that nests too deep, or that would be too large if it were written out: parts that are shared count
/// each time they come up. Gives how large it is, for whoever pays for the look at it.
///
/// # Errors
/// `BadValue` with the limit.
pub fn check_value(value: &Value) -> Result<usize, Fault> {
    let mut bytes = 0;
    weigh(value, 0, &mut bytes)?;
    Ok(bytes)
}

fn weigh(value: &Value, depth: usize, bytes: &mut usize) -> Result<(), Fault> {
    if depth > DEPTH_MAX {
        return Err(Fault::BadValue(format!(
            "a value nests at most {DEPTH_MAX} levels deep"
        )));
    }
    let own = match value {
        Value::String(text) | Value::Json(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    *bytes = bytes.saturating_add(own).saturating_add(PLAIN_BYTES);
    if *bytes > WRITTEN_BYTES_MAX {
        return Err(Fault::BadValue(format!(
            "a value has at most {WRITTEN_BYTES_MAX} bytes"
        )));
    }
    match value {
        Value::List(items) => items.iter().try_for_each(|item| weigh(item, depth + 1, bytes)),
        Value::Record(fields) => fields
            .values()
            .try_for_each(|field| weigh(field, depth + 1, bytes)),
        Value::Variant(variant) => variant
            .fields
            .values()
            .try_for_each(|field| weigh(field, depth + 1, bytes)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::check_value;
    use flowmesh_ir::Value;

    #[test]
    fn what_is_small_by_sharing_alone_is_too_large() {
        let mut doubled = Value::Int(1);
        for _ in 0..60 {
            doubled = Value::list(vec![doubled.clone(), doubled]);
        }
        assert!(check_value(&doubled).is_err());
    }

    #[test]
    fn what_nests_too_deep_is_refused() {
        let nested = |levels| (0..levels).fold(Value::Int(1), |inner, _| Value::list(vec![inner]));
        assert!(check_value(&nested(128)).is_ok());
        assert!(check_value(&nested(129)).is_err());
    }
}
