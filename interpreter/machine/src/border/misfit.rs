//! A value that does not fit: where, what was expected, what was found, what to do.

use flowmesh_ir::Value;
use flowmesh_stdlib::text;
use std::fmt;

/// How many characters of what was found are shown.
const FOUND_MAX: usize = 60;

/// A value that does not fit its type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Misfit {
    /// Where: `items[2].count`; empty for the whole.
    pub path: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// What to do, where that is known.
    pub hint: Option<String>,
}

/// As text: what was expected, what was found, where, and what was perhaps meant.
impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)?;
        if !self.path.is_empty() {
            write!(f, " at `{}`", self.path)?;
        }
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Misfit {}

/// A value in backticks, shortened.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::String(string) => shown(&format!("\"{string}\"")),
        _ => shown(&text(value)),
    }
}

/// A text in backticks, shortened.
pub(super) fn shown(text: &str) -> String {
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(FOUND_MAX).collect();
    let dots = if chars.next().is_some() { "…" } else { "" };
    format!("`{start}{dots}`")
}
