//! What is still open at the end of a text that is being typed.

/// What closes the brackets, texts and holes in texts that are open at the end of a text, the innermost first.
pub(super) fn closing(text: &str) -> String {
    let mut open: Vec<&'static str> = Vec::new();
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let in_text = open.last().filter(|close| close.starts_with('"'));
        let read = match in_text {
            Some(close) => of_text(rest, close),
            None => of_code(rest),
        };
        let length = match read {
            Read::Plain(length) => length,
            Read::Opens(close) => {
                open.push(close);
                close.len()
            }
            Read::Closes(close) => {
                // One that nothing has opened closes nothing.
                if open.last() == Some(&close) {
                    open.pop();
                }
                close.len()
            }
        };
        rest = rest.get(length.max(sign.len_utf8())..).unwrap_or_default();
    }
    open.iter().rev().copied().collect()
}

/// What the beginning of a text does.
enum Read {
    /// Nothing, over so many bytes.
    Plain(usize),
    /// It opens what this closes.
    Opens(&'static str),
    Closes(&'static str),
}

const LONG: &str = "\"\"\"";

/// What begins inside a text that ends with `close`.
fn of_text(rest: &str, close: &'static str) -> Read {
    if rest.starts_with(close) {
        return Read::Closes(close);
    }
    match rest.bytes().next() {
        Some(b'{') => Read::Opens("}"),
        Some(b'\\') => Read::Plain(2),
        _ => Read::Plain(1),
    }
}

fn of_code(rest: &str) -> Read {
    if rest.starts_with("//") {
        return Read::Plain(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with(LONG) {
        return Read::Opens(LONG);
    }
    match rest.bytes().next() {
        Some(b'"') => Read::Opens("\""),
        Some(b'(') => Read::Opens(")"),
        Some(b'[') => Read::Opens("]"),
        Some(b'{') => Read::Opens("}"),
        Some(b')') => Read::Closes(")"),
        Some(b']') => Read::Closes("]"),
        Some(b'}') => Read::Closes("}"),
        _ => Read::Plain(1),
    }
}

#[cfg(test)]
mod tests {
    use super::closing;

    #[test]
    fn what_is_open_is_closed_from_the_inside() {
        for (text, closes) in [
            ("1 + 2", ""),
            ("f([1, 2", "])"),
            ("\"a{b.c", "}\""),
            ("\"a{b} c", "\""),
            ("\"a \\\" b", "\""),
            ("\"a{f(\"b\", ", ")}\""),
            ("\"\"\"a \" b {c", "}\"\"\""),
            ("f( // it's (\n", ")"),
            ("f() }", ""),
            ("\"ü\\", "\""),
        ] {
            assert_eq!(closing(text), closes, "{text}");
        }
    }
}
