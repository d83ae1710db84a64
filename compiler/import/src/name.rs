//! Names as the language has them, from names as others have them.

use crate::out::turns;
use std::collections::BTreeSet;

/// Words that may not be names, or would make what is written hard to read.
const TAKEN: [&str; 71] = [
    "and",
    "as",
    "await",
    "break",
    "catch",
    "continue",
    "else",
    "fail",
    "false",
    "for",
    "has",
    "if",
    "in",
    "let",
    "log",
    "match",
    "matches",
    "none",
    "not",
    "or",
    "parallel",
    "return",
    "signal",
    "sleep",
    "true",
    "undo",
    "var",
    "when",
    "while",
    "with",
    "cancel",
    "emit",
    "goto",
    "lock",
    "limit",
    "on",
    "race",
    "restart",
    "spawn",
    "start",
    "state",
    "step",
    "shift",
    "try",
    "tag",
    "transient",
    "view",
    "within",
    "use",
    "config",
    "secret",
    "type",
    "enum",
    "error",
    "event",
    "policy",
    "service",
    "fn",
    "flow",
    "gateway",
    "allow",
    "deny",
    "mesh",
    "schedule",
    "migrate",
    "test",
    "anyone",
    "run",
    "request",
    "caller",
    "reply",
];
/// Functions that are there by themselves.
const FUNCTIONS: [&str; 9] = [
    "date", "max", "min", "time", "url", "now", "random", "uuid", "std",
];

/// The names of one space, each of them once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    known: BTreeSet<String>,
}

impl Names {
    /// A name that nobody has yet: `order_line`, and `order_line_2` where that is taken.
    pub(crate) fn fresh(&mut self, text: &str) -> String {
        self.unlike(&snake(text))
    }

    /// The same for types: `OrderLine`.
    pub(crate) fn fresh_type(&mut self, text: &str) -> String {
        self.unlike(&camel(text))
    }

    /// Whether somebody has a name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    /// Nobody shall have a name.
    pub(crate) fn take(&mut self, name: &str) {
        self.known.insert(name.to_owned());
    }

    fn unlike(&mut self, name: &str) -> String {
        let mut found = name.to_owned();
        let mut number = 2;
        while !self.known.insert(found.clone()) {
            found = format!("{name}_{number}");
            number += 1;
        }
        found
    }
}

/// `order_line` from `OrderLine`, `order-line` or `Order Line`.
pub(crate) fn snake(text: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    for sign in text.chars().take(120) {
        if sign.is_ascii_alphanumeric() {
            let turns = sign.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
            if turns && !name.ends_with('_') {
                name.push('_');
            }
            name.push(sign.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        before = sign;
    }
    let name = name.trim_end_matches('_').to_owned();
    let odd = name.is_empty() || name.starts_with(|sign: char| sign.is_ascii_digit());
    let taken = TAKEN.contains(&name.as_str()) || FUNCTIONS.contains(&name.as_str());
    match (odd, taken) {
        (true, _) => format!("n{name}"),
        (false, true) => format!("{name}_it"),
        (false, false) => name,
    }
}

/// `OrderLine`.
pub(crate) fn camel(text: &str) -> String {
    let mut name = String::new();
    let mut begins = true;
    for sign in text.chars().take(120) {
        if !sign.is_ascii_alphanumeric() {
            begins = true;
            continue;
        }
        name.push(if begins { sign.to_ascii_uppercase() } else { sign });
        begins = false;
    }
    match name.starts_with(|sign: char| sign.is_ascii_alphabetic()) {
        true => name,
        false => format!("T{name}"),
    }
}

/// A text as the language writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' | '\\' | '{' => {
                quoted.push('\\');
                quoted.push(sign);
            }
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            sign if sign.is_control() || turns(sign) => {
                quoted.push_str(&format!("\\u{{{:x}}}", u32::from(sign)));
            }
            sign => quoted.push(sign),
        }
    }
    quoted.push('"');
    quoted
}

/// What stands between the quotes of a text.
pub(crate) fn escaped(text: &str) -> String {
    let text = quoted(text);
    let inside = text.get(1..text.len().saturating_sub(1));
    inside.unwrap_or_default().to_owned()
}

/// A duration as the language writes it: `1h30m`, `250ms`.
pub(crate) fn duration(ms: u64) -> String {
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
        (1, "ms"),
    ];
    let mut rest = ms;
    let mut text = String::new();
    for (unit, word) in units {
        let count = rest / unit;
        rest %= unit;
        if count > 0 {
            text += &format!("{count}{word}");
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::{Names, camel, duration, quoted, snake};

    #[test]
    fn names_are_those_of_the_language() {
        let cases = [
            ("ProcessOrder", "process_order"),
            ("reviews-v1", "reviews_v1"),
            ("HTTPRoute", "httproute"),
            ("if", "if_it"),
            ("42", "n42"),
            ("", "n"),
            ("é", "n"),
            ("Check Stock?", "check_stock"),
        ];
        for (text, name) in cases {
            assert_eq!(snake(text), name);
        }
        assert_eq!(camel("process order-line"), "ProcessOrderLine");
        let mut names = Names::default();
        assert_eq!([names.fresh("a b"), names.fresh("a-b")], ["a_b", "a_b_2"]);
    }

    #[test]
    fn texts_and_durations_read_back() {
        assert_eq!(quoted("a\"{b}\\\n"), "\"a\\\"\\{b}\\\\\\n\"");
        assert_eq!(quoted("\u{7f}\u{202e}\u{1f600}"), "\"\\u{7f}\\u{202e}\u{1f600}\"");
        assert_eq!(duration(5_400_250), "1h30m250ms");
        assert_eq!(duration(0), "0s");
    }
}
