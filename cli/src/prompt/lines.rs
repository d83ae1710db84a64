//! Where inputs come from: an editor on a terminal, plain lines elsewhere.

use super::{
    complete::{Completion, Editing},
    history, paint,
};
use flowmesh_frontend::prompt::{Input, read};
use nu_ansi_term::{Color, Style};
use reedline::{
    ColumnarMenu, EditCommand, Emacs, Highlighter, KeyCode, KeyModifiers, MenuBuilder, Prompt,
    PromptEditMode, PromptHistorySearch, Reedline, ReedlineEvent, ReedlineMenu, Signal, StyledText,
    ValidationResult, Validator, default_emacs_keybindings,
};
use std::{borrow::Cow, io::IsTerminal, sync::Arc};

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

/// The name of the menu of completions.
const MENU: &str = "completions";

impl Lines {
    /// The standard input, whatever it is.
    pub(super) fn open(known: &Arc<impl Completion + 'static>) -> Self {
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return Self::Script;
        }
        let colour = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
        let menu = ColumnarMenu::default()
            .with_name(MENU)
            .with_columns(4)
            .with_column_padding(2)
            .with_text_style(Style::new())
            .with_selected_text_style(Color::Cyan.reverse())
            .with_description_text_style(Style::new().dimmed());
        let editor = Reedline::create()
            .with_ansi_colors(colour)
            .use_bracketed_paste(true)
            .with_validator(Box::new(Whole))
            .with_highlighter(Box::new(Colours(Arc::clone(known))))
            .with_completer(Box::new(Editing(Arc::clone(known))))
            .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
            .with_partial_completions(true)
            .with_quick_completions(true)
            .with_edit_mode(Box::new(Emacs::new(keys())));
        Self::Terminal(Box::new(match history::open(known) {
            Some(history) => editor.with_history(history),
            None => editor,
        }))
    }

    /// Whether a person sits there.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    /// The next one; `open` if the last one was not complete. `beside` stands at the end of the line.
    pub(super) fn next(&mut self, open: bool, beside: &str) -> Line {
        match self {
            Self::Terminal(editor) => match editor.read_line(&Mark { open, beside }) {
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

/// Tab completes, Alt-Enter begins a new line.
fn keys() -> reedline::Keybindings {
    let mut keys = default_emacs_keybindings();
    let menu = ReedlineEvent::UntilFound(vec![
        ReedlineEvent::Menu(MENU.to_owned()),
        ReedlineEvent::MenuNext,
    ]);
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, menu);
    keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
    let line = ReedlineEvent::Edit(vec![EditCommand::InsertNewline]);
    keys.add_binding(KeyModifiers::ALT, KeyCode::Enter, line);
    keys
}

/// An input is whole when the parser says so; directives are always one line.
struct Whole;

impl Validator for Whole {
    fn validate(&self, text: &str) -> ValidationResult {
        let directive = text.trim_start().starts_with(':');
        match read(text) {
            Input::Incomplete if !directive => ValidationResult::Incomplete,
            _ => ValidationResult::Complete,
        }
    }
}

/// The colours of the words as an editor has them.
struct Colours<C>(Arc<C>);

impl<C: Completion> Highlighter for Colours<C> {
    fn highlight(&self, text: &str, _: usize) -> StyledText {
        let mut styled = StyledText::new();
        paint::known(text, &self.0.tokens(text))
            .into_iter()
            .for_each(|piece| styled.push(piece));
        styled
    }
}

/// What stands before an input, and at the end of its line.
struct Mark<'a> {
    open: bool,
    beside: &'a str,
}

impl Prompt for Mark<'_> {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.beside)
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

    fn get_prompt_color(&self) -> Color {
        Color::DarkGray
    }

    fn get_indicator_color(&self) -> Color {
        Color::Cyan
    }

    fn get_prompt_multiline_color(&self) -> Color {
        Color::DarkGray
    }

    fn get_prompt_right_color(&self) -> Color {
        Color::DarkGray
    }
}
