//! What people see: diagnostics with their places, results, progress and logs.
//!
//! Results go to the standard output, everything else to the standard error. A closed pipe is no error of ours.

pub(crate) mod json;
pub(crate) mod log;
pub(crate) mod pretty;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod table;

pub(crate) use report::error;

use std::io::Write;

/// A line of a result.
pub(crate) fn answer(text: impl AsRef<str>) {
    let _ = writeln!(anstream::stdout(), "{}", text.as_ref());
}

/// A result as it is, without a further line end.
pub(crate) fn raw(text: &str) {
    let mut out = anstream::stdout();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// A line of progress.
pub(crate) fn say(text: impl AsRef<str>) {
    let _ = writeln!(anstream::stderr(), "{}", text.as_ref());
}

/// A result as JSON over several lines.
pub(crate) fn answer_json(value: &impl serde::Serialize) {
    answer(serde_json::to_string_pretty(value).unwrap_or_default());
}

/// A result as JSON on one line.
pub(crate) fn answer_line(value: &impl serde::Serialize) {
    answer(serde_json::to_string(value).unwrap_or_default());
}
