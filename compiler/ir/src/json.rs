//! A program from its JSON form, as [`crate::print::json`] writes it: nothing that was not checked gets in.

use crate::{
    Code, Program,
    program::VERSION,
    validate::{self, Invalid},
};
use serde::Deserialize;
use std::fmt;

/// The largest program that is read, in bytes.
pub const MAX_BYTES: usize = 64 << 20;

/// The deepest nesting of objects and lists that is read. An expression as deep as [`validate::MAX_DEPTH`] fits: a
/// level of it takes at most 5 of these.
pub const MAX_NESTING: usize = 5 * validate::MAX_DEPTH + 64;

/// Why a program cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// It is larger than [`MAX_BYTES`].
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// It is nested deeper than [`MAX_NESTING`].
    TooDeep,
    /// It is not JSON, or not the JSON of a program.
    Malformed {
        /// What the reader says, with line and column.
        reason: String,
    },
    /// It was made by a compiler of another version.
    Version {
        /// The version it says it has.
        found: u64,
    },
    /// It does not hold together.
    Invalid(Invalid),
}

/// Reads and checks a program.
///
/// # Errors
/// What keeps it from being a program: size, nesting, JSON, version, or a part that does not fit the others.
pub fn load(bytes: &[u8]) -> Result<Program, LoadError> {
    if bytes.len() > MAX_BYTES {
        return Err(LoadError::TooLarge { bytes: bytes.len() });
    }
    if nesting(bytes) > MAX_NESTING {
        return Err(LoadError::TooDeep);
    }
    check_version(bytes)?;
    let program: Program = read(bytes)?;
    validate::validate(&program).map_err(LoadError::Invalid)?;
    Ok(program)
}

/// A program of another version may have any other shape, so its version is read before the rest.
fn check_version(bytes: &[u8]) -> Result<(), LoadError> {
    #[derive(Deserialize)]
    struct Head {
        version: u64,
    }
    let head: Head = read(bytes)?;
    if head.version == u64::from(VERSION) {
        Ok(())
    } else {
        Err(LoadError::Version { found: head.version })
    }
}

/// Reads one JSON text. The reader's own limit is lifted because [`nesting`] has already checked ours.
fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, LoadError> {
    let malformed = |error: serde_json::Error| LoadError::Malformed {
        reason: error.to_string(),
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    reader.disable_recursion_limit();
    let value = T::deserialize(&mut reader).map_err(malformed)?;
    reader.end().map_err(malformed)?;
    Ok(value)
}

/// How deep objects and lists are nested in a JSON text. Of other bytes it says anything.
pub(crate) fn nesting(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

impl LoadError {
    /// The code whose page explains it.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Malformed { .. } => Code(1001),
            Self::Version { .. } => Code(1002),
            Self::Invalid(_) => Code(1003),
            Self::TooLarge { .. } | Self::TooDeep => Code(1004),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "give a `.flow` file, or what `flowmesh compile --to json` wrote",
            Self::Version { .. } => {
                "compile its source again with this `flowmesh`, or run it with the one that made it"
            }
            Self::Invalid(_) => {
                "compile its source again; a program that was written or changed by hand is not trusted"
            }
            Self::TooLarge { .. } | Self::TooDeep => {
                "split the program, and name parts of long expressions with `let`"
            }
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes } => {
                write!(
                    f,
                    "expected a program of at most {MAX_BYTES} bytes, found {bytes}"
                )
            }
            Self::TooDeep => write!(
                f,
                "expected a program nested at most {MAX_NESTING} levels deep, found more"
            ),
            Self::Malformed { reason } => write!(f, "expected the JSON of a compiled program: {reason}"),
            Self::Version { found } => {
                write!(
                    f,
                    "expected a program of version {VERSION}, found one of version {found}"
                )
            }
            Self::Invalid(Invalid(reason)) => write!(f, "the program does not hold together: {reason}"),
        }
    }
}

impl std::error::Error for LoadError {}

#[cfg(test)]
mod tests;
