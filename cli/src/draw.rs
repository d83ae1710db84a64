//! What people see: diagnostics with their places, results, progress and logs.
//!
//! Results go to the standard output, everything else to the standard error. A closed pipe is no error of ours.

pub(crate) mod json;
pub(crate) mod log;
pub(crate) mod pretty;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod schedules;
pub(crate) mod table;
pub(crate) mod trace;
pub(crate) mod visit;

pub(crate) use report::error;

use indicatif::MultiProgress;
use std::{
    io::Write,
    sync::{Mutex, PoisonError},
};

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

/// A line of progress; above the spinners where there are some, which would otherwise overwrite it.
pub(crate) fn say(text: impl AsRef<str>) {
    let spinners = SPINNERS.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = match spinners.as_ref() {
        Some(spinners) => spinners.println(text.as_ref()),
        None => writeln!(anstream::stderr(), "{}", text.as_ref()),
    };
}

/// From now on these spinners, or none, are on the terminal.
fn spin(spinners: Option<MultiProgress>) {
    *SPINNERS.lock().unwrap_or_else(PoisonError::into_inner) = spinners;
}

/// The spinners on the terminal. There is one terminal, so there is one of these.
static SPINNERS: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// So many of something: `1 run`, `2 runs`.
pub(crate) fn many<N: Copy + PartialEq + From<u8> + std::fmt::Display>(
    count: N,
    one: &str,
    more: &str,
) -> String {
    let what = if count == N::from(1) { one } else { more };
    format!("{count} {what}")
}

/// A result as JSON over several lines.
pub(crate) fn answer_json(value: &impl serde::Serialize) {
    answer(serde_json::to_string_pretty(value).unwrap_or_default());
}

/// A result as JSON on one line.
pub(crate) fn answer_line(value: &impl serde::Serialize) {
    answer(serde_json::to_string(value).unwrap_or_default());
}
