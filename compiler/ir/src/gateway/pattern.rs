//! Patterns of paths: regular expressions that take linear time and bounded memory.

use crate::Name;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// The longest pattern, in bytes.
const BYTES_MAX: usize = 1024;
/// The most memory that a pattern takes once it is compiled, in bytes.
const SIZE_MAX: usize = 256 * 1024;
/// How deep groups may be nested.
const NEST_MAX: u32 = 32;

/// What a part of a path must look like, as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// A parameter, decoded; `None` is the whole path as it is encoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Name>,
    /// The regular expression.
    pub regex: String,
}

/// Compiles a pattern; it fits a whole text or not at all.
///
/// # Errors
/// Why it is none.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > BYTES_MAX {
        return Err(format!("it is longer than {BYTES_MAX} bytes"));
    }
    // By itself first: what closes a group that it did not open would otherwise end ours.
    let build = |pattern: &str| {
        let mut builder = RegexBuilder::new(pattern);
        builder
            .size_limit(SIZE_MAX)
            .dfa_size_limit(SIZE_MAX)
            .nest_limit(NEST_MAX);
        builder.build().map_err(|why| sentence(&why))
    };
    build(pattern)?;
    build(&format!("^(?:{pattern})$"))
}

/// The last line says what is wrong, those before it draw where.
fn sentence(why: &regex::Error) -> String {
    match why {
        regex::Error::CompiledTooBig(_) => format!("it takes more than {SIZE_MAX} bytes"),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default().trim();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn a_pattern_fits_a_whole_text() {
        let digits = compile("[0-9]+|x").unwrap();
        assert!(digits.is_match("123") && digits.is_match("x"));
        for wrong in ["", "12x", "x1", "1\n"] {
            assert!(!digits.is_match(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_or_costs_too_much_is_none() {
        for wrong in [
            "[",
            "a)(b",
            "a)|(?:b",
            "(?=x)",
            "\\1",
            "((a{100}){100}){100}",
            &"a".repeat(1025),
        ] {
            assert!(compile(wrong).is_err(), "{wrong}");
        }
        assert_eq!(compile("[").unwrap_err(), "unclosed character class");
    }
}
