//! The library of the language: policies and types written in the language itself, and pure natives written in Rust.
//!
//! This room knows values. It does not know how expressions are evaluated: a native that takes a lambda calls it back
//! through [`Interpreter`]. The checker reads the signatures, the machine runs the functions, and both read one table.

pub mod json;
pub mod limit;
pub mod number;

mod arguments;
mod fault;
mod interpreter;
mod natives;
mod order;
mod pattern;
mod signature;
pub mod sources;
mod synonym;
mod text;
pub mod url;
mod zone;

pub use fault::Fault;
pub use interpreter::{Arg, Interpreter, Lambda};
pub use natives::{free, methods, native, natives};
pub use order::{compare, equal};
pub use pattern::pattern;
pub use signature::{Check, Native, Param, Run, Ty};
pub use synonym::synonym;
pub use text::{read_duration, text, write_duration, write_text};

use base64::{Engine, engine::general_purpose::STANDARD};

/// Bytes in base64, as they stand in JSON.
#[must_use]
pub fn base64_text(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes that base64 stands for.
#[must_use]
pub fn read_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Whether a text names a time zone; if not, why.
///
/// # Errors
/// There is none of that name, with the nearest that there is.
pub fn check_zone(name: &str) -> Result<(), String> {
    zone::check(name).map_err(|fault| match fault {
        Fault::BadValue(why) | Fault::Arithmetic(why) => why,
    })
}
