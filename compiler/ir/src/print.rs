//! The program as text for people, as JSON for the interpreter, as DOT for a picture.

mod dot;
mod drawn;
mod expr;
mod flow;
mod mesh;
mod policy;
mod service;
mod text;
mod traffic;
mod ty;
mod value;
mod whole;

pub use dot::dot;
pub use drawn::{Drawn, Kind, Shape, Way, states};
pub use expr::sign;
pub use mesh::{what, when};
pub use text::text;
pub(crate) use value::millis;
pub use value::value;
pub(crate) use whole::{bare_ends, bare_states, definitions, whole_event, whole_operation, whole_signal};
pub use whole::{whole_signature, whole_type};

use crate::{Program, ty::Type};

/// A type as its author writes it.
#[must_use]
pub fn type_text(program: &Program, of: &Type) -> String {
    ty::ty(program, of)
}

/// The program as JSON: the form that [`crate::json::load`] reads.
#[must_use]
pub fn json(program: &Program) -> String {
    // Keys are texts and floats are finite, so there is nothing here that JSON could not hold.
    let mut text = serde_json::to_string_pretty(program).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
