//! The text of a program as it is written, before it is laid out.

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

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// Comments, each on a line of its own and once.
    pub(crate) fn notes(&mut self, notes: &[String]) {
        for (at, note) in notes.iter().enumerate() {
            if !notes.iter().take(at).any(|known| known == note) {
                self.line(format!("// {note}"));
            }
        }
    }

    /// Settings, one on a line.
    pub(crate) fn settings(&mut self, settings: &[(&'static str, String)]) {
        for (name, text) in settings {
            self.line(format!("{name}: {text}"));
        }
    }

    /// What was written.
    pub(crate) fn text(self) -> String {
        self.text
    }
}
