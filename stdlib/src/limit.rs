//! How large values may grow.

use crate::Fault;

/// The most elements of a list, and entries of a map.
pub const LIST_LENGTH_MAX: usize = 1_000_000;

/// The most bytes of a text.
pub const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;

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
