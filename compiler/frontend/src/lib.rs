//! (door)
pub mod ast;
