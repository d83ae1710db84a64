//! The library of the language: policies and types written in the language itself, and pure natives written in Rust.
//!
//! This room knows values. It does not know how expressions are evaluated: a native that takes a lambda calls it back
//! through [`Interpreter`]. The checker reads the signatures, the machine runs the functions, and both read one table.

mod natives;
mod signature;

pub use natives::{free, methods, native, natives};
pub use signature::{Native, Param, Ty};
