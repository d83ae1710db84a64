//! Regular expressions, with limits, compiled once.

use crate::Fault;
use regex::{Regex, RegexBuilder};
use std::{cell::RefCell, collections::BTreeMap};

/// The longest regular expression, in bytes.
const PATTERN_BYTES_MAX: usize = 4096;

/// The most memory of one compiled regular expression.
const COMPILED_BYTES_MAX: usize = 1024 * 1024;

/// How many compiled regular expressions a thread keeps.
const KEPT_MAX: usize = 256;

thread_local! {
    // What is kept changes how long an answer takes and never which one it is.
    static KEPT: RefCell<BTreeMap<String, Regex>> = const { RefCell::new(BTreeMap::new()) };
}

/// The compiled form of a regular expression. Matching takes time linear in the text.
///
/// # Errors
/// `BadValue` where it is malformed or too large.
pub fn pattern(text: &str) -> Result<Regex, Fault> {
    if let Some(known) = KEPT.with_borrow(|kept| kept.get(text).cloned()) {
        return Ok(known);
    }
    let regex = compile(text)?;
    KEPT.with_borrow_mut(|kept| {
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(text.to_owned(), regex.clone());
    });
    Ok(regex)
}

/// Whether a text is a regular expression within the limits.
///
/// # Errors
/// Why it is none.
pub(crate) fn check(text: &str) -> Result<(), Fault> {
    pattern(text).map(drop)
}

fn compile(text: &str) -> Result<Regex, Fault> {
    if text.len() > PATTERN_BYTES_MAX {
        return Err(Fault::BadValue(format!(
            "a regular expression has at most {PATTERN_BYTES_MAX} bytes, this one has {}",
            text.len()
        )));
    }
    RegexBuilder::new(text)
        .size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|error| {
            // The last line of a syntax error says what is wrong; those above draw the pattern for a terminal.
            let message = error.to_string();
            let last = message.lines().last().unwrap_or_default();
            let why = last.strip_prefix("error: ").unwrap_or(last);
            Fault::BadValue(format!("`{text}` is no regular expression: {why}"))
        })
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn malformed_and_huge_patterns_are_refused() {
        let wrong = pattern("a(").expect_err("unclosed");
        assert_eq!(wrong.reason(), "`a(` is no regular expression: unclosed group");
        assert!(pattern("((a{1000}){1000}){1000}").is_err());
        assert!(pattern(&"a".repeat(5000)).is_err());
    }

    #[test]
    fn a_pattern_fits_anywhere() {
        assert!(pattern("b+").is_ok_and(|regex| regex.is_match("abc")));
    }
}
