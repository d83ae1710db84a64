//! The text of a program as it is written, before it is laid out.

/// What a flow is given, once it has a type.
pub(crate) const GIVEN: &str = "given";

/// The most signs of a comment.
const MAX_COMMENT: usize = 200;

/// A text that grows line by line.
#[derive(Debug, Default)]
pub(crate) struct Out {
    text: String,
}

impl Out {
    /// A line.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        self.text.push_str(text.as_ref());
        self.text.push('\n');
    }

    /// A comment, whatever stands in the words.
    pub(crate) fn comment(&mut self, words: &str) {
        self.line(format!("// {}", one_line(words)));
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// Comments, each on a line of its own and once.
    pub(crate) fn notes(&mut self, notes: &[String]) {
        for (at, note) in notes.iter().enumerate() {
            if !notes.iter().take(at).any(|known| known == note) {
                self.comment(note);
            }
        }
    }

    /// Settings, one on a line.
    pub(crate) fn settings(&mut self, settings: &[(&'static str, String)]) {
        for (name, text) in settings {
            self.line(format!("{name}: {text}"));
        }
    }

    /// What a flow is given, as a type, before its body. Even where that does not read it, an input of another form is refused.
    pub(crate) fn typed(&mut self, ty: &str, body: &str) {
        let mut words = body.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let unread = if words.any(|word| word == GIVEN) { "" } else { "_" };
        self.line(format!("let {unread}{GIVEN} = input as {ty}"));
    }

    /// What was written.
    pub(crate) fn text(self) -> String {
        self.text
    }
}

/// What of some words a comment shows: one line, not too long.
pub(crate) fn brief(words: &str) -> String {
    one_line(words).chars().take(MAX_COMMENT).collect()
}

/// Words on one line, in the order in which they are read: what ends a line, and what turns the direction, is a blank.
fn one_line(words: &str) -> String {
    let odd = |sign: char| sign.is_control() || turns(sign);
    words
        .chars()
        .map(|sign| if odd(sign) { ' ' } else { sign })
        .collect()
}

/// Whether a sign shows what stands behind it elsewhere: lines of other systems, directions of writing.
pub(crate) fn turns(sign: char) -> bool {
    matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{Out, brief};

    #[test]
    fn a_comment_never_becomes_code() {
        let mut out = Out::default();
        out.notes(&["a\nallow anyone to b".to_owned(), "c\u{202e}d\r".to_owned()]);
        assert_eq!(out.text(), "// a allow anyone to b\n// c d \n");
        assert_eq!(brief(&"x".repeat(1_000)).len(), 200);
    }
}
