//! Where inputs come from: an editor with history on a terminal, plain lines elsewhere.

use flowmesh_diagnostics::{Diagnostics, SourceId};
use flowmesh_frontend::parse::{PromptInput, parse_prompt};
use reedline::{Prompt, PromptEditMode, PromptHistorySearch, Reedline, Signal, ValidationResult, Validator};
use std::{borrow::Cow, io::IsTerminal};

/// One input, as far as it has come.
pub(super) enum Line {
    /// Some text: on a terminal everything that belongs together.
    Text(String),
    /// The author has changed their mind.
    Interrupted,
    /// There is no more.
    End,
}

/// Where inputs come from.
pub(super) enum Lines {
    Terminal(Box<Reedline>),
    Script,
}

impl Lines {
    /// The standard input, whatever it is.
    pub(super) fn open() -> Self {
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return Self::Script;
        }
        let colour = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
        let editor = Reedline::create()
            .with_ansi_colors(colour)
            .with_validator(Box::new(Whole));
        Self::Terminal(Box::new(editor))
    }

    /// Whether a person sits there.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    /// The next one; `open` if the last one was not complete.
    pub(super) fn next(&mut self, open: bool) -> Line {
        match self {
            Self::Terminal(editor) => match editor.read_line(&Mark { open }) {
                Ok(Signal::Success(text)) => Line::Text(text),
                Ok(Signal::CtrlC) => Line::Interrupted,
                _ => Line::End,
            },
            Self::Script => {
                let mut line = String::new();
                match std::io::stdin().read_line(&mut line) {
                    Ok(0) | Err(_) => Line::End,
                    Ok(_) => Line::Text(line.trim_end_matches(['\n', '\r']).to_owned()),
                }
            }
        }
    }
}

/// An input is whole when the parser says so; directives are always one line.
struct Whole;

impl Validator for Whole {
    fn validate(&self, text: &str) -> ValidationResult {
        let directive = text.trim_start().starts_with(':');
        match parse_prompt(SourceId(0), text, &mut Diagnostics::default()) {
            PromptInput::Incomplete if !directive => ValidationResult::Incomplete,
            _ => ValidationResult::Complete,
        }
    }
}

/// What stands before an input.
struct Mark {
    open: bool,
}

impl Prompt for Mark {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed(if self.open { ".. " } else { "> " })
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        Cow::Borrowed(".. ")
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        Cow::Owned(format!("search {}: ", search.term))
    }
}
