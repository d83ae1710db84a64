//! A small evaluator of CEL as clusters have it, for the rules that their definitions give objects.
//!
//! Written against the language definition of CEL and the pages of Kubernetes on its libraries, independently of any other
//! implementation: a crate for it has the language but not those libraries. Types are looked at while a rule is evaluated and
//! not before, and nothing is counted against a budget: a cluster that took a rule has done both.
//!
//! 1. [`token`]: the words of a text
//! 2. [`mod@parse`]: a tree, the macros in it as what they are
//! 3. [`unknown`]: what is called and not had here, before anything is evaluated
//! 4. [`evaluate`]: a value, by [`value`], the operators, and the functions of CEL and of Kubernetes

mod eval;
mod format;
mod function;
mod known;
mod macros;
mod parse;
mod text;
mod time;
mod token;
mod url;
mod value;

pub use eval::evaluate;
pub(crate) use function::converted;
pub use known::unknown;
pub use parse::{Expr, parse};
pub use value::{Key, Value};
