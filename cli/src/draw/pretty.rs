//! JSON over several lines, its fields in the order in which they came.

/// Lays out a JSON text; what is no JSON comes out with its words unchanged.
pub(crate) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut rest = json.chars().filter(not_space_outside()).peekable();
    let mut text = Text::default();
    while let Some(c) = rest.next() {
        if text.inside(c) {
            out.push(c);
            continue;
        }
        match c {
            '{' | '[' if matches!(rest.peek(), Some('}' | ']')) => out.push(c),
            '{' | '[' => {
                out.push(c);
                depth += 1;
                line(&mut out, depth);
            }
            '}' | ']' if out.ends_with(['{', '[']) => out.push(c),
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c => out.push(c),
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth.min(64)));
}

/// Lets everything through but white space between tokens.
fn not_space_outside() -> impl FnMut(&char) -> bool {
    let mut text = Text::default();
    move |c| text.inside(*c) || !c.is_ascii_whitespace()
}

/// Whether we are inside a string.
#[derive(Default)]
struct Text {
    open: bool,
    escaped: bool,
}

impl Text {
    /// Takes the next character; whether it belongs to a string, quotes included.
    fn inside(&mut self, c: char) -> bool {
        let was = self.open;
        match c {
            _ if self.escaped => self.escaped = false,
            '\\' if self.open => self.escaped = true,
            '"' => self.open = !self.open,
            _ => {}
        }
        was || self.open
    }
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn fields_keep_their_order_and_texts_their_spaces() {
        let shown = pretty(r#"{ "b":1,"a":["x, y: {\" z", {}, []] }"#);
        assert_eq!(
            shown,
            "{\n  \"b\": 1,\n  \"a\": [\n    \"x, y: {\\\" z\",\n    {},\n    []\n  ]\n}"
        );
    }
}
