//! (door)
pub mod ast;
pub mod format;
pub mod parse;
pub mod syntax;
